//! The certificates that clients are shown.

use std::{
    path::Path,
    sync::{Arc, PoisonError, RwLock},
};

use tokio_rustls::rustls::{
    Error,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

use super::{ACME, TlsError};

/// The certificate that clients are shown, and the one for an ACME server that looks at us. Both can change while the
/// server runs.
#[derive(Debug, Default)]
pub(super) struct Certificates {
    current: RwLock<Option<Arc<CertifiedKey>>>,
    challenge: RwLock<Option<Arc<CertifiedKey>>>,
}

impl Certificates {
    pub(super) fn set(&self, key: CertifiedKey) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(key));
    }

    pub(super) fn set_challenge(&self, key: Option<CertifiedKey>) {
        *self.challenge.write().unwrap_or_else(PoisonError::into_inner) = key.map(Arc::new);
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let is_acme = hello.alpn().is_some_and(|mut asked| asked.any(|protocol| protocol == ACME));
        let certificate = if is_acme { &self.challenge } else { &self.current };
        certificate.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A certificate with its chain and its key, from PEM texts. The paths are for complaints only.
pub(super) fn parse(
    (chain, chain_path): (&[u8], &Path),
    (key, key_path): (&[u8], &Path),
) -> Result<CertifiedKey, TlsError> {
    let bad_certificate = || TlsError::BadCertificate { path: chain_path.to_owned() };
    let bad_key = || TlsError::BadKey { path: key_path.to_owned() };
    let chain: Vec<_> = CertificateDer::pem_slice_iter(chain)
        .collect::<Result<_, _>>()
        .map_err(|_| bad_certificate())?;
    if chain.is_empty() {
        return Err(bad_certificate());
    }
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| bad_key())?;
    let mismatch =
        || TlsError::Mismatch { certificate: chain_path.to_owned(), key: key_path.to_owned() };
    CertifiedKey::from_der(chain, key, &ring::default_provider()).map_err(|error| match error {
        Error::InconsistentKeys(_) => mismatch(),
        Error::InvalidCertificate(_) => bad_certificate(),
        _ => bad_key(),
    })
}
