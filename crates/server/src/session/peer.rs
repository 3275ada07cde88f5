//! What a session does about what other sessions say.

use std::{sync::Arc, time::Instant};

use protocol::{
    Away, CallId, LeaveReason, Raw, RelayedAnswer, RelayedCandidate, RelayedOffer, RelayedRinging,
    Restored, ServerMessage,
};

use super::{
    Body, Call, CallKey, Effect, Effects, Envelope, Held, Phase, Ringing, Session, link::Link,
    ringing::Spent,
};

impl Session {
    pub(super) fn on_envelope(&mut self, now: Instant, envelope: Envelope) -> Effects {
        let Envelope { from, guest, call: key, body } = envelope;
        let call = Call { peer: from, key };
        match body {
            Body::Offer(offer) => self.on_offer(now, call, offer, guest),
            Body::Replace { offer, old } => self.on_replace(call, &old, offer, guest),
            Body::Restore => self.on_restore(now, call),
            body => self.on_call_envelope(now, &call, body, guest),
        }
    }

    /// What belongs to the call that our user is in; anything else is dropped.
    fn on_call_envelope(&mut self, now: Instant, said: &Call, body: Body, guest: bool) -> Effects {
        if !self.phase.admits(&said.peer, &said.key) {
            return Effects::new();
        }
        self.phase.learn_spelling(&said.peer);
        if let Body::Leave(reason) = body {
            let mut effects = Effects::from_iter(self.ends(reason));
            // Its session has ended. If there is another by now, that one may have taken up the call.
            if reason == LeaveReason::Gone {
                effects.push(self.to_peer(said, Body::Leave(LeaveReason::Hangup)));
            }
            self.enter(Phase::Idle, "the peer leaves");
            return effects;
        }
        // Whatever it says, it says it within this call.
        let mut effects = self.restored(now, &said.key);
        if self.phase.call() == Some(said)
            && let Some(message) = self.on_message(said, body, guest)
        {
            // Almost always the only one: its room is set aside for it alone.
            effects.reserve_exact(1);
            effects.push(Effect::ToClient(message));
        }
        effects
    }

    fn on_message(&mut self, call: &Call, body: Body, guest: bool) -> Option<ServerMessage> {
        let name = || Some(call.peer.as_str().to_owned());
        let id = call.key.id().cloned();
        Some(match (body, &mut self.phase) {
            (Body::Reoffer(offer), Phase::Ringing(ringing)) => {
                ringing.offer = offer.clone();
                ringing.candidates = Held::new();
                if !ringing.told {
                    return None;
                }
                ServerMessage::Offer(offer_message(call, offer, None, guest))
            }
            (Body::Reoffer(offer), Phase::InCall(_)) => {
                let offer = offer_message(call, offer, None, guest);
                self.unanswered = Some(Box::new(offer.clone()));
                ServerMessage::Offer(offer)
            }
            (
                Body::Answer(answer),
                Phase::Calling { .. }
                | Phase::Recalling { .. }
                | Phase::Rejoining { .. }
                | Phase::InCall(_),
            ) => {
                self.answered(call);
                ServerMessage::Answer(RelayedAnswer { name: name(), answer, call: id, guest })
            }
            (Body::Ringing, Phase::Calling { .. }) => {
                ServerMessage::Ringing(RelayedRinging { name: name(), call: id, guest })
            }
            (Body::Candidate(candidate), phase) => {
                if let Phase::Ringing(Ringing { candidates, told, .. }) = phase {
                    candidates.push(candidate.clone(), candidate.as_json().len());
                    if !*told {
                        return None;
                    }
                }
                let name = Some(Arc::from(&call.peer));
                ServerMessage::Candidate(RelayedCandidate { name, candidate, call: id })
            }
            // Only who names calls can make one again, and so knows what to make of this.
            (Body::Away { back }, Phase::InCall(_)) => {
                ServerMessage::Away(Away { name: call.peer.to_string(), call: id?, back })
            }
            _ => return None,
        })
    }

    fn answered(&mut self, call: &Call) {
        if matches!(
            self.phase,
            Phase::Calling { .. } | Phase::Recalling { .. } | Phase::Rejoining { .. }
        ) {
            self.enter(Phase::InCall(call.clone()), "the peer answers");
        }
    }

    /// Somebody calls. See the [module](super) for offers that cross, and for a peer that starts anew.
    fn on_offer(&mut self, now: Instant, offered: Call, offer: Raw, guest: bool) -> Effects {
        if self.past.contains(&offered) {
            return self.refuse_past(&offered);
        }
        match &self.phase {
            Phase::Idle => self.ring(offered, offer, guest, "a peer calls"),
            Phase::Ended => vec![self.to_peer(&offered, Body::Leave(LeaveReason::Gone))],
            Phase::Calling { call, .. }
            | Phase::Recalling { call, .. }
            | Phase::Ringing(Ringing { call, .. })
            | Phase::InCall(call)
            | Phase::Restoring { call, .. }
            | Phase::Rejoining { call, .. }
                if call.peer != offered.peer =>
            {
                let rings = matches!(self.phase, Phase::Ringing(_));
                let busy = self.to_peer(&offered, Body::Leave(LeaveReason::Busy));
                // Or somebody who rings again and again would hide all others.
                let missed = if rings { self.miss(&offered, guest) } else { None };
                [busy].into_iter().chain(missed).collect()
            }
            Phase::Calling { .. } if self.is_before(&offered.peer) => Effects::new(),
            Phase::Recalling { .. } if self.is_before(&offered.peer) => {
                if let Phase::Recalling { beaten, .. } = &mut self.phase {
                    *beaten = Some(offered);
                }
                Effects::new()
            }
            Phase::Calling { call, .. } | Phase::Recalling { call, .. } => {
                let given_up = (call.key != offered.key)
                    .then(|| self.to_peer(call, Body::Leave(LeaveReason::Cancelled)));
                let ring = self.ring(offered, offer, guest, "the peer's call wins");
                given_up.into_iter().chain(ring).collect()
            }
            // A caller that gives two calls one id has itself to blame; for its callee it stays one call.
            Phase::Ringing(Ringing { call, .. })
            | Phase::InCall(call)
            | Phase::Restoring { call, .. }
            | Phase::Rejoining { call, .. }
                if call.key == offered.key =>
            {
                self.on_call_envelope(now, &offered, Body::Reoffer(offer), guest)
            }
            Phase::Ringing(_)
            | Phase::InCall(_)
            | Phase::Restoring { .. }
            | Phase::Rejoining { .. } => {
                let old = self.ends(LeaveReason::Gone);
                let ring = self.ring(offered, offer, guest, "the peer starts anew");
                old.into_iter().chain(ring).collect()
            }
        }
    }

    /// A call that is over is offered again: the peer has not heard of that. For this call it may have let go of the one
    /// that our user makes now.
    fn refuse_past(&self, past: &Call) -> Effects {
        let mut effects = vec![self.to_peer(past, Body::Leave(LeaveReason::Hangup))];
        if let Phase::Calling { call, sent, .. } = &self.phase
            && call.peer == past.peer
        {
            effects.extend(sent.iter().map(|body| self.to_peer(call, body.clone())));
        }
        effects
    }

    fn ring(&mut self, call: Call, offer: Raw, guest: bool, why: &'static str) -> Effects {
        // A client whose own call gives way to this one hears of that by this offer, and so has to get it in any case.
        let gives_way = matches!(self.phase, Phase::Calling { .. } | Phase::Recalling { .. });
        let told = gives_way || self.link.is_attached();
        let message = told.then(|| relayed_offer(&call, offer.clone(), guest));
        let (candidates, spent) = (Held::new(), Spent::default());
        let ringing = Ringing { call, guest, offer, candidates, told, spent };
        self.enter(Phase::Ringing(ringing), why);
        message.into_iter().collect()
    }

    /// The peer continues the accepted call over a new peer connection. The call has to be the one that our user is in, by
    /// the key that the peer continues or by the one that it has from now on.
    ///
    /// If both do so at once, the latest stands, that is the one which continues the other; and if neither does, the call of
    /// the lesser name, as with any glare.
    fn on_replace(&mut self, new: Call, theirs: &CallKey, offer: Raw, guest: bool) -> Effects {
        let mut restored = None;
        let continues = match &self.phase {
            Phase::InCall(_) => {
                self.phase.admits(&new.peer, theirs) || self.phase.admits(&new.peer, &new.key)
            }
            Phase::Restoring { call, continued, .. } => {
                // A client that was reloaded hears first that its call stands.
                let offers = continued.as_ref().is_some_and(|it| it.offer.is_some());
                restored = if offers { None } else { stands_again(call) };
                self.phase.admits(&new.peer, theirs) || self.phase.admits(&new.peer, &new.key)
            }
            // The peer has accepted our user's call, and the word of that was lost.
            Phase::Calling { .. } | Phase::Recalling { .. } => self.phase.admits(&new.peer, theirs),
            Phase::Rejoining { call, older, .. } if call.peer == new.peer => {
                let theirs_is_later = call.key == *theirs;
                let ours_is_later = older.contains(&new.key);
                let stands = older.contains(theirs) && !ours_is_later && !self.is_before(&new.peer);
                if !theirs_is_later && !stands {
                    return Effects::new();
                }
                true
            }
            _ => false,
        };
        let Some(before) = self.phase.call().filter(|_| continues) else {
            return self.not_in(&new);
        };
        // Said twice, since the peer could not know that it had arrived, it is an offer within the call like any other.
        let replaces = before.key.id().filter(|_| before.key != new.key).cloned();
        let message = offer_message(&new, offer, replaces, guest);
        self.enter(Phase::InCall(new), "the peer continues it");
        self.unanswered = Some(Box::new(message.clone()));
        restored.into_iter().chain([Effect::ToClient(ServerMessage::Offer(message))]).collect()
    }

    /// The peer's client says that it is in this call, of which its session knew nothing.
    fn on_restore(&mut self, now: Instant, call: Call) -> Effects {
        match &self.phase {
            Phase::Restoring { .. } if self.phase.admits(&call.peer, &call.key) => {
                let mut effects = vec![self.to_peer(&call, Body::Restored)];
                effects.extend(self.restored(now, &call.key));
                effects
            }
            Phase::InCall(ours)
            | Phase::Calling { call: ours, .. }
            | Phase::Recalling { call: ours, .. }
                if *ours == call =>
            {
                vec![self.to_peer(&call, Body::Restored)]
            }
            // It was not there yet when our user continued the call.
            Phase::Rejoining { call: ours, older, sent, .. }
                if ours.peer == call.peer
                    && (ours.key == call.key || older.contains(&call.key)) =>
            {
                sent.iter().map(|body| self.to_peer(ours, body.clone())).collect()
            }
            // One of the two continues the call under another id, and its client is about to say so again.
            Phase::Calling { call: ours, .. }
            | Phase::Recalling { call: ours, .. }
            | Phase::Restoring { call: ours, .. }
            | Phase::Rejoining { call: ours, .. }
            | Phase::InCall(ours)
                if ours.peer == call.peer =>
            {
                Effects::new()
            }
            _ => {
                self.link.ask(&call);
                self.not_in(&call)
            }
        }
    }

    /// The peer has it that we are in a call with it, and we are not; unless our user is still to come and say so.
    fn not_in(&self, call: &Call) -> Effects {
        let reason = match (&self.phase, &self.link) {
            (Phase::Ended, _) => LeaveReason::Gone,
            (_, Link::Expected { .. }) => return Effects::new(),
            _ => LeaveReason::Hangup,
        };
        vec![self.to_peer(call, Body::Leave(reason))]
    }
}

/// Tells a client that the call which it named stands again. One without an id cannot be restored.
pub(super) fn stands_again(call: &Call) -> Option<Effect> {
    let (name, call) = (call.peer.to_string(), call.key.id()?.clone());
    Some(Effect::ToClient(ServerMessage::Restored(Restored { name, call })))
}

pub(super) fn relayed_offer(call: &Call, offer: Raw, guest: bool) -> Effect {
    Effect::ToClient(ServerMessage::Offer(offer_message(call, offer, None, guest)))
}

fn offer_message(call: &Call, offer: Raw, replaces: Option<CallId>, guest: bool) -> RelayedOffer {
    let (name, call) = (call.peer.to_string(), call.key.id().cloned());
    RelayedOffer { name, offer, call, replaces, guest }
}
