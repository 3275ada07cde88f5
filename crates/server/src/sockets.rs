//! The sockets that a server listens on.

use std::{io, net::SocketAddr};

use tokio::net::{TcpListener, ToSocketAddrs};

/// A TCP listener, and a UDP socket at the same address and port.
#[derive(Debug)]
pub struct Sockets {
    /// HTTP, WebSockets, and STUN and TURN over TCP; with TLS or without.
    pub(crate) tcp: TcpListener,
    /// STUN and TURN over UDP.
    pub(crate) udp: Option<std::net::UdpSocket>,
    /// Answers plain HTTP with the address of the listener, which speaks TLS.
    pub(crate) redirect: Option<TcpListener>,
}

/// Without UDP.
impl From<TcpListener> for Sockets {
    fn from(tcp: TcpListener) -> Self {
        Self { tcp, udp: None, redirect: None }
    }
}

impl Sockets {
    /// Listens for TCP and UDP on one port.
    ///
    /// # Errors
    /// One of them cannot be had.
    pub async fn bind(address: impl ToSocketAddrs) -> io::Result<Self> {
        let mut taken = None;
        loop {
            let tcp = TcpListener::bind(&address).await?;
            let local = tcp.local_addr()?;
            match std::net::UdpSocket::bind(local) {
                Ok(udp) => return Ok(Self { tcp, udp: Some(udp), redirect: None }),
                // If any port will do, there is another one than that which only TCP could get.
                Err(error) if error.kind() == io::ErrorKind::AddrInUse && taken != Some(local) => {
                    taken = Some(local);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Answers plain HTTP at this listener with where the server is.
    #[must_use]
    pub fn redirecting_from(self, redirect: TcpListener) -> Self {
        Self { redirect: Some(redirect), ..self }
    }

    /// Where they listen.
    ///
    /// # Errors
    /// The system does not say.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}
