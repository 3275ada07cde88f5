//! What several tests need.

use client_web::{
    browser::{
        media::{self, Opened, Wanted},
        page::Page,
        queue::{Event, queue},
    },
    call::{
        Answer, Client, Effect, Environment, Input, MediaError, PeerEvent, PeerId, PeerState,
        Request, RequestId, UserInput,
    },
};
use futures_channel::{mpsc::UnboundedReceiver, oneshot};
use gloo_timers::future::TimeoutFuture;
use js_sys::{Function, Reflect};
use protocol::{ClientMessage, Raw};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Document, Element};

const INDEX: &str = include_str!("../../../../index.html");

pub(crate) fn document() -> Document {
    web_sys::window().unwrap().document().unwrap()
}

pub(crate) async fn sleep(ms: u32) {
    TimeoutFuture::new(ms).await;
}

/// Time for what must not happen to happen. On a slow machine this may miss a fault; it never reports one that is not
/// there.
pub(crate) async fn a_while() {
    sleep(300).await;
}

/// Waits until something is so; a browser on a busy machine may take its time.
pub(crate) async fn until(what: &str, condition: impl Fn() -> bool) {
    for _ in 0..400 {
        if condition() {
            return;
        }
        sleep(25).await;
    }
    panic!("waited 10 s in vain until {what}");
}

/// The real index.html in the test's document, for as long as this lives.
pub(crate) struct Html(Element);

impl Html {
    pub(crate) fn new() -> Self {
        let body = INDEX.split_once("<body>").unwrap().1.split_once("</body>").unwrap().0;
        let element = document().create_element("div").unwrap();
        element.set_inner_html(body);
        document().body().unwrap().append_child(&element).unwrap();
        Self(element)
    }

    pub(crate) fn find(&self, selector: &str) -> Option<Element> {
        self.0.query_selector(selector).unwrap()
    }

    pub(crate) fn get(&self, id: &str) -> Element {
        self.find(&format!("#{id}")).unwrap_or_else(|| panic!("there is no #{id}"))
    }

    pub(crate) fn text(&self, id: &str) -> String {
        self.get(id).text_content().unwrap()
    }

    pub(crate) fn is_hidden(&self, id: &str) -> bool {
        self.get(id).has_attribute("hidden")
    }

    pub(crate) fn attribute(&self, id: &str, name: &str) -> Option<String> {
        self.get(id).get_attribute(name)
    }
}

impl Drop for Html {
    fn drop(&mut self) {
        self.0.remove();
    }
}

/// A function of the browser's that is another for as long as this lives.
pub(crate) struct Replaced {
    of: JsValue,
    name: &'static str,
    original: Function,
}

impl Replaced {
    pub(crate) fn new(of: &JsValue, name: &'static str, by: &JsValue) -> Self {
        let original = Reflect::get(of, &name.into()).unwrap().unchecked_into();
        Reflect::set(of, &name.into(), by).unwrap();
        Self { of: of.clone(), name, original }
    }
}

impl Drop for Replaced {
    fn drop(&mut self) {
        Reflect::set(&self.of, &self.name.into(), &self.original).unwrap();
    }
}

/// The page over the real index.html, and a machine that is told what the test wants.
pub(crate) struct Bench {
    pub(crate) client: Client,
    pub(crate) page: Page,
    pub(crate) events: UnboundedReceiver<Event>,
    pub(crate) now: u64,
    pub(crate) html: Html,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::in_environment(Environment::Capable)
    }

    pub(crate) fn in_environment(environment: Environment) -> Self {
        let html = Html::new();
        let (post, events) = queue();
        let page = Page::bind(document(), post).unwrap();
        let client = Client::new(environment, 7);
        let mut bench = Self { client, page, events, now: 5_000, html };
        bench.render();
        bench
    }

    /// Signed in as `alice`.
    pub(crate) fn signed_in() -> Self {
        let mut bench = Self::new();
        bench.user(UserInput::SignIn { name: "alice".to_owned() });
        bench.input(Input::SocketOpened);
        bench.server(r#"{"type":"login","success":true,"name":"alice","version":1,"session":"s"}"#);
        bench
    }

    /// In a call with `bob`.
    pub(crate) fn in_call(&mut self) {
        let effects = self.user(UserInput::Call { name: "bob".to_owned() });
        let id = created(&self.grant(&effects));
        let effects = self.peer(id, PeerEvent::OfferReady(raw("{}")));
        self.server(&answer(&effects));
        self.peer(id, PeerEvent::State(PeerState::Connected));
    }

    pub(crate) fn render(&mut self) {
        let view = self.client.view(self.now);
        self.page.render(view, self.now);
    }

    pub(crate) fn input(&mut self, input: Input) -> Vec<Effect> {
        let effects = self.client.handle(self.now, input);
        self.render();
        effects
    }

    pub(crate) fn user(&mut self, input: UserInput) -> Vec<Effect> {
        self.input(Input::User(input))
    }

    pub(crate) fn server(&mut self, text: &str) -> Vec<Effect> {
        self.input(Input::SocketText(text.to_owned()))
    }

    pub(crate) fn peer(&mut self, id: PeerId, event: PeerEvent) -> Vec<Effect> {
        self.input(Input::Peer(id, event))
    }

    /// Grants the request for devices that is among these effects.
    pub(crate) fn grant(&mut self, effects: &[Effect]) -> Vec<Effect> {
        let (request, audio, video) = effects
            .iter()
            .find_map(|effect| match effect {
                Effect::OpenMedia { request, audio, video } => Some((*request, *audio, *video)),
                _ => None,
            })
            .unwrap();
        self.input(Input::MediaOpened { request, audio, video })
    }

    /// Time passes until everything hears that has just come to where it is.
    pub(crate) fn settles(&self) {
        while let Some(deaf) = self.html.find("[data-deaf]") {
            deaf.remove_attribute("data-deaf").unwrap();
        }
    }

    /// The inputs that the page has put into the queue since the last call.
    pub(crate) fn posted(&mut self) -> Vec<UserInput> {
        let mut inputs = Vec::new();
        while let Ok(event) = self.events.try_recv() {
            if let Event::Input(Input::User(input)) = event {
                inputs.push(input);
            }
        }
        inputs
    }
}

/// The answer of `bob` to the offer that is among these effects.
pub(crate) fn answer(effects: &[Effect]) -> String {
    let call = effects.iter().find_map(|effect| match effect {
        Effect::Send(ClientMessage::Offer(offer)) => offer.call.clone(),
        _ => None,
    });
    format!(r#"{{"type":"answer","name":"bob","answer":{{}},"call":"{}"}}"#, call.unwrap())
}

/// The peer connection that is built among these effects.
pub(crate) fn created(effects: &[Effect]) -> PeerId {
    effects
        .iter()
        .find_map(|effect| match effect {
            Effect::CreatePeer { id, .. } => Some(*id),
            _ => None,
        })
        .unwrap()
}

/// The question how people sign in that is asked among these effects.
pub(crate) fn question(effects: &[Effect]) -> Request {
    effects
        .iter()
        .find_map(|effect| match effect {
            Effect::Fetch(request @ Request::Options(_)) => Some(*request),
            _ => None,
        })
        .unwrap()
}

/// The server answers what it was asked.
pub(crate) fn says(asked: Request, body: &str) -> Input {
    Input::Fetched(asked, Some(Answer { status: 200, body: body.to_owned(), ..Answer::default() }))
}

pub(crate) fn raw(json: &str) -> Raw {
    Raw::from_json(json.to_owned()).unwrap()
}

/// Opens the browser's fake devices.
pub(crate) async fn open(wanted: Wanted) -> Result<Opened, MediaError> {
    let (sender, receiver) = oneshot::channel();
    media::open(
        wanted,
        |_, _| {},
        |answer| {
            let _ = sender.send(answer);
        },
    );
    receiver.await.unwrap()
}

pub(crate) const BOTH: Wanted = Wanted { audio: true, video: true };

/// Camera and microphone, kept.
pub(crate) async fn camera_and_microphone() -> media::Media {
    let mut media = media::Media::default();
    media.arrived(RequestId(1), open(BOTH).await.unwrap());
    media.keep(RequestId(1));
    media
}
