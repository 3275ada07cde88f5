//! What is done of a call while it rings, so that the answer need not wait for it.
//!
//! The callee's peer connection is built, and the caller's offer set. Nothing of that leaves the browser: it learns of no
//! address of the caller's and tells none of its own before there is an answer. It is done only where the browser gives
//! camera and microphone without asking. Elsewhere a peer connection built now would know less of its own network than one
//! built after the user has allowed them.

use protocol::Raw;

use super::{Call, Client, Effect, active::Leg, description::sdp};

impl Client {
    /// The browser says whether it gives camera and microphone without asking.
    pub(super) fn devices_allowed(&mut self, allowed: bool) {
        self.devices.allowed = allowed;
        self.prepare();
    }

    /// Makes ready for the answer to the call that rings, as far as that is not done.
    pub(super) fn prepare(&mut self) {
        let Call::Incoming(incoming) = &self.call else { return };
        let Some(offer) = incoming.offer.clone() else { return };
        if !self.devices.allowed || names_addresses(&offer) {
            return;
        }
        let ready = self.take_ready(&offer).unwrap_or_else(|| {
            let mut leg = self.new_leg_ahead();
            for op in leg.negotiation.remote_offer(offer).unwrap_or_default() {
                self.effects.push(Effect::Peer(leg.id, op));
            }
            leg
        });
        if let Call::Incoming(incoming) = &mut self.call {
            incoming.ready = Some(ready);
        }
    }

    /// The peer connection that was made ready for this offer. One for another offer is closed.
    pub(super) fn take_ready(&mut self, offer: &Raw) -> Option<Leg> {
        let Call::Incoming(incoming) = &mut self.call else { return None };
        let ready = incoming.ready.take()?;
        if ready.negotiation.is_answering(offer) {
            return Some(ready);
        }
        self.effects.push(Effect::ClosePeer(ready.id));
        None
    }

    /// The browser could not do it. Nobody has accepted anything yet; whoever does will see whether it can be done then.
    pub(super) fn forget_ready(&mut self) {
        if let Call::Incoming(incoming) = &mut self.call
            && let Some(ready) = incoming.ready.take()
        {
            self.effects.push(Effect::ClosePeer(ready.id));
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
