//! How far a call has come.

use std::time::Instant;

use protocol::{Raw, UserName};

use super::{Body, CallKey, Held};

/// What a session's user is doing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Not in a call.
    Idle,
    /// Our user offered, and the peer has not answered yet.
    Calling {
        /// The call.
        call: Call,
        /// When it has rung for long enough.
        until: Instant,
        /// What our user said, for a peer that let it go for a call of its own, and has to leave that.
        sent: Held<Body>,
    },
    /// Our user's client makes a call that the server has forgotten, and is about to offer it again.
    Recalling {
        /// The call.
        call: Call,
        /// How long that may take.
        until: Instant,
        /// The peer's call, which ours has won over.
        beaten: Option<Call>,
    },
    /// The peer offered, and our user has not answered yet.
    Ringing(Ringing),
    /// An offer was answered.
    InCall(Call),
    /// Our user's client is in a call that the server has forgotten, and the peer has not said so yet.
    Restoring {
        /// The call.
        call: Call,
        /// How long the peer may take.
        until: Instant,
        /// What our user said in the meantime.
        held: Held<Body>,
    },
    /// Our user's client continues an accepted call over a new peer connection, and the peer has not answered yet.
    Rejoining {
        /// The call, under its new id.
        call: Call,
        /// The call's key before.
        old: CallKey,
        /// How long the peer may take.
        until: Instant,
        /// What our user said, for a peer that was away.
        sent: Held<Body>,
    },
    /// The session is over.
    Ended,
}

/// A call that somebody makes to our user. It is kept until it is answered, so that it rings again at a page that was
/// loaded anew.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ringing {
    /// The call.
    pub call: Call,
    /// Whether the caller is a guest.
    pub guest: bool,
    /// The caller's latest offer.
    pub offer: Raw,
    /// The candidates that came since.
    pub candidates: Held<Raw>,
}

/// A call, as one of its two sides sees it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
            Self::Calling { call, .. }
            | Self::Recalling { call, .. }
            | Self::Ringing(Ringing { call, .. })
            | Self::InCall(call)
            | Self::Restoring { call, .. }
            | Self::Rejoining { call, .. } => Some(call),
            Self::Idle | Self::Ended => None,
        }
    }

    /// When the phase is over, if nothing happens.
    pub(super) const fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Calling { until, .. }
            | Self::Recalling { until, .. }
            | Self::Restoring { until, .. }
            | Self::Rejoining { until, .. } => Some(*until),
            Self::Idle | Self::Ringing(_) | Self::InCall(_) | Self::Ended => None,
        }
    }

    /// The phase's name, for logs.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Calling { .. } => "calling",
            Self::Recalling { .. } => "recalling",
            Self::Ringing(_) => "ringing",
            Self::InCall(_) => "in call",
            Self::Restoring { .. } => "restoring",
            Self::Rejoining { .. } => "rejoining",
            Self::Ended => "ended",
        }
    }
}
