//! The edge to a hostile internet: who a request is of, and how much of each may come from one place.
//!
//! Nothing here is asked for each message but the pace of its session, which is two comparisons and no lock.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use hyper::HeaderMap;
use tokio::time::Instant;

use crate::limits::PROXY_WARNING_INTERVAL;

mod counts;
mod limits;
mod pace;
mod rates;
mod remote;

pub use counts::Place;
pub use limits::{AddressLimits, Limits, NotNow, TooMany};
pub(crate) use pace::{Pace, Paced};
pub use rates::Rate;
pub use remote::{Proxies, ProxyHeader, Remote};

/// Who is believed, and how much there may be.
#[derive(Debug)]
pub(crate) struct Edge {
    pub(crate) proxies: Proxies,
    pub(crate) limits: Option<Arc<Limits>>,
    /// When the operator was last told of a proxy that tells of no client.
    warned: Mutex<Option<Instant>>,
}

impl Edge {
    pub(crate) fn new(proxies: Proxies, limits: Option<Arc<Limits>>) -> Self {
        Self { proxies, limits, warned: Mutex::default() }
    }

    /// Whom a request is of that came over a connection from `peer`.
    pub(crate) fn remote(&self, peer: &Peer, headers: &HeaderMap) -> Remote {
        let remote = self.proxies.remote(peer.ip, peer.tls, headers);
        if !remote.own && self.is_time_to_warn() {
            tracing::warn!(
                "a trusted proxy does not tell whom it speaks for, or not in the header of --proxy-header: all who come \
                 through it count as one address, and share its limits"
            );
        }
        remote
    }

    /// Whether the last time was long enough ago. What clients can bring about must not fill the log.
    fn is_time_to_warn(&self) -> bool {
        let now = Instant::now();
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        let due = warned.is_none_or(|at| now.duration_since(at) >= PROXY_WARNING_INTERVAL);
        if due {
            *warned = Some(now);
        }
        due
    }

    /// A connection from this address begins. A proxy's are those of many, who are counted once they ask for a WebSocket.
    pub(crate) fn connect(&self, peer: IpAddr) -> Result<Option<Place>, TooMany> {
        match &self.limits {
            Some(limits) if !self.proxies.trusts(peer) => limits.connect(peer).map(Some),
            _ => Ok(None),
        }
    }
}

/// The other end of an HTTP connection: an extension of every request that comes over it.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) ip: IpAddr,
    pub(crate) tls: bool,
    pub(crate) place: Option<Arc<Place>>,
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
    /// They are counted among those who have not logged in.
    pub(crate) guest: Option<Place>,
    /// How fast they may talk; a user's pace is the session's.
    pub(crate) pace: Option<Pace>,
    /// Their connection is counted.
    pub(crate) _connection: Option<Arc<Place>>,
}

#[cfg(test)]
mod tests {
    use hyper::HeaderMap;

    use super::{Edge, Proxies};
    use crate::limits::PROXY_WARNING_INTERVAL;

    #[tokio::test(start_paused = true)]
    async fn a_log_is_not_filled_with_one_and_the_same_warning() {
        let edge = Edge::new(Proxies::default(), None);
        assert!(edge.is_time_to_warn());
        assert!(!edge.is_time_to_warn());
        tokio::time::advance(PROXY_WARNING_INTERVAL).await;
        assert!(edge.is_time_to_warn() && !edge.is_time_to_warn());
    }

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
