//! A page: the real call machine, in an emulated shell.

use std::collections::BTreeMap;

use client_web::call::{Client, Effect, Environment, Input, Millis, PeerId, RequestId, View};

use crate::{
    event::{Event, News, UserId},
    peer::Pc,
    relay::SocketId,
    world::World,
};

/// A page and what the browser holds for it.
pub(crate) struct Page {
    pub(crate) name: &'static str,
    pub(crate) client: Client,
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
        Self {
            name,
            client: Client::new(Environment::Capable, seed),
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

    /// Hands something to the page's machine and does what it says.
    pub(crate) fn page_input(&mut self, user: UserId, input: Input) {
        let effects = self.pages[user].client.handle(self.now, input);
        for effect in effects {
            self.trace(|world| format!("  {} does {effect:?}", world.pages[user].name));
            self.page_does(user, effect);
        }
        let timeout = self.pages[user].client.next_timeout();
        if let Some(at) = timeout.filter(|_| timeout != self.pages[user].timer) {
            self.queue.add(at.max(self.now), Event::Timer(user));
        }
        self.pages[user].timer = timeout;
        if self.view(user).incoming.is_some_and(|incoming| !incoming.answering) {
            let at = self.now + self.rng.below(20_000);
            self.queue.add(at, Event::Notice(user));
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
                self.drop_socket(user);
                let socket = self.connect(user);
                self.pages[user].socket = Some(socket);
            }
            Effect::CloseSocket => self.drop_socket(user),
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
                self.last_pc += 1;
                let pc = Pc::new(self.last_pc);
                self.pages[user].peers.insert(id, pc);
            }
            Effect::Peer(id, op) => self.start_op(user, id, op),
            Effect::ClosePeer(id) => self.close_peer(user, id),
            Effect::EnableMicrophone(_) | Effect::RememberName(_) => {}
        }
    }

    fn drop_socket(&mut self, user: UserId) {
        if let Some(socket) = self.pages[user].socket.take() {
            self.carry_to_server(socket, News::Closed(1000));
        }
    }
}
