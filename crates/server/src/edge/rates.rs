//! How often something may happen, for each of many keys, in bounded memory.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::{remote::Network, table::Table};
use crate::limits::RATE_KEYS;

/// So many at once, and then one after each interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many at once.
    pub burst: u32,
    /// After how long there may be one more.
    pub every: Duration,
}

impl Rate {
    /// So many times as much.
    #[must_use]
    pub fn times(self, shares: u32) -> Self {
        let Self { burst, every } = self;
        Self { burst: burst.saturating_mul(shares), every: every / shares.max(1) }
    }

    /// The charge for one event, on the bucket of this key.
    pub(super) fn one(self, key: u64) -> Charge {
        Charge { key, cost: self.every, room: self.every.saturating_mul(self.burst) }
    }
}

/// A charge on a bucket. Buckets are measured in the time that it takes until they are full again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Charge {
    pub(super) key: u64,
    /// How much. Zero only looks at the bucket.
    pub(super) cost: Duration,
    /// How much a full bucket holds.
    pub(super) room: Duration,
}

/// Buckets (the generic cell rate algorithm: of each it keeps the one point in time when it is full again).
///
/// Each belongs to a network. When there is no room for another, the bucket that was used longest ago goes, of the network that
/// has the most: a bucket that is gone counts as full, so that nobody is ever refused for what others do.
#[derive(Debug)]
pub(super) struct Rates(Mutex<Table<u64, Instant>>);

impl Rates {
    /// A network may have so many buckets for each of its shares.
    pub(super) fn new(each: u32) -> Self {
        Self(Mutex::new(Table::new(RATE_KEYS, each)))
    }

    /// Takes from all of these buckets, or from none of them.
    ///
    /// # Errors
    /// Not all of them hold enough before so long.
    pub(super) fn take(&self, owner: Network, charges: &[Charge]) -> Result<(), Duration> {
        let mut buckets = self.buckets();
        let now = now();
        let short = charges.iter().map(|charge| {
            let Charge { key, cost, room } = charge;
            let full_at = buckets.get(key).map_or(now, |full_at| now.max(*full_at));
            (full_at + *cost).saturating_duration_since(now).saturating_sub(*room)
        });
        match short.max().filter(|wait| !wait.is_zero()) {
            Some(wait) => Err(wait),
            None => {
                charge(&mut buckets, now, owner, charges);
                Ok(())
            }
        }
    }

    /// Takes from these buckets, however little is in them, what was used up since then.
    pub(super) fn charge(&self, owner: Network, since: Instant, charges: &[Charge]) {
        charge(&mut self.buckets(), since, owner, charges);
    }

    fn buckets(&self) -> std::sync::MutexGuard<'_, Table<u64, Instant>> {
        // No code that holds the lock can panic half-way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn charge(buckets: &mut Table<u64, Instant>, since: Instant, owner: Network, charges: &[Charge]) {
    for Charge { key, cost, .. } in charges.iter().filter(|charge| !charge.cost.is_zero()) {
        let full_at = buckets.get(key).map_or(since, |full_at| since.max(*full_at));
        buckets.insert(owner, *key, full_at + *cost);
    }
}

/// The time, by the clock that tests can set.
pub(super) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Network, RATE_KEYS, Rate, Rates};

    const SECOND: Duration = Duration::from_secs(1);
    const HERE: Network = Network::NOWHERE;

    #[tokio::test(start_paused = true)]
    async fn a_burst_and_then_one_after_each_interval() {
        let rates = Rates::new(100);
        let rate = Rate { burst: 3, every: SECOND };
        for _ in 0..3 {
            assert!(rates.take(HERE, &[rate.one(1)]).is_ok());
        }
        assert_eq!(rates.take(HERE, &[rate.one(1)]), Err(SECOND));
        assert!(rates.take(HERE, &[rate.one(2)]).is_ok(), "another key is another matter");
        tokio::time::advance(SECOND).await;
        assert!(rates.take(HERE, &[rate.one(1)]).is_ok());
        assert!(rates.take(HERE, &[rate.one(1)]).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_refused_leaves_nothing_behind() {
        let rates = Rates::new(100);
        let (narrow, wide) = (Rate { burst: 1, every: SECOND }, Rate { burst: 9, every: SECOND });
        assert!(rates.take(HERE, &[narrow.one(1), wide.one(2)]).is_ok());
        for key in 10..90 {
            let charges = [wide.one(key), narrow.one(1), wide.one(2)];
            assert_eq!(rates.take(HERE, &charges), Err(SECOND));
        }
        assert_eq!(rates.buckets().len(), 2);
        for _ in 0..8 {
            assert!(rates.take(HERE, &[wide.one(2)]).is_ok(), "nor is anything taken");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_of_strangers_is_not_kept_and_makes_nobody_wait() {
        let rates = Rates::new(100);
        let rate = Rate { burst: 2, every: 10 * SECOND };
        let of = |n: u32| Network::of(std::net::Ipv4Addr::from_bits(n << 8).into());
        for n in 0..2 * RATE_KEYS {
            assert!(rates.take(of(n), &[rate.one(n.into())]).is_ok());
        }
        assert!(rates.buckets().len() <= RATE_KEYS as usize);
        // Nobody shares anything with them.
        for _ in 0..2 {
            assert!(rates.take(HERE, &[rate.one(u64::MAX)]).is_ok());
        }
        assert!(rates.take(HERE, &[rate.one(u64::MAX)]).is_err());
    }

    /// A network cannot get rid of what it has used up by using more.
    #[tokio::test(start_paused = true)]
    async fn a_bucket_that_is_used_stays() {
        let rates = Rates::new(4);
        let (own, other) = (Rate { burst: 1_000, every: SECOND }, Rate { burst: 1, every: SECOND });
        for n in 0..1_000 {
            assert!(rates.take(HERE, &[own.one(0), other.one(1 + n)]).is_ok());
        }
        assert!(rates.take(HERE, &[own.one(0), other.one(2_000)]).is_err());
        assert!(rates.buckets().len() <= 4);
    }
}
