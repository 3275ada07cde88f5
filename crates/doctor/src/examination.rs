//! What came of an examination.

use std::net::SocketAddr;

use crate::{Target, Timings, Transport, Trouble, ice_url::IceUrl, stun::SeenAs, turn::Carried};

/// What came of an examination. Displayed, it is said in words.
#[derive(Clone, Debug)]
pub struct Examination {
    /// What was examined.
    pub target: Target,
    /// By which address it was reached.
    pub address: SocketAddr,
    /// How long that took.
    pub timings: Timings,
    /// What is wrong with its certificate, if something is.
    pub certificate: Option<String>,
    /// As whom a STUN server sees us; `None` if there is none, or nothing comes back.
    pub seen_as: Option<SeenAs>,
    /// The ways by its relays, in the order in which browsers try them.
    pub paths: Vec<Path>,
    /// How many more relays the server names, which were not tried.
    pub untried: usize,
}

/// A way by a relay.
#[derive(Clone, Debug)]
pub struct Path {
    /// How the relay is talked to.
    pub transport: Transport,
    /// Where it is.
    pub url: String,
    /// How long it takes, or why it does not work.
    pub outcome: Result<Carried, Trouble>,
}

/// What it means for calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They work: the best way by which a relay is reached.
    Work(Transport),
    /// There are relays, and nothing gets through to them from here.
    Blocked,
    /// There are relays, at least one is reached, and none serves.
    Refused,
    /// There is no relay: a call works only where two networks let it through by themselves.
    NoRelay,
}

impl Examination {
    /// A way that ends with a relay that refuses.
    pub(crate) fn refused(&self) -> Option<&Path> {
        self.paths.iter().find(|path| matches!(path.outcome, Err(Trouble::Denied(_))))
    }

    /// The port at which this very host is said to relay, where nothing is got through to, if that is another than the one at which it
    /// was reached: somebody may map that.
    pub(crate) fn unreached_port(&self) -> Option<u16> {
        let blocked = self.verdict() == Verdict::Blocked;
        let mut urls = self.paths.iter().filter_map(|path| IceUrl::parse(&path.url));
        let other = |url: &IceUrl| url.host == self.target.host && url.port != self.target.port;
        urls.find(other).map(|url| url.port).filter(|_| blocked)
    }

    /// What it means for calls.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let works = |path: &&Path| path.outcome.is_ok();
        match self.paths.iter().filter(works).map(|path| path.transport).min() {
            Some(best) => Verdict::Work(best),
            None if self.paths.is_empty() => Verdict::NoRelay,
            None if self.refused().is_some() => Verdict::Refused,
            None => Verdict::Blocked,
        }
    }
}
