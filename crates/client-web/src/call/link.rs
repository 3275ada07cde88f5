//! The page's connection to the server: signing in and out, and coming back after a loss.

mod attempt;
mod liveness;
mod login;
mod session;

use protocol::{ClientMessage, close::CloseCode};

pub(super) use self::{
    attempt::{Attempt, Trouble},
    liveness::PROBE_TIMEOUT,
};
use self::{
    attempt::{NAME_HELD, NAME_MAY_BE_HELD},
    liveness::PING_INTERVAL,
    session::{Alive, Memory, Session, Ticket},
};
use super::{
    Call, Client, Effect, Farewell, Millis, MissedCalls, Request, Rng, Text, account::Right,
};

/// How long a socket may take to open, and then the login to be answered, in ms. Mobile networks stall for seconds.
pub(super) const OPEN_TIMEOUT: Millis = 10_000;

/// The longest pause between two attempts to reach the server, in ms: nobody wants to watch a longer one.
pub(super) const MAX_BACKOFF: Millis = 15_000;

/// The longest pause, in ms, while the server may still keep the session: much shorter than the time for which it does
/// (`GRACE_PERIOD`), so that a way that is back in that time is found in that time.
const MAX_SESSION_BACKOFF: Millis = 4_000;

/// For how many attempts the server may still keep the session: these take longer than `GRACE_PERIOD`.
const SESSION_ATTEMPTS: u32 = 20;

/// The shortest pause, in ms; it doubles with each attempt.
const MIN_BACKOFF: Millis = 500;

/// Within how many ms the pages of a server that restarts come back, each at a moment of its own.
const RESTART_SPREAD: Millis = 2_000;

/// Within how many ms a page comes back whose socket was lost: at once, but not at the same moment as all others that were
/// behind the same proxy.
const LOSS_SPREAD: Millis = 200;

/// The connection to the server, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Link {
    /// Signed out.
    Closed,
    /// The server is asked for a ticket, for a socket that is opened then.
    Proving(Attempt, Millis),
    /// The socket is being opened.
    Opening(Attempt, Millis),
    /// The login is sent.
    LoggingIn(Attempt, Millis),
    /// Signed in.
    Up(Session),
    /// Not reachable; the next attempt is at this time.
    Waiting(Attempt, Millis),
}

impl Link {
    pub(super) const fn is_up(&self) -> bool {
        matches!(self, Self::Up(_))
    }

    /// What is known of the server and the user, also while the socket is being brought back.
    pub(super) fn session(&self) -> Option<&Session> {
        match self {
            Self::Up(session) => Some(session),
            Self::Proving(attempt, _)
            | Self::Opening(attempt, _)
            | Self::LoggingIn(attempt, _)
            | Self::Waiting(attempt, _) => attempt.returning.as_ref(),
            Self::Closed => None,
        }
    }

    pub(super) fn session_mut(&mut self) -> Option<&mut Session> {
        match self {
            Self::Up(session) => Some(session),
            Self::Proving(attempt, _)
            | Self::Opening(attempt, _)
            | Self::LoggingIn(attempt, _)
            | Self::Waiting(attempt, _) => attempt.returning.as_mut(),
            Self::Closed => None,
        }
    }

    /// Under which name the user is signed in, also while the socket is being brought back.
    pub(super) fn name(&self) -> Option<&str> {
        self.session().map(|session| session.name.as_str())
    }

    pub(super) fn next_timeout(&self) -> Option<Millis> {
        match self {
            Self::Closed => None,
            Self::Proving(_, until)
            | Self::Opening(_, until)
            | Self::LoggingIn(_, until)
            | Self::Waiting(_, until) => Some(*until),
            Self::Up(session) => match session.alive {
                _ if !session.knows_ours => None,
                Alive::PingAt(at) | Alive::PongUntil(at) => Some(at),
            },
        }
    }
}

impl Client {
    pub(super) fn sign_in(&mut self, now: Millis, name: &str) {
        if self.link.name().is_some() {
            return;
        }
        let name = self.account.name_for(name);
        if name.is_empty() {
            self.sign_in_error = Some(Text::NameEmpty);
            return;
        }
        self.sign_in_error = None;
        let trouble = Trouble::Unreachable;
        let is_known = self.remembered.as_ref() == Some(&name);
        let attempt = Attempt {
            name,
            failures: 0,
            trouble,
            returning: None,
            name_held: is_known.then_some(now + NAME_MAY_BE_HELD),
            presented: None,
            proof: None,
            proven: false,
            refused: 0,
        };
        self.open(now, attempt);
    }

    /// The page was loaded anew, in the middle of a session.
    pub(super) fn reload(&mut self, now: Millis, name: String, secret: String, grace: u32) {
        if !matches!(self.link, Link::Closed) {
            return;
        }
        let session = Session {
            name: name.clone(),
            ice_servers: Vec::new(),
            knows_ours: true,
            grace,
            ticket: Some(Ticket { secret, memory: Memory::Reloaded }),
            alive: Alive::PingAt(now + PING_INTERVAL),
        };
        self.misses_from_now_on(&name);
        let attempt = Attempt { name_held: None, ..Attempt::back(session, now) };
        self.open(now, attempt);
    }

    pub(super) fn sign_out(&mut self) {
        let of_account = self.is_of_account();
        if matches!(self.call, Call::Idle) {
            self.stop_devices();
        } else {
            self.hang_up();
        }
        self.close_link();
        self.forget_user();
        self.sign_in_error = None;
        if of_account {
            self.leave_account();
        }
    }

    /// The next user of this page is not to see who called this one.
    pub(super) fn forget_user(&mut self) {
        self.notice = None;
        self.callee_error = None;
        self.missed = MissedCalls::default();
        self.left = None;
        (self.kept_call, self.began) = (None, None);
    }

    pub(super) fn retry_now(&mut self, now: Millis) {
        if let Link::Waiting(attempt, _) = &self.link {
            let attempt = attempt.clone();
            self.open(now, attempt);
        }
    }

    fn open(&mut self, now: Millis, attempt: Attempt) {
        self.sockets = self.sockets.wrapping_add(1);
        if self.account.right == Right::Account {
            self.link = Link::Proving(attempt, now + OPEN_TIMEOUT);
            self.ask_own_server(Request::Ticket(self.sockets));
        } else {
            self.open_socket(now, attempt);
        }
    }

    pub(super) fn open_socket(&mut self, now: Millis, attempt: Attempt) {
        self.link = Link::Opening(attempt, now + OPEN_TIMEOUT);
        self.effects.push(Effect::OpenSocket);
    }

    pub(super) fn close_link(&mut self) {
        if !matches!(self.link, Link::Closed) {
            self.link = Link::Closed;
            self.effects.push(Effect::CloseSocket(Farewell::Goodbye));
        }
    }

    /// Says something to the server: now, or when it is there again.
    pub(super) fn send(&mut self, message: ClientMessage) {
        if let Some(session) = self.link.session_mut() {
            session.keep(&message);
        }
        if self.link.is_up() {
            self.effects.push(Effect::Send(message));
        }
    }

    pub(super) fn handle_socket_closed(&mut self, now: Millis, code: u16) {
        if code == CloseCode::Replaced.as_u16() {
            return self.give_way();
        }
        if code == CloseCode::SignedOut.as_u16() {
            self.link = Link::Closed;
            return self.is_signed_out(Text::SignedOutElsewhere);
        }
        let restarting = code == CloseCode::Restart.as_u16();
        self.lose_socket(now, restarting, Trouble::Unreachable);
    }

    /// The session goes on in another tab. This one is signed out, and says why.
    fn give_way(&mut self) {
        if self.link.session().is_none() {
            return;
        }
        self.link = Link::Closed;
        self.end_call(Text::SignedInElsewhere);
        self.stop_devices();
        self.forget_user();
        self.sign_in_error = Some(match self.account.right {
            Right::Guest => Text::SignedInElsewhere,
            Right::Account | Right::Ended => Text::WentOnElsewhere,
        });
    }

    /// The socket is gone; it is opened again after a pause. At a server that cannot give the session back, the call is
    /// over.
    pub(super) fn lose_socket(&mut self, now: Millis, restarting: bool, trouble: Trouble) {
        let (mut first, mut unopened) = (false, false);
        let attempt = match std::mem::replace(&mut self.link, Link::Closed) {
            Link::Closed => return,
            Link::Up(session) => {
                first = true;
                Attempt { trouble, ..Attempt::back(session, now) }
            }
            // The login may have arrived, and its answer was lost.
            Link::LoggingIn(attempt, _) if attempt.name_held.is_none() => {
                Attempt { name_held: Some(now + NAME_HELD), ..attempt.failed(trouble) }
            }
            Link::Opening(attempt, _) => {
                unopened = true;
                attempt.not_opened(trouble)
            }
            Link::Proving(attempt, _) | Link::LoggingIn(attempt, _) | Link::Waiting(attempt, _) => {
                attempt.failed(trouble)
            }
        };
        // One alone may have met a server that was just about to be there.
        let asks = unopened && attempt.failures > 1;
        let pause = match (restarting, first) {
            (true, _) => self.rng.below(RESTART_SPREAD),
            (false, true) => self.rng.below(LOSS_SPREAD),
            (false, false) => {
                let is_kept = attempt.has_secret() && attempt.failures <= SESSION_ATTEMPTS;
                let limit = if is_kept { MAX_SESSION_BACKOFF } else { MAX_BACKOFF };
                backoff(attempt.failures, limit, &mut self.rng)
            }
        };
        self.link = Link::Waiting(attempt, now + pause);
        if asks {
            self.ask_own_server(Request::Socket(self.sockets));
        }
        if self.link.session().is_none_or(|session| session.ticket.is_none()) {
            self.lose_call(now);
        }
    }

    /// The server has ended the call for the other, too.
    fn lose_call(&mut self, now: Millis) {
        if let Call::Incoming(_) = self.call {
            self.miss_call(now);
        } else {
            self.end_call(Text::ServerLost);
        }
    }
}

/// The pause before the next attempt: doubled each time, with a random part, so that pages which lost the server
/// together do not come back together.
pub(super) fn backoff(failures: u32, limit: Millis, rng: &mut Rng) -> Millis {
    let longest = (MIN_BACKOFF << failures.min(10)).min(limit);
    longest / 2 + rng.below(longest / 2)
}
