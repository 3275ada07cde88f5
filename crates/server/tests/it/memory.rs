//! Connections over streams in memory, without a server around them. On a runtime of one thread, what a test sends is
//! all there before a connection runs; and with its clock paused, time passes only while everybody waits for it.

use std::sync::Arc;

use protocol::UserName;
use server::{
    Config,
    config::Turn,
    connection::{ReadOnDemand, Shared, serve, websocket_config},
    directory::LocalDirectory,
    edge::{AddressLimits, Limits},
    ice::{Ice, Source},
    roster::Roster,
    session::{Body, CallKey, Envelope},
};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, duplex};
use tokio_tungstenite::{WebSocketStream, tungstenite::protocol::Role};
use tokio_util::sync::CancellationToken;

use crate::common::Client;

/// What a stream holds in each direction, in bytes: enough that whoever writes never waits.
const STREAM_BYTES: usize = 1 << 20;

/// What connections share.
pub(crate) struct Relay {
    pub(crate) directory: LocalDirectory,
    /// Cancelled, it closes all connections.
    pub(crate) stop: CancellationToken,
    shared: Arc<Shared<LocalDirectory>>,
}

impl Relay {
    pub(crate) fn start() -> Self {
        Self::with(|_| {})
    }

    /// One that holds its clients to the limits.
    pub(crate) fn limited() -> Self {
        let limits = Some(Arc::new(Limits::new(AddressLimits::default())));
        let Self { directory, stop, shared } = Self::start();
        let shared = Arc::into_inner(shared).expect("nobody has it yet").limited(limits);
        Self { directory, stop, shared: Arc::new(shared) }
    }

    pub(crate) fn with(configure: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config { turn: Turn::Off, ..Config::default() };
        configure(&mut config);
        let (directory, stop) = (LocalDirectory::default(), CancellationToken::new());
        let ice = match &config.turn {
            Turn::Fleet { urls, secret } => {
                Source::Elsewhere { urls: urls.clone(), secret: secret.clone() }
            }
            Turn::Off | Turn::Embedded(_) => Source::Nowhere,
        };
        let ice = Arc::new(Ice::new(config.stun_urls.clone(), ice));
        let roster = Roster::default();
        let shared = Arc::new(Shared::new(directory.clone(), roster, ice, &config, stop.clone()));
        Self { directory, stop, shared }
    }

    /// The task of a connection that has `far` as its socket.
    pub(crate) async fn connection<S>(&self, far: S) -> impl Future<Output = ()> + Send + use<S>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        let config = Some(websocket_config());
        let far = ReadOnDemand::new(far);
        let socket = WebSocketStream::from_raw_socket(far, Role::Server, config).await;
        serve(socket, Box::default(), Arc::clone(&self.shared))
    }

    /// The client's end of the stream of a new connection.
    pub(crate) async fn stream(&self) -> DuplexStream {
        let (near, far) = duplex(STREAM_BYTES);
        tokio::spawn(self.connection(far).await);
        near
    }

    pub(crate) async fn client(&self) -> Client<DuplexStream> {
        client_over(self.stream().await).await
    }

    /// A client that is logged in.
    pub(crate) async fn user(&self, name: &str) -> Client<DuplexStream> {
        let mut client = self.client().await;
        client.log_in(name).await;
        client
    }
}

/// A client at the near end of a connection's stream.
pub(crate) async fn client_over(near: DuplexStream) -> Client<DuplexStream> {
    Client { socket: WebSocketStream::from_raw_socket(near, Role::Client, None).await }
}

/// What alice's session says.
pub(crate) fn from_alice(body: Body) -> Envelope {
    Envelope {
        from: UserName::parse("alice").unwrap(),
        guest: false,
        call: CallKey::Numbered(1),
        body,
    }
}
