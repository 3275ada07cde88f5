//! The streams that clients are on: what waits for each, and how many there may be.

use std::collections::HashMap;

use tokio::sync::mpsc;

use crate::{
    hub::Client,
    limits::{STREAM_QUEUE_FRAMES, STREAMS},
    network::Network,
};

/// The streams that are open.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    queues: HashMap<Client, Stream>,
    networks: HashMap<Network, u32>,
    /// How many there have ever been.
    opened: u64,
}

#[derive(Debug)]
struct Stream {
    queue: mpsc::Sender<Vec<u8>>,
    /// How many had been opened before it.
    number: u64,
}

/// There are too many streams, of this address or a network around it, or in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMany;

impl Streams {
    /// A stream begins. Gives what is to be written to it.
    ///
    /// If there are as many as there may be, one that has no allocation makes room: the oldest of the network that has
    /// most of those. So silent streams from a few networks do not keep others out.
    pub(crate) fn open(
        &mut self,
        client: Client,
        has_allocation: impl Fn(&Client) -> bool,
    ) -> Result<mpsc::Receiver<Vec<u8>>, TooMany> {
        let networks = Network::around(client.remote.ip());
        let has_room =
            |network| self.networks.get(&network).copied().unwrap_or(0) < network.allocations();
        if !networks.clone().all(has_room) {
            return Err(TooMany);
        }
        if self.queues.len() >= STREAMS {
            let idle = self.most_dispensable(has_allocation).ok_or(TooMany)?;
            self.close(&idle);
        }
        let (queue, receiver) = mpsc::channel(STREAM_QUEUE_FRAMES);
        self.opened += 1;
        // The system has no two connections between the same two ends.
        if self.queues.insert(client, Stream { queue, number: self.opened }).is_none() {
            for network in networks {
                *self.networks.entry(network).or_default() += 1;
            }
        }
        Ok(receiver)
    }

    /// The oldest stream without an allocation, of the network that has most of those.
    fn most_dispensable(&self, has_allocation: impl Fn(&Client) -> bool) -> Option<Client> {
        let idle = self.queues.iter().filter(|(client, _)| !has_allocation(client));
        let mut networks: HashMap<Network, (u32, u64, Client)> = HashMap::new();
        for (client, stream) in idle {
            let largest = Network::around(client.remote.ip()).last()?;
            let (count, oldest, first) =
                networks.entry(largest).or_insert((0, stream.number, *client));
            *count += 1;
            if stream.number < *oldest {
                (*oldest, *first) = (stream.number, *client);
            }
        }
        networks.into_values().max_by_key(|(count, ..)| *count).map(|(_, _, client)| client)
    }

    /// A stream has ended, or has to: nothing more is written to it, and so it ends.
    pub(crate) fn close(&mut self, client: &Client) {
        if self.queues.remove(client).is_some() {
            for network in Network::around(client.remote.ip()) {
                if let Some(count) = self.networks.get_mut(&network) {
                    *count -= 1;
                    if *count == 0 {
                        self.networks.remove(&network);
                    }
                }
            }
        }
    }

    /// What is more than may wait is dropped.
    pub(crate) fn send(&self, client: &Client, message: Vec<u8>) {
        if let Some(stream) = self.queues.get(client) {
            let _ = stream.queue.try_send(message);
        }
    }
}

#[cfg(test)]
impl Streams {
    pub(crate) fn is_empty(&self) -> bool {
        self.queues.is_empty() && self.networks.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use tokio::sync::mpsc::error::TryRecvError;

    use super::{STREAMS, Streams, TooMany};
    use crate::{
        hub::{Client, Transport},
        limits::{ALLOCATIONS_PER_NETWORK, STREAMS_PER_ADDRESS},
    };

    /// The one with this number, of those behind an address.
    fn client(address: u32, number: u32) -> Client {
        let port = u16::try_from(number).unwrap();
        Client {
            transport: Transport::Stream,
            local: "192.0.2.1:443".parse().unwrap(),
            remote: SocketAddr::from((address.to_be_bytes(), port)),
        }
    }

    fn none(_: &Client) -> bool {
        false
    }

    #[test]
    fn an_address_has_so_many_streams() {
        let mut streams = Streams::default();
        for number in 0..STREAMS_PER_ADDRESS {
            streams.open(client(1, number), none).unwrap();
        }
        assert_eq!(streams.open(client(1, 60_000), none).unwrap_err(), TooMany);
        streams.open(client(2, 0), none).unwrap();
        streams.close(&client(1, 7));
        streams.open(client(1, 60_000), none).unwrap();
    }

    #[test]
    fn a_network_has_so_many_streams() {
        let mut streams = Streams::default();
        for number in 0..ALLOCATIONS_PER_NETWORK {
            streams.open(client(number % 100, number), none).unwrap();
        }
        assert_eq!(streams.open(client(200, 1), none).unwrap_err(), TooMany);
        streams.open(client(1 << 8, 1), none).unwrap();
    }

    /// Each of a hundred networks has its share, and then somebody else comes.
    #[test]
    fn silent_streams_of_a_few_networks_keep_nobody_out() {
        let mut streams = Streams::default();
        let (large, small) = (1 << 8, 2 << 8);
        let spread = |n: usize| (u32::try_from(n / 100).unwrap() + 10) << 8;
        let mut queues: Vec<_> =
            (0..1_000).map(|n| streams.open(client(large, n), none).unwrap()).collect();
        for n in 0..STREAMS - queues.len() {
            streams.open(client(spread(n), (n % 100) as u32), none).unwrap();
        }
        streams.open(client(small, 1), none).unwrap();
        assert_eq!(streams.queues.len(), STREAMS);
        assert!(queues[0].try_recv().is_err_and(|error| error == TryRecvError::Disconnected));
        assert!(queues[1].try_recv().is_err_and(|error| error == TryRecvError::Empty));
        // Nobody who has an allocation is closed.
        let busy = |client: &Client| client.remote.port() != 2;
        streams.open(client(small, 2), busy).unwrap();
        assert!(queues[1].try_recv().is_err_and(|error| error == TryRecvError::Empty));
        assert_eq!(streams.open(client(small, 3), |_| true).unwrap_err(), TooMany);
        let clients: Vec<_> = streams.queues.keys().copied().collect();
        clients.iter().for_each(|client| streams.close(client));
        assert!(streams.is_empty());
    }
}
