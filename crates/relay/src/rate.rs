//! How fast somebody may send. Pure.

use std::{num::NonZeroU64, time::Duration};

use crate::limits::{BITS_PER_SECOND_PER_USER, BURST};

/// How much may be relayed for a user in each direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Bits of data a second; headers do not count. `None` if it does not matter.
    bits_per_second: Option<NonZeroU64>,
}

impl Rate {
    /// As much as the line carries.
    pub const UNLIMITED: Self = Self { bits_per_second: None };

    /// So many bits a second.
    #[must_use]
    pub const fn bits_per_second(bits: NonZeroU64) -> Self {
        Self { bits_per_second: Some(bits) }
    }
}

impl Default for Rate {
    fn default() -> Self {
        Self { bits_per_second: NonZeroU64::new(BITS_PER_SECOND_PER_USER) }
    }
}

/// Measures what goes, and stops what is too much: a bucket that leaks at the rate, and holds a [`BURST`] of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Meter {
    /// When the bucket is empty again.
    empty_at: Duration,
}

impl Meter {
    /// Whether so many bytes may go now: if so, they have.
    pub(crate) fn take(&mut self, rate: Rate, bytes: usize, now: Duration) -> bool {
        let Some(bits_per_second) = rate.bits_per_second else { return true };
        let nanos = bytes as u128 * 8 * 1_000_000_000 / u128::from(bits_per_second.get());
        let takes = Duration::from_nanos(nanos.try_into().unwrap_or(u64::MAX));
        let empty_at = self.empty_at.max(now).saturating_add(takes);
        let fits = empty_at <= now + BURST;
        if fits {
            self.empty_at = empty_at;
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use std::{num::NonZeroU64, time::Duration};

    use super::{Meter, Rate};

    #[test]
    fn a_burst_passes_and_then_the_rate() {
        // A thousand bytes a second.
        let rate = Rate::bits_per_second(NonZeroU64::new(8_000).unwrap());
        let (mut meter, at) = (Meter::default(), Duration::from_millis);
        for _ in 0..10 {
            assert!(meter.take(rate, 100, at(5_000)));
        }
        assert!(!meter.take(rate, 1, at(5_000)), "the burst is used up");
        assert!(!meter.take(rate, 101, at(5_100)));
        assert!(meter.take(rate, 100, at(5_100)), "what was refused did not count");
        let passed = (0..1_000).filter(|n| meter.take(rate, 100, at(5_100 + 10 * n))).count();
        assert_eq!(passed, 99, "over ten seconds");
        assert!(meter.take(rate, 1_000, at(60_000)), "who was silent may burst again");
        assert!(!meter.take(rate, 1_000, at(60_999)));
    }

    #[test]
    fn what_is_larger_than_a_burst_never_passes() {
        let rate = Rate::bits_per_second(NonZeroU64::MIN);
        assert!(!Meter::default().take(rate, usize::MAX, Duration::from_secs(9)));
    }

    #[test]
    fn without_a_limit_everything_passes() {
        let mut meter = Meter::default();
        assert!((0..1_000).all(|_| meter.take(Rate::UNLIMITED, 1_000_000, Duration::ZERO)));
    }
}
