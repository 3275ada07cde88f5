//! Nonces that say themselves when and for whom they were made. Pure.
//!
//! A nonce that has to be remembered is something that anyone can make us remember: every request without a credential
//! asks for one, from whatever address it claims. So a nonce is its own record: the time, and a signature over the time
//! and the client's address. It cannot be used by another client, nor later than [`NONCE_LIFETIME`].

use std::net::{IpAddr, SocketAddr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    hmac,
    rand::{SecureRandom, SystemRandom},
};

use crate::limits::NONCE_LIFETIME;

/// The seconds since 1970, of which the upper half says nothing: they come again after 136 years.
const TIME_BYTES: usize = 4;

/// The shorter the nonce, the smaller the answer to a stranger who may have lied about its address. Nobody guesses 64 bits
/// by asking, and a nonce alone opens nothing.
const TAG_BYTES: usize = 8;

/// SHA-1's block would be more than enough; this is as long as what it makes.
const KEY_BYTES: usize = 20;

/// Makes nonces and knows them again.
#[derive(Debug)]
pub(crate) struct Nonces(hmac::Key);

impl Nonces {
    /// With a key of its own.
    pub(crate) fn new() -> Self {
        let mut key = [0; KEY_BYTES];
        // A system without randomness has no TLS and no hash maps either: it is not one that this can run on.
        SystemRandom::new().fill(&mut key).expect("the system has randomness");
        Self(hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key))
    }

    pub(crate) fn make(&self, unix: u64, client: SocketAddr) -> String {
        let time = (unix as u32).to_be_bytes();
        let mut nonce = [0; TIME_BYTES + TAG_BYTES];
        nonce[..TIME_BYTES].copy_from_slice(&time);
        nonce[TIME_BYTES..].copy_from_slice(&self.tag(time, client));
        URL_SAFE_NO_PAD.encode(nonce)
    }

    /// Whether this is a nonce of ours for this client that is still good.
    pub(crate) fn is_good(&self, nonce: &str, unix: u64, client: SocketAddr) -> bool {
        let mut bytes = [0; TIME_BYTES + TAG_BYTES];
        let decoded = URL_SAFE_NO_PAD.decode_slice(nonce, &mut bytes);
        if !matches!(decoded, Ok(length) if length == bytes.len()) {
            return false;
        }
        let (time, tag) = bytes.split_at(TIME_BYTES);
        let time: [u8; TIME_BYTES] = time.try_into().expect("split there");
        // One from the future is as old as it gets.
        let age = (unix as u32).wrapping_sub(u32::from_be_bytes(time));
        u64::from(age) < NONCE_LIFETIME.as_secs() && is_same(tag, &self.tag(time, client))
    }

    fn tag(&self, time: [u8; TIME_BYTES], client: SocketAddr) -> [u8; TAG_BYTES] {
        let tag = hmac::sign(&self.0, &signed(time, client));
        let (tag, _) = tag.as_ref().split_first_chunk().expect("SHA-1 makes 20 bytes");
        *tag
    }
}

/// Takes as long for one that is right in part as for one that is not at all.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    let differs = one.iter().zip(other).fold(0, |differs, (one, other)| differs | (one ^ other));
    one.len() == other.len() && differs == 0
}

/// What a nonce's tag is made from: the time, the address and the port.
fn signed(time: [u8; TIME_BYTES], client: SocketAddr) -> [u8; TIME_BYTES + 16 + 2] {
    let address = match client.ip() {
        IpAddr::V4(v4) => v4.to_ipv6_mapped(),
        IpAddr::V6(v6) => v6,
    };
    let mut signed = [0; TIME_BYTES + 16 + 2];
    signed[..TIME_BYTES].copy_from_slice(&time);
    signed[TIME_BYTES..TIME_BYTES + 16].copy_from_slice(&address.octets());
    signed[TIME_BYTES + 16..].copy_from_slice(&client.port().to_be_bytes());
    signed
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::Nonces;
    use crate::limits::NONCE_LIFETIME;

    #[test]
    fn a_nonce_is_good_for_its_client_and_its_time() {
        let client: SocketAddr = "192.0.2.1:5000".parse().unwrap();
        let nonces = Nonces::new();
        let nonce = nonces.make(1000, client);
        let end = 1000 + NONCE_LIFETIME.as_secs();
        assert!(nonces.is_good(&nonce, 1000, client));
        assert!(nonces.is_good(&nonce, end - 1, client));
        assert!(!nonces.is_good(&nonce, end, client), "too old");
        assert!(!nonces.is_good(&nonce, 999, client), "from the future");
        for other in ["192.0.2.1:5001", "192.0.2.2:5000", "[::1]:5000"] {
            assert!(!nonces.is_good(&nonce, 1000, other.parse().unwrap()), "{other}");
        }
        assert!(!Nonces::new().is_good(&nonce, 1000, client), "another relay's");
    }

    #[test]
    fn a_nonce_that_was_changed_is_none() {
        let client: SocketAddr = "192.0.2.1:5000".parse().unwrap();
        let nonces = Nonces::new();
        let nonce = nonces.make(1000, client);
        for index in 0..nonce.len() {
            let mut changed = nonce.clone().into_bytes();
            changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(!nonces.is_good(&changed, 1000, client), "{changed}");
        }
        for bad in ["", "A", &nonce[1..], &format!("{nonce}A"), &format!("{nonce}AAAA"), "ж"] {
            assert!(!nonces.is_good(bad, 1000, client), "{bad}");
        }
    }
}
