//! How long somebody may be rung.

use std::{
    hash::BuildHasher,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    NotNow,
    limits::Limits,
    rates::{Charge, now},
    remote::Network,
};
use crate::limits::{RING_BUDGET, RING_COST_OF_NETWORK, RING_COST_OF_PAIR, SHORTEST_RING};

/// A call that may ring. Dropped, it has rung in vain, for as long as it was there: for some time after that the same caller, and all
/// of their network, may ring the same callee no more.
///
/// A bucket is measured in the time that it takes until it is full again. What has rung for a second takes some seconds from it, the
/// one included in which it fills meanwhile; and it may ring if it is overdrawn by no more than its room.
#[derive(Debug)]
pub(crate) struct Ring {
    limits: Arc<Limits>,
    owner: Network,
    /// The caller's, and that of each network around them.
    buckets: Vec<Bucket>,
    since: Instant,
    answered: bool,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    key: u64,
    /// The price of a second of ringing, in seconds.
    cost: u32,
    room: Duration,
}

impl Bucket {
    const fn charge(self, rung: Duration) -> Charge {
        Charge { key: self.key, cost: rung.saturating_mul(self.cost), room: self.room }
    }
}

impl Ring {
    pub(super) fn new(
        limits: &Arc<Limits>,
        network: Option<Network>,
        caller: &str,
        callee: &str,
    ) -> Self {
        let bucket = |who: (Option<Network>, &str), cost: u32, shares: u32| Bucket {
            key: limits.hasher.hash_one((who, callee)),
            cost,
            room: RING_BUDGET * (cost - 1) * shares,
        };
        let mut buckets = vec![bucket((None, caller), RING_COST_OF_PAIR, 1)];
        for (network, shares) in network.iter().flat_map(|network| network.around()) {
            buckets.push(bucket((Some(network), ""), RING_COST_OF_NETWORK, shares));
        }
        let owner = network.map_or(Network::NOWHERE, Network::widest);
        Self { limits: Arc::clone(limits), owner, buckets, since: now(), answered: false }
    }

    /// Whether it may begin now.
    pub(super) fn check(&self) -> Result<(), NotNow> {
        let looks = self.charges(Duration::ZERO);
        self.limits.rings.take(self.owner, &looks).map_err(NotNow)
    }

    /// It was answered, and costs nothing.
    pub(crate) fn answered(mut self) {
        self.answered = true;
    }

    fn charges(&self, rung: Duration) -> Vec<Charge> {
        self.buckets.iter().map(|bucket| bucket.charge(rung)).collect()
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        let rung = now().saturating_duration_since(self.since);
        if !self.answered && rung >= SHORTEST_RING {
            self.limits.rings.charge(self.owner, self.since, &self.charges(rung));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use protocol::UserName;

    use super::{Limits, NotNow};
    use crate::{
        edge::{AddressLimits, Remote},
        limits::{RING_LIMIT, SHORTEST_RING},
    };

    fn at(ip: &str) -> Remote {
        Remote { ip: ip.parse().unwrap(), secure: false, proxied: false, own: true }
    }

    /// Rings somebody from these addresses under these names for an hour, as much as may be, each time for so long. Gives the time
    /// for which nobody rang, and the pauses.
    async fn for_an_hour(
        pests: &[(Remote, UserName)],
        each: Duration,
    ) -> (Duration, Vec<Duration>) {
        const HOUR: Duration = Duration::from_secs(3_600);
        let limits = Arc::new(Limits::new(AddressLimits::default()));
        let start = tokio::time::Instant::now();
        let mut pauses = Vec::new();
        while start.elapsed() < HOUR {
            let mut wait = Duration::MAX;
            let ring = pests.iter().find_map(|(remote, name)| {
                let ring = limits.call(Some(remote), name, "bob");
                ring.map_err(|NotNow(needed)| wait = wait.min(needed)).ok()
            });
            if ring.is_some() {
                tokio::time::advance(each).await;
            } else {
                pauses.push(wait);
                tokio::time::advance(wait).await;
            }
        }
        (pauses.iter().sum(), pauses)
    }

    fn pest(n: u32) -> UserName {
        UserName::parse(&format!("pest{n}")).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn who_rings_in_vain_has_to_pause_and_longer_and_longer() {
        let (free, pauses) = for_an_hour(&[(at("192.0.2.1"), pest(0))], RING_LIMIT).await;
        assert!(free > Duration::from_secs(3_600 * 2 / 3), "{free:?}");
        assert!(pauses.is_sorted() && pauses[0] < pauses[1], "{pauses:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn many_names_of_many_networks_of_one_48_leave_more_than_half_of_the_time() {
        for around in ["2001:db8:0:", "192.0.2."] {
            let pests: Vec<_> = (1..200)
                .map(|n| {
                    let ip = if around.contains(':') {
                        format!("{around}{n:x}00::1")
                    } else {
                        format!("{around}{n}")
                    };
                    (at(&ip), pest(n))
                })
                .collect();
            let (free, _) = for_an_hour(&pests, RING_LIMIT).await;
            assert!(free > Duration::from_secs(3_600 / 2), "{around} {free:?}");
        }
    }

    /// An attack: each ring was hung up before it cost anything, and the next one followed at once.
    #[tokio::test(start_paused = true)]
    async fn who_hangs_up_within_a_second_has_to_pause_as_well() {
        let pests: Vec<_> = (0..40).map(|n| (at(&format!("192.0.2.{}", n % 4)), pest(n))).collect();
        for each in [SHORTEST_RING - Duration::from_millis(1), Duration::from_millis(740)] {
            let (free, _) = for_an_hour(&pests, each).await;
            assert!(free > Duration::from_secs(3_600 / 2), "{each:?} {free:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_costs_nothing_and_neither_does_what_never_rang() {
        let limits = Arc::new(Limits::new(AddressLimits::default()));
        for _ in 0..10 {
            let ring = limits.call(Some(&at("192.0.2.1")), &pest(0), "bob").unwrap();
            tokio::time::advance(RING_LIMIT).await;
            ring.answered();
            drop(limits.call(Some(&at("192.0.2.1")), &pest(0), "bob").unwrap());
        }
    }
}
