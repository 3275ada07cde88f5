//! A client that follows PROTOCOL.md.

use std::collections::VecDeque;

use protocol::{
    Answer, CallId, Candidate, ClientMessage, ErrorCode, Leave, LeaveReason, Offer, Outbox, Raw,
    RelayedOffer, ServerMessage,
};

use super::super::{Call, Return, Welcomed, call_with};

/// What a client takes itself to be in.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Belief {
    Idle,
    Calling(Call),
    Ringing(Call),
    InCall(Call),
    /// It was in this accepted call before it was reloaded, and has not been told yet that it stands.
    Waiting(Call),
    /// It continues the accepted call of the second id under the first.
    Rejoining(Call, CallId),
}

/// A client that follows PROTOCOL.md, and its socket.
pub(super) struct Client {
    pub(super) belief: Belief,
    /// What a page finds after it was loaded anew, besides the secret.
    pub(super) kept: Option<Call>,
    pub(super) reloaded: bool,
    /// How many messages have come, and what was sent: since both began to count.
    pub(super) received: usize,
    pub(super) sent: Vec<ClientMessage>,
    pub(super) outbox: Outbox<ClientMessage>,
    pub(super) socket: Socket,
    /// What the server has yet to read.
    pub(super) up: VecDeque<ClientMessage>,
    /// How many messages the server has read, since both began to count.
    pub(super) taken: usize,
}

#[derive(Debug)]
pub(super) enum Socket {
    /// What is sent over it goes nowhere, and nothing comes.
    Broken,
    /// The login is answered, and the client has yet to read that.
    Answered {
        welcomed: Welcomed,
        /// The call that the login named.
        presented: Option<Call>,
    },
    Open,
}

fn raw() -> Raw {
    Raw::from_json("1".to_owned()).unwrap()
}

impl Belief {
    pub(super) fn call(&self) -> Option<&Call> {
        match self {
            Self::Idle => None,
            Self::Calling(call)
            | Self::Ringing(call)
            | Self::InCall(call)
            | Self::Waiting(call)
            | Self::Rejoining(call, _) => Some(call),
        }
    }

    fn is_in(&self, call: Option<&CallId>) -> bool {
        self.call().is_some_and(|mine| mine.key.id() == call)
    }
}

impl Client {
    pub(super) fn new() -> Self {
        Self {
            belief: Belief::Idle,
            kept: None,
            reloaded: false,
            received: 0,
            sent: Vec::new(),
            outbox: Outbox::new(),
            socket: Socket::Broken,
            up: VecDeque::new(),
            taken: 0,
        }
    }

    pub(super) fn believe(&mut self, belief: Belief) {
        self.kept = match &belief {
            Belief::InCall(call) | Belief::Waiting(call) => Some(call.clone()),
            Belief::Rejoining(call, old) => Some(call_with(call.peer.as_str(), old.as_str())),
            _ => None,
        };
        self.belief = belief;
    }

    pub(super) fn send(&mut self, message: ClientMessage) {
        if self.reloaded {
            // It has nothing to say before it knows where it is.
            return;
        }
        if message.is_counted() {
            self.sent.push(message.clone());
            self.outbox.push(message.clone(), 1).unwrap();
        }
        if let Socket::Open = self.socket {
            self.up.push_back(message);
        }
    }

    pub(super) fn send_offer(&mut self, call: &Call, replaces: Option<CallId>) {
        let (name, call) = (call.peer.to_string(), call.key.id().cloned());
        self.send(ClientMessage::Offer(Offer { name, offer: raw(), call, replaces }));
    }

    pub(super) fn send_answer(&mut self, call: &Call) {
        let (name, call) = (Some(call.peer.to_string()), call.key.id().cloned());
        self.send(ClientMessage::Answer(Answer { name, answer: raw(), call }));
    }

    pub(super) fn send_candidate(&mut self, call: &Call) {
        let (name, call) = (Some(call.peer.to_string()), call.key.id().cloned());
        self.send(ClientMessage::Candidate(Candidate { name, candidate: raw(), call }));
    }

    pub(super) fn send_leave(&mut self, call: &Call, reason: LeaveReason) {
        let (name, call) = (Some(call.peer.to_string()), call.key.id().cloned());
        self.send(ClientMessage::Leave(Leave { name, call, reason: Some(reason) }));
    }

    /// What it says of itself when it logs in.
    pub(super) fn presents(&self) -> Return {
        let (call, calling) = match &self.belief {
            _ if self.reloaded => (self.kept.clone(), false),
            Belief::Idle => (None, false),
            Belief::Calling(call) => (Some(call.clone()), true),
            Belief::Ringing(call) => (Some(call.clone()), false),
            Belief::InCall(_) | Belief::Waiting(_) | Belief::Rejoining(..) => {
                (self.kept.clone(), false)
            }
        };
        let received = if self.reloaded { 0 } else { self.received as u64 };
        let (received, anew) = (Some(received), self.reloaded);
        Return { received, anew, call, continued: None, calling, guest: false }
    }

    fn on_offer(&mut self, user: &str, offer: &RelayedOffer) {
        let calls = |call: &Call| call.peer.as_str() == offer.name;
        if matches!(&self.belief, Belief::Calling(call) if calls(call))
            && user < offer.name.as_str()
        {
            // The two crossed, and its own stands. A `leave` without an id would be for that one.
            return;
        }
        let Some(id) = &offer.call else {
            // Such a call can be neither restored nor continued: not for this client.
            let (name, reason) = (Some(offer.name.clone()), Some(LeaveReason::Declined));
            return self.send(ClientMessage::Leave(Leave { name, call: None, reason }));
        };
        let new = call_with(&offer.name, id.as_str());
        let same_peer = self.belief.call().is_some_and(|call| call.peer == new.peer);
        let again = self.belief.is_in(offer.call.as_ref());
        match &self.belief {
            Belief::Idle => self.believe(Belief::Ringing(new)),
            Belief::Ringing(_) if again => {}
            Belief::InCall(_) if again => self.send_answer(&new),
            Belief::InCall(_) | Belief::Waiting(_) | Belief::Rejoining(..)
                if same_peer && offer.replaces.is_some() =>
            {
                self.believe(Belief::InCall(new.clone()));
                self.send_answer(&new);
            }
            Belief::Calling(_) if same_peer => {
                self.believe(Belief::InCall(new.clone()));
                self.send_answer(&new);
            }
            _ => self.send_leave(&new, LeaveReason::Busy),
        }
    }

    pub(super) fn on_message(&mut self, user: &str, message: &ServerMessage) {
        match message {
            ServerMessage::Offer(offer) => self.on_offer(user, offer),
            ServerMessage::Answer(answer) if self.belief.is_in(answer.call.as_ref()) => {
                if let Belief::Calling(call) | Belief::Rejoining(call, _) = &self.belief {
                    self.believe(Belief::InCall(call.clone()));
                }
            }
            ServerMessage::Leave(leave) if self.belief.is_in(leave.call.as_ref()) => {
                self.believe(Belief::Idle);
            }
            ServerMessage::Error(error) if self.belief.is_in(error.call.as_ref()) => {
                let calls = matches!(self.belief, Belief::Calling(_) | Belief::Rejoining(..));
                match error.code {
                    Some(ErrorCode::NotInCall) => self.believe(Belief::Idle),
                    Some(ErrorCode::Offline) if calls => self.believe(Belief::Idle),
                    _ => {}
                }
            }
            ServerMessage::Pong(pong) => {
                self.outbox.acknowledge(pong.received.unwrap()).unwrap();
            }
            _ => {}
        }
    }
}
