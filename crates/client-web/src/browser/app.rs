//! The run loop: takes one event after the other, asks the machine, does what it says, shows what it wants shown.

mod show;

use std::fmt;

use futures_channel::mpsc::UnboundedReceiver;
use futures_util::StreamExt;
use gloo_timers::callback::Interval;
use protocol::IceServer;
use wasm_bindgen_futures::spawn_local;
use web_sys::Window;

use super::{
    environment, fetch,
    listener::{self, Listener},
    media::{self, Change, Kind, Media, Wanted},
    network,
    page::{CheckPanel, MissingIds, Page, privacy, server},
    peer::{Paths, Peer, Report},
    permissions,
    queue::{Event, Post, queue},
    socket::Socket,
    sound::Sound,
    storage::Storage,
    timer::{Alarm, now, wall_clock},
    timing::Timing,
};
use crate::{
    address::Asked,
    call::{
        Client, Effect, Farewell, Found, Input, PeerEvent, PeerId, PeerOp, RequestId, UserInput,
    },
    clock::Clock,
    drawing::Drawing,
};

/// How often devices are looked for while it rings, in ms: Chromium ends its process for cameras after 5 s without use.
const FIND_EVERY: u32 = 4_000;

/// Why the page cannot start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartError {
    /// There is no window: the program runs outside of a page.
    NoWindow,
    /// index.html is not the one that this program was made for.
    MissingIds(MissingIds),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoWindow => f.write_str("Pronto cannot start: there is no window"),
            Self::MissingIds(missing) => missing.fmt(f),
        }
    }
}

impl std::error::Error for StartError {}

/// Starts the page. It runs until it is closed.
///
/// # Errors
/// The document is not Pronto's.
pub fn start() -> Result<(), StartError> {
    let window = web_sys::window().ok_or(StartError::NoWindow)?;
    let document = window.document().ok_or(StartError::NoWindow)?;
    let (post, events) = queue();
    let page = Page::bind(document, post.clone()).map_err(StartError::MissingIds)?;
    spawn_local(async move {
        if let Some(storage) = find_server(&window, &page).await {
            App::new(window, page, post, storage).run(events).await;
        }
    });
    Ok(())
}

/// The server that the page uses, with what is kept for it; `None` if its address names none that could be used. Before the
/// user has agreed to a server that is not the page's own, nothing is opened, asked, read or shown.
async fn find_server(window: &Window, page: &Page) -> Option<Storage> {
    let Asked::Server(server) = environment::asked(window) else {
        server::ask(window, page.elements(), None).await;
        return None;
    };
    let storage = Storage::new(window.clone(), server);
    if !storage.is_approved() {
        server::ask(window, page.elements(), Some(storage.server())).await;
    }
    storage.approve();
    Some(storage)
}

/// Tells whose calls are declined, now and whenever another tab changes it.
fn post_blocked(window: &Window, storage: &Storage, post: &Post) -> Listener {
    let (of, to) = (storage.clone(), post.clone());
    let tell = move || to.input(Input::Blocked(of.blocked()));
    tell();
    listener::on::<web_sys::Event>(window, "storage", move |_| tell())
}

/// Everything that the page holds.
struct App {
    client: Client,
    clock: Clock,
    storage: Storage,
    window: Window,
    page: Page,
    _privacy: Listener,
    timing: Option<Timing>,
    _check: CheckPanel,
    _others: Listener,
    post: Post,
    socket: Option<Socket>,
    /// Which socket this is; what is still in the queue from the ones before is not heard.
    generation: u32,
    media: Media,
    peer: Option<(PeerId, Peer)>,
    /// The peer's tracks came, and are not played yet.
    remote_media: bool,
    sound: Sound,
    alarm: Alarm,
    /// Looks for devices, while it rings.
    finding: Option<Interval>,
    drawing: Drawing,
    _network: Vec<Listener>,
}

impl App {
    /// A page that uses this server.
    fn new(window: Window, mut page: Page, post: Post, storage: Storage) -> Self {
        if let Some(name) = storage.name() {
            page.write_name(&name);
            post.input(Input::Remembered(name));
        }
        let others = post_blocked(&window, &storage, &post);
        if storage.server().is_own() {
            post.input(Input::OwnServer);
            if let Some(how) = fetch::came_back(&window) {
                post.input(Input::CameBack(how));
            }
        }
        if let Some(missed) = storage.missed() {
            post.input(Input::MissedBefore(missed));
        }
        match storage.kept() {
            Some(Found::Fresh(kept)) => post.input(Input::Reloaded(kept)),
            Some(Found::Stale { name }) => page.write_name(&name),
            None => {}
        }
        permissions::watch(&window, post.clone());
        let check = CheckPanel::bind(page.elements(), &window, storage.server().url());
        let privacy = privacy::bind(page.elements(), &storage, &post);
        let timing = Timing::bind(page.elements(), &window);
        Self {
            client: Client::new(environment::detect(&window), environment::seed(&window)),
            clock: Clock::new(now(), wall_clock()),
            storage,
            _network: network::listen(&window, &post),
            window,
            page,
            _privacy: privacy,
            timing,
            _check: check,
            _others: others,
            post,
            socket: None,
            generation: 0,
            media: Media::default(),
            peer: None,
            remote_media: false,
            sound: Sound::default(),
            alarm: Alarm::default(),
            finding: None,
            drawing: Drawing::default(),
        }
    }

    async fn run(mut self, mut events: UnboundedReceiver<Event>) {
        self.show();
        while let Some(event) = events.next().await {
            self.handle(event);
            self.show();
        }
    }

    fn handle(&mut self, event: Event) {
        if let Some(input) = self.take(event) {
            if let Some(timing) = &self.timing {
                timing.heard(&input);
            }
            if self.clock.read(now(), wall_clock()) {
                self.tell(Input::Awake);
            }
            self.tell(input);
        }
    }

    fn tell(&mut self, input: Input) {
        for effect in self.client.handle(self.clock.now(), input) {
            self.carry_out(effect);
        }
    }

    /// What the machine is to know of an event.
    fn take(&mut self, event: Event) -> Option<Input> {
        match event {
            Event::Input(input) => {
                if matches!(&input, Input::User(user) if *user != UserInput::Begin) {
                    self.sound.wake();
                }
                return Some(input);
            }
            Event::Socket(generation, event) if generation == self.generation => {
                return Some(event.into());
            }
            Event::Socket(..) => {}
            Event::Media(request, Ok(opened)) => {
                let (audio, video) = (opened.audio.is_some(), opened.video.is_some());
                self.media.arrived(request, opened);
                return Some(Input::MediaOpened { request, audio, video });
            }
            Event::Media(request, Err(error)) => {
                return Some(Input::MediaFailed { request, error });
            }
            Event::RemoteMedia(id) => {
                self.remote_media |= self.peer_of(id).is_some();
            }
            Event::SoundBlocked if self.peer.is_some() => self.page.ask_for_sound(),
            Event::SoundBlocked => {}
            Event::PlaySound => self.page.play_sound(),
            Event::Alarm => {
                self.alarm.rang();
                return Some(Input::Tick);
            }
        }
        None
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Fetch(request) => {
                let post = self.post.clone();
                fetch::fetch(&self.window, request, move |answer| {
                    post.input(Input::Fetched(request, answer));
                });
            }
            Effect::OpenSocket => self.open_socket(),
            Effect::CloseSocket(farewell) => self.close_socket(farewell),
            Effect::Send(message) => {
                if let Some(socket) = &mut self.socket {
                    socket.send(message.encode());
                }
            }
            Effect::OpenMedia { request, audio, video } => {
                self.open_media(request, Wanted { audio, video });
            }
            Effect::FindDevices => {
                media::find();
                self.finding = Some(Interval::new(FIND_EVERY, media::find));
            }
            Effect::KeepMedia(request) => {
                for kind in self.media.keep(request) {
                    self.post.input(Input::Silenced { device: kind.device(), silenced: true });
                }
                self.media_changed();
            }
            Effect::DropMedia(request) => self.media.discard(request),
            Effect::StopCamera => {
                self.media.stop_camera();
                self.media_changed();
            }
            Effect::StopMicrophone => {
                self.media.stop_microphone();
                self.media_changed();
            }
            Effect::EnableMicrophone(enabled) => self.media.enable_microphone(enabled),
            Effect::CreatePeer { id, ice_servers, relayed } => {
                let paths = if relayed { Paths::Relayed } else { Paths::All };
                self.create_peer(id, &ice_servers, paths);
            }
            Effect::Peer(id, op) => self.operate(id, op),
            Effect::ClosePeer(id) => self.close_peer(id),
            Effect::KeepBlocked(names) => self.storage.keep_blocked(&names),
            Effect::KeepMissed(missed) => self.storage.keep_missed(&missed),
            Effect::SuggestName(name) => self.page.suggest_name(&name),
            Effect::ClearName => self.page.write_name(""),
            Effect::RememberName(name) => self.storage.remember_name(&name),
            Effect::Keep(kept) => self.storage.keep(kept.as_ref()),
        }
    }

    fn open_socket(&mut self) {
        self.close_socket(Farewell::GivenUp);
        let (generation, post) = (self.generation, self.post.clone());
        self.socket = Some(Socket::open(self.storage.server().url().to_owned(), move |event| {
            post.event(Event::Socket(generation, event));
        }));
    }

    fn close_socket(&mut self, farewell: Farewell) {
        if let Some(socket) = self.socket.take() {
            socket.close(farewell.code());
        }
        self.generation = self.generation.wrapping_add(1);
    }

    fn open_media(&self, request: RequestId, wanted: Wanted) {
        let (changed, opened) = (self.post.clone(), self.post.clone());
        media::open(
            wanted,
            move |kind, change| {
                changed.input(match (kind, change) {
                    (Kind::Audio, Change::Ended) => Input::MicrophoneEnded,
                    (Kind::Video, Change::Ended) => Input::CameraEnded,
                    (kind, Change::Silenced(silenced)) => {
                        Input::Silenced { device: kind.device(), silenced }
                    }
                });
            },
            move |answer| opened.event(Event::Media(request, answer)),
        );
    }

    /// Shows and sends the tracks that there are now.
    fn media_changed(&mut self) {
        self.page.show_own(self.media.picture());
        if let Some((_, peer)) = &mut self.peer {
            peer.send_tracks(self.media.tracks());
        }
    }

    fn create_peer(&mut self, id: PeerId, ice_servers: &[IceServer], paths: Paths) {
        let post = self.post.clone();
        let report = move |report| match report {
            Report::Event(event) => post.peer(id, event),
            Report::Track => post.event(Event::RemoteMedia(id)),
        };
        match Peer::new(ice_servers, paths, report) {
            Ok(peer) => self.peer = Some((id, peer)),
            Err(error) => {
                super::note("there can be no peer connection", &error);
                self.post.peer(id, PeerEvent::OperationFailed);
            }
        }
    }

    fn peer_of(&mut self, id: PeerId) -> Option<&mut Peer> {
        self.peer.as_mut().filter(|(current, _)| *current == id).map(|(_, peer)| peer)
    }

    fn operate(&mut self, id: PeerId, op: PeerOp) {
        let tracks = self.media.tracks();
        if let Some(peer) = self.peer_of(id) {
            peer.carry_out(op, tracks);
        }
    }

    fn close_peer(&mut self, id: PeerId) {
        if self.peer_of(id).is_some() {
            (self.peer, self.remote_media) = (None, false);
            self.page.show_remote(None);
        }
    }
}
