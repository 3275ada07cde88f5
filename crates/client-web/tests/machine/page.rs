//! A page on its own: the machine, a clock, and a server and a browser that say what the test tells them to.

use client_web::call::{
    Client, Effect, Environment, Input, Kept, MediaError, Message, Millis, MissedCalls, PeerEvent,
    PeerId, PeerOp, PeerState, Permission, Permissions, Request, RequestId, Text, UserInput, View,
};
use protocol::{ClientMessage, Login, Raw};

pub(crate) struct TestPage {
    pub(crate) client: Client,
    pub(crate) now: Millis,
    /// Everything that was to be done since it was last looked at.
    pub(crate) effects: Vec<Effect>,
    /// Whether the server has stopped answering pings.
    pub(crate) silent: bool,
    /// What the page would find if it were loaded anew.
    pub(crate) kept: Option<Kept>,
    pub(crate) kept_missed: MissedCalls,
    last_peer: PeerId,
    /// The id of the call that was offered last.
    pub(crate) last_call: String,
    /// The question how people sign in that was asked last.
    pub(crate) question: Request,
}

/// The reply of our server to a login.
pub(crate) const WELCOME: &str =
    r#"{"type":"login","success":true,"name":"alice","version":1,"session":"s1"}"#;

/// Its reply to a user who comes back, and of whom it has got so many messages.
pub(crate) fn welcome_back(received: u64) -> String {
    format!(
        r#"{{"type":"login","success":true,"name":"alice","version":1,"session":"s1","received":{received}}}"#
    )
}

/// The browser says whether it gives camera and microphone without asking.
pub(crate) fn permitted(granted: bool) -> Input {
    let permission = if granted { Permission::Granted } else { Permission::Prompt };
    Input::Permissions(Permissions::both(permission))
}

pub(crate) fn raw(json: &str) -> Raw {
    Raw::from_json(json.to_owned()).unwrap()
}

impl TestPage {
    pub(crate) fn new() -> Self {
        Self::in_environment(Environment::Capable)
    }

    pub(crate) fn in_environment(environment: Environment) -> Self {
        Self {
            client: Client::new(environment, 1),
            now: 1_000,
            effects: Vec::new(),
            silent: false,
            kept: None,
            kept_missed: MissedCalls::default(),
            last_peer: PeerId(0),
            last_call: String::new(),
            question: Request::Options(0),
        }
    }

    /// A page on which alice is signed in.
    pub(crate) fn signed_in() -> Self {
        Self::in_environment(Environment::Capable).sign_in_with(WELCOME)
    }

    pub(crate) fn sign_in_with(mut self, welcome: &str) -> Self {
        self.user(UserInput::SignIn { name: "Alice".to_owned() });
        self.input(Input::SocketOpened);
        self.server(welcome);
        self.effects.clear();
        self
    }

    pub(crate) fn input(&mut self, input: Input) {
        for effect in self.client.handle(self.now, input) {
            match effect {
                Effect::Keep(kept) => self.kept = kept,
                Effect::KeepMissed(missed) => self.kept_missed = missed,
                effect => {
                    match &effect {
                        Effect::CreatePeer { id, .. } => self.last_peer = *id,
                        Effect::Send(ClientMessage::Offer(offer)) => {
                            self.last_call =
                                offer.call.as_ref().map(ToString::to_string).unwrap_or_default();
                        }
                        Effect::Fetch(question @ Request::Options(_)) => self.question = *question,
                        _ => {}
                    }
                    self.effects.push(effect);
                }
            }
        }
    }

    pub(crate) fn user(&mut self, input: UserInput) {
        self.input(Input::User(input));
    }

    pub(crate) fn server(&mut self, text: &str) {
        self.input(Input::SocketText(text.to_owned()));
    }

    pub(crate) fn peer(&mut self, event: PeerEvent) {
        self.input(Input::Peer(self.last_peer, event));
    }

    /// Lets time pass, with every tick that is asked for.
    pub(crate) fn wait(&mut self, time: Millis) {
        let until = self.now + time;
        self.answer_ping();
        while let Some(at) = self.client.next_timeout().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.input(Input::Tick);
            self.answer_ping();
        }
        self.now = until;
    }

    /// A ping among the effects is taken out and answered, unless the server is silent.
    fn answer_ping(&mut self) {
        let before = self.effects.len();
        if !self.silent {
            self.effects.retain(|effect| !matches!(effect, Effect::Send(ClientMessage::Ping(_))));
        }
        if self.effects.len() < before {
            self.server(r#"{"type":"pong"}"#);
        }
    }

    /// The socket is lost.
    pub(crate) fn lose(&mut self) {
        self.input(Input::SocketClosed { code: 1006 });
    }

    /// A socket opens again, and the server answers the login like this. What follows is in `effects`. Gives the login.
    pub(crate) fn come_back(&mut self, reply: &str) -> Login {
        self.effects.clear();
        while !self.did(&Effect::OpenSocket) {
            let at = self.client.next_timeout().expect("it is tried again");
            self.wait(at.saturating_sub(self.now));
        }
        self.effects.clear();
        self.input(Input::SocketOpened);
        let sent = self.sent();
        let [ClientMessage::Login(login)] = &sent[..] else { panic!("{sent:?}") };
        self.server(reply);
        self.effects.retain(|effect| !matches!(effect, Effect::RememberName(_)));
        Login::clone(login)
    }

    pub(crate) fn view(&self) -> View {
        self.client.view(self.now)
    }

    pub(crate) fn notice(&self) -> Option<Text> {
        self.view().notice.map(|notice| notice.message.text)
    }

    pub(crate) fn status(&self) -> Message {
        self.view().status
    }

    /// What was sent to the server since this was last asked.
    pub(crate) fn sent(&mut self) -> Vec<ClientMessage> {
        let effects = std::mem::take(&mut self.effects);
        let sent = |effect| match effect {
            Effect::Send(message) => Some(message),
            _ => None,
        };
        effects.into_iter().filter_map(sent).collect()
    }

    /// What was asked of the peer connection.
    pub(crate) fn ops(&self) -> Vec<PeerOp> {
        let op = |effect: &Effect| match effect {
            Effect::Peer(_, op) => Some(op.clone()),
            _ => None,
        };
        self.effects.iter().filter_map(op).collect()
    }

    /// The peer connection that was built last.
    pub(crate) const fn last_peer(&self) -> PeerId {
        self.last_peer
    }

    pub(crate) fn did(&self, effect: &Effect) -> bool {
        self.effects.contains(effect)
    }

    /// The last request for devices, and what it asks for.
    pub(crate) fn request(&self) -> Option<(RequestId, bool, bool)> {
        self.effects.iter().rev().find_map(|effect| match effect {
            Effect::OpenMedia { request, audio, video } => Some((*request, *audio, *video)),
            _ => None,
        })
    }

    /// The browser gives what was asked for last.
    pub(crate) fn give_media(&mut self) {
        let (request, audio, video) = self.request().expect("devices were asked for");
        self.effects.clear();
        self.input(Input::MediaOpened { request, audio, video });
    }

    /// The browser refuses what was asked for last.
    pub(crate) fn refuse_media(&mut self, error: MediaError) {
        let (request, _, _) = self.request().expect("devices were asked for");
        self.effects.clear();
        self.input(Input::MediaFailed { request, error });
    }

    /// Calls bob, until the offer is sent. Gives the call's id.
    pub(crate) fn call_bob(&mut self) -> String {
        self.call_whom("bob")
    }

    /// Calls somebody, until the offer is sent. Gives the call's id.
    pub(crate) fn call_whom(&mut self, name: &str) -> String {
        self.user(UserInput::Call { name: name.to_owned() });
        self.give_media();
        self.peer(PeerEvent::OfferReady(raw(r#"{"type":"offer"}"#)));
        self.effects.clear();
        self.last_call.clone()
    }

    /// Bob calls.
    pub(crate) fn rung_by_bob(&mut self, call: &str) {
        self.server(&format!(
            r#"{{"type":"offer","name":"bob","offer":{{"type":"offer"}},"call":"{call}"}}"#
        ));
    }

    /// Bob answers.
    pub(crate) fn answered_by_bob(&mut self, call: &str) {
        self.server(&format!(r#"{{"type":"answer","name":"bob","answer":{{}},"call":"{call}"}}"#));
    }

    /// Bob leaves the call.
    pub(crate) fn left_by_bob(&mut self, call: &str, reason: &str) {
        self.server(&format!(
            r#"{{"type":"leave","name":"bob","call":"{call}","reason":"{reason}"}}"#
        ));
    }

    /// A call with bob that is connected. Gives its id.
    pub(crate) fn in_call(&mut self) -> String {
        let call = self.call_bob();
        self.answered_by_bob(&call);
        self.peer(PeerEvent::State(PeerState::Connected));
        self.peer(PeerEvent::ChannelOpen);
        self.effects.clear();
        call
    }
}
