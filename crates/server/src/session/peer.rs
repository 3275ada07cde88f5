//! What a session does about what other sessions say.

use protocol::{
    LeaveReason, Raw, RelayedAnswer, RelayedCandidate, RelayedOffer, RelayedRinging, ServerMessage,
    UserName,
};

use super::{Body, Call, CallKey, Effect, Effects, Envelope, Phase, Session, over};

impl Session {
    pub(super) fn on_envelope(&mut self, Envelope { from, call: key, body }: Envelope) -> Effects {
        if let Body::Offer(offer) = body {
            return self.on_offer(from, key, offer);
        }
        let Some(call) = self.phase.call().filter(|call| call.is(&from, &key)) else {
            return Effects::new();
        };
        let name = Some(call.peer.to_string());
        let id = call.key.id().cloned();
        let message = match (body, &self.phase) {
            (Body::Reoffer(offer), Phase::Ringing(_) | Phase::InCall(_)) => {
                return vec![relayed_offer(call, offer)];
            }
            (Body::Answer(answer), Phase::Calling { .. } | Phase::InCall(_)) => {
                let call = call.clone();
                self.answered(call);
                ServerMessage::Answer(RelayedAnswer { name, answer, call: id })
            }
            (Body::Ringing, Phase::Calling { .. }) => {
                ServerMessage::Ringing(RelayedRinging { name, call: id })
            }
            (Body::Candidate(candidate), _) => {
                ServerMessage::Candidate(RelayedCandidate { name, candidate, call: id })
            }
            (Body::Leave(reason), _) => {
                let told = over(call, reason);
                self.enter(Phase::Idle, "the peer leaves");
                return vec![told];
            }
            (Body::Offer(_) | Body::Reoffer(_) | Body::Answer(_) | Body::Ringing, _) => {
                return Effects::new();
            }
        };
        vec![Effect::ToClient(message)]
    }

    fn answered(&mut self, call: Call) {
        if matches!(self.phase, Phase::Calling { .. }) {
            self.enter(Phase::InCall(call), "the peer answers");
        }
    }

    /// Somebody calls. See the [module](super) for offers that cross, and for a peer that starts anew.
    fn on_offer(&mut self, from: UserName, key: CallKey, offer: Raw) -> Effects {
        let offered = Call { peer: from, key };
        match &self.phase {
            Phase::Idle => self.ring(offered, offer, "a peer calls"),
            Phase::Ended => vec![self.to_peer(&offered, Body::Leave(LeaveReason::Gone))],
            Phase::Calling { call, .. } | Phase::Ringing(call) | Phase::InCall(call)
                if call.peer != offered.peer =>
            {
                vec![self.to_peer(&offered, Body::Leave(LeaveReason::Busy))]
            }
            Phase::Calling { .. } if self.user < offered.peer => Effects::new(),
            Phase::Calling { call, .. } => {
                let given_up = (call.key != offered.key)
                    .then(|| self.to_peer(call, Body::Leave(LeaveReason::Cancelled)));
                let ring = self.ring(offered, offer, "the peer's call wins");
                given_up.into_iter().chain(ring).collect()
            }
            // A caller that gives two calls one id has itself to blame; for its callee it stays one call.
            Phase::Ringing(call) | Phase::InCall(call) if call.key == offered.key => {
                vec![relayed_offer(&offered, offer)]
            }
            Phase::Ringing(call) | Phase::InCall(call) => {
                let old = over(call, LeaveReason::Gone);
                let ring = self.ring(offered, offer, "the peer starts anew");
                [old].into_iter().chain(ring).collect()
            }
        }
    }

    fn ring(&mut self, call: Call, offer: Raw, why: &'static str) -> Effects {
        let message = relayed_offer(&call, offer);
        self.enter(Phase::Ringing(call), why);
        vec![message]
    }
}

fn relayed_offer(call: &Call, offer: Raw) -> Effect {
    Effect::ToClient(ServerMessage::Offer(RelayedOffer {
        name: call.peer.to_string(),
        offer,
        call: call.key.id().cloned(),
    }))
}
