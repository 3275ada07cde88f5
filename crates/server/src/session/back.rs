//! A user logs in, or comes back.

use std::time::Instant;

use protocol::{CallId, LeaveReason, RelayedCandidate, ServerMessage};

use super::{
    Body, Call, Effect, Effects, Held, Phase, Ringing, Session,
    link::{Link, Stream},
    over,
    peer::relayed_offer,
};

/// What a client says of itself when it logs in or comes back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Return {
    /// How many messages of the session it has got; `None` if it does not count them.
    pub received: Option<u64>,
    /// The number of the socket at whose login that count began; `None` if it does not say.
    pub stream: Option<u64>,
    /// The number of this socket.
    pub attempt: Option<u64>,
    /// Whether it knows nothing of the session but its secret.
    pub anew: bool,
    /// The call that it is in, or was in before it started anew: one that was accepted, or one that it makes.
    pub call: Option<Call>,
    /// Whether it makes that call, and has no answer yet: it is about to offer it again.
    pub calling: bool,
}

/// What a client is told when it logs in or comes back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Welcomed {
    /// How many of its messages the session has got, if the session goes on where it was.
    pub received: Option<u64>,
    /// Whether the client can come back: it counts.
    pub counts: bool,
    /// The accepted call that a client which starts anew is in.
    pub call: Option<(String, CallId)>,
}

impl Session {
    /// The client is there, and is told where the session stands.
    pub(super) fn on_return(&mut self, now: Instant, back: Return) -> Effects {
        if matches!(self.phase, Phase::Ended) {
            return Effects::new();
        }
        match self.go_on(&back) {
            Some(effects) => effects,
            None => self.begin_again(now, back),
        }
    }

    /// Goes on where the session was, if both ends know where that is.
    fn go_on(&mut self, back: &Return) -> Option<Effects> {
        let count = back.received.filter(|_| !back.anew)?;
        let stream = match &mut self.link {
            Link::Attached(stream) | Link::Away { stream, .. } => stream,
            Link::Expected { .. } => return None,
        };
        // It may have begun at a login whose answer did not arrive: then the count is that of the stream before.
        let is_this = back.stream.is_none_or(|began| stream.began() == Some(began));
        if !is_this || !stream.acknowledge(count) {
            return None;
        }
        let stream = std::mem::replace(stream, Stream::Uncounted);
        let welcome = Welcomed { received: stream.received(), counts: true, call: None };
        // They are in the outbox already, so that they pass by `deliver`.
        let again = stream.unacknowledged().into_iter().map(Effect::ToClient);
        let effects = [Effect::Welcome(welcome)].into_iter().chain(again).collect();
        self.link = Link::Attached(stream);
        Some(effects)
    }

    /// Both sides count from 0. What they think of the call may differ, and is brought together.
    fn begin_again(&mut self, now: Instant, back: Return) -> Effects {
        let knows_its_call = !matches!(self.link, Link::Expected { .. });
        let counts = back.received.is_some();
        self.link = Link::Attached(Stream::new(counts, back.attempt));
        let mut welcome = Welcomed { received: None, counts, call: None };
        let turned_away = if knows_its_call { None } else { self.turn_away(back.call.as_ref()) };
        let effects = match (self.phase.call().cloned(), back.call) {
            (None, None) => Effects::new(),
            (None, Some(theirs)) if knows_its_call || theirs.peer == self.user => {
                self.remember(&theirs);
                vec![over(&theirs, LeaveReason::Hangup)]
            }
            (None, Some(call)) if back.calling => {
                let until = now + self.limits.grace;
                let beaten = None;
                self.enter(Phase::Recalling { call, until, beaten }, "its client makes this call");
                Effects::new()
            }
            (None, Some(theirs)) => {
                welcome.call = theirs.for_client().filter(|_| back.anew);
                self.restore(now, theirs)
            }
            (Some(ours), theirs) => {
                if back.anew && self.is_accepted() {
                    welcome.call = ours.for_client();
                }
                let is_ours = |theirs: &Call| *theirs == ours || self.is_continued(theirs);
                let agreed = theirs.as_ref().is_some_and(is_ours) && !back.anew;
                let other = theirs.filter(|theirs| !is_ours(theirs));
                let then = if agreed {
                    self.ask_again()
                } else {
                    self.back_in(&ours, welcome.call.is_some())
                };
                if let Some(theirs) = &other {
                    self.remember(theirs);
                }
                let told = other.map(|theirs| over(&theirs, LeaveReason::Hangup));
                told.into_iter().chain(then).collect()
            }
        };
        let effects = self.deliver(effects);
        [Effect::Welcome(welcome)].into_iter().chain(turned_away).chain(effects).collect()
    }

    /// Whoever called since the server started anew could not know that our user, who was still expected, is in a call.
    fn turn_away(&mut self, theirs: Option<&Call>) -> Option<Effect> {
        let Phase::Ringing(Ringing { call, .. }) = &self.phase else { return None };
        theirs.filter(|theirs| theirs.peer != call.peer && theirs.peer != self.user)?;
        let busy = self.to_peer(call, Body::Leave(LeaveReason::Busy));
        self.enter(Phase::Idle, "our user is in another call");
        Some(busy)
    }

    /// Whether the peer continues this call, and our user's client has not answered that.
    fn is_continued(&self, call: &Call) -> bool {
        let offer = self.unanswered.as_ref().filter(|offer| offer.name == call.peer.as_str());
        offer.is_some_and(|offer| offer.replaces.is_some() && offer.replaces.as_ref() == call.key.id())
    }

    /// The session is in the call that its client is in. What that may not have heard is said again.
    fn ask_again(&self) -> Effects {
        if let Phase::Ringing(ringing) = &self.phase {
            return ringing.again();
        }
        let offer = self.unanswered.clone().map(ServerMessage::Offer);
        offer.map(Effect::ToClient).into_iter().collect()
    }

    /// The session is in a call, and its client has begun again.
    fn back_in(&mut self, call: &Call, stays: bool) -> Effects {
        match &self.phase {
            Phase::Ringing(ringing) => ringing.again(),
            Phase::Calling { .. } if !stays => self.leave(call, LeaveReason::Cancelled),
            _ if !stays => self.leave(call, LeaveReason::Hangup),
            _ => Effects::new(),
        }
    }

    const fn is_accepted(&self) -> bool {
        matches!(self.phase, Phase::InCall(_) | Phase::Restoring { .. } | Phase::Rejoining { .. })
    }

    /// The client is in a call that this session knows nothing of: the server has started anew. It stands again once the
    /// peer says the same.
    fn restore(&mut self, now: Instant, call: Call) -> Effects {
        let effects = vec![self.to_peer(&call, Body::Restore)];
        let until = now + self.limits.grace;
        self.enter(
            Phase::Restoring { call, until, held: Held::new() },
            "its client is in this call",
        );
        effects
    }

    /// The peer is in the same call: what had to wait for that is sent.
    pub(super) fn restored(&mut self) -> Effects {
        let Phase::Restoring { call, held, .. } = &mut self.phase else { return Effects::new() };
        let (call, held) = (call.clone(), held.take());
        let effects = held.into_iter().map(|body| self.to_peer(&call, body)).collect();
        self.enter(Phase::InCall(call), "the peer is in it as well");
        effects
    }
}

impl Ringing {
    /// Rings again at a client that has forgotten it.
    fn again(&self) -> Effects {
        let name = Some(self.call.peer.to_string());
        let candidates = self.candidates.iter().map(|candidate| {
            Effect::ToClient(ServerMessage::Candidate(RelayedCandidate {
                name: name.clone(),
                candidate: candidate.clone(),
                call: self.call.key.id().cloned(),
            }))
        });
        [relayed_offer(&self.call, self.offer.clone())]
            .into_iter()
            .chain(candidates)
            .collect()
    }
}

impl Call {
    /// The call as a client knows it, if it has an id: others cannot be continued.
    fn for_client(&self) -> Option<(String, CallId)> {
        self.key.id().map(|id| (self.peer.to_string(), id.clone()))
    }
}
