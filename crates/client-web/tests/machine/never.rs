//! What never happens, whatever the server, a peer, the browser and the user do, in any order: a device that is opened, an offer,
//! an answer or a candidate that is sent, without that this user has pressed call or accept in this page for that very peer, or
//! that the server has confirmed the call which the page was in when it was reloaded.

use client_web::call::{
    Client, Effect, Environment, Found, Input, Kept, MediaError, PeerEvent, PeerMedia, PeerState,
    PhaseView, Rng, UserInput,
};
use protocol::ClientMessage;

use crate::page::{TestPage, permitted, raw};

/// How many pages are played, and how much happens to each.
const PAGES: u64 = 3_000;
const STEPS: u64 = 80;

/// Who may call, as the server spells them: two of them are alike, and the user is greater than some and less than others.
const NAMES: [&str; 5] = ["bob", "zoe", "νίκος", "νίκοσ", "dora"];
/// How the user types them.
const TYPED: [&str; 6] = ["bob", "Zoe", "νίκος", "νίκοσ", "ΝΊΚΟΣ", "dora"];
/// Ids that others may choose.
const IDS: [&str; 4] = ["c1", "c2", "c3", "c4"];

struct Play {
    page: TestPage,
    rng: Rng,
    /// For whom this user has pressed, or with whom the kept call was confirmed.
    peer: Option<String>,
    /// The user has called somebody whose name the server spells otherwise, and the page has not heard how.
    unspelled: bool,
    /// The call that the page was in when it was reloaded.
    kept: Option<(String, String)>,
    /// The id under which the page had offered to continue it.
    continued: Option<String>,
    /// Whether the user has pressed to see their own picture while it rings.
    looks: bool,
    /// What happened, to be told if it goes wrong.
    told: Vec<Input>,
    reached: Reached,
}

/// How often the play came to where it matters.
#[derive(Default)]
struct Reached {
    answered: u32,
    gave_way: u32,
    rejoined: u32,
    replaced: u32,
    asked: u32,
}

impl Play {
    fn new(seed: u64) -> Self {
        let page = TestPage::new().sign_in_with(
            r#"{"type":"login","success":true,"name":"max","version":1,"session":"s1"}"#,
        );
        Self {
            page,
            rng: Rng::new(seed),
            peer: None,
            unspelled: false,
            kept: None,
            continued: None,
            told: Vec::new(),
            looks: false,
            reached: Reached::default(),
        }
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.rng.below(of.len() as u64) as usize]
    }

    /// An id: of the call that the page has offered last, of the one that it is in or was in, or another.
    fn id(&mut self) -> String {
        let current = self.page.kept.as_ref().and_then(|kept| kept.call.clone());
        match self.rng.below(6) {
            0 | 1 if !self.page.last_call.is_empty() => self.page.last_call.clone(),
            2 | 3 if current.is_some() => current.map(|(_, id)| id.to_string()).unwrap(),
            _ => self.one(&IDS).to_owned(),
        }
    }

    /// A name: mostly of the one that the page has to do with.
    fn name(&mut self) -> String {
        let current = self.page.view().remote.map(|remote| remote.name);
        let known = current.or_else(|| self.peer.clone()).filter(|_| self.rng.below(3) > 0);
        known.unwrap_or_else(|| self.one(&NAMES).to_owned())
    }

    fn any_from_server(&mut self) -> String {
        let (name, id, other) = (self.name(), self.id(), self.id());
        let replaces = match self.rng.below(3) {
            0 => format!(r#","replaces":"{other}""#),
            _ => String::new(),
        };
        let call = match self.rng.below(8) {
            0 => String::new(),
            _ => format!(r#","call":"{id}""#),
        };
        let of = format!(r#""name":"{name}"{call}"#);
        let peer = match self.rng.below(2) {
            0 => format!(r#","peer":"{name}","call":"{id}""#),
            _ => String::new(),
        };
        let reason = self.one(&["hangup", "gone", "busy", "cancelled", "answered_elsewhere"]);
        let code = self.one(&["not_in_call", "offline", "rate_limited", "too_large", "bad_name"]);
        let n = self.rng.below(4);
        match self.rng.below(16) {
            0..5 => format!(r#"{{"type":"offer",{of},"offer":{n}{replaces}}}"#),
            5..8 => format!(r#"{{"type":"answer",{of},"answer":{n}}}"#),
            8 => format!(r#"{{"type":"candidate",{of},"candidate":{n}}}"#),
            9 => format!(r#"{{"type":"ringing",{of}}}"#),
            10 => format!(r#"{{"type":"leave",{of},"reason":"{reason}"}}"#),
            11 => format!(r#"{{"type":"error",{of},"message":"","code":"{code}"}}"#),
            12 => format!(r#"{{"type":"restored","name":"{name}","call":"{id}"}}"#),
            13 => format!(r#"{{"type":"missed",{of}}}"#),
            14 => {
                let back = n == 0;
                format!(r#"{{"type":"away","name":"{name}","call":"{id}","back":{back}}}"#)
            }
            _ => format!(
                r#"{{"type":"login","success":true,"name":"max","version":1,"session":"s2"{peer}}}"#
            ),
        }
    }

    fn any_from_peer(&mut self) -> PeerEvent {
        let n = raw(&self.rng.below(4).to_string());
        match self.rng.below(12) {
            0..3 => PeerEvent::OfferReady(n),
            3..6 => PeerEvent::AnswerReady(n),
            6 => PeerEvent::Candidate(n),
            7 => PeerEvent::State(PeerState::Connected),
            8 => PeerEvent::State(PeerState::Failed),
            9 => PeerEvent::NegotiationNeeded,
            10 => PeerEvent::PeerMedia(PeerMedia { audio: false, video: true }),
            _ => PeerEvent::ChannelOpen,
        }
    }

    fn any_from_user(&mut self) -> UserInput {
        match self.rng.below(16) {
            0..4 => UserInput::Call { name: self.one(&TYPED).to_owned() },
            4..8 => UserInput::Accept { camera: true },
            8 => UserInput::Decline,
            9 => UserInput::HangUp,
            10 => UserInput::ToggleMicrophone,
            11 => UserInput::ToggleCamera,
            12 => UserInput::TogglePreview,
            13 => UserInput::CallAgain,
            14 => UserInput::RetryNow,
            _ => UserInput::SignIn { name: "max".to_owned() },
        }
    }

    fn step(&mut self) {
        match self.rng.below(24) {
            0..8 => {
                let text = self.any_from_server();
                self.server(&text);
            }
            8..13 => {
                let input = self.any_from_user();
                self.user(input);
            }
            13..17 => {
                let event = self.any_from_peer();
                let id = self.page.last_peer();
                self.input(Input::Peer(id, event), false);
            }
            17..20 => {
                if let Some((request, audio, video)) = self.page.request() {
                    let error = MediaError::InUse;
                    let failed = self.rng.below(4) == 0;
                    let gives = Input::MediaOpened { request, audio, video };
                    let fails = Input::MediaFailed { request, error };
                    // The next attempt after one that failed is of the same press.
                    self.input(if failed { fails } else { gives }, failed);
                }
            }
            20 => {
                let allowed = self.rng.below(2) == 0;
                self.input(permitted(allowed), false);
            }
            21 => {
                let closes = Input::SocketClosed { code: 1006 };
                let next = if self.rng.below(4) == 0 { closes } else { Input::SocketOpened };
                self.input(next, false);
            }
            22 => {
                let at = self.page.client.next_timeout();
                self.page.now = at.unwrap_or(0).max(self.page.now + 1);
                self.input(Input::Tick, false);
            }
            _ => self.reload(),
        }
    }

    fn reload(&mut self) {
        let Some(kept) = self.page.kept.clone() else { return };
        let Some(Found::Fresh(kept)) = Kept::from_json(&kept.to_json(0), 0) else {
            panic!("it is fresh")
        };
        self.kept = kept.call.clone().map(|(peer, id)| (peer, id.to_string()));
        self.continued = kept.continued.as_ref().map(ToString::to_string);
        (self.peer, self.unspelled) = (None, false);
        self.page.client = Client::new(Environment::Capable, self.rng.bits().into());
        self.page.effects.clear();
        self.input(Input::Reloaded(kept), false);
        self.input(Input::SocketOpened, false);
        let welcome = r#"{"type":"login","success":true,"name":"max","version":1,"session":"s2""#;
        let (peer, id) = self.kept.clone().unwrap_or_default();
        match self.rng.below(4) {
            0 => self.server(&format!(r#"{welcome},"peer":"{peer}","call":"c1"}}"#)),
            1 => {
                self.server(&format!("{welcome}}}"));
                let other = self.one(&NAMES);
                for name in [other, &*peer] {
                    let restored =
                        format!(r#"{{"type":"restored","name":"{name}","call":"{id}"}}"#);
                    self.server(&restored);
                }
            }
            _ => {}
        }
    }

    /// The user presses something.
    fn user(&mut self, input: UserInput) {
        let view = self.page.view();
        match &input {
            UserInput::Call { name } if view.can_call => self.presses_call(name),
            UserInput::CallAgain if view.can_call => {
                let name = view.notice.as_ref().and_then(|notice| notice.message.name.clone());
                if let Some(name) = name {
                    self.presses_call(&name);
                }
            }
            UserInput::Accept { .. } => {
                self.peer = view.incoming.map(|incoming| incoming.name).or(self.peer.take());
            }
            _ => {}
        }
        self.input(Input::User(input), true);
    }

    fn presses_call(&mut self, typed: &str) {
        // Of these letters it is known how our server spells them. How it spells others, it says.
        self.unspelled = !typed.is_ascii();
        self.peer = Some(typed.to_ascii_lowercase());
        // The server has not heard of this one.
        self.page.last_call.clear();
    }

    fn server(&mut self, text: &str) {
        let says = |what: &str| text.contains(what);
        let mut confirms = false;
        if let Some((peer, id)) = self.kept.clone() {
            let named = says(&format!(r#""peer":"{peer}""#)) && says(r#""success":true"#);
            let ids = [Some(&id), self.continued.as_ref()].into_iter().flatten();
            let same = ids.into_iter().any(|id| {
                text == format!(r#"{{"type":"restored","name":"{peer}","call":"{id}"}}"#)
            });
            // Once: then the page is in the call, or the user has left it.
            if (named || same) && self.page.view().phase == PhaseView::Reconnecting {
                (confirms, self.peer) = (true, Some(peer));
            }
        }
        // Whoever speaks in the call that the user makes is the one who was called.
        let own = format!(r#""call":"{}""#, self.page.last_call);
        let in_it = ["ringing", "answer", "error"]
            .iter()
            .any(|kind| says(&format!(r#""type":"{kind}""#)) && says(&own));
        let continues =
            says(r#""call""#) && says(&format!(r#""replaces":"{}""#, self.page.last_call));
        if self.unspelled && self.peer.is_some() && (in_it || continues) {
            let (_, name) = text.split_once(r#""name":""#).unwrap();
            let (name, _) = name.split_once('"').unwrap();
            (self.peer, self.unspelled) = (Some(name.to_owned()), false);
        }
        self.input(Input::SocketText(text.to_owned()), confirms);
    }

    /// `may_open` is whether a device may be opened for this.
    fn input(&mut self, input: Input, may_open: bool) {
        self.told.push(input.clone());
        let before = self.page.effects.len();
        let phase = self.page.view().phase;
        let looks = matches!(input, Input::User(UserInput::TogglePreview));
        self.page.input(input);
        let view = self.page.view();
        let effects = self.page.effects[before..].to_vec();
        for effect in &effects {
            let to = match effect {
                Effect::OpenMedia { .. } if !may_open => self.fail(effect),
                Effect::Send(ClientMessage::Answer(answer)) => {
                    self.reached.answered += 1;
                    answer.name.clone()
                }
                Effect::Send(ClientMessage::Offer(offer)) => {
                    self.reached.rejoined += u32::from(offer.replaces.is_some());
                    Some(offer.name.clone())
                }
                Effect::Send(ClientMessage::Candidate(candidate)) => candidate.name.clone(),
                Effect::CreatePeer { .. } if self.page.client.is_ringing() => continue,
                Effect::CreatePeer { .. } => {
                    let connects = view.phase == PhaseView::Connecting;
                    self.reached.gave_way += u32::from(phase == PhaseView::Calling && connects);
                    let was_in_call = matches!(phase, PhaseView::InCall | PhaseView::Connecting);
                    self.reached.replaced += u32::from(was_in_call);
                    self.peer.clone()
                }
                _ => continue,
            };
            if self.peer.is_none() || to != self.peer {
                self.fail(effect);
            }
        }
        let is_asked = view.incoming.is_some_and(|incoming| !incoming.answering);
        if is_asked {
            self.reached.asked += 1;
            self.looks |= looks && phase == PhaseView::Ringing;
            let asked_to = self.looks || !view.own_picture;
            assert!(asked_to, "the camera is on while it rings: {:#?}", self.told);
        } else {
            self.looks = false;
        }
        if is_asked || view.phase == PhaseView::Idle {
            (self.peer, self.unspelled) = (None, false);
        }
        if view.phase != PhaseView::Reconnecting {
            self.kept = None;
        }
        // What was asked for last is still to be answered.
        let last = self.page.request();
        self.page.effects.retain(|effect| {
            matches!((effect, last), (Effect::OpenMedia { request, .. }, Some((last, ..))) if *request == last)
        });
    }

    fn fail(&self, effect: &Effect) -> ! {
        panic!("{effect:?} without a press for that very peer ({:?}): {:#?}", self.peer, self.told)
    }
}

#[test]
fn no_device_is_opened_and_nothing_answered_without_a_press_or_a_confirmed_call() {
    let mut reached = Reached::default();
    for seed in 0..PAGES {
        let mut play = Play::new(seed);
        for _ in 0..STEPS {
            play.step();
        }
        reached.answered += play.reached.answered;
        reached.gave_way += play.reached.gave_way;
        reached.rejoined += play.reached.rejoined;
        reached.replaced += play.reached.replaced;
        reached.asked += play.reached.asked;
    }
    let Reached { answered, gave_way, rejoined, replaced, asked } = reached;
    for (what, times) in [
        ("an answer is sent", answered),
        ("a call that crosses is answered", gave_way),
        ("a reloaded page goes back", rejoined),
        ("a peer continues over a new connection", replaced),
        ("a user is asked", asked),
    ] {
        assert!(times > 20, "{what}: {times} times");
    }
}
