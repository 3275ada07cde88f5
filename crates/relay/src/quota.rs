//! How much somebody has: allocations, and what they carry. Pure.
//!
//! A meter lives until it is empty, whatever becomes of the allocations and credentials that filled it: else a user whose
//! meter is full would end an allocation and make another.

use std::{collections::HashMap, net::IpAddr, time::Duration};

use crate::{
    credential::account,
    hub::Transport,
    limits::{ALLOCATIONS_PER_USER, METER_SWEEP_INTERVAL, METERS},
    network::Network,
    rate::{Meter, Rate},
};

/// Counts allocations by user and by the networks around the clients' addresses, and what they send and are sent.
#[derive(Debug)]
pub(crate) struct Quotas {
    rate: Rate,
    users: HashMap<Box<str>, Use>,
    networks: HashMap<Network, Use>,
    /// When meters that are empty were last looked for.
    swept: Duration,
}

/// The allocations and meters of a user or a network.
#[derive(Clone, Copy, Debug, Default)]
struct Use {
    allocations: u32,
    sent: Meter,
    received: Meter,
    carried: Carried,
}

/// How many bytes of data were relayed for somebody, in both directions, since they were last without allocations for a while.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// To and from clients over UDP.
    pub udp: u64,
    /// To and from clients over TCP or TLS.
    pub stream: u64,
}

impl Use {
    const fn meter(&mut self, direction: Direction) -> &mut Meter {
        match direction {
            Direction::Sent => &mut self.sent,
            Direction::Received => &mut self.received,
        }
    }

    /// Whether nothing would be lost with it.
    fn is_nothing(&self, now: Duration) -> bool {
        self.allocations == 0 && self.sent.is_empty(now) && self.received.is_empty(now)
    }
}

/// Where data go, as seen from the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// From the user to a peer.
    Sent,
    /// From a peer to the user.
    Received,
}

impl Quotas {
    pub(crate) fn new(rate: Rate) -> Self {
        Self { rate, users: HashMap::new(), networks: HashMap::new(), swept: Duration::ZERO }
    }

    /// Whether this user, from this address, may have one more.
    pub(crate) fn have_room(&self, user: &str, address: IpAddr) -> bool {
        let of_user = self.users.get(account(user)).map_or(0, |user| user.allocations);
        let in_network = |network| self.networks.get(&network).map_or(0, |held| held.allocations);
        of_user < ALLOCATIONS_PER_USER
            && Network::around(address).all(|network| in_network(network) < network.allocations())
    }

    /// Whether there is room for another meter. There nearly always is: one that is empty makes room.
    pub(crate) fn have_meters(&mut self, now: Duration) -> bool {
        let is_full = |quotas: &Self| quotas.users.len().max(quotas.networks.len() / 3) >= METERS;
        if is_full(self) && now >= self.swept + METER_SWEEP_INTERVAL {
            self.forget(now);
        }
        !is_full(self)
    }

    /// Whether a user, in whatever session, has any.
    pub(crate) fn knows(&self, user: &str) -> bool {
        self.users.get(account(user)).is_some_and(|user| user.allocations > 0)
    }

    pub(crate) fn take(&mut self, user: &str, address: IpAddr) {
        self.users.entry(account(user).into()).or_default().allocations += 1;
        for network in Network::around(address) {
            self.networks.entry(network).or_default().allocations += 1;
        }
    }

    pub(crate) fn give_back(&mut self, user: &str, address: IpAddr) {
        if let Some(held) = self.users.get_mut(account(user)) {
            held.allocations -= 1;
        }
        for network in Network::around(address) {
            if let Some(held) = self.networks.get_mut(&network) {
                held.allocations -= 1;
            }
        }
    }

    /// So many bytes of data went between the relay and a client of this user.
    pub(crate) fn count(&mut self, user: &str, transport: Transport, bytes: usize) {
        let Some(held) = self.users.get_mut(account(user)) else { return };
        let counter = match transport {
            Transport::Udp => &mut held.carried.udp,
            Transport::Stream => &mut held.carried.stream,
        };
        *counter = counter.saturating_add(bytes as u64);
    }

    /// What was relayed for this user, in whatever session.
    pub(crate) fn carried(&self, user: &str) -> Carried {
        self.users.get(account(user)).map(|held| held.carried).unwrap_or_default()
    }

    /// Forgets those who have no allocation and whose meters are empty.
    pub(crate) fn forget(&mut self, now: Duration) {
        self.swept = now;
        self.users.retain(|_, held| !held.is_nothing(now));
        self.networks.retain(|_, held| !held.is_nothing(now));
    }

    /// Whether so many bytes of data may go now, for the user and for the networks around its client: if so, they have.
    pub(crate) fn let_pass(
        &mut self,
        (user, address): (&str, IpAddr),
        direction: Direction,
        bytes: usize,
        now: Duration,
    ) -> bool {
        let Some(user) = self.users.get_mut(account(user)) else { return false };
        let meter = user.meter(direction);
        let Some(after) = meter.after(self.rate, bytes, now) else { return false };
        let networks = Network::around(address);
        // A refused datagram counts for nobody, so all meters are checked before any is changed.
        for network in networks.clone() {
            let Some(held) = self.networks.get_mut(&network) else { return false };
            let rate = self.rate.times(network.rates());
            if held.meter(direction).after(rate, bytes, now).is_none() {
                return false;
            }
        }
        *meter = after;
        for network in networks {
            if let Some(held) = self.networks.get_mut(&network) {
                let rate = self.rate.times(network.rates());
                let meter = held.meter(direction);
                *meter = meter.after(rate, bytes, now).unwrap_or(*meter);
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use std::{net::IpAddr, num::NonZeroU64, time::Duration};

    use super::{Direction, METERS, Quotas};
    use crate::{
        limits::{
            ALLOCATIONS_PER_ADDRESS, ALLOCATIONS_PER_NETWORK, ALLOCATIONS_PER_SITE,
            ALLOCATIONS_PER_USER, BURST,
        },
        rate::Rate,
    };

    #[test]
    fn a_user_has_a_quota_wherever_it_is() {
        let mut quotas = Quotas::new(Rate::default());
        let address = |last: u32| IpAddr::from((last << 8).to_be_bytes());
        for n in 0..ALLOCATIONS_PER_USER {
            assert!(quotas.have_room("alice", address(n)));
            quotas.take("alice", address(n));
        }
        assert!(!quotas.have_room("alice", address(99_999)));
        assert!(!quotas.have_room("alice.0123456789abcdef", address(0)), "in another session");
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
    fn the_networks_around_an_address_have_a_quota() {
        for (bits, most) in [
            (72, ALLOCATIONS_PER_NETWORK),
            (64, ALLOCATIONS_PER_SITE),
            (0, ALLOCATIONS_PER_NETWORK),
        ] {
            let mut quotas = Quotas::new(Rate::default());
            let address = |n: u32| match bits {
                0 => IpAddr::from(((192 << 24) | (n % 250)).to_be_bytes()),
                bits => IpAddr::from(
                    ((0x2001_0db8_u128 << 96) | (u128::from(n % 250) << bits)).to_be_bytes(),
                ),
            };
            let mut had = 0;
            while quotas.have_room(&had.to_string(), address(had)) {
                quotas.take(&had.to_string(), address(had));
                had += 1;
            }
            assert_eq!(had, most, "{}", address(1));
            assert!(quotas.have_room("alice", "203.0.113.1".parse().unwrap()));
        }
    }

    #[test]
    fn nobody_is_remembered_who_has_nothing() {
        let rate = Rate::bits_per_second(NonZeroU64::new(8_000).unwrap());
        let mut quotas = Quotas::new(rate);
        let address: IpAddr = "192.0.2.1".parse().unwrap();
        quotas.take("alice", address);
        assert!(quotas.let_pass(("alice", address), Direction::Sent, 1_000, Duration::ZERO));
        quotas.give_back("alice", address);
        quotas.forget(BURST - Duration::from_nanos(1));
        assert_eq!(quotas.users.len(), 1, "until its meter is empty");
        quotas.forget(BURST);
        assert!(quotas.users.is_empty() && quotas.networks.is_empty());
    }

    /// A flood of users who fill their meters and leave keeps others out for a burst at most, in bounded memory.
    #[test]
    fn there_are_so_many_meters() {
        let rate = Rate::bits_per_second(NonZeroU64::new(8_000).unwrap());
        let mut quotas = Quotas::new(rate);
        let address: IpAddr = "192.0.2.1".parse().unwrap();
        for n in 0..METERS {
            assert!(quotas.have_meters(BURST));
            let user = n.to_string();
            quotas.take(&user, address);
            assert!(quotas.let_pass((&user, address), Direction::Sent, 1, BURST));
            quotas.give_back(&user, address);
        }
        assert!(!quotas.have_meters(BURST));
        assert!(quotas.have_meters(2 * BURST));
        assert!(quotas.users.is_empty());
    }
}
