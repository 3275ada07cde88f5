//! How often something may happen, for each of many keys, in bounded memory.

use std::{
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use governor::{Quota, RateLimiter, clock::Clock, state::keyed::HashMapStateStore};

use crate::limits::{RATE_KEYS, RATE_SHARED_KEYS, RATE_SWEEP_INTERVAL};

/// The clock that tests can set.
#[derive(Clone, Debug, Default)]
struct TokioClock;

impl Clock for TokioClock {
    type Instant = Instant;

    fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }
}

/// So many at once, and then one after each interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many at once.
    pub burst: u32,
    /// After how long there may be one more.
    pub every: Duration,
}

/// How often something may happen, for each key.
///
/// Of a key nothing is kept once it has had its whole burst again for an interval, when room is needed. While more than [`RATE_KEYS`] are kept all the same, keys
/// share [`RATE_SHARED_KEYS`] buckets: nobody is let through unlimited, and memory is bounded, at the price that strangers
/// may use up each other's share until the flood is over.
#[derive(Debug)]
pub(super) struct Rates {
    limiter: RateLimiter<u64, HashMapStateStore<u64>, TokioClock>,
    swept: Mutex<Instant>,
}

impl Rates {
    pub(super) fn new(rate: Rate) -> Self {
        let burst = NonZeroU32::new(rate.burst).unwrap_or(NonZeroU32::MIN);
        let quota =
            Quota::with_period(rate.every).unwrap_or(Quota::per_second(burst)).allow_burst(burst);
        let limiter = RateLimiter::new(quota, HashMapStateStore::default(), TokioClock);
        Self { limiter, swept: Mutex::new(TokioClock.now()) }
    }

    /// Whether it may happen now.
    ///
    /// # Errors
    /// It may not before so long.
    pub(super) fn check(&self, key: u64) -> Result<(), Duration> {
        let key = if self.has_room() { key } else { key % RATE_SHARED_KEYS };
        self.limiter.check_key(&key).map_err(|not| not.wait_time_from(TokioClock.now()))
    }

    fn has_room(&self) -> bool {
        if self.limiter.len() < RATE_KEYS {
            return true;
        }
        let now = TokioClock.now();
        let mut swept = self.swept.lock().unwrap_or_else(PoisonError::into_inner);
        if now.saturating_duration_since(*swept) >= RATE_SWEEP_INTERVAL {
            *swept = now;
            self.limiter.retain_recent();
        }
        self.limiter.len() < RATE_KEYS
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Rate, Rates};
    use crate::limits::{RATE_KEYS, RATE_SHARED_KEYS};

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn a_burst_and_then_one_after_each_interval() {
        let rates = Rates::new(Rate { burst: 3, every: SECOND });
        for _ in 0..3 {
            assert!(rates.check(1).is_ok());
        }
        assert_eq!(rates.check(1), Err(SECOND));
        assert!(rates.check(2).is_ok(), "another key is another matter");
        tokio::time::advance(SECOND).await;
        assert!(rates.check(1).is_ok());
        assert!(rates.check(1).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_million_addresses_are_not_kept() {
        let rates = Rates::new(Rate { burst: 1, every: 10 * SECOND });
        let keys = (0..1_000_000_u64).map(|key| key << 20 | 0xfffff);
        let passed = keys.filter(|key| rates.check(*key).is_ok()).count();
        let most = RATE_KEYS + RATE_SHARED_KEYS as usize;
        assert!(rates.limiter.len() <= most, "{} are kept", rates.limiter.len());
        assert!((RATE_KEYS..=most).contains(&passed), "{passed} were let in");
        // Once the flood is over nothing is left of it.
        tokio::time::advance(21 * SECOND).await;
        assert!(rates.check(7).is_ok() && rates.check(7).is_err());
        assert!(rates.limiter.len() <= 2, "{} are kept", rates.limiter.len());
    }
}
