//! Calls that came and went while our user's client was not there to be told, or while another call rang.

use protocol::{LeaveReason, Missed, ServerMessage};

use super::{Call, Effect, Effects, Phase, Ringing, Session, over};

/// How many missed calls are kept for a client that is away, each of another caller. A phone shows some ten; whoever has been
/// called by more people than this within the grace period is not helped by the rest.
const MAX_MISSED: usize = 64;

/// The calls that a client which is away has missed: the first of each caller, up to [`MAX_MISSED`]. What was noted stays,
/// however many more come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct MissedCalls(Vec<Missed>);

impl MissedCalls {
    /// A call does not ring any more. Our user's client may never have heard of it.
    pub(super) fn unless_told(&mut self, ringing: &Ringing) {
        if !ringing.told {
            self.note(missed(&ringing.call, ringing.guest));
        }
    }

    fn note(&mut self, missed: Missed) {
        let is_known = self.0.iter().any(|known| known.name == missed.name);
        if !is_known && self.0.len() < MAX_MISSED {
            self.0.push(missed);
        }
    }
}

impl Session {
    /// The call that our user is in is over by somebody else's doing: what our user's client is told of that.
    pub(super) fn ends(&self, reason: LeaveReason) -> Option<Effect> {
        let call = self.phase.call_of_client()?;
        match &self.phase {
            // It has never heard of this call, and will hear that it missed one.
            Phase::Ringing(ringing) if !ringing.told => None,
            _ => Some(over(&call, reason)),
        }
    }

    /// Our user was called, and was not asked.
    pub(super) fn miss(&mut self, call: &Call, guest: bool) -> Option<Effect> {
        let missed = missed(call, guest);
        if self.link.is_attached() {
            // The tutorial's clients know no such message.
            let message = Effect::ToClient(ServerMessage::Missed(missed));
            return self.link.is_counted().then_some(message);
        }
        self.missed.note(missed);
        None
    }

    /// What a client that is back has to be told of.
    pub(super) fn tell_missed(&mut self) -> Effects {
        let missed = std::mem::take(&mut self.missed.0);
        missed.into_iter().map(|missed| Effect::ToClient(ServerMessage::Missed(missed))).collect()
    }
}

fn missed(call: &Call, guest: bool) -> Missed {
    Missed { name: call.peer.to_string(), call: call.key.id().cloned(), guest }
}
