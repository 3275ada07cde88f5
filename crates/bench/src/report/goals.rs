//! What is to be reached.

use std::fmt;

use super::{Report, write_row};
use crate::{
    contestant::Contestant::{self, Coturn, Pronto, Tutorial, Websocket},
    samples::Kind,
    workload::Workload,
};

/// A bound for a number of Pronto's.
struct Goal {
    workload: Workload,
    kind: Kind,
    bound: Bound,
}

enum Bound {
    /// At most this many times as much as a rival.
    Times(f64, Contestant),
    /// At most this many times as much as Pronto itself in another measurement.
    TimesOwn(f64, Workload, Kind),
    /// At most so much.
    AtMost(f64),
}

use Bound::{AtMost, Times, TimesOwn};

#[rustfmt::skip]
const GOALS: [Goal; 18] = [
    Goal { workload: Workload::Relay1, kind: Kind::CpuPerMessage, bound: Times(1.15, Websocket) },
    Goal { workload: Workload::Relay1, kind: Kind::CpuPerMessage, bound: Times(0.28, Tutorial) },
    Goal { workload: Workload::Relay8, kind: Kind::CpuPerMessage, bound: Times(0.85, Websocket) },
    Goal { workload: Workload::Relay8, kind: Kind::CpuPerMessage, bound: Times(0.20, Tutorial) },
    Goal { workload: Workload::Paced, kind: Kind::P99, bound: Times(1.2, Websocket) },
    Goal { workload: Workload::CallAlone, kind: Kind::P50, bound: Times(1.3, Websocket) },
    Goal { workload: Workload::Calls, kind: Kind::CpuPerCall, bound: Times(1.15, Websocket) },
    Goal { workload: Workload::Calls, kind: Kind::CpuPerCall, bound: Times(0.28, Tutorial) },
    Goal { workload: Workload::Crowd20000, kind: Kind::Memory, bound: AtMost(5.0) },
    Goal { workload: Workload::Crowd20000, kind: Kind::Memory, bound: Times(0.85, Tutorial) },
    Goal { workload: Workload::Crowd20000, kind: Kind::CpuAmongCrowd, bound: TimesOwn(1.1, Workload::Relay1, Kind::CpuPerMessage) },
    Goal { workload: Workload::Crowd20000, kind: Kind::FreshLogin, bound: AtMost(100.0) },
    Goal { workload: Workload::Crowd5000, kind: Kind::FreshLogin, bound: AtMost(100.0) },
    Goal { workload: Workload::Crowd5000, kind: Kind::Memory, bound: Times(0.85, Tutorial) },
    Goal { workload: Workload::Flood, kind: Kind::P99Flooded, bound: TimesOwn(2.0, Workload::Flood, Kind::P99) },
    Goal { workload: Workload::Media10, kind: Kind::CpuPerRelayedCall, bound: Times(1.0, Coturn) },
    Goal { workload: Workload::Media150, kind: Kind::CpuPerRelayedCall, bound: Times(1.0, Coturn) },
    Goal { workload: Workload::Media150, kind: Kind::MemoryPerRelayedCall, bound: Times(0.75, Coturn) },
];

/// Says of every goal that was measured whether it is reached.
pub(super) fn write(f: &mut fmt::Formatter<'_>, report: &Report<'_>) -> fmt::Result {
    writeln!(f, "## What is to be reached\n")?;
    let head =
        ["workload", "what", "at most", "measured", "least–greatest", "reached", "the floor's"];
    write_row(f, &head.map(str::to_owned))?;
    write_row(f, &head.map(|_| "---".to_owned()))?;
    for Goal { workload, kind, bound } in GOALS {
        let own = (workload, kind, Pronto);
        let (found, limit, of) = match bound {
            Times(limit, rival) => {
                let ratio = report.samples.ratio(own, (workload, kind, rival));
                (ratio, limit, format!("× {}", rival.title()))
            }
            TimesOwn(limit, workload, kind) => {
                let ratio = report.samples.ratio(own, (workload, kind, Pronto));
                (ratio, limit, format!("× {}", workload.option()))
            }
            AtMost(limit) => (report.samples.spread(workload, kind, Pronto), limit, String::new()),
        };
        let Some(found) = found else { continue };
        write_row(
            f,
            &[
                workload.option(),
                kind.title().to_owned(),
                format!("{limit} {of}").trim().to_owned(),
                format!("{:.2}", found.median),
                format!("{:.2}–{:.2}", found.least, found.greatest),
                if found.median <= limit { "yes" } else { "**no**" }.to_owned(),
                floors(report, workload, kind, &bound),
            ],
        )?;
    }
    writeln!(f)
}

/// What the bare WebSocket relay would have in Pronto's place: where that is more than the goal, no relay over WebSockets
/// reaches it on this machine.
fn floors(report: &Report<'_>, workload: Workload, kind: Kind, bound: &Bound) -> String {
    let own = (workload, kind, Websocket);
    let found = match bound {
        Times(_, Websocket) => None,
        Times(_, rival) => report.samples.ratio(own, (workload, kind, *rival)),
        TimesOwn(_, other, kind) => report.samples.ratio(own, (*other, *kind, Websocket)),
        AtMost(_) => report.samples.spread(workload, kind, Websocket),
    };
    found.map_or_else(String::new, |found| format!("{:.2}", found.median))
}
