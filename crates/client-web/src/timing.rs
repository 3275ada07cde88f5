//! The moments of a call's set-up that are timed. PURE: the shell has the clock.

use crate::call::{Input, PhaseView, Ring, UserInput};

/// A moment from which or to which the time is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// This user calls.
    Called,
    /// It rings at the other's.
    Ringing,
    /// The call is accepted, at either end.
    Accepted,
}

/// How far the call was when it was last looked at.
#[derive(Clone, Copy, Debug)]
pub struct Course {
    phase: PhaseView,
    ring: Ring,
}

impl Default for Course {
    fn default() -> Self {
        Self { phase: PhaseView::Idle, ring: Ring::Silent }
    }
}

impl Moment {
    /// The moment that something happens, before anything is done about it.
    #[must_use]
    pub const fn of(input: &Input) -> Option<Self> {
        match input {
            Input::User(UserInput::Call { .. } | UserInput::CallAgain) => Some(Self::Called),
            Input::User(UserInput::Accept { .. }) => Some(Self::Accepted),
            _ => None,
        }
    }
}

impl Course {
    /// The call is here now, whether that is drawn or not.
    pub fn reached(&mut self, phase: PhaseView, ring: Ring) -> Option<Moment> {
        let before = std::mem::replace(self, Self { phase, ring });
        if ring == Ring::Outgoing && before.ring != ring {
            return Some(Moment::Ringing);
        }
        // The callee's page knows of the accepting before this.
        let accepted = phase == PhaseView::Connecting && before.phase == PhaseView::Calling;
        accepted.then_some(Moment::Accepted)
    }
}
