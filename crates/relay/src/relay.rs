//! A relay with its sockets.

#[cfg(test)]
mod tests;

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{SystemTime, UNIX_EPOCH},
};

use tokio::time::Instant;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Credential, Policy, Rate, RelayAddresses, Secret,
    hub::{Client, Hub, Now, Output, Ports, Transport},
    limits,
    outside::{Outside, OutsidePorts},
    own::OwnAddresses,
    ports::VirtualPorts,
    quota::Carried,
    streams::Streams,
    udp::Udp,
};

/// How a relay is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What credentials are made with.
    pub secret: Secret,
    /// Which peers outside of the relay may be reached.
    pub policy: Policy,
    /// The addresses of allocations.
    pub addresses: RelayAddresses,
    /// How much is relayed for a user.
    pub rate: Rate,
    /// The name or address that clients find this machine at, if it has one: what it stands for is our own.
    pub host: Option<String>,
}

/// A STUN and TURN server. See the [crate].
#[derive(Debug)]
pub struct Relay {
    secret: Secret,
    hub: Mutex<Hub>,
    udp: Option<Udp>,
    streams: Mutex<Streams>,
    outside: Arc<Outside>,
    start: Instant,
}

impl Relay {
    /// Starts one, on a UDP socket if there is one; streams are handed to [`Self::serve`]. What runs in the background
    /// runs among `tasks`, until `shutdown` is cancelled.
    ///
    /// # Errors
    /// The socket cannot be used.
    pub fn start(
        settings: Settings,
        udp: Option<std::net::UdpSocket>,
        tasks: &TaskTracker,
        shutdown: &CancellationToken,
    ) -> io::Result<Arc<Self>> {
        let udp = udp.map(Udp::new).transpose()?;
        let port = udp.as_ref().map(Udp::port);
        let reaches_out = settings.policy.allows_anything();
        let mut own = OwnAddresses::new(settings.host.clone());
        let relay = Arc::new_cyclic(|relay| Self::new(settings, udp, relay, shutdown.clone()));
        if relay.udp.is_some() {
            let receiving = Arc::clone(&relay);
            tasks.spawn(shutdown.clone().run_until_cancelled_owned(async move {
                receiving.receive_datagrams().await;
            }));
        }
        if let Some(port) = port {
            relay.hub().listens_on(port);
        }
        if reaches_out {
            let knowing = Arc::clone(&relay);
            tasks.spawn(shutdown.clone().run_until_cancelled_owned(async move {
                let mut interval = tokio::time::interval(limits::SWEEP_INTERVAL);
                loop {
                    interval.tick().await;
                    if let Some(own) = own.find().await {
                        knowing.hub().know_own(own);
                    }
                }
            }));
        }
        let sweeping = Arc::clone(&relay);
        tasks.spawn(shutdown.clone().run_until_cancelled_owned(async move {
            let mut interval = tokio::time::interval(limits::SWEEP_INTERVAL);
            loop {
                interval.tick().await;
                let now = sweeping.now();
                sweeping.hub().sweep(now);
            }
        }));
        Ok(relay)
    }

    fn new(
        Settings { secret, policy, addresses, rate, host: _ }: Settings,
        udp: Option<Udp>,
        relay: &Weak<Self>,
        shutdown: CancellationToken,
    ) -> Self {
        let outside = Arc::new(Outside::default());
        let ports: Box<dyn Ports> = if policy.allows_anything() {
            Box::new(OutsidePorts::new(relay.clone(), Arc::clone(&outside), shutdown))
        } else {
            Box::new(VirtualPorts)
        };
        Self {
            hub: Mutex::new(Hub::new(secret.clone(), policy, addresses, ports, rate)),
            secret,
            udp,
            streams: Mutex::default(),
            outside,
            start: Instant::now(),
        }
    }

    /// A credential for `user`, good for [`limits::CREDENTIAL_LIFETIME`] from now on.
    #[must_use]
    pub fn mint(&self, user: &str) -> Credential {
        self.secret.mint(user, self.now().unix, limits::CREDENTIAL_LIFETIME)
    }

    /// The session of a user is over: its allocations end, and its credentials are good no more.
    pub fn revoke(&self, user: &str) {
        let now = self.now();
        self.hub().revoke(user, now);
    }

    /// What was relayed for the user of this session, in whatever session.
    #[must_use]
    pub fn carried(&self, session: &str) -> Carried {
        self.hub().carried(session)
    }

    /// How many clients have an allocation.
    #[must_use]
    pub fn clients(&self) -> usize {
        self.hub().clients()
    }

    /// Whether there is a UDP socket.
    #[must_use]
    pub const fn has_udp(&self) -> bool {
        self.udp.is_some()
    }

    pub(crate) fn hub(&self) -> MutexGuard<'_, Hub> {
        // A panic while it was held would be a bug; the table is whole all the same, since it is changed last.
        self.hub.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn streams(&self) -> MutexGuard<'_, Streams> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn now(&self) -> Now {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Now { elapsed: self.start.elapsed(), unix }
    }

    /// Takes in what came from a client.
    pub(crate) fn receive(&self, client: Client, bytes: &[u8], out: &mut Vec<Output>) {
        let now = self.now();
        self.hub().receive(now, client, bytes, out);
        self.send(out);
    }

    /// Takes in what came to an allocation's own socket.
    pub(crate) fn receive_from_peer(
        &self,
        relayed: SocketAddr,
        peer: SocketAddr,
        data: &[u8],
        out: &mut Vec<Output>,
    ) {
        let now = self.now();
        self.hub().receive_from_peer(now, relayed, peer, data, out);
        self.send(out);
    }

    /// Sends what is to be sent. What cannot be sent at once is dropped, as any router would: nobody waits for a
    /// client that does not read, and whoever sends too much has to notice.
    fn send(&self, out: &mut Vec<Output>) {
        for output in out.drain(..) {
            match output {
                Output::ToClient(client, message) => match client.transport {
                    Transport::Udp => {
                        if let Some(udp) = &self.udp {
                            udp.send(client.local.ip(), client.remote, &message);
                        }
                    }
                    Transport::Stream => {
                        self.streams().send(&client, message);
                    }
                },
                Output::ToPeer { relayed, peer, data } => self.outside.send(relayed, peer, &data),
            }
        }
    }

    async fn receive_datagrams(&self) {
        let Some(udp) = &self.udp else { return };
        let mut out = Vec::new();
        udp.receive(|local: SocketAddr, remote, datagram| {
            self.receive(Client { transport: Transport::Udp, local, remote }, datagram, &mut out);
        })
        .await;
    }
}
