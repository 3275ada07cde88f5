//! The server: the real sessions, in an emulated shell.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use client_web::call::Millis;
use protocol::{
    ClientMessage, ErrorCode, Login, LoginReply, Pong, Refusal, ServerMessage, UserName, VERSION,
    Welcome,
    close::CloseCode,
    limits::{GRACE_PERIOD, RELOAD_PERIOD},
};
use server::{
    limits::RING_LIMIT,
    session::{
        Call, CallKey, Effect, Effects, Input, Limits, Loss, Phase, Return, Session, Welcomed,
    },
};

use crate::{
    event::{Event, News},
    witness::{Cause, Person},
    world::World,
};

const LIMITS: Limits = Limits { ring: RING_LIMIT, grace: GRACE_PERIOD, reload: RELOAD_PERIOD };

/// Which socket: a running number.
pub(crate) type SocketId = u64;

/// Which session: a running number. A user who comes back in time keeps the old one.
pub(crate) type SessionId = u64;

/// The server's state.
pub(crate) struct Relay {
    /// Virtual time zero, on the clock of the sessions.
    epoch: Instant,
    sockets: BTreeMap<SocketId, Socket>,
    sessions: BTreeMap<SessionId, Live>,
    directory: BTreeMap<UserName, SessionId>,
    last_session: SessionId,
    /// Until when it does not run.
    down_until: Millis,
}

struct Socket {
    person: Person,
    session: Option<SessionId>,
}

struct Live {
    session: Session,
    /// Whose it is, whatever its name.
    person: Person,
    socket: Option<SocketId>,
    secret: String,
    /// The number of the socket that it is at.
    attempt: u64,
}

impl Relay {
    pub(crate) fn new() -> Self {
        Self {
            epoch: Instant::now(),
            sockets: BTreeMap::new(),
            sessions: BTreeMap::new(),
            directory: BTreeMap::new(),
            last_session: 0,
            down_until: 0,
        }
    }

    fn instant(&self, now: Millis) -> Instant {
        self.epoch + Duration::from_millis(now)
    }

    pub(crate) const fn is_down(&self, now: Millis) -> bool {
        now < self.down_until
    }

    /// The phase of the session that has this name now.
    pub(crate) fn phase(&self, name: &str) -> Option<&Phase> {
        let name = UserName::parse(name).ok()?;
        let id = self.directory.get(&name)?;
        self.sessions.get(id).map(|live| live.session.phase())
    }

    /// How many users are logged in.
    pub(crate) fn logged_in(&self) -> usize {
        self.directory.len()
    }

    /// A session of somebody who logs in, and of whom the server knows nothing.
    fn begin(&mut self, name: UserName, person: Person, secret: String) -> SessionId {
        let session = Session::new(name, self.first_number(), LIMITS);
        self.add(session, person, secret)
    }

    /// The session of somebody who was there when the server stopped.
    fn expect(&mut self, name: UserName, person: Person, secret: String) -> SessionId {
        let now = self.instant(self.down_until);
        let session = Session::expected(name, self.first_number(), LIMITS, now);
        self.add(session, person, secret)
    }

    const fn first_number(&self) -> u64 {
        (self.last_session + 1) << 32
    }

    fn add(&mut self, session: Session, person: Person, secret: String) -> SessionId {
        self.last_session += 1;
        let (id, name) = (self.last_session, session.user().clone());
        self.directory.insert(name, id);
        self.sessions.insert(id, Live { session, person, socket: None, secret, attempt: 0 });
        id
    }
}

impl World {
    pub(crate) fn server_accepts(&mut self, person: Person, socket: SocketId) {
        self.relay.sockets.insert(socket, Socket { person, session: None });
    }

    pub(crate) fn server_hears(&mut self, socket: SocketId, news: News) {
        let Some(entry) = self.relay.sockets.get(&socket) else { return };
        let person = entry.person;
        match (news, entry.session) {
            (News::Opened, _) => {}
            (News::Closed(code), session) => {
                self.relay.sockets.remove(&socket);
                if let Some(session) = session {
                    self.session_input(session, lost(code));
                }
            }
            (News::Text(text), session) => match (ClientMessage::decode(&text), session) {
                (Err(_), _) if person == Person::Liar => {}
                (Err(_), _) => self.violate("a page says what is no message"),
                (Ok(ClientMessage::Login(login)), None) => self.server_logs_in(socket, *login),
                (Ok(ClientMessage::Ping(_)), None) => {
                    self.server_says(socket, &ServerMessage::Pong(Pong::default()));
                }
                (Ok(_), None) => {
                    self.server_refuses(socket, ErrorCode::NotLoggedIn, "Log in first.");
                }
                (Ok(message), Some(session)) => {
                    self.witness.says(person, &message);
                    self.session_input(session, Input::FromClient(message));
                }
            },
        }
    }

    fn server_refuses(&mut self, socket: SocketId, code: ErrorCode, message: &str) {
        let (code, message) = (Some(code), message.to_owned());
        let refusal = Refusal { message, code, name: None, call: None, fault: None, seconds: None };
        self.server_says(socket, &ServerMessage::Error(refusal));
    }

    fn server_logs_in(&mut self, socket: SocketId, login: Login) {
        let Ok(name) = UserName::parse(&login.name) else {
            return self.server_refuses_login(socket, ErrorCode::BadName);
        };
        let Some(person) = self.relay.sockets.get(&socket).map(|entry| entry.person) else {
            return;
        };
        let there = self.relay.directory.get(&name).copied();
        let owned = there.filter(|id| {
            self.relay
                .sessions
                .get(id)
                .is_some_and(|live| Some(&live.secret) == login.session.as_ref())
        });
        let id = match (owned, there) {
            (Some(id), _) => id,
            (None, Some(_)) => return self.server_refuses_login(socket, ErrorCode::NameTaken),
            (None, None) => {
                // Always a new one: what a client brings others may know.
                let secret = format!("{:016x}", self.rng.bits());
                self.relay.begin(name, person, secret)
            }
        };
        let attempt = login.attempt.unwrap_or_default();
        if self.relay.sessions.get(&id).is_some_and(|live| live.attempt > attempt) {
            return self.close_replaced(socket);
        }
        self.attach(id, socket, attempt);
        let peer = login.peer.and_then(|peer| UserName::parse(&peer).ok());
        let call = peer.zip(login.call).map(|(peer, id)| Call { peer, key: CallKey::Given(id) });
        let (received, anew, calling) = (login.received, login.anew, login.calling);
        let continued = login.continued.map(CallKey::Given);
        let back = Return { received, anew, call, continued, calling, guest: false };
        let cause = if there.is_none() { Cause::FirstLogin } else { Cause::Own };
        self.session_takes(id, cause, Input::Return(back));
    }

    /// The session goes on over this socket; one that it had before is closed.
    fn attach(&mut self, id: SessionId, socket: SocketId, attempt: u64) {
        let Some(live) = self.relay.sessions.get_mut(&id) else { return };
        live.attempt = attempt;
        let before = live.socket.replace(socket);
        if let Some(entry) = self.relay.sockets.get_mut(&socket) {
            entry.session = Some(id);
        }
        if let Some(old) = before {
            self.close_replaced(old);
        }
    }

    fn close_replaced(&mut self, socket: SocketId) {
        if let Some(entry) = self.relay.sockets.remove(&socket) {
            let code = CloseCode::Replaced.as_u16();
            self.carry_down(entry.person, socket, News::Closed(code));
        }
    }

    fn server_refuses_login(&mut self, socket: SocketId, code: ErrorCode) {
        let reply =
            LoginReply::Refused { code: Some(code), message: None, fault: None, seconds: None };
        self.server_says(socket, &ServerMessage::Login(reply));
    }

    fn server_says(&mut self, socket: SocketId, message: &ServerMessage) {
        if let Some(entry) = self.relay.sockets.get(&socket) {
            let person = entry.person;
            self.must(self.witness.hears(person, message));
            self.carry_down(person, socket, News::Text(message.encode()));
        }
    }

    /// Something of its own happens to a session.
    pub(crate) fn session_input(&mut self, id: SessionId, input: Input) {
        self.session_takes(id, Cause::Own, input);
    }

    pub(crate) fn session_takes(&mut self, id: SessionId, cause: Cause, input: Input) {
        let now = self.relay.instant(self.now);
        let Some(live) = self.relay.sessions.get_mut(&id) else { return };
        if matches!(input, Input::Lost(_) | Input::Left) {
            live.socket = None;
        }
        let step = |session: &mut Session, input| session.handle(now, input);
        let (effects, held) =
            self.witness.watch(live.person, cause, &mut live.session, input, step);
        if let Some(at) = live.session.next_timeout() {
            let at = at.saturating_duration_since(self.relay.epoch).as_millis() as Millis;
            self.queue.add(at.max(self.now), Event::SessionTimer(id));
        }
        self.must(held);
        self.carry_out(id, effects);
    }

    fn carry_out(&mut self, id: SessionId, effects: Effects) {
        let Some(live) = self.relay.sessions.get(&id) else { return };
        let (socket, user, secret) =
            (live.socket, live.session.user().clone(), live.secret.clone());
        let person = live.person;
        // As in the shell: what follows from an effect is done after all that were there before it.
        let mut undeliverable = Vec::new();
        for effect in effects {
            match effect {
                Effect::Welcome(welcomed) => {
                    let reply =
                        LoginReply::Welcome(Box::new(welcome(&user, secret.clone(), welcomed)));
                    self.say_over(socket, &ServerMessage::Login(reply));
                }
                Effect::ToClient(message) => self.say_over(socket, &message),
                Effect::ToPeer(to, envelope) => match self.relay.directory.get(&to) {
                    Some(&target) => self.carry_mail((id, person), target, envelope),
                    None => {
                        let call = envelope.call;
                        undeliverable.push(Input::Undeliverable { to, call });
                    }
                },
                // The session stays, to answer the mail that is on its way to it; only its name is free.
                Effect::End => {
                    self.relay.directory.remove(&user);
                    if let Some(live) = self.relay.sessions.get_mut(&id) {
                        live.secret.clear();
                    }
                }
            }
        }
        for input in undeliverable {
            self.session_input(id, input);
        }
    }

    fn say_over(&mut self, socket: Option<SocketId>, message: &ServerMessage) {
        match socket {
            Some(socket) => self.server_says(socket, message),
            None => self.violate("a session talks to a client that is away"),
        }
    }

    /// All sockets close, and what the server knew is forgotten; all but who was there, if it keeps a roster. Killed, it
    /// says nothing.
    pub(crate) fn server_restarts(&mut self, killed: bool, has_roster: bool, down_for: Millis) {
        self.relay.down_until = self.now + down_for;
        let sessions = std::mem::take(&mut self.relay.sessions);
        let directory = std::mem::take(&mut self.relay.directory);
        for (socket, entry) in std::mem::take(&mut self.relay.sockets) {
            let code = if killed { 1006 } else { CloseCode::Restart.as_u16() };
            self.carry_down(entry.person, socket, News::Closed(code));
        }
        self.witness.restarts();
        if !has_roster {
            return;
        }
        for (name, id) in directory {
            let Some(live) = sessions.get(&id) else { continue };
            let id = self.relay.expect(name, live.person, live.secret.clone());
            let at = self.relay.down_until + GRACE_PERIOD.as_millis() as Millis;
            self.queue.add(at, Event::SessionTimer(id));
        }
    }
}

/// What becomes of a session whose client has closed its socket.
fn lost(code: u16) -> Input {
    Loss::of_close(Some(code)).map_or(Input::Left, Input::Lost)
}

fn welcome(user: &UserName, secret: String, welcomed: Welcomed) -> Welcome {
    let (peer, call) = welcomed.call.unzip();
    Welcome {
        name: Some(user.to_string()),
        session: welcomed.counts.then_some(secret),
        received: welcomed.received,
        peer,
        call,
        ice_servers: Vec::new(),
        version: Some(VERSION),
        grace: None,
    }
}
