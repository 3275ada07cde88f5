//! A user logs in, or comes back.

use std::{sync::Arc, time::Instant};

use protocol::{CallId, LeaveReason, RelayedCandidate, RelayedOffer, ServerMessage};

use super::{
    Body, Call, CallKey, Continued, Effect, Effects, Held, Phase, Ringing, Session,
    link::{Link, Stream},
    over,
    peer::{relayed_offer, stands_again},
};

/// What a client says of itself when it logs in or comes back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Return {
    /// How many messages of the session it has got; `None` if it does not count them.
    pub received: Option<u64>,
    /// Whether it knows nothing of the session but its secret.
    pub anew: bool,
    /// The call that it is in, or was in before it started anew: one that was accepted, or one that it makes.
    pub call: Option<Call>,
    /// The key under which it has offered to continue that call, while it does not know whether the peer has got that.
    pub continued: Option<CallKey>,
    /// Whether it makes that call, and has no answer yet: it is about to offer it again.
    pub calling: bool,
    /// Whether its user is to be marked as a guest. No client says this of itself: the server knows.
    pub guest: bool,
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
        self.guest = back.guest;
        let (was_away, is_anew) = (self.link.loss(), back.anew);
        let mut effects = match self.go_on(&back) {
            Some(effects) => effects,
            None => self.begin_again(now, back),
        };
        // A page that was loaded anew is back once it continues the call.
        if let Some(loss) = was_away.filter(|_| !is_anew) {
            effects.extend(self.tell_away(loss, true));
        }
        effects
    }

    /// Goes on where the session was, if both ends know where that is.
    fn go_on(&mut self, back: &Return) -> Option<Effects> {
        let count = back.received.filter(|_| !back.anew)?;
        let stream = match &mut self.link {
            Link::Attached(stream) | Link::Away { stream, .. } => stream,
            Link::Fresh | Link::Expected { .. } => return None,
        };
        if !stream.may_be_meant(count) || !stream.acknowledge(count) {
            return None;
        }
        let stream = std::mem::replace(stream, Stream::Uncounted);
        let welcome = Welcomed { received: stream.received(), counts: true, call: None };
        // They are in the outbox already, so that they pass by `deliver`.
        let again = stream.unacknowledged().into_iter().map(Effect::ToClient);
        let effects: Effects = [Effect::Welcome(welcome)].into_iter().chain(again).collect();
        self.link = Link::Attached(stream);
        let rings = match &self.phase {
            Phase::Ringing(ringing) if !ringing.told => ringing.again(),
            _ => Effects::new(),
        };
        let since = self.caught_up(rings);
        Some(effects.into_iter().chain(self.deliver(since)).collect())
    }

    /// The client has been told of the call that rings, if there is one; now of those that it has missed.
    fn caught_up(&mut self, mut effects: Effects) -> Effects {
        if let Phase::Ringing(ringing) = &mut self.phase {
            ringing.told = true;
        }
        effects.extend(self.tell_missed());
        effects
    }

    /// Both sides count from 0. What they think of the call may differ, and is brought together.
    fn begin_again(&mut self, now: Instant, back: Return) -> Effects {
        // Only of those whom this start of the server found in its roster may the client know more than the server.
        let expected = match &self.link {
            Link::Expected { until, .. } => Some(*until),
            Link::Fresh | Link::Attached(_) | Link::Away { .. } => None,
        };
        let asked = self.link.take_asked();
        let counts = back.received.is_some();
        self.link = Link::Attached(Stream::new(back.received));
        let mut welcome = Welcomed { received: None, counts, call: None };
        let turned_away = expected.and_then(|_| self.turn_away(back.call.as_ref()));
        let effects = match (self.phase.call().cloned(), back.call) {
            (None, None) => Effects::new(),
            (ours, Some(theirs)) if back.calling && theirs.peer != self.user => {
                self.recall(now, ours, theirs)
            }
            (None, Some(theirs)) => match expected {
                Some(until) if theirs.peer != self.user => {
                    self.restore(until, theirs, back.continued)
                }
                _ => {
                    self.remember(&theirs);
                    vec![over(&theirs, LeaveReason::Hangup)]
                }
            },
            (Some(ours), theirs) => {
                let stands = matches!(self.phase, Phase::InCall(_) | Phase::Rejoining { .. });
                if back.anew && stands {
                    welcome.call = ours.for_client();
                }
                let agreed = theirs.as_ref().is_some_and(|theirs| self.is_in(theirs));
                let then = match &mut self.phase {
                    _ if agreed && !back.anew => self.ask_again(),
                    Phase::Restoring { continued, held, .. } if agreed => {
                        // What it said it has forgotten. It will hear when the call stands again.
                        *continued = back.continued.map(Continued::known);
                        *held = Held::new();
                        Effects::new()
                    }
                    _ => self.back_in(&ours, welcome.call.is_some()),
                };
                let other = theirs.filter(|_| !agreed);
                if let Some(theirs) = &other {
                    self.remember(theirs);
                }
                let told = other.map(|theirs| over(&theirs, LeaveReason::Hangup));
                told.into_iter().chain(then).collect()
            }
        };
        let effects = self.caught_up(effects);
        let effects = self.deliver(effects);
        // One of the two may know the call by another id, under which it goes on as soon as a client has said so again.
        let restores = match &self.phase {
            Phase::Restoring { call, .. } => Some(call.peer.clone()),
            _ => None,
        };
        let refused = asked.iter().filter(|call| {
            restores.as_ref() != Some(&call.peer) && !self.phase.admits(&call.peer, &call.key)
        });
        let refused = refused.map(|call| self.to_peer(call, Body::Leave(LeaveReason::Hangup)));
        let before = [Effect::Welcome(welcome)].into_iter().chain(turned_away);
        before.chain(effects).chain(refused).collect()
    }

    /// Whoever called since the server started anew could not know that our user, who was still expected, is in a call.
    fn turn_away(&mut self, theirs: Option<&Call>) -> Option<Effect> {
        let Phase::Ringing(Ringing { call, .. }) = &self.phase else { return None };
        theirs.filter(|theirs| theirs.peer != call.peer && theirs.peer != self.user)?;
        let busy = self.to_peer(call, Body::Leave(LeaveReason::Busy));
        self.enter(Phase::Idle, "our user is in another call");
        Some(busy)
    }

    /// The session is in the call that its client is in. What that may not have heard is said again.
    fn ask_again(&self) -> Effects {
        if let Phase::Ringing(ringing) = &self.phase {
            return ringing.again();
        }
        let offer = self.unanswered.as_deref().cloned().map(ServerMessage::Offer);
        offer.map(Effect::ToClient).into_iter().collect()
    }

    /// The client makes a call that has no answer yet, and is about to offer it again.
    fn recall(&mut self, now: Instant, ours: Option<Call>, theirs: Call) -> Effects {
        let mut beaten = None;
        let effects = match (&self.phase, ours) {
            (_, None) if self.past.contains(&theirs) => {
                return vec![over(&theirs, LeaveReason::Hangup)];
            }
            (_, None) => Effects::new(),
            (_, Some(ours)) if ours == theirs => return Effects::new(),
            // Glare: see the module. The other's offer is what the client has to answer, or what it ignores.
            (Phase::Ringing(ringing), Some(ours)) if ours.peer == theirs.peer => {
                if !self.is_before(&ours.peer) {
                    return ringing.again();
                }
                beaten = Some(ours);
                Effects::new()
            }
            (phase, Some(ours)) => {
                let reason = match phase {
                    Phase::Ringing(_) => LeaveReason::Busy,
                    Phase::Calling { .. } | Phase::Recalling { .. } => LeaveReason::Cancelled,
                    _ => LeaveReason::Hangup,
                };
                vec![self.to_peer(&ours, Body::Leave(reason))]
            }
        };
        let until = now + self.limits.grace;
        let phase = Phase::Recalling { call: theirs, until, beaten };
        self.enter(phase, "its client makes this call");
        effects
    }

    /// Whether this is the call that the session is in, also by the id that it had before our user or the peer continued it:
    /// our client may not know that its offer has arrived, and may not have heard of the other's.
    fn is_in(&self, call: &Call) -> bool {
        let continues = |offer: &RelayedOffer| offer.replaces.as_ref() == call.key.id();
        match &self.phase {
            Phase::Rejoining { call: new, older, .. } => {
                new == call || new.peer == call.peer && older.contains(&call.key)
            }
            Phase::Restoring { .. } => self.phase.admits(&call.peer, &call.key),
            Phase::InCall(new) if new.peer == call.peer && call.key.id().is_some() => {
                new == call || self.unanswered.as_deref().is_some_and(continues)
            }
            phase => phase.call() == Some(call),
        }
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

    pub(super) const fn is_accepted(&self) -> bool {
        matches!(self.phase, Phase::InCall(_) | Phase::Restoring { .. } | Phase::Rejoining { .. })
    }

    /// The client is in a call that this session knows nothing of: the server has started anew. It stands again once the
    /// peer says the same, which has to be as long as both are remembered.
    fn restore(&mut self, until: Instant, call: Call, continued: Option<CallKey>) -> Effects {
        let continued = continued.map(Continued::known);
        let by_key = |key: &CallKey| {
            let call = Call { peer: call.peer.clone(), key: key.clone() };
            self.to_peer(&call, Body::Restore)
        };
        let keys = [&call.key].into_iter().chain(continued.as_deref().map(|it| &it.key));
        let effects = keys.map(by_key).collect();
        let restoring = Phase::Restoring { call, continued, until, held: Held::new() };
        self.enter(restoring, "its client is in this call");
        effects
    }

    /// The peer is in the same call, by this key: the client hears of it, and what had to wait for that is sent.
    pub(super) fn restored(&mut self, now: Instant, key: &CallKey) -> Effects {
        let Phase::Restoring { call, continued, held, .. } = &mut self.phase else {
            return Effects::new();
        };
        let (call, continued, held) = (call.clone(), continued.take(), held.take());
        let Some((new, offer)) = continued.and_then(|it| Some((it.key, it.offer?))) else {
            let call = Call { peer: call.peer, key: key.clone() };
            let sent = held.into_iter().map(|body| self.to_peer(&call, body));
            let effects = stands_again(&call).into_iter().chain(sent).collect();
            self.enter(Phase::InCall(call), "the peer is in it as well");
            return effects;
        };
        let new = Call { peer: call.peer, key: new };
        let mut effects = self.continue_as(now, new.clone(), vec![call.key], offer);
        for body in held {
            effects.extend(self.say(&new, body));
        }
        effects
    }
}

impl Continued {
    /// The client has offered to continue its call by this key, and has forgotten the offer.
    fn known(key: CallKey) -> Box<Self> {
        Box::new(Self { key, offer: None })
    }
}

impl Ringing {
    /// Rings again at a client that has forgotten it.
    fn again(&self) -> Effects {
        let name = Some(Arc::from(&self.call.peer));
        let candidates = self.candidates.iter().map(|candidate| {
            Effect::ToClient(ServerMessage::Candidate(RelayedCandidate {
                name: name.clone(),
                candidate: candidate.clone(),
                call: self.call.key.id().cloned(),
            }))
        });
        [relayed_offer(&self.call, self.offer.clone(), self.guest)]
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
