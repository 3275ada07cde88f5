//! What proves whose session it is.

use std::fmt;

use sha2::{Digest, Sha256};

/// The resume secret of a session: 128 random bits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Secret(u128);

/// What the server keeps of a secret, here and on disk: its SHA-256.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Proof(pub(crate) [u8; 32]);

impl Secret {
    /// A new one; `None` if the system has no random numbers to give.
    pub(super) fn draw() -> Option<Self> {
        let mut bits = [0; 16];
        getrandom::fill(&mut bits).ok()?;
        Some(Self(u128::from_be_bytes(bits)))
    }

    /// Reads one. What is none proves nothing.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let is_hex = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hex.then(|| u128::from_str_radix(text, 16).ok()).flatten().map(Self)
    }

    pub(super) fn proof(self) -> Proof {
        Proof(Sha256::digest(self.0.to_be_bytes()).into())
    }

    /// As it goes over the wire.
    pub(super) fn reveal(self) -> String {
        format!("{:032x}", self.0)
    }
}

/// Neither a secret nor its hash may end in a log.
impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Proof")
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn a_secret_is_read_as_it_was_written() {
        let secret = Secret::draw().unwrap();
        assert!(Secret::parse(&secret.reveal()) == Some(secret));
        assert!(Secret::draw() != Some(secret), "it is random");
        assert!(Secret(1).proof() != Secret(2).proof());
    }

    #[test]
    fn what_is_no_secret_is_none() {
        for text in ["", "1", "+0000000000000000000000000000001", "xyz", &"0".repeat(33)] {
            assert!(Secret::parse(text).is_none(), "{text}");
        }
        assert!(Secret::parse(&"0".repeat(32)).is_some());
    }
}
