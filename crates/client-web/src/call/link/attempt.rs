//! An attempt to reach the server and sign in, and what is said when it fails.

use protocol::CallId;

use super::{
    Link,
    session::{Memory, Session},
};
use crate::call::{Answer, Client, Message, Millis, Text};

/// For how long after a loss, in ms, a name that is taken is taken to be held by this user's own old socket, at a server
/// that knows no sessions: it may see as late as this that the socket is dead.
pub(super) const NAME_HELD: Millis = 45_000;

/// For how long, in ms, the name that this browser has had before is taken to be held by a tab of this user's that is gone: until the
/// server has seen that its socket is dead, and has kept the session for as long as it does.
pub(super) const NAME_MAY_BE_HELD: Millis = 75_000;

/// The longest pause that a server may ask for, in ms: it may be wrong. Its user can shorten it.
const MAX_ASKED_WAIT: Millis = 120_000;

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
    /// The server answers over HTTP, and no socket opens.
    NoWebSocket,
    /// The server does not let the page in.
    Forbidden,
    /// Something else answers over HTTP, with this status.
    AnsweredFor(u16),
}

impl Trouble {
    /// What an answer over HTTP that is not the one hoped for says of the server.
    pub(in crate::call) fn of(answer: Option<&Answer>) -> Self {
        match answer.map(|answer| answer.status) {
            None => Self::Unreachable,
            Some(403) => Self::Forbidden,
            // What the server says itself where nobody asks for a WebSocket.
            Some(426) => Self::NoWebSocket,
            Some(429 | 503) => Self::Busy,
            Some(status) => Self::AnsweredFor(status),
        }
    }

    /// Whether it is something that only an answer over HTTP can tell.
    const fn is_told(self) -> bool {
        matches!(self, Self::NoWebSocket | Self::Forbidden | Self::AnsweredFor(_))
    }
}

impl Attempt {
    /// What to say while the next one is waited for, `seconds` long.
    pub(in crate::call) fn trouble(&self, seconds: u64) -> Message {
        let counting = |text| Message { seconds: Some(seconds), ..Message::plain(text) };
        match self.trouble {
            Trouble::Unreachable => counting(Text::ServerRetry),
            Trouble::NameHeld if self.returning.is_none() => counting(Text::NameMayBeHeld),
            Trouble::NameHeld => counting(Text::NameHeld),
            Trouble::Busy => counting(Text::ServerBusy),
            Trouble::NoWebSocket => Message::plain(Text::ServerNoWebSocket),
            Trouble::Forbidden => Message::plain(Text::ServerForbids),
            Trouble::AnsweredFor(status) => {
                Message { status: Some(status), ..Message::plain(Text::ServerAnsweredFor) }
            }
        }
    }

    /// What to say while one that follows others is under way. What stays true until somebody mends it stays there to be read.
    pub(in crate::call) fn trouble_now(&self) -> Message {
        if self.trouble.is_told() { self.trouble(0) } else { Message::plain(Text::ServerRetryNow) }
    }

    /// Whether nothing of the server is heard at all.
    pub(in crate::call) fn is_unheard(&self) -> bool {
        self.trouble == Trouble::Unreachable
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

    /// A socket did not even open. What was told of that before holds until something else is told.
    pub(super) fn not_opened(self, trouble: Trouble) -> Self {
        let trouble = if self.trouble.is_told() { self.trouble } else { trouble };
        self.failed(trouble)
    }

    pub(super) fn failed(self, trouble: Trouble) -> Self {
        Self { failures: self.failures.saturating_add(1), trouble, proof: None, ..self }
    }
}

impl Client {
    /// What the server says over HTTP of a socket that did not open.
    pub(in crate::call) fn told_why_not(
        &mut self,
        now: Millis,
        socket: u64,
        answer: Option<&Answer>,
    ) {
        if socket != self.sockets {
            return;
        }
        if let Link::Waiting(attempt, _) = &mut self.link {
            attempt.trouble = Trouble::of(answer);
            self.wait_at_least(now, answer.and_then(|answer| answer.retry_after));
        }
    }

    /// The server says that nothing comes of the next attempt earlier.
    pub(in crate::call) fn wait_at_least(&mut self, now: Millis, seconds: Option<u32>) {
        if let (Link::Waiting(_, until), Some(seconds)) = (&mut self.link, seconds) {
            *until = (*until).max(now + (Millis::from(seconds) * 1_000).min(MAX_ASKED_WAIT));
        }
    }
}
