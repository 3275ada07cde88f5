//! An attempt to reach the server and sign in, and what is said when it fails.

use protocol::CallId;

use super::session::{Memory, Session};
use crate::call::{Millis, Text};

/// For how long after a loss, in ms, a name that is taken is taken to be held by this user's own old socket, at a server
/// that knows no sessions: it may see as late as this that the socket is dead.
pub(super) const NAME_HELD: Millis = 45_000;

/// For how long, in ms, the name that this browser has had before is taken to be held by a tab of this user's that is gone: until the
/// server has seen that its socket is dead, and has kept the session for as long as it does.
pub(super) const NAME_MAY_BE_HELD: Millis = 75_000;

/// An attempt to sign in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::call) struct Attempt {
    /// The name, as typed or, after the first success, as the server gave it.
    pub(super) name: String,
    /// How many attempts have failed since it last worked.
    pub(in crate::call) failures: u32,
    /// Why the last one failed.
    pub(super) trouble: Trouble,
    /// Set if the user was signed in before, and so is to be brought back without a question.
    pub(super) returning: Option<Session>,
    /// Until when the name may be held by an old socket of this user.
    pub(super) name_held: Option<Millis>,
    /// The call that stands in the login.
    pub(super) presented: Option<(String, CallId)>,
    /// The ticket for this one.
    pub(in crate::call) proof: Option<String>,
    /// Whether there was one in its login.
    pub(in crate::call) proven: bool,
    /// How often one was refused.
    pub(in crate::call) refused: u32,
}

/// Why an attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::call) enum Trouble {
    /// The server cannot be reached.
    Unreachable,
    /// The old socket still has the name.
    NameHeld,
    /// The server takes nobody right now.
    Busy,
}

impl Attempt {
    /// What to say while the next one is waited for.
    pub(in crate::call) const fn trouble(&self) -> Text {
        match self.trouble {
            Trouble::Unreachable => Text::ServerRetry,
            Trouble::NameHeld if self.returning.is_none() => Text::NameMayBeHeld,
            Trouble::NameHeld => Text::NameHeld,
            Trouble::Busy => Text::ServerBusy,
        }
    }

    /// Whether it is the first one after a loss, and follows at once.
    pub(in crate::call) fn is_quiet(&self) -> bool {
        let ticket = self.returning.as_ref().and_then(|session| session.ticket.as_ref());
        !self.has_failed() && ticket.is_some_and(|ticket| ticket.memory != Memory::Reloaded)
    }

    pub(in crate::call) fn name(&self) -> &str {
        &self.name
    }

    pub(in crate::call) const fn has_failed(&self) -> bool {
        self.failures > 0
    }

    /// Whether it takes back a session, by its secret.
    pub(in crate::call) fn has_secret(&self) -> bool {
        self.returning.as_ref().is_some_and(|session| session.ticket.is_some())
    }

    /// The first one after the socket of this session is gone.
    pub(super) fn back(session: Session, now: Millis) -> Self {
        Self {
            name: session.name.clone(),
            failures: 0,
            trouble: Trouble::Unreachable,
            returning: Some(session),
            name_held: Some(now + NAME_HELD),
            presented: None,
            proof: None,
            proven: false,
            refused: 0,
        }
    }

    pub(super) fn failed(self, trouble: Trouble) -> Self {
        Self { failures: self.failures.saturating_add(1), trouble, proof: None, ..self }
    }
}
