//! What the relay does about requests (RFC 8656 sections 7 to 12).

use std::net::{IpAddr, SocketAddr};

use turn_server_proto::api::SocketAllocateError;
use turn_types::{
    AddressFamily,
    attribute::{
        AdditionalAddressFamily, ChannelNumber, DontFragment, EvenPort, Lifetime,
        RequestedAddressFamily, RequestedTransport, ReservationToken, XorPeerAddress,
    },
    message::{ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, REFRESH},
    stun::{
        attribute::{
            AttributeType, ErrorCode, Fingerprint, MessageIntegrity, MessageIntegritySha256, Nonce,
            PasswordAlgorithm, Realm, Userhash, Username,
        },
        message::{BINDING, Message},
        prelude::{Attribute, AttributeFromRaw, AttributeStaticType},
    },
};

use super::{Client, Hub, Made, Member, Now, Sender};
use crate::{
    limits::ALLOCATIONS,
    machine::{Full, Machine},
    reply::{mapped_address, refusal, unknown_attributes},
};

/// The attributes of every signed request.
const SIGNATURE: [AttributeType; 7] = [
    Username::TYPE,
    Realm::TYPE,
    Nonce::TYPE,
    MessageIntegrity::TYPE,
    MessageIntegritySha256::TYPE,
    Fingerprint::TYPE,
    PasswordAlgorithm::TYPE,
];

/// The answer to a request.
pub(super) enum Answer {
    /// Its sender has shown a good credential.
    Signed(Vec<u8>),
    /// Anybody may have sent it, in anybody's name.
    Stranger(Vec<u8>),
}

impl Hub {
    /// Answers a request.
    pub(super) fn on_request(&mut self, now: Now, client: Client, request: &Message<'_>) -> Answer {
        if request.has_method(BINDING) {
            // A client may send whatever it would send to a peer (RFC 8445), which is nothing to us.
            let unknown = unknown(request, &[Userhash::TYPE]);
            return Answer::Stranger(match &unknown[..] {
                [] => mapped_address(request, client.remote),
                unknown => unknown_attributes(request, unknown, None),
            });
        }
        let sender = match self.sender(request, &client, now) {
            Ok(sender) => sender,
            Err(answer) => return Answer::Stranger(answer),
        };
        let key = sender.key.clone();
        let answer = self.carry_out(now, client, request, sender);
        Answer::Signed(answer.unwrap_or_else(|no| no.answer(request, &key)))
    }

    fn carry_out(
        &mut self,
        now: Now,
        client: Client,
        request: &Message<'_>,
        sender: Sender,
    ) -> Result<Vec<u8>, No> {
        match request.method() {
            ALLOCATE => self.allocate(now, client, request, sender),
            REFRESH => {
                understands(request, &[Lifetime::TYPE, RequestedAddressFamily::TYPE])?;
                self.within(now, client, request, &sender)
            }
            CREATE_PERMISSION => {
                understands(request, &[XorPeerAddress::TYPE])?;
                let peers = peers(request)?;
                self.reach(&client, &sender, &peers, None)?;
                self.within(now, client, request, &sender)
            }
            CHANNEL_BIND => {
                understands(request, &[XorPeerAddress::TYPE, ChannelNumber::TYPE])?;
                let peer = *peers(request)?.first().ok_or(No::Code(ErrorCode::BAD_REQUEST))?;
                let channel = request.attribute::<ChannelNumber>();
                let channel = channel.map_err(|_| No::Code(ErrorCode::BAD_REQUEST))?.channel();
                self.reach(&client, &sender, &[peer], Some(channel))?;
                self.within(now, client, request, &sender)
            }
            // RFC 6062's are among them: a relay of TCP connections is of no use to a call.
            _ => Err(No::Code(ErrorCode::BAD_REQUEST)),
        }
    }

    fn allocate(
        &mut self,
        now: Now,
        client: Client,
        request: &Message<'_>,
        sender: Sender,
    ) -> Result<Vec<u8>, No> {
        if let Some(member) = self.clients.get(&client) {
            let is_its_own = member.machine.username() == sender.username;
            let made = self.made_by(request, &client).filter(|_| is_its_own);
            return made
                .map(|made| made.answer.to_vec())
                .ok_or(No::Code(ErrorCode::ALLOCATION_MISMATCH));
        }
        understands(
            request,
            &[
                RequestedTransport::TYPE,
                Lifetime::TYPE,
                DontFragment::TYPE,
                EvenPort::TYPE,
                ReservationToken::TYPE,
                RequestedAddressFamily::TYPE,
                AdditionalAddressFamily::TYPE,
            ],
        )?;
        let transport = request.attribute::<RequestedTransport>();
        if transport.is_ok_and(|transport| transport.protocol() != RequestedTransport::UDP) {
            return Err(No::Code(ErrorCode::UNSUPPORTED_TRANSPORT_PROTOCOL));
        }
        let even = even_port(request)?;
        let user = sender.user().to_owned();
        if !self.quotas.have_room(&user, client.remote.ip()) {
            return Err(No::Code(ErrorCode::ALLOCATION_QUOTA_REACHED));
        }
        if self.clients.len() >= ALLOCATIONS || !self.quotas.have_meters(now.elapsed) {
            return Err(No::Code(ErrorCode::INSUFFICIENT_CAPACITY));
        }
        let mut machine =
            Box::new(Machine::new(client.local, client.remote, sender, now.instant()));
        let Self { addresses, ports, relayed, .. } = self;
        let mut is_full = false;
        let answer = machine.request(request, now.instant(), &mut |family| {
            let address = match family {
                AddressFamily::IPV4 => Some(IpAddr::V4(addresses.v4)),
                AddressFamily::IPV6 => addresses.v6.map(IpAddr::V6),
            };
            let address = address.ok_or(SocketAllocateError::AddressFamilyNotSupported)?;
            let port = ports.open(address, even, &|address| relayed.contains_key(&address));
            is_full |= port.is_none();
            port.map(|port| SocketAddr::new(address, port))
                .ok_or(SocketAllocateError::InsufficientCapacity)
        });
        if is_full {
            // Of two families that were asked for, the other may have been had: half of it is of no use.
            machine.relayed().iter().for_each(|relayed| ports.close(*relayed));
            return Err(No::Code(ErrorCode::INSUFFICIENT_CAPACITY));
        }
        let answer = answer.ok_or(No::Code(ErrorCode::SERVER_ERROR))?;
        if !machine.relayed().is_empty() {
            let (id, at, answer) = (request.transaction_id(), now.unix, answer.as_slice().into());
            let made_by = Made { id, at, answer };
            self.join(client, Member { machine, user: user.into(), made_by });
        }
        Ok(answer)
    }

    /// Whether these peers may be reached, as far as the policy goes and the allocation has room.
    fn reach(
        &mut self,
        client: &Client,
        sender: &Sender,
        peers: &[SocketAddr],
        channel: Option<u16>,
    ) -> Result<(), No> {
        if peers.iter().any(|peer| !self.may_reach(peer.ip())) {
            return Err(No::Code(ErrorCode::FORBIDDEN));
        }
        let Some(member) = self.clients.get_mut(client) else { return Ok(()) };
        if member.machine.username() != sender.username {
            return Ok(());
        }
        member.machine.note_peers(peers, channel).map_err(|full| match full {
            Full::TooMany => No::Code(ErrorCode::INSUFFICIENT_CAPACITY),
            Full::ChannelTaken => No::Code(ErrorCode::BAD_REQUEST),
        })
    }

    /// Carries out a request about an allocation that is there.
    fn within(
        &mut self,
        now: Now,
        client: Client,
        request: &Message<'_>,
        sender: &Sender,
    ) -> Result<Vec<u8>, No> {
        let member =
            self.clients.get_mut(&client).ok_or(No::Code(ErrorCode::ALLOCATION_MISMATCH))?;
        // RFC 8656 section 5: nobody takes over somebody else's allocation.
        if member.machine.username() != sender.username {
            return Err(No::Code(ErrorCode::WRONG_CREDENTIALS));
        }
        let mut none = |_| Err(SocketAllocateError::InsufficientCapacity);
        let answer = member.machine.request(request, now.instant(), &mut none);
        self.sweep_one(&client, now);
        answer.ok_or(No::Code(ErrorCode::SERVER_ERROR))
    }
}

/// Why a signed request is refused.
enum No {
    Code(u16),
    NotUnderstood(Vec<AttributeType>),
}

impl No {
    fn answer(
        self,
        request: &Message<'_>,
        key: &turn_types::stun::message::IntegrityKey,
    ) -> Vec<u8> {
        match self {
            Self::Code(code) => refusal(request, code, Some(key)),
            Self::NotUnderstood(unknown) => unknown_attributes(request, &unknown, Some(key)),
        }
    }
}

fn understands(request: &Message<'_>, known: &[AttributeType]) -> Result<(), No> {
    let unknown = unknown(request, known);
    if unknown.is_empty() { Ok(()) } else { Err(No::NotUnderstood(unknown)) }
}

/// What has to be understood and is not.
fn unknown(request: &Message<'_>, known: &[AttributeType]) -> Vec<AttributeType> {
    let kinds = request.iter_attributes().map(|(_, attribute)| attribute.get_type());
    kinds
        .filter(|kind| kind.comprehension_required())
        .filter(|kind| !known.contains(kind) && !SIGNATURE.contains(kind))
        .collect()
}

fn peers(request: &Message<'_>) -> Result<Vec<SocketAddr>, No> {
    let addresses = request.iter_attributes().map(|(_, attribute)| attribute);
    addresses
        .filter(|attribute| attribute.get_type() == XorPeerAddress::TYPE)
        .map(|attribute| match XorPeerAddress::from_raw(attribute) {
            Ok(peer) => Ok(peer.addr(request.transaction_id())),
            Err(_) => Err(No::Code(ErrorCode::BAD_REQUEST)),
        })
        .collect()
}

/// Whether the port has to be even. Ports are not reserved for later, so that no token is good (RFC 8656 section 7.2).
fn even_port(request: &Message<'_>) -> Result<bool, No> {
    if request.has_attribute(ReservationToken::TYPE) {
        return Err(No::Code(ErrorCode::INSUFFICIENT_CAPACITY));
    }
    match request.attribute::<EvenPort>() {
        Ok(even) if even.requested() => Err(No::Code(ErrorCode::INSUFFICIENT_CAPACITY)),
        Ok(_) => Ok(true),
        Err(_) => Ok(false),
    }
}
