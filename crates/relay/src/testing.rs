//! A client for tests, which can also do what no client should.

use std::{cell::RefCell, net::SocketAddr, time::Duration};

use turn_types::{
    attribute::{ChannelNumber, Lifetime, RequestedTransport, XorPeerAddress, XorRelayedAddress},
    message::{ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, REFRESH, SEND},
    stun::{
        attribute::{AttributeType, ErrorCode, Nonce, Realm, Username, XorMappedAddress},
        message::{IntegrityAlgorithm, Message, MessageWriteVec, Method},
        prelude::{AttributeStaticType, AttributeWrite, MessageWrite, MessageWriteExt},
    },
};

use crate::{
    Credential, Policy, REALM, Rate, RelayAddresses, Secret, VirtualPorts,
    gate::key,
    hub::{Client, Hub, Now, Output, Transport},
    limits::CREDENTIAL_LIFETIME,
};

/// When the tests begin, in seconds since 1970.
pub(crate) const BEGIN: u64 = 1_700_000_000;

/// A relay in virtual time.
pub(crate) struct World {
    pub(crate) hub: RefCell<Hub>,
    pub(crate) secret: Secret,
    now: RefCell<Now>,
}

/// One of its clients.
pub(crate) struct Tester<'a> {
    world: &'a World,
    pub(crate) client: Client,
    pub(crate) credential: Credential,
    pub(crate) nonce: String,
}

/// What the relay answered.
#[derive(Debug)]
pub(crate) struct Answer(pub(crate) Vec<u8>);

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Policy::default())
    }

    pub(crate) fn with(policy: Policy) -> Self {
        Self::at_rate(policy, Rate::default())
    }

    pub(crate) fn at_rate(policy: Policy, rate: Rate) -> Self {
        let secret = Secret::new("north");
        let addresses = RelayAddresses {
            v4: [192, 168, 0, 1].into(),
            v6: Some([0xfd00, 0, 0, 0, 0, 0, 0, 1].into()),
        };
        let mut policy = policy;
        policy.know_own(["8.8.4.4", "2a00::4"].map(|own| own.parse().unwrap()).into());
        let hub = Hub::new(secret.clone(), policy, addresses, Box::new(VirtualPorts), rate);
        let now = Now { elapsed: Duration::ZERO, unix: BEGIN };
        Self { hub: RefCell::new(hub), secret, now: RefCell::new(now) }
    }

    pub(crate) fn now(&self) -> Now {
        *self.now.borrow()
    }

    /// Lets time pass, and the relay drop what has expired.
    pub(crate) fn pass(&self, time: Duration) {
        let mut now = self.now.borrow_mut();
        now.elapsed += time;
        now.unix += time.as_secs();
        self.hub.borrow_mut().sweep(*now);
    }

    /// A client at 198.51.100.`host`, with a credential of its user's.
    pub(crate) fn tester(&self, user: &str, host: u8) -> Tester<'_> {
        let client = Client {
            transport: Transport::Udp,
            local: "192.168.0.1:3478".parse().unwrap(),
            remote: SocketAddr::from(([198, 51, 100, host], 5000)),
        };
        let credential = self.secret.mint(user, self.now().unix, CREDENTIAL_LIFETIME);
        Tester { world: self, client, credential, nonce: String::new() }
    }

    /// A client that has an allocation, and the allocation.
    pub(crate) fn allocated(&self, user: &str, host: u8) -> (Tester<'_>, SocketAddr) {
        let mut tester = self.tester(user, host);
        let relayed = tester.allocate().relayed();
        (tester, relayed)
    }

    /// Sends bytes as a client. Gives everything that the relay sends.
    pub(crate) fn send(&self, client: Client, bytes: &[u8]) -> Vec<Output> {
        let mut out = Vec::new();
        self.hub.borrow_mut().receive(self.now(), client, bytes, &mut out);
        out
    }
}

impl Tester<'_> {
    /// A request with these attributes, signed if there is a nonce to sign with.
    pub(crate) fn request(&self, method: Method, attributes: &[&dyn AttributeWrite]) -> Vec<u8> {
        let mut message = Message::builder_request(method, MessageWriteVec::new());
        for attribute in attributes {
            message.add_attribute(*attribute).unwrap();
        }
        if !self.nonce.is_empty() {
            message.add_attribute(&Username::new(&self.credential.username).unwrap()).unwrap();
            message.add_attribute(&Realm::new(REALM).unwrap()).unwrap();
            message.add_attribute(&Nonce::new(&self.nonce).unwrap()).unwrap();
            let key = key(&self.credential.username, &self.credential.password);
            message.add_message_integrity_with_key(&key, IntegrityAlgorithm::Sha1).unwrap();
        }
        message.add_fingerprint().unwrap();
        message.finish()
    }

    /// Sends a request, and gets its answer.
    pub(crate) fn ask(&self, method: Method, attributes: &[&dyn AttributeWrite]) -> Answer {
        self.ask_bytes(&self.request(method, attributes))
    }

    pub(crate) fn ask_bytes(&self, request: &[u8]) -> Answer {
        match self.world.send(self.client, request).as_slice() {
            [Output::ToClient(to, answer)] if *to == self.client => Answer(answer.clone()),
            other => panic!("{other:?} instead of one answer"),
        }
    }

    /// Gets a nonce, and asks for an allocation with it.
    pub(crate) fn allocate(&mut self) -> Answer {
        self.allocate_with(&[])
    }

    pub(crate) fn allocate_with(&mut self, more: &[&dyn AttributeWrite]) -> Answer {
        let transport = RequestedTransport::new(RequestedTransport::UDP);
        let attributes = [&[&transport as &dyn AttributeWrite], more].concat();
        self.get_nonce();
        self.ask(ALLOCATE, &attributes)
    }

    pub(crate) fn get_nonce(&mut self) {
        self.nonce.clear();
        let transport = RequestedTransport::new(RequestedTransport::UDP);
        let challenge = self.ask(ALLOCATE, &[&transport]);
        assert_eq!(challenge.code(), 401);
        self.nonce = challenge.nonce();
    }

    pub(crate) fn refresh(&self, seconds: u32) -> Answer {
        self.ask(REFRESH, &[&Lifetime::new(seconds)])
    }

    pub(crate) fn permit(&self, peers: &[&str]) -> Answer {
        self.ask_bytes(&self.permit_request(peers))
    }

    pub(crate) fn permit_request(&self, peers: &[&str]) -> Vec<u8> {
        // The addresses are hidden with the transaction's id, so it has to be known first.
        let mut message = Message::builder_request(CREATE_PERMISSION, MessageWriteVec::new());
        let id = message.transaction_id();
        for peer in peers {
            message.add_attribute(&XorPeerAddress::new(parse(peer), id)).unwrap();
        }
        self.sign(message)
    }

    pub(crate) fn bind(&self, channel: u16, peer: &str) -> Answer {
        self.ask_bytes(&self.bind_request(channel, peer))
    }

    pub(crate) fn bind_request(&self, channel: u16, peer: &str) -> Vec<u8> {
        let mut message = Message::builder_request(CHANNEL_BIND, MessageWriteVec::new());
        let id = message.transaction_id();
        message.add_attribute(&ChannelNumber::new(channel)).unwrap();
        message.add_attribute(&XorPeerAddress::new(parse(peer), id)).unwrap();
        self.sign(message)
    }

    pub(crate) fn sign_and_ask(&self, message: MessageWriteVec) -> Answer {
        self.ask_bytes(&self.sign(message))
    }

    fn sign(&self, mut message: MessageWriteVec) -> Vec<u8> {
        message.add_attribute(&Username::new(&self.credential.username).unwrap()).unwrap();
        message.add_attribute(&Realm::new(REALM).unwrap()).unwrap();
        message.add_attribute(&Nonce::new(&self.nonce).unwrap()).unwrap();
        let key = key(&self.credential.username, &self.credential.password);
        message.add_message_integrity_with_key(&key, IntegrityAlgorithm::Sha1).unwrap();
        message.finish()
    }

    /// Sends data to a peer in a Send indication. Gives what the relay sends.
    pub(crate) fn indicate(&self, peer: SocketAddr, data: &[u8]) -> Vec<Output> {
        let mut message = Message::builder_indication(SEND, MessageWriteVec::new());
        let id = message.transaction_id();
        message.add_attribute(&XorPeerAddress::new(peer, id)).unwrap();
        message.add_attribute(&turn_types::attribute::Data::new(data)).unwrap();
        self.world.send(self.client, &message.finish())
    }

    /// Sends data on a channel.
    pub(crate) fn channel_data(&self, channel: u16, data: &[u8]) -> Vec<Output> {
        self.world.send(self.client, &channel_data(channel, data))
    }
}

/// The bytes of ChannelData.
pub(crate) fn channel_data(channel: u16, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap();
    [&channel.to_be_bytes(), &length.to_be_bytes(), data].concat()
}

/// An address with the port 7 if it has none.
fn parse(peer: &str) -> SocketAddr {
    peer.parse().unwrap_or_else(|_| SocketAddr::new(peer.parse().unwrap(), 7))
}

impl Answer {
    fn message(&self) -> Message<'_> {
        Message::from_bytes(&self.0).unwrap()
    }

    /// The error's code; 0 if it is none.
    pub(crate) fn code(&self) -> u16 {
        self.message().attribute::<ErrorCode>().map_or(0, |error| error.code())
    }

    pub(crate) fn nonce(&self) -> String {
        self.message().attribute::<Nonce>().unwrap().nonce().to_owned()
    }

    pub(crate) fn relayed(&self) -> SocketAddr {
        let message = self.message();
        assert_eq!(self.code(), 0);
        message.attribute::<XorRelayedAddress>().unwrap().addr(message.transaction_id())
    }

    pub(crate) fn mapped(&self) -> SocketAddr {
        let message = self.message();
        message.attribute::<XorMappedAddress>().unwrap().addr(message.transaction_id())
    }

    pub(crate) fn lifetime(&self) -> u32 {
        self.message().attribute::<Lifetime>().unwrap().seconds()
    }

    pub(crate) fn has(&self, attribute: AttributeType) -> bool {
        self.message().has_attribute(attribute)
    }

    /// Whether it is signed with this credential.
    pub(crate) fn is_signed_with(&self, credential: &Credential) -> bool {
        let key = key(&credential.username, &credential.password);
        self.message().validate_integrity_with_key(&key).is_ok()
    }

    pub(crate) fn has_realm(&self) -> bool {
        self.has(Realm::TYPE)
    }
}
