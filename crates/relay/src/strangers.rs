//! Answers to requests without a credential: how large and how many. Pure.
//!
//! A datagram may lie about where it comes from: then the answer goes to somebody who asked nothing. So it is not much
//! larger than the question, and each network is sent so many of them and no more. The memory for that is of a fixed
//! size: counters in which networks are found by their hash.

use std::{
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    time::Duration,
};

use crate::{
    limits::{ADDRESS_ANSWERS, ANSWER_COUNTERS, ANSWER_PERCENT, DATAGRAM_HEADERS, NETWORK_ANSWERS},
    network::Network,
};

/// How many answers are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answers {
    /// At once, if there were none before.
    pub burst: u32,
    /// Each second.
    pub per_second: u32,
}

/// How many counters a network has. It gets an answer if one of them allows it, and so shares its fate with another network
/// only if it shares both with floods.
const ROWS: usize = 2;

/// Counts what strangers are answered.
#[derive(Debug)]
pub(crate) struct Strangers {
    hasher: RandomState,
    addresses: Counters,
    networks: Counters,
}

/// For each row, when each counter is back at nothing.
#[derive(Debug)]
struct Counters {
    limit: Answers,
    rows: [Box<[Duration]>; ROWS],
}

impl Default for Strangers {
    fn default() -> Self {
        Self {
            hasher: RandomState::new(),
            addresses: Counters::new(ADDRESS_ANSWERS),
            networks: Counters::new(NETWORK_ANSWERS),
        }
    }
}

impl Strangers {
    /// Whether this datagram may be answered with so many bytes: if so, it was.
    pub(crate) fn let_answer(
        &mut self,
        remote: IpAddr,
        asked: usize,
        answered: usize,
        now: Duration,
    ) -> bool {
        let headers = DATAGRAM_HEADERS[usize::from(remote.is_ipv6())];
        if (answered + headers) * 100 > (asked + headers) * ANSWER_PERCENT {
            return false;
        }
        let mut around = Network::around(remote);
        let (Some(smallest), Some(largest)) = (around.next(), around.last()) else { return false };
        let (address, network) = (self.hashes(smallest), self.hashes(largest));
        // A refused answer counts for nobody, so both are checked before either is changed.
        let fits = self.addresses.have_room(address, now) && self.networks.have_room(network, now);
        if fits {
            self.addresses.count(address, now);
            self.networks.count(network, now);
        }
        fits
    }

    fn hashes(&self, network: Network) -> [usize; ROWS] {
        std::array::from_fn(|row| self.hasher.hash_one((network, row)) as usize)
    }
}

impl Counters {
    fn new(limit: Answers) -> Self {
        Self { limit, rows: std::array::from_fn(|_| vec![Duration::ZERO; ANSWER_COUNTERS].into()) }
    }

    fn have_room(&self, hashes: [usize; ROWS], now: Duration) -> bool {
        let counters = self.rows.iter().zip(hashes).map(|(row, hash)| row[hash % row.len()]);
        counters.into_iter().any(|counter| self.after(counter, now).is_some())
    }

    fn count(&mut self, hashes: [usize; ROWS], now: Duration) {
        for (row, hash) in hashes.into_iter().enumerate() {
            let at = hash % self.rows[row].len();
            let counter = self.rows[row][at];
            self.rows[row][at] = self.after(counter, now).unwrap_or(counter);
        }
    }

    /// A counter after one more answer; `None` if there may be none.
    fn after(&self, counter: Duration, now: Duration) -> Option<Duration> {
        let each = Duration::from_secs(1) / self.limit.per_second;
        let after = counter.max(now) + each;
        (after <= now + each * self.limit.burst).then_some(after)
    }
}
