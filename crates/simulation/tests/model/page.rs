//! A page: the real call machine, in a shell in which the browser does at once what it is asked for.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use client_web::call::{
    Client, Effect, Environment, Farewell, Input, Millis, PeerEvent, PeerId, PeerState, Permission,
    Permissions, PhaseView, UserInput, View,
};
use protocol::{ClientMessage, LoginReply, ServerMessage, close::CloseCode};

use crate::{
    peer::{Done, Pc},
    state::{Down, NAMES, Page, PageId, Socket, SocketId, State, Up, UserId},
};

impl Page {
    pub(crate) fn new(user: UserId, page: PageId, loaded: u32) -> Self {
        let seed = (page as u64) << 32 | u64::from(loaded);
        let mut client = Client::new(Environment::Capable, seed.into());
        // One of the two browsers gives camera and microphone without asking. That alone has no effects.
        let permission = if user == 1 { Permission::Granted } else { Permission::Prompt };
        let _ = client.handle(0, Input::Permissions(Permissions::both(permission)));
        Self {
            user,
            client,
            loaded,
            kept: None,
            consent: false,
            socket: None,
            opened: 0,
            camera: false,
            microphone: false,
            peers: BTreeMap::new(),
        }
    }
}

impl State {
    pub(crate) fn view(&self, page: PageId) -> View {
        self.pages[page].client.view(self.clock)
    }

    fn page(&mut self, page: PageId) -> &mut Page {
        Arc::make_mut(&mut self.pages[page])
    }

    pub(crate) fn violate(&mut self, what: &'static str) {
        self.violation.get_or_insert(what);
    }

    pub(crate) fn press(&mut self, page: PageId, input: UserInput) {
        match input {
            UserInput::Call { .. } | UserInput::Accept { .. } => self.page(page).consent = true,
            UserInput::HangUp | UserInput::Decline => self.page(page).consent = false,
            _ => {}
        }
        self.page_input(page, self.clock, Input::User(input));
    }

    /// Hands something to the page's machine, and does what it says.
    pub(crate) fn page_input(&mut self, page: PageId, now: Millis, input: Input) {
        let mut inputs = VecDeque::from([input]);
        // Users read what there is to be read, so that old notices do not make states differ.
        let read = [UserInput::DismissNotice, UserInput::ClearMissed].map(Input::User);
        let mut read = read.into_iter();
        while let Some(input) = inputs.pop_front().or_else(|| read.next()) {
            if let Input::SocketText(text) = &input {
                self.is_told(page, text);
            }
            let effects = self.page(page).client.handle(now, input);
            // What was said in a call before may be said again after a login.
            let says_again = effects.iter().any(|effect| matches!(effect, Effect::RememberName(_)));
            let answers =
                |effect: &Effect| matches!(effect, Effect::Send(ClientMessage::Answer(_)));
            if !says_again && effects.iter().any(answers) {
                self.check_consent(page, "a call is answered that nobody has accepted");
            }
            for effect in effects {
                self.page_does(page, effect, &mut inputs);
            }
        }
        let view = self.view(page);
        // Until the server has said so, a page does not know whether it is still in the call that it was in.
        self.page(page).consent &= view.phase != PhaseView::Idle || !view.can_call;
    }

    /// The server says that the accepted call stands in which the page was before it was loaded anew.
    fn is_told(&mut self, page: PageId, text: &str) {
        let peer = match ServerMessage::decode(text) {
            Ok(ServerMessage::Login(LoginReply::Welcome(welcome))) => {
                welcome.peer.filter(|_| welcome.call.is_some())
            }
            Ok(ServerMessage::Restored(restored)) => Some(restored.name),
            _ => None,
        };
        let this = self.page(page);
        let kept = this.kept.as_ref().and_then(|kept| kept.call.as_ref());
        this.consent |= peer.is_some() && peer.as_ref() == kept.map(|(peer, _)| peer);
    }

    fn page_does(&mut self, page: PageId, effect: Effect, inputs: &mut VecDeque<Input>) {
        match effect {
            Effect::OpenSocket => {
                self.drop_socket(page, Farewell::GivenUp);
                self.open_socket(page);
                inputs.push_back(Input::SocketOpened);
            }
            Effect::CloseSocket(farewell) => self.drop_socket(page, farewell),
            Effect::Send(message) => self.page_says(page, Up::Message(message)),
            Effect::OpenMedia { request, audio, video } => {
                self.check_consent(page, "a device that nobody asked for");
                let this = self.page(page);
                this.microphone |= audio;
                this.camera |= video;
                inputs.push_back(Input::MediaOpened { request, audio, video });
            }
            Effect::DropMedia(_) => self.violate("tracks that came at once are not wanted"),
            Effect::StopCamera => self.page(page).camera = false,
            Effect::StopMicrophone => self.page(page).microphone = false,
            Effect::CreatePeer { id, .. } => {
                if !self.pages[page].client.is_ringing() {
                    self.check_consent(page, "a peer connection that nobody asked for");
                }
                let pc = self.pc_id(page, id);
                self.page(page).peers.insert(id, Pc::new(pc));
            }
            Effect::Peer(id, op) => {
                let Some(pc) = self.page(page).peers.get_mut(&id) else {
                    return self.violate("an operation on a peer connection that does not exist");
                };
                match pc.perform(op) {
                    Done::Nothing => {}
                    Done::Offer(raw) => {
                        inputs.push_back(Input::Peer(id, PeerEvent::OfferReady(raw)));
                    }
                    Done::Answer(raw) => {
                        inputs.push_back(Input::Peer(id, PeerEvent::AnswerReady(raw)));
                    }
                    Done::Failed => self.violate("the browser refuses an operation"),
                }
            }
            Effect::ClosePeer(id) => self.close_peer(page, id),
            Effect::Keep(kept) => self.page(page).kept = kept,
            Effect::FindDevices
            | Effect::KeepMedia(_)
            | Effect::EnableMicrophone(_)
            | Effect::RememberName(_)
            | Effect::KeepBlocked(_)
            | Effect::KeepMissed(_)
            | Effect::SuggestName(_)
            | Effect::ClearName
            | Effect::Fetch(_) => {}
        }
    }

    fn check_consent(&mut self, page: PageId, what: &'static str) {
        if !self.pages[page].consent {
            self.violate(what);
        }
    }

    fn pc_id(&self, page: PageId, id: PeerId) -> u64 {
        page as u64 * 1_000_000 + u64::from(self.pages[page].loaded) * 1_000 + u64::from(id.0)
    }

    fn close_peer(&mut self, page: PageId, id: PeerId) {
        if self.page(page).peers.remove(&id).is_none() {
            self.violate("a peer connection is closed twice");
        }
    }

    fn open_socket(&mut self, page: PageId) {
        let this = self.page(page);
        this.opened += 1;
        let id = SocketId { page, number: this.opened };
        this.socket = Some(id);
        self.sockets.insert(
            id,
            Socket {
                is_open: true,
                is_broken: false,
                session: None,
                up: VecDeque::new(),
                down: VecDeque::new(),
            },
        );
    }

    fn page_says(&mut self, page: PageId, frame: Up) {
        if let Some(id) = self.pages[page].socket
            && let Some(socket) = self.sockets.get_mut(&id)
            && socket.is_open
            && !socket.is_broken
        {
            socket.up.push_back(frame);
        }
    }

    /// The page is done with its socket; the server may hear what was said over it even after the next one.
    fn drop_socket(&mut self, page: PageId, farewell: Farewell) {
        self.page_says(page, Up::Close(farewell.code()));
        self.forget_socket(page);
    }

    fn forget_socket(&mut self, page: PageId) {
        if let Some(id) = self.page(page).socket.take()
            && let Some(socket) = self.sockets.get_mut(&id)
        {
            let unread = std::mem::take(&mut socket.down);
            if !socket.is_open {
                self.sockets.remove(&id);
            }
            unread.iter().for_each(|frame| self.is_lost(page, frame));
        }
    }

    pub(crate) fn page_hears(&mut self, page: PageId) {
        let socket = self.pages[page].socket.and_then(|id| self.sockets.get_mut(&id));
        match socket.and_then(|socket| socket.down.pop_front()) {
            Some(Down::Message(message)) => {
                self.page_input(page, self.clock, Input::SocketText(message.encode()));
            }
            Some(Down::Close(code)) => self.page_loses(page, code),
            None => {}
        }
    }

    pub(crate) fn page_loses(&mut self, page: PageId, code: u16) {
        self.forget_socket(page);
        self.page_input(page, self.clock, Input::SocketClosed { code });
    }

    /// All that the page had is gone but what the tab keeps.
    pub(crate) fn reload(&mut self, page: PageId) {
        self.page_says(page, Up::Close(CloseCode::GoingAway.as_u16()));
        self.forget_socket(page);
        let before = self.page(page);
        let (user, loaded, kept) = (before.user, before.loaded + 1, before.kept.clone());
        let opened = before.opened;
        *before = Page { opened, ..Page::new(user, page, loaded) };
        if let Some(kept) = kept {
            before.kept = Some(kept.clone());
            self.page_input(page, self.clock, Input::Reloaded(kept));
        }
    }

    /// A tab with the same memory as this one.
    pub(crate) fn double(&mut self, page: PageId) {
        let new = self.pages.len();
        let Page { user, kept, .. } = &*self.pages[page];
        let (user, kept) = (*user, kept.clone());
        self.pages.push(Arc::new(Page { kept: kept.clone(), ..Page::new(user, new, 0) }));
        if let Some(kept) = kept {
            self.page_input(new, self.clock, Input::Reloaded(kept));
        }
    }

    pub(crate) fn call_other(&mut self, page: PageId) {
        let name = NAMES[1 - self.pages[page].user].to_owned();
        self.press(page, UserInput::Call { name });
    }

    /// Peer connections that know each other's half of a path connect, and those whose other end is gone see that.
    pub(crate) fn connect_media(&mut self) {
        loop {
            let news = self.media_news();
            let Some((page, id, state)) = news else { return };
            if let Some(pc) = self.page(page).peers.get_mut(&id) {
                pc.state = Some(state);
            }
            self.page_input(page, self.clock, Input::Peer(id, PeerEvent::State(state)));
        }
    }

    fn media_news(&self) -> Option<(PageId, PeerId, PeerState)> {
        let all = || {
            self.pages
                .iter()
                .enumerate()
                .flat_map(|(page, this)| this.peers.iter().map(move |(id, pc)| (page, *id, pc)))
        };
        all().find_map(|(page, id, pc)| {
            let other = all().map(|(_, _, other)| other).find(|other| Some(other.id) == pc.other());
            let is_up = pc.state == Some(PeerState::Connected);
            match other {
                None if is_up => Some((page, id, PeerState::Disconnected)),
                Some(other) if !is_up && pc.reaches(other) => {
                    Some((page, id, PeerState::Connected))
                }
                _ => None,
            }
        })
    }

    /// The path of the media breaks, for good.
    pub(crate) fn cut(&mut self) {
        let mut hit = Vec::new();
        for (page, this) in self.pages.iter_mut().enumerate() {
            for (id, pc) in &mut Arc::make_mut(this).peers {
                if pc.state == Some(PeerState::Connected) {
                    pc.cut();
                    pc.state = Some(PeerState::Disconnected);
                    hit.push((page, *id));
                }
            }
        }
        for (page, id) in hit {
            let event = PeerEvent::State(PeerState::Disconnected);
            self.page_input(page, self.clock, Input::Peer(id, event));
        }
    }
}
