//! The page's connection to the server: signing in, signs of life, and coming back after a loss.

use protocol::{ClientMessage, ErrorCode, IceServer, Login, LoginReply, Welcome};

use super::{Call, Client, Effect, Millis, Rng, Text};

/// How long a socket may take to open, and then the login to be answered, in ms. Mobile networks stall for seconds.
const OPEN_TIMEOUT: Millis = 10_000;

/// How often the page says `ping`, in ms. Proxies and NATs drop a connection that was silent for 30 s.
const PING_INTERVAL: Millis = 25_000;

/// How long after a `ping` something must be heard, in ms, before the socket counts as dead.
const PONG_TIMEOUT: Millis = 10_000;

/// The longest pause between two attempts to reach the server, in ms: nobody wants to watch a longer one.
const MAX_BACKOFF: Millis = 15_000;

/// The shortest pause, in ms; it doubles with each attempt.
const MIN_BACKOFF: Millis = 500;

/// Within how many ms the pages of a server that restarts come back, each at a moment of its own.
const RESTART_SPREAD: Millis = 2_000;

/// For how long after a loss, in ms, a name that is taken is taken to be held by this user's own old socket: the server
/// sees within 35 s that it is dead.
const NAME_HELD: Millis = 45_000;

/// The connection to the server, and how far it is.
#[derive(Debug)]
pub(super) enum Link {
    /// Signed out.
    Closed,
    /// The socket is being opened.
    Opening(Attempt, Millis),
    /// The login is sent.
    LoggingIn(Attempt, Millis),
    /// Signed in.
    Up(Session),
    /// Not reachable; the next attempt is at this time.
    Waiting(Attempt, Millis),
}

/// An attempt to sign in.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    /// The name, as typed or, after the first success, as the server gave it.
    name: String,
    /// How many attempts have failed since it last worked.
    failures: u32,
    /// Why the last one failed.
    trouble: Trouble,
    /// Set if the user was signed in before, and so is to be brought back without a question: until when the name may
    /// be held by the old socket.
    returning: Option<Millis>,
}

/// Why an attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    /// The server cannot be reached.
    Unreachable,
    /// The old socket still has the name.
    NameHeld,
    /// The server takes nobody right now.
    Busy,
}

impl Attempt {
    /// What to say while the next one is waited for.
    pub(super) const fn trouble(&self) -> Text {
        match self.trouble {
            Trouble::Unreachable => Text::ServerRetry,
            Trouble::NameHeld => Text::NameHeld,
            Trouble::Busy => Text::ServerBusy,
        }
    }

    pub(super) const fn has_failed(&self) -> bool {
        self.failures > 0
    }
}

/// What is known while signed in.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) name: String,
    pub(super) ice_servers: Vec<IceServer>,
    /// Whether the server is one of ours, which knows `ping` and `ringing`; the tutorial's answers them with an error.
    pub(super) knows_ours: bool,
    alive: Alive,
}

#[derive(Clone, Copy, Debug)]
enum Alive {
    /// A ping is due at this time.
    PingAt(Millis),
    /// A ping was sent; something must be heard until this time.
    PongUntil(Millis),
}

impl Link {
    pub(super) const fn is_up(&self) -> bool {
        matches!(self, Self::Up(_))
    }

    pub(super) const fn session(&self) -> Option<&Session> {
        match self {
            Self::Up(session) => Some(session),
            _ => None,
        }
    }

    /// Under which name the user is signed in, also while the socket is being brought back.
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::Up(session) => Some(&session.name),
            Self::Opening(attempt, _) | Self::LoggingIn(attempt, _) | Self::Waiting(attempt, _)
                if attempt.returning.is_some() =>
            {
                Some(&attempt.name)
            }
            _ => None,
        }
    }

    pub(super) fn next_timeout(&self) -> Option<Millis> {
        match self {
            Self::Closed => None,
            Self::Opening(_, until) | Self::LoggingIn(_, until) | Self::Waiting(_, until) => {
                Some(*until)
            }
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
        let name = name.trim();
        if name.is_empty() {
            self.sign_in_error = Some(Text::NameEmpty);
            return;
        }
        self.sign_in_error = None;
        let name = name.to_owned();
        let trouble = Trouble::Unreachable;
        self.open(now, Attempt { name, failures: 0, trouble, returning: None });
    }

    pub(super) fn sign_out(&mut self) {
        if matches!(self.call, Call::Idle) {
            self.stop_devices();
        } else {
            self.hang_up();
        }
        self.close_link();
        self.forget_user();
    }

    /// The next user of this page is not to see who called this one.
    fn forget_user(&mut self) {
        self.notice = None;
        self.callee_error = None;
        self.missed.clear();
    }

    pub(super) fn retry_now(&mut self, now: Millis) {
        if let Link::Waiting(attempt, _) = &self.link {
            let attempt = attempt.clone();
            self.open(now, attempt);
        }
    }

    fn open(&mut self, now: Millis, attempt: Attempt) {
        self.link = Link::Opening(attempt, now + OPEN_TIMEOUT);
        self.effects.push(Effect::OpenSocket);
    }

    fn close_link(&mut self) {
        if !matches!(self.link, Link::Closed) {
            self.link = Link::Closed;
            self.effects.push(Effect::CloseSocket);
        }
    }

    pub(super) fn handle_socket_opened(&mut self, now: Millis) {
        if let Link::Opening(attempt, _) = &self.link {
            let attempt = attempt.clone();
            let login = Login { name: attempt.name.clone(), session: None };
            self.effects.push(Effect::Send(ClientMessage::Login(login)));
            self.link = Link::LoggingIn(attempt, now + OPEN_TIMEOUT);
        }
    }

    pub(super) fn handle_socket_closed(&mut self, now: Millis, code: u16) {
        let restarting = code == protocol::close::CloseCode::Restart.as_u16();
        self.lose_socket(now, restarting, Trouble::Unreachable);
    }

    /// The socket is gone; it is opened again after a pause. The server has ended the call for the other, too.
    fn lose_socket(&mut self, now: Millis, restarting: bool, trouble: Trouble) {
        let attempt = match std::mem::replace(&mut self.link, Link::Closed) {
            Link::Closed => return,
            Link::Up(session) => {
                let returning = Some(now + NAME_HELD);
                Attempt { name: session.name, failures: 0, trouble, returning }
            }
            Link::Opening(attempt, _) | Link::LoggingIn(attempt, _) | Link::Waiting(attempt, _) => {
                Attempt { failures: attempt.failures.saturating_add(1), trouble, ..attempt }
            }
        };
        let pause = if restarting {
            self.rng.below(RESTART_SPREAD)
        } else {
            backoff(attempt.failures, &mut self.rng)
        };
        self.link = Link::Waiting(attempt, now + pause);
        if let Call::Incoming(_) = self.call {
            self.miss_call(now);
        } else {
            self.end_call(Text::ServerLost);
        }
    }

    pub(super) fn handle_login_reply(&mut self, now: Millis, reply: LoginReply) {
        let Link::LoggingIn(attempt, _) = &self.link else { return };
        let attempt = attempt.clone();
        match reply {
            LoginReply::Welcome(welcome) => self.welcome(now, attempt, welcome),
            LoginReply::Refused { code, .. } => self.refused(now, attempt, code),
        }
    }

    fn welcome(&mut self, now: Millis, attempt: Attempt, welcome: Welcome) {
        let name = welcome.name.unwrap_or(attempt.name);
        self.sign_in_error = None;
        self.effects.push(Effect::RememberName(name.clone()));
        self.link = Link::Up(Session {
            name,
            ice_servers: welcome.ice_servers,
            knows_ours: welcome.version.is_some(),
            alive: Alive::PingAt(now + PING_INTERVAL),
        });
    }

    fn refused(&mut self, now: Millis, attempt: Attempt, code: Option<ErrorCode>) {
        let taken = matches!(code, None | Some(ErrorCode::NameTaken));
        let trouble = match attempt.returning {
            Some(until) if taken && now < until => Some(Trouble::NameHeld),
            Some(_) if !taken && code.is_some_and(ErrorCode::retry_can_help) => Some(Trouble::Busy),
            Some(_) | None => None,
        };
        if let Some(trouble) = trouble {
            self.effects.push(Effect::CloseSocket);
            self.lose_socket(now, false, trouble);
            return;
        }
        self.sign_in_error = Some(match code {
            None | Some(ErrorCode::NameTaken) => Text::NameTaken,
            Some(ErrorCode::BadName | ErrorCode::BadMessage) => Text::NameBad,
            Some(_) => Text::ServerRefused,
        });
        self.stop_devices();
        self.close_link();
        self.forget_user();
    }

    /// Anything heard from the server is a sign of life.
    pub(super) const fn heard_server(&mut self, now: Millis) {
        if let Link::Up(session) = &mut self.link {
            session.alive = Alive::PingAt(now + PING_INTERVAL);
        }
    }

    pub(super) fn tick_link(&mut self, now: Millis) {
        if self.link.next_timeout().is_none_or(|at| at > now) {
            return;
        }
        match &mut self.link {
            Link::Closed => {}
            Link::Waiting(..) => self.retry_now(now),
            Link::Up(session) => match session.alive {
                Alive::PingAt(_) => {
                    session.alive = Alive::PongUntil(now + PONG_TIMEOUT);
                    self.send(ClientMessage::Ping);
                }
                Alive::PongUntil(_) => {
                    self.effects.push(Effect::CloseSocket);
                    self.lose_socket(now, false, Trouble::Unreachable);
                }
            },
            Link::Opening(..) | Link::LoggingIn(..) => {
                self.effects.push(Effect::CloseSocket);
                self.lose_socket(now, false, Trouble::Unreachable);
            }
        }
    }
}

/// The pause before the next attempt: doubled each time, with a random part, so that pages which lost the server
/// together do not come back together.
fn backoff(failures: u32, rng: &mut Rng) -> Millis {
    let longest = (MIN_BACKOFF << failures.min(10)).min(MAX_BACKOFF);
    longest / 2 + rng.below(longest / 2)
}

#[cfg(test)]
mod tests {
    use super::{MAX_BACKOFF, MIN_BACKOFF, Rng, backoff};

    #[test]
    fn the_pause_grows_to_its_limit_and_never_vanishes() {
        let mut rng = Rng::new(7);
        for failures in 0..100 {
            let pause = backoff(failures, &mut rng);
            assert!((MIN_BACKOFF / 2..=MAX_BACKOFF).contains(&pause), "{failures}: {pause}");
        }
        assert!(backoff(50, &mut rng) >= MAX_BACKOFF / 2);
    }
}
