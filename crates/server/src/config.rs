//! What the operator chooses. A [`Config`] that exists is a good one: it is checked where it is parsed.

mod base_path;
mod host;
mod origin;
mod stun;
mod turn;

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

pub use base_path::{BadBasePath, BasePath};
pub use host::{BadPublicHost, PublicHost};
pub use origin::{BadOrigin, Origin};
pub use stun::{BadStunUrl, StunUrl};
pub(crate) use turn::is_host_and_port;
pub use turn::{BadTurnUrl, Embedded, Turn, TurnUrl};

use crate::{
    edge::{AddressLimits, Proxies},
    limits,
    reload::Reload,
    session,
    state::StateLock,
    tls::Tls,
};

/// How a server is set up.
#[derive(Clone, Debug)]
pub struct Config {
    /// The directory of the built page.
    pub web_root: PathBuf,
    /// Which pages may open a WebSocket, besides the server's own.
    pub origins: Origins,
    /// The STUN servers that clients are told at login. None is assumed.
    pub stun_urls: Vec<StunUrl>,
    /// Who relays media between browsers that cannot reach each other.
    pub turn: Turn,
    /// Where people find the server, if that is not the host that they name in their requests.
    pub public_host: Option<PublicHost>,
    /// Where at that host they find it.
    pub base_path: BasePath,
    /// The listener's TLS; `None` if it speaks plain HTTP.
    pub tls: Option<Tls>,
    /// The directory of what outlives the server; `None` if nothing does.
    pub state: Option<PathBuf>,
    /// The right to use it, if whoever sets the server up has taken it, to put a certificate there; else the server takes it.
    pub state_lock: Option<Arc<StateLock>>,
    /// What one address may have; `None` if clients are held to no limits of number and pace.
    pub limits: Option<AddressLimits>,
    /// Who says who somebody is; `None` if nobody does, and everybody is who they say.
    pub identity: Option<identity::Settings>,
    /// Where those settings are read again from, if they can be.
    pub identity_source: Option<identity::SettingsSource>,
    /// Asks the server to read its files again.
    pub reload: Reload,
    /// The proxies that are believed when they tell whom they speak for.
    pub proxies: Proxies,
    /// The deadlines.
    pub timing: Timing,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            web_root: PathBuf::from("dist"),
            origins: Origins::default(),
            stun_urls: Vec::new(),
            turn: Turn::default(),
            public_host: None,
            base_path: BasePath::default(),
            tls: None,
            state: None,
            state_lock: None,
            limits: Some(AddressLimits::default()),
            identity: None,
            identity_source: None,
            reload: Reload::default(),
            proxies: Proxies::default(),
            timing: Timing::default(),
        }
    }
}

impl Config {
    /// Whether a server that listens there may be set up like this.
    ///
    /// # Errors
    /// It may not: people would sign in over plain HTTP, and whoever is on the way would have their accounts.
    pub fn check(&self, listen: SocketAddr) -> Result<(), &'static str> {
        let is_plain = self.tls.is_none() && self.proxies.trusted.is_empty();
        if self.identity.is_some() && is_plain && !listen.ip().is_loopback() {
            return Err(
                "people cannot sign in with a provider over plain HTTP: the server needs --tls, or a \
                 --trusted-proxy that speaks HTTPS, or to listen on this machine only",
            );
        }
        Ok(())
    }
}

/// Which pages may open a WebSocket, besides the server's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origins {
    /// Pages of any origin.
    Any,
    /// Pages of these.
    Only(Vec<Origin>),
}

impl Default for Origins {
    fn default() -> Self {
        Self::Only(Vec::new())
    }
}

/// The deadlines of a server. The defaults are the limits of [`protocol::limits`] and [`limits`]; tests shorten them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// How long a socket may stay open without a login; `None` for ever.
    pub login: Option<Duration>,
    /// How often a WebSocket ping is sent.
    pub ping: Duration,
    /// How long after a ping something must be heard.
    pub pong: Duration,
    /// How long a call may ring.
    pub ring: Duration,
    /// How long a user whose socket was lost may stay away before the session ends.
    pub grace: Duration,
    /// The same for one whose page went away.
    pub reload: Duration,
    /// How long the head of an HTTP request may take, and the first byte of anything; `None` for ever.
    pub header: Option<Duration>,
    /// How long a TLS handshake may take; `None` for ever.
    pub handshake: Option<Duration>,
    /// How often certificate files are looked at for newer ones.
    pub certificates: Duration,
    /// How often the files of the page are looked at for newer ones, while somebody asks for them.
    pub page: Duration,
    /// How long an HTTP connection may last.
    pub http: Duration,
    /// How long a close handshake may take.
    pub close: Duration,
    /// How long a shutdown may take.
    pub shutdown: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            login: Some(protocol::limits::LOGIN_DEADLINE),
            ping: protocol::limits::PING_INTERVAL,
            pong: protocol::limits::PONG_DEADLINE,
            ring: limits::RING_LIMIT,
            grace: protocol::limits::GRACE_PERIOD,
            reload: protocol::limits::RELOAD_PERIOD,
            header: Some(limits::HEADER_READ_TIMEOUT),
            handshake: Some(limits::TLS_HANDSHAKE_DEADLINE),
            certificates: limits::CERTIFICATE_CHECK_INTERVAL,
            page: limits::PAGE_CHECK_INTERVAL,
            http: limits::HTTP_CONNECTION_LIFETIME,
            close: limits::CLOSE_DEADLINE,
            shutdown: limits::SHUTDOWN_DEADLINE,
        }
    }
}

impl Timing {
    /// The part of it that sessions know.
    pub(crate) const fn session(self) -> session::Limits {
        session::Limits { ring: self.ring, grace: self.grace, reload: self.reload }
    }

    /// The timing for benchmarks (`--limits off`): sockets may say nothing for as long as they like.
    #[must_use]
    pub fn without_limits(self) -> Self {
        Self { login: None, header: None, handshake: None, ..self }
    }
}
