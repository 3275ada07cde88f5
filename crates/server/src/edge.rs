//! The edge to a hostile internet: who a request is of, and how much of each may come from one place.
//!
//! Nothing here is asked for each message but the pace of its session, which is two comparisons and no lock.

use std::{net::IpAddr, sync::Arc};

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
#[derive(Clone, Debug)]
pub(crate) struct Edge {
    pub(crate) proxies: Proxies,
    pub(crate) limits: Option<Arc<Limits>>,
}

impl Edge {
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

/// Whose WebSocket it is, before there is a name.
#[derive(Debug, Default)]
pub struct Visitor {
    /// As what they reached us, if that can be said.
    pub reached: Option<crate::ice::Reached>,
    /// Where they are, if that can be said.
    pub remote: Option<Remote>,
    /// They are counted among those who have not logged in.
    pub(crate) guest: Option<Place>,
    /// How fast they may talk; a user's pace is the session's.
    pub(crate) pace: Option<Pace>,
    /// Their connection is counted.
    pub(crate) _connection: Option<Arc<Place>>,
}
