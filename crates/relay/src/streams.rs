//! The streams that clients are on: what waits for each, and how many there may be.

use std::collections::HashMap;

use tokio::sync::mpsc;

use crate::{
    hub::Client,
    limits::{STREAM_QUEUE_FRAMES, STREAMS, STREAMS_PER_ADDRESS},
    quota::{Prefix, decrement},
};

/// The streams that are open.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    queues: HashMap<Client, mpsc::Sender<Vec<u8>>>,
    addresses: HashMap<Prefix, u32>,
}

/// There are too many streams, of this address or in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMany;

impl Streams {
    /// A stream begins. Gives what is to be written to it.
    pub(crate) fn open(&mut self, client: Client) -> Result<mpsc::Receiver<Vec<u8>>, TooMany> {
        let of_address = self.addresses.entry(Prefix::of(client.remote.ip())).or_default();
        if self.queues.len() >= STREAMS || *of_address >= STREAMS_PER_ADDRESS {
            if *of_address == 0 {
                self.addresses.remove(&Prefix::of(client.remote.ip()));
            }
            return Err(TooMany);
        }
        let (sender, receiver) = mpsc::channel(STREAM_QUEUE_FRAMES);
        // The system has no two connections between the same two ends.
        if self.queues.insert(client, sender).is_none() {
            *of_address += 1;
        }
        Ok(receiver)
    }

    /// A stream has ended.
    pub(crate) fn close(&mut self, client: &Client) {
        if self.queues.remove(client).is_some() {
            decrement(&mut self.addresses, &Prefix::of(client.remote.ip()));
        }
    }

    /// What is more than may wait is dropped.
    pub(crate) fn send(&self, client: &Client, message: Vec<u8>) {
        if let Some(queue) = self.queues.get(client) {
            let _ = queue.try_send(message);
        }
    }
}

#[cfg(test)]
impl Streams {
    pub(crate) fn is_empty(&self) -> bool {
        self.queues.is_empty() && self.addresses.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::{STREAMS, STREAMS_PER_ADDRESS, Streams, TooMany};
    use crate::hub::{Client, Transport};

    /// The one with this number, of those behind an address.
    fn client(address: u32, number: u32) -> Client {
        let port = u16::try_from(number).unwrap();
        Client {
            transport: Transport::Stream,
            local: "192.0.2.1:443".parse().unwrap(),
            remote: SocketAddr::from((address.to_be_bytes(), port)),
        }
    }

    #[test]
    fn an_address_has_so_many_streams() {
        let mut streams = Streams::default();
        for number in 0..STREAMS_PER_ADDRESS {
            streams.open(client(1, number)).unwrap();
        }
        assert_eq!(streams.open(client(1, 60_000)).unwrap_err(), TooMany);
        streams.open(client(2, 0)).unwrap();
        streams.close(&client(1, 7));
        streams.open(client(1, 60_000)).unwrap();
    }

    #[test]
    fn there_are_so_many_streams_in_all() {
        let mut streams = Streams::default();
        let spread = |n: usize| client(u32::try_from(n / 100).unwrap(), (n % 100) as u32);
        for n in 0..STREAMS {
            streams.open(spread(n)).unwrap();
        }
        assert_eq!(streams.open(spread(STREAMS)).unwrap_err(), TooMany);
        (0..STREAMS).for_each(|n| streams.close(&spread(n)));
        assert!(streams.is_empty());
    }
}
