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
    event::{Event, News, UserId},
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
    page: UserId,
    session: Option<SessionId>,
}

struct Live {
    session: Session,
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

    fn add(&mut self, name: UserName, secret: String, now: Millis) -> SessionId {
        self.last_session += 1;
        let id = self.last_session;
        let session = Session::new(name.clone(), id << 32, LIMITS, self.instant(now));
        self.directory.insert(name, id);
        self.sessions.insert(id, Live { session, socket: None, secret, attempt: 0 });
        id
    }
}

impl World {
    pub(crate) fn server_accepts(&mut self, page: UserId, socket: SocketId) {
        self.relay.sockets.insert(socket, Socket { page, session: None });
    }

    pub(crate) fn server_hears(&mut self, socket: SocketId, news: News) {
        let Some(entry) = self.relay.sockets.get(&socket) else { return };
        match (news, entry.session) {
            (News::Opened, _) => {}
            (News::Closed(code), session) => {
                self.relay.sockets.remove(&socket);
                if let Some(session) = session {
                    self.session_input(session, fate(code));
                }
            }
            (News::Text(text), session) => match (ClientMessage::decode(&text), session) {
                (Err(_), _) => self.violate("a page says what is no message"),
                (Ok(ClientMessage::Login(login)), None) => self.server_logs_in(socket, *login),
                (Ok(ClientMessage::Ping(_)), None) => {
                    self.server_says(socket, &ServerMessage::Pong(Pong::default()));
                }
                (Ok(_), None) => {
                    self.server_refuses(socket, ErrorCode::NotLoggedIn, "Log in first.");
                }
                (Ok(message), Some(session)) => {
                    self.session_input(session, Input::FromClient(message));
                }
            },
        }
    }

    fn server_refuses(&mut self, socket: SocketId, code: ErrorCode, message: &str) {
        let (code, message) = (Some(code), message.to_owned());
        let refusal = Refusal { message, code, name: None, call: None };
        self.server_says(socket, &ServerMessage::Error(refusal));
    }

    fn server_logs_in(&mut self, socket: SocketId, login: Login) {
        let Ok(name) = UserName::parse(&login.name) else {
            return self.server_refuses_login(socket, ErrorCode::BadName);
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
                let drawn = format!("{:016x}", self.rng.bits());
                let secret = login.session.clone().unwrap_or(drawn);
                self.relay.add(name, secret, self.now)
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
        let back = Return { received, anew, call, calling, guest: false };
        self.session_input(id, Input::Return(back));
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
            self.carry_to_page(entry.page, socket, News::Closed(code));
        }
    }

    fn server_refuses_login(&mut self, socket: SocketId, code: ErrorCode) {
        let reply = LoginReply::Refused { code: Some(code), message: None };
        self.server_says(socket, &ServerMessage::Login(reply));
    }

    fn server_says(&mut self, socket: SocketId, message: &ServerMessage) {
        if let Some(entry) = self.relay.sockets.get(&socket) {
            self.carry_to_page(entry.page, socket, News::Text(message.encode()));
        }
    }

    pub(crate) fn session_input(&mut self, id: SessionId, input: Input) {
        let now = self.relay.instant(self.now);
        let Some(live) = self.relay.sessions.get_mut(&id) else { return };
        if matches!(input, Input::Lost(_) | Input::Left) {
            live.socket = None;
        }
        let effects = live.session.handle(now, input);
        if let Some(at) = live.session.next_timeout() {
            let at = at.saturating_duration_since(self.relay.epoch).as_millis() as Millis;
            self.queue.add(at.max(self.now), Event::SessionTimer(id));
        }
        self.carry_out(id, effects);
    }

    fn carry_out(&mut self, id: SessionId, effects: Effects) {
        let Some(live) = self.relay.sessions.get(&id) else { return };
        let (socket, user, secret) =
            (live.socket, live.session.user().clone(), live.secret.clone());
        for effect in effects {
            match effect {
                Effect::Welcome(welcomed) => {
                    let reply =
                        LoginReply::Welcome(Box::new(welcome(&user, secret.clone(), welcomed)));
                    self.say_over(socket, &ServerMessage::Login(reply));
                }
                Effect::ToClient(message) => self.say_over(socket, &message),
                Effect::ToPeer(to, envelope) => match self.relay.directory.get(&to) {
                    Some(&target) => self.carry_mail(id, target, envelope),
                    None => {
                        let call = envelope.call;
                        self.session_input(id, Input::Undeliverable { to, call });
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
            self.carry_to_page(entry.page, socket, News::Closed(code));
        }
        if !has_roster {
            return;
        }
        for (name, id) in directory {
            let Some(live) = sessions.get(&id) else { continue };
            let id = self.relay.add(name, live.secret.clone(), self.relay.down_until);
            let at = self.relay.down_until + GRACE_PERIOD.as_millis() as Millis;
            self.queue.add(at, Event::SessionTimer(id));
        }
    }
}

/// What a close code says of the user.
const fn fate(code: u16) -> Input {
    if code == CloseCode::Normal.as_u16() {
        Input::Left
    } else if code == CloseCode::GoingAway.as_u16() || code == CloseCode::PageLeft.as_u16() {
        Input::Lost(Loss::PageGone)
    } else {
        Input::Lost(Loss::Broken)
    }
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
