//! How fast a client may talk. Pure: time is handed in.

use std::time::{Duration, Instant};

use super::rates::Rate;
use crate::limits::{MESSAGE_RATE, MESSAGE_UNIT_BYTES, REFUSAL_RATE};

/// How fast a client may talk: what is over it is refused, and who goes on all the same is cut off.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    messages: Bucket,
    refusals: Bucket,
}

/// What is to become of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paced {
    /// It is taken in.
    Taken,
    /// It is refused, and the client told so.
    Refused(Duration),
    /// The client has been told often enough.
    Cut,
}

/// The generic cell rate algorithm: one point in time, when all of the burst is there again.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    full_at: Instant,
}

impl Bucket {
    fn take(&mut self, now: Instant, rate: Rate, cost: u32) -> Result<(), Duration> {
        let full_at = self.full_at.max(now) + rate.every * cost;
        let over = full_at.saturating_duration_since(now).saturating_sub(rate.every * rate.burst);
        if over.is_zero() {
            self.full_at = full_at;
            Ok(())
        } else {
            Err(over)
        }
    }
}

impl Pace {
    pub(crate) const fn new(now: Instant) -> Self {
        let bucket = Bucket { full_at: now };
        Self { messages: bucket, refusals: bucket }
    }

    /// A message of so many bytes has come.
    pub(crate) fn take(&mut self, now: Instant, bytes: usize) -> Paced {
        let cost = u32::try_from(1 + bytes / MESSAGE_UNIT_BYTES).unwrap_or(u32::MAX);
        match self.messages.take(now, MESSAGE_RATE, cost) {
            Ok(()) => Paced::Taken,
            Err(wait) => match self.refusals.take(now, REFUSAL_RATE, 1) {
                Ok(()) => Paced::Refused(wait),
                Err(_) => Paced::Cut,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::{Pace, Paced};
    use crate::limits::{MESSAGE_RATE, MESSAGE_UNIT_BYTES, REFUSAL_RATE};

    #[test]
    fn a_flood_is_told_and_then_cut_and_who_waits_is_heard_again() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        for _ in 0..MESSAGE_RATE.burst {
            assert_eq!(pace.take(start, 100), Paced::Taken);
        }
        for _ in 0..REFUSAL_RATE.burst {
            assert!(matches!(pace.take(start, 100), Paced::Refused(_)));
        }
        assert_eq!(pace.take(start, 100), Paced::Cut);
        let later = start + MESSAGE_RATE.every;
        assert_eq!(pace.take(later, 100), Paced::Taken);
        assert_eq!(pace.take(later, 100), Paced::Cut, "the flood goes on");
    }

    #[test]
    fn large_messages_count_for_more() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        let large = 15 * MESSAGE_UNIT_BYTES;
        for _ in 0..MESSAGE_RATE.burst / 16 {
            assert_eq!(pace.take(start, large), Paced::Taken);
        }
        assert!(matches!(pace.take(start, large), Paced::Refused(_)));
    }

    #[test]
    fn a_steady_talker_within_the_rate_is_never_refused() {
        let mut now = Instant::now();
        let mut pace = Pace::new(now);
        for _ in 0..10_000 {
            assert_eq!(pace.take(now, 100), Paced::Taken);
            now += MESSAGE_RATE.every;
        }
    }
}
