//! A certificate that we sign ourselves: for trying Pronto on a phone in the same network.

use std::{path::Path, time::Duration};

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use time::OffsetDateTime;
use tokio_rustls::rustls::sign::CertifiedKey;
use tracing::info;

use super::{
    TlsError,
    store::{Store, Stored},
};

/// How long one is made for. Some systems refuse those that last longer than 398 days, however they came to trust them.
const LIFETIME: Duration = Duration::from_secs(397 * 24 * 3600);

/// How much of its time has to be left when the server starts: whoever has to trust the next one should not have to in
/// the middle of things.
const LEFT: Duration = Duration::from_secs(30 * 24 * 3600);

/// The certificate that is kept in `state`, if it is still good and for all of these hosts; else another one, which the
/// phone has to trust anew.
pub(super) fn get(state: &Path, hosts: &[String]) -> Result<CertifiedKey, TlsError> {
    let store = Store::new(state, "self-signed");
    // One that cannot be used is no reason not to start: it was ours to make.
    if let Ok(Some(stored)) = store.load()
        && is_good(&stored, hosts)
    {
        return Ok(stored.key);
    }
    info!("making a certificate; whoever has trusted an earlier one has to trust this one, too");
    let key = KeyPair::generate().map_err(TlsError::Making)?;
    let certificate = params(hosts)?.self_signed(&key).map_err(TlsError::Making)?;
    let (chain, key) = (certificate.pem(), key.serialize_pem());
    store.save(&chain, &key)?;
    Ok(Stored::of(&chain, &key)?.key)
}

fn is_good(stored: &Stored, hosts: &[String]) -> bool {
    stored.remaining() > LEFT && hosts.iter().all(|host| stored.hosts.contains(host))
}

fn params(hosts: &[String]) -> Result<CertificateParams, TlsError> {
    let mut params = CertificateParams::new(hosts).map_err(TlsError::Making)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Pronto");
    params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    let now = OffsetDateTime::now_utc();
    // Clocks of phones may be behind ours.
    params.not_before = now - Duration::from_secs(24 * 3600);
    params.not_after = now + (LIFETIME - Duration::from_secs(24 * 3600));
    Ok(params)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::get;

    fn hosts(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn it_is_made_once_and_kept() {
        let state = TempDir::new().unwrap();
        let names = hosts(&["localhost", "192.168.0.2", "2001:db8::1"]);
        let first = get(state.path(), &names).unwrap();
        let again = get(state.path(), &names).unwrap();
        assert_eq!(first.cert, again.cert);
        let fewer = get(state.path(), &names[..1]).unwrap();
        assert_eq!(first.cert, fewer.cert);
    }

    #[test]
    fn it_is_made_anew_for_another_host_and_when_it_is_no_good() {
        let state = TempDir::new().unwrap();
        let first = get(state.path(), &hosts(&["localhost"])).unwrap();
        let other = get(state.path(), &hosts(&["localhost", "192.168.0.3"])).unwrap();
        assert_ne!(first.cert, other.cert);
        fs::write(state.path().join("tls/self-signed.pem"), "nonsense").unwrap();
        let third = get(state.path(), &hosts(&["localhost"])).unwrap();
        assert_ne!(other.cert, third.cert);
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_may_read_the_key() {
        use std::os::unix::fs::PermissionsExt;
        let state = TempDir::new().unwrap();
        get(state.path(), &hosts(&["localhost"])).unwrap();
        let mode =
            fs::metadata(state.path().join("tls/self-signed.pem")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
