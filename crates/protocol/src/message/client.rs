//! What a client says to the server.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Hidden, LeaveReason, Raw, check_size, kind_of, page, parse, quick};
use crate::{
    error::DecodeError,
    ids::CallId,
    limits::{MAX_CANDIDATE_BYTES, MAX_DESCRIPTION_BYTES},
};

/// What a client says to the server.
///
/// Names stand here as they were written; the server makes user names of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum ClientMessage {
    /// Asks for a name. Boxed: it is rare, and every message would be larger for it.
    Login(Box<Login>),
    /// Calls somebody, or offers anew within a call.
    Offer(Offer),
    /// Accepts a call, or answers an offer within it.
    Answer(Answer),
    /// An ICE candidate for the peer.
    Candidate(Candidate),
    /// The callee is being rung.
    Ringing(Ringing),
    /// Ends a call, or declines it.
    Leave(Leave),
    /// A sign of life: the server answers `pong`. A browser cannot see the pings of WebSocket itself.
    Ping(Ping),
}

/// Asks for a name.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Login {
    /// The name wanted.
    pub name: String,
    /// The resume secret of an earlier login, to take one's session back after a lost socket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// Proves which account the user has: what `POST /auth/ticket` gave, good for one login. Without one the user is a guest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// How many messages of the session the client has got; 0 at its first login. That it stands here says that the
    /// client counts them, and so can take its session back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received: Option<u64>,
    /// Whether the client starts anew, and knows nothing of the session but its secret: a page that was loaded again.
    #[serde(default, skip_serializing_if = "is_false")]
    pub anew: bool,
    /// How many sockets the client has opened so far to be in this session. Logins may overtake each other, each over a
    /// socket of its own: the session is at the one with the highest number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u64>,
    /// The peer of the call that the client is in, for a server that has forgotten it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// That call's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallId>,
    /// Whether the client made that call and has no answer yet, so that it is about to offer it again.
    #[serde(default, skip_serializing_if = "is_false")]
    pub calling: bool,
    /// The id under which the client has offered to continue that call, while it does not know whether the peer has got that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continued: Option<CallId>,
}

pub(super) fn is_false(value: &bool) -> bool {
    !*value
}

/// Shows that there is a resume secret or a ticket, not which: it must not end in a log.
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("name", &self.name)
            .field("session", &self.session.as_ref().map(|_| Hidden))
            .field("ticket", &self.ticket.as_ref().map(|_| Hidden))
            .field("received", &self.received)
            .field("anew", &self.anew)
            .field("attempt", &self.attempt)
            .field("peer", &self.peer)
            .field("call", &self.call)
            .field("calling", &self.calling)
            .field("continued", &self.continued)
            .finish()
    }
}

/// Calls somebody, or offers anew within a call.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Offer {
    /// The one to call.
    pub name: String,
    /// The session description, of type `offer`.
    pub offer: Raw,
    /// The call's id, chosen by the caller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallId>,
    /// The id of the accepted call that this one continues, over a new peer connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<CallId>,
}

/// Accepts a call, or answers an offer within it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Answer {
    /// The peer; whoever the call is with if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The session description, of type `answer`.
    pub answer: Raw,
    /// The call's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallId>,
}

/// An ICE candidate for the peer (RFC 8838: they trickle).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Candidate {
    /// The peer; whoever the call is with if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The candidate.
    pub candidate: Raw,
    /// The call's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallId>,
}

/// The callee is being rung.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Ringing {
    /// The caller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The call's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallId>,
}

/// Ends a call, or declines it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Leave {
    /// The peer; whoever the call is with if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The call's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallId>,
    /// Why; a hang-up if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<LeaveReason>,
}

/// A sign of life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Ping {
    /// How many messages of the session the client has got.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received: Option<u64>,
}

impl ClientMessage {
    /// Reads a message. Fields that are not known are ignored.
    ///
    /// # Errors
    /// Says what is wrong; [`DecodeError::UnknownType`] is to be ignored.
    pub fn decode(text: &str) -> Result<Self, DecodeError> {
        let message = match quick::decode(text) {
            Some(message) => message,
            None => Self::decode_in_two_passes(text)?,
        };
        match &message {
            Self::Offer(offer) => check_size("offer", &offer.offer, MAX_DESCRIPTION_BYTES)?,
            Self::Answer(answer) => check_size("answer", &answer.answer, MAX_DESCRIPTION_BYTES)?,
            Self::Candidate(one) => check_size("candidate", &one.candidate, MAX_CANDIDATE_BYTES)?,
            Self::Login(_) | Self::Ringing(_) | Self::Leave(_) | Self::Ping(_) => {}
        }
        Ok(message)
    }

    /// The candidate in a message, where its fields are written in the order in which [`ClientMessage::encode`] writes
    /// them, it is for the user of this name and of this call (`None`: it names no call), and what [`ClientMessage::decode`]
    /// gives is a [`Candidate`] with the same. `None` for everything else, which is to be decoded.
    #[must_use]
    pub fn candidate_for(text: &str, name: &str, call: Option<&CallId>) -> Option<Raw> {
        quick::candidate_for(text, name, call)
    }

    /// Reads any message, and says what is wrong: first its type, and then again as a message of this type.
    pub(super) fn decode_in_two_passes(text: &str) -> Result<Self, DecodeError> {
        Ok(match &*kind_of(text)? {
            "login" => Self::Login(parse(text)?),
            "offer" => Self::Offer(parse(text)?),
            "answer" => Self::Answer(parse(text)?),
            "candidate" => Self::Candidate(parse(text)?),
            "ringing" => Self::Ringing(parse(text)?),
            "leave" => Self::Leave(parse(text)?),
            "ping" => Self::Ping(parse(text)?),
            _ => return Err(DecodeError::UnknownType),
        })
    }

    /// Whether it counts as one of the session's messages: all do that do not manage the socket itself.
    #[must_use]
    pub const fn is_counted(&self) -> bool {
        !matches!(self, Self::Login(_) | Self::Ping(_))
    }

    /// Writes the message.
    #[must_use]
    pub fn encode(&self) -> String {
        page::encode(self)
    }
}
