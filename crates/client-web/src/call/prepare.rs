//! What is done of a call while it rings, so that the answer need not wait for it.
//!
//! The callee's peer connection is built, the caller's offer is answered, and candidates are looked for. Nothing of that is
//! sent, and the browser is told no address of the caller's, so that it has nowhere to send anything to. It also looks which
//! cameras and microphones there are, and opens none of them. When the user
//! accepts, the answer goes out with the candidates that were found. It has no tracks yet; they follow.
//!
//! It is done only where the browser gives camera and microphone without asking. Elsewhere a peer connection built now would
//! know less of its own network than one built after the user has allowed them.

use protocol::Raw;

use super::{
    Call, Client, Effect, Millis, PeerOp, Permissions, active::Leg, description::sdp,
    incoming::Incoming,
};

/// A peer connection that is ready for the answer, or will be.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Ready {
    pub(super) leg: Leg,
    /// Whether the answer is set.
    answered: bool,
}

impl Ready {
    /// The user accepts: what is to be done, and with which peer connection.
    pub(super) fn accept(self) -> (Leg, PeerOp) {
        let Self { mut leg, answered } = self;
        if !answered {
            // The one that is being made lacks the candidates that were found meanwhile.
            leg.negotiation.answer_again();
        }
        (leg, PeerOp::TellAnswer)
    }
}

/// What was done for the answer to a call that rings.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Preparation {
    /// Nothing.
    None,
    /// A peer connection was built.
    Ready(Ready),
    /// One was built and is of no use any more. There is no second one: the caller could have any number built.
    Spent,
}

impl Preparation {
    pub(super) fn into_leg(self) -> Option<Leg> {
        match self {
            Self::Ready(ready) => Some(ready.leg),
            Self::None | Self::Spent => None,
        }
    }
}

impl Client {
    /// The browser says whether it gives camera and microphone without asking.
    pub(super) fn devices_permitted(&mut self, now: Millis, permissions: Permissions) {
        self.devices.permissions = permissions;
        self.prepare(now);
    }

    /// Makes ready for the answer to the call that rings, unless that was done.
    pub(super) fn prepare(&mut self, now: Millis) {
        let Call::Incoming(Incoming { preparation: Preparation::None, offer: Some(offer), .. }) =
            &self.call
        else {
            return;
        };
        let offer = offer.clone();
        if !self.devices.permissions.are_granted()
            || self.hides_in_vain()
            || names_addresses(&offer)
            || self.preparations.take(now).is_err()
        {
            return;
        }
        self.effects.push(Effect::FindDevices);
        let mut leg = self.new_leg(false);
        for op in leg.negotiation.first_answer(offer) {
            self.effects.push(Effect::Peer(leg.id, op));
        }
        if let Call::Incoming(incoming) = &mut self.call {
            incoming.preparation = Preparation::Ready(Ready { leg, answered: false });
        }
    }

    /// The peer connection that was made ready for this offer. One for another offer is closed.
    pub(super) fn take_ready(&mut self, offer: &Raw) -> Option<Ready> {
        let Call::Incoming(incoming) = &mut self.call else { return None };
        match std::mem::replace(&mut incoming.preparation, Preparation::Spent) {
            Preparation::Ready(ready) if ready.leg.negotiation.is_answering(offer) => Some(ready),
            preparation => {
                let leg = preparation.into_leg();
                self.effects.extend(leg.map(|leg| Effect::ClosePeer(leg.id)));
                None
            }
        }
    }

    /// The browser could not do it. Nobody has accepted anything yet; whoever does will see whether it can be done then.
    pub(super) fn forget_ready(&mut self) {
        if let Call::Incoming(incoming) = &mut self.call {
            let spent = std::mem::replace(&mut incoming.preparation, Preparation::Spent);
            self.effects.extend(spent.into_leg().map(|leg| Effect::ClosePeer(leg.id)));
        }
    }
}

impl Incoming {
    /// The answer is set, and is not sent before the user accepts.
    pub(super) const fn answer_is_set(&mut self) {
        if let Preparation::Ready(ready) = &mut self.preparation {
            ready.answered = true;
        }
    }

    pub(super) const fn leg_mut(&mut self) -> Option<&mut Leg> {
        match &mut self.preparation {
            Preparation::Ready(ready) => Some(&mut ready.leg),
            Preparation::None | Preparation::Spent => None,
        }
    }
}

/// Whether an offer says where its sender is, as no offer of our page does. The browser would look up names in it, and who
/// is called would be seen to do so before the call is accepted.
fn names_addresses(offer: &Raw) -> bool {
    const CANDIDATE: &[u8] = b"candidate:";
    sdp(offer).is_none_or(|sdp| {
        sdp.as_bytes().windows(CANDIDATE.len()).any(|part| part.eq_ignore_ascii_case(CANDIDATE))
    })
}
