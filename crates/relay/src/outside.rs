//! Sockets of allocations, for peers outside of the relay.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use tokio::net::UdpSocket;
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::{debug, warn};

use crate::{address::canonical, hub::Ports, limits::OUTSIDE_DATAGRAM_BYTES, relay::Relay};

/// The sockets that are open, by the relayed addresses that they stand for.
#[derive(Debug, Default)]
pub(crate) struct Outside {
    sockets: Mutex<HashMap<SocketAddr, Opened>>,
}

#[derive(Debug)]
struct Opened {
    socket: Arc<UdpSocket>,
    /// Ends the task that receives.
    _receiving: DropGuard,
}

impl Outside {
    /// Sends at once, or not at all.
    pub(crate) fn send(&self, relayed: SocketAddr, peer: SocketAddr, data: &[u8]) {
        if let Some(opened) = self.sockets().get(&relayed)
            && let Err(error) = opened.socket.try_send_to(data, peer)
        {
            debug!(%error, "a datagram to a peer is dropped");
        }
    }

    fn sockets(&self) -> MutexGuard<'_, HashMap<SocketAddr, Opened>> {
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens a socket for each allocation, on a port that the system chooses.
pub(crate) struct OutsidePorts {
    relay: Weak<Relay>,
    outside: Arc<Outside>,
    shutdown: CancellationToken,
}

impl OutsidePorts {
    pub(crate) const fn new(
        relay: Weak<Relay>,
        outside: Arc<Outside>,
        shutdown: CancellationToken,
    ) -> Self {
        Self { relay, outside, shutdown }
    }

    fn listen(&self, address: IpAddr, even: bool) -> std::io::Result<(Arc<UdpSocket>, u16)> {
        // Not the relayed address itself, which behind a NAT is none of this machine's.
        let every = match address {
            IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        };
        loop {
            let socket = std::net::UdpSocket::bind((every, 0))?;
            let port = socket.local_addr()?.port();
            if !even || port % 2 == 0 {
                socket.set_nonblocking(true)?;
                return Ok((Arc::new(UdpSocket::from_std(socket)?), port));
            }
        }
    }
}

impl Ports for OutsidePorts {
    fn open(&mut self, address: IpAddr, even: bool, _: &dyn Fn(SocketAddr) -> bool) -> Option<u16> {
        let (socket, port) = match self.listen(address, even) {
            Ok(opened) => opened,
            Err(error) => {
                warn!(%error, "an allocation gets no socket");
                return None;
            }
        };
        let relayed = SocketAddr::new(address, port);
        let stop = self.shutdown.child_token();
        let receiving = receive(self.relay.clone(), Arc::clone(&socket), relayed);
        tokio::spawn(stop.clone().run_until_cancelled_owned(receiving));
        let opened = Opened { socket, _receiving: stop.drop_guard() };
        self.outside.sockets().insert(relayed, opened);
        Some(port)
    }

    fn close(&mut self, relayed: SocketAddr) {
        self.outside.sockets().remove(&relayed);
    }
}

/// Brings what peers send to the allocation. Errors are ICMP's word that a peer is not there; it may come.
async fn receive(relay: Weak<Relay>, socket: Arc<UdpSocket>, relayed: SocketAddr) {
    let mut buffer = vec![0; OUTSIDE_DATAGRAM_BYTES];
    let mut out = Vec::new();
    loop {
        let Ok((length, peer)) = socket.recv_from(&mut buffer).await else { continue };
        let Some(relay) = relay.upgrade() else { return };
        relay.receive_from_peer(relayed, canonical(peer), &buffer[..length], &mut out);
    }
}
