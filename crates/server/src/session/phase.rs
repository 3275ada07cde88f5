//! How far a call has come.

use std::time::Instant;

use protocol::{Raw, UserName};

use super::{Body, CallKey, Held, ringing::Spent};

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
        /// What our user's client has spent of what a caller may send before the answer.
        spent: Spent,
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
        /// Our user's client continues it over a new peer connection, under another id. Nothing of that reaches the peer
        /// before it has said that it is in this call.
        continued: Option<Box<Continued>>,
        /// How long the peer may take.
        until: Instant,
        /// What our user said in the meantime.
        held: Held<Body>,
    },
    /// Our user's client continues an accepted call over a new peer connection, and the peer has not answered yet.
    Rejoining {
        /// The call, under its new id.
        call: Call,
        /// The keys that our user's client has continued, the latest first: the peer may know the call by any of them.
        /// Never empty, and up to `MAX_OLDER`.
        older: Vec<CallKey>,
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
    /// Whether our user's client was told. A call that came and went while it was away is told as a missed one.
    pub told: bool,
    /// What our user's client has spent of what may be sent before the answer.
    pub spent: Spent,
}

/// How our user's client continues a call that is not restored yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Continued {
    /// The call's key from then on.
    pub key: CallKey,
    /// The session description; `None` if the client only knows that it has offered so before, as its page was reloaded since.
    pub offer: Option<Raw>,
}

/// How many keys of a call that is continued again and again are remembered: more than can be used up before the first of
/// them is answered or given up.
pub(super) const MAX_OLDER: usize = 4;

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
    /// The rule of who may speak in a call: only the peer, and only under an id that the call has. That is the id that both
    /// agreed on, or, while the two have still to agree, one that our own user's client has named. Ids are random and known
    /// to the two only, so a stranger who has taken the peer's name is not heard.
    #[must_use]
    pub fn admits(&self, from: &UserName, key: &CallKey) -> bool {
        let Some(call) = self.call().filter(|call| call.peer == *from) else { return false };
        let also = match self {
            Self::Restoring { continued, .. } => continued.as_deref().map(|it| &it.key),
            _ => None,
        };
        call.key == *key || also == Some(key)
    }

    /// The call that the user is in, by the key under which our user's client knows it: that may be continuing it already.
    pub(super) fn call_of_client(&self) -> Option<Call> {
        let call = self.call()?.clone();
        match self {
            Self::Restoring { continued: Some(it), .. } if it.offer.is_some() => {
                Some(Call { key: it.key.clone(), ..call })
            }
            _ => Some(call),
        }
    }

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

    /// The peer spells its name like this, and our user's client wrote it otherwise.
    pub(super) fn learn_spelling(&mut self, peer: &UserName) {
        let (Self::Calling { call, .. }
        | Self::Recalling { call, .. }
        | Self::Ringing(Ringing { call, .. })
        | Self::InCall(call)
        | Self::Restoring { call, .. }
        | Self::Rejoining { call, .. }) = self
        else {
            return;
        };
        if call.peer == *peer && call.peer.as_str() != peer.as_str() {
            call.peer = peer.clone();
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
