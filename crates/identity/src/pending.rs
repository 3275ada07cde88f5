//! The sign-ins that are under way: between the browser's way to the provider and back. Pure: time is handed in.

use std::time::{Duration, Instant};

use crate::{
    fair::{FairTable, Owner},
    secret::Hash,
};

/// How many sign-ins may be under way. One takes some 700 bytes. The oldest of the network that has most gives way to one more.
const MAX_PENDING: usize = 16 * 1024;

/// How many levels a [`Network`] has.
const LEVELS: usize = 3;

/// Where somebody is who signs in, from the widest network to the narrowest, such as a /48, a /56 and a /64 of IPv6. What the
/// numbers mean is the caller's business; those of the narrowest are unique.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Network(pub Owner<LEVELS>);

/// A sign-in that is under way.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Pending {
    /// The issuer that the browser was sent to.
    pub(crate) issuer: String,
    /// Which browser it was.
    pub(crate) browser: Hash,
    /// What the ID token has to repeat.
    pub(crate) nonce: String,
    /// What shows the provider that whoever brings the code is who asked for it (RFC 7636).
    pub(crate) verifier: String,
    /// Where the provider sends the browser back to.
    pub(crate) callback: String,
}

/// The sign-ins that are under way, by the hash of their state.
pub(crate) struct Table(FairTable<Pending, LEVELS>);

impl Table {
    pub(crate) fn new(lifetime: Duration) -> Self {
        Self(FairTable::new(lifetime, MAX_PENDING))
    }

    pub(crate) fn add(&mut self, now: Instant, state: Hash, network: Network, pending: Pending) {
        self.0.add(now, state, network.0, pending);
    }

    /// The sign-in with this state, which is good once.
    pub(crate) fn take(&mut self, now: Instant, state: &Hash) -> Option<Pending> {
        self.0.take(now, state)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{MAX_PENDING, Network, Pending, Table};

    fn pending(number: usize) -> Pending {
        let (issuer, text) = (number.to_string(), String::new);
        Pending { issuer, browser: [0; 32], nonce: text(), verifier: text(), callback: text() }
    }

    fn state(number: usize) -> [u8; 32] {
        let mut state = [0; 32];
        state[..8].copy_from_slice(&number.to_be_bytes());
        state
    }

    /// The networks of an IPv6 address, by its first 64 bits.
    fn v6(bits: u64) -> Network {
        Network([bits >> 16, bits >> 8, bits])
    }

    /// Whether the sign-ins of a home are still under way when others have begun so many.
    fn survives(flood: impl Fn(usize) -> Network) -> bool {
        let start = Instant::now();
        let mut table = Table::new(Duration::from_secs(600));
        let home = v6(0x2001_0db8_0001_0001);
        for number in 0..3 {
            table.add(start, state(number), home, pending(number));
        }
        for number in 3..3 * MAX_PENDING {
            table.add(start, state(number), flood(number), pending(0));
        }
        assert_eq!(table.0.len(), MAX_PENDING);
        (0..3).all(|number| table.take(start, &state(number)) == Some(pending(number)))
    }

    #[test]
    fn seventeen_networks_do_not_flush_the_sign_ins_of_others() {
        assert!(survives(|number| v6(0x2001_0db9_0000_0000 + (number % 17) as u64)));
    }

    #[test]
    fn nor_does_a_network_that_is_never_twice_at_one_address() {
        assert!(survives(|number| v6(0x2001_0db9_0000_0000 + number as u64)));
    }
}
