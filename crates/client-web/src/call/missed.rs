//! The calls that the user has missed. They outlive a reload of the page, and are nobody else's.

use std::fmt::Write as _;

use protocol::limits::MAX_NAME_BYTES;

use super::{Client, Millis};

/// A missed call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Missed {
    /// Who called.
    pub name: String,
    /// When they stopped, on the clock that [`Client::handle`] is given.
    pub at: Millis,
    /// Whether nobody has proven that name, where names can be proven.
    pub guest: bool,
}

/// How many missed calls are kept: a screenful. The oldest goes first.
const MAX_MISSED: usize = 10;

/// How a guest is marked among what is kept.
const GUEST: &str = "guest";

/// The missed calls of a user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct MissedCalls {
    /// The user's name; empty if there is nobody.
    pub of: String,
    /// The calls, the newest first.
    pub calls: Vec<Missed>,
}

impl MissedCalls {
    /// As the browser keeps it: the user's name, then a call a line. `None` if there is nothing to keep. A name that holds a line's
    /// end, which our server gives to nobody, is not kept.
    #[must_use]
    pub fn write(&self) -> Option<String> {
        let is_line = |name: &str| !name.contains(['\n', '\r']);
        if self.calls.is_empty() || !is_line(&self.of) {
            return None;
        }
        let mut kept = self.of.clone();
        for Missed { name, at, guest } in self.calls.iter().filter(|missed| is_line(&missed.name)) {
            let _ = write!(kept, "\n{at} {} {name}", if *guest { GUEST } else { "-" });
        }
        Some(kept)
    }

    /// Reads what [`write`](Self::write) wrote. Anybody can write anything there, so that no more is taken than is ever kept.
    #[must_use]
    pub fn read(kept: &str) -> Option<Self> {
        let is_name = |name: &&str| (1..=MAX_NAME_BYTES).contains(&name.len());
        let mut lines = kept.lines();
        let of = lines.next().filter(is_name)?.to_owned();
        let calls = lines.filter_map(|line| {
            let mut parts = line.splitn(3, ' ');
            let (at, guest) = (parts.next()?.parse().ok()?, parts.next()? == GUEST);
            Some(Missed { name: parts.next().filter(is_name)?.to_owned(), at, guest })
        });
        Some(Self { of, calls: calls.take(MAX_MISSED).collect() })
    }
}

impl Client {
    /// What was kept before the page was loaded anew. It is shown when its user is signed in.
    pub(super) fn missed_before(&mut self, missed: MissedCalls) {
        self.missed = missed.clone();
        self.kept_missed = missed;
    }

    /// This user is signed in: what another has missed is gone.
    pub(super) fn misses_from_now_on(&mut self, name: &str) {
        if self.missed.of != name {
            self.missed = MissedCalls { of: name.to_owned(), calls: Vec::new() };
        }
    }

    /// The missed calls of who is signed in.
    pub(super) fn missed_calls(&self) -> &[Missed] {
        if self.link.name() == Some(&self.missed.of) { &self.missed.calls } else { &[] }
    }

    /// Somebody called, and nobody has answered. Each name stands in the list once, so that one caller cannot push the others out.
    pub(super) fn note_missed(&mut self, now: Millis, name: String, guest: bool) {
        let calls = &mut self.missed.calls;
        calls.retain(|missed| missed.name != name);
        calls.insert(0, Missed { name, at: now, guest });
        calls.truncate(MAX_MISSED);
    }
}
