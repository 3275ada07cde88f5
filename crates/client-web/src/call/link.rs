//! The page's connection to the server: signing in, signs of life, and coming back after a loss.

use protocol::{
    CallId, ClientMessage, ErrorCode, IceServer, Login, LoginReply, Outbox, Ping, Welcome,
    close::CloseCode, limits::ACKNOWLEDGE_EVERY,
};

use super::{Call, Client, Effect, Farewell, Millis, Rng, Text};

/// How long a socket may take to open, and then the login to be answered, in ms. Mobile networks stall for seconds.
const OPEN_TIMEOUT: Millis = 10_000;

/// How often the page says `ping`, in ms. Proxies and NATs drop a connection that was silent for 30 s.
const PING_INTERVAL: Millis = 25_000;

/// How long after a `ping` something must be heard, in ms, before the socket counts as dead.
const PONG_TIMEOUT: Millis = 10_000;

/// The same when there is reason to think that it is dead: a new socket costs little, and waiting costs the call.
const PROBE_TIMEOUT: Millis = 3_000;

/// The longest pause between two attempts to reach the server, in ms: nobody wants to watch a longer one.
const MAX_BACKOFF: Millis = 15_000;

/// The shortest pause, in ms; it doubles with each attempt.
const MIN_BACKOFF: Millis = 500;

/// Within how many ms the pages of a server that restarts come back, each at a moment of its own.
const RESTART_SPREAD: Millis = 2_000;

/// Within how many ms a page comes back whose socket was lost: at once, but not at the same moment as all others that were
/// behind the same proxy.
const LOSS_SPREAD: Millis = 200;

/// For how long after a loss, in ms, a name that is taken is taken to be held by this user's own old socket, at a server
/// that knows no sessions: it may see as late as this that the socket is dead.
const NAME_HELD: Millis = 45_000;

/// The connection to the server, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Attempt {
    /// The name, as typed or, after the first success, as the server gave it.
    name: String,
    /// How many attempts have failed since it last worked.
    failures: u32,
    /// Why the last one failed.
    trouble: Trouble,
    /// Set if the user was signed in before, and so is to be brought back without a question.
    returning: Option<Session>,
    /// Until when the name may be held by an old socket of this user.
    name_held: Option<Millis>,
    /// The call that stands in the login.
    presented: Option<(String, CallId)>,
}

/// Why an attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

    /// Whether it is the first one after a loss, and follows at once.
    pub(super) fn is_quiet(&self) -> bool {
        let ticket = self.returning.as_ref().and_then(|session| session.ticket.as_ref());
        !self.has_failed() && ticket.is_some_and(|ticket| ticket.memory != Memory::Reloaded)
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) const fn has_failed(&self) -> bool {
        self.failures > 0
    }

    /// The first one after the socket of this session is gone.
    fn back(session: Session, now: Millis) -> Self {
        Self {
            name: session.name.clone(),
            failures: 0,
            trouble: Trouble::Unreachable,
            returning: Some(session),
            name_held: Some(now + NAME_HELD),
            presented: None,
        }
    }

    fn failed(self, trouble: Trouble) -> Self {
        Self { failures: self.failures.saturating_add(1), trouble, ..self }
    }
}

/// What is known while signed in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Session {
    pub(super) name: String,
    pub(super) ice_servers: Vec<IceServer>,
    /// Whether the server is one of ours, which knows `ping` and `ringing`; the tutorial's answers them with an error.
    pub(super) knows_ours: bool,
    /// What takes the session back after a lost socket, at a server that can do that.
    pub(super) ticket: Option<Ticket>,
    alive: Alive,
}

/// What takes a session back.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Ticket {
    pub(super) secret: String,
    memory: Memory,
}

/// What the page knows of the session's messages.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Memory {
    /// Everything.
    Stream(Stream),
    /// Nothing any more: more was said to a server that is away than is kept.
    Overflowed,
    /// Nothing: the page was loaded anew.
    Reloaded,
}

/// The messages of a session in both directions, over as many sockets as it takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Stream {
    received: u64,
    /// How many of them the server was told of.
    told: u64,
    sent: Outbox<ClientMessage>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Alive {
    /// A ping is due at this time.
    PingAt(Millis),
    /// A ping was sent; something must be heard until this time.
    PongUntil(Millis),
}

impl Ticket {
    /// What was sent and is not known to have arrived; `None` if nothing is known of it.
    pub(super) fn unheard(&self) -> Option<impl Iterator<Item = &ClientMessage>> {
        match &self.memory {
            Memory::Stream(stream) => Some(stream.sent.waiting()),
            Memory::Overflowed | Memory::Reloaded => None,
        }
    }

    const fn stream(&mut self) -> Option<&mut Stream> {
        match &mut self.memory {
            Memory::Stream(stream) => Some(stream),
            Memory::Overflowed | Memory::Reloaded => None,
        }
    }
}

impl Session {
    fn stream(&mut self) -> Option<&mut Stream> {
        self.ticket.as_mut().and_then(Ticket::stream)
    }

    /// Keeps what is said to the server for as long as it may have to be said again. Gives whether it is kept.
    fn keep(&mut self, message: &ClientMessage) -> bool {
        let Some(ticket) = &mut self.ticket else { return false };
        let Some(stream) = ticket.stream() else { return false };
        if message.is_counted() && stream.sent.push(message.clone(), size(message)).is_err() {
            ticket.memory = Memory::Overflowed;
        }
        true
    }

    fn ping(&mut self) -> ClientMessage {
        let received = self.stream().map(|stream| {
            stream.told = stream.received;
            stream.received
        });
        ClientMessage::Ping(Ping { received })
    }
}

impl Link {
    pub(super) const fn is_up(&self) -> bool {
        matches!(self, Self::Up(_))
    }

    /// What is known of the server and the user, also while the socket is being brought back.
    pub(super) fn session(&self) -> Option<&Session> {
        match self {
            Self::Up(session) => Some(session),
            Self::Opening(attempt, _) | Self::LoggingIn(attempt, _) | Self::Waiting(attempt, _) => {
                attempt.returning.as_ref()
            }
            Self::Closed => None,
        }
    }

    pub(super) fn session_mut(&mut self) -> Option<&mut Session> {
        match self {
            Self::Up(session) => Some(session),
            Self::Opening(attempt, _) | Self::LoggingIn(attempt, _) | Self::Waiting(attempt, _) => {
                attempt.returning.as_mut()
            }
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
        let attempt = Attempt {
            name,
            failures: 0,
            trouble,
            returning: None,
            name_held: None,
            presented: None,
        };
        self.open(now, attempt);
    }

    /// The page was loaded anew, in the middle of a session.
    pub(super) fn reload(&mut self, now: Millis, name: String, secret: String) {
        if !matches!(self.link, Link::Closed) {
            return;
        }
        let session = Session {
            name: name.clone(),
            ice_servers: Vec::new(),
            knows_ours: true,
            ticket: Some(Ticket { secret, memory: Memory::Reloaded }),
            alive: Alive::PingAt(now + PING_INTERVAL),
        };
        let (trouble, returning) = (Trouble::Unreachable, Some(session));
        self.open(
            now,
            Attempt { name, failures: 0, trouble, returning, name_held: None, presented: None },
        );
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
        self.left = None;
        self.kept_call = None;
    }

    pub(super) fn retry_now(&mut self, now: Millis) {
        if let Link::Waiting(attempt, _) = &self.link {
            let attempt = attempt.clone();
            self.open(now, attempt);
        }
    }

    fn open(&mut self, now: Millis, attempt: Attempt) {
        self.link = Link::Opening(attempt, now + OPEN_TIMEOUT);
        self.sockets = self.sockets.wrapping_add(1);
        self.effects.push(Effect::OpenSocket);
    }

    fn close_link(&mut self) {
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

    pub(super) fn handle_socket_opened(&mut self, now: Millis) {
        let (presented, calling) = self.presented_call();
        // A server that has started anew will not hear of what was left otherwise, and nor will the peer.
        let presented = presented.or_else(|| self.left_unheard());
        if let Link::Opening(attempt, _) = &mut self.link {
            attempt.presented.clone_from(&presented);
            let (peer, call) = presented.unzip();
            let ticket = attempt.returning.as_mut().and_then(|session| session.ticket.as_mut());
            let login = match ticket {
                None => Login { received: Some(0), ..Login::default() },
                Some(ticket) => {
                    let received = ticket.stream().map(|stream| {
                        stream.told = stream.received;
                        stream.received
                    });
                    let session = Some(ticket.secret.clone());
                    let anew = received.is_none();
                    Login {
                        session,
                        received: Some(received.unwrap_or_default()),
                        anew,
                        peer,
                        call,
                        calling,
                        ..Login::default()
                    }
                }
            };
            let attempt = attempt.clone();
            let login = Login { name: attempt.name.clone(), attempt: Some(self.sockets), ..login };
            self.effects.push(Effect::Send(ClientMessage::Login(login)));
            self.link = Link::LoggingIn(attempt, now + OPEN_TIMEOUT);
        }
    }

    pub(super) fn handle_socket_closed(&mut self, now: Millis, code: u16) {
        if code == CloseCode::Replaced.as_u16() {
            return self.give_way();
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
        self.sign_in_error = Some(Text::SignedInElsewhere);
    }

    /// The socket is gone; it is opened again after a pause. At a server that cannot give the session back, the call is
    /// over.
    fn lose_socket(&mut self, now: Millis, restarting: bool, trouble: Trouble) {
        let mut first = false;
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
            Link::Opening(attempt, _) | Link::LoggingIn(attempt, _) | Link::Waiting(attempt, _) => {
                attempt.failed(trouble)
            }
        };
        let pause = match (restarting, first) {
            (true, _) => self.rng.below(RESTART_SPREAD),
            (false, true) => self.rng.below(LOSS_SPREAD),
            (false, false) => backoff(attempt.failures, &mut self.rng),
        };
        self.link = Link::Waiting(attempt, now + pause);
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
        let before = attempt.returning.and_then(|session| session.ticket);
        let mut was = before.map(|ticket| ticket.memory);
        let goes_on = match (&mut was, welcome.received) {
            (Some(Memory::Stream(stream)), Some(received)) => {
                stream.sent.acknowledge(received).is_ok()
            }
            _ => false,
        };
        let stream = match &mut was {
            Some(Memory::Stream(stream)) if goes_on => std::mem::take(stream),
            _ => Stream::default(),
        };
        let again: Vec<_> = stream.sent.waiting().cloned().map(Effect::Send).collect();
        let memory = Memory::Stream(stream);
        self.link = Link::Up(Session {
            name,
            ice_servers: welcome.ice_servers,
            knows_ours: welcome.version.is_some(),
            ticket: welcome.session.map(|secret| Ticket { secret, memory }),
            alive: Alive::PingAt(now + PING_INTERVAL),
        });
        if goes_on {
            self.tell_ice_servers();
            self.effects.extend(again);
            return;
        }
        let call = welcome.peer.zip(welcome.call);
        match was {
            None => {}
            Some(Memory::Reloaded) => self.rejoin(now, call),
            Some(Memory::Stream(_) | Memory::Overflowed) => {
                self.begin_again(now, call.or(attempt.presented));
            }
        }
    }

    fn refused(&mut self, now: Millis, attempt: Attempt, code: Option<ErrorCode>) {
        let taken = matches!(code, None | Some(ErrorCode::NameTaken));
        let returns = attempt.returning.is_some();
        // A server that gives sessions back would have given this one.
        let has_ticket = attempt.returning.is_some_and(|session| session.ticket.is_some());
        let may_be_ours = !has_ticket && attempt.name_held.is_some_and(|until| now < until);
        let trouble = if taken && may_be_ours {
            Some(Trouble::NameHeld)
        } else if !taken && returns && code.is_some_and(ErrorCode::retry_can_help) {
            Some(Trouble::Busy)
        } else {
            None
        };
        if let Some(trouble) = trouble {
            self.effects.push(Effect::CloseSocket(Farewell::GivenUp));
            self.lose_socket(now, false, trouble);
            return;
        }
        self.sign_in_error = Some(match code {
            None | Some(ErrorCode::NameTaken) => Text::NameTaken,
            Some(ErrorCode::BadName | ErrorCode::BadMessage) => Text::NameBad,
            Some(_) => Text::ServerRefused,
        });
        self.end_call(Text::ServerLost);
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

    /// One of the session's messages came, whether it is understood or not.
    pub(super) fn count_received(&mut self) {
        let Link::Up(session) = &mut self.link else { return };
        let Some(stream) = session.stream() else { return };
        stream.received = stream.received.wrapping_add(1);
        if stream.received - stream.told >= ACKNOWLEDGE_EVERY {
            let ping = session.ping();
            self.effects.push(Effect::Send(ping));
        }
    }

    pub(super) fn handle_pong(&mut self, received: Option<u64>) {
        if let Link::Up(session) = &mut self.link
            && let Some(stream) = session.stream()
            && let Some(received) = received
        {
            // A count that cannot be is one of a server that miscounts: nothing is let go.
            let _ = stream.sent.acknowledge(received);
        }
    }

    /// The network is another one, so that the socket is as good as dead: another takes its place at once, where the session
    /// can go on over it.
    pub(super) fn replace_socket(&mut self, now: Millis) {
        match std::mem::replace(&mut self.link, Link::Closed) {
            Link::Up(session) if session.ticket.is_some() => {
                self.effects.push(Effect::CloseSocket(Farewell::GivenUp));
                self.open(now, Attempt::back(session, now));
            }
            link => {
                self.link = link;
                self.probe(now);
            }
        }
    }

    /// There is reason to think that the socket is dead, or that the server can be reached again.
    pub(super) fn probe(&mut self, now: Millis) {
        match &mut self.link {
            Link::Closed => {}
            Link::Waiting(..) => self.retry_now(now),
            Link::Opening(attempt, _) | Link::LoggingIn(attempt, _) => {
                let attempt = attempt.clone();
                self.effects.push(Effect::CloseSocket(Farewell::GivenUp));
                self.open(now, attempt);
            }
            Link::Up(session) if session.knows_ours => {
                if let Alive::PingAt(_) = session.alive {
                    session.alive = Alive::PongUntil(now + PROBE_TIMEOUT);
                    let ping = session.ping();
                    self.effects.push(Effect::Send(ping));
                }
            }
            Link::Up(_) => {}
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
                    let ping = session.ping();
                    self.effects.push(Effect::Send(ping));
                }
                Alive::PongUntil(_) => self.give_socket_up(now),
            },
            Link::Opening(..) | Link::LoggingIn(..) => self.give_socket_up(now),
        }
    }

    fn give_socket_up(&mut self, now: Millis) {
        self.effects.push(Effect::CloseSocket(Farewell::GivenUp));
        self.lose_socket(now, false, Trouble::Unreachable);
    }
}

/// The pause before the next attempt: doubled each time, with a random part, so that pages which lost the server
/// together do not come back together.
fn backoff(failures: u32, rng: &mut Rng) -> Millis {
    let longest = (MIN_BACKOFF << failures.min(10)).min(MAX_BACKOFF);
    longest / 2 + rng.below(longest / 2)
}

/// About how many bytes a message takes: what is opaque in it, and something for the rest.
fn size(message: &ClientMessage) -> usize {
    const AROUND: usize = 128;
    AROUND
        + match message {
            ClientMessage::Offer(offer) => offer.offer.as_json().len(),
            ClientMessage::Answer(answer) => answer.answer.as_json().len(),
            ClientMessage::Candidate(candidate) => candidate.candidate.as_json().len(),
            ClientMessage::Login(_)
            | ClientMessage::Ringing(_)
            | ClientMessage::Leave(_)
            | ClientMessage::Ping(_) => 0,
        }
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
