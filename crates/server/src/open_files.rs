//! How many files the system lets the program have open. Each connection is one.

use server::{
    Config,
    config::{Embedded, Turn},
    edge::AddressLimits,
};
use tracing::warn;

/// How many are kept for listeners, the database, files that are being read, clients that are being turned away, and connections
/// to providers.
const KEPT: u32 = 256;

/// Lets the program have as many as it may, and no more connections than that leaves room for: one that cannot be accepted makes no
/// room for itself, and keeps everybody waiting.
pub(crate) fn fit(config: &mut Config) {
    let files = raised().unwrap_or(u32::MAX);
    let Some(AddressLimits { connections, .. }) = &mut config.limits else { return };
    // An allocation that reaches out of the relay has a socket of its own.
    let allocations = match &config.turn {
        Turn::Embedded(Embedded { allow, .. }) if !allow.is_empty() => relay::limits::ALLOCATIONS,
        _ => 0,
    };
    let kept = KEPT.saturating_add(u32::try_from(allocations).unwrap_or(u32::MAX));
    let room = files - kept.min(files / 2);
    if room < *connections {
        warn!(
            files,
            connections = room,
            "the system lets this program have so many open files, which is too few for --max-connections: allow it more \
             (ulimit -Hn, or LimitNOFILE= of systemd)"
        );
        *connections = room;
    }
}

/// How many there may be, once as many are asked for as can be had; `None` if there is no limit.
#[cfg(unix)]
fn raised() -> Option<u32> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    // macOS refuses to lift the limit, and gives so many.
    for asked in [maximum, current.max(Some(10_240))] {
        if setrlimit(Resource::Nofile, Rlimit { current: asked, maximum }).is_ok() {
            break;
        }
    }
    getrlimit(Resource::Nofile).current.map(|files| u32::try_from(files).unwrap_or(u32::MAX))
}

#[cfg(not(unix))]
fn raised() -> Option<u32> {
    None
}
