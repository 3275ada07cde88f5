//! A way by a relay, tried as a browser would.

use std::{fmt, net::SocketAddr, time::Instant};

use protocol::IceServer;
use tokio::time::timeout;

use crate::{
    PATIENCE, Path, Target, Transport,
    certificate::connector,
    ice_url::IceUrl,
    turn::{self, Carried, Key},
    wire::{self, Wire},
};

/// Why a way does not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The relay's name leads nowhere.
    Unknown,
    /// Nothing comes back.
    NoAnswer,
    /// Nobody listens there, or somebody on the way says so.
    Refused,
    /// The connection breaks; what the system says of it.
    Broken(String),
    /// The relay answers, and does not relay for us; its error code (RFC 8656 section 19), if it gave one.
    Denied(Option<u16>),
    /// The relay allocates, and then carries nothing.
    Mute,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("its name leads nowhere"),
            Self::NoAnswer => write!(f, "nothing comes back within {} s", PATIENCE.as_secs()),
            Self::Refused => f.write_str("the connection is refused"),
            Self::Broken(why) => write!(f, "the connection breaks ({why})"),
            Self::Denied(None) => f.write_str("the relay refuses"),
            Self::Denied(Some(code)) => match meaning(*code) {
                Some(meaning) => write!(f, "the relay refuses: {meaning} (error {code})"),
                None => write!(f, "the relay refuses (error {code})"),
            },
            Self::Mute => f.write_str("the relay answers, but carries nothing"),
        }
    }
}

/// Why a relay refuses (RFC 8489 section 14.8, RFC 8656 section 19), as far as that says more than the code.
const fn meaning(code: u16) -> Option<&'static str> {
    match code {
        401 | 431 | 432 | 434 | 436 | 438 | 441 => {
            Some("it does not accept the credentials that the server gives out")
        }
        403 => Some("it forbids what was asked"),
        486 => Some("this user or this address has too many allocations"),
        508 => Some("it is full"),
        _ => None,
    }
}

/// Tries every relay, each by itself.
pub(crate) fn all<'a>(
    servers: &'a [IceServer],
    target: &'a Target,
    server: SocketAddr,
) -> impl Iterator<Item = impl Future<Output = Path> + 'a> + 'a {
    let relays = servers.iter().flat_map(|ice| ice.urls.iter().map(move |url| (ice, url)));
    relays.filter_map(move |(ice, url)| {
        let parsed = IceUrl::parse(url).filter(|url| url.relays)?;
        // A page cannot use one without both.
        let key = Key { user: ice.username.as_deref()?, password: ice.credential.as_deref()? };
        Some(async move {
            let is_own = parsed.host == target.host;
            let outcome = timeout(PATIENCE, try_one(&parsed, key, is_own.then_some(server)));
            Path {
                transport: parsed.transport,
                url: url.clone(),
                outcome: outcome.await.unwrap_or(Err(Trouble::NoAnswer)),
            }
        })
    })
}

/// `server` is the address by which the server was reached, if this relay is on the same host.
async fn try_one(
    url: &IceUrl,
    key: Key<'_>,
    server: Option<SocketAddr>,
) -> Result<Carried, Trouble> {
    let addresses = wire::addresses(&url.host, url.port, server).await;
    let address =
        *addresses.ok().and_then(|all| all.first().copied()).as_ref().ok_or(Trouble::Unknown)?;
    let begin = Instant::now();
    let broken = |error: std::io::Error| Trouble::of(&error);
    match url.transport {
        Transport::Udp => {
            let socket = wire::datagrams(address).await.map_err(broken)?;
            let local = socket.local_addr().map_err(broken)?;
            turn::over_datagrams(Wire::Datagrams(socket), (local, address), key, begin).await
        }
        Transport::Tcp | Transport::Tls => {
            let stream = wire::stream(address).await.map_err(broken)?;
            let local = stream.local_addr().map_err(broken)?;
            let stream: Box<dyn wire::Stream> = if url.transport == Transport::Tls {
                let (connector, _) = connector();
                wire::secured(&connector, &url.host, stream).await.map_err(broken)?
            } else {
                Box::new(stream)
            };
            turn::over_stream(Wire::Stream(stream), (local, address), key, begin).await
        }
    }
}
