//! Credentials that expire, as coturn makes them (`use-auth-secret`): anyone who knows the secret can mint one, and
//! check one without a table of users. Pure.

use std::{fmt, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::{
    hmac,
    rand::{SecureRandom, SystemRandom},
};

/// What credentials are minted from and checked with.
#[derive(Clone)]
pub struct Secret(hmac::Key);

/// Shows that there is a secret, not which.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// A user name and password for TURN (RFC 8489 section 9.2).
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    /// `expiry:user`, the expiry in seconds since 1970.
    pub username: String,
    /// The HMAC of the user name, in Base64.
    pub password: String,
}

/// Shows whose it is, not the password.
impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential").field("username", &self.username).finish_non_exhaustive()
    }
}

/// How many hexadecimal digits tell the sessions of a user apart.
const SESSION_DIGITS: usize = 16;

/// Who a user name belongs to, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Claim<'a> {
    pub(crate) user: &'a str,
    /// In seconds since 1970.
    expiry: u64,
}

impl<'a> Claim<'a> {
    /// Reads `expiry:user`. What stands before the first colon must be digits only, since a number has one spelling.
    pub(crate) fn parse(username: &'a str) -> Option<Self> {
        let (expiry, user) = username.split_once(':')?;
        if user.is_empty() || !expiry.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        Some(Self { user, expiry: expiry.parse().ok()? })
    }

    pub(crate) const fn is_good_at(self, unix: u64) -> bool {
        unix < self.expiry
    }
}

/// One session of a user: it has credentials of its own, which end with it, and shares the user's limits with all other
/// sessions.
#[must_use]
pub fn session_of(user: &str, random: u64) -> String {
    format!("{user}.{random:0width$x}", width = SESSION_DIGITS)
}

/// The user whose session this is; itself, if it is none.
pub(crate) fn account(user: &str) -> &str {
    let is_session = |digits: &str| {
        digits.len() == SESSION_DIGITS && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    match user.rsplit_once('.') {
        Some((account, digits)) if !account.is_empty() && is_session(digits) => account,
        _ => user,
    }
}

impl Secret {
    /// The secret of this text: for coturn, its `static-auth-secret`.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes()))
    }

    /// A secret that nobody knows.
    ///
    /// # Panics
    /// The system has no randomness: it is not one that this can run on.
    #[must_use]
    pub fn draw() -> Self {
        let mut key = [0; 20];
        SystemRandom::new().fill(&mut key).expect("the system has randomness");
        Self(hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key))
    }

    /// A credential of `user`, who may have any name, for as long as `lifetime` from `unix` on, the seconds since 1970.
    #[must_use]
    pub fn mint(&self, user: &str, unix: u64, lifetime: Duration) -> Credential {
        let username = format!("{}:{user}", unix.saturating_add(lifetime.as_secs()));
        let password = self.password(&username);
        Credential { username, password }
    }

    pub(crate) fn password(&self, username: &str) -> String {
        STANDARD.encode(hmac::sign(&self.0, username.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Claim, Secret, account, session_of};

    #[test]
    fn a_credential_is_the_one_that_coturn_expects() {
        // From: printf 1700000600:alice | openssl dgst -sha1 -hmac north -binary | base64
        let credential =
            Secret::new("north").mint("alice", 1_700_000_000, Duration::from_secs(600));
        assert_eq!(credential.username, "1700000600:alice");
        assert_eq!(credential.password, "gthUwOpcRoLI0MMCziCEBOWYnpo=");
    }

    #[test]
    fn a_claim_ends_at_its_expiry_to_the_second() {
        let claim = Claim::parse("100:alice").unwrap();
        assert_eq!(claim.user, "alice");
        assert!(claim.is_good_at(99));
        assert!(!claim.is_good_at(100));
    }

    #[test]
    fn a_user_has_any_name_and_an_expiry_one_spelling() {
        for (username, user) in [
            ("1:алиса", Some("алиса")),
            ("1:ありす", Some("ありす")),
            ("1:a:b", Some("a:b")),
            ("1:", None),
            (":alice", None),
            ("alice", None),
            ("", None),
            ("+1:alice", None),
            ("-1:alice", None),
            (" 1:alice", None),
            ("1.5:alice", None),
            ("99999999999999999999999:alice", None),
        ] {
            assert_eq!(Claim::parse(username).map(|claim| claim.user), user, "{username}");
        }
    }

    #[test]
    fn all_sessions_are_their_users() {
        for user in ["alice", "al.ice", "алиса", "a.0123456789abcdef"] {
            assert_eq!(account(&session_of(user, 7)), user);
        }
        for user in ["alice", "bob.smith", ".0123456789abcdef", "a.0123456789abcdeg"] {
            assert_eq!(account(user), user);
        }
    }

    #[test]
    fn what_is_secret_is_not_shown() {
        let secret = Secret::new("north");
        let credential = secret.mint("alice", 0, Duration::from_secs(1));
        assert!(!format!("{secret:?}").contains("north"));
        assert!(!format!("{credential:?}").contains(&credential.password));
    }
}
