//! Sockets: datagrams and streams, with and without TLS.

use std::{
    fmt, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpStream, UdpSocket, lookup_host},
    time::timeout,
};
use tokio_rustls::{TlsConnector, rustls::pki_types::ServerName};

use crate::PATIENCE;

/// How many addresses of one name are tried.
const ADDRESSES: usize = 4;

/// How a server is talked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Transport {
    /// Datagrams.
    Udp,
    /// A stream.
    Tcp,
    /// A stream within TLS.
    Tls,
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
        })
    }
}

/// A stream, with or without TLS.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A socket to a server.
pub(crate) enum Wire {
    Datagrams(UdpSocket),
    Stream(Box<dyn Stream>),
}

/// As much as a datagram can hold, and more than a stream gives at once.
pub(crate) const BUFFER: usize = 65_536;

impl Wire {
    /// # Errors
    /// The socket does.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Datagrams(socket) => socket.send(bytes).await.map(drop),
            Self::Stream(stream) => {
                stream.write_all(bytes).await?;
                stream.flush().await
            }
        }
    }

    /// # Errors
    /// The socket does, or it has ended.
    pub(crate) async fn recv(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Datagrams(socket) => socket.recv(buffer).await,
            Self::Stream(stream) => match stream.read(buffer).await? {
                0 => Err(io::ErrorKind::UnexpectedEof.into()),
                length => Ok(length),
            },
        }
    }
}

/// A UDP socket that talks to one address only.
///
/// # Errors
/// There is no route to it.
pub(crate) async fn datagrams(to: SocketAddr) -> io::Result<UdpSocket> {
    let any: IpAddr = match to {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(to).await?;
    Ok(socket)
}

/// A TCP connection.
///
/// # Errors
/// It does not come about.
pub(crate) async fn stream(to: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(to).await?;
    // What is measured is the way, not how long the system waits for more to send.
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// TLS on a connection.
///
/// # Errors
/// The name is none, or the handshake fails.
pub(crate) async fn secured(
    connector: &TlsConnector,
    host: &str,
    stream: TcpStream,
) -> io::Result<Box<dyn Stream>> {
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    Ok(Box::new(connector.connect(name, stream).await?))
}

/// The addresses of a host, beginning with the family of `like`: the way by which the server was reached.
///
/// # Errors
/// It has none.
pub(crate) async fn addresses(
    host: &str,
    port: u16,
    like: Option<SocketAddr>,
) -> io::Result<Vec<SocketAddr>> {
    let mut addresses: Vec<_> = in_time(lookup_host((host, port))).await?.collect();
    if let Some(like) = like {
        addresses.sort_by_key(|address| {
            (address.ip() != like.ip(), address.is_ipv4() != like.is_ipv4())
        });
    }
    addresses.truncate(ADDRESSES);
    if addresses.is_empty() { Err(io::ErrorKind::NotFound.into()) } else { Ok(addresses) }
}

/// The system waits for a name server for as long as it likes.
async fn in_time<T>(look_up: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(PATIENCE, look_up).await.unwrap_or(Err(io::ErrorKind::TimedOut.into()))
}

#[cfg(test)]
mod tests {
    use std::{future::pending, io};

    use super::{PATIENCE, in_time};

    #[tokio::test(start_paused = true)]
    async fn a_name_server_that_stays_silent_is_given_up() {
        let start = tokio::time::Instant::now();
        let found = in_time(pending::<io::Result<()>>()).await;
        assert_eq!(found.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(start.elapsed(), PATIENCE);
    }
}
