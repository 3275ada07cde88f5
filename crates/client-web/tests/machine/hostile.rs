//! A server that lies, in every state of the page: whatever it says, in whatever order, and whatever the network does meanwhile.

use client_web::call::{
    Effect, Found, Input, Kept, MediaError, PeerEvent, PeerMedia, PeerState, PhaseView, RequestId,
    UserInput,
};
use proptest::{collection::vec, prelude::*, sample::select};
use protocol::ClientMessage;

use crate::page::{TestPage, WELCOME, permitted, raw, welcome_back};

/// More than any message may be.
const LONG: usize = 70_000;

/// What happens to a page.
#[derive(Clone, Debug)]
enum Step {
    /// The server says this. `$call` stands for the id of the call that the page has made last.
    Says(String),
    /// A user presses a button.
    Presses(UserInput),
    Happens(Input),
    /// The browser gives, or does not give, what it was asked for last.
    Gives(bool),
    /// Something happens to the peer connection that was built last.
    Peer(PeerEvent),
    Waits(u64),
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        20 => select(vec!["bob", "carol", "alice", "c1", "c2", "$call"]).prop_map(str::to_owned),
        1 => ".{0,8}",
        1 => Just("x".repeat(LONG)),
    ]
    .prop_map(|text| format!("{text:?}"))
}

/// The value of a field: as it should be, or of any other kind.
fn value(usual: impl Strategy<Value = String> + 'static) -> impl Strategy<Value = String> {
    let other = select(vec!["null", "1", "-1", "true", "{}", "[]", "[[]]", "\"\"", "1e99"]);
    prop_oneof![9 => usual.boxed(), 1 => other.prop_map(str::to_owned)]
}

fn ice_servers() -> impl Strategy<Value = String> {
    let url = select(vec![
        "stun:stun.example.org",
        "turn:turn.example.org?transport=udp",
        "http://127.0.0.1/",
        "javascript:alert(1)",
        "turn:[",
        "",
    ]);
    let server = vec(url, 0..4).prop_map(|urls| format!(r#"{{"urls":{urls:?}}}"#));
    prop_oneof![
        vec(server, 0..4).prop_map(|servers| format!("[{}]", servers.join(","))),
        Just(format!("[{}]", vec![r#"{"urls":["turn:10.0.0.1"]}"#; 1_000].join(","))),
    ]
}

fn message() -> impl Strategy<Value = String> {
    let kind = select(vec![
        "login",
        "offer",
        "answer",
        "candidate",
        "leave",
        "ringing",
        "restored",
        "away",
        "missed",
        "error",
        "ice",
        "pong",
        "surprise",
    ]);
    let reason = select(vec![
        "hangup",
        "declined",
        "busy",
        "gone",
        "answered_elsewhere",
        "lost",
        "failed",
        "no_path",
    ]);
    let code = select(vec![
        "offline",
        "bad_name",
        "name_taken",
        "not_in_call",
        "rate_limited",
        "sign_in_required",
        "unavailable",
        "too_large",
    ]);
    let description = select(vec![r#"{"type":"offer","sdp":"v=0"}"#, "{}", r#""v=0""#]);
    let fields = (
        (value(text()), value(text()), proptest::option::of(value(text()))),
        (
            value(reason.prop_map(|it| format!("{it:?}"))),
            value(code.prop_map(|it| format!("{it:?}"))),
        ),
        (value(ice_servers()), any::<Option<u8>>(), any::<bool>(), any::<bool>()),
        (proptest::option::of(value(text())), proptest::option::of(value(text()))),
    );
    (kind, description, fields).prop_map(
        |(kind, description, ((name, call, replaces), (reason, code), ice, (peer, session)))| {
            let (ice_servers, received, success, guest) = ice;
            let mut message = format!(
                r#"{{"type":"{kind}","name":{name},"call":{call},"reason":{reason},"code":{code},"iceServers":{ice_servers},"success":{success},"guest":{guest},"version":1,"message":"x""#
            );
            let mut field = |key: &str, value: &str| {
                message.push_str(&format!(r#","{key}":{value}"#));
            };
            for (key, value) in [("replaces", replaces), ("peer", peer), ("session", session)] {
                value.iter().for_each(|value| field(key, value));
            }
            received.iter().for_each(|received| field("received", &received.to_string()));
            if matches!(kind, "offer" | "answer" | "candidate") {
                field(kind, description);
            }
            message + "}"
        },
    )
}

/// What gets a page on, so that not all is said to one that is waiting.
fn usual() -> impl Strategy<Value = String> {
    select(vec![
        r#"{"type":"login","success":true,"name":"alice","version":1,"session":"s1"}"#,
        r#"{"type":"login","success":true,"name":"alice","version":1,"session":"s1","received":0}"#,
        r#"{"type":"offer","name":"bob","offer":{},"call":"c1"}"#,
        r#"{"type":"offer","name":"bob","offer":{},"call":"c2","replaces":"$call"}"#,
        r#"{"type":"answer","name":"bob","answer":{},"call":"$call"}"#,
        r#"{"type":"ringing","name":"bob","call":"$call"}"#,
        r#"{"type":"leave","name":"bob","call":"c1"}"#,
    ])
    .prop_map(str::to_owned)
}

fn says() -> impl Strategy<Value = String> {
    prop_oneof![4 => message(), 3 => usual(), 1 => ".{0,40}", 1 => Just("[".repeat(LONG))]
}

fn happens() -> impl Strategy<Value = Step> {
    let code = select(vec![1000, 1001, 1006, 1009, 1012, 4000, 4001, 4003, 4005, 4006, 4007, 4999]);
    prop_oneof![
        3 => Just(Step::Happens(Input::SocketOpened)),
        1 => code.prop_map(|code| Step::Happens(Input::SocketClosed { code })),
        1 => Just(Step::Happens(Input::NetworkChanged)),
        1 => Just(Step::Happens(Input::Offline)),
        1 => Just(Step::Happens(Input::PageLeft)),
        1 => any::<bool>().prop_map(|allowed| Step::Happens(permitted(allowed))),
        1 => any::<bool>().prop_map(|hides| Step::Happens(Input::HidesAddress(hides))),
        1 => Just(Step::Happens(Input::Remembered("alice".to_owned()))),
        1 => Just(Step::Happens(Input::CameraEnded)),
        1 => Just(Step::Happens(Input::MicrophoneEnded)),
        3 => any::<bool>().prop_map(Step::Gives),
        2 => (0..90_000_u64).prop_map(Step::Waits),
        4 => select(vec![
            PeerEvent::OfferReady(raw("{}")),
            PeerEvent::AnswerReady(raw("{}")),
            PeerEvent::OperationFailed,
            PeerEvent::Candidate(raw(r#"{"candidate":"candidate:1"}"#)),
            PeerEvent::RelayRefused(486),
            PeerEvent::Route { relayed: true },
            PeerEvent::State(PeerState::Connected),
            PeerEvent::State(PeerState::Disconnected),
            PeerEvent::State(PeerState::Failed),
            PeerEvent::NegotiationNeeded,
            PeerEvent::ChannelOpen,
            PeerEvent::PeerMedia(PeerMedia { audio: false, video: true }),
        ])
        .prop_map(Step::Peer),
    ]
}

/// What asks for no device.
fn presses() -> impl Strategy<Value = UserInput> {
    select(vec![
        UserInput::SignIn { name: "alice".to_owned() },
        UserInput::SignIn { name: "alice".to_owned() },
        UserInput::SignOut,
        UserInput::RetryNow,
        UserInput::HangUp,
        UserInput::Decline,
        UserInput::DeclineForGood,
        UserInput::DismissNotice,
        UserInput::Unblock { name: "bob".to_owned() },
    ])
}

/// What may ask for one.
fn wants() -> impl Strategy<Value = UserInput> {
    select(vec![
        UserInput::Call { name: "bob".to_owned() },
        UserInput::CallAgain,
        UserInput::Accept { camera: true },
        UserInput::Accept { camera: false },
        UserInput::ToggleCamera,
        UserInput::ToggleMicrophone,
        UserInput::TogglePreview,
    ])
}

fn steps(wants_devices: bool) -> impl Strategy<Value = Vec<Step>> {
    let wants = if wants_devices { wants().boxed() } else { presses().boxed() };
    vec(
        prop_oneof![
            5 => says().prop_map(Step::Says),
            3 => happens(),
            2 => presses().prop_map(Step::Presses),
            2 => wants.prop_map(Step::Presses),
        ],
        0..60,
    )
}

/// A page at a server that is not its own, and what it has asked its browser for.
struct Watched {
    page: TestPage,
    /// The call that it has made last, and the request for devices.
    call: String,
    request: RequestId,
    /// Whether a press that is for a device still holds: until there is neither a call nor a preview.
    pressed: bool,
}

impl Watched {
    fn new(page: TestPage) -> Self {
        Self { page, call: "c0".to_owned(), request: RequestId(0), pressed: false }
    }

    fn goes_through(&mut self, step: Step) {
        let (request, peer) = (self.request, self.page.last_peer());
        match step {
            Step::Says(text) => self.page.server(&text.replace("$call", &self.call)),
            Step::Presses(input) => {
                self.pressed |= matches!(
                    input,
                    UserInput::Call { .. }
                        | UserInput::CallAgain
                        | UserInput::Accept { .. }
                        | UserInput::ToggleCamera
                        | UserInput::ToggleMicrophone
                        | UserInput::TogglePreview
                );
                self.page.user(input);
            }
            Step::Happens(input) => self.page.input(input),
            Step::Gives(true) => {
                self.page.input(Input::MediaOpened { request, audio: true, video: true });
            }
            Step::Gives(false) => {
                self.page.input(Input::MediaFailed { request, error: MediaError::Denied });
            }
            Step::Peer(event) => self.page.input(Input::Peer(peer, event)),
            Step::Waits(time) => self.page.wait(time),
        }
        self.is_unharmed();
        let view = self.page.view();
        self.pressed &= view.phase != PhaseView::Idle || view.preview;
    }

    fn is_unharmed(&mut self) {
        for effect in std::mem::take(&mut self.page.effects) {
            match effect {
                Effect::OpenMedia { request, .. } => {
                    assert!(self.pressed, "a device is opened that nobody has asked for");
                    self.request = request;
                }
                Effect::Fetch(request) => {
                    panic!("the page's own server is asked {request:?} for another");
                }
                Effect::CreatePeer { ice_servers, .. } => {
                    let urls = ice_servers.iter().map(|server| server.urls.len()).sum::<usize>();
                    assert!(urls <= 16, "{urls} servers are tried");
                }
                Effect::Send(ClientMessage::Offer(offer)) => {
                    self.call = offer.call.map(|call| call.to_string()).unwrap_or_default();
                }
                _ => {}
            }
        }
    }
}

fn reloaded() -> TestPage {
    let json = r#"{"name":"alice","session":"s1","sockets":1,"at":0,"grace":30,"camera":true,"account":true,"left":["bob","c2"]}"#;
    let mut page = TestPage::new();
    let Some(Found::Fresh(kept)) = Kept::from_json(json, 0) else { panic!("it is fresh") };
    page.input(Input::Reloaded(kept));
    page
}

#[test]
fn what_is_longer_than_a_message_is_counted_and_not_read() {
    let mut page = TestPage::signed_in();
    for (bytes, read) in [(1_000, 1), (LONG, 1)] {
        let filler = "x".repeat(bytes);
        page.server(&format!(r#"{{"type":"missed","name":"n{bytes}","x":"{filler}"}}"#));
        assert_eq!(page.view().missed.len(), read, "{bytes}");
    }
    page.lose();
    assert_eq!(page.come_back(&welcome_back(0)).received, Some(2));
}

#[test]
fn a_user_has_the_name_that_was_typed_where_the_server_gives_none_that_can_be() {
    for (bytes, name) in [(256, "x".repeat(256)), (257, "Alice".to_owned())] {
        let welcome = WELCOME.replace("alice", &"x".repeat(bytes));
        let page = TestPage::new().sign_in_with(&welcome);
        assert_eq!(page.view().self_name, Some(name));
    }
}

#[test]
fn before_the_login_is_answered_nothing_else_is_heard() {
    let mut page = TestPage::new();
    page.user(UserInput::SignIn { name: "alice".to_owned() });
    page.input(Input::SocketOpened);
    page.effects.clear();
    page.server(r#"{"type":"offer","name":"bob","offer":{},"call":"c1"}"#);
    page.server(r#"{"type":"missed","name":"bob"}"#);
    page.server(r#"{"type":"ice","iceServers":[{"urls":["turn:b"]}]}"#);
    assert_eq!((&page.effects, page.view().phase), (&vec![], PhaseView::Idle));
    assert_eq!(page.view().missed, []);
    // Nor does another answer to it count.
    page.server(WELCOME);
    page.effects.clear();
    page.server(&WELCOME.replace("alice", "mallory"));
    assert_eq!((&page.effects, page.view().self_name.as_deref()), (&vec![], Some("alice")));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    /// Nobody has pressed anything that needs a device: none is opened.
    #[test]
    fn without_a_press_no_server_opens_a_device(steps in steps(false)) {
        for page in [TestPage::new(), TestPage::signed_in(), reloaded()] {
            let mut watched = Watched::new(page);
            steps.iter().for_each(|step| watched.goes_through(step.clone()));
            prop_assert!(!watched.pressed);
        }
    }

    /// What was pressed holds for that call or preview, and opens nothing after its end.
    #[test]
    fn a_press_holds_for_one_call(steps in steps(true)) {
        for page in [TestPage::new(), TestPage::signed_in(), reloaded()] {
            let mut watched = Watched::new(page);
            steps.iter().for_each(|step| watched.goes_through(step.clone()));
        }
    }
}
