//! The limits of a server, for each address, user and pair.

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    sync::Arc,
    time::Duration,
};

use protocol::UserName;

use super::{
    Remote,
    counts::{Counts, Full, Place},
    rates::Rates,
    remote::Network,
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

/// The limits, and how far each is used up.
#[derive(Debug)]
pub struct Limits {
    connections: Arc<Counts>,
    guests: Arc<Counts>,
    users: Arc<Counts>,
    logins: Rates,
    auth: Rates,
    sign_ins: Rates,
    calls_of_user: Rates,
    calls_of_pair: Rates,
    calls_of_address: Rates,
    hasher: RandomState,
}

/// Why not now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TooMany {
    /// This address has, or does, as much as it may.
    Address,
    /// There is as much as there may be.
    All,
}

/// It may not be done before so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotNow(pub Duration);

/// As a sentence for people.
impl fmt::Display for NotNow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs().max(1);
        write!(f, "That was too much at once: try again in {seconds} s.")
    }
}

impl From<Full> for TooMany {
    fn from(full: Full) -> Self {
        match full {
            Full::Network => Self::Address,
            Full::All => Self::All,
        }
    }
}

impl Limits {
    /// Nothing of them is used up.
    #[must_use]
    pub fn new(address: AddressLimits) -> Self {
        let AddressLimits { users, connections } = address;
        let each = users.saturating_mul(at::CONNECTIONS_OF_USER);
        Self {
            connections: Counts::new(each, connections),
            guests: Counts::new(users, at::MAX_GUESTS.min(connections)),
            users: Counts::new(users, u32::MAX),
            logins: Rates::new(at::login_rate(users)),
            auth: Rates::new(at::auth_rate(users)),
            sign_ins: Rates::new(at::sign_in_rate(users)),
            calls_of_user: Rates::new(at::CALL_RATE),
            calls_of_pair: Rates::new(at::PAIR_RATE),
            calls_of_address: Rates::new(at::ADDRESS_PAIR_RATE),
            hasher: RandomState::new(),
        }
    }

    /// A connection begins.
    pub(crate) fn connect(&self, peer: std::net::IpAddr) -> Result<Place, TooMany> {
        Ok(self.connections.take(Network::of(peer))?)
    }

    /// A WebSocket begins whose client has not logged in.
    pub(crate) fn guest(&self, remote: &Remote) -> Result<Place, TooMany> {
        Ok(self.guests.take(Network::of(remote.ip))?)
    }

    /// Somebody tries to log in.
    pub(crate) fn login(&self, remote: &Remote) -> Result<(), NotNow> {
        self.logins.check(Network::of(remote.ip).bits()).map_err(NotNow)
    }

    /// A browser asks what has to do with signing in.
    pub(crate) fn auth(&self, remote: &Remote) -> Result<(), NotNow> {
        self.auth.check(Network::of(remote.ip).bits()).map_err(NotNow)
    }

    /// A browser leaves for a provider.
    pub(crate) fn sign_in(&self, remote: &Remote) -> Result<(), NotNow> {
        self.sign_ins.check(Network::of(remote.ip).bits()).map_err(NotNow)
    }

    /// Somebody takes a name that was free.
    pub(crate) fn user(&self, remote: &Remote) -> Result<Place, TooMany> {
        Ok(self.users.take(Network::of(remote.ip))?)
    }

    /// A user, at this address if that is known, makes a call.
    pub(crate) fn call(
        &self,
        remote: Option<&Remote>,
        caller: &UserName,
        callee: &str,
    ) -> Result<(), NotNow> {
        // What a call is refused for first is what does most harm, and what is refused does not count for the rest.
        self.calls_of_pair.check(self.hasher.hash_one((caller, callee))).map_err(NotNow)?;
        if let Some(remote) = remote {
            let from_here = self.hasher.hash_one((Network::of(remote.ip), callee));
            self.calls_of_address.check(from_here).map_err(NotNow)?;
        }
        self.calls_of_user.check(self.hasher.hash_one(caller)).map_err(NotNow)
    }
}

#[cfg(test)]
mod tests {
    use protocol::UserName;

    use super::{AddressLimits, Limits, NotNow, Remote};
    use crate::limits::{ADDRESS_PAIR_RATE, CALL_RATE, PAIR_RATE};

    fn at(ip: &str) -> Remote {
        Remote { ip: ip.parse().unwrap(), secure: false, proxied: false, own: true }
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_is_called_without_end() {
        let limits = Limits::new(AddressLimits::default());
        let alice = UserName::parse("alice").unwrap();
        let home = at("192.0.2.1");
        for _ in 0..PAIR_RATE.burst {
            limits.call(Some(&home), &alice, "bob").unwrap();
        }
        assert_eq!(limits.call(Some(&home), &alice, "bob"), Err(NotNow(PAIR_RATE.every)));
        limits.call(Some(&home), &alice, "carol").unwrap();
        tokio::time::advance(PAIR_RATE.every).await;
        limits.call(Some(&home), &alice, "bob").unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn other_names_at_one_address_do_not_help() {
        let limits = Limits::new(AddressLimits::default());
        let name = |n: u32| UserName::parse(&format!("pest{n}")).unwrap();
        let home = at("192.0.2.1");
        for n in 0..ADDRESS_PAIR_RATE.burst {
            limits.call(Some(&home), &name(n), "bob").unwrap();
        }
        assert!(limits.call(Some(&home), &name(9_999), "bob").is_err());
        assert!(limits.call(Some(&at("192.0.2.2")), &name(9_998), "bob").is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn who_calls_everybody_is_stopped() {
        let limits = Limits::new(AddressLimits::default());
        let alice = UserName::parse("alice").unwrap();
        for n in 0..CALL_RATE.burst {
            limits.call(None, &alice, &format!("u{n}")).unwrap();
        }
        assert!(limits.call(None, &alice, "another").is_err());
    }
}
