//! How many of something there are at once, for each network and in all.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::task::AbortHandle;

use super::{limits::TooMany, remote::Network, seldom::Seldom, table::Table};
use crate::limits::CROWD_WARNING_INTERVAL;

/// How many there are of each network and of those around it. An entry is there only for as long as something of its network
/// is, so that there are never more of them than a few times what is counted.
#[derive(Debug)]
struct Counts {
    /// How many a network may have for each of its shares.
    each: u32,
    by_network: HashMap<Network, u32>,
}

impl Counts {
    fn new(each: u32) -> Self {
        Self { each, by_network: HashMap::new() }
    }

    /// Counts one more, if there is room in this network and in all around it.
    fn take(&mut self, network: Network) -> Result<(), TooMany> {
        let full = network.around().any(|(network, shares)| {
            let count = self.by_network.get(&network).copied().unwrap_or_default();
            count >= self.each.saturating_mul(shares)
        });
        if full {
            return Err(TooMany::Address);
        }
        for (network, _) in network.around() {
            *self.by_network.entry(network).or_default() += 1;
        }
        Ok(())
    }

    fn free(&mut self, network: Network) {
        for (network, _) in network.around() {
            if let Some(count) = self.by_network.get_mut(&network) {
                *count -= 1;
                if *count == 0 {
                    self.by_network.remove(&network);
                }
            }
        }
    }
}

/// Places of users.
#[derive(Debug)]
pub(super) struct Places(Mutex<Counts>);

/// A user's place. Dropped, it is free.
#[derive(Debug)]
pub struct Place {
    places: Arc<Places>,
    network: Network,
}

impl Places {
    pub(super) fn new(each: u32) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Counts::new(each))))
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        // No code that holds the lock can panic half-way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn take(self: &Arc<Self>, network: Network) -> Result<Place, TooMany> {
        self.counts().take(network)?;
        Ok(Place { places: Arc::clone(self), network })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.counts().free(self.network);
    }
}

/// The connections, and which of them are newcomers: those whose client has not logged in, from the first byte on.
///
/// Newcomers make room for one another. One that finds none takes the place of the oldest of its own network, if that is full, or of
/// the one that has the most of them: what is there for long without a login gives way to what may log in.
#[derive(Debug)]
pub(super) struct Connections {
    all: u32,
    open: Mutex<Open>,
    warned: Seldom,
}

#[derive(Debug)]
struct Open {
    counts: Counts,
    /// Whose each is, once that is known: a proxy speaks for many.
    networks: HashMap<u64, Option<Network>>,
    newcomers: Table<u64, Newcomer>,
    /// The number of the next connection.
    next: u64,
}

/// The task to abort if the connection has to make room; `None` until there is one.
type Newcomer = Option<AbortHandle>;

/// A connection's place. Dropped, it is free; or before that, if the connection has to make room.
#[derive(Debug)]
pub(crate) struct Connection {
    connections: Arc<Connections>,
    number: u64,
}

impl Connections {
    /// So many for each of a network's shares and in all, and so many newcomers.
    pub(super) fn new(each: u32, all: u32, newcomers_each: u32, newcomers: u32) -> Arc<Self> {
        let open = Open {
            counts: Counts::new(each),
            networks: HashMap::new(),
            newcomers: Table::new(newcomers, newcomers_each),
            next: 0,
        };
        let warned = Seldom::new(CROWD_WARNING_INTERVAL);
        Arc::new(Self { all, open: Mutex::new(open), warned })
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        // No code that holds the lock can panic half-way through a change.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection begins: a newcomer's, if it is known whose it is.
    pub(super) fn begin(self: &Arc<Self>, network: Option<Network>) -> Result<Connection, TooMany> {
        let mut open = self.open();
        if let Some(network) = network {
            open.counts.take(network)?;
        }
        if open.networks.len() >= self.all as usize {
            self.warn(&open);
            let Some(oldest) = open.newcomers.take_of_heaviest() else {
                if let Some(network) = network {
                    open.counts.free(network);
                }
                return Err(TooMany::All);
            };
            open.end(oldest);
        }
        let number = open.next;
        open.next += 1;
        open.networks.insert(number, network);
        if let Some(network) = network {
            self.welcome(&mut open, network, number, None);
        }
        Ok(Connection { connections: Arc::clone(self), number })
    }

    /// Makes it a newcomer, and ends the one that has to make room for it.
    fn welcome(&self, open: &mut Open, network: Network, number: u64, task: Newcomer) {
        if let Some(oldest) = open.newcomers.insert(network, number, task) {
            self.warn(open);
            open.end(oldest);
        }
    }

    /// Tells the operator, now and then, who takes the places.
    fn warn(&self, open: &Open) {
        if self.warned.is_due() {
            let heaviest = open.newcomers.heaviest();
            let (network, newcomers) = heaviest.unwrap_or((Network::NOWHERE, 0));
            tracing::warn!(
                connections = open.networks.len(), %network, newcomers,
                "there is no place left for connections that have not logged in: the oldest are closed, of the network that \
                 has the most"
            );
        }
    }
}

impl Open {
    fn end(&mut self, (number, task): (u64, Newcomer)) {
        self.forget(number);
        // Nobody is told: to tell a crowd takes the time that it wants to take.
        if let Some(task) = task {
            task.abort();
        }
    }

    fn forget(&mut self, number: u64) {
        if let Some(network) = self.networks.remove(&number).flatten() {
            self.counts.free(network);
        }
    }
}

impl Connection {
    /// It is this task's, which ends if it has to make room.
    pub(crate) fn is_served_by(&self, task: AbortHandle) {
        let mut open = self.connections.open();
        if let Some(newcomer) = open.newcomers.get_mut(&self.number) {
            *newcomer = Some(task);
        } else if !open.networks.contains_key(&self.number) {
            task.abort();
        }
    }

    /// A proxy has told whose it is.
    pub(super) fn is_of(&self, network: Network) -> Result<(), TooMany> {
        let mut open = self.connections.open();
        if let Some(None) = open.networks.get(&self.number) {
            open.counts.take(network)?;
            open.networks.insert(self.number, Some(network));
            self.connections.welcome(&mut open, network, self.number, None);
        }
        Ok(())
    }

    /// Its client logs in, and is no newcomer any more. `None` if it had to make room before.
    pub(crate) fn settle(&self) -> Option<Settled> {
        let mut open = self.connections.open();
        let task = open.newcomers.remove(&self.number).flatten();
        open.networks.contains_key(&self.number).then_some(Settled(task))
    }

    /// Nothing came of the login: it is a newcomer again.
    pub(crate) fn unsettle(&self, Settled(task): Settled) {
        let mut open = self.connections.open();
        if let Some(Some(network)) = open.networks.get(&self.number).copied() {
            self.connections.welcome(&mut open, network, self.number, task);
        }
    }
}

/// A connection that was a newcomer's, and may be again.
#[derive(Debug)]
pub(crate) struct Settled(Newcomer);

impl Drop for Connection {
    fn drop(&mut self) {
        let mut open = self.connections.open();
        open.newcomers.remove(&self.number);
        open.forget(self.number);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Connections, Network, Places, TooMany};

    fn of(ip: &str) -> Network {
        Network::of(ip.parse().unwrap())
    }

    #[test]
    fn places_are_counted_and_come_free() {
        let places = Places::new(2);
        let first = places.take(of("192.0.2.1")).unwrap();
        let _second = places.take(of("192.0.2.1")).unwrap();
        assert_eq!(places.take(of("192.0.2.1")).err(), Some(TooMany::Address));
        // A /24 has four times as many as an address.
        let _more: Vec<_> =
            (2..5).flat_map(|n| [of(&format!("192.0.2.{n}")); 2]).map(|n| places.take(n)).collect();
        assert_eq!(places.take(of("192.0.2.9")).err(), Some(TooMany::Address));
        drop(first);
        assert!(places.take(of("192.0.2.9")).is_ok());
        assert_eq!(places.counts().by_network.len(), 5, "nothing is kept of who is gone");
    }

    fn connections(each: u32, all: u32) -> Arc<Connections> {
        Connections::new(each, all, each, all)
    }

    #[test]
    fn who_has_logged_in_makes_no_room() {
        let connections = connections(10, 3);
        let users: Vec<_> =
            (0..3).map(|n| connections.begin(Some(of(&format!("10.0.{n}.1")))).unwrap()).collect();
        let mut settled: Vec<_> = users.iter().map(|user| user.settle().unwrap()).collect();
        assert_eq!(connections.begin(Some(of("192.0.2.1"))).err(), Some(TooMany::All));
        users[0].unsettle(settled.remove(0));
        let new = connections.begin(Some(of("192.0.2.1"))).unwrap();
        assert!(users[0].settle().is_none(), "it has made room");
        assert!(new.settle().is_some() && users[1].settle().is_some());
        drop(users);
        drop(new);
        let open = connections.open();
        assert!(open.networks.is_empty() && open.counts.by_network.is_empty());
        assert!(open.newcomers.heaviest().is_none());
    }

    #[tokio::test]
    async fn the_oldest_newcomer_of_a_full_network_gives_way() {
        let connections = Connections::new(10, 100, 2, 100);
        let task = tokio::spawn(std::future::pending::<()>());
        let oldest = connections.begin(Some(of("192.0.2.1"))).unwrap();
        oldest.is_served_by(task.abort_handle());
        let others: Vec<_> =
            (0..2).map(|_| connections.begin(Some(of("192.0.2.1"))).unwrap()).collect();
        assert!(task.await.is_err_and(|error| error.is_cancelled()));
        assert!(oldest.settle().is_none());
        assert!(others.iter().all(|other| other.settle().is_some()));
        // A task that comes late ends all the same.
        let late = tokio::spawn(std::future::pending::<()>());
        oldest.is_served_by(late.abort_handle());
        assert!(late.await.is_err_and(|error| error.is_cancelled()));
    }

    #[test]
    fn a_proxys_connections_count_and_are_those_of_its_clients() {
        let connections = connections(2, 5);
        let all: Vec<_> = (0..5).map(|_| connections.begin(None).unwrap()).collect();
        assert_eq!(connections.begin(None).err(), Some(TooMany::All));
        assert_eq!(all[0].is_of(of("192.0.2.1")), Ok(()));
        assert_eq!(all[0].is_of(of("192.0.2.1")), Ok(()), "it is one, however often that is said");
        assert_eq!(all[1].is_of(of("192.0.2.1")), Ok(()));
        assert_eq!(all[2].is_of(of("192.0.2.1")), Err(TooMany::Address));
        assert_eq!(all[2].is_of(of("198.51.100.1")), Ok(()));
    }
}
