//! The server: the real sessions, in an emulated shell.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use client_web::call::Millis;
use protocol::{
    ClientMessage, ErrorCode, LoginReply, Refusal, ServerMessage, UserName, VERSION, Welcome,
    close::CloseCode,
};
use server::{
    limits::RING_LIMIT,
    session::{Effect, Input, Phase, Session},
};

use crate::{
    event::{Event, News, UserId},
    world::World,
};

/// Which socket: a running number.
pub(crate) type SocketId = u64;

/// Which session: a running number. A user who comes back gets a new one.
pub(crate) type SessionId = u64;

/// The server's state.
pub(crate) struct Relay {
    /// Virtual time zero, on the clock of the sessions.
    epoch: Instant,
    sockets: BTreeMap<SocketId, Socket>,
    sessions: BTreeMap<SessionId, Live>,
    directory: BTreeMap<UserName, SessionId>,
    last_session: SessionId,
}

struct Socket {
    page: UserId,
    session: Option<SessionId>,
}

struct Live {
    session: Session,
    socket: SocketId,
}

impl Relay {
    pub(crate) fn new() -> Self {
        Self {
            epoch: Instant::now(),
            sockets: BTreeMap::new(),
            sessions: BTreeMap::new(),
            directory: BTreeMap::new(),
            last_session: 0,
        }
    }

    fn instant(&self, now: Millis) -> Instant {
        self.epoch + Duration::from_millis(now)
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
}

impl World {
    pub(crate) fn server_accepts(&mut self, page: UserId, socket: SocketId) {
        self.relay.sockets.insert(socket, Socket { page, session: None });
    }

    pub(crate) fn server_hears(&mut self, socket: SocketId, news: News) {
        let Some(entry) = self.relay.sockets.get(&socket) else { return };
        match (news, entry.session) {
            (News::Opened, _) => {}
            (News::Closed(_), session) => {
                self.relay.sockets.remove(&socket);
                if let Some(session) = session {
                    self.session_input(session, Input::Detached);
                }
            }
            (News::Text(text), session) => match (ClientMessage::decode(&text), session) {
                (Err(error), _) => self.server_refuses(socket, error.code(), &error.to_string()),
                (Ok(ClientMessage::Login(login)), None) => self.server_logs_in(socket, &login.name),
                (Ok(ClientMessage::Ping), None) => self.server_says(socket, &ServerMessage::Pong),
                (Ok(_), None) => {
                    self.server_refuses(socket, Some(ErrorCode::NotLoggedIn), "Log in first.");
                }
                (Ok(message), Some(session)) => {
                    self.session_input(session, Input::FromClient(message));
                }
            },
        }
    }

    fn server_refuses(&mut self, socket: SocketId, code: Option<ErrorCode>, message: &str) {
        let message = message.to_owned();
        if code.is_some() {
            let refusal = Refusal { message, code, name: None, call: None };
            self.server_says(socket, &ServerMessage::Error(refusal));
        }
    }

    fn server_logs_in(&mut self, socket: SocketId, name: &str) {
        let name = match UserName::parse(name) {
            Ok(name) if !self.relay.directory.contains_key(&name) => name,
            Ok(_) => return self.server_refuses_login(socket, ErrorCode::NameTaken),
            Err(_) => return self.server_refuses_login(socket, ErrorCode::BadName),
        };
        self.relay.last_session += 1;
        let id = self.relay.last_session;
        let session = Session::new(name.clone(), id << 32, RING_LIMIT);
        self.relay.directory.insert(name.clone(), id);
        self.relay.sessions.insert(id, Live { session, socket });
        if let Some(entry) = self.relay.sockets.get_mut(&socket) {
            entry.session = Some(id);
        }
        let welcome =
            Welcome { name: Some(name.to_string()), version: Some(VERSION), ..Welcome::default() };
        self.server_says(socket, &ServerMessage::Login(LoginReply::Welcome(welcome)));
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
        let effects = live.session.handle(now, input);
        let (socket, user) = (live.socket, live.session.user().clone());
        if let Some(at) = live.session.next_timeout() {
            let at = at.saturating_duration_since(self.relay.epoch).as_millis() as Millis;
            self.queue.add(at.max(self.now), Event::SessionTimer(id));
        }
        for effect in effects {
            match effect {
                Effect::ToClient(message) => self.server_says(socket, &message),
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
                }
            }
        }
    }

    /// All sockets close, and everything that the server knew is forgotten.
    pub(crate) fn server_restarts(&mut self) {
        self.relay.sessions.clear();
        self.relay.directory.clear();
        for (socket, entry) in std::mem::take(&mut self.relay.sockets) {
            let code = CloseCode::Restart.as_u16();
            self.carry_to_page(entry.page, socket, News::Closed(code));
        }
    }
}
