//! How many of something there are at once, for each network and in all.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::remote::Network;

/// How many there are at once. An entry is there only for as long as something of its network is, so that there are never
/// more of them than of what is counted.
#[derive(Debug)]
pub(super) struct Counts {
    each: u32,
    all: u32,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    by_network: HashMap<Network, u32>,
    all: u32,
}

/// One of those that are counted. Dropped, it makes room.
#[derive(Debug)]
pub struct Place {
    counts: Arc<Counts>,
    network: Network,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// This network has as many as it may.
    Network,
    /// There are as many as there may be.
    All,
}

impl Counts {
    pub(super) fn new(each: u32, all: u32) -> Arc<Self> {
        Arc::new(Self { each, all, held: Mutex::default() })
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        // No code that holds the lock can panic half-way through a change.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn take(self: &Arc<Self>, network: Network) -> Result<Place, Full> {
        let mut held = self.held();
        if held.all >= self.all {
            return Err(Full::All);
        }
        let of_network = held.by_network.entry(network).or_default();
        if *of_network >= self.each {
            return Err(Full::Network);
        }
        *of_network += 1;
        held.all += 1;
        Ok(Place { counts: Arc::clone(self), network })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = self.counts.held();
        held.all -= 1;
        if let Some(of_network) = held.by_network.get_mut(&self.network) {
            *of_network -= 1;
            if *of_network == 0 {
                held.by_network.remove(&self.network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Counts, Full, Network};

    #[test]
    fn places_are_counted_and_come_free() {
        let of = |ip: &str| Network::of(ip.parse().unwrap());
        let (one, other) = (of("192.0.2.1"), of("192.0.2.2"));
        let counts = Counts::new(2, 3);
        let first = counts.take(one).unwrap();
        let _second = counts.take(one).unwrap();
        assert_eq!(counts.take(one).err(), Some(Full::Network));
        let third = counts.take(other).unwrap();
        assert_eq!(counts.take(other).err(), Some(Full::All));
        drop(third);
        assert_eq!(counts.held().by_network.len(), 1, "nothing is kept of who is gone");
        drop(first);
        assert!(counts.take(one).is_ok());
    }
}
