//! What somebody who only rings can make others do.
//!
//! A caller has not been accepted by anybody. Until the answer, this is all that they bring about at the callee:
//!
//! | what | how much for one ring | where it is held |
//! | --- | --- | --- |
//! | messages with an offer | 1, and [`MAX_REOFFERS`] more | [`Spent::offer`] |
//! | candidates | [`MAX_RING_CANDIDATES`], of [`MAX_RING_CANDIDATE_BYTES`] together | [`Spent::candidate`] |
//! | what the callee's session keeps | the last offer, and those candidates | [`Ringing`](super::Ringing) |
//! | what waits for a callee who is away | nothing: a ring that is over by then is one line in the missed calls | [`MissedCalls`](super::MissedCalls) |
//! | seconds of ringing | [`Limits::ring`](super::Limits::ring) | the phase's deadline |
//! | how soon the next ring | by caller and callee, and by network and callee | `edge::Limits` |
//! | peer connections and devices of the callee's page | 1 and 0 | the page: `call/prepare.rs` |
//!
//! The caller's own session counts, so that the caller is told, and nothing of it costs the callee anything.

use std::time::{Duration, Instant};

/// How many more offers a caller may make before the answer: a client offers again when a session begins its counts again,
/// which takes a server or a network that failed in the meantime. Each may be 48 KiB.
pub(super) const MAX_REOFFERS: u8 = 2;

/// How many candidates a caller may send before the answer. A browser finds 5 to 40; our page sends none before it.
pub(super) const MAX_RING_CANDIDATES: u8 = 64;

/// How many bytes of them together: 64 of the usual size are a quarter of it.
pub(super) const MAX_RING_CANDIDATE_BYTES: usize = 64 * 1024;

/// How often a client may continue its call over a new peer connection at once, which its peer's page has to build as well:
/// a reload each, and nobody reloads more often than this for long.
const REJOIN_BURST: u32 = 6;

/// After how long once more.
const REJOIN_EVERY: Duration = Duration::from_secs(10);

/// What a caller has spent of what may be sent before the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Spent {
    offers: u8,
    candidates: u8,
    candidate_bytes: usize,
}

impl Spent {
    /// Whether the caller may offer again.
    pub(super) const fn offer(&mut self) -> bool {
        let may = self.offers < MAX_REOFFERS;
        if may {
            self.offers += 1;
        }
        may
    }

    /// Whether the caller may send a candidate of so many bytes.
    pub(super) const fn candidate(&mut self, bytes: usize) -> bool {
        let total = self.candidate_bytes.saturating_add(bytes);
        let may = self.candidates < MAX_RING_CANDIDATES && total <= MAX_RING_CANDIDATE_BYTES;
        if may {
            self.candidates += 1;
            self.candidate_bytes = total;
        }
        may
    }
}

/// How often a client has continued a call lately: when its allowance is whole again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Rejoins(Option<Instant>);

impl Rejoins {
    /// Whether it may do so now.
    ///
    /// # Errors
    /// It may not before so long.
    pub(super) fn take(&mut self, now: Instant) -> Result<(), Duration> {
        let whole = self.0.map_or(now, |whole| whole.max(now));
        let ahead = whole.saturating_duration_since(now);
        let allowed = REJOIN_EVERY * (REJOIN_BURST - 1);
        if let Some(wait) = ahead.checked_sub(allowed).filter(|wait| !wait.is_zero()) {
            return Err(wait);
        }
        self.0 = Some(whole + REJOIN_EVERY);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_continued_six_times_at_once_and_then_every_ten_seconds() {
        let (mut rejoins, now) = (Rejoins::default(), Instant::now());
        for _ in 0..REJOIN_BURST {
            assert_eq!(rejoins.take(now), Ok(()));
        }
        assert_eq!(rejoins.take(now), Err(REJOIN_EVERY));
        assert_eq!(rejoins.take(now + REJOIN_EVERY), Ok(()));
        assert!(rejoins.take(now + REJOIN_EVERY).is_err());
    }
}
