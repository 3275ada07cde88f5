//! Reads off what a stretch of time cost.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::Found;
use crate::{
    contestant::Server,
    machine::{Busy, awake::Awake, cpu_time},
    samples::Kind,
};

/// Reads off what a stretch of time cost.
#[derive(Debug)]
pub(crate) struct Meter {
    /// What keeps the cores awake, and is nobody's load.
    pub(crate) awake: Option<Awake>,
}

/// Where a stretch begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    at: Instant,
    server: Duration,
    load: Duration,
    busy: Busy,
}

/// What a stretch cost.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spent {
    pub(super) time: Duration,
    server: Duration,
    load: Duration,
    others: f64,
}

impl Meter {
    pub(super) fn mark(&self, server: &Server) -> Result<Mark> {
        let (theirs, load) = (server.cpu_time()?, cpu_time(std::process::id())?);
        let mut ours = theirs + load;
        for process in self.awake.iter().flat_map(Awake::processes) {
            ours += cpu_time(process)?;
        }
        Ok(Mark { at: Instant::now(), server: theirs, load, busy: Busy::now(ours)? })
    }

    pub(super) fn since(&self, server: &Server, begin: &Mark) -> Result<Spent> {
        let end = self.mark(server)?;
        Ok(Spent {
            time: end.at - begin.at,
            server: end.server.saturating_sub(begin.server),
            load: end.load.saturating_sub(begin.load),
            others: end.busy.others_since(&begin.busy),
        })
    }
}

impl Spent {
    /// The server's CPU time for each of `count` things, in µs.
    pub(super) fn server_per(&self, count: u64) -> f64 {
        1e6 * self.server.as_secs_f64() / count as f64
    }

    /// The server's CPU time, in seconds.
    pub(super) fn server_seconds(&self) -> f64 {
        self.server.as_secs_f64()
    }

    /// How many of `count` things were done in a second.
    pub(super) fn per_second(&self, count: u64) -> f64 {
        count as f64 / self.time.as_secs_f64()
    }

    /// Notes what was spent by others than the server.
    pub(super) fn note_surroundings(&self, found: &mut Found) {
        found.insert(Kind::Load, 100.0 * self.load.as_secs_f64() / self.time.as_secs_f64());
        found.insert(Kind::Others, 100.0 * self.others);
    }
}
