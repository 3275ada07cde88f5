//! The server itself: reached, and signed in to.

use std::{
    error::Error,
    fmt,
    hash::{BuildHasher, Hasher, RandomState},
    io,
    net::SocketAddr,
    sync::PoisonError,
    time::{Duration, Instant},
};

use futures_util::{SinkExt, StreamExt};
use protocol::{ClientMessage, ErrorCode, IceServer, Login, LoginReply, ServerMessage};
use tokio::time::timeout;
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        self, Message,
        http::{HeaderMap, StatusCode, header::LOCATION},
        protocol::WebSocketConfig,
    },
};

use crate::{
    ARRIVAL, DEPARTURE, PATIENCE, Target, Trouble,
    certificate::connector,
    wire::{self, Stream},
    words::Plain,
};

/// How often another name is tried when somebody has it.
const NAMES: u32 = 3;

/// The largest message that the server may send, in bytes: the answer to a login with a few dozen relays has a tenth.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// How long each part of reaching the server took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    /// The connection.
    pub tcp: Duration,
    /// TLS, if it speaks that.
    pub tls: Option<Duration>,
    /// The WebSocket and the login.
    pub login: Duration,
}

/// Why a server cannot be examined.
#[derive(Debug)]
pub enum Unreached {
    /// Its name leads nowhere.
    Unknown(String),
    /// No connection comes about.
    NoConnection(SocketAddr, Trouble),
    /// It does not speak TLS, or not ours.
    NoTls(String),
    /// It has no WebSocket there.
    NoWebSocket(String),
    /// It sends whoever asks to another address.
    Elsewhere(String),
    /// Something answers that does not know that a WebSocket was asked for.
    NotPassedOn,
    /// It does not answer as a server of Pronto's does.
    NotPronto,
    /// It lets nobody in.
    Refused(String),
    /// It takes only those who sign in with a provider.
    NoGuests,
    /// It took too long, all in all.
    TooSlow,
}

impl Error for Unreached {}

/// A socket to the server on which somebody is logged in: for as long as it is open, the credentials are good.
pub(crate) struct Visit {
    pub(crate) address: SocketAddr,
    pub(crate) timings: Timings,
    pub(crate) certificate: Option<String>,
    pub(crate) ice_servers: Vec<IceServer>,
    socket: WebSocketStream<Box<dyn Stream>>,
}

impl Visit {
    pub(crate) async fn begin(target: &Target) -> Result<Self, Unreached> {
        let mut timings = Timings::default();
        let addresses = wire::addresses(&target.host, target.port, None).await;
        let addresses = addresses.map_err(|error| Unreached::Unknown(error.to_string()))?;
        let (address, stream, took) = connect(&addresses).await?;
        timings.tcp = took;
        let mut certificate = None;
        let stream: Box<dyn Stream> = if target.secure {
            let (connector, complaint) = connector();
            let begin = Instant::now();
            let secured = timeout(PATIENCE, wire::secured(&connector, &target.host, stream)).await;
            let secured = secured.map_err(|_| Unreached::NoTls("it does not answer".to_owned()))?;
            let secured = secured.map_err(|error| Unreached::NoTls(error.to_string()))?;
            timings.tls = Some(begin.elapsed());
            certificate = complaint.lock().unwrap_or_else(PoisonError::into_inner).take();
            secured
        } else {
            Box::new(stream)
        };
        let begin = Instant::now();
        let signed_in = timeout(PATIENCE, sign_in(target, stream)).await;
        let (socket, ice_servers) = signed_in.map_err(|_| Unreached::NotPronto)??;
        timings.login = begin.elapsed();
        Ok(Self { address, timings, certificate, ice_servers, socket })
    }

    /// Signs out, so that the name is free at once.
    pub(crate) async fn end(mut self) {
        // It is free soon anyway.
        let _ = timeout(DEPARTURE, self.socket.close(None)).await;
    }
}

/// The first address that answers, one after the other.
async fn connect(
    addresses: &[SocketAddr],
) -> Result<(SocketAddr, tokio::net::TcpStream, Duration), Unreached> {
    let mut failed = None;
    for &address in addresses {
        let begin = Instant::now();
        let trouble = match timeout(PATIENCE, wire::stream(address)).await {
            Ok(Ok(stream)) => return Ok((address, stream, begin.elapsed())),
            Ok(Err(error)) => Trouble::of(&error),
            Err(_) => Trouble::NoAnswer,
        };
        failed.get_or_insert(Unreached::NoConnection(address, trouble));
    }
    Err(failed.unwrap_or(Unreached::Unknown("it has no address".to_owned())))
}

async fn sign_in(
    target: &Target,
    stream: Box<dyn Stream>,
) -> Result<(WebSocketStream<Box<dyn Stream>>, Vec<IceServer>), Unreached> {
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_ANSWER_BYTES))
        .max_frame_size(Some(MAX_ANSWER_BYTES));
    let (mut socket, _) = client_async_with_config(target.socket(), stream, Some(config))
        .await
        .map_err(|error| match error {
            tungstenite::Error::Http(answer) => no_socket(answer.status(), answer.headers()),
            error => Unreached::NoWebSocket(error.to_string()),
        })?;
    for _ in 0..NAMES {
        let login = Login { name: name(), ..Login::default() };
        let login = ClientMessage::Login(Box::new(login));
        let sent = socket.send(Message::text(login.encode())).await;
        sent.map_err(|_| Unreached::NotPronto)?;
        match reply(&mut socket).await? {
            LoginReply::Welcome(welcome) => return Ok((socket, welcome.ice_servers)),
            LoginReply::Refused { code: Some(ErrorCode::NameTaken), .. } => {}
            LoginReply::Refused { code: Some(ErrorCode::SignInRequired), .. } => {
                return Err(Unreached::NoGuests);
            }
            LoginReply::Refused { message, .. } => {
                // What follows ends the sentence.
                let why = message.unwrap_or_default();
                return Err(Unreached::Refused(why.trim_end_matches('.').to_owned()));
            }
        }
    }
    Err(Unreached::Refused("every name is taken".to_owned()))
}

/// What an answer says that is no WebSocket.
fn no_socket(status: StatusCode, headers: &HeaderMap) -> Unreached {
    let location = headers.get(LOCATION).and_then(|location| location.to_str().ok());
    match (status, location) {
        (status, Some(location)) if status.is_redirection() => {
            Unreached::Elsewhere(location.to_owned())
        }
        (StatusCode::BAD_REQUEST | StatusCode::UPGRADE_REQUIRED, _) => Unreached::NotPassedOn,
        (status, _) => Unreached::NoWebSocket(format!("it answers {status}")),
    }
}

/// The answer to a login; what else may come before it is passed over.
async fn reply(socket: &mut WebSocketStream<Box<dyn Stream>>) -> Result<LoginReply, Unreached> {
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else { continue };
        if let Ok(ServerMessage::Login(reply)) = ServerMessage::decode(&text) {
            return Ok(reply);
        }
    }
    Err(Unreached::NotPronto)
}

/// A name that nobody has: random enough, and if not, another one is tried.
fn name() -> String {
    format!("doctor-{:016x}", RandomState::new().build_hasher().finish())
}

impl fmt::Display for Unreached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(why) => write!(f, "its name leads nowhere ({})", Plain(why)),
            Self::NoConnection(address, trouble) => {
                write!(f, "no connection to {address}: {trouble}")
            }
            Self::NoTls(why) => write!(
                f,
                "it answers, but not with TLS ({}): perhaps it is http:// rather than https://",
                Plain(why)
            ),
            Self::NoWebSocket(why) => write!(f, "it has no WebSocket there ({})", Plain(why)),
            Self::Elsewhere(location) => {
                write!(f, "it sends whoever asks to another address, try that one: {}", Plain(location))
            }
            Self::NotPassedOn => f.write_str(
                "it answers as if nobody had asked for a WebSocket. A web server before it does not pass WebSockets on: \
                 README.md says how to set it up (nginx: proxy_http_version 1.1)",
            ),
            Self::TooSlow => {
                write!(f, "it does not let anybody in within {} s", ARRIVAL.as_secs())
            }
            Self::NotPronto => f.write_str("it does not answer as a server of Pronto's does"),
            Self::NoGuests => {
                f.write_str("it takes no guests, and this could only come as one (--guests refuse)")
            }
            Self::Refused(why) => write!(f, "it lets nobody in: {}", Plain(why)),
        }
    }
}

impl Trouble {
    pub(crate) fn of(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused,
            io::ErrorKind::TimedOut => Self::NoAnswer,
            _ => Self::Broken(error.to_string()),
        }
    }
}
