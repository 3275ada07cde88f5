//! How much somebody has: allocations, and what they carry. Pure.

use std::{collections::HashMap, hash::Hash, net::IpAddr, time::Duration};

use crate::{
    limits::{ALLOCATIONS_PER_ADDRESS, ALLOCATIONS_PER_USER},
    rate::{Meter, Rate},
};

/// Counts allocations by user and by the clients' addresses, and what users send and are sent.
#[derive(Debug)]
pub(crate) struct Quotas {
    rate: Rate,
    users: HashMap<Box<str>, User>,
    addresses: HashMap<Prefix, u32>,
}

/// What a user with allocations has.
#[derive(Debug, Default)]
struct User {
    allocations: u32,
    sent: Meter,
    received: Meter,
}

/// Where data go, as seen from the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// From the user to a peer.
    Sent,
    /// From a peer to the user.
    Received,
}

/// What counts as one address: an IPv4 address, or the /64 of an IPv6 one, of which any host may take what it likes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Prefix(u64);

impl Prefix {
    pub(crate) fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(v4) => Self(u32::from(v4).into()),
            // 2000::/3 and what is special in IPv6 never look like 32 bits, except for ::/64, which is this machine.
            IpAddr::V6(v6) => Self((u128::from(v6) >> 64) as u64),
        }
    }
}

impl Quotas {
    pub(crate) fn new(rate: Rate) -> Self {
        Self { rate, users: HashMap::new(), addresses: HashMap::new() }
    }

    /// Whether this user, from this address, may have one more.
    pub(crate) fn have_room(&self, user: &str, address: IpAddr) -> bool {
        let users = self.users.get(user).map_or(0, |user| user.allocations);
        let addresses = self.addresses.get(&Prefix::of(address)).copied().unwrap_or(0);
        users < ALLOCATIONS_PER_USER && addresses < ALLOCATIONS_PER_ADDRESS
    }

    /// Whether a user has any.
    pub(crate) fn knows(&self, user: &str) -> bool {
        self.users.contains_key(user)
    }

    pub(crate) fn take(&mut self, user: &str, address: IpAddr) {
        self.users.entry(user.into()).or_default().allocations += 1;
        *self.addresses.entry(Prefix::of(address)).or_default() += 1;
    }

    pub(crate) fn give_back(&mut self, user: &str, address: IpAddr) {
        if let Some(held) = self.users.get_mut(user) {
            held.allocations -= 1;
            if held.allocations == 0 {
                self.users.remove(user);
            }
        }
        decrement(&mut self.addresses, &Prefix::of(address));
    }

    /// Whether so many bytes of data may go now: if so, they have.
    pub(crate) fn let_pass(
        &mut self,
        user: &str,
        direction: Direction,
        bytes: usize,
        now: Duration,
    ) -> bool {
        let Some(user) = self.users.get_mut(user) else { return false };
        let meter = match direction {
            Direction::Sent => &mut user.sent,
            Direction::Received => &mut user.received,
        };
        meter.take(self.rate, bytes, now)
    }
}

pub(crate) fn decrement<K, Q>(counts: &mut HashMap<K, u32>, key: &Q)
where
    K: Hash + Eq + std::borrow::Borrow<Q>,
    Q: Hash + Eq + ?Sized,
{
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::{ALLOCATIONS_PER_ADDRESS, ALLOCATIONS_PER_USER, Quotas};
    use crate::rate::Rate;

    #[test]
    fn a_user_has_a_quota_wherever_it_is() {
        let mut quotas = Quotas::new(Rate::default());
        let address = |last: u32| IpAddr::from(last.to_be_bytes());
        for n in 0..ALLOCATIONS_PER_USER {
            assert!(quotas.have_room("alice", address(n)));
            quotas.take("alice", address(n));
        }
        assert!(!quotas.have_room("alice", address(99_999)));
        assert!(quotas.have_room("bob", address(0)));
        quotas.give_back("alice", address(0));
        assert!(quotas.have_room("alice", address(0)));
    }

    #[test]
    fn an_address_has_a_quota_whoever_is_there() {
        let mut quotas = Quotas::new(Rate::default());
        let address: IpAddr = "2001:db8::1".parse().unwrap();
        let neighbour: IpAddr = "2001:db8::ffff:2".parse().unwrap();
        let stranger: IpAddr = "2001:db8:0:1::1".parse().unwrap();
        for n in 0..ALLOCATIONS_PER_ADDRESS {
            quotas.take(&n.to_string(), address);
        }
        assert!(!quotas.have_room("alice", address));
        assert!(!quotas.have_room("alice", neighbour), "of the same /64");
        assert!(quotas.have_room("alice", stranger));
        quotas.give_back("7", neighbour);
        assert!(quotas.have_room("alice", address));
    }

    #[test]
    fn nobody_is_remembered_who_has_nothing() {
        let mut quotas = Quotas::new(Rate::default());
        let address: IpAddr = "192.0.2.1".parse().unwrap();
        quotas.take("alice", address);
        quotas.give_back("alice", address);
        assert!(quotas.users.is_empty() && quotas.addresses.is_empty());
    }
}
