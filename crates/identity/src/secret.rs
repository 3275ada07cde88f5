//! Secrets that somebody has to bring: 256 random bits, of which only the SHA-256 is kept.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use sha2::{Digest, Sha256};

/// How many bytes a secret has.
const BYTES: usize = 32;

/// How long a secret is as text: base64url (RFC 4648 section 5) without padding, which cookies, URLs and PKCE take as it is.
const CHARS: usize = 43;

/// The SHA-256 of a secret.
pub(crate) type Hash = [u8; 32];

/// A new secret; `None` if the system has no random numbers to give.
pub(crate) fn draw() -> Option<String> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).ok()?;
    Some(BASE64.encode(bytes))
}

/// What is kept of a secret. `None` if the text is none that was ever drawn.
pub(crate) fn hash(text: &str) -> Option<Hash> {
    let looks_right = text.len() == CHARS
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    looks_right.then(|| Sha256::digest(text).into())
}

#[cfg(test)]
mod tests {
    use super::{draw, hash};

    #[test]
    fn a_secret_is_random_and_known_by_its_hash() {
        let (one, other) = (draw().unwrap(), draw().unwrap());
        assert_ne!(one, other);
        assert_eq!(hash(&one), hash(&one));
        assert_ne!(hash(&one), hash(&other));
        assert!(hash(&one).is_some());
    }

    #[test]
    fn what_was_never_drawn_is_not_looked_up() {
        let long = "a".repeat(10_000);
        for text in ["", "a", &long, &"a".repeat(42), &"=".repeat(43), &"ä".repeat(43)] {
            assert_eq!(hash(text), None, "{}", text.len());
        }
    }
}
