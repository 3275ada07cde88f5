//! What a client says to the server.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Hidden, LeaveReason, Raw, check_size, encode, kind_of, parse};
use crate::{
    error::DecodeError,
    ids::CallId,
    limits::{MAX_CANDIDATE_BYTES, MAX_DESCRIPTION_BYTES},
};

/// What a client says to the server.
///
/// Names stand here as they were written; the server makes user names of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum ClientMessage {
    /// Asks for a name.
    Login(Login),
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
    Ping,
}

/// Asks for a name.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// The name wanted.
    pub name: String,
    /// The resume secret of an earlier login, to take one's name back after a lost socket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
}

/// Shows that there is a resume secret, not which: it must not end in a log.
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("name", &self.name)
            .field("session", &self.session.as_ref().map(|_| Hidden))
            .finish()
    }
}

/// Calls somebody, or offers anew within a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// The one to call.
    pub name: String,
    /// The session description, of type `offer`.
    pub offer: Raw,
    /// The call's id, chosen by the caller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallId>,
}

/// Accepts a call, or answers an offer within it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ringing {
    /// The caller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The call's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallId>,
}

/// Ends a call, or declines it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

impl ClientMessage {
    /// Reads a message. Fields that are not known are ignored.
    ///
    /// # Errors
    /// Says what is wrong; [`DecodeError::UnknownType`] is to be ignored.
    pub fn decode(text: &str) -> Result<Self, DecodeError> {
        let message = match &*kind_of(text)? {
            "login" => Self::Login(parse(text)?),
            "offer" => Self::Offer(parse(text)?),
            "answer" => Self::Answer(parse(text)?),
            "candidate" => Self::Candidate(parse(text)?),
            "ringing" => Self::Ringing(parse(text)?),
            "leave" => Self::Leave(parse(text)?),
            "ping" => Self::Ping,
            _ => return Err(DecodeError::UnknownType),
        };
        match &message {
            Self::Offer(offer) => check_size("offer", &offer.offer, MAX_DESCRIPTION_BYTES)?,
            Self::Answer(answer) => check_size("answer", &answer.answer, MAX_DESCRIPTION_BYTES)?,
            Self::Candidate(one) => check_size("candidate", &one.candidate, MAX_CANDIDATE_BYTES)?,
            Self::Login(_) | Self::Ringing(_) | Self::Leave(_) | Self::Ping => {}
        }
        Ok(message)
    }

    /// Writes the message.
    #[must_use]
    pub fn encode(&self) -> String {
        encode(self)
    }
}
