//! The session of a logged-in user: a pure state machine.
//!
//! A session knows who its user is and which call it is in: with whom, and how far it has come. It decides what its
//! user may send, and what may reach its user. Everything that happens is an [`Input`] to [`Session::handle`], which
//! returns what is to be done, in order, as [`Effect`]s. Sessions know nothing of each other but the [`Envelope`]s
//! that they exchange: a call is two sessions, each guarding its own side.
//!
//! No clock is read here, no random number drawn, nothing is awaited, locked, sent or received.
//!
//! # How a call goes
//!
//! ```text
//!            our user offers                    a peer offers
//!   Calling <---------------- Idle ----------------> Ringing
//!      |                       ^                        |
//!      | the peer answers      | somebody leaves,       | our user answers
//!      v                       | or is gone             v
//!    InCall ------------------>+<------------------- InCall
//! ```
//!
//! # Which call is meant
//!
//! An envelope belongs to the call only if both its sender and its [`CallKey`] are those of the call; anything else
//! is from a call that is over, or from outside, and is dropped. A client may leave out the name, the call's id or
//! both, and means the call that it is in; whatever it does name must be that call, or it gets an error and nothing
//! reaches anybody.
//!
//! # Glare
//!
//! When two users call each other at once, the call of the caller whose name is lesser (by its bytes) wins. Both
//! sessions decide alike without asking: the winner's ignores the other's offer; the loser's gives up its own call
//! without a word to its user, and rings for the winning one. The users' clients know the same rule.
//!
//! The loser also tells the winner that its call is given up. The winner, which ignored that call, ignores this too;
//! but if it had left its own call before the loser's offer reached it, it is ringing for a call that nobody wants
//! any more, and this ends it.
//!
//! # A peer that starts anew
//!
//! If the peer of a call offers another call, it has left this one: sessions offer only when idle, so word of it was
//! lost. The user is told that the peer is gone, and it rings for the new call.

mod client;
mod effect;
mod envelope;
mod peer;
mod phase;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use protocol::{ClientMessage, LeaveReason, RelayedLeave, ServerMessage, UserName};
use tracing::debug;

pub use effect::{Effect, Effects};
pub use envelope::{Body, CallKey, Envelope};
pub use phase::{Call, Phase};

/// The state machine of one logged-in user. See the [module](self) for its rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    user: UserName,
    phase: Phase,
    ring_limit: Duration,
    next_number: u64,
}

/// Something that happens to a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The user's client says something.
    FromClient(ClientMessage),
    /// Another session says something.
    FromPeer(Envelope),
    /// An envelope of this call could not be brought to this user.
    Undeliverable {
        /// Whom it was for.
        to: UserName,
        /// The call it was of.
        call: CallKey,
    },
    /// It is [`Session::next_timeout`], or later.
    TimeIsUp,
    /// The user's socket is gone, and the session ends. Envelopes that still come are answered for it, so they must
    /// be handed in until no more can come.
    Detached,
}

impl Session {
    /// The session of a user who just logged in.
    ///
    /// Calls of clients that give them no id are numbered from `first_number` on: a random one, so that the calls of
    /// a user's earlier session are not mistaken for those of this one. A call rings for `ring_limit` at most.
    #[must_use]
    pub const fn new(user: UserName, first_number: u64, ring_limit: Duration) -> Self {
        Self { user, phase: Phase::Idle, ring_limit, next_number: first_number }
    }

    /// Whose session it is.
    #[must_use]
    pub const fn user(&self) -> &UserName {
        &self.user
    }

    /// How far the call has come.
    #[must_use]
    pub const fn phase(&self) -> &Phase {
        &self.phase
    }

    /// When [`Input::TimeIsUp`] is to be handed in, if nothing else happens before; `None` if never.
    #[must_use]
    pub const fn next_timeout(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Calling { until, .. } => Some(*until),
            Phase::Idle | Phase::Ringing(_) | Phase::InCall(_) | Phase::Ended => None,
        }
    }

    /// Takes in what happened, and says what is to be done about it. Any input is good in any state.
    pub fn handle(&mut self, now: Instant, input: Input) -> Effects {
        match input {
            Input::FromClient(message) => self.on_client(now, message),
            Input::FromPeer(envelope) => self.on_envelope(envelope),
            Input::Undeliverable { to, call } => self.on_undeliverable(&to, &call),
            Input::TimeIsUp => self.on_time(now),
            Input::Detached => self.on_detached(),
        }
    }

    fn on_undeliverable(&mut self, to: &UserName, key: &CallKey) -> Effects {
        let Some(call) = self.phase.call().filter(|call| call.is(to, key)) else {
            return Effects::new();
        };
        let told = if matches!(self.phase, Phase::Calling { .. }) {
            Effect::offline(call)
        } else {
            over(call, LeaveReason::Gone)
        };
        self.enter(Phase::Idle, "the peer could not be reached");
        vec![told]
    }

    fn on_time(&mut self, now: Instant) -> Effects {
        let Phase::Calling { call, until } = &self.phase else {
            return Effects::new();
        };
        if now < *until {
            return Effects::new();
        }
        let effects = vec![
            self.to_peer(call, Body::Leave(LeaveReason::Timeout)),
            over(call, LeaveReason::Timeout),
        ];
        self.enter(Phase::Idle, "nobody answered in time");
        effects
    }

    fn on_detached(&mut self) -> Effects {
        let farewell =
            self.phase.call().map(|call| self.to_peer(call, Body::Leave(LeaveReason::Gone)));
        self.enter(Phase::Ended, "the socket is gone");
        farewell.into_iter().chain([Effect::End]).collect()
    }

    /// The one way from phase to phase.
    fn enter(&mut self, phase: Phase, why: &'static str) {
        debug!(user = %self.user, from = self.phase.name(), to = phase.name(), why);
        self.phase = phase;
    }

    fn to_peer(&self, call: &Call, body: Body) -> Effect {
        let envelope = Envelope { from: self.user.clone(), call: call.key.clone(), body };
        Effect::ToPeer(call.peer.clone(), envelope)
    }
}

/// Tells the user that a call is over, as its peer would.
fn over(call: &Call, reason: LeaveReason) -> Effect {
    Effect::ToClient(ServerMessage::Leave(RelayedLeave {
        name: Some(call.peer.to_string()),
        call: call.key.id().cloned(),
        reason: Some(reason),
    }))
}
