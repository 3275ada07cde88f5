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
//! # A call that is over
//!
//! Calls have ids of their own, so an offer under the id of a call that has just ended is one within it that crossed with
//! the word of its end: an ICE restart, or one that is said again. It is refused, and rings nowhere, whether it comes from
//! our user's client or from the peer.
//!
//! # A peer that starts anew
//!
//! If the peer of a call offers another call, it has left this one: sessions offer only when idle, so word of it was
//! lost. The user is told that the peer is gone, and it rings for the new call.
//!
//! # A client that comes back
//!
//! A session outlives its client's socket. While the client is away the session keeps what is said to it, and when it
//! comes back, sends what it has not got: both count their messages ([`Outbox`](protocol::Outbox)). So to a client that
//! comes back in time nothing has happened but a delay. It has [`Limits::grace`] for that; then the session ends.
//!
//! A client that has forgotten everything but the session's secret, since its page was loaded anew, is told which
//! accepted call it is in. It offers to continue that over a new peer connection: the same call under a new id
//! ([`Body::Replace`]), which the peer's client takes without asking its user. A call that was ringing rings again.
//!
//! A server that starts anew has forgotten everything, or knows only who was there: their sessions are *expected*. Each
//! client says which accepted call it is in, and the call stands again once both sessions have heard of it
//! ([`Body::Restore`]). A call that was not accepted yet is offered again by its caller's client.

mod back;
mod client;
mod effect;
mod envelope;
mod held;
mod link;
mod missed;
mod peer;
mod phase;
mod ringing;
mod shortcut;
#[cfg(test)]
mod tests;
// The lints know by the very words `cfg(test)` what may panic.
#[cfg(all(fuzzing, not(test)))]
pub(crate) mod tests;

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use protocol::{
    ClientMessage, LeaveReason, Refusal, RelayedLeave, RelayedOffer, ServerMessage, UserName,
};
use tracing::debug;

pub use back::{Return, Welcomed};
pub use effect::{Effect, Effects};
pub use envelope::{Body, CallKey, Envelope};
pub use held::Held;
use link::Link;
pub use link::Loss;
use missed::MissedCalls;
pub use phase::{Call, Continued, Phase, Ringing};
use ringing::Rejoins;

/// How many calls that are over are remembered. What a client says as it has not heard yet that its call is over is
/// about the last one; about one before only if that was continued under a new id, or ended by another, at the same moment.
const MAX_PAST: usize = 4;

/// How long things may take in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// How long a call may ring.
    pub ring: Duration,
    /// How long a user whose socket was lost may stay away.
    pub grace: Duration,
    /// The same for a page that goes away: it is loaded anew, or closed.
    pub reload: Duration,
}

/// The state machine of one logged-in user. See the [module](self) for its rules.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Session {
    user: UserName,
    /// Whether the user is marked as a guest to others: they have not shown who they are, and others have.
    guest: bool,
    link: Link,
    phase: Phase,
    /// The calls that were over last, of those that have ids: what is said in them may still be on its way, and an offer in one
    /// must not begin it again. Up to [`MAX_PAST`].
    past: VecDeque<Call>,
    /// The peer's last offer within the call, until our user's client has answered it: it is said again to a client that
    /// begins again.
    unanswered: Option<Box<RelayedOffer>>,
    /// The calls that came and went while our user's client was away.
    missed: MissedCalls,
    /// How often our user's client has continued a call lately.
    rejoins: Rejoins,
    limits: Limits,
    next_number: u64,
}

/// Something that happens to a session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// The user's client is there: it has just logged in, or comes back.
    Return(Return),
    /// The user's client says something.
    FromClient(ClientMessage),
    /// The user's client said something that is no message, or none that is known here, and is told so if there is
    /// something to tell.
    Unreadable(Option<Refusal>),
    /// The server itself has something to say to the client.
    Tell(ServerMessage),
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
    /// The socket was lost. The session waits for its user, if their client can come back.
    Lost(Loss),
    /// The user has left, and the session ends. Envelopes that still come are answered for it, so they must be handed in
    /// until no more can come.
    Left,
}

impl Session {
    /// The session of a user who logs in: hand in [`Input::Return`] next. What its client says of an earlier call is not
    /// believed, as the server knows of none.
    ///
    /// Calls of clients that give them no id are numbered from `first_number` on: a random one, so that the calls of
    /// a user's earlier session are not mistaken for those of this one.
    #[must_use]
    pub fn new(user: UserName, first_number: u64, limits: Limits) -> Self {
        Self {
            user,
            guest: false,
            link: Link::Fresh,
            phase: Phase::Idle,
            past: VecDeque::new(),
            unanswered: None,
            missed: MissedCalls::default(),
            rejoins: Rejoins::default(),
            limits,
            next_number: first_number,
        }
    }

    /// The session of a user who was here when the server stopped: hand in [`Input::Return`] once their client is back, for
    /// up to [`Limits::grace`]. Until then, and only then, the call that it names can be restored.
    #[must_use]
    pub fn expected(user: UserName, first_number: u64, limits: Limits, now: Instant) -> Self {
        let link = Link::Expected { until: now + limits.grace, asked: Vec::new() };
        Self { link, ..Self::new(user, first_number, limits) }
    }

    /// Whose session it is.
    #[must_use]
    pub const fn user(&self) -> &UserName {
        &self.user
    }

    /// Whether a call of our user wins over one of this peer when they cross. Clients compare the spellings that the server sends,
    /// which the order of [`UserName`] is not.
    fn is_before(&self, peer: &UserName) -> bool {
        self.user.as_str() < peer.as_str()
    }

    /// How far the call has come.
    #[must_use]
    pub const fn phase(&self) -> &Phase {
        &self.phase
    }

    /// When [`Input::TimeIsUp`] is to be handed in, if nothing else happens before; `None` if never.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Instant> {
        let link = self.link.deadline().filter(|_| self.phase != Phase::Ended);
        [link, self.phase.deadline()].into_iter().flatten().min()
    }

    /// Takes in what happened, and says what is to be done about it. Any input is good in any state.
    pub fn handle(&mut self, now: Instant, input: Input) -> Effects {
        let effects = match input {
            // What is said there is kept or left out already.
            Input::Return(back) => return self.on_return(now, back),
            Input::FromClient(message) => self.on_client(now, message),
            Input::Unreadable(refusal) => self.on_unreadable(refusal),
            Input::Tell(message) => vec![Effect::ToClient(message)],
            Input::FromPeer(envelope) => {
                let offered = self.offered_at();
                let effects = self.on_envelope(now, envelope);
                self.note_set_up(now, offered, &effects);
                effects
            }
            Input::Undeliverable { to, call } => self.on_undeliverable(&to, &call),
            Input::TimeIsUp => self.on_time(now),
            Input::Lost(loss) => self.on_lost(now, loss),
            Input::Left => self.on_left(),
        };
        self.deliver(effects)
    }

    fn on_undeliverable(&mut self, to: &UserName, key: &CallKey) -> Effects {
        let Some(call) = self.phase.call().filter(|_| self.phase.admits(to, key)) else {
            return Effects::new();
        };
        let told = match self.phase {
            Phase::Calling { .. } => Some(Effect::offline(call)),
            // The peer may be on its way back as well.
            Phase::Recalling { .. } | Phase::Rejoining { .. } => return Effects::new(),
            // Those who may be in it are all expected. It is told as by a peer that is here and not in it, so that nobody
            // learns who is here by naming calls.
            Phase::Restoring { .. } => self.ends(LeaveReason::Hangup),
            Phase::Idle | Phase::Ringing(_) | Phase::InCall(_) | Phase::Ended => {
                self.ends(LeaveReason::Gone)
            }
        };
        self.enter(Phase::Idle, "the peer could not be reached");
        told.into_iter().collect()
    }

    fn on_time(&mut self, now: Instant) -> Effects {
        if matches!(self.phase, Phase::Ended) {
            return Effects::new();
        }
        if self.link.deadline().is_some_and(|until| until <= now) {
            return self.on_left();
        }
        if self.phase.deadline().is_none_or(|until| now < until) {
            return Effects::new();
        }
        let Some(call) = self.phase.call() else { return Effects::new() };
        let (reason, why) = match self.phase {
            Phase::Calling { .. } => (LeaveReason::Timeout, "nobody answered in time"),
            _ => (LeaveReason::Gone, "the peer did not come back in time"),
        };
        let mut effects = self.farewell(call, reason);
        effects.extend(self.ends(reason));
        effects.extend(self.refuse_beaten());
        self.enter(Phase::Idle, why);
        effects
    }

    fn on_left(&mut self) -> Effects {
        if matches!(self.phase, Phase::Ended) {
            return Effects::new();
        }
        let asked = self.link.take_asked();
        let calls = self.phase.call().into_iter().chain(&asked);
        let farewells = calls.flat_map(|call| self.farewell(call, LeaveReason::Gone));
        let effects = farewells.chain([Effect::End]).collect();
        self.enter(Phase::Ended, "its user is gone");
        effects
    }

    /// When our user offered the call that is not answered yet.
    fn offered_at(&self) -> Option<Instant> {
        match self.phase {
            Phase::Calling { until, .. } => until.checked_sub(self.limits.ring),
            _ => None,
        }
    }

    /// How long the parts of a call's set-up took, as far as a server sees them.
    fn note_set_up(&self, now: Instant, offered: Option<Instant>, effects: &Effects) {
        let Some(offered) = offered else { return };
        let after = now.saturating_duration_since(offered);
        let rings = |effect: &Effect| matches!(effect, Effect::ToClient(ServerMessage::Ringing(_)));
        if matches!(self.phase, Phase::InCall(_)) {
            debug!(user = %self.user, ?after, "the call is answered");
        } else if effects.iter().any(rings) {
            debug!(user = %self.user, ?after, "the call rings");
        }
    }

    /// The one way from phase to phase.
    fn enter(&mut self, phase: Phase, why: &'static str) {
        debug!(user = %self.user, from = self.phase.name(), to = phase.name(), why);
        let before = std::mem::replace(&mut self.phase, phase);
        if let Phase::Ringing(ringing) = &before {
            self.missed.unless_told(ringing);
        }
        if let Some(call) = before.call()
            && self.phase.call() != Some(call)
        {
            self.remember(call);
            self.unanswered = None;
        }
    }

    /// The call is over, or is another by now.
    fn remember(&mut self, call: &Call) {
        if call.key.id().is_some() {
            self.past.truncate(MAX_PAST - 1);
            self.past.push_front(call.clone());
        }
    }

    /// Tells the peer that this call is over, by whichever key the peer may know it.
    fn farewell(&self, call: &Call, reason: LeaveReason) -> Effects {
        let other = match &self.phase {
            Phase::Restoring { call: ours, continued: Some(it), .. } if ours == call => {
                Some(Call { peer: call.peer.clone(), key: it.key.clone() })
            }
            _ => None,
        };
        let calls = [Some(call), other.as_ref()].into_iter().flatten();
        calls.map(|call| self.to_peer(call, Body::Leave(reason))).collect()
    }

    fn to_peer(&self, call: &Call, body: Body) -> Effect {
        let (from, guest) = (self.user.clone(), self.guest);
        let envelope = Envelope { from, guest, call: call.key.clone(), body };
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
