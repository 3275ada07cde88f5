//! The messages of both directions, and how they are read and written.

mod client;
mod page;
mod quick;
mod server;

use std::{borrow::Cow, fmt, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned, ser};
use serde_json::value::RawValue;

pub use client::{Answer, Candidate, ClientMessage, Leave, Login, Offer, Ping, Ringing};
pub use server::{
    Away, Ice, IceServer, LoginReply, Missed, Pong, Refusal, RelayedAnswer, RelayedCandidate,
    RelayedLeave, RelayedOffer, RelayedRinging, Restored, ServerMessage, Welcome,
};

use crate::{error::DecodeError, json};

/// A piece of JSON that passes through as it came, byte for byte, without being looked into: a session description
/// (`RTCSessionDescriptionInit`) or an ICE candidate (`RTCIceCandidateInit`), W3C WebRTC sections 4.6 and 4.8.
///
/// Shared, since it is kept until it is known to have arrived.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Raw(Arc<str>);

impl Raw {
    /// Takes a text that must be one JSON value.
    ///
    /// # Errors
    /// The text is not JSON.
    pub fn from_json(json: String) -> Result<Self, DecodeError> {
        Ok(Self(json::value(&json)?.into()))
    }

    /// The JSON.
    #[must_use]
    pub fn as_json(&self) -> &str {
        &self.0
    }
}

impl From<&RawValue> for Raw {
    fn from(value: &RawValue) -> Self {
        Self(value.get().into())
    }
}

impl Serialize for Raw {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // It is JSON, so this does nothing but to say so.
        let value: &RawValue = serde_json::from_str(&self.0).map_err(ser::Error::custom)?;
        value.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(|value| Self::from(&*value))
    }
}

/// Shows the size only: descriptions and candidates hold people's addresses, and must not end in a log.
impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Raw({} bytes)", self.as_json().len())
    }
}

/// Stands in for a secret where a message is shown for debugging.
struct Hidden;

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("hidden")
    }
}

/// Why somebody left a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeaveReason {
    /// The callee did not want to talk.
    Declined,
    /// The callee is in another call.
    Busy,
    /// Nobody answered in time.
    Timeout,
    /// The caller gave up before there was an answer.
    Cancelled,
    /// The call could not be set up or kept up, and who left does not say why.
    Failed,
    /// A device of the one who left failed, or the browser could not do what the call needed.
    DeviceFailed,
    /// No network path for the media was found: UDP is blocked, and there is no relay or it cannot be reached.
    NoPath,
    /// The relay that the path needed refused to carry it.
    RelayRefused,
    /// The network path for the media broke and was not regained.
    Lost,
    /// The other's connection to the server is gone, and they did not come back.
    Gone,
    /// The callee answered on another device.
    AnsweredElsewhere,
    /// Somebody hung up; also what an absent reason and one of a newer version mean.
    #[serde(other)]
    Hangup,
}

impl LeaveReason {
    /// Every reason.
    pub const ALL: [Self; 12] = [
        Self::Declined,
        Self::Busy,
        Self::Timeout,
        Self::Cancelled,
        Self::Failed,
        Self::DeviceFailed,
        Self::NoPath,
        Self::RelayRefused,
        Self::Lost,
        Self::Gone,
        Self::AnsweredElsewhere,
        Self::Hangup,
    ];

    /// As it goes over the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Declined => "declined",
            Self::Busy => "busy",
            Self::Timeout => "timeout",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
            Self::DeviceFailed => "device_failed",
            Self::NoPath => "no_path",
            Self::RelayRefused => "relay_refused",
            Self::Lost => "lost",
            Self::Gone => "gone",
            Self::AnsweredElsewhere => "answered_elsewhere",
            Self::Hangup => "hangup",
        }
    }

    /// What a word of the wire means; one of a newer version is a hang-up.
    #[must_use]
    pub fn of_word(word: &str) -> Self {
        Self::ALL.into_iter().find(|reason| reason.as_str() == word).unwrap_or(Self::Hangup)
    }
}

/// The one field that every message has.
#[derive(Deserialize)]
struct Tag<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
}

/// Reads the `type` of a message. A first pass of its own, since serde's tagged enums cannot keep raw JSON raw.
fn kind_of(text: &str) -> Result<Cow<'_, str>, DecodeError> {
    // serde also reads structs from arrays, which would let `["login"]` through.
    if !text.trim_start().starts_with('{') {
        return Err(DecodeError::Malformed("it is not a JSON object".to_owned()));
    }
    serde_json::from_str::<Tag<'_>>(text).map(|tag| tag.kind).map_err(|error| malformed(&error))
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, DecodeError> {
    serde_json::from_str(text).map_err(|error| malformed(&error))
}

/// serde's own words name the field and the place. Some repeat what was sent, so their length is bounded.
fn malformed(error: &serde_json::Error) -> DecodeError {
    DecodeError::Malformed(error.to_string().chars().take(120).collect())
}

fn check_size(field: &'static str, raw: &Raw, limit: usize) -> Result<(), DecodeError> {
    if raw.as_json().len() > limit { Err(DecodeError::TooLarge { field, limit }) } else { Ok(()) }
}

fn encode<T: Serialize>(message: &T) -> String {
    serde_json::to_string(message)
        .expect("messages are structs of strings, numbers and JSON: all of that can be written")
}
