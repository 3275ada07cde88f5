//! A page: the real call machine, in an emulated shell.

use std::collections::BTreeMap;

use client_web::call::{
    Answer, Client, Effect, Environment, Farewell, Found, Input, Kept, Millis, PeerId, PeerOp,
    Permission, Permissions, PhaseView, Request, RequestId, UserInput, View,
};
use protocol::{ClientMessage, LoginReply, ServerMessage, close::CloseCode};

use crate::{
    event::{Event, News, Tab, UserId},
    peer::Pc,
    relay::SocketId,
    tell,
    world::World,
};

/// A page and what the browser holds for it.
pub(crate) struct Page {
    pub(crate) name: &'static str,
    pub(crate) client: Client,
    /// Whether the user signs in with a provider.
    account: bool,
    /// How often it was loaded.
    pub(crate) loaded: u32,
    /// What the tab keeps over a reload, and since when.
    kept: Option<(Kept, Millis)>,
    /// Whom the browser keeps as blocked.
    blocked: Vec<String>,
    /// With whom the user wants to be in a call: has called or accepted them in this page, or is back in an accepted call,
    /// since the server says that it stands.
    consent: Option<String>,
    /// Whether the tab is closed, or the page is on its way.
    is_closed: bool,
    pub(crate) socket: Option<SocketId>,
    pub(crate) camera: bool,
    pub(crate) microphone: bool,
    /// Tracks that came and were neither kept nor dropped yet.
    pub(crate) pending: BTreeMap<RequestId, (bool, bool)>,
    pub(crate) peers: BTreeMap<PeerId, Pc>,
    /// What the timer is set to.
    timer: Option<Millis>,
}

impl Page {
    pub(crate) fn new(name: &'static str, seed: u64) -> Self {
        let mut client = Client::new(Environment::Capable, seed.into());
        // Every other browser gives camera and microphone without asking. That alone has no effects.
        let asks_nobody = seed.is_multiple_of(2);
        let permission = if asks_nobody { Permission::Granted } else { Permission::Prompt };
        let _ = client.handle(0, Input::Permissions(Permissions::both(permission)));
        Self {
            name,
            client,
            account: seed & 2 == 0,
            loaded: 0,
            kept: None,
            blocked: Vec::new(),
            consent: None,
            is_closed: false,
            socket: None,
            camera: false,
            microphone: false,
            pending: BTreeMap::new(),
            peers: BTreeMap::new(),
            timer: None,
        }
    }
}

impl World {
    pub(crate) fn view(&self, user: UserId) -> View {
        self.pages[user].client.view(self.now)
    }

    pub(crate) fn tab(&self, user: UserId) -> Tab {
        (user, self.pages[user].loaded)
    }

    /// The user whose tab this is, if it was not loaded anew since.
    pub(crate) fn user_of(&self, (user, loaded): Tab) -> Option<UserId> {
        (self.pages[user].loaded == loaded).then_some(user)
    }

    /// The page is closed: all that it had is gone but what the tab keeps.
    pub(crate) fn close_page(&mut self, user: UserId) {
        self.page_input(user, Input::PageCloses);
        if let Some(socket) = self.pages[user].socket.take() {
            self.carry_to_server(socket, News::Closed(CloseCode::GoingAway.as_u16()));
        }
        let peers: Vec<_> = self.pages[user].peers.keys().copied().collect();
        for peer in peers {
            self.close_peer(user, peer);
        }
        let seed = self.rng.bits();
        let page = &mut self.pages[user];
        let before = std::mem::replace(page, Page::new(page.name, seed));
        page.loaded = before.loaded + 1;
        page.blocked = before.blocked;
        let blocked = Input::Blocked(page.blocked.clone());
        // That alone has no effects.
        let _ = page.client.handle(self.now, blocked);
        page.account = before.account;
        if page.account {
            // Only at its own server a page has an account. What it asks there is not answered here.
            let _ = page.client.handle(self.now, Input::OwnServer);
        }
        page.kept = before.kept;
        page.is_closed = true;
    }

    /// The page of a tab is loaded again.
    pub(crate) fn load(&mut self, user: UserId) {
        self.pages[user].is_closed = false;
        let kept = self.pages[user].kept.as_ref();
        match kept.and_then(|(kept, at)| Kept::from_json(&kept.to_json(*at), self.now)) {
            Some(Found::Fresh(kept)) => self.page_input(user, Input::Reloaded(kept)),
            Some(Found::Stale { .. }) | None => self.pages[user].kept = None,
        }
    }

    /// A user presses a button.
    pub(crate) fn act(&mut self, user: UserId, input: UserInput) {
        if self.pages[user].is_closed {
            return;
        }
        if self.pages[user].account && matches!(input, UserInput::SignIn { .. }) {
            // Who comes back from the provider is signed in without a question.
            let name = self.pages[user].name;
            let body = format!(
                r#"{{"guests":true,"providers":[],"user":{{"name":"{name}","provider":"p"}}}}"#
            );
            let answer = Some(Answer { status: 200, body, ..Answer::default() });
            let asks = self.pages[user].client.handle(self.now, Input::OwnServer);
            for effect in asks {
                if let Effect::Fetch(question) = effect {
                    self.page_input(user, Input::Fetched(question, answer.clone()));
                }
            }
            if self.view(user).signing_in {
                return;
            }
        }
        self.page_input(user, Input::User(input));
    }

    /// A request over HTTP: it may come late, be refused or get lost.
    fn fetch(&mut self, user: UserId, request: Request) {
        let lost = !self.calm && self.rng.below(8) == 0;
        let away = self.relay.is_down(self.now);
        let busy = !self.calm && self.rng.below(16) == 0;
        let answer = match request {
            _ if lost || away => None,
            _ if busy => Some(Answer { status: 503, body: String::new(), ..Answer::default() }),
            Request::Ticket(_) => Some(Answer {
                status: 200,
                body: r#"{"ticket":"t"}"#.to_owned(),
                ..Answer::default()
            }),
            Request::Socket(_) => Some(Answer { status: 426, ..Answer::default() }),
            Request::Options(_) | Request::SignOut => {
                Some(Answer { status: 204, body: String::new(), ..Answer::default() })
            }
        };
        let longest = if lost { 15_000 } else { self.plan.network.delay(self.calm) };
        let at = self.now + 1 + self.rng.below(longest);
        let tab = self.tab(user);
        self.queue.add(at, Event::Fetched(tab, request, answer));
    }

    /// Hands something to the page's machine and does what it says.
    pub(crate) fn page_input(&mut self, user: UserId, input: Input) {
        let asks = matches!(
            input,
            Input::User(UserInput::Call { .. } | UserInput::CallAgain | UserInput::Accept { .. })
        );
        let pressed = matches!(input, Input::User(_));
        let rang = self.pages[user].client.is_ringing();
        let told = match &input {
            Input::SocketText(text) => ServerMessage::decode(text).ok(),
            _ => None,
        };
        if let Some(message) = &told {
            self.is_told(user, message);
        }
        let after_login = matches!(told, Some(ServerMessage::Login(_)));
        let effects = self.pages[user].client.handle(self.now, input);
        if asks {
            let view = self.view(user);
            let incoming = view.incoming.map(|incoming| incoming.name);
            self.pages[user].consent = incoming.or(view.remote.map(|remote| remote.name));
        }
        self.check_consent(user, &effects, after_login, pressed);
        for effect in effects {
            self.trace(|world| tell::effect(world.pages[user].name, &effect));
            self.page_does(user, effect);
        }
        let timeout = self.pages[user].client.next_timeout();
        if let Some(at) = timeout.filter(|_| timeout != self.pages[user].timer) {
            let tab = self.tab(user);
            self.queue.add(at.max(self.now), Event::Timer(tab));
        }
        self.pages[user].timer = timeout;
        // Until the server has said so, a page does not know whether it is still in the call that it was in.
        let view = self.view(user);
        if view.phase == PhaseView::Idle && view.can_call {
            self.pages[user].consent = None;
        }
        let caller = view.incoming.map(|incoming| incoming.name);
        if !rang && caller.is_some_and(|caller| self.pages[user].blocked.contains(&caller)) {
            self.violate("it rings for a name that is blocked");
        }
        if self.view(user).incoming.is_some_and(|incoming| !incoming.answering) {
            let at = self.now + self.rng.below(20_000);
            self.queue.add(at, Event::Notice(user));
        }
    }

    /// The server says that the accepted call stands in which the page was before it was loaded anew.
    fn is_told(&mut self, user: UserId, message: &ServerMessage) {
        let peer = match message {
            ServerMessage::Login(LoginReply::Welcome(welcome)) => {
                welcome.call.as_ref().and(welcome.peer.clone())
            }
            ServerMessage::Restored(restored) => Some(restored.name.clone()),
            _ => None,
        };
        let page = &mut self.pages[user];
        // The call may have another id by now, if the peer's page was loaded anew as well.
        let kept =
            page.kept.as_ref().and_then(|(kept, _)| kept.call.as_ref()).map(|(peer, _)| peer);
        if page.consent.is_none() && peer.is_some() && peer.as_ref() == kept {
            page.consent = peer;
        }
    }

    /// Nothing tells anybody of an answer, or where this user is, before the user has accepted, nor does it open a device.
    /// What was said in a call before may be said again after a login.
    fn check_consent(
        &mut self,
        user: UserId,
        effects: &[Effect],
        after_login: bool,
        pressed: bool,
    ) {
        let consent = self.pages[user].consent.as_deref();
        let is_wanted = |name: Option<&String>| name.map(String::as_str) == consent;
        let is_told_unasked = effects.iter().any(|effect| match effect {
            Effect::Send(ClientMessage::Answer(m)) => !is_wanted(m.name.as_ref()),
            Effect::Send(ClientMessage::Candidate(m)) => !is_wanted(m.name.as_ref()),
            _ => false,
        });
        let opens = effects.iter().any(|effect| matches!(effect, Effect::OpenMedia { .. }));
        let opens_unasked = opens && consent.is_none() && !pressed && !self.view(user).preview;
        if is_told_unasked && !after_login {
            self.violate("a call is answered that nobody has accepted");
        }
        if opens_unasked {
            self.violate("a device that nobody asked for");
        }
    }

    pub(crate) fn page_timer(&mut self, user: UserId) {
        if self.pages[user].timer.is_some_and(|at| at <= self.now) {
            self.pages[user].timer = None;
            self.page_input(user, Input::Tick);
        }
    }

    pub(crate) fn page_hears(&mut self, user: UserId, socket: SocketId, news: News) {
        if self.pages[user].socket != Some(socket) {
            return;
        }
        let input = match news {
            News::Opened => Input::SocketOpened,
            News::Text(text) => Input::SocketText(text),
            News::Closed(code) => {
                self.pages[user].socket = None;
                Input::SocketClosed { code }
            }
        };
        self.page_input(user, input);
    }

    fn page_does(&mut self, user: UserId, effect: Effect) {
        match effect {
            Effect::OpenSocket => {
                self.drop_socket(user, Farewell::GivenUp);
                let socket = self.connect(user);
                self.pages[user].socket = Some(socket);
            }
            Effect::Fetch(request) => self.fetch(user, request),
            Effect::CloseSocket(farewell) => self.drop_socket(user, farewell),
            Effect::Send(message) => {
                if let Some(socket) = self.pages[user].socket {
                    self.carry_to_server(socket, News::Text(message.encode()));
                }
            }
            Effect::OpenMedia { request, audio, video } => {
                self.ask_for_media(user, request, audio, video)
            }
            Effect::KeepMedia(request) => {
                if let Some((audio, video)) = self.pages[user].pending.remove(&request) {
                    self.pages[user].microphone |= audio;
                    self.pages[user].camera |= video;
                }
            }
            Effect::DropMedia(request) => {
                self.pages[user].pending.remove(&request);
            }
            Effect::StopCamera => self.pages[user].camera = false,
            Effect::StopMicrophone => self.pages[user].microphone = false,
            Effect::CreatePeer { id, .. } => {
                if self.pages[user].consent.is_none() && !self.pages[user].client.is_ringing() {
                    self.violate("a peer connection that nobody asked for");
                }
                self.last_pc += 1;
                let pc = Pc::new(self.last_pc);
                self.pages[user].peers.insert(id, pc);
            }
            Effect::Peer(id, op) => {
                if self.pages[user].consent.is_none() && matches!(op, PeerOp::AddCandidate(_)) {
                    self.violate("an address is tried before the call is accepted");
                }
                self.start_op(user, id, op);
            }
            Effect::ClosePeer(id) => self.close_peer(user, id),
            Effect::Keep(kept) => self.pages[user].kept = kept.map(|kept| (kept, self.now)),
            Effect::KeepBlocked(names) => self.pages[user].blocked = names,
            Effect::FindDevices
            | Effect::EnableMicrophone(_)
            | Effect::RememberName(_)
            | Effect::SuggestName(_)
            | Effect::KeepMissed(_)
            | Effect::ClearName => {}
        }
    }

    fn drop_socket(&mut self, user: UserId, farewell: Farewell) {
        if let Some(socket) = self.pages[user].socket.take() {
            self.carry_to_server(socket, News::Closed(farewell.code()));
        }
    }
}
