//! What a session does about what other sessions say.

use std::sync::Arc;

use protocol::{
    CallId, LeaveReason, Raw, RelayedAnswer, RelayedCandidate, RelayedOffer, RelayedRinging,
    ServerMessage, UserName,
};

use super::{
    Body, Call, CallKey, Effect, Effects, Envelope, Held, Phase, Ringing, Session, link::Link, over,
};

impl Session {
    pub(super) fn on_envelope(&mut self, envelope: Envelope) -> Effects {
        let Envelope { from, guest, call: key, body } = envelope;
        match body {
            Body::Offer(offer) => self.on_offer(Call { peer: from, key }, offer, guest),
            Body::Replace { offer, old } => {
                self.on_replace(Call { peer: from, key }, &old, offer, guest)
            }
            Body::Restore => self.on_restore(Call { peer: from, key }),
            body => self.on_call_envelope(&from, &key, body, guest),
        }
    }

    /// What belongs to the call that our user is in; anything else is dropped.
    fn on_call_envelope(
        &mut self,
        from: &UserName,
        key: &CallKey,
        body: Body,
        guest: bool,
    ) -> Effects {
        let is_meant = |call: &&Call| match (&self.phase, &body) {
            // There is one accepted call between two, though they may know it by different ids until it is restored.
            (Phase::Restoring { .. }, Body::Leave(_)) => call.peer == *from,
            _ => call.is(from, key),
        };
        let Some(call) = self.phase.call().filter(is_meant).cloned() else {
            return Effects::new();
        };
        if let Body::Leave(reason) = body {
            let mut effects = vec![over(&call, reason)];
            // Its session has ended. If there is another by now, that one may have taken up the call.
            if reason == LeaveReason::Gone {
                effects.push(self.to_peer(&call, Body::Leave(LeaveReason::Hangup)));
            }
            self.enter(Phase::Idle, "the peer leaves");
            return effects;
        }
        // Whatever it says, it says it within this call.
        let mut effects = self.restored();
        if let Some(message) = self.on_message(&call, body, guest) {
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
                if let Phase::Ringing(Ringing { candidates, .. }) = phase {
                    candidates.push(candidate.clone(), candidate.as_json().len());
                }
                let name = Some(Arc::from(&call.peer));
                ServerMessage::Candidate(RelayedCandidate { name, candidate, call: id })
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
    fn on_offer(&mut self, offered: Call, offer: Raw, guest: bool) -> Effects {
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
                vec![self.to_peer(&offered, Body::Leave(LeaveReason::Busy))]
            }
            Phase::Calling { .. } if self.user < offered.peer => Effects::new(),
            Phase::Recalling { .. } if self.user < offered.peer => {
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
                let body = Body::Reoffer(offer);
                self.on_call_envelope(&offered.peer, &offered.key, body, guest)
            }
            Phase::Ringing(Ringing { call, .. })
            | Phase::InCall(call)
            | Phase::Restoring { call, .. }
            | Phase::Rejoining { call, .. } => {
                let old = over(call, LeaveReason::Gone);
                let ring = self.ring(offered, offer, guest, "the peer starts anew");
                [old].into_iter().chain(ring).collect()
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
        let message = relayed_offer(&call, offer.clone(), guest);
        self.enter(Phase::Ringing(Ringing { call, guest, offer, candidates: Held::new() }), why);
        vec![message]
    }

    /// The peer continues the accepted call over a new peer connection.
    ///
    /// If both do so at once, the latest stands, that is the one which continues the other; and if neither does, the call of
    /// the lesser name, as with any glare.
    fn on_replace(&mut self, new: Call, theirs: &CallKey, offer: Raw, guest: bool) -> Effects {
        let before = match &self.phase {
            Phase::InCall(call) | Phase::Restoring { call, .. } if call.peer == new.peer => call,
            // The peer has accepted our user's call, and the word of that was lost.
            Phase::Calling { call, .. } | Phase::Recalling { call, .. }
                if call.peer == new.peer && call.key == *theirs =>
            {
                call
            }
            Phase::Rejoining { call, old, .. } if call.peer == new.peer => {
                let theirs_is_later = call.key == *theirs;
                let ours_is_later = *old == new.key;
                if !theirs_is_later && (ours_is_later || self.user < new.peer) {
                    return Effects::new();
                }
                call
            }
            _ => return self.not_in(&new),
        };
        // Said twice, since the peer could not know that it had arrived, it is an offer within the call like any other.
        let replaces = before.key.id().filter(|_| before.key != new.key).cloned();
        let message = offer_message(&new, offer, replaces, guest);
        self.enter(Phase::InCall(new), "the peer continues it");
        self.unanswered = Some(Box::new(message.clone()));
        vec![Effect::ToClient(ServerMessage::Offer(message))]
    }

    /// The peer's client says that it is in this call, of which its session knew nothing.
    fn on_restore(&mut self, call: Call) -> Effects {
        match &self.phase {
            Phase::Restoring { call: ours, .. } if *ours == call => {
                let mut effects = vec![self.to_peer(&call, Body::Restored)];
                effects.extend(self.restored());
                effects
            }
            Phase::InCall(ours)
            | Phase::Calling { call: ours, .. }
            | Phase::Recalling { call: ours, .. }
                if *ours == call =>
            {
                vec![self.to_peer(&call, Body::Restored)]
            }
            // One of the two continues the call under another id, and its client is about to say so again.
            Phase::Restoring { call: ours, .. } if ours.peer == call.peer => Effects::new(),
            // It was not there yet when our user continued the call.
            Phase::Rejoining { call: ours, sent, .. } if ours.peer == call.peer => {
                sent.iter().map(|body| self.to_peer(ours, body.clone())).collect()
            }
            _ => self.not_in(&call),
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

pub(super) fn relayed_offer(call: &Call, offer: Raw, guest: bool) -> Effect {
    Effect::ToClient(ServerMessage::Offer(offer_message(call, offer, None, guest)))
}

fn offer_message(call: &Call, offer: Raw, replaces: Option<CallId>, guest: bool) -> RelayedOffer {
    let (name, call) = (call.peer.to_string(), call.key.id().cloned());
    RelayedOffer { name, offer, call, replaces, guest }
}
