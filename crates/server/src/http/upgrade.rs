//! The upgrade from HTTP to WebSocket (RFC 6455 section 4.2), and who may ask for it.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use hyper::{
    HeaderMap, Method, StatusCode, Version,
    header::{
        CONNECTION, HeaderName, HeaderValue, RETRY_AFTER, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION,
        UPGRADE,
    },
    upgrade::{OnUpgrade, Parts, Upgraded},
};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, error::ProtocolError, handshake::server::create_response_with_body, protocol::Role,
    },
};
use tracing::{debug, warn};

use super::{
    Site,
    port::{RETRY_SECONDS, TlsStream},
};
use crate::{
    connection::{self, ReadOnDemand, Shared, websocket_config},
    directory::Directory,
    edge::{Peer, Remote, TooMany, Visitor},
};

/// Answers a request for a WebSocket, and starts driving it.
pub(super) async fn upgrade<D: Directory>(
    State(site): State<Arc<Site<D>>>,
    mut request: Request,
) -> Result<Response, Refused> {
    read_lists(request.headers_mut());
    if is_stripped(&request) {
        site.warn_of_web_server();
        return Err(Refused::Stripped);
    }
    if !site.may_connect(request.headers(), site.remote(&request).as_ref()) {
        return Err(Refused::Origin);
    }
    // Browsers do not tell a page why a WebSocket did not open. It asks once more like this, with its origin.
    if request.method() == Method::POST && !super::asks_for_websocket(request.headers()) {
        return Err(site.visitor(&request).err().unwrap_or(Refused::NotAsked));
    }
    let switching = create_response_with_body(&request, Body::empty).map_err(Refused::from)?;
    let visitor = site.visitor(&request)?;
    let connection = visitor.connection.clone();
    let upgraded = hyper::upgrade::on(&mut request);
    let task = site.tasks.spawn(serve(upgraded, visitor, Arc::clone(&site.connections)));
    if let Some(connection) = connection {
        connection.is_served_by(task.abort_handle());
    }
    Ok(switching)
}

/// Whether a header that is a list, perhaps over several lines (RFC 9110 section 5.3), has this item.
pub(super) fn lists(headers: &HeaderMap, name: &HeaderName, item: &str) -> bool {
    let lines = headers.get_all(name).iter().filter_map(|line| line.to_str().ok());
    let mut items = lines.flat_map(|line| line.split(','));
    items.any(|listed| listed.trim().eq_ignore_ascii_case(item))
}

/// Leaves of both lists what the library looks for, which reads them as one word.
fn read_lists(headers: &mut HeaderMap) {
    for (name, wanted) in [(CONNECTION, "upgrade"), (UPGRADE, "websocket")] {
        if lists(headers, &name, wanted) {
            headers.insert(name, HeaderValue::from_static(wanted));
        }
    }
}

/// Whether a browser has asked for a WebSocket, and a web server on the way has taken that out of the request.
fn is_stripped(request: &Request) -> bool {
    let is_whole = request.version() >= Version::HTTP_11
        && request.headers().contains_key(UPGRADE)
        && request.headers().contains_key(CONNECTION);
    request.headers().contains_key(SEC_WEBSOCKET_KEY) && !is_whole
}

impl<D: Directory> Site<D> {
    fn warn_of_web_server(&self) {
        if self.stripped.is_due() {
            warn!(
                "a web server before this one does not pass WebSockets on, so that nobody can sign in: it has to speak HTTP/1.1 \
                 and keep Upgrade and Connection (nginx: proxy_http_version 1.1; README.md has the lines)"
            );
        }
    }

    /// Whose request it is, if that can be said.
    pub(super) fn remote(&self, request: &Request) -> Option<Remote> {
        let peer = request.extensions().get::<Peer>()?;
        Some(self.edge.proxies.remote(peer.ip, peer.tls, request.headers()))
    }

    /// The client that asks. Behind a proxy, this counts the connection for the client's network.
    fn visitor(&self, request: &Request) -> Result<Box<Visitor>, Refused> {
        let reached = self.door.reached(request.headers());
        let Some(peer) = request.extensions().get::<Peer>() else {
            return Ok(Box::new(Visitor { reached, ..Visitor::default() }));
        };
        let remote = self.edge.remote(peer, request.headers());
        let connection = peer.connection.clone();
        if let Some((limits, connection)) = self.edge.limits.as_ref().zip(connection.as_ref()) {
            limits.socket(connection, &remote).map_err(Refused::TooMany)?;
        }
        Ok(Box::new(Visitor { reached, remote: Some(remote), connection, ..Visitor::default() }))
    }
}

/// Drives the WebSocket once hyper has let go of the connection.
async fn serve<D: Directory>(upgraded: OnUpgrade, visitor: Box<Visitor>, shared: Arc<Shared<D>>) {
    let upgraded = match upgraded.await {
        Ok(upgraded) => upgraded,
        Err(error) => return debug!(%error, "an upgrade came to nothing"),
    };
    // Taking the stream back out frees hyper's buffers, which would cost an idle user several KiB.
    let upgraded = match upgraded.downcast::<TokioIo<TcpStream>>() {
        Ok(parts) => return serve_alone(parts, visitor, shared).await,
        Err(upgraded) => upgraded,
    };
    // Boxed, so that the room which only these need is not set aside for a plain connection.
    match upgraded.downcast::<TokioIo<TlsStream>>() {
        Ok(parts) => Box::pin(serve_alone(parts, visitor, shared)).await,
        Err(upgraded) => Box::pin(serve_within_hyper(upgraded, visitor, shared)).await,
    }
}

/// Drives the WebSocket without hyper.
async fn serve_alone<S, D>(parts: Parts<TokioIo<S>>, visitor: Box<Visitor>, shared: Arc<Shared<D>>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
    D: Directory,
{
    let stream = ReadOnDemand::new(parts.io.into_inner());
    let early = parts.read_buf.to_vec();
    drop(parts.read_buf);
    let config = Some(websocket_config());
    let socket = WebSocketStream::from_partially_read(stream, early, Role::Server, config).await;
    connection::serve(socket, visitor, shared).await;
}

async fn serve_within_hyper<D: Directory>(
    upgraded: Upgraded,
    visitor: Box<Visitor>,
    shared: Arc<Shared<D>>,
) {
    let stream = ReadOnDemand::new(TokioIo::new(upgraded));
    let config = Some(websocket_config());
    let socket = WebSocketStream::from_raw_socket(stream, Role::Server, config).await;
    connection::serve(socket, visitor, shared).await;
}

/// Why there is no WebSocket.
#[derive(Clone, Copy, Debug)]
pub(super) enum Refused {
    /// 403: the page that asks is none that may.
    Origin,
    /// 426: the request does not ask for a WebSocket, or for one of another version.
    NotAsked,
    /// 429 or 503: there are too many connections, of this network or in all.
    TooMany(TooMany),
    /// 426: it did when the browser sent it.
    Stripped,
    /// 400: it does, but not as RFC 6455 has it.
    Malformed,
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        match error {
            Error::Protocol(
                ProtocolError::MissingConnectionUpgradeHeader
                | ProtocolError::MissingUpgradeWebSocketHeader
                | ProtocolError::MissingSecWebSocketVersionHeader,
            ) => Self::NotAsked,
            _ => Self::Malformed,
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::Origin => (
                StatusCode::FORBIDDEN,
                "Pages of this origin may not connect here. The server's operator can let them in with --allow-origin.\n",
            )
                .into_response(),
            Self::NotAsked => (
                StatusCode::UPGRADE_REQUIRED,
                [(UPGRADE, "websocket"), (SEC_WEBSOCKET_VERSION, "13")],
                "Here is a WebSocket, version 13: connect to it with a WebSocket client.\n",
            )
                .into_response(),
            Self::Stripped => (
                StatusCode::UPGRADE_REQUIRED,
                [(UPGRADE, "websocket"), (SEC_WEBSOCKET_VERSION, "13")],
                "A web server on the way does not pass WebSockets on: it has to speak HTTP/1.1 and keep Upgrade and Connection.\n",
            )
                .into_response(),
            Self::TooMany(why) => {
                let (status, seconds) = match why {
                    TooMany::Address => (StatusCode::TOO_MANY_REQUESTS, RETRY_SECONDS),
                    TooMany::Often(not_now) => (StatusCode::TOO_MANY_REQUESTS, not_now.seconds()),
                    TooMany::All => (StatusCode::SERVICE_UNAVAILABLE, RETRY_SECONDS),
                };
                let say = format!("Too many connections: try again in {seconds} s.\n");
                (status, [(RETRY_AFTER, seconds.to_string())], say).into_response()
            }
            Self::Malformed => (
                StatusCode::BAD_REQUEST,
                "This is not a WebSocket handshake as RFC 6455 has it.\n",
            )
                .into_response(),
        }
    }
}
