//! What is known while signed in, and the messages of a session over as many sockets as it takes.

use protocol::{ClientMessage, IceServer, Outbox, Ping};

use crate::call::Millis;

/// What is known while signed in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::call) struct Session {
    pub(in crate::call) name: String,
    pub(in crate::call) ice_servers: Vec<IceServer>,
    /// Whether the server is one of ours, which knows `ping` and `ringing`; the tutorial's answers them with an error.
    pub(in crate::call) knows_ours: bool,
    /// How long the server keeps the session after a lost socket, in seconds.
    pub(in crate::call) grace: u32,
    /// What takes the session back after a lost socket, at a server that can do that.
    pub(in crate::call) ticket: Option<Ticket>,
    pub(super) alive: Alive,
}

/// What takes a session back.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::call) struct Ticket {
    pub(in crate::call) secret: String,
    pub(super) memory: Memory,
}

/// What the page knows of the session's messages.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Memory {
    /// Everything.
    Stream(Stream),
    /// Nothing any more: more was said to a server that is away than is kept.
    Overflowed,
    /// Nothing: the page was loaded anew.
    Reloaded,
}

/// The messages of a session in both directions, over as many sockets as it takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Stream {
    pub(super) received: u64,
    /// How many of them the server was told of.
    pub(super) told: u64,
    pub(super) sent: Outbox<ClientMessage>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Alive {
    /// A ping is due at this time.
    PingAt(Millis),
    /// A ping was sent; something must be heard until this time.
    PongUntil(Millis),
}

impl Ticket {
    /// What was sent and is not known to have arrived; `None` if nothing is known of it.
    pub(in crate::call) fn unheard(&self) -> Option<impl Iterator<Item = &ClientMessage>> {
        match &self.memory {
            Memory::Stream(stream) => Some(stream.sent.waiting()),
            Memory::Overflowed | Memory::Reloaded => None,
        }
    }

    pub(super) const fn stream(&mut self) -> Option<&mut Stream> {
        match &mut self.memory {
            Memory::Stream(stream) => Some(stream),
            Memory::Overflowed | Memory::Reloaded => None,
        }
    }
}

impl Session {
    pub(super) fn stream(&mut self) -> Option<&mut Stream> {
        self.ticket.as_mut().and_then(Ticket::stream)
    }

    /// Keeps what is said to the server for as long as it may have to be said again. Gives whether it is kept.
    pub(super) fn keep(&mut self, message: &ClientMessage) -> bool {
        let Some(ticket) = &mut self.ticket else { return false };
        let Some(stream) = ticket.stream() else { return false };
        if message.is_counted() && stream.sent.push(message.clone(), size(message)).is_err() {
            ticket.memory = Memory::Overflowed;
        }
        true
    }

    pub(super) fn ping(&mut self) -> ClientMessage {
        let received = self.stream().map(|stream| {
            stream.told = stream.received;
            stream.received
        });
        ClientMessage::Ping(Ping { received })
    }
}

/// About how many bytes a message takes: what is opaque in it, and something for the rest.
fn size(message: &ClientMessage) -> usize {
    const AROUND: usize = 128;
    AROUND
        + match message {
            ClientMessage::Offer(offer) => offer.offer.as_json().len(),
            ClientMessage::Answer(answer) => answer.answer.as_json().len(),
            ClientMessage::Candidate(candidate) => candidate.candidate.as_json().len(),
            ClientMessage::Login(_)
            | ClientMessage::Ringing(_)
            | ClientMessage::Leave(_)
            | ClientMessage::Ping(_) => 0,
        }
}
