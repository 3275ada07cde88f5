//! What sessions say to each other.

use protocol::{CallId, LeaveReason, Raw, UserName};

/// A message from one session to another, in one call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Envelope {
    /// Whose session sent it. A session stamps its own user's name, so this can be relied on.
    pub from: UserName,
    /// Whether that user is a guest, which is for the peer to know. A session stamps this as well.
    pub guest: bool,
    /// The call that it is of.
    pub call: CallKey,
    /// What it says.
    pub body: Body,
}

/// What an [`Envelope`] says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Body {
    /// Begins a call.
    Offer(Raw),
    /// Offers anew within a call. Not the same as an offer: when it crosses with a `leave`, it must not ring.
    Reoffer(Raw),
    /// The callee is being rung.
    Ringing,
    /// Accepts a call, or answers an offer within it.
    Answer(Raw),
    /// An ICE candidate.
    Candidate(Raw),
    /// Ends the call.
    Leave(LeaveReason),
    /// Its sender's client is in this call, of which the sender's session knew nothing: is the peer?
    Restore,
    /// It is.
    Restored,
    /// Offers to continue an accepted call over a new peer connection. The envelope's key is that of the call from now
    /// on. It replaces whatever accepted call there is between the two: envelopes of one session to another come in
    /// order, so that it cannot be late.
    Replace {
        /// The session description.
        offer: Raw,
        /// The call's key before, as the sender has it. Boxed: this is rare, and every envelope would be larger for it.
        old: Box<CallKey>,
    },
    /// Its sender's client has lost its page, or its page is back as it was.
    Away {
        /// Which of the two.
        back: bool,
    },
}

impl Body {
    /// About how many bytes it takes: what is opaque in it.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Offer(raw)
            | Self::Reoffer(raw)
            | Self::Answer(raw)
            | Self::Candidate(raw)
            | Self::Replace { offer: raw, .. } => raw.as_json().len(),
            Self::Ringing | Self::Leave(_) | Self::Restore | Self::Restored | Self::Away { .. } => {
                0
            }
        }
    }
}

/// Tells one call from the next between the same two.
///
/// The caller's client chooses an id. The tutorial's clients do not, and their calls must be told apart as well: a
/// `leave` of one call may cross with the offer of the next, and would end it. So the caller's session numbers them.
/// The number is never sent to a client.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum CallKey {
    /// The id that the caller's client gave.
    Given(CallId),
    /// The number that the caller's session gave.
    Numbered(u64),
}

impl CallKey {
    /// The id as clients see it.
    #[must_use]
    pub const fn id(&self) -> Option<&CallId> {
        match self {
            Self::Given(id) => Some(id),
            Self::Numbered(_) => None,
        }
    }

    pub(super) fn into_id(self) -> Option<CallId> {
        match self {
            Self::Given(id) => Some(id),
            Self::Numbered(_) => None,
        }
    }
}
