//! The limits of a server, for each user, network and pair.

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    sync::Arc,
    time::Duration,
};

use protocol::UserName;

use super::{
    Remote,
    places::{Connection, Connections, Place, Places},
    rates::{Rate, Rates},
    remote::Network,
    ring::Ring,
};
use crate::limits as at;

/// What one address may have, by how many users it may have signed in: an office behind a NAT is one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressLimits {
    /// How many users may be signed in from one address.
    pub users: u32,
    /// How many connections there may be in all.
    pub connections: u32,
}

impl Default for AddressLimits {
    fn default() -> Self {
        Self { users: at::ADDRESS_USERS, connections: at::MAX_CONNECTIONS }
    }
}

impl AddressLimits {
    /// How many connections one network may have, whatever is around it: a /48, or a /24 of IPv4. If there may be no more in all,
    /// it can keep everybody else out, since a user makes room for nobody.
    #[must_use]
    pub fn connections_of_network(self) -> u32 {
        let shares = at::NETWORKS_V4.into_iter().chain(at::NETWORKS_V6).map(|(_, shares)| shares);
        self.connections_of_address().saturating_mul(shares.max().unwrap_or(1))
    }

    fn connections_of_address(self) -> u32 {
        self.crowd().saturating_mul(at::CONNECTIONS_OF_USER)
    }

    fn crowd(self) -> u32 {
        self.users.max(at::SMALLEST_CROWD)
    }
}

/// The limits, and how far each is used up. What a network may have, those around it may have a few times:
/// `Network::around`.
#[derive(Debug)]
pub struct Limits {
    connections: Arc<Connections>,
    users: Arc<Places>,
    connects: NetworkRate,
    requests: NetworkRate,
    logins: NetworkRate,
    auth: NetworkRate,
    sign_ins: NetworkRate,
    calls_of_network: Rate,
    calls: Rates,
    pub(super) rings: Rates,
    pub(super) hasher: RandomState,
}

/// How often something may happen in each network.
#[derive(Debug)]
struct NetworkRate {
    rate: Rate,
    rates: Rates,
    hasher: RandomState,
}

impl NetworkRate {
    fn new(rate: Rate) -> Self {
        Self { rate, rates: Rates::new(at::NETWORK_RATE_KEYS), hasher: RandomState::new() }
    }

    fn check(&self, network: Network) -> Result<(), NotNow> {
        let charges: Vec<_> = network
            .around()
            .map(|(network, shares)| self.rate.times(shares).one(self.hasher.hash_one(network)))
            .collect();
        self.rates.take(network.widest(), &charges).map_err(NotNow)
    }
}

/// Why not now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TooMany {
    /// This network has as much as it may.
    Address,
    /// It was too much at once.
    Often(NotNow),
    /// There is as much as there may be.
    All,
}

/// It may not be done before so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotNow(pub Duration);

impl NotNow {
    /// After how many whole seconds it may be tried again.
    #[must_use]
    pub fn seconds(self) -> u64 {
        self.0.as_secs() + u64::from(self.0.subsec_nanos() > 0)
    }
}

/// As a sentence for people.
impl fmt::Display for NotNow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "That was too much at once: try again in {} s.", self.seconds())
    }
}

impl Limits {
    /// Nothing of them is used up.
    #[must_use]
    pub fn new(address: AddressLimits) -> Self {
        let AddressLimits { users, connections } = address;
        let crowd = address.crowd();
        Self {
            connections: Connections::new(
                address.connections_of_address(),
                connections,
                crowd.saturating_mul(at::NEWCOMERS_OF_USER),
                at::MAX_NEWCOMERS.min(connections),
            ),
            users: Places::new(users),
            connects: NetworkRate::new(at::connect_rate(crowd)),
            requests: NetworkRate::new(at::request_rate(crowd)),
            logins: NetworkRate::new(at::login_rate(users)),
            auth: NetworkRate::new(at::auth_rate(users)),
            sign_ins: NetworkRate::new(at::sign_in_rate(users)),
            calls_of_network: at::call_rate_of_network(users),
            calls: Rates::new(at::CALL_KEYS),
            rings: Rates::new(at::CALL_KEYS),
            hasher: RandomState::new(),
        }
    }

    /// A connection begins: of this address, or of a proxy, which speaks for many.
    pub(crate) fn connect(&self, peer: Option<std::net::IpAddr>) -> Result<Connection, TooMany> {
        let network = peer.map(Network::of);
        if let Some(network) = network {
            self.connects.check(network).map_err(TooMany::Often)?;
        }
        self.connections.begin(network)
    }

    /// A WebSocket begins over this connection.
    pub(crate) fn socket(&self, connection: &Connection, remote: &Remote) -> Result<(), TooMany> {
        connection.is_of(Network::of(remote.ip))
    }

    /// Somebody asks for something over HTTP.
    pub(crate) fn request(&self, remote: &Remote) -> Result<(), NotNow> {
        self.requests.check(Network::of(remote.ip))
    }

    /// Somebody tries to log in.
    pub(crate) fn login(&self, remote: &Remote) -> Result<(), NotNow> {
        self.logins.check(Network::of(remote.ip))
    }

    /// A browser asks what has to do with signing in.
    pub(crate) fn auth(&self, remote: &Remote) -> Result<(), NotNow> {
        self.auth.check(Network::of(remote.ip))
    }

    /// A browser leaves for a provider.
    pub(crate) fn sign_in(&self, remote: &Remote) -> Result<(), NotNow> {
        self.sign_ins.check(Network::of(remote.ip))
    }

    /// Somebody takes a name that was free.
    pub(crate) fn user(&self, remote: &Remote) -> Result<Place, TooMany> {
        self.users.take(Network::of(remote.ip))
    }

    /// A user, in this network if that is known, makes a call.
    ///
    /// All limits are asked at once, and a refused call counts for none of them: so nobody fills a table with calls that they may
    /// not make.
    pub(crate) fn call(
        self: &Arc<Self>,
        remote: Option<&Remote>,
        caller: &UserName,
        callee: &str,
    ) -> Result<Ring, NotNow> {
        let network = remote.map_or(Network::NOWHERE, |remote| Network::of(remote.ip));
        let key = |what: &str, network: Option<Network>, names: [&str; 2]| {
            self.hasher.hash_one((what, network, names))
        };
        let caller = caller.key();
        let mut charges = vec![
            at::CALL_RATE.one(key("user", None, [caller, ""])),
            at::PAIR_RATE.one(key("pair", None, [caller, callee])),
        ];
        for (network, shares) in network.around().filter(|_| remote.is_some()) {
            let here = key("network", Some(network), ["", ""]);
            charges.push(self.calls_of_network.times(shares).one(here));
            let to_callee = key("network and callee", Some(network), ["", callee]);
            charges.push(at::ADDRESS_PAIR_RATE.times(shares).one(to_callee));
        }
        let ring = Ring::new(self, remote.is_some().then_some(network), caller, callee);
        ring.check()?;
        self.calls.take(network.widest(), &charges).map_err(NotNow)?;
        Ok(ring)
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use protocol::UserName;

    use super::{AddressLimits, Limits, NotNow, Remote};
    use crate::limits::{ADDRESS_PAIR_RATE, CALL_RATE, PAIR_RATE, call_rate_of_network};

    fn at(ip: &str) -> Remote {
        Remote { ip: ip.parse().unwrap(), secure: false, proxied: false, own: true }
    }

    fn limits() -> Arc<Limits> {
        Arc::new(Limits::new(AddressLimits::default()))
    }

    fn name(name: &str) -> UserName {
        UserName::parse(name).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_is_called_without_end() {
        let (limits, alice, home) = (limits(), name("alice"), at("192.0.2.1"));
        for _ in 0..PAIR_RATE.burst {
            limits.call(Some(&home), &alice, "bob").unwrap();
        }
        let refused = limits.call(Some(&home), &alice, "bob");
        assert_eq!(refused.err(), Some(NotNow(PAIR_RATE.every)));
        limits.call(Some(&home), &alice, "carol").unwrap();
        tokio::time::advance(PAIR_RATE.every).await;
        limits.call(Some(&home), &alice, "bob").unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn other_names_in_one_network_do_not_help() {
        let limits = limits();
        let mut called = 0;
        // Of one /64, and then of others around it.
        for (n, subnet) in [0, 0, 1, 0x100, 0x200, 0x300, 0x400].into_iter().enumerate() {
            let home = at(&format!("2001:db8:0:{subnet:x}::1"));
            let pest = |m: u32| name(&format!("pest{n}x{m}"));
            called += (0..ADDRESS_PAIR_RATE.burst)
                .filter(|m| limits.call(Some(&home), &pest(*m), "bob").is_ok())
                .count();
        }
        assert_eq!(called, 4 * ADDRESS_PAIR_RATE.burst as usize, "as many as a /48 may");
        assert!(limits.call(Some(&at("2001:db8:1::1")), &name("carol"), "bob").is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn who_calls_everybody_is_stopped() {
        let (limits, alice) = (limits(), name("alice"));
        for n in 0..CALL_RATE.burst {
            limits.call(None, &alice, &format!("u{n}")).unwrap();
        }
        assert!(limits.call(None, &alice, "another").is_err());
    }

    /// Under however many names: and what is refused leaves nothing behind.
    #[tokio::test(start_paused = true)]
    async fn a_network_that_calls_everybody_is_stopped_and_nobody_else() {
        let (limits, home) = (limits(), at("192.0.2.1"));
        let burst = call_rate_of_network(AddressLimits::default().users).burst;
        let mut called = 0;
        for n in 0..2_000_u32 {
            let pest = name(&format!("pest{n}"));
            let call = |m: &u32| limits.call(Some(&home), &pest, &format!("x{n}x{m}")).is_ok();
            called += (0..60).filter(call).count();
        }
        assert_eq!(called, burst as usize);
        limits.call(Some(&at("198.51.100.1")), &name("carol"), "dave").unwrap();
    }

    /// In the 10 minutes that one may take, of which 16,384 may be under way in all.
    #[tokio::test(start_paused = true)]
    async fn a_network_does_not_push_the_sign_ins_of_others_aside() {
        let limits = limits();
        let mut begun = 0;
        for second in 0..600_u32 {
            for n in 0..100 {
                // As many /64s of one /48 as there are.
                let browser = at(&format!("2001:db8:0:{:x}::1", second * 100 + n));
                begun += u32::from(limits.sign_in(&browser).is_ok());
            }
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert!(begun < 16_384 / 5, "{begun}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_names_whole_seconds_after_which_it_works() {
        for (millis, seconds) in [(1, 1), (999, 1), (1_000, 1), (1_001, 2), (14_999, 15)] {
            assert_eq!(NotNow(Duration::from_millis(millis)).seconds(), seconds);
        }
    }
}
