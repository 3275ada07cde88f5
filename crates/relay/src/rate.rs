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

    /// So many times as much.
    pub(crate) fn times(self, users: u64) -> Self {
        let times = |bits: NonZeroU64| bits.saturating_mul(NonZeroU64::new(users).unwrap_or(bits));
        Self { bits_per_second: self.bits_per_second.map(times) }
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
    /// The meter after so many bytes have gone; `None` if they may not go now.
    pub(crate) fn after(self, rate: Rate, bytes: usize, now: Duration) -> Option<Self> {
        let Some(bits_per_second) = rate.bits_per_second else { return Some(self) };
        let nanos = bytes as u128 * 8 * 1_000_000_000 / u128::from(bits_per_second.get());
        let takes = Duration::from_nanos(nanos.try_into().unwrap_or(u64::MAX));
        let empty_at = self.empty_at.max(now).saturating_add(takes);
        (empty_at <= now + BURST).then_some(Self { empty_at })
    }

    /// Whether nothing would change if there were another in its place.
    pub(crate) fn is_empty(self, now: Duration) -> bool {
        self.empty_at <= now
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
        let mut take = |bytes, now| {
            let after = meter.after(rate, bytes, now);
            meter = after.unwrap_or(meter);
            after.is_some()
        };
        for _ in 0..10 {
            assert!(take(100, at(5_000)));
        }
        assert!(!take(1, at(5_000)), "the burst is used up");
        assert!(!take(101, at(5_100)));
        assert!(take(100, at(5_100)), "what was refused did not count");
        let passed = (0..1_000).filter(|n| take(100, at(5_100 + 10 * n))).count();
        assert_eq!(passed, 99, "over ten seconds");
        assert!(take(1_000, at(60_000)), "who was silent may burst again");
        assert!(!take(1_000, at(60_999)));
        assert!(!meter.is_empty(at(60_999)) && meter.is_empty(at(61_000)));
    }

    #[test]
    fn what_is_larger_than_a_burst_never_passes() {
        let rate = Rate::bits_per_second(NonZeroU64::MIN);
        assert!(Meter::default().after(rate, usize::MAX, Duration::from_secs(9)).is_none());
    }

    #[test]
    fn without_a_limit_everything_passes() {
        let meter = Meter::default().after(Rate::UNLIMITED, usize::MAX, Duration::ZERO).unwrap();
        assert_eq!(meter, Meter::default());
        assert_eq!(Rate::UNLIMITED.times(3), Rate::UNLIMITED);
    }
}
