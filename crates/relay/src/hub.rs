//! The relay as a pure machine: who has which allocation, and what goes where.
//!
//! Everything that comes is handed to [`Hub::receive`], with the time; what is to be sent comes back as [`Output`]s.
//! Nothing is awaited, locked, sent or received here, and no clock is read. Randomness is in nonces, ports and hashes only.

mod request;
mod route;
#[cfg(test)]
mod tests;

use std::{
    collections::{HashMap, HashSet},
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use turn_types::{
    message::ALLOCATE,
    stun::message::{Message, TransactionId},
};

use crate::{
    Policy, Rate, Secret,
    address::RelayAddresses,
    gate::{Gate, Sender},
    machine::Machine,
    quota::{Carried, Quotas},
    revoked::Revoked,
    strangers::Strangers,
};

/// What time it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Since some moment before anything happened. Never goes back.
    pub elapsed: Duration,
    /// The seconds since 1970, which credentials are dated by.
    pub unix: u64,
}

impl Now {
    fn instant(self) -> turn_types::Instant {
        turn_types::Instant::from_nanos(self.elapsed.as_nanos().try_into().unwrap_or(i64::MAX))
    }
}

/// Over what a client talks to the relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// Datagrams.
    Udp,
    /// A stream: TCP, or TLS over TCP, which are the same from here.
    Stream,
}

/// A client, known by its 5-tuple (RFC 8656 section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Client {
    /// Over what.
    pub transport: Transport,
    /// Our address.
    pub local: SocketAddr,
    /// Its address.
    pub remote: SocketAddr,
}

/// What is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// A STUN message or ChannelData, without the padding that streams need.
    ToClient(Client, Vec<u8>),
    /// A datagram to a peer outside of the relay, from an allocation's own socket.
    ToPeer {
        /// The allocation.
        relayed: SocketAddr,
        /// The peer.
        peer: SocketAddr,
        /// The datagram.
        data: Vec<u8>,
    },
}

/// Where the ports of relayed addresses come from.
pub trait Ports: Send {
    /// A port of this address that is not among those that are taken; an even one if it has to be. `None` if there is
    /// none left.
    fn open(
        &mut self,
        address: IpAddr,
        even: bool,
        is_taken: &dyn Fn(SocketAddr) -> bool,
    ) -> Option<u16>;

    /// The allocation is no more.
    fn close(&mut self, relayed: SocketAddr);
}

/// The relay as a pure machine: its clients, and what goes where. Everything that comes is handed to [`Hub::receive`].
pub struct Hub {
    gate: Gate,
    policy: Policy,
    addresses: RelayAddresses,
    /// The ports that the relay itself listens on.
    listening: Vec<u16>,
    ports: Box<dyn Ports>,
    clients: HashMap<Client, Member>,
    relayed: HashMap<SocketAddr, Client>,
    quotas: Quotas,
    revoked: Revoked,
    strangers: Strangers,
}

/// Shows how many there are, not who.
impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub").field("clients", &self.clients.len()).finish_non_exhaustive()
    }
}

/// A client that has an allocation.
#[derive(Debug)]
struct Member {
    machine: Box<Machine>,
    user: Box<str>,
    made_by: Made,
}

/// The request that made an allocation, to be known again. Its answer may be lost.
#[derive(Debug)]
struct Made {
    id: TransactionId,
    /// The seconds since 1970 when it came.
    at: u64,
    answer: Box<[u8]>,
}

impl Hub {
    /// Without any client yet.
    #[must_use]
    pub fn new(
        secret: Secret,
        policy: Policy,
        addresses: RelayAddresses,
        ports: Box<dyn Ports>,
        rate: Rate,
    ) -> Self {
        Self {
            gate: Gate::new(secret),
            policy,
            addresses,
            listening: Vec::new(),
            ports,
            clients: HashMap::new(),
            relayed: HashMap::new(),
            quotas: Quotas::new(rate),
            revoked: Revoked::default(),
            strangers: Strangers::default(),
        }
    }

    /// The relay itself listens on this port, which no allocation reaches.
    pub fn listens_on(&mut self, port: u16) {
        self.listening.push(port);
    }

    /// The addresses of this machine are these.
    pub fn know_own(&mut self, own: HashSet<IpAddr>) {
        self.policy.know_own(own);
    }

    /// What was relayed for the user of this session, in whatever session.
    #[must_use]
    pub fn carried(&self, session: &str) -> Carried {
        self.quotas.carried(session)
    }

    /// How many clients have an allocation.
    #[must_use]
    pub fn clients(&self) -> usize {
        self.clients.len()
    }

    /// Whether a client has an allocation.
    #[must_use]
    pub fn has_allocation(&self, client: &Client) -> bool {
        self.clients.contains_key(client)
    }

    /// A client's stream is closed, and its allocations with it (RFC 8656 section 2.1).
    pub fn gone(&mut self, client: &Client) {
        if let Some(member) = self.clients.remove(client) {
            for relayed in member.machine.relayed() {
                self.relayed.remove(relayed);
                self.ports.close(*relayed);
            }
            self.quotas.give_back(&member.user, client.remote.ip());
        }
    }

    /// A user's session is over: its allocations end, and its credentials are good no more.
    pub fn revoke(&mut self, user: &str, now: Now) {
        self.revoked.add(user, now.unix);
        // Most users never need the relay, and there are many clients to look through.
        if !self.quotas.knows(user) {
            return;
        }
        let of_user =
            |(client, member): (&Client, &Member)| (*member.user == *user).then_some(*client);
        let clients: Vec<Client> = self.clients.iter().filter_map(of_user).collect();
        for client in clients {
            self.gone(&client);
        }
    }

    /// Drops what has expired.
    pub fn sweep(&mut self, now: Now) {
        self.revoked.forget(now.unix);
        self.quotas.forget(now.elapsed);
        let clients: Vec<Client> = self.clients.keys().copied().collect();
        for client in clients {
            self.sweep_one(&client, now);
        }
    }

    /// Drops what has expired of one client, and the client if it has nothing left.
    fn sweep_one(&mut self, client: &Client, now: Now) {
        let Some(member) = self.clients.get_mut(client) else { return };
        for relayed in member.machine.sweep(now.instant()) {
            self.relayed.remove(&relayed);
            self.ports.close(relayed);
        }
        if member.machine.relayed().is_empty() {
            self.gone(client);
        }
    }

    fn join(&mut self, client: Client, member: Member) {
        for relayed in member.machine.relayed() {
            self.relayed.insert(*relayed, client);
        }
        self.quotas.take(&member.user, client.remote.ip());
        self.clients.insert(client, member);
    }

    /// Whether an allocation may have anything to do with a peer. For other allocations the port is looked at when
    /// something is sent: a permission is for an address (RFC 8656 section 9), and they share ours.
    fn may_reach(&self, peer: IpAddr) -> bool {
        self.addresses.contains(peer) || self.policy.allows(peer)
    }

    /// Whether data may go to a peer outside of the relay, or come from it. Our own sockets are never among those, whatever
    /// the operator has named.
    fn may_exchange(&self, peer: SocketAddr) -> bool {
        self.policy.allows(peer.ip())
            && !(self.policy.is_own(peer.ip()) && self.is_our_port(peer.port()))
    }

    /// Whether the relay listens on a port, or an allocation has it.
    fn is_our_port(&self, port: u16) -> bool {
        let v4 = Some(IpAddr::V4(self.addresses.v4));
        let mut ours = v4.into_iter().chain(self.addresses.v6.map(IpAddr::V6));
        self.listening.contains(&port)
            || ours.any(|address| self.relayed.contains_key(&SocketAddr::new(address, port)))
    }

    /// What a client's allocation was made by, if it is this very request that comes again (RFC 8656 section 7.2).
    fn made_by(&self, request: &Message<'_>, client: &Client) -> Option<&Made> {
        let made = &self.clients.get(client)?.made_by;
        let is_repeated = request.has_method(ALLOCATE) && made.id == request.transaction_id();
        is_repeated.then_some(made)
    }

    /// Who sent a request, if it is let in and its session is not over. One that comes again is as good as it was: to be told
    /// of another nonce, its sender would have to ask as somebody who has an allocation already.
    fn sender(&self, request: &Message<'_>, client: &Client, now: Now) -> Result<Sender, Vec<u8>> {
        let at = self.made_by(request, client).map_or(now.unix, |made| made.at);
        let sender = self.gate.sender(request, client.remote, at)?;
        if self.revoked.contains(sender.user()) {
            return Err(self.gate.unauthorized(request, client.remote, now.unix));
        }
        Ok(sender)
    }
}
