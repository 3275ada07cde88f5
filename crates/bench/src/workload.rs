//! What is measured.

mod calls;
mod crowd;
mod flood;
mod media;
mod meter;
mod relay;

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context, Result};
use clap::ValueEnum;
use tokio::{task::yield_now, time::timeout};

use crate::{
    contestant::{Contestant, Server},
    samples::Kind,
};

pub(crate) use meter::Meter;

/// Something that servers have to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Workload {
    /// Pairs send each other candidates, one at a time.
    #[value(name = "relay-1")]
    Relay1,
    /// The same, with eight on their way at any time.
    #[value(name = "relay-8")]
    Relay8,
    /// Candidates at a fixed rate, far below what anybody can do.
    Paced,
    /// One pair sets up call after call.
    CallAlone,
    /// All pairs do.
    Calls,
    /// Thousands log in at once, stay, and disconnect all at once.
    #[value(name = "crowd-5000")]
    Crowd5000,
    /// The same with many more.
    #[value(name = "crowd-20000")]
    Crowd20000,
    /// A pair sets up calls alone, and then while a /48, a /24 and a thousand strangers flood the server.
    Flood,
    /// A few calls go by the relay.
    #[value(name = "media-10")]
    Media10,
    /// More do.
    #[value(name = "media-50")]
    Media50,
    /// As many as two cores can send and relay.
    #[value(name = "media-150")]
    Media150,
}

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) pairs: usize,
    /// How long a server works before it is measured.
    pub(crate) warm_up: Duration,
    /// How long it is measured.
    pub(crate) time: Duration,
    /// Messages a second, at the fixed rate.
    pub(crate) rate: u32,
    /// How many users are in the two crowds.
    crowds: [usize; 2],
    /// How long a crowd rests before its memory is looked at.
    pub(crate) rest: Duration,
    /// How many connections a second flood the server.
    pub(crate) flood: u32,
    /// How many calls go by the relay.
    media: [usize; 3],
}

impl Size {
    pub(crate) const FULL: Self = Self {
        pairs: 100,
        warm_up: Duration::from_millis(500),
        time: Duration::from_secs(3),
        rate: 2_000,
        crowds: [5_000, 20_000],
        rest: Duration::from_secs(1),
        flood: 1_000,
        media: [10, 50, 150],
    };
    pub(crate) const QUICK: Self = Self {
        warm_up: Duration::from_millis(200),
        time: Duration::from_millis(800),
        crowds: [1_000, 4_000],
        rest: Duration::from_millis(300),
        media: [5, 20, 60],
        ..Self::FULL
    };
    pub(crate) const SMOKE: Self = Self {
        pairs: 3,
        warm_up: Duration::from_millis(20),
        time: Duration::from_millis(100),
        rate: 200,
        crowds: [20, 40],
        rest: Duration::from_millis(20),
        flood: 300,
        media: [1, 2, 3],
    };

    /// How many users are in a crowd, if the system lets a process open `files` files. An even number, since the floors
    /// pair those who connect.
    pub(crate) fn crowd(&self, workload: Workload, files: usize) -> usize {
        /// What a process has open besides its connections.
        const OTHER_FILES: usize = 100;
        let [small, large] = self.crowds;
        let wanted = if workload == Workload::Crowd20000 { large } else { small };
        wanted.min(files.saturating_sub(2 * self.pairs + OTHER_FILES)) / 2 * 2
    }
}

/// What one measurement found.
pub(crate) type Found = BTreeMap<Kind, f64>;

/// How long one measurement may take at most: logging in the largest crowd takes the slowest of the contestants less.
const LIMIT: Duration = Duration::from_secs(180);

impl Workload {
    pub(crate) const ALL: [Self; 11] = [
        Self::Relay1,
        Self::Relay8,
        Self::Paced,
        Self::CallAlone,
        Self::Calls,
        Self::Crowd5000,
        Self::Crowd20000,
        Self::Flood,
        Self::Media10,
        Self::Media50,
        Self::Media150,
    ];

    /// As it is named on the command line.
    pub(crate) fn option(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    pub(crate) fn title(self, size: &Size, files: usize) -> String {
        let Size { pairs, rate, flood, .. } = size;
        match self {
            Self::Relay1 => format!("Relay, 1 in flight over {pairs} pairs"),
            Self::Relay8 => format!("Relay, 8 in flight over {pairs} pairs"),
            Self::Paced => format!("Relay at {rate} messages a second over {pairs} pairs"),
            Self::CallAlone => "Call set-up, one pair alone".to_owned(),
            Self::Calls => format!("Call set-ups, {pairs} pairs at once"),
            Self::Crowd5000 | Self::Crowd20000 => {
                format!("A crowd of {} users", self.crowd_of(size, files))
            }
            Self::Flood => {
                format!("Call set-ups while {flood} connections a second flood the server")
            }
            Self::Media10 | Self::Media50 | Self::Media150 => {
                let calls = self.relayed_calls(size).unwrap_or_default();
                format!("{calls} calls by the relay, 1 Mbit/s each way")
            }
        }
    }

    fn crowd_of(self, size: &Size, files: usize) -> usize {
        size.crowd(self, files)
    }

    /// How many calls go by the relay, if that is what is measured.
    const fn relayed_calls(self, size: &Size) -> Option<usize> {
        let [few, more, many] = size.media;
        match self {
            Self::Media10 => Some(few),
            Self::Media50 => Some(more),
            Self::Media150 => Some(many),
            _ => None,
        }
    }

    /// Whether it is something that this contestant does.
    pub(crate) fn suits(self, contestant: Contestant) -> bool {
        let relays = matches!(contestant, Contestant::Pronto | Contestant::Coturn);
        match self {
            Self::Media10 | Self::Media50 | Self::Media150 => relays,
            // The others have no limits.
            Self::Flood => contestant == Contestant::Pronto,
            _ => contestant != Contestant::Coturn,
        }
    }

    /// Measures a server that was just started.
    pub(crate) fn measure(
        self,
        contestant: Contestant,
        server: &Server,
        size: &Size,
        files: usize,
        meter: &Meter,
    ) -> Result<Found> {
        if let Some(calls) = self.relayed_calls(size) {
            return media::relayed(server, calls, size, meter);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let at = relay::Target { server, dialect: contestant.dialect() };
        let found = async {
            match self {
                Self::Relay1 => relay::saturated(at, size, 1, meter).await,
                Self::Relay8 => relay::saturated(at, size, 8, meter).await,
                Self::Paced => relay::paced(at, size, meter).await,
                Self::CallAlone => calls::set_up(at, size, 1, meter).await,
                Self::Calls => calls::set_up(at, size, size.pairs, meter).await,
                Self::Flood => flood::beset(at, size, files, meter).await,
                _ => crowd::come_and_go(at, size, size.crowd(self, files), meter).await,
            }
        };
        // All clients are one task here. Nobody else's turn ever comes, so it need not be given up.
        let found = tokio::task::unconstrained(found);
        runtime.block_on(async {
            // Ends with the runtime.
            tokio::spawn(never_sleep());
            timeout(LIMIT, found).await.context("it took too long")?
        })
    }
}

/// Keeps the load's thread from sleeping: it looks at its sockets again and again. To wake a sleeping thread costs
/// whoever sends something to it, so it would count as the server's time; and the slower a server, the more often. Real
/// clients sleep at the far end of a network, and cost a server nothing by it.
async fn never_sleep() {
    loop {
        yield_now().await;
    }
}

#[cfg(test)]
mod tests {
    use super::{Size, Workload};
    use crate::contestant::Contestant;

    #[test]
    fn calls_by_the_relay_are_for_relays_and_nothing_else_is_for_coturn() {
        let media = [Workload::Media10, Workload::Media50, Workload::Media150];
        for workload in Workload::ALL {
            let relays = media.contains(&workload);
            assert!(workload.suits(Contestant::Pronto));
            assert_eq!(workload.suits(Contestant::Coturn), relays);
            let has_limits = workload == Workload::Flood;
            assert_eq!(workload.suits(Contestant::Tutorial), !relays && !has_limits);
            assert_eq!(workload.relayed_calls(&Size::FULL).is_some(), relays);
        }
    }

    #[test]
    fn a_crowd_fits_into_what_the_system_allows() {
        assert_eq!(Size::FULL.crowd(Workload::Crowd20000, usize::MAX), 20_000);
        assert_eq!(Size::FULL.crowd(Workload::Crowd5000, 20_000), 5_000);
        assert_eq!(Size::FULL.crowd(Workload::Crowd20000, 1_025), 724);
        assert_eq!(Size::FULL.crowd(Workload::Crowd20000, 10), 0);
    }
}
