//! Certificates and keys on disk.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use time::OffsetDateTime;
use tokio_rustls::rustls::sign::CertifiedKey;
use x509_parser::{
    extensions::GeneralName,
    prelude::{FromDer, X509Certificate},
};

use super::{TlsError, certificates};

/// A certificate's two files: `NAME.pem` and `NAME.key`.
#[derive(Clone, Debug)]
pub(super) struct Store {
    certificate: PathBuf,
    key: PathBuf,
}

/// A certificate that was read, with what it says.
pub(super) struct Stored {
    pub(super) key: CertifiedKey,
    pub(super) not_before: OffsetDateTime,
    pub(super) not_after: OffsetDateTime,
    /// The hosts that it is for.
    pub(super) hosts: Vec<String>,
}

impl Store {
    /// In the folder `tls` of `state`.
    pub(super) fn new(state: &Path, name: &str) -> Self {
        let folder = state.join("tls");
        Self {
            certificate: folder.join(format!("{name}.pem")),
            key: folder.join(format!("{name}.key")),
        }
    }

    /// What is there; `None` if nothing is.
    pub(super) fn load(&self) -> Result<Option<Stored>, TlsError> {
        let (Some(chain), Some(key)) = (read(&self.certificate)?, read(&self.key)?) else {
            return Ok(None);
        };
        let key = certificates::parse((&chain, &self.certificate), (&key, &self.key))?;
        let bad = || TlsError::BadCertificate { path: self.certificate.clone() };
        let first = key.end_entity_cert().map_err(|_| bad())?;
        let (_, parsed) = X509Certificate::from_der(first).map_err(|_| bad())?;
        let validity = parsed.validity();
        let (not_before, not_after) =
            (validity.not_before.to_datetime(), validity.not_after.to_datetime());
        let hosts = hosts(&parsed);
        Ok(Some(Stored { key, not_before, not_after, hosts }))
    }

    /// Writes both. The certificate comes last: without one there is no use in a key, and it is made anew.
    pub(super) fn save(&self, chain: &str, key: &str) -> Result<(), TlsError> {
        write(&self.key, key)?;
        write(&self.certificate, chain)
    }
}

impl Stored {
    /// How long it is still good for.
    pub(super) fn remaining(&self) -> Duration {
        (self.not_after - OffsetDateTime::now_utc()).try_into().unwrap_or(Duration::ZERO)
    }

    /// How long it was made for.
    pub(super) fn lifetime(&self) -> Duration {
        (self.not_after - self.not_before).try_into().unwrap_or(Duration::ZERO)
    }
}

fn hosts(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(names)) = certificate.subject_alternative_name() else { return Vec::new() };
    let hosts = names.value.general_names.iter().filter_map(|name| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => address(bytes),
        _ => None,
    });
    hosts.collect()
}

fn address(bytes: &[u8]) -> Option<String> {
    if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
        return Some(std::net::Ipv4Addr::from(v4).to_string());
    }
    let v6 = <[u8; 16]>::try_from(bytes).ok()?;
    Some(std::net::Ipv6Addr::from(v6).to_string())
}

/// Reads a file, if it is there.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, TlsError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(TlsError::File { path: path.to_owned(), error }),
    }
}

/// Writes a file that only its owner may read, all of it or nothing.
pub(super) fn write(path: &Path, text: &str) -> Result<(), TlsError> {
    let complaint = |error| TlsError::File { path: path.to_owned(), error };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(complaint)?;
    }
    let new = path.with_added_extension("new");
    let written = || {
        let mut file = private_file(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, path)
    };
    written().map_err(complaint)
}

fn private_file(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
