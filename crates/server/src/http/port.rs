//! One port for everything: HTTP and WebSockets, STUN and TURN, each with TLS or without. The first bytes tell them
//! apart: a TLS handshake begins with 22, a STUN message with 0 to 3 (RFC 7983), and a request of HTTP with a letter.

use std::{io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use relay::Relay;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    sync::Semaphore,
    time::timeout,
};
use tokio_rustls::server;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use tracing::debug;

use super::accept::keep;
use crate::{
    config::Timing,
    edge::{Connection, Edge, Peer, TooMany},
    limits,
    tls::{Asked, Handshake, Tls},
};

/// A TLS connection, boxed: it is large, and hyper moves it about.
pub(super) type TlsStream = Box<server::TlsStream<Handshake<TcpStream>>>;

/// What a listener's connections are served with.
pub(crate) struct Port {
    site: Router,
    tls: Option<(Tls, Router)>,
    relay: Option<Arc<Relay>>,
    edge: Arc<Edge>,
    server: http1::Builder,
    timing: Timing,
    /// How many more connections than there may be are being told so.
    turned_away: Arc<Semaphore>,
}

/// After how many seconds it may be tried again where nobody knows when there will be room.
pub(super) const RETRY_SECONDS: u64 = 10;

/// What a connection begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Opening {
    Tls,
    Stun,
    Http,
}

impl Opening {
    const fn of(first: u8) -> Self {
        match first {
            22 => Self::Tls,
            0..=3 => Self::Stun,
            _ => Self::Http,
        }
    }
}

impl Port {
    /// Serves `site` and the `relay`, if there is one. With TLS, whoever speaks plain HTTP gets `redirect` instead.
    pub(crate) fn new(
        site: Router,
        tls: Option<(Tls, Router)>,
        relay: Option<Arc<Relay>>,
        edge: Arc<Edge>,
        timing: Timing,
    ) -> Self {
        Self {
            site,
            tls,
            relay,
            edge,
            server: http_server(timing),
            timing,
            turned_away: Arc::new(Semaphore::new(limits::MAX_TURNED_AWAY)),
        }
    }

    /// A connection begins.
    pub(super) fn connect(&self, client: SocketAddr) -> Result<Option<Arc<Connection>>, TooMany> {
        self.edge.connect(client.ip())
    }

    /// Serves one connection.
    pub(super) async fn serve(
        &self,
        stream: TcpStream,
        client: SocketAddr,
        connection: Option<Arc<Connection>>,
        shutdown: CancellationToken,
    ) {
        let mut peer = Peer { ip: client.ip(), tls: false, connection };
        // Where there is nothing but HTTP, nobody need wait for the first byte.
        let opening = if self.tls.is_none() && self.relay.is_none() {
            Opening::Http
        } else {
            let first = tokio::select! {
                () = shutdown.cancelled() => return,
                first = within(self.timing.header, first_byte(&stream)) => first,
            };
            match first {
                Ok(first) => Opening::of(first),
                Err(error) => return debug!(%error, "a connection said nothing"),
            }
        };
        match (opening, &self.tls, &self.relay) {
            (Opening::Tls, Some((tls, _)), _) => {
                // Boxed, so that the room which only this needs is not set aside for a plain connection.
                Box::pin({
                    peer.tls = true;
                    self.serve_tls(tls, stream, client, peer, shutdown)
                })
                .await;
            }
            (Opening::Stun, _, Some(relay)) => {
                peer.is_of_the_relay();
                Box::pin(serve_stun(relay, stream, client, shutdown)).await;
            }
            (_, Some((_, redirect)), _) => self.serve_http(stream, redirect, peer, shutdown).await,
            (_, None, _) => self.serve_http(stream, &self.site, peer, shutdown).await,
        }
    }

    async fn serve_tls(
        &self,
        tls: &Tls,
        stream: TcpStream,
        client: SocketAddr,
        peer: Peer,
        shutdown: CancellationToken,
    ) {
        let handshake = tokio::select! {
            () = shutdown.cancelled() => return,
            shaken = within(self.timing.handshake, tls.accept(stream)) => shaken,
        };
        let mut stream: TlsStream = match handshake {
            Ok(stream) => Box::new(stream),
            Err(error) => return debug!(%error, "a TLS handshake came to nothing"),
        };
        let opening = match (Asked::of(stream.get_ref().1), &self.relay) {
            (Asked::Acme, _) => return,
            (Asked::Stun, _) => Opening::Stun,
            (Asked::Anything, None) => Opening::Http,
            (Asked::Anything, Some(_)) => {
                let first = tokio::select! {
                    () = shutdown.cancelled() => return,
                    first = within(self.timing.header, first_byte_within(&mut stream)) => first,
                };
                match first {
                    Ok(first) => Opening::of(first),
                    Err(error) => return debug!(%error, "a TLS connection said nothing"),
                }
            }
        };
        match (opening, &self.relay) {
            (Opening::Stun, Some(relay)) => {
                peer.is_of_the_relay();
                let local = carries_media(stream.get_ref().0.get_ref());
                serve_relay(relay, stream, local, client, shutdown).await;
            }
            (Opening::Stun, None) => {}
            _ => self.serve_http(stream, &self.site, peer, shutdown).await,
        }
    }

    /// Tells a client of plain HTTP that there are too many. Others see their connection end, as does whoever comes when enough are
    /// being told.
    pub(super) fn turn_away(
        self: Arc<Self>,
        mut stream: TcpStream,
        why: TooMany,
    ) -> Option<impl Future<Output = ()> + Send> {
        debug!(?why, "a connection is turned away");
        let room = Arc::clone(&self.turned_away).try_acquire_owned().ok()?;
        let told = async move {
            stream.write_all(turned_away(why).as_bytes()).await?;
            stream.shutdown().await?;
            // What is dropped with something unread in it is reset, and the client may never see the answer.
            let mut rest = [0; 1024];
            while stream.read(&mut rest).await? > 0 {}
            drop(room);
            io::Result::Ok(())
        };
        self.tls.is_none().then_some(async {
            let _ = timeout(limits::TURN_AWAY_DEADLINE, told).await;
        })
    }

    async fn serve_http<S>(
        &self,
        stream: S,
        router: &Router,
        peer: Peer,
        shutdown: CancellationToken,
    ) where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let service = TowerToHyperService::new(router.clone().map_request(
            move |mut request: hyper::Request<hyper::body::Incoming>| {
                request.extensions_mut().insert(peer.clone());
                request
            },
        ));
        let connection =
            self.server.serve_connection(TokioIo::new(stream), service).with_upgrades();
        let mut connection = pin!(connection);
        let served = timeout(self.timing.http, async {
            tokio::select! {
                served = connection.as_mut() => served,
                () = shutdown.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            }
        })
        .await;
        match served {
            Ok(Ok(())) => {}
            Ok(Err(error)) => debug!(%error, "an HTTP connection broke"),
            Err(_) => debug!("an HTTP connection was open for too long"),
        }
    }
}

/// The response to a client of plain HTTP for which there is no room.
fn turned_away(why: TooMany) -> String {
    let (status, seconds, say) = match why {
        TooMany::All => ("503 Service Unavailable", RETRY_SECONDS, "Too many connections"),
        TooMany::Address => {
            ("429 Too Many Requests", RETRY_SECONDS, "Too many connections from your network")
        }
        TooMany::Often(not_now) => {
            ("429 Too Many Requests", not_now.seconds(), "Your network connects too often")
        }
    };
    let say = format!("{say}: try again in {seconds} s.\n");
    let length = say.len();
    format!(
        "HTTP/1.1 {status}\r\nRetry-After: {seconds}\r\nContent-Type: text/plain; charset=utf-8\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{say}"
    )
}

async fn serve_stun(
    relay: &Arc<Relay>,
    stream: TcpStream,
    client: SocketAddr,
    shutdown: CancellationToken,
) {
    let local = carries_media(&stream);
    serve_relay(relay, stream, local, client, shutdown).await;
}

/// Has the system keep more of a stream of the relay. Gives the address that it came to.
fn carries_media(stream: &TcpStream) -> io::Result<SocketAddr> {
    keep(stream, limits::RELAY_BUFFER_BYTES, limits::RELAY_BUFFER_BYTES)?;
    stream.local_addr()
}

async fn serve_relay<S: AsyncRead + AsyncWrite>(
    relay: &Arc<Relay>,
    stream: S,
    local: io::Result<SocketAddr>,
    client: SocketAddr,
    shutdown: CancellationToken,
) {
    if let Ok(local) = local {
        let served = Arc::clone(relay).serve(stream, local, client);
        shutdown.run_until_cancelled(served).await;
    }
}

fn http_server(timing: Timing) -> http1::Builder {
    let mut server = http1::Builder::new();
    server
        .timer(TokioTimer::new())
        .header_read_timeout(timing.header)
        .max_buf_size(limits::MAX_HTTP_HEAD_BYTES);
    server
}

/// The first byte of a connection, which stays where it is.
async fn first_byte(stream: &TcpStream) -> io::Result<u8> {
    let mut first = [0];
    match stream.peek(&mut first).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(first[0]),
    }
}

/// The same within TLS.
async fn first_byte_within(stream: &mut TlsStream) -> io::Result<u8> {
    stream.fill_buf().await?.first().copied().ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

async fn within<T>(
    limit: Option<Duration>,
    what: impl Future<Output = io::Result<T>>,
) -> io::Result<T> {
    match limit {
        Some(limit) => timeout(limit, what).await.unwrap_or(Err(io::ErrorKind::TimedOut.into())),
        None => what.await,
    }
}

#[cfg(test)]
mod tests {
    use super::Opening;

    #[test]
    fn the_first_byte_tells_what_follows() {
        for (bytes, opening) in [
            (&b"\x16\x03\x01"[..], Opening::Tls),
            (b"\x00\x01", Opening::Stun),
            (b"\x00\x03", Opening::Stun),
            (b"\x01\x01", Opening::Stun),
            (b"GET /", Opening::Http),
            (b"OPTIONS /", Opening::Http),
            (b"\r\nGET /", Opening::Http),
            (b"\x05\x01", Opening::Http),
            (b"\x80", Opening::Http),
        ] {
            assert_eq!(Opening::of(bytes[0]), opening, "{bytes:?}");
        }
    }
}
