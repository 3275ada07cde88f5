//! The edge to a hostile internet: who a request is of, and how much of each may come from one place.
//!
//! Nothing here is asked for each message but the pace of its session, which is two comparisons and no lock.

use std::{net::IpAddr, sync::Arc};

use hyper::HeaderMap;

use crate::limits::PROXY_WARNING_INTERVAL;

mod limits;
mod pace;
mod places;
mod rates;
mod remote;
mod ring;
mod seldom;
mod table;

pub use limits::{AddressLimits, Limits, NotNow, TooMany};
pub(crate) use pace::{Pace, Paced};
pub(crate) use places::Connection;
pub use places::Place;
pub use rates::Rate;
pub use remote::{Proxies, ProxyHeader, Remote};
pub(crate) use ring::Ring;
pub(crate) use seldom::Seldom;

/// Who is believed, and how much there may be.
#[derive(Debug)]
pub(crate) struct Edge {
    pub(crate) proxies: Proxies,
    pub(crate) limits: Option<Arc<Limits>>,
    /// When the operator was last told of a proxy that tells of no client.
    warned: Seldom,
}

impl Edge {
    pub(crate) fn new(proxies: Proxies, limits: Option<Arc<Limits>>) -> Self {
        Self { proxies, limits, warned: Seldom::new(PROXY_WARNING_INTERVAL) }
    }

    /// Whom a request is of that came over a connection from `peer`.
    pub(crate) fn remote(&self, peer: &Peer, headers: &HeaderMap) -> Remote {
        let remote = self.proxies.remote(peer.ip, peer.tls, headers);
        if !remote.own && self.warned.is_due() {
            tracing::warn!(
                "a trusted proxy does not tell whom it speaks for, or not in the header of --proxy-header: all who come \
                 through it count as one address, and share its limits"
            );
        }
        remote
    }

    /// A connection from this address begins. A proxy's are those of many: they count in all, and for a network once they ask for
    /// a WebSocket.
    pub(crate) fn connect(&self, peer: IpAddr) -> Result<Option<Arc<Connection>>, TooMany> {
        let Some(limits) = &self.limits else { return Ok(None) };
        let connection = limits.connect((!self.proxies.trusts(peer)).then_some(peer))?;
        Ok(Some(Arc::new(connection)))
    }

    /// Somebody asks for something over HTTP.
    pub(crate) fn request(&self, peer: &Peer, headers: &HeaderMap) -> Result<(), NotNow> {
        let Some(limits) = &self.limits else { return Ok(()) };
        limits.request(&self.proxies.remote(peer.ip, peer.tls, headers))
    }
}

/// The other end of an HTTP connection: an extension of every request that comes over it.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) ip: IpAddr,
    pub(crate) tls: bool,
    pub(crate) connection: Option<Arc<Connection>>,
}

impl Peer {
    /// It speaks STUN or TURN, and is the relay's, which has limits of its own and ends what has no allocation. It is no newcomer
    /// any more: it may carry a call.
    pub(crate) fn is_of_the_relay(&self) {
        if let Some(connection) = &self.connection {
            connection.settle();
        }
    }
}

/// Whose ticket was brought, and their name, if they have one.
pub(crate) type Claimant = (identity::Account, Option<protocol::UserName>);

/// Whose WebSocket it is, before there is a name.
#[derive(Debug, Default)]
pub struct Visitor {
    /// As what they reached us, if that can be said.
    pub reached: Option<crate::ice::Reached>,
    /// Where they are, if that can be said.
    pub remote: Option<Remote>,
    /// Whose ticket they brought, until they are logged in.
    pub(crate) claimant: Option<Box<Claimant>>,
    /// How fast they may talk; a user's pace is the session's.
    pub(crate) pace: Option<Pace>,
    /// Their connection is counted.
    pub(crate) connection: Option<Arc<Connection>>,
}

#[cfg(test)]
mod tests {
    use hyper::HeaderMap;

    use super::Proxies;

    #[test]
    fn a_proxy_that_names_a_client_speaks_for_that_one_and_any_other_for_itself() {
        let trusted = vec!["10.0.0.0/8".parse().unwrap()];
        let proxies = Proxies { trusted, ..Proxies::default() };
        for (peer, line, own) in [
            ("10.0.0.1", Some("198.51.100.1"), true),
            ("10.0.0.1", Some("198.51.100.1, 10.0.0.2"), true),
            ("10.0.0.1", Some("10.0.0.2"), false),
            ("10.0.0.1", Some("unknown"), false),
            ("10.0.0.1", None, false),
            ("192.0.2.1", None, true),
        ] {
            let headers =
                line.map(|line| ("x-forwarded-for".parse().unwrap(), line.parse().unwrap()));
            let headers: HeaderMap = headers.into_iter().collect();
            let remote = proxies.remote(peer.parse().unwrap(), false, &headers);
            assert_eq!(remote.own, own, "{peer} {line:?}");
        }
    }
}
