//! Certificates and keys on disk.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use time::OffsetDateTime;
use tokio_rustls::rustls::sign::CertifiedKey;
use tracing::warn;
use x509_parser::{
    extensions::GeneralName,
    prelude::{FromDer, X509Certificate},
};

use super::{TlsError, certificates};
use crate::state;

/// A certificate's file, `NAME.pem`: its key and its chain, since each is worth nothing without the other.
#[derive(Clone, Debug)]
pub(super) struct Store {
    pair: PathBuf,
    /// Where earlier versions kept the key, beside a `NAME.pem` of the chain alone.
    former_key: PathBuf,
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
        let folder = state::tls(state);
        Self {
            pair: folder.join(format!("{name}.pem")),
            former_key: folder.join(format!("{name}.key")),
        }
    }

    /// What is there; `None` if nothing is that can be used, since it was ours to make and can be made again.
    ///
    /// # Errors
    /// A file is there that cannot be read.
    pub(super) fn load(&self) -> Result<Option<Stored>, TlsError> {
        let Some(pair) = read(&self.pair)? else { return Ok(None) };
        let former_key = read(&self.former_key)?;
        let parsed = Stored::parse(&self.pair, &pair).or_else(|error| match &former_key {
            Some(key) => Stored::parse(&self.pair, &together(&pair, key)),
            None => Err(error),
        });
        match parsed {
            Ok(stored) => {
                if let Some(key) = former_key {
                    self.leave_former(&pair, &key);
                }
                Ok(Some(stored))
            }
            Err(error) => {
                warn!(%error, "the certificate that was kept cannot be used: there will be another one");
                Ok(None)
            }
        }
    }

    /// Puts what an earlier version kept in two files into one. It can be used as it is, so that this may fail.
    fn leave_former(&self, pair: &[u8], key: &[u8]) {
        let is_one_file = Stored::parse(&self.pair, pair).is_ok();
        let write = || match is_one_file {
            true => Ok(()),
            false => state::replace(&self.pair, &together(pair, key)),
        };
        if let Err(error) = write().and_then(|()| fs::remove_file(&self.former_key)) {
            warn!(%error, path = %self.pair.display(), "a certificate and its key cannot be put into one file");
        }
    }

    /// Writes both, or neither.
    pub(super) fn save(&self, chain: &str, key: &str) -> Result<(), TlsError> {
        write(&self.pair, &together(chain.as_bytes(), key.as_bytes()))
    }
}

/// The key comes first: whoever reads the file up to where it was cut off has a key without a certificate, which is none.
fn together(chain: &[u8], key: &[u8]) -> Vec<u8> {
    [key, b"\n", chain].concat()
}

impl Stored {
    /// A certificate that was just made, or got.
    pub(super) fn of(chain: &str, key: &str) -> Result<Self, TlsError> {
        let made = Path::new("the new certificate");
        Self::parse(made, &together(chain.as_bytes(), key.as_bytes()))
    }

    fn parse(path: &Path, pair: &[u8]) -> Result<Self, TlsError> {
        let key = certificates::parse((pair, path), (pair, path))?;
        let bad = || TlsError::BadCertificate { path: path.to_owned() };
        let first = key.end_entity_cert().map_err(|_| bad())?;
        let (_, parsed) = X509Certificate::from_der(first).map_err(|_| bad())?;
        let validity = parsed.validity();
        let (not_before, not_after) =
            (validity.not_before.to_datetime(), validity.not_after.to_datetime());
        let hosts = hosts(&parsed);
        Ok(Self { key, not_before, not_after, hosts })
    }

    /// How long it is still good for.
    pub(super) fn remaining(&self) -> Duration {
        (self.not_after - OffsetDateTime::now_utc()).try_into().unwrap_or(Duration::ZERO)
    }

    /// In how long it has to be renewed: when a third of its time is left.
    pub(super) fn due_in(&self) -> Duration {
        self.remaining().saturating_sub(self.lifetime() / 3)
    }

    /// How long it was made for.
    fn lifetime(&self) -> Duration {
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
pub(super) fn write(path: &Path, content: &[u8]) -> Result<(), TlsError> {
    state::replace(path, content).map_err(|error| TlsError::File { path: path.to_owned(), error })
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use rcgen::{CertificateParams, KeyPair};
    use tempfile::TempDir;

    use super::{Store, together};
    use crate::state::Replacement;

    /// A certificate for this host, and its key.
    fn pair(host: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([host.to_owned()]).unwrap();
        (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
    }

    fn host(store: &Store) -> Option<String> {
        store.load().unwrap().map(|stored| stored.hosts[0].clone())
    }

    /// How many steps it takes to write a file.
    const STEPS: usize = 5;

    /// Writes a file, and is killed after so many steps; after the first of them, after half of the bytes.
    fn write_until(step: usize, path: &Path, content: &[u8]) {
        let half = &content[..content.len() / 2];
        let begun = Replacement::begin(path).unwrap();
        if step == 0 {
            return;
        }
        let written = begun.write(if step == 1 { half } else { content }).unwrap();
        if step <= 2 {
            return;
        }
        let synced = written.sync().unwrap();
        if step == 3 {
            return;
        }
        let renamed = synced.rename().unwrap();
        if step == 4 {
            return;
        }
        renamed.sync_folder().unwrap();
    }

    #[test]
    fn a_crash_at_any_step_of_a_renewal_leaves_one_certificate_or_the_other() {
        let ((old, old_key), (new, new_key)) = (pair("old.example"), pair("new.example"));
        for step in 0..=STEPS {
            let state = TempDir::new().unwrap();
            let store = Store::new(state.path(), "acme-x");
            store.save(&old, &old_key).unwrap();
            write_until(step, &store.pair, &together(new.as_bytes(), new_key.as_bytes()));
            let expected = if step < 4 { "old.example" } else { "new.example" };
            assert_eq!(host(&store).as_deref(), Some(expected), "{step}");
            // And the next renewal is not in the way of what was left.
            store.save(&new, &new_key).unwrap();
            assert_eq!(host(&store).as_deref(), Some("new.example"));
        }
    }

    #[test]
    fn a_crash_at_any_step_of_leaving_two_files_leaves_the_certificate() {
        let (chain, key) = pair("old.example");
        let together = together(chain.as_bytes(), key.as_bytes());
        for step in 0..=STEPS {
            let state = TempDir::new().unwrap();
            let store = Store::new(state.path(), "acme-x");
            fs::create_dir_all(store.pair.parent().unwrap()).unwrap();
            fs::write(&store.pair, &chain).unwrap();
            fs::write(&store.former_key, &key).unwrap();
            write_until(step, &store.pair, &together);
            for _ in 0..2 {
                assert_eq!(host(&store).as_deref(), Some("old.example"), "{step}");
                assert!(!store.former_key.exists(), "{step}");
            }
        }
    }

    #[test]
    fn what_cannot_be_used_counts_as_none() {
        let ((old, old_key), (new, new_key)) = (pair("old.example"), pair("new.example"));
        for (chain, key) in [
            (&*old, Some(&*new_key)),
            (&new, Some(&old_key)),
            (&old[..old.len() / 2], Some(&old_key)),
            (&old, Some(&old_key[..old_key.len() / 2])),
            ("", Some("")),
            ("", None),
            (&old, None),
            (&old_key, None),
            ("nonsense", None),
        ] {
            let state = TempDir::new().unwrap();
            let store = Store::new(state.path(), "acme-x");
            fs::create_dir_all(store.pair.parent().unwrap()).unwrap();
            fs::write(&store.pair, chain).unwrap();
            if let Some(key) = key {
                fs::write(&store.former_key, key).unwrap();
            }
            assert_eq!(host(&store), None);
            // A certificate that comes then is not in the way of what lies there.
            store.save(&new, &new_key).unwrap();
            assert_eq!(host(&store).as_deref(), Some("new.example"));
        }
    }
}
