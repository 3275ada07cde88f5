//! How far a call has come.

use std::time::Instant;

use protocol::UserName;

use super::CallKey;

/// What a session's user is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Not in a call.
    Idle,
    /// Our user offered, and the peer has not answered yet.
    Calling {
        /// The call.
        call: Call,
        /// When it has rung for long enough.
        until: Instant,
    },
    /// The peer offered, and our user has not answered yet.
    Ringing(Call),
    /// An offer was answered.
    InCall(Call),
    /// The session is over.
    Ended,
}

/// A call, as one of its two sides sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The other one.
    pub peer: UserName,
    /// Tells it from other calls with the same peer.
    pub key: CallKey,
}

impl Call {
    /// Whether this is the call with `peer` that has this key.
    #[must_use]
    pub fn is(&self, peer: &UserName, key: &CallKey) -> bool {
        self.peer == *peer && self.key == *key
    }
}

impl Phase {
    /// The call that the user is in, in whatever phase of it.
    #[must_use]
    pub const fn call(&self) -> Option<&Call> {
        match self {
            Self::Calling { call, .. } | Self::Ringing(call) | Self::InCall(call) => Some(call),
            Self::Idle | Self::Ended => None,
        }
    }

    /// The phase's name, for logs.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Calling { .. } => "calling",
            Self::Ringing(_) => "ringing",
            Self::InCall(_) => "in call",
            Self::Ended => "ended",
        }
    }
}
