//! A bounded table of things that somebody has to come back with: each is good once and for a while, and belongs to an owner.
//! When it is full, the owner who has most pays for one more, never one who has little. Pure: time is handed in.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::{Duration, Instant},
};

use crate::secret::Hash;

/// Whose something is, from the widest to the narrowest, such as a /48, its /56 and its /64. The narrowest is unique.
pub(crate) type Owner<const LEVELS: usize> = [u64; LEVELS];

/// What waits, by the hash of what has to be brought.
pub(crate) struct FairTable<T, const LEVELS: usize> {
    lifetime: Duration,
    most: usize,
    waiting: HashMap<Hash, Waiting<T, LEVELS>>,
    /// All of them, the oldest first, by the number that each got when it came.
    ages: BTreeMap<u64, Hash>,
    owners: HashMap<Owner<LEVELS>, BTreeMap<u64, Hash>>,
    weights: Weights<LEVELS>,
    next: u64,
}

struct Waiting<T, const LEVELS: usize> {
    number: u64,
    since: Instant,
    owner: Owner<LEVELS>,
    what: T,
}

impl<T, const LEVELS: usize> FairTable<T, LEVELS> {
    /// Of `most` things, each good for `lifetime`.
    pub(crate) fn new(lifetime: Duration, most: usize) -> Self {
        Self {
            lifetime,
            most,
            waiting: HashMap::new(),
            ages: BTreeMap::new(),
            owners: HashMap::new(),
            weights: Weights::default(),
            next: 0,
        }
    }

    /// Adds something, in the place of the oldest of the heaviest owner if there are too many.
    pub(crate) fn add(&mut self, now: Instant, hash: Hash, owner: Owner<LEVELS>, what: T) {
        self.forget_old(now);
        self.forget(&hash);
        while self.waiting.len() >= self.most {
            let Some(heaviest) = self.weights.heaviest() else { break };
            self.forget_oldest_of(&heaviest);
        }
        let number = self.next;
        self.next += 1;
        self.ages.insert(number, hash);
        self.owners.entry(owner).or_default().insert(number, hash);
        self.weights.add(&owner);
        self.waiting.insert(hash, Waiting { number, since: now, owner, what });
    }

    /// Takes something that is still good.
    pub(crate) fn take(&mut self, now: Instant, hash: &Hash) -> Option<T> {
        self.forget_old(now);
        self.forget(hash)
    }

    /// How many an owner has.
    pub(crate) fn count_of(&self, owner: &Owner<LEVELS>) -> usize {
        self.owners.get(owner).map_or(0, BTreeMap::len)
    }

    pub(crate) fn forget_oldest_of(&mut self, owner: &Owner<LEVELS>) {
        let oldest = self.owners.get(owner).and_then(|all| all.values().next().copied());
        if let Some(oldest) = oldest {
            self.forget(&oldest);
        }
    }

    /// Forgets what an owner has and `which` names.
    pub(crate) fn forget_of(&mut self, owner: &Owner<LEVELS>, which: impl Fn(&T) -> bool) {
        let all = self.owners.get(owner).into_iter().flat_map(BTreeMap::values);
        let is_one = |hash: &&Hash| self.waiting.get(*hash).is_some_and(|one| which(&one.what));
        let named: Vec<_> = all.filter(is_one).copied().collect();
        for hash in &named {
            self.forget(hash);
        }
    }

    fn forget_old(&mut self, now: Instant) {
        while let Some((_, &hash)) = self.ages.first_key_value() {
            let since = self.waiting.get(&hash).map_or(now, |one| one.since);
            if now.saturating_duration_since(since) < self.lifetime {
                break;
            }
            self.forget(&hash);
        }
    }

    fn forget(&mut self, hash: &Hash) -> Option<T> {
        let Waiting { number, owner, what, .. } = self.waiting.remove(hash)?;
        self.ages.remove(&number);
        self.weights.remove(&owner);
        if let Some(all) = self.owners.get_mut(&owner) {
            all.remove(&number);
            if all.is_empty() {
                self.owners.remove(&owner);
            }
        }
        Some(what)
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        assert_eq!(self.waiting.len(), self.ages.len());
        assert_eq!(self.waiting.len(), self.owners.values().map(BTreeMap::len).sum::<usize>());
        self.waiting.len()
    }
}

/// How much each owner has, at each level, so that the heaviest is found without looking at all.
struct Weights<const LEVELS: usize> {
    /// By the level and the key.
    counts: HashMap<(usize, u64), usize>,
    /// By the level, the key one level above, the count, and the key.
    order: BTreeSet<(usize, u64, usize, u64)>,
}

impl<const LEVELS: usize> Default for Weights<LEVELS> {
    fn default() -> Self {
        Self { counts: HashMap::new(), order: BTreeSet::new() }
    }
}

impl<const LEVELS: usize> Weights<LEVELS> {
    fn add(&mut self, owner: &Owner<LEVELS>) {
        self.change(owner, |count| count + 1);
    }

    fn remove(&mut self, owner: &Owner<LEVELS>) {
        self.change(owner, |count| count.saturating_sub(1));
    }

    fn change(&mut self, owner: &Owner<LEVELS>, to: impl Fn(usize) -> usize) {
        let mut above = 0;
        for (level, &key) in owner.iter().enumerate() {
            let count = self.counts.get(&(level, key)).copied().unwrap_or_default();
            self.order.remove(&(level, above, count, key));
            let count = to(count);
            if count == 0 {
                self.counts.remove(&(level, key));
            } else {
                self.counts.insert((level, key), count);
                self.order.insert((level, above, count, key));
            }
            above = key;
        }
    }

    /// The heaviest at the widest level, the heaviest within that, and so on.
    fn heaviest(&self) -> Option<Owner<LEVELS>> {
        let mut owner = [0; LEVELS];
        let mut above = 0;
        for (level, key) in owner.iter_mut().enumerate() {
            let all = (level, above, 0, 0)..=(level, above, usize::MAX, u64::MAX);
            (_, _, _, *key) = *self.order.range(all).next_back()?;
            above = *key;
        }
        Some(owner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::FairTable;

    const MINUTE: Duration = Duration::from_secs(60);

    fn hash(number: usize) -> [u8; 32] {
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&number.to_be_bytes());
        hash
    }

    #[test]
    fn each_is_good_once_and_for_a_while() {
        let start = Instant::now();
        let mut table = FairTable::new(10 * MINUTE, 100);
        table.add(start, hash(1), [7], "one");
        table.add(start, hash(2), [7], "other");
        assert_eq!(table.take(start, &hash(3)), None);
        assert_eq!(table.take(start + 9 * MINUTE, &hash(1)), Some("one"));
        assert_eq!(table.take(start + 9 * MINUTE, &hash(1)), None);
        assert_eq!(table.take(start + 10 * MINUTE, &hash(2)), None);
        assert_eq!((table.len(), table.owners.len(), table.weights.counts.len()), (0, 0, 0));
        assert!(table.weights.order.is_empty(), "nothing is kept of who has nothing");
    }

    #[test]
    fn who_has_most_makes_room() {
        let start = Instant::now();
        let mut table = FairTable::new(10 * MINUTE, 100);
        table.add(start, hash(0), [1, 10], ());
        for number in 1..1_000 {
            table.add(start, hash(number), [2, 20 + number as u64 % 5], ());
        }
        assert_eq!(table.len(), 100);
        // Those of the narrowest of the heavy, in turn.
        for lane in 0..5 {
            let count = table.count_of(&[2, 20 + lane]);
            assert!((19..=20).contains(&count), "{count}");
        }
        assert!(table.take(start, &hash(0)).is_some(), "the oldest of all, and the lightest");
        assert!(table.take(start, &hash(999)).is_some());
    }

    #[test]
    fn a_wide_owner_is_heavy_however_thinly_it_is_spread() {
        let start = Instant::now();
        let mut table = FairTable::new(10 * MINUTE, 100);
        for number in 0..5 {
            table.add(start, hash(number), [1, 10], ());
        }
        for number in 5..1_000 {
            table.add(start, hash(number), [2, 1_000 + number as u64], ());
        }
        assert_eq!(table.count_of(&[1, 10]), 5);
    }
}
