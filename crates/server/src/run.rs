//! The life of a server, from its listener to its shutdown.

use std::{io, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use axum::Router;
use identity::Identity;
use relay::{Relay, RelayAddresses, Secret};
use tokio::time::{Instant, timeout_at};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{info, warn};

use crate::{
    Config,
    config::{Embedded, PublicHost, Turn},
    connection::Shared,
    directory::LocalDirectory,
    edge::{Edge, Limits},
    http::{Port, Site, accept_loop, redirect, router},
    ice::{Door, Ice, Source},
    reload,
    roster::{Present, Roster},
    sockets::Sockets,
    state::{StateLock, hold},
};

/// Serves until `shutdown` resolves, then closes every socket with
/// [`CloseCode::Restart`](protocol::close::CloseCode::Restart) and returns, in less than 5 s whatever the clients do.
///
/// # Errors
/// A socket cannot be used.
pub async fn run(
    sockets: impl Into<Sockets>,
    mut config: Config,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let Sockets { tcp, udp, redirect: redirecting } = sockets.into();
    let local = tcp.local_addr()?;
    config.check(local).map_err(|why| io::Error::new(io::ErrorKind::InvalidInput, why))?;
    // Before anything there is read.
    let lock = match (config.state_lock.take(), &config.state) {
        (None, Some(state)) => hold(state).await?,
        (lock, _) => lock,
    };
    let identity = match &config.identity {
        Some(settings) => Some(Arc::new(identity(settings, config.state.as_deref())?)),
        None => None,
    };
    let stop = CancellationToken::new();
    let tasks = TaskTracker::new();
    let background = Background { tasks: tasks.clone(), stop: stop.clone() };
    let relay = background.relay(&config.turn, config.public_host.as_ref(), local, udp)?;
    let tls = background.keep(config.tls.clone(), config.timing.certificates);

    let limits = config.limits.map(|limits| Arc::new(Limits::new(limits)));
    let edge = Arc::new(Edge::new(config.proxies.clone(), limits));
    let ice = Arc::new(ice(&config, relay.clone()));
    let (roster, present) = roster(config.state.as_deref(), local);
    let directory = LocalDirectory::default();
    let connections = Arc::new(
        Shared::new(directory, roster.clone(), ice, &config, stop.child_token())
            .limited(edge.limits.clone())
            .identifying(identity.clone()),
    );
    let kept = Kept { roster, identity: identity.clone(), _lock: lock };
    if let Some(identity) = identity.clone() {
        let stop = stop.child_token();
        tasks.spawn(async move { stop.run_until_cancelled(identity.look_around()).await });
    }
    let providers = identity.clone().zip(config.identity_source.clone());
    background.reload(reload::Files { tls: tls.clone(), providers }, config.reload.clone());
    // Before anybody can connect and take their names.
    for waiting in connections.expect(present).await {
        tasks.spawn(waiting);
    }
    let door = Door {
        port: local.port(),
        tls: config.tls.is_some(),
        on_loopback: local.ip().is_loopback(),
        public: config.public_host.clone(),
    };
    let vouched_for = config.tls.as_ref().is_some_and(crate::Tls::is_vouched_for);
    let https_only = vouched_for && config.public_host.is_some();
    let site = Site::new(
        (&config.web_root, config.timing.page),
        config.origins,
        door,
        Arc::clone(&edge),
        connections,
        tasks.clone(),
    )
    .identifying(identity)
    .at(config.base_path);
    let tls = tls.map(|tls| (tls, redirect(config.public_host.clone(), None)));
    let port =
        Arc::new(Port::new(router(site, https_only), tls, relay, Arc::clone(&edge), config.timing));
    tasks.spawn(accept_loop(tcp, port, tasks.clone(), stop.child_token()));
    if let Some(listener) = redirecting {
        let site: Router = redirect(config.public_host, Some(local.port()));
        let port = Arc::new(Port::new(site, None, None, edge, config.timing));
        tasks.spawn(accept_loop(listener, port, tasks.clone(), stop.child_token()));
    }

    shutdown.await;
    info!("shutting down");
    stop.cancel();
    tasks.close();
    let deadline = Instant::now() + config.timing.shutdown;
    // Nobody logs in any more, so that the next server can have the state while the sockets of this one are being closed.
    let given_up = timeout_at(deadline, kept.give_up());
    let (given_up, closed) = tokio::join!(given_up, timeout_at(deadline, tasks.wait()));
    if given_up.is_err() {
        warn!("what is kept was not written in time: some names will not wait for their users");
    }
    if closed.is_err() {
        warn!(connections = tasks.len(), "some connections did not close in time");
    }
    Ok(())
}

/// What this server has in the state directory, and the right to it.
struct Kept {
    roster: Roster,
    identity: Option<Arc<Identity>>,
    _lock: Option<Arc<StateLock>>,
}

impl Kept {
    /// Writes what is to be written, then nothing more, and gives the directory to whoever has it next.
    async fn give_up(self) {
        self.roster.close().await;
        if let Some(identity) = &self.identity {
            identity.close().await;
        }
    }
}

/// Who was here when the server stopped that listened at this address.
fn roster(state: Option<&Path>, address: SocketAddr) -> (Roster, Present) {
    let Some(state) = state else { return (Roster::default(), Present::new()) };
    let file = format!("roster-{}", address.to_string().replace(['[', ']', ':', '%'], "_"));
    match Roster::open(&state.join(file)) {
        Ok((roster, present)) => {
            info!(users = present.len(), "names wait for who was here before");
            (roster, present)
        }
        Err(error) => {
            let folder = state.display();
            warn!(%error, %folder, "no roster can be kept there: names do not wait for their users over a restart");
            (Roster::default(), Present::new())
        }
    }
}

/// Without its database nobody would have a name that is theirs, which is no way to go on.
fn identity(settings: &identity::Settings, state: Option<&Path>) -> io::Result<Identity> {
    if state.is_none() {
        warn!("there is no directory for accounts: they are forgotten with the program");
    }
    Identity::open(settings.clone(), state)
        .map_err(|error| io::Error::other(format!("the accounts cannot be opened: {error}")))
}

/// What runs beside the connections.
struct Background {
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Background {
    fn relay(
        &self,
        turn: &Turn,
        public_host: Option<&PublicHost>,
        local: std::net::SocketAddr,
        udp: Option<std::net::UdpSocket>,
    ) -> io::Result<Option<Arc<Relay>>> {
        let Turn::Embedded(own) = turn else { return Ok(None) };
        let Embedded { addresses, allow, rate, secret } = own;
        let host = public_host.map(|public| public.host().to_owned());
        let settings = relay::Settings {
            secret: secret.clone().unwrap_or_else(Secret::draw),
            policy: relay::Policy::allowing(allow.clone()),
            addresses: RelayAddresses::find(addresses, local.ip()),
            rate: *rate,
            host,
        };
        Relay::start(settings, udp, &self.tasks, &self.stop).map(Some)
    }

    /// Reads files again when the operator asks for it.
    fn reload(&self, files: reload::Files, reload: reload::Reload) {
        let stop = self.stop.clone();
        self.tasks.spawn(async move { stop.run_until_cancelled(files.read_on(reload)).await });
    }

    /// Keeps the certificate good.
    fn keep(&self, tls: Option<crate::Tls>, interval: Duration) -> Option<crate::Tls> {
        let kept = tls.clone()?;
        let stop = self.stop.clone();
        self.tasks.spawn(async move { stop.run_until_cancelled(kept.keep(interval)).await });
        tls
    }
}

fn ice(config: &Config, relay: Option<Arc<Relay>>) -> Ice {
    let turn = match (&config.turn, relay) {
        (Turn::Fleet { urls, secret }, _) => {
            Source::Elsewhere { urls: urls.clone(), secret: secret.clone() }
        }
        (_, Some(relay)) => Source::Here { relay, tls: config.tls.is_some() },
        (_, None) => Source::Nowhere,
    };
    Ice::new(config.stun_urls.clone(), turn)
}
