//! A way by a relay, tried as a browser would.

use std::{fmt, net::SocketAddr, time::Instant};

use protocol::IceServer;
use tokio::time::timeout;

use crate::{
    PATIENCE, Path, Target, Transport,
    certificate::connector,
    ice_url::IceUrl,
    reach::Reach,
    turn::{self, Carried, Key},
    wire::{self, Wire},
    words::Plain,
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
    /// Its address is one of a network or machine of somebody's own, and the server that names it is not there.
    Private,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("its name leads nowhere"),
            Self::NoAnswer => write!(f, "nothing comes back within {} s", PATIENCE.as_secs()),
            Self::Refused => f.write_str("the connection is refused"),
            Self::Broken(why) => write!(f, "the connection breaks ({})", Plain(why)),
            Self::Denied(None) => f.write_str("the relay refuses"),
            Self::Denied(Some(code)) => match meaning(*code) {
                Some(meaning) => write!(f, "the relay refuses: {meaning} (error {code})"),
                None => write!(f, "the relay refuses (error {code})"),
            },
            Self::Private => {
                f.write_str("its address is private and the server's is not, so it is not tried")
            }
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
            let outcome = timeout(PATIENCE, try_one(&parsed, key, (server, is_own)));
            Path {
                transport: parsed.transport,
                url: url.clone(),
                outcome: outcome.await.unwrap_or(Err(Trouble::NoAnswer)),
            }
        })
    })
}

/// `server` is the address by which the server was reached, and whether this relay is on the same host.
async fn try_one(
    url: &IceUrl,
    key: Key<'_>,
    (server, is_own): (SocketAddr, bool),
) -> Result<Carried, Trouble> {
    let addresses = wire::addresses(&url.host, url.port, is_own.then_some(server)).await;
    let mut addresses = addresses.map_err(|_| Trouble::Unknown)?.into_iter();
    let may_be_named = |address: &SocketAddr| Reach::of(server.ip()).may_name(address.ip());
    let address = addresses.find(may_be_named).ok_or(Trouble::Private)?;
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

#[cfg(test)]
mod tests {
    use protocol::IceServer;
    use tokio::{net::TcpListener, time::timeout};

    use super::{Trouble, all};

    /// A server on the Internet names what listens on the machine of whoever examines it.
    #[tokio::test]
    async fn a_public_server_does_not_make_us_knock_at_our_own_doors() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let urls = ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "10.0.0.1", "169.254.169.254"]
            .map(|host| format!("turn:{host}:{port}?transport=tcp"));
        let credential = || Some("x".to_owned());
        let servers =
            [IceServer { urls: urls.into(), username: credential(), credential: credential() }];
        let target = "https://talk.example.org".parse().unwrap();
        for path in all(&servers, &target, "8.8.8.8:443".parse().unwrap()) {
            let path = path.await;
            assert_eq!(path.outcome, Err(Trouble::Private), "{}", path.url);
        }
        let knock = timeout(std::time::Duration::from_millis(50), listener.accept()).await;
        assert!(knock.is_err(), "nobody came");
    }
}
