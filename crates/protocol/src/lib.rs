//! What goes over Pronto's wire, and nothing else.
//!
//! The wire carries JSON text frames, each an object with a `type`. There is one enum for each direction,
//! [`ClientMessage`] and [`ServerMessage`]; both know how to read and to write themselves. Session descriptions
//! and ICE candidates pass as raw JSON that nobody in between looks into.
//!
//! This crate is pure: it does no IO, reads no clock and draws no random number.

pub mod close;
pub mod error;
mod ids;
pub mod json;
pub mod limits;
mod message;
#[cfg(feature = "names")]
mod name;
mod name_error;
mod outbox;

pub use error::{DecodeError, ErrorCode};
pub use ids::{BadCallId, CallId};
pub use message::{
    Answer, Away, Candidate, ClientMessage, Ice, IceServer, Leave, LeaveReason, Login, LoginReply,
    Missed, Offer, Ping, Pong, Raw, Refusal, RelayedAnswer, RelayedCandidate, RelayedLeave,
    RelayedOffer, RelayedRinging, Restored, Ringing, ServerMessage, Welcome,
};
#[cfg(feature = "names")]
pub use name::{Looks, UserName};
pub use name_error::{NameError, NameReason};
pub use outbox::{ImpossibleCount, Outbox, TooFarBehind};

/// The version of the protocol that this crate speaks, as the login reply tells it.
///
/// It grows when a client has to know that a server can do more; fields and types that are unknown are ignored by
/// both ends, so that an older one goes on working.
pub const VERSION: u32 = 1;
