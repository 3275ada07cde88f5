//! A client of a relay (RFC 8656), over UDP: it allocates, binds a channel to another's relayed address, and sends.

use std::{
    io::ErrorKind,
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use relay::Credential;
use turn_types::{
    attribute::{ChannelNumber, RequestedTransport, XorPeerAddress, XorRelayedAddress},
    message::{ALLOCATE, CHANNEL_BIND},
    stun::{
        attribute::{ErrorCode, Nonce, Realm, Username},
        message::{
            IntegrityAlgorithm, LongTermKeyCredentials, Message, MessageWriteVec, TransactionId,
        },
        prelude::{AttributeFromRaw, AttributeStaticType, MessageWrite, MessageWriteExt},
    },
};

/// How long an answer may take. Then the relay counts as broken.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long an answer is waited for before it is asked again.
const AGAIN: Duration = Duration::from_millis(500);
/// How long to wait after a refusal by the system.
const GLANCE: Duration = Duration::from_millis(20);

/// The only channel that a client needs here, the first that there is.
const CHANNEL: u16 = 0x4000;

/// The data of a packet, in bytes: about what a browser sends.
pub(crate) const PACKET: usize = 1000;

/// As much as any datagram here has.
const BUFFER: usize = 2048;

/// A client with an allocation.
#[derive(Debug)]
pub(crate) struct TurnClient {
    socket: UdpSocket,
    credential: Credential,
    realm: String,
    nonce: String,
    relayed: SocketAddr,
}

impl TurnClient {
    /// Makes an allocation.
    pub(crate) fn allocate(relay: SocketAddr, credential: Credential) -> Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.connect(relay)?;
        socket.set_read_timeout(Some(AGAIN))?;
        let (realm, nonce) = (String::new(), String::new());
        let mut client = Self { socket, credential, realm, nonce, relayed: relay };

        let transport = RequestedTransport::new(RequestedTransport::UDP);
        let mut question = Message::builder_request(ALLOCATE, MessageWriteVec::new());
        question.add_attribute(&transport)?;
        let challenge = client.ask(&question.finish())?;
        let challenge = Message::from_bytes(&challenge)?;
        client.realm = attribute::<Realm>(&challenge)?.realm().to_owned();
        client.nonce = attribute::<Nonce>(&challenge)?.nonce().to_owned();

        let mut request = Message::builder_request(ALLOCATE, MessageWriteVec::new());
        request.add_attribute(&transport)?;
        let answer = client.ask(&client.signed(request)?)?;
        let answer = good(&answer)?;
        client.relayed = attribute::<XorRelayedAddress>(&answer)?.addr(answer.transaction_id());
        Ok(client)
    }

    /// From here on, what is sent goes to the other.
    pub(crate) fn reach(&self, other: &Self) -> Result<()> {
        let mut request = Message::builder_request(CHANNEL_BIND, MessageWriteVec::new());
        let id: TransactionId = request.transaction_id();
        request.add_attribute(&ChannelNumber::new(CHANNEL))?;
        request.add_attribute(&XorPeerAddress::new(other.relayed, id))?;
        good(&self.ask(&self.signed(request)?)?)?;
        Ok(())
    }

    /// From here on nobody waits for what comes.
    pub(crate) fn is_set_up(&self) -> Result<()> {
        Ok(self.socket.set_nonblocking(true)?)
    }

    /// Sends a packet. One for which the system has no room is lost, as it would be on a network.
    pub(crate) fn send(&self) -> Result<()> {
        let mut packet = [0; 4 + PACKET];
        packet[..2].copy_from_slice(&CHANNEL.to_be_bytes());
        packet[2..4].copy_from_slice(&(PACKET as u16).to_be_bytes());
        match self.socket.send(&packet) {
            Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Takes the packets that have come. Gives how many they are.
    pub(crate) fn take(&self) -> Result<u64> {
        let (mut count, mut buffer) = (0, [0; BUFFER]);
        loop {
            match self.socket.recv(&mut buffer) {
                // What is on another channel, or on none, is no packet of the other's.
                Ok(length) if length >= 4 + PACKET && buffer[..2] == CHANNEL.to_be_bytes() => {
                    count += 1;
                }
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(count),
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn signed(&self, mut request: MessageWriteVec) -> Result<Vec<u8>> {
        let Credential { username, password } = &self.credential;
        request.add_attribute(&Username::new(username)?)?;
        request.add_attribute(&Realm::new(&self.realm)?)?;
        request.add_attribute(&Nonce::new(&self.nonce)?)?;
        let key =
            LongTermKeyCredentials::new(username.clone(), password.clone(), self.realm.clone())
                .make_key(IntegrityAlgorithm::Sha1);
        request.add_message_integrity_with_key(&key, IntegrityAlgorithm::Sha1)?;
        Ok(request.finish())
    }

    /// Asks until there is an answer: datagrams get lost, and a relay may listen on TCP before it does on UDP.
    fn ask(&self, request: &[u8]) -> Result<Vec<u8>> {
        let until = Instant::now() + PATIENCE;
        let mut buffer = vec![0; BUFFER];
        loop {
            let answer = self.socket.send(request).and_then(|_| self.socket.recv(&mut buffer));
            match answer {
                Ok(length) => {
                    buffer.truncate(length);
                    return Ok(buffer);
                }
                Err(error) if Instant::now() > until => {
                    return Err(error).context("the relay does not answer");
                }
                // Refused at once, as long as nobody listens there: try again, until the deadline.
                Err(_) => thread::sleep(GLANCE),
            }
        }
    }
}

/// An answer that is no refusal.
fn good(answer: &[u8]) -> Result<Message<'_>> {
    let message = Message::from_bytes(answer)?;
    match message.attribute::<ErrorCode>() {
        Ok(error) => bail!("the relay refuses: {} {}", error.code(), error.reason()),
        Err(_) => Ok(message),
    }
}

fn attribute<'a, A: AttributeFromRaw<'a> + AttributeStaticType>(
    message: &'a Message<'a>,
) -> Result<A> {
    message.attribute::<A>().ok().context("the relay leaves something out")
}
