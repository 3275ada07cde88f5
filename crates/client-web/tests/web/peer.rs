//! Two peer connections in one page: what one reports is handed to the other.

use std::{cell::RefCell, rc::Rc};

use client_web::{
    browser::{
        media::Tracks,
        peer::{Paths, Peer, Report},
    },
    call::{PeerEvent, PeerMedia, PeerOp, PeerState},
};
use js_sys::Reflect;
use protocol::{IceServer, Raw};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{Event, EventTarget, HtmlVideoElement, MediaStreamTrackState};

use crate::common::{a_while, camera_and_microphone, document, raw, sleep, until};

/// One end: its connection, and everything that it has reported and nobody has taken.
struct End {
    peer: Peer,
    reports: Rc<RefCell<Vec<Report>>>,
}

impl End {
    fn new() -> Self {
        let reports = Rc::new(RefCell::new(Vec::new()));
        let reported = Rc::clone(&reports);
        let peer =
            Peer::new(&[], Paths::All, move |report| reported.borrow_mut().push(report)).unwrap();
        Self { peer, reports }
    }

    fn ops(&mut self, tracks: &Tracks, ops: impl IntoIterator<Item = PeerOp>) {
        for op in ops {
            self.peer.carry_out(op, tracks.clone());
        }
    }

    fn has(&self, event: &PeerEvent) -> bool {
        self.reports.borrow().contains(&Report::Event(event.clone()))
    }

    /// Waits for the first report of which `pick` makes something.
    async fn wait<T>(&self, what: &str, pick: impl Fn(&PeerEvent) -> Option<T>) -> T {
        let find = || {
            self.reports.borrow().iter().find_map(|report| match report {
                Report::Event(event) => pick(event),
                Report::Track => None,
            })
        };
        until(what, || find().is_some()).await;
        find().unwrap()
    }

    async fn offer(&self) -> Raw {
        self.wait("there is an offer", |event| match event {
            PeerEvent::OfferReady(offer) => Some(offer.clone()),
            _ => None,
        })
        .await
    }

    async fn answer(&self) -> Raw {
        self.wait("there is an answer", |event| match event {
            PeerEvent::AnswerReady(answer) => Some(answer.clone()),
            _ => None,
        })
        .await
    }

    /// Hands the candidates found so far to the other.
    fn trickle(&self, other: &mut Self) {
        for report in self
            .reports
            .borrow_mut()
            .extract_if(.., |report| matches!(report, Report::Event(PeerEvent::Candidate(_))))
        {
            if let Report::Event(PeerEvent::Candidate(candidate)) = report {
                other.peer.carry_out(PeerOp::AddCandidate(candidate), Tracks::default());
            }
        }
    }
}

/// A call from one to the other, connected.
async fn connect(caller_tracks: &Tracks, callee_tracks: &Tracks) -> (End, End) {
    let (mut caller, mut callee) = (End::new(), End::new());
    caller.ops(caller_tracks, [PeerOp::AddTransceivers, PeerOp::Offer { ice_restart: false }]);
    let offer = caller.offer().await;
    let ops = [PeerOp::ApplyOffer(offer), PeerOp::AttachTracks, PeerOp::Answer];
    callee.ops(callee_tracks, ops);
    let answer = callee.answer().await;
    caller.ops(caller_tracks, [PeerOp::ApplyAnswer(answer)]);
    let connected = PeerEvent::State(PeerState::Connected);
    for _ in 0..400 {
        caller.trickle(&mut callee);
        callee.trickle(&mut caller);
        if caller.has(&connected) && callee.has(&connected) {
            return (caller, callee);
        }
        sleep(25).await;
    }
    panic!("they do not connect");
}

/// A video that plays what comes from the peer.
fn video(end: &End) -> HtmlVideoElement {
    let video: HtmlVideoElement = document().create_element("video").unwrap().unchecked_into();
    video.set_muted(true);
    video.set_autoplay(true);
    video.set_src_object(Some(end.peer.remote()));
    document().body().unwrap().append_child(&video).unwrap();
    video
}

async fn flows(video: &HtmlVideoElement) {
    until("the picture has come", || video.video_width() > 0).await;
    let before = video.current_time();
    until("the picture moves", || video.current_time() > before + 0.2).await;
}

#[wasm_bindgen_test]
async fn picture_sound_and_texts_flow_both_ways() {
    let media = camera_and_microphone().await;
    let (mut caller, mut callee) = connect(&media.tracks(), &media.tracks()).await;
    for end in [&caller, &callee] {
        assert_eq!(end.peer.remote().get_audio_tracks().length(), 1);
        assert_eq!(end.peer.remote().get_video_tracks().length(), 1);
        assert!(end.reports.borrow().contains(&Report::Track));
        let video = video(end);
        flows(&video).await;
        video.remove();
    }
    for end in [&caller, &callee] {
        until("the channel is open", || end.has(&PeerEvent::ChannelOpen)).await;
    }
    caller.ops(&Tracks::default(), [PeerOp::SendText(says(true, false))]);
    callee.ops(&Tracks::default(), [PeerOp::SendText(says(false, true))]);
    for (end, audio, video) in [(&callee, true, false), (&caller, false, true)] {
        let told = PeerEvent::PeerMedia(PeerMedia { audio, video });
        until("the text has come", || end.has(&told)).await;
    }
}

/// What our page says of its devices.
fn says(audio: bool, video: bool) -> String {
    format!(r#"{{"type":"media","audio":{audio},"video":{video}}}"#)
}

#[wasm_bindgen_test]
async fn a_camera_switched_off_and_on_needs_no_new_offer() {
    let mut media = camera_and_microphone().await;
    let without = Tracks { video: None, ..media.tracks() };
    // The callee begins without a camera.
    let (caller, mut callee) = connect(&media.tracks(), &without).await;
    let seen = video(&caller);
    a_while().await;
    assert_eq!(seen.video_width(), 0);
    for end in [&caller, &callee] {
        // The offer that the transceivers were the reason for is past.
        end.reports.borrow_mut().clear();
    }
    callee.peer.send_tracks(media.tracks());
    flows(&seen).await;

    let track = media.tracks().video.unwrap();
    media.stop_camera();
    callee.peer.send_tracks(media.tracks());
    assert_eq!(track.ready_state(), MediaStreamTrackState::Ended);
    a_while().await;
    for end in [&caller, &callee] {
        assert!(!end.has(&PeerEvent::OperationFailed));
        assert!(!end.has(&PeerEvent::NegotiationNeeded));
    }
    seen.remove();
}

#[wasm_bindgen_test]
async fn an_ice_restart_has_new_credentials_and_keeps_the_call() {
    let none = Tracks::default();
    let (mut caller, mut callee) = connect(&none, &none).await;
    let first = caller.offer().await;
    caller.reports.borrow_mut().clear();
    callee.reports.borrow_mut().clear();
    caller.ops(&none, [PeerOp::Offer { ice_restart: true }]);
    let second = caller.offer().await;
    let credentials = |offer: &Raw| {
        let text = offer.as_json();
        let begin = text.find("a=ice-ufrag:").unwrap();
        text[begin..].split("\\r").next().unwrap().to_owned()
    };
    assert_ne!(credentials(&first), credentials(&second));
    callee.ops(&none, [PeerOp::ApplyOffer(second), PeerOp::Answer]);
    let answer = callee.answer().await;
    caller.ops(&none, [PeerOp::ApplyAnswer(answer)]);
    a_while().await;
    for end in [&caller, &callee] {
        assert!(!end.has(&PeerEvent::OperationFailed));
    }
}

#[wasm_bindgen_test]
async fn only_what_was_offered_is_sent() {
    let media = camera_and_microphone().await;
    let mut callee = End::new();
    // What a browser offers that only wants to talk.
    let offer = r#"{"type":"offer","sdp":"v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=fingerprint:sha-256 00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1F\r\na=setup:actpass\r\na=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n"}"#;
    callee.ops(
        &media.tracks(),
        [PeerOp::ApplyOffer(raw(offer)), PeerOp::AttachTracks, PeerOp::Answer],
    );
    let answer = callee.answer().await;
    assert!(answer.as_json().contains("a=sendrecv"), "{}", answer.as_json());
    assert!(!answer.as_json().contains("m=video"));
}

#[wasm_bindgen_test]
async fn hostile_descriptions_fail_and_hostile_candidates_do_not_matter() {
    let hostile = [
        "null",
        "1",
        "\"x\"",
        "[]",
        "{}",
        r#"{"sdp":1}"#,
        r#"{"sdp":""}"#,
        r#"{"sdp":"v=0"}"#,
        r#"{"type":"rollback","sdp":""}"#,
        r#"{"type":"answer","sdp":"\u0000"}"#,
    ];
    let none = Tracks::default();
    for json in hostile {
        for op in [PeerOp::ApplyOffer(raw(json)), PeerOp::ApplyAnswer(raw(json))] {
            let mut end = End::new();
            end.ops(&none, [op]);
            until("it fails", || end.has(&PeerEvent::OperationFailed)).await;
        }
    }
    let mut end = End::new();
    for json in hostile.iter().chain(&[r#"{"candidate":"x","sdpMid":{"toString":1}}"#]) {
        end.ops(&none, [PeerOp::AddCandidate(raw(json))]);
    }
    end.ops(&none, [PeerOp::AddTransceivers, PeerOp::Offer { ice_restart: false }]);
    end.offer().await;
    assert!(!end.has(&PeerEvent::OperationFailed));
}

#[wasm_bindgen_test]
async fn nothing_waits_for_candidates() {
    let mut caller = End::new();
    // The next candidate takes for ever.
    let leave = "const { prototype } = RTCPeerConnection; const real = prototype.addIceCandidate;
        prototype.addIceCandidate = () => {
            prototype.addIceCandidate = real;
            return new Promise(() => {});
        }";
    js_sys::eval(leave).unwrap();
    let none = Tracks::default();
    let candidate = PeerOp::AddCandidate(raw(r#"{"candidate":"","sdpMid":"0"}"#));
    caller.ops(&none, [candidate, PeerOp::AddTransceivers, PeerOp::Offer { ice_restart: false }]);
    caller.offer().await;
}

#[wasm_bindgen_test]
async fn one_path_is_looked_for_that_all_share() {
    let mut caller = End::new();
    let none = Tracks::default();
    caller.ops(&none, [PeerOp::AddTransceivers, PeerOp::Offer { ice_restart: false }]);
    let candidate = caller.wait("there is a candidate", |event| match event {
        PeerEvent::Candidate(candidate) => Some(candidate.clone()),
        _ => None,
    });
    candidate.await;
    a_while().await;
    for report in caller.reports.borrow().iter() {
        if let Report::Event(PeerEvent::Candidate(candidate)) = report {
            let json = candidate.as_json();
            assert!(json.contains(r#""sdpMLineIndex":0"#), "{json}");
        }
    }
}

#[wasm_bindgen_test]
async fn long_texts_are_not_taken() {
    let none = Tracks::default();
    let (mut caller, callee) = connect(&none, &none).await;
    until("the channel is open", || caller.has(&PeerEvent::ChannelOpen)).await;
    let long = format!("{}{}", says(true, true), " ".repeat(500));
    caller.ops(&none, [PeerOp::SendText(long), PeerOp::SendText(says(false, false))]);
    let said = callee.wait("a text has come", |event| match event {
        PeerEvent::PeerMedia(media) => Some(*media),
        _ => None,
    });
    assert_eq!(said.await, PeerMedia { audio: false, video: false });
}

#[wasm_bindgen_test]
async fn sixty_thousand_texts_are_told_a_few_times_and_what_is_said_after_them_counts() {
    let none = Tracks::default();
    let (mut caller, callee) = connect(&none, &none).await;
    until("the channel is open", || caller.has(&PeerEvent::ChannelOpen)).await;
    let began = js_sys::Date::now();
    for n in 0..60_000 {
        caller.ops(&none, [PeerOp::SendText(says(n % 2 == 0, true))]);
        if n % 250 == 249 {
            // There is room for so many in the queue.
            sleep(0).await;
        }
    }
    // Whoever says so much is not listened to for a moment. What is said then is heard.
    let last = PeerEvent::PeerMedia(PeerMedia { audio: false, video: false });
    while !callee.has(&last) {
        caller.ops(&none, [PeerOp::SendText(says(false, false))]);
        sleep(200).await;
        assert!(js_sys::Date::now() - began < 60_000.0, "it is never told");
    }
    let took = js_sys::Date::now() - began;
    let is_text = |report: &&Report| matches!(report, Report::Event(PeerEvent::PeerMedia(_)));
    let told = callee.reports.borrow().iter().filter(is_text).count();
    assert!(told as f64 <= took / 100.0 + 2.0, "{told} times in {took} ms");
    assert!(!caller.has(&PeerEvent::OperationFailed));
}

/// None of them is done before this lets the browser go on.
#[wasm_bindgen_test]
async fn so_many_operations_wait_and_only_those_that_matter_fail() {
    let none = Tracks::default();
    let mut end = End::new();
    end.ops(&none, [PeerOp::AddTransceivers, PeerOp::Offer { ice_restart: false }]);
    for _ in 0..1_000 {
        let candidate = PeerOp::AddCandidate(raw(r#"{"candidate":"","sdpMid":"0"}"#));
        end.ops(&none, [candidate, PeerOp::SendText(says(true, true)), PeerOp::FindRoute]);
        end.ops(&none, [PeerOp::UseServers(Vec::new())]);
    }
    assert_eq!(*end.reports.borrow(), [], "these may be missing");
    end.ops(&none, [PeerOp::Offer { ice_restart: true }]);
    assert!(end.has(&PeerEvent::OperationFailed), "a call cannot go on without it");
    end.offer().await;
}

#[wasm_bindgen_test]
async fn operations_out_of_place_fail() {
    let none = Tracks::default();
    let mut end = End::new();
    // There is nothing to answer: the browser would make an offer.
    end.ops(&none, [PeerOp::AddTransceivers, PeerOp::Answer]);
    until("it fails", || end.has(&PeerEvent::OperationFailed)).await;
}

#[wasm_bindgen_test]
async fn a_dropped_peer_is_silent() {
    let none = Tracks::default();
    let (caller, callee) = connect(&none, &none).await;
    let End { peer, reports } = caller;
    reports.borrow_mut().clear();
    let End { peer: mut other, reports: others } = callee;
    other.carry_out(PeerOp::Offer { ice_restart: true }, none.clone());
    others.borrow_mut().clear();
    drop((peer, other));
    a_while().await;
    assert_eq!(*reports.borrow(), []);
    assert_eq!(*others.borrow(), []);
}

#[wasm_bindgen_test]
async fn a_path_between_two_in_one_place_is_not_relayed() {
    let none = Tracks::default();
    let (mut caller, callee) = connect(&none, &none).await;
    // Before there is a path nothing is known, and it may be a relay's.
    for (end, relayed) in [(&mut caller, false), (&mut End::new(), true)] {
        end.ops(&none, [PeerOp::FindRoute]);
        let route = end.wait("the path is known", |event| match event {
            PeerEvent::Route { relayed } => Some(*relayed),
            _ => None,
        });
        assert_eq!(route.await, relayed);
    }
    drop(callee);
}

/// The next peer connection is left where the test finds it.
const LEAVE: &str = "{
    globalThis.last = null;
    const Real = RTCPeerConnection;
    globalThis.RTCPeerConnection = new Proxy(Real, { construct(target, args) {
        globalThis.RTCPeerConnection = Real;
        return globalThis.last = new target(...args);
    } });
}";

/// Each would have its own count of what is read of it.
#[wasm_bindgen_test]
fn a_peer_is_listened_to_over_one_channel_however_many_it_opens() {
    js_sys::eval(LEAVE).unwrap();
    let _end = End::new();
    let opened = js_sys::eval(
        "['other', 'pronto', 'pronto', 'other'].map((label) => {
            const channel = new RTCPeerConnection().createDataChannel(label);
            last.dispatchEvent(new RTCDataChannelEvent('datachannel', { channel }));
            return channel.readyState === 'connecting';
        }).join()",
    );
    assert_eq!(opened.unwrap().as_string().as_deref(), Some("false,true,false,false"));
}

#[wasm_bindgen_test]
fn a_relay_that_refuses_is_told_from_one_that_is_not_reached() {
    js_sys::eval(LEAVE).unwrap();
    let end = End::new();
    let last = Reflect::get(&js_sys::global(), &"last".into()).unwrap();
    let connection: EventTarget = last.unchecked_into();
    for (url, code, refused) in [
        ("turn:turn.example.org?transport=udp", 701_u16, false),
        ("turn:turn.example.org?transport=udp", 299, false),
        ("stun:stun.example.org", 400, false),
        ("turn:turn.example.org?transport=udp", 300, true),
        ("turns:turn.example.org?transport=tcp", 486, true),
        ("turn:turn.example.org?transport=udp", 699, true),
        ("", 701, false),
    ] {
        end.reports.borrow_mut().clear();
        let event = Event::new("icecandidateerror").unwrap();
        Reflect::set(&event, &"url".into(), &url.into()).unwrap();
        Reflect::set(&event, &"errorCode".into(), &code.into()).unwrap();
        connection.dispatch_event(&event).unwrap();
        assert_eq!(end.has(&PeerEvent::RelayRefused(code)), refused, "{url} {code}");
    }
}

#[wasm_bindgen_test]
fn servers_that_the_browser_does_not_like_are_an_error() {
    let server =
        |url: &str| IceServer { urls: vec![url.to_owned()], username: None, credential: None };
    assert!(Peer::new(&[server("http://example.org")], Paths::All, |_| {}).is_err());
    assert!(Peer::new(&[server("stun:127.0.0.1:3478")], Paths::All, |_| {}).is_ok());
}
