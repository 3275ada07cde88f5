//! The edge to a hostile internet: who a request is of, and how much of each may come from one place.
//!
//! Nothing here is asked for each message but the [`Pace`] of its session, which is two comparisons and no lock.

mod counts;
mod limits;
mod pace;
mod rates;
mod remote;

pub use limits::{AddressLimits, Limits, NotNow, TooMany};
pub(crate) use counts::Place;
pub(crate) use pace::{Pace, Paced};
pub use rates::Rate;
pub use remote::{Proxies, ProxyHeader, Remote};
