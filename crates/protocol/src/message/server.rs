//! What the server says to a client.

use std::{fmt, sync::Arc};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, SeqAccess, Visitor, value::SeqAccessDeserializer},
};

use super::{Hidden, LeaveReason, Raw, client::is_false, encode, page, quick};
use crate::{
    error::{DecodeError, ErrorCode},
    ids::CallId,
    name_error::NameError,
};

/// What the server says to a client.
///
/// What is relayed carries its sender's name, stamped by the server. The tutorial's own server stamps it on offers
/// only, and knows none of the fields that are optional here.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum ServerMessage {
    /// Whether the login succeeded.
    Login(LoginReply),
    /// Somebody calls, or offers anew within a call.
    Offer(RelayedOffer),
    /// The callee accepted, or answers an offer within the call.
    Answer(RelayedAnswer),
    /// An ICE candidate of the peer.
    Candidate(RelayedCandidate),
    /// The callee is being rung.
    Ringing(RelayedRinging),
    /// The call is over.
    Leave(RelayedLeave),
    /// Something was wrong with what the client sent. The session and its call go on.
    Error(Refusal),
    /// Answers a `ping`.
    Pong(Pong),
    /// The STUN and TURN servers to use from now on: the credentials of those before expire.
    Ice(Ice),
    /// The call that the client named in its login stands again.
    Restored(Restored),
    /// Somebody called, and nobody was asked.
    Missed(Missed),
    /// The peer's page goes away, or is back.
    Away(Away),
}

/// Whether the login succeeded.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LoginReply {
    /// It did.
    ///
    /// Boxed, since it is the largest by far and the rarest.
    Welcome(Box<Welcome>),
    /// It did not.
    Refused {
        /// Why; absent from the tutorial's server, where it can only be that the name is taken.
        code: Option<ErrorCode>,
        /// The same for people.
        message: Option<String>,
        /// What is wrong with the name, if that is why.
        fault: Option<NameError>,
        /// After how many seconds it may be tried again, where the server knows.
        seconds: Option<u32>,
    },
}

/// What a client learns at login. All of it is absent from the tutorial's server.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Welcome {
    /// The name as the server has normalised it.
    pub name: Option<String>,
    /// The resume secret, if the client counts what it gets.
    pub session: Option<String>,
    /// How many of the client's messages the session has got, if it goes on where it was. The client sends again what it
    /// sent after them. Absent, the counts of both sides begin at 0.
    pub received: Option<u64>,
    /// The peer of the accepted call that the session is in, for a client that started anew.
    pub peer: Option<String>,
    /// That call's id.
    pub call: Option<CallId>,
    /// The STUN and TURN servers to use.
    pub ice_servers: Vec<IceServer>,
    /// The version of the protocol that the server speaks.
    pub version: Option<u32>,
    /// For how many seconds the server keeps a session whose socket is lost.
    pub grace: Option<u32>,
}

/// Shows that there is a resume secret, not which: it must not end in a log.
impl fmt::Debug for Welcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Welcome")
            .field("name", &self.name)
            .field("session", &self.session.as_ref().map(|_| Hidden))
            .field("received", &self.received)
            .field("peer", &self.peer)
            .field("call", &self.call)
            .field("ice_servers", &self.ice_servers)
            .field("version", &self.version)
            .field("grace", &self.grace)
            .finish()
    }
}

/// A STUN or TURN server, in the shape of `RTCIceServer` (W3C WebRTC section 4.2.2).
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct IceServer {
    /// Its URLs (RFC 7064, RFC 7065).
    #[serde(deserialize_with = "one_or_many")]
    pub urls: Vec<String>,
    /// The user name, for TURN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The password, for TURN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
}

/// Shows that there is a password, not which: it must not end in a log.
impl fmt::Debug for IceServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IceServer")
            .field("urls", &self.urls)
            .field("username", &self.username)
            .field("credential", &self.credential.as_ref().map(|_| Hidden))
            .finish()
    }
}

/// The STUN and TURN servers to use from now on. Not known to the tutorial's server or client.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ice {
    /// In the place of those of the login reply.
    pub ice_servers: Vec<IceServer>,
}

/// Somebody calls, or offers anew within a call.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RelayedOffer {
    /// Who calls.
    pub name: String,
    /// The session description, of type `offer`.
    pub offer: Raw,
    /// The call's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallId>,
    /// The id of the accepted call that this one continues, over a new peer connection: it does not ring.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<CallId>,
    /// Whether nobody has proven that name: stamped by a server that knows accounts.
    #[serde(default, skip_serializing_if = "is_false")]
    pub guest: bool,
}

/// The callee accepted, or answers an offer within the call.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RelayedAnswer {
    /// Who answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The session description, of type `answer`.
    pub answer: Raw,
    /// The call's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallId>,
    /// Whether nobody has proven that name: stamped by a server that knows accounts.
    #[serde(default, skip_serializing_if = "is_false")]
    pub guest: bool,
}

/// An ICE candidate of the peer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RelayedCandidate {
    /// Whose it is. Shared, since candidates are most of what is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Arc<str>>,
    /// The candidate.
    pub candidate: Raw,
    /// The call's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallId>,
}

/// The callee is being rung.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RelayedRinging {
    /// Who is rung.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The call's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallId>,
    /// Whether nobody has proven that name: stamped by a server that knows accounts.
    #[serde(default, skip_serializing_if = "is_false")]
    pub guest: bool,
}

/// The call is over.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RelayedLeave {
    /// Who left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The call's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallId>,
    /// Why; a hang-up if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<LeaveReason>,
}

/// Something was wrong with what the client sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Refusal {
    /// For people.
    pub message: String,
    /// For programs; absent from the tutorial's server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<ErrorCode>,
    /// Whom the message was for, where that matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The call that the message was for, where that matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallId>,
    /// What is wrong with the name, if that is why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<NameError>,
    /// After how many seconds it may be tried again, where the server knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u32>,
}

/// The server was restarted, both clients have named this call, and it stands again. Not known to the tutorial's server or
/// client.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Restored {
    /// The peer.
    pub name: String,
    /// The call's id, as this client named it.
    pub call: CallId,
}

/// Somebody called and gave up while this client was away, or while somebody else's call rang here. There is nothing to
/// answer. Not known to the tutorial's server or client.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Missed {
    /// The caller.
    pub name: String,
    /// The call's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallId>,
    /// Whether nobody has proven that name: stamped by a server that knows accounts.
    #[serde(default, skip_serializing_if = "is_false")]
    pub guest: bool,
}

/// The peer's page in this call was closed or left, or is being loaded anew; or it is back, as it was. Not known to the tutorial's
/// server or client.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Away {
    /// The peer.
    pub name: String,
    /// The call's id.
    pub call: CallId,
    /// Whether the peer is back.
    #[serde(default, skip_serializing_if = "is_false")]
    pub back: bool,
}

/// Answers a `ping`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Pong {
    /// How many messages of the session the server has got.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received: Option<u64>,
}

impl ServerMessage {
    /// Reads a message. Fields that are not known are ignored.
    ///
    /// # Errors
    /// Says what is wrong; a client has nobody to tell and ignores it.
    pub fn decode(text: &str) -> Result<Self, DecodeError> {
        page::decode(text)
    }

    /// Whether it counts as one of the session's messages: all do that do not manage the socket itself.
    #[must_use]
    pub const fn is_counted(&self) -> bool {
        !matches!(self, Self::Login(_) | Self::Pong(_) | Self::Ice(_))
    }

    /// Writes the message.
    #[must_use]
    pub fn encode(&self) -> String {
        quick::encode(self).unwrap_or_else(|| encode(self))
    }
}

/// The login reply as it stands on the wire, where `success` says which of the two it is.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct LoginOnWire {
    success: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<ErrorCode>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fault: Option<NameError>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    session: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    received: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    peer: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    call: Option<CallId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ice_servers: Option<Vec<IceServer>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    grace: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seconds: Option<u32>,
}

impl From<LoginOnWire> for LoginReply {
    fn from(wire: LoginOnWire) -> Self {
        if wire.success {
            Self::Welcome(Box::new(Welcome {
                name: wire.name,
                session: wire.session,
                received: wire.received,
                peer: wire.peer,
                call: wire.call,
                ice_servers: wire.ice_servers.unwrap_or_default(),
                version: wire.version,
                grace: wire.grace,
            }))
        } else {
            Self::Refused {
                code: wire.code,
                message: wire.message,
                fault: wire.fault,
                seconds: wire.seconds,
            }
        }
    }
}

impl From<LoginReply> for LoginOnWire {
    fn from(reply: LoginReply) -> Self {
        let blank = Self {
            success: false,
            code: None,
            message: None,
            fault: None,
            name: None,
            session: None,
            received: None,
            peer: None,
            call: None,
            ice_servers: None,
            version: None,
            grace: None,
            seconds: None,
        };
        match reply {
            LoginReply::Welcome(welcome) => Self {
                success: true,
                name: welcome.name,
                session: welcome.session,
                received: welcome.received,
                peer: welcome.peer,
                call: welcome.call,
                ice_servers: (!welcome.ice_servers.is_empty()).then_some(welcome.ice_servers),
                version: welcome.version,
                grace: welcome.grace,
                ..blank
            },
            LoginReply::Refused { code, message, fault, seconds } => {
                Self { code, message, fault, seconds, ..blank }
            }
        }
    }
}

impl Serialize for LoginReply {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        LoginOnWire::from(self.clone()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for LoginReply {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        LoginOnWire::deserialize(deserializer).map(Self::from)
    }
}

/// W3C allows one URL where there may be several. Read by hand, since serde's untagged enums first build a tree of
/// whatever there is, and recurse for it.
fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    struct Urls;

    impl<'de> Visitor<'de> for Urls {
        type Value = Vec<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a URL or a list of URLs")
        }

        fn visit_str<E: de::Error>(self, url: &str) -> Result<Self::Value, E> {
            Ok(vec![url.to_owned()])
        }

        fn visit_seq<A: SeqAccess<'de>>(self, urls: A) -> Result<Self::Value, A::Error> {
            Deserialize::deserialize(SeqAccessDeserializer::new(urls))
        }
    }

    deserializer.deserialize_any(Urls)
}
