//! The protocol library's TURN server, one for each client.
//!
//! The library keeps a nonce for every address that ever sent it a request, looks through all of its clients for every
//! datagram, and has no way to refuse a peer. So each client gets a server of its own, made once its first request has
//! been let in; it sees requests only after the gate and the policy did. It is told the client's own credential, and so
//! signs its answers itself; only its nonce is not the one that the client has, so requests are written anew for it.

use std::{
    collections::{HashMap, HashSet},
    net::{IpAddr, SocketAddr},
    ops::Range,
    time::Duration,
};

use turn_server_proto::{
    api::{
        DelayedMessageOrChannelSend, SocketAllocateError, Transmit, TurnServerApi,
        TurnServerPollRet,
    },
    server::TurnServer,
};
use turn_types::{
    AddressFamily, Instant, TransportType,
    attribute::{
        AdditionalAddressFamily, ChannelNumber, Lifetime, RequestedAddressFamily,
        RequestedTransport, XorPeerAddress,
    },
    message::{ALLOCATE, CREATE_PERMISSION},
    stun::{
        attribute::{AttributeType, Nonce, Realm, Username},
        message::{IntegrityAlgorithm, IntegrityKey, Message, MessageWriteVec},
        prelude::{Attribute, AttributeStaticType, MessageWrite, MessageWriteExt},
    },
};

use crate::{
    REALM,
    gate::Sender,
    limits::{CHANNELS_PER_ALLOCATION, PERMISSIONS_PER_ALLOCATION},
};

/// How long the library's own nonce lasts: longer than any allocation. Ours, at the gate, is the one that counts.
const INNER_NONCE_LIFETIME: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// What of a request is passed on. LIFETIME is only if it ends the allocation: how long it lasts is not the client's
/// choice.
const PASSED_ON: [AttributeType; 5] = [
    RequestedTransport::TYPE,
    RequestedAddressFamily::TYPE,
    AdditionalAddressFamily::TYPE,
    XorPeerAddress::TYPE,
    ChannelNumber::TYPE,
];

/// One client's allocation (or two, one of each family), with its permissions and channels.
#[derive(Debug)]
pub(crate) struct Machine {
    server: TurnServer,
    local: SocketAddr,
    remote: SocketAddr,
    username: String,
    key: IntegrityKey,
    nonce: String,
    relayed: Vec<SocketAddr>,
    permitted: HashSet<IpAddr>,
    channels: HashMap<u16, SocketAddr>,
}

/// Why the peers of a request cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Full {
    /// There are too many.
    TooMany,
    /// The channel is another peer's, or the peer has another channel (RFC 8656 section 12.2).
    ChannelTaken,
}

impl Machine {
    /// For the client at `remote`, which reached us at `local`.
    pub(crate) fn new(local: SocketAddr, remote: SocketAddr, sender: Sender, now: Instant) -> Self {
        let mut server = TurnServer::new(TransportType::Udp, local, REALM.to_owned());
        server.set_nonce_expiry_duration(INNER_NONCE_LIFETIME);
        server.add_user(sender.username.clone(), sender.password);
        let nonce = inner_nonce(&mut server, local, remote, now);
        Self {
            server,
            local,
            remote,
            username: sender.username,
            key: sender.key,
            nonce,
            relayed: Vec::new(),
            permitted: HashSet::new(),
            channels: HashMap::new(),
        }
    }

    pub(crate) fn username(&self) -> &str {
        &self.username
    }

    /// The addresses of the allocations.
    pub(crate) fn relayed(&self) -> &[SocketAddr] {
        &self.relayed
    }

    /// Carries out a request that was let in. `open` gives a new allocation its address. The answer is signed.
    pub(crate) fn request(
        &mut self,
        request: &Message<'_>,
        now: Instant,
        open: &mut dyn FnMut(AddressFamily) -> Result<SocketAddr, SocketAllocateError>,
    ) -> Option<Vec<u8>> {
        let inner = self.rewrite(request);
        let transmit = Transmit::new(inner, TransportType::Udp, self.remote, self.local);
        if let Some(answer) = self.server.recv(transmit, now) {
            return Some(answer.build().data);
        }
        self.progress(now, open);
        let answer = self.server.poll_transmit(now)?;
        Some(answer.data)
    }

    /// Notes the peers of a request that is about to be carried out.
    ///
    /// # Errors
    /// Says why it cannot be.
    pub(crate) fn note_peers(
        &mut self,
        peers: &[SocketAddr],
        channel: Option<u16>,
    ) -> Result<(), Full> {
        let new = peers.iter().filter(|peer| !self.permitted.contains(&peer.ip())).count();
        if self.permitted.len() + new > PERMISSIONS_PER_ALLOCATION {
            return Err(Full::TooMany);
        }
        if let (Some(channel), Some(peer)) = (channel, peers.first()) {
            let has_another = || self.channels.values().any(|bound| bound == peer);
            match self.channels.get(&channel) {
                Some(bound) if bound != peer => return Err(Full::ChannelTaken),
                Some(_) => {}
                None if has_another() => return Err(Full::ChannelTaken),
                None if self.channels.len() >= CHANNELS_PER_ALLOCATION => {
                    return Err(Full::TooMany);
                }
                None => {
                    self.channels.insert(channel, *peer);
                }
            }
        }
        self.permitted.extend(peers.iter().map(SocketAddr::ip));
        Ok(())
    }

    /// Where the data of a Send indication or of ChannelData goes: from which allocation, to which peer, and which
    /// part of `bytes` it is. `None` if there is no permission.
    pub(crate) fn forward(
        &mut self,
        bytes: &[u8],
        now: Instant,
    ) -> Option<(SocketAddr, SocketAddr, Range<usize>)> {
        let transmit = Transmit::new(bytes, TransportType::Udp, self.remote, self.local);
        let sent = self.server.recv(transmit, now)?;
        match sent.data {
            DelayedMessageOrChannelSend::Range(_, range) => Some((sent.from, sent.to, range)),
            // Not data but an answer, which only a request gets, and this is none.
            _ => None,
        }
    }

    /// What the client is sent when `peer` sends `data` to its allocation: ChannelData or a Data indication. `None` if
    /// there is no permission.
    pub(crate) fn deliver(
        &mut self,
        relayed: SocketAddr,
        peer: SocketAddr,
        data: &[u8],
        now: Instant,
    ) -> Option<Vec<u8>> {
        let transmit = Transmit::new(data, TransportType::Udp, peer, relayed);
        let told = self.server.recv(transmit, now)?;
        Some(told.build().data)
    }

    /// Drops what has expired. Gives the addresses of allocations that are no more.
    pub(crate) fn sweep(&mut self, now: Instant) -> Vec<SocketAddr> {
        self.progress(now, &mut |_| Err(SocketAllocateError::InsufficientCapacity))
    }

    fn progress(
        &mut self,
        now: Instant,
        open: &mut dyn FnMut(AddressFamily) -> Result<SocketAddr, SocketAllocateError>,
    ) -> Vec<SocketAddr> {
        let mut closed = Vec::new();
        loop {
            match self.server.poll(now) {
                TurnServerPollRet::AllocateSocket {
                    transport,
                    listen_addr,
                    client_addr,
                    allocation_transport,
                    family,
                } => {
                    let opened = open(family);
                    self.relayed.extend(opened.ok());
                    self.server.allocated_socket(
                        transport,
                        listen_addr,
                        client_addr,
                        allocation_transport,
                        family,
                        opened,
                        now,
                    );
                }
                TurnServerPollRet::SocketClose { listen_addr, .. } => {
                    self.relayed.retain(|relayed| *relayed != listen_addr);
                    closed.push(listen_addr);
                }
                // RFC 6062's, which the gate lets nobody ask for.
                TurnServerPollRet::TcpConnect { .. } | TurnServerPollRet::TcpClose { .. } => {}
                TurnServerPollRet::WaitUntil(_) => return closed,
            }
        }
    }

    /// A request as the library has to see it: with its own nonce, and nothing that we did not mean to pass on.
    fn rewrite(&self, request: &Message<'_>) -> Vec<u8> {
        let mut inner = Message::builder(
            request.get_type(),
            request.transaction_id(),
            MessageWriteVec::with_capacity(256),
        );
        for (_, attribute) in request.iter_attributes() {
            let kind = attribute.get_type();
            let is_for_us = PASSED_ON.contains(&kind) || kind == Lifetime::TYPE && is_zero(request);
            // What stands twice counts once, the first time (RFC 8489 section 14), and was looked at only then.
            let is_again = inner.has_attribute(kind)
                && !(kind == XorPeerAddress::TYPE && request.has_method(CREATE_PERMISSION));
            if is_for_us && !is_again {
                inner.add_attribute(&attribute).expect("there was room for it in the request");
            }
        }
        let username = Username::new(&self.username).expect("it came in such an attribute");
        let realm = Realm::new(REALM).expect("our realm is short");
        let nonce = Nonce::new(&self.nonce).expect("it came in such an attribute");
        inner.add_attribute(&username).expect("it is not there yet");
        inner.add_attribute(&realm).expect("it is not there yet");
        inner.add_attribute(&nonce).expect("it is not there yet");
        inner
            .add_message_integrity_with_key(&self.key, IntegrityAlgorithm::Sha1)
            .expect("it is not signed yet");
        inner.finish()
    }
}

/// Whether a request says that the allocation shall end (RFC 8656 section 8).
fn is_zero(request: &Message<'_>) -> bool {
    request.attribute::<Lifetime>().is_ok_and(|lifetime| lifetime.seconds() == 0)
}

/// The nonce that the library wants to see: it says so to whoever asks for an allocation without one.
fn inner_nonce(
    server: &mut TurnServer,
    local: SocketAddr,
    remote: SocketAddr,
    now: Instant,
) -> String {
    let question = Message::builder_request(ALLOCATE, MessageWriteVec::with_capacity(32)).finish();
    let transmit = Transmit::new(question, TransportType::Udp, remote, local);
    let answer = server
        .recv(transmit, now)
        .expect("the library answers every request that is not signed")
        .build();
    let answer = Message::from_bytes(&answer.data).expect("the library writes good messages");
    let nonce = answer.attribute::<Nonce>().expect("the library says which nonce it wants");
    nonce.nonce().to_owned()
}
