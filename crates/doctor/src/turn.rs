//! A TURN client (RFC 8656) on a socket: it allocates, and sends something to itself by the relay.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use tokio::time::{sleep_until, timeout};
use turn_client_proto::{
    api::{TurnClientApi, TurnConfig, TurnEvent, TurnPollRet, TurnRecvRet},
    stun::{self, agent::Transmit},
    tcp::TurnClientTcp,
    types::{
        TransportType, TurnCredentials,
        message::CREATE_PERMISSION,
        stun::{attribute::ErrorCode, message::Message},
    },
    udp::TurnClientUdp,
};

use crate::{
    Trouble,
    wire::{BUFFER, Wire},
};

/// What is sent to ourselves: it only has to be recognised.
const WORD: &[u8] = b"pronto doctor";

/// How long is waited for it before it is sent again: datagrams get lost.
const AGAIN: Duration = Duration::from_millis(500);
/// How long in all, once there is an allocation: if it works, it takes one round trip.
const CARRYING: Duration = Duration::from_secs(4);

/// A TURN user and its password.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key<'a> {
    pub(crate) user: &'a str,
    pub(crate) password: &'a str,
}

/// A relay that works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Carried {
    /// How long it took until it was ready, from the first packet on. Requests are 50 ms apart (RFC 8489 section 6.2.1), so
    /// that is the least.
    pub ready: Duration,
    /// How long something takes to the relay and back.
    pub round_trip: Duration,
}

pub(crate) async fn over_datagrams(
    wire: Wire,
    (local, relay): (SocketAddr, SocketAddr),
    key: Key<'_>,
    begin: Instant,
) -> Result<Carried, Trouble> {
    let client = TurnClientUdp::allocate(local, relay, config(key));
    Client::new(client, wire, begin).run().await
}

pub(crate) async fn over_stream(
    wire: Wire,
    (local, relay): (SocketAddr, SocketAddr),
    key: Key<'_>,
    begin: Instant,
) -> Result<Carried, Trouble> {
    let client = TurnClientTcp::allocate(local, relay, config(key));
    Client::new(client, wire, begin).run().await
}

fn config(key: Key<'_>) -> TurnConfig {
    TurnConfig::new(TurnCredentials::new(key.user, key.password))
}

struct Client<T> {
    turn: T,
    wire: Wire,
    buffer: Vec<u8>,
    begin: Instant,
    /// How often the relay has asked who we are. The first time is part of the protocol, the second a refusal: the
    /// library would ask until the end of time, since such an answer is not signed.
    asked_who: u32,
}

/// What a client learns.
enum News {
    Event(TurnEvent),
    Word,
    Closed,
}

impl<T: TurnClientApi> Client<T> {
    fn new(turn: T, wire: Wire, begin: Instant) -> Self {
        Self { turn, wire, buffer: vec![0; BUFFER], begin, asked_who: 0 }
    }

    async fn run(mut self) -> Result<Carried, Trouble> {
        let relayed = self.allocate().await?;
        let ready = self.begin.elapsed();
        let carried = timeout(CARRYING, self.carry(relayed)).await.unwrap_or(Err(Trouble::Mute));
        self.release().await;
        Ok(Carried { ready, round_trip: carried? })
    }

    async fn allocate(&mut self) -> Result<SocketAddr, Trouble> {
        loop {
            match self.news().await? {
                News::Event(TurnEvent::AllocationCreated(_, relayed)) => return Ok(relayed),
                News::Event(TurnEvent::AllocationCreateFailed(_)) | News::Closed => {
                    return Err(Trouble::Denied(None));
                }
                _ => {}
            }
        }
    }

    /// How long something takes to our own relayed address and back to us.
    async fn carry(&mut self, relayed: SocketAddr) -> Result<Duration, Trouble> {
        let permitted = self.turn.create_permission(TransportType::Udp, relayed.ip(), self.now());
        permitted.map_err(|_| Trouble::Mute)?;
        loop {
            match self.news().await? {
                News::Event(TurnEvent::PermissionCreated(..)) => break,
                News::Event(TurnEvent::PermissionCreateFailed(..)) | News::Closed => {
                    return Err(Trouble::Mute);
                }
                _ => {}
            }
        }
        loop {
            let sent = Instant::now();
            let packet = self.turn.send_to(TransportType::Udp, relayed, WORD, self.now());
            if let Some(packet) = packet.map_err(|_| Trouble::Mute)? {
                self.send(&packet.build().data).await?;
            }
            match timeout(AGAIN, self.word()).await {
                Ok(heard) => return heard.map(|()| sent.elapsed()),
                Err(_) => continue,
            }
        }
    }

    async fn word(&mut self) -> Result<(), Trouble> {
        loop {
            match self.news().await? {
                News::Word => return Ok(()),
                News::Closed => return Err(Trouble::Mute),
                News::Event(_) => {}
            }
        }
    }

    /// Gives the allocation back. If that gets lost, it expires.
    async fn release(&mut self) {
        if self.turn.delete(self.now()).is_ok() {
            let _ = self.flush().await;
        }
    }

    /// Lets the protocol run until something comes of it.
    async fn news(&mut self) -> Result<News, Trouble> {
        loop {
            let now = self.now();
            if let Some(data) = self.turn.poll_recv(now)
                && data.data() == WORD
            {
                return Ok(News::Word);
            }
            if let Some(event) = self.turn.poll_event() {
                return Ok(News::Event(event));
            }
            let next = self.turn.poll(self.now());
            self.flush().await?;
            if let Some(event) = self.turn.poll_event() {
                return Ok(News::Event(event));
            }
            let wake = match next {
                TurnPollRet::WaitUntil(at) => self.begin + at.duration_since(self.epoch()),
                TurnPollRet::Closed => return Ok(News::Closed),
                // These are for allocations of TCP, which are not asked for.
                TurnPollRet::AllocateTcpSocket { .. } | TurnPollRet::TcpClose { .. } => continue,
            };
            let length = tokio::select! {
                length = self.wire.recv(&mut self.buffer) => {
                    length.map_err(|error| Trouble::of(&error))?
                }
                () = sleep_until(wake.into()) => continue,
            };
            self.look_for_refusal(length)?;
            if self.is_word(length) {
                return Ok(News::Word);
            }
        }
    }

    /// # Errors
    /// What has come in is an error that another attempt does not mend.
    fn look_for_refusal(&mut self, length: usize) -> Result<(), Trouble> {
        let Ok(message) = Message::from_bytes(&self.buffer[..length]) else { return Ok(()) };
        let Ok(error) = message.attribute::<ErrorCode>() else { return Ok(()) };
        self.asked_who += u32::from(error.code() == ErrorCode::UNAUTHORIZED);
        match error.code() {
            ErrorCode::UNAUTHORIZED if self.asked_who == 1 => Ok(()),
            ErrorCode::STALE_NONCE => Ok(()),
            // The relay need not let us reach ourselves.
            _ if message.has_method(CREATE_PERMISSION) => Ok(()),
            code => Err(Trouble::Denied(Some(code))),
        }
    }

    /// Hands over what has come in. Whether it is what we sent.
    fn is_word(&mut self, length: usize) -> bool {
        let now = self.now();
        let received = Transmit::new(
            &self.buffer[..length],
            self.turn.transport(),
            self.turn.remote_addr(),
            self.turn.local_addr(),
        );
        matches!(self.turn.recv(received, now), TurnRecvRet::PeerData(data) if data.data() == WORD)
    }

    async fn flush(&mut self) -> Result<(), Trouble> {
        while let Some(packet) = self.turn.poll_transmit(self.now()) {
            self.send(&packet.data).await?;
        }
        Ok(())
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        self.wire.send(bytes).await.map_err(|error| Trouble::of(&error))
    }

    /// The protocol's clock counts from when this client began.
    fn epoch(&self) -> stun::Instant {
        stun::Instant::from_nanos(0)
    }

    fn now(&self) -> stun::Instant {
        self.epoch() + self.begin.elapsed()
    }
}
