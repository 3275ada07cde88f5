//! The server: the real sessions, in a shell without time.

use std::{
    collections::VecDeque,
    sync::{Arc, OnceLock},
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
    session::{Call, CallKey, Effect, Effects, Input, Limits, Loss, Return, Session, Welcomed},
};

use simulation::witness::{Cause, Person};

use crate::{
    liar::NO_PAGE,
    state::{Down, Live, NAMES, PageId, SocketId, State, Up, UserId},
};

const LIMITS: Limits = Limits { ring: RING_LIMIT, grace: GRACE_PERIOD, reload: RELOAD_PERIOD };

/// A moment on the clock of the sessions.
pub(crate) fn instant(now: Millis) -> Instant {
    static EPOCH: OnceLock<Instant> = OnceLock::new();
    *EPOCH.get_or_init(Instant::now) + Duration::from_millis(now)
}

/// The same on the clock of the pages.
pub(crate) fn millis(instant_: Instant) -> Millis {
    let passed = instant_.saturating_duration_since(instant(0)).as_millis();
    Millis::try_from(passed).unwrap_or(Millis::MAX)
}

pub(crate) fn name(user: UserId) -> UserName {
    UserName::parse(NAMES[user]).expect("the names are good ones")
}

fn user(name: &UserName) -> Option<UserId> {
    NAMES.iter().position(|known| *known == name.as_str())
}

impl State {
    pub(crate) fn server_hears(&mut self, id: SocketId) {
        let Some(socket) = self.sockets.get_mut(&id) else { return };
        let Some(frame) = socket.up.pop_front() else { return };
        match (frame, socket.session) {
            (Up::Close(code), _) => {
                let input = Loss::of_close(Some(code)).map_or(Input::Left, Input::Lost);
                self.server_loses(id, input);
            }
            (Up::Message(ClientMessage::Login(login)), None) => self.log_in(id, *login),
            (Up::Message(ClientMessage::Ping(_)), None) => {
                self.server_says(id, ServerMessage::Pong(Pong::default()));
            }
            (Up::Message(_), None) => self.refuse(id, ErrorCode::NotLoggedIn),
            (Up::Message(message), Some(user)) => {
                self.witness.says(self.person(id), &message);
                self.session_input(user, self.clock, Input::FromClient(message));
            }
        }
    }

    /// The socket is gone for the server.
    pub(crate) fn server_loses(&mut self, id: SocketId, fate: Input) {
        let Some(socket) = self.sockets.get(&id) else { return };
        let session = socket.session;
        self.shut(id);
        if let Some(user) = session {
            if let Some(live) = self.sessions.get_mut(&user) {
                live.socket = None;
            }
            self.session_input(user, self.clock, fate);
        }
    }

    /// The server does not listen to it any more.
    fn shut(&mut self, id: SocketId) {
        if id.page == NO_PAGE {
            return;
        }
        let is_current = self.pages[id.page].socket == Some(id);
        if let Some(socket) = self.sockets.get_mut(&id) {
            socket.is_open = false;
            socket.session = None;
            socket.up.clear();
            if !is_current {
                self.sockets.remove(&id);
            }
        }
    }

    fn refuse(&mut self, id: SocketId, code: ErrorCode) {
        let refusal = Refusal {
            message: String::new(),
            code: Some(code),
            name: None,
            call: None,
            fault: None,
            seconds: None,
        };
        self.server_says(id, ServerMessage::Error(refusal));
    }

    fn log_in(&mut self, id: SocketId, login: Login) {
        let parsed = UserName::parse(&login.name).ok();
        let Some(user) = parsed.as_ref().and_then(user) else {
            return self.refuse(id, ErrorCode::BadName);
        };
        let attempt = login.attempt.unwrap_or_default();
        let mut cause = Cause::Own;
        match self.sessions.get(&user) {
            Some(live) if Some(&live.secret) != login.session.as_ref() => {
                let (code, message) = (Some(ErrorCode::NameTaken), None);
                let reply = LoginReply::Refused { code, message, fault: None, seconds: None };
                return self.server_says(id, ServerMessage::Login(reply));
            }
            Some(live) if live.attempt > attempt => return self.close_replaced(id),
            Some(_) => {}
            None => {
                self.add_session(user, self.person(id), None);
                cause = Cause::FirstLogin;
            }
        }
        self.attach(user, id, attempt);
        let peer = login.peer.and_then(|peer| UserName::parse(&peer).ok());
        let call = peer.zip(login.call).map(|(peer, id)| Call { peer, key: CallKey::Given(id) });
        let (received, anew, calling) = (login.received, login.anew, login.calling);
        let continued = login.continued.map(CallKey::Given);
        let back = Return { received, anew, call, continued, calling, guest: false };
        self.session_takes(user, self.clock, cause, Input::Return(back));
    }

    /// The session of a user who logs in, or, if there is a secret, of one who was there when the server stopped.
    pub(crate) fn add_session(&mut self, user: UserId, person: Person, secret: Option<String>) {
        self.logins += 1;
        let number = u64::from(self.logins) << 32;
        let session = match &secret {
            None => Session::new(name(user), number, LIMITS),
            Some(_) => Session::expected(name(user), number, LIMITS, instant(self.clock)),
        };
        let secret = secret.unwrap_or_else(|| format!("secret {}", self.logins));
        let live = Live {
            session: Arc::new(session),
            person,
            socket: None,
            secret,
            attempt: 0,
            mailbox: VecDeque::new(),
        };
        self.sessions.insert(user, live);
    }

    /// The session goes on over this socket; one that it had before is closed.
    fn attach(&mut self, user: UserId, id: SocketId, attempt: u64) {
        let Some(live) = self.sessions.get_mut(&user) else { return };
        live.attempt = attempt;
        let before = live.socket.replace(id);
        if let Some(socket) = self.sockets.get_mut(&id) {
            socket.session = Some(user);
        }
        if let Some(before) = before {
            self.close_replaced(before);
        }
    }

    fn close_replaced(&mut self, id: SocketId) {
        self.say(id, Down::Close(CloseCode::Replaced.as_u16()));
        self.shut(id);
    }

    fn server_says(&mut self, id: SocketId, message: ServerMessage) {
        self.say(id, Down::Message(message));
    }

    /// Whose page it is at the other end.
    fn person(&self, id: SocketId) -> Person {
        self.pages.get(id.page).map_or(Person::Liar, |page| Person::Honest(page.user))
    }

    fn say(&mut self, id: SocketId, frame: Down) {
        if let Down::Message(message) = &frame
            && let Err(what) = self.witness.hears(self.person(id), message)
        {
            self.violate(what);
        }
        if id.page == NO_PAGE {
            return self.liar_hears(&frame);
        }
        let is_current = self.pages[id.page].socket == Some(id);
        if let Some(socket) = self.sockets.get_mut(&id)
            && is_current
            && !socket.is_broken
        {
            socket.down.push_back(frame);
        } else {
            self.is_lost(id.page, &frame);
        }
    }

    /// A page will not hear this. If it says that a session has begun, nobody can take that back, and the name is taken until it
    /// is over.
    pub(crate) fn is_lost(&mut self, page: PageId, frame: &Down) {
        if let Down::Message(ServerMessage::Login(LoginReply::Welcome(welcome))) = frame {
            let kept = self.pages[page].kept.as_ref().map(|kept| &kept.session);
            self.may_be_out |= welcome.session.as_ref() != kept;
        }
    }

    pub(crate) fn session_input(&mut self, user: UserId, now: Millis, input: Input) {
        self.session_takes(user, now, Cause::Own, input);
    }

    pub(crate) fn session_takes(&mut self, user: UserId, now: Millis, cause: Cause, input: Input) {
        let Some(live) = self.sessions.get_mut(&user) else { return };
        let (person, session) = (live.person, Arc::make_mut(&mut live.session));
        let step = |session: &mut Session, input| session.handle(instant(now), input);
        let (effects, held) = self.witness.watch(person, cause, session, input, step);
        if let Err(what) = held {
            self.violate(what);
        }
        self.carry_out(user, person, now, effects);
    }

    pub(crate) fn session_hears(&mut self, user: UserId) {
        let Some(live) = self.sessions.get_mut(&user) else { return };
        if let Some((from, envelope)) = live.mailbox.pop_front() {
            let input = Input::FromPeer(envelope);
            self.session_takes(user, self.clock, Cause::From(from), input);
        }
    }

    fn carry_out(&mut self, user: UserId, person: Person, now: Millis, effects: Effects) {
        // As in the shell: what follows from an effect is done after all that were there before it.
        let mut undeliverable = Vec::new();
        for effect in effects {
            let live = self.sessions.get(&user);
            let socket = live.and_then(|live| live.socket);
            match effect {
                Effect::Welcome(welcomed) => {
                    let secret = live.map(|live| live.secret.clone()).unwrap_or_default();
                    let welcome = welcome(user, secret, welcomed);
                    let reply = LoginReply::Welcome(Box::new(welcome));
                    self.say_over(socket, ServerMessage::Login(reply));
                }
                Effect::ToClient(message) => self.say_over(socket, message),
                Effect::ToPeer(to, envelope) => {
                    let target = crate::relay::user(&to);
                    match target.and_then(|target| self.sessions.get_mut(&target)) {
                        Some(target) => target.mailbox.push_back((person, envelope)),
                        None => {
                            let call = envelope.call;
                            undeliverable.push(Input::Undeliverable { to, call });
                        }
                    }
                }
                Effect::End => self.end(user, now),
            }
        }
        for input in undeliverable {
            self.session_input(user, now, input);
        }
    }

    fn say_over(&mut self, socket: Option<SocketId>, message: ServerMessage) {
        match socket {
            Some(socket) => self.server_says(socket, message),
            None => self.violate("a session talks to a client that is away"),
        }
    }

    /// The name is free, and what waits in the mailbox is answered.
    fn end(&mut self, user: UserId, now: Millis) {
        let Some(mut live) = self.sessions.remove(&user) else { return };
        if let Some(socket) = live.socket {
            self.shut(socket);
        }
        let (person, session) = (live.person, Arc::make_mut(&mut live.session));
        for (_, envelope) in live.mailbox {
            let effects = session.handle(instant(now), Input::FromPeer(envelope));
            self.carry_out(user, person, now, effects);
        }
    }

    /// What the server knew is forgotten; all but who was there, if it keeps a roster. What it said last may still come.
    pub(crate) fn restart(&mut self, has_roster: bool) {
        self.witness.restarts();
        let before = std::mem::take(&mut self.sessions);
        let sockets: Vec<_> = self.sockets.keys().copied().collect();
        for id in sockets {
            self.shut(id);
            if let Some(socket) = self.sockets.get_mut(&id) {
                socket.is_broken = true;
            }
        }
        for (user, live) in before {
            if has_roster {
                self.add_session(user, live.person, Some(live.secret));
            }
        }
    }
}

fn welcome(user: UserId, secret: String, welcomed: Welcomed) -> Welcome {
    let (peer, call) = welcomed.call.unzip();
    Welcome {
        name: Some(NAMES[user].to_owned()),
        session: welcomed.counts.then_some(secret),
        received: welcomed.received,
        peer,
        call,
        ice_servers: Vec::new(),
        version: Some(VERSION),
        grace: None,
    }
}
