//! What may happen in the model, and how often.

use std::{collections::BTreeMap, sync::Arc};

use client_web::call::UserInput;

use crate::state::{Budget, NAMES, Page, State};

/// How much is checked.
#[allow(clippy::upper_case_acronyms, reason = "they are named as the lists of plans are")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Depth {
    /// Seconds, also in a debug build.
    QUICK,
    /// The same with somebody who lies; a minute in an optimised build.
    LIAR,
    /// A minute or two in an optimised build.
    FULL,
    /// As long as it takes: an hour, and some GB of memory.
    DEEP,
}

impl Depth {
    /// What the environment asks for.
    pub(crate) fn wanted() -> Self {
        match std::env::var("PRONTO_MODEL").as_deref() {
            Ok("deep") => Self::DEEP,
            Ok("liar") => Self::LIAR,
            Ok("full") => Self::FULL,
            _ => Self::QUICK,
        }
    }
}

/// What may happen, from where on.
pub(crate) struct Plan {
    pub(crate) name: &'static str,
    begins_in_call: bool,
    left: Budget,
    /// It has at least so many states: a good part of what it had when it was written.
    pub(crate) at_least: usize,
}

const NOTHING: Budget = Budget {
    calls: [0, 0],
    leaves: 0,
    breaks: 0,
    reloads: 0,
    restarts: 0,
    timeouts: 0,
    ticks: 0,
    moves: 0,
    cuts: 0,
    doubles: 0,
    leavings: 0,
    sign_outs: 0,
    lies: 0,
};

/// Both are signed in, and each may call once.
const BOTH: Budget = Budget { calls: [1, 1], ..NOTHING };

/// Both are signed in, and one may call once.
const ONE: Budget = Budget { calls: [1, 0], ..NOTHING };

const fn from_idle(name: &'static str, left: Budget, at_least: usize) -> Plan {
    Plan { name, begins_in_call: false, left, at_least }
}

const fn in_call(name: &'static str, left: Budget, at_least: usize) -> Plan {
    Plan { name, begins_in_call: true, left, at_least }
}

pub(crate) const QUICK: [Plan; 7] = [
    from_idle("two call", Budget { leaves: 1, ..BOTH }, 4_000),
    from_idle("one calls, a socket breaks", Budget { breaks: 1, leaves: 1, ..ONE }, 3_000),
    in_call("a page reloads", Budget { reloads: 1, ticks: 1, leaves: 1, ..NOTHING }, 15_000),
    in_call("a page is left", Budget { leavings: 1, timeouts: 1, leaves: 1, ..NOTHING }, 5_000),
    in_call("the server dies", Budget { restarts: 1, leaves: 1, ..NOTHING }, 3_000),
    in_call("the path breaks", Budget { cuts: 1, ticks: 2, leaves: 1, ..NOTHING }, 7_000),
    in_call("a tab is duplicated", Budget { doubles: 1, leaves: 1, ..NOTHING }, 1_000),
];

pub(crate) const LIAR: [Plan; 5] = [
    in_call("the server dies beside a liar", Budget { restarts: 1, lies: 2, ..NOTHING }, 8_000),
    in_call(
        "the server dies beside a liar, a deadline passes",
        Budget { restarts: 1, lies: 2, timeouts: 1, ..NOTHING },
        48_000,
    ),
    in_call(
        "a page is closed for too long, the other signs out, and a liar is there",
        Budget { reloads: 1, timeouts: 1, breaks: 1, sign_outs: 1, lies: 1, ..NOTHING },
        310_000,
    ),
    in_call(
        "a page is left beside a liar",
        Budget { leavings: 1, timeouts: 1, lies: 2, ..NOTHING },
        3_000,
    ),
    from_idle("one calls beside a liar", Budget { sign_outs: 1, lies: 2, ..ONE }, 2_200),
];

pub(crate) const FULL: [Plan; 10] = [
    from_idle("two call and leave twice", Budget { leaves: 2, ..BOTH }, 30_000),
    from_idle("two call, a socket breaks", Budget { breaks: 1, leaves: 1, ..BOTH }, 120_000),
    from_idle("two call, a page reloads", Budget { reloads: 1, leaves: 1, ..BOTH }, 150_000),
    from_idle("two call, the server dies", Budget { restarts: 1, leaves: 1, ..BOTH }, 110_000),
    from_idle(
        "two call, the server dies, a page reloads",
        Budget { restarts: 1, reloads: 1, ..BOTH },
        140_000,
    ),
    from_idle(
        "two call, a socket breaks, a deadline passes",
        Budget { breaks: 1, timeouts: 1, ..BOTH },
        100_000,
    ),
    in_call(
        "two sockets break, a deadline passes",
        Budget { breaks: 2, timeouts: 1, leaves: 1, ..NOTHING },
        60_000,
    ),
    in_call(
        "another network, a socket breaks",
        Budget { moves: 1, ticks: 1, breaks: 1, leaves: 1, ..NOTHING },
        150_000,
    ),
    in_call(
        "the server dies, a page reloads, one hangs up",
        Budget { restarts: 1, reloads: 1, leaves: 1, ..NOTHING },
        290_000,
    ),
    in_call(
        "the server dies, a page reloads, a deadline passes",
        Budget { restarts: 1, reloads: 1, timeouts: 1, ..NOTHING },
        280_000,
    ),
];

pub(crate) const DEEP: [Plan; 5] = [
    from_idle(
        "two call, the server dies, a socket breaks",
        Budget { restarts: 1, breaks: 1, leaves: 1, ..BOTH },
        1_000_000,
    ),
    from_idle(
        "one calls, everything breaks",
        Budget { restarts: 1, breaks: 1, reloads: 1, ..ONE },
        600_000,
    ),
    in_call(
        "everything breaks",
        Budget { restarts: 1, breaks: 1, reloads: 1, leaves: 1, ..NOTHING },
        1_000_000,
    ),
    from_idle(
        "two call twice, sockets break",
        Budget { calls: [2, 1], breaks: 1, leaves: 2, ..NOTHING },
        1_000_000,
    ),
    in_call(
        "the server dies, pages reload",
        Budget { restarts: 1, reloads: 2, ..NOTHING },
        450_000,
    ),
];

impl Plan {
    /// Where it begins.
    pub(crate) fn start(&self) -> State {
        let mut state = State {
            clock: 0,
            pages: (0..2).map(|user| Arc::new(Page::new(user, user, 0))).collect(),
            sessions: BTreeMap::new(),
            sockets: BTreeMap::new(),
            liar: Default::default(),
            witness: Default::default(),
            may_be_out: self.left.sign_outs > 0 || self.left.lies > 0,
            left: NOTHING,
            logins: 0,
            violation: None,
        };
        for (user, name) in NAMES.iter().enumerate() {
            state.press(user, UserInput::SignIn { name: (*name).to_owned() });
        }
        state.arrive();
        if self.begins_in_call {
            state.call_other(0);
            state.arrive();
            state.press(1, UserInput::Accept { camera: true });
            state.arrive();
        }
        State { left: self.left, ..state }
    }
}
