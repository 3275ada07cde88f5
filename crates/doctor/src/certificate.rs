//! Certificates: looked at as a browser does, and remembered rather than refused.

use std::sync::{Arc, Mutex, PoisonError};

use rustls_platform_verifier::Verifier;
use tokio_rustls::{
    TlsConnector,
    rustls::{
        self, ClientConfig, DigitallySignedStruct, SignatureScheme,
        client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
        pki_types::{CertificateDer, ServerName, UnixTime},
    },
};

/// What is wrong with the certificates of a server, if something is.
pub(crate) type Complaint = Arc<Mutex<Option<String>>>;

/// A way to speak TLS that remembers what is wrong with a certificate, and goes on: whether the ways behind it work is to
/// be found out all the same, and nothing that is said on them is a secret.
pub(crate) fn connector() -> (TlsConnector, Complaint) {
    let provider = Arc::new(ring::default_provider());
    let complaint = Complaint::default();
    let (judge, supported) = match Verifier::new(Arc::clone(&provider)) {
        Ok(judge) => (Some(judge), provider),
        // This machine trusts nobody at all: then it cannot say more.
        Err(error) => {
            remember(&complaint, &error);
            (None, provider)
        }
    };
    let lenient =
        Lenient { judge, provider: Arc::clone(&supported), complaint: Arc::clone(&complaint) };
    let config = ClientConfig::builder_with_provider(supported)
        .with_safe_default_protocol_versions()
        .expect("ring knows the ciphers of TLS 1.2 and 1.3")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(lenient))
        .with_no_client_auth();
    (TlsConnector::from(Arc::new(config)), complaint)
}

fn remember(complaint: &Complaint, error: &rustls::Error) {
    *complaint.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
}

#[derive(Debug)]
struct Lenient {
    judge: Option<Verifier>,
    provider: Arc<CryptoProvider>,
    complaint: Complaint,
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Some(judge) = &self.judge
            && let Err(error) = judge.verify_server_cert(certificate, chain, name, ocsp, now)
        {
            remember(&self.complaint, &error);
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
