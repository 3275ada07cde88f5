//! A bounded table whose entries belong to networks, so that one network's flood makes room at its own expense.

use std::{
    borrow::Borrow,
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashMap},
    hash::Hash,
};

use super::remote::Network;

/// A bounded table whose entries belong to networks.
///
/// A network may have `each` entries for each of its [shares](Network::around), and all together `all`. An entry that finds no
/// room takes the place of the least recent one of the network that is at its bound, or, if the whole table is full, of the one
/// that has the most. So a light network never loses an entry for a heavy one's sake.
#[derive(Debug)]
pub(super) struct Table<K, V> {
    all: usize,
    each: usize,
    entries: HashMap<K, Entry<V>>,
    /// Every entry's key, under each network that it counts for, the least recent first.
    by_age: BTreeMap<(Network, u64), K>,
    /// How many entries each network has.
    counts: HashMap<Network, usize>,
    /// The widest networks, the one with the most entries last; of those with as many, the one with the least recent entry.
    by_weight: BTreeSet<(usize, Reverse<u64>, Network)>,
    /// The age of the next entry: it grows.
    next: u64,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    /// The narrowest network that it counts for.
    owner: Network,
    age: u64,
}

impl<K: Clone + Eq + Hash, V> Table<K, V> {
    pub(super) fn new(all: u32, each: u32) -> Self {
        Self {
            all: all.max(1) as usize,
            each: each.max(1) as usize,
            entries: HashMap::new(),
            by_age: BTreeMap::new(),
            counts: HashMap::new(),
            by_weight: BTreeSet::new(),
            next: 0,
        }
    }

    pub(super) fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.entries.get(key).map(|entry| &entry.value)
    }

    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.entries.get_mut(key).map(|entry| &mut entry.value)
    }

    /// Puts an entry in as the most recent one, in the place of that of this key, if there is one. Gives the entry that had to
    /// go to make room.
    pub(super) fn insert(&mut self, owner: Network, key: K, value: V) -> Option<(K, V)> {
        self.remove(&key);
        let full = owner
            .around()
            .find(|(network, shares)| self.count(*network) >= self.each * *shares as usize)
            .map(|(network, _)| network);
        let gone = match full {
            Some(network) => self.oldest_of(network),
            None if self.entries.len() >= self.all => {
                self.heaviest().and_then(|(network, _)| self.oldest_of(network))
            }
            None => None,
        };
        let gone = gone.and_then(|key| Some((key.clone(), self.remove(&key)?)));
        let age = self.next;
        self.next += 1;
        self.weigh(owner, |table| {
            for (network, _) in owner.around() {
                *table.counts.entry(network).or_default() += 1;
                table.by_age.insert((network, age), key.clone());
            }
        });
        self.entries.insert(key, Entry { value, owner, age });
        gone
    }

    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        let Entry { value, owner, age } = self.entries.remove(key)?;
        self.weigh(owner, |table| {
            for (network, _) in owner.around() {
                table.by_age.remove(&(network, age));
                if let Some(count) = table.counts.get_mut(&network) {
                    *count -= 1;
                    if *count == 0 {
                        table.counts.remove(&network);
                    }
                }
            }
        });
        Some(value)
    }

    /// The network with the most entries, and how many these are.
    pub(super) fn heaviest(&self) -> Option<(Network, usize)> {
        self.by_weight.last().map(|(count, _, network)| (*network, *count))
    }

    /// Takes out the least recent entry of the network that has the most.
    pub(super) fn take_of_heaviest(&mut self) -> Option<(K, V)> {
        let (network, _) = self.heaviest()?;
        let key = self.oldest_of(network)?;
        Some((key.clone(), self.remove(&key)?))
    }

    fn count(&self, network: Network) -> usize {
        self.counts.get(&network).copied().unwrap_or_default()
    }

    fn oldest_of(&self, network: Network) -> Option<K> {
        self.oldest(network).map(|(_, key)| key.clone())
    }

    fn oldest(&self, network: Network) -> Option<(u64, &K)> {
        let (at, key) = self.by_age.range((network, 0)..=(network, u64::MAX)).next()?;
        Some((at.1, key))
    }

    /// Changes what an owner has, and keeps the order by weight true.
    fn weigh(&mut self, owner: Network, change: impl FnOnce(&mut Self)) {
        let widest = owner.widest();
        let weight = |table: &Self| {
            let (age, _) = table.oldest(widest)?;
            Some((table.count(widest), Reverse(age), widest))
        };
        if let Some(before) = weight(self) {
            self.by_weight.remove(&before);
        }
        change(self);
        if let Some(after) = weight(self) {
            self.by_weight.insert(after);
        }
    }
}

#[cfg(test)]
impl<K: Clone + Eq + Hash, V> Table<K, V> {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Everything in it fits everything else.
    fn check(&self) {
        let mut counts: HashMap<Network, usize> = HashMap::new();
        let mut ages = 0;
        for (key, entry) in &self.entries {
            for (network, _) in entry.owner.around() {
                *counts.entry(network).or_default() += 1;
                assert!(self.by_age.get(&(network, entry.age)).is_some_and(|at| at == key));
                ages += 1;
            }
        }
        assert_eq!(counts, self.counts);
        assert_eq!(ages, self.by_age.len());
        let widest = counts.keys().filter(|network| network.widest() == **network).count();
        assert_eq!(widest, self.by_weight.len());
        for (count, age, network) in &self.by_weight {
            assert_eq!(self.count(*network), *count);
            assert_eq!(self.oldest(*network).map(|(oldest, _)| oldest), Some(age.0));
        }
        assert!(self.entries.len() <= self.all);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Network, Table};

    fn of(ip: &str) -> Network {
        Network::of(ip.parse().unwrap())
    }

    #[test]
    fn the_heaviest_network_makes_room_and_a_light_one_never() {
        let mut table = Table::new(10, 5);
        let (light, heavy) = (of("192.0.2.1"), of("2001:db8::1"));
        assert_eq!(table.insert(light, 0, ()), None);
        // In as many /64s of one /48: it is one network all the same.
        for n in 1..10 {
            table.insert(of(&format!("2001:db8:0:{n:x}::1")), n, ());
        }
        assert_eq!(table.insert(heavy, 10, ()), Some((1, ())), "its own oldest");
        for n in 11..15 {
            let stranger = of(&format!("198.51.100.{n}"));
            assert!(table.insert(stranger, n, ()).is_some_and(|(gone, ())| gone < 11 && gone > 0));
        }
        assert!(table.get(&0).is_some(), "the light one is still there");
        table.check();
    }

    #[test]
    fn of_networks_that_weigh_the_same_the_oldest_entry_goes() {
        let mut table = Table::new(3, 5);
        for n in 0..3 {
            table.insert(of(&format!("192.0.{n}.1")), n, ());
        }
        for n in 3..9 {
            let gone = table.insert(of(&format!("10.0.{n}.1")), n, ());
            assert_eq!(gone, Some((n - 3, ())));
        }
        table.check();
    }

    #[test]
    fn networks_around_a_network_may_have_more_than_it_and_less_than_all_of_its_like() {
        for (ips, each, around, within) in [
            (["2001:db8::", "2001:db8:0:1::", "2001:db8:0:2::"], 5, 10, "2001:db8::/56"),
            (["192.0.2.1", "192.0.2.2", "192.0.2.3"], 5, 15, "192.0.2.0/24"),
        ] {
            let mut table = Table::new(1_000, 5);
            let mut next = 0;
            for ip in ips {
                for _ in 0..20 {
                    table.insert(of(ip), next, ());
                    next += 1;
                }
                assert!(table.count(of(ip)) <= each);
            }
            assert_eq!(table.len(), around, "{within}");
            table.check();
        }
    }

    #[test]
    fn who_is_used_is_recent() {
        let mut table = Table::new(3, 3);
        let (wide, narrow) = (of("192.0.2.1"), of("192.0.2.2"));
        table.insert(wide, 0, ());
        for n in 1..20 {
            table.insert(narrow, n, ());
            table.insert(wide, 0, ());
        }
        assert!(table.get(&0).is_some());
    }

    proptest! {
        #[test]
        fn it_stays_true_whatever_is_done(
            acts in prop::collection::vec((0_u8..4, 0_u8..6, 0_u8..3, 0_u16..30), 1..200)
        ) {
            let mut table = Table::new(12, 2);
            for (act, network, host, key) in acts {
                let owner = if network % 2 == 0 {
                    of(&format!("192.0.{network}.{host}"))
                } else {
                    of(&format!("2001:db8:{network}:{host}00::1"))
                };
                match act {
                    0..=1 => drop(table.insert(owner, key, ())),
                    2 => drop(table.remove(&key)),
                    _ => drop(table.take_of_heaviest()),
                }
                table.check();
            }
        }
    }
}
