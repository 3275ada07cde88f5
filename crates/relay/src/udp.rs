//! The UDP socket that clients talk to.

use std::{
    io::{self, IoSliceMut},
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use quinn_udp::{RecvMeta, Transmit, UdpSockRef, UdpSocketState};
use tokio::{io::Interest, net::UdpSocket, time::sleep};
use tracing::{debug, warn};

use crate::{
    address::canonical,
    limits::{UDP_BATCH, UDP_BUFFER_BYTES, UDP_SYSTEM_BUFFER_BYTES},
};

/// How long to rest when nothing can be received, though something seems to be there.
const BACKOFF: Duration = Duration::from_millis(100);

/// The socket. It knows which of this machine's addresses a datagram came to, and answers from there: a client takes
/// no answer from another.
#[derive(Debug)]
pub(crate) struct Udp {
    socket: UdpSocket,
    state: UdpSocketState,
    local: SocketAddr,
}

impl Udp {
    pub(crate) fn new(socket: std::net::UdpSocket) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        let socket = UdpSocket::from_std(socket)?;
        let local = socket.local_addr()?;
        let state = UdpSocketState::new(UdpSockRef::from(&socket))?;
        for set in [UdpSocketState::set_recv_buffer_size, UdpSocketState::set_send_buffer_size] {
            if let Err(error) = set(&state, UdpSockRef::from(&socket), UDP_SYSTEM_BUFFER_BYTES) {
                debug!(%error, "the system's UDP buffers stay as they are");
            }
        }
        Ok(Self { socket, state, local })
    }

    pub(crate) const fn port(&self) -> u16 {
        self.local.port()
    }

    /// Receives for ever. `each` is told our address, the client's, and the datagram.
    pub(crate) async fn receive(&self, mut each: impl FnMut(SocketAddr, SocketAddr, &[u8])) {
        let mut buffers = vec![0; UDP_BATCH * UDP_BUFFER_BYTES];
        let mut metas = [RecvMeta::default(); UDP_BATCH];
        loop {
            let mut slices: Vec<_> =
                buffers.chunks_exact_mut(UDP_BUFFER_BYTES).map(IoSliceMut::new).collect();
            let received = self.socket.async_io(Interest::READABLE, || {
                let count =
                    self.state.recv(UdpSockRef::from(&self.socket), &mut slices, &mut metas)?;
                for (buffer, meta) in slices.iter().zip(&metas[..count]) {
                    self.split(buffer, meta, &mut each);
                }
                // Fewer than were asked for are all that there were, where the system gives several at once. To ask again
                // would be a system call for nothing with almost every datagram; what comes from now on is told.
                let is_empty = cfg!(target_os = "linux") && count < UDP_BATCH;
                if is_empty { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(()) }
            });
            if let Err(error) = received.await {
                warn!(%error, "cannot receive datagrams");
                sleep(BACKOFF).await;
            }
        }
    }

    /// The system may put several datagrams of one client and one size into one buffer.
    fn split(
        &self,
        buffer: &[u8],
        meta: &RecvMeta,
        each: &mut impl FnMut(SocketAddr, SocketAddr, &[u8]),
    ) {
        let ip = meta.dst_ip.unwrap_or(self.local.ip());
        let local = canonical(SocketAddr::new(ip, self.local.port()));
        let remote = canonical(meta.addr);
        let Some(received) = buffer.get(..meta.len) else { return };
        for datagram in received.chunks(meta.stride.max(1)) {
            each(local, remote, datagram);
        }
    }

    /// Sends at once, or not at all.
    pub(crate) fn send(&self, from: IpAddr, to: SocketAddr, datagram: &[u8]) {
        let transmit = Transmit {
            destination: self.as_the_socket_has_it(to),
            ecn: None,
            contents: datagram,
            segment_size: None,
            src_ip: Some(from).filter(|from| !from.is_unspecified()),
        };
        let sent = self.socket.try_io(Interest::WRITABLE, || {
            self.state.try_send(UdpSockRef::from(&self.socket), &transmit)
        });
        if let Err(error) = sent {
            debug!(%error, "a datagram is dropped");
        }
    }

    /// A socket for both families takes IPv4 addresses as IPv6 ones.
    fn as_the_socket_has_it(&self, to: SocketAddr) -> SocketAddr {
        match (self.local, to) {
            (SocketAddr::V6(_), SocketAddr::V4(v4)) => {
                SocketAddr::from((v4.ip().to_ipv6_mapped(), v4.port()))
            }
            _ => to,
        }
    }
}
