//! What is done of a call while it rings, where the browser gives camera and microphone without asking.

use client_web::call::{
    Effect, Input, MediaError, PeerEvent, PeerOp, PeerState, PhaseView, Text, UserInput,
};
use protocol::ClientMessage;

use crate::page::{TestPage, permitted, raw};

/// As [`TestPage::rung_by_bob`] has it.
const OFFER: &str = r#"{"type":"offer","sdp":"v=0\r\na=ice-ufrag:abcd\r\n"}"#;

fn allowed() -> TestPage {
    let mut page = TestPage::signed_in();
    page.input(permitted(true));
    page
}

fn offer(call: &str, offer: &str) -> String {
    format!(r#"{{"type":"offer","name":"bob","offer":{offer},"call":"{call}"}}"#)
}

fn rung() -> TestPage {
    let mut page = allowed();
    page.server(&offer("c1", OFFER));
    page
}

fn builds(page: &TestPage) -> bool {
    page.effects.iter().any(|effect| matches!(effect, Effect::CreatePeer { .. }))
}

/// What is done while it rings.
fn preparation(offer: &str) -> [PeerOp; 3] {
    [PeerOp::ApplyOffer(raw(offer)), PeerOp::AttachTracks, PeerOp::Answer]
}

fn closes(page: &TestPage) -> bool {
    page.effects.iter().any(|effect| matches!(effect, Effect::ClosePeer(_)))
}

#[test]
fn while_it_rings_the_answer_is_made_and_nothing_is_told() {
    let mut page = rung();
    assert!(builds(&page));
    assert_eq!(page.ops(), preparation(OFFER));
    assert_eq!(page.request(), None, "no device is opened");
    assert!(page.effects.contains(&Effect::FindDevices), "and yet they are looked for");
    page.effects.clear();
    page.peer(PeerEvent::AnswerReady(raw("{}")));
    page.server(r#"{"type":"candidate","name":"bob","candidate":{"candidate":"1"},"call":"c1"}"#);
    page.peer(PeerEvent::Candidate(raw("{}")));
    page.peer(PeerEvent::NegotiationNeeded);
    assert_eq!(page.effects, [], "no address of either side is looked at or sent");
}

#[test]
fn who_accepts_answers_at_once_and_opens_the_devices_meanwhile() {
    let mut page = rung();
    page.server(r#"{"type":"candidate","name":"bob","candidate":{"candidate":"1"},"call":"c1"}"#);
    page.peer(PeerEvent::AnswerReady(raw("{}")));
    page.effects.clear();
    page.user(UserInput::Accept { camera: true });
    let candidate = PeerOp::AddCandidate(raw(r#"{"candidate":"1"}"#));
    assert_eq!(page.ops(), [PeerOp::TellAnswer, candidate]);
    let (request, audio, video) = page.request().unwrap();
    assert!(audio && video);
    let controls = page.view().controls.unwrap();
    assert_eq!(page.view().phase, PhaseView::Connecting);
    assert!(controls.enabled && !controls.camera_off && !controls.microphone_off);
    page.effects.clear();
    page.peer(PeerEvent::AnswerReady(raw("{}")));
    assert!(matches!(&page.sent()[..], [ClientMessage::Answer(_)]));
    page.effects.clear();

    // Of devices that are not there yet nothing is said: they are taken to be on.
    page.peer(PeerEvent::State(PeerState::Connected));
    page.peer(PeerEvent::ChannelOpen);
    assert_eq!(page.ops(), []);
    page.input(Input::MediaOpened { request, audio, video });
    let told = r#"{"type":"media","audio":true,"video":true}"#;
    assert_eq!(page.ops(), [PeerOp::SendText(told.to_owned())]);
    assert_eq!((page.view().phase, page.notice()), (PhaseView::InCall, None));
}

/// For so long the page has better to do than to be drawn.
#[test]
fn a_call_is_being_connected_until_there_is_a_path_and_the_devices_are_open() {
    for path_first in [true, false] {
        let mut page = rung();
        page.peer(PeerEvent::AnswerReady(raw("{}")));
        assert!(!page.client.is_connecting(), "nobody has accepted it");
        page.user(UserInput::Accept { camera: true });
        let (request, audio, video) = page.request().unwrap();
        let path = Input::Peer(page.last_peer(), PeerEvent::State(PeerState::Connected));
        let devices = Input::MediaOpened { request, audio, video };
        let (first, second) = if path_first { (path, devices) } else { (devices, path) };
        assert!(page.client.is_connecting());
        page.input(first);
        assert!(page.client.is_connecting());
        page.input(second);
        assert!(!page.client.is_connecting());
        page.peer(PeerEvent::State(PeerState::Disconnected));
        assert!(!page.client.is_connecting(), "the user is to see that the path broke");
    }
    let mut page = rung();
    page.user(UserInput::Accept { camera: true });
    page.user(UserInput::HangUp);
    assert!(!page.client.is_connecting());
}

#[test]
fn what_is_switched_off_while_it_opens_is_off_when_it_is_open() {
    for (presses, off) in [(1, true), (2, false), (3, true)] {
        let mut page = rung();
        page.peer(PeerEvent::AnswerReady(raw("{}")));
        page.user(UserInput::Accept { camera: true });
        let (request, audio, video) = page.request().unwrap();
        page.peer(PeerEvent::State(PeerState::Connected));
        page.peer(PeerEvent::ChannelOpen);
        page.effects.clear();
        for _ in 0..presses {
            page.user(UserInput::ToggleMicrophone);
            page.user(UserInput::ToggleCamera);
        }
        let controls = page.view().controls.unwrap();
        assert!(controls.enabled);
        assert_eq!((controls.microphone_off, controls.camera_off), (off, off), "{presses}");
        assert_eq!(page.effects, [], "nothing more is opened, and nothing told before it is so");

        page.input(Input::MediaOpened { request, audio, video });
        let controls = page.view().controls.unwrap();
        assert_eq!((controls.microphone_off, controls.camera_off), (off, off), "{presses}");
        assert_eq!(page.effects.contains(&Effect::EnableMicrophone(false)), off);
        assert_eq!(page.effects.contains(&Effect::StopCamera), off);
        let told = format!(r#"{{"type":"media","audio":{},"video":{}}}"#, !off, !off);
        assert_eq!(page.ops(), [PeerOp::SendText(told)]);
    }
}

#[test]
fn who_accepts_before_the_answer_is_made_tells_the_one_that_has_the_candidates() {
    let mut page = rung();
    page.peer(PeerEvent::Candidate(raw("{}")));
    page.effects.clear();
    page.user(UserInput::Accept { camera: true });
    assert_eq!(page.ops(), [PeerOp::TellAnswer]);
    page.effects.clear();
    page.peer(PeerEvent::AnswerReady(raw("\"without\"")));
    assert_eq!(page.sent(), []);
    page.peer(PeerEvent::AnswerReady(raw("\"with\"")));
    let sent = page.sent();
    let [ClientMessage::Answer(answer)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(answer.answer, raw("\"with\""));
}

#[test]
fn devices_that_then_cannot_be_had_leave_the_call_with_what_there_is() {
    use MediaError::{Denied, InUse, NotFound};
    for (errors, text, told) in [
        (&[NotFound][..], Text::CameraMissing, r#"{"type":"media","audio":true,"video":false}"#),
        (&[InUse, InUse], Text::MicBusy, r#"{"type":"media","audio":false,"video":true}"#),
        (&[InUse; 3], Text::MediaNone, r#"{"type":"media","audio":false,"video":false}"#),
        (&[Denied; 3], Text::MediaDenied, r#"{"type":"media","audio":false,"video":false}"#),
        (&[NotFound; 3], Text::ListenOnly, r#"{"type":"media","audio":false,"video":false}"#),
    ] {
        let mut page = rung();
        page.user(UserInput::Accept { camera: true });
        for error in errors {
            page.refuse_media(*error);
        }
        if errors.len() < 3 {
            page.give_media();
        }
        assert_eq!(page.view().phase, PhaseView::Connecting, "{errors:?}");
        assert_eq!(page.notice(), Some(text), "{errors:?}");
        assert_eq!(page.ops().last(), Some(&PeerOp::SendText(told.to_owned())), "{errors:?}");
        assert!(page.view().controls.is_some_and(|controls| controls.enabled), "{errors:?}");
    }
}

#[test]
fn a_call_that_is_not_accepted_takes_its_connection_with_it() {
    let mut page = rung();
    page.effects.clear();
    page.user(UserInput::Decline);
    assert!(closes(&page));
    let mut page = rung();
    page.effects.clear();
    page.left_by_bob("c1", "cancelled");
    assert!(closes(&page));
    let mut page = rung();
    page.effects.clear();
    page.wait(61_000);
    assert!(closes(&page));
}

#[test]
fn hanging_up_before_the_devices_are_there_drops_them_when_they_come() {
    let mut page = rung();
    page.user(UserInput::Accept { camera: true });
    let (request, ..) = page.request().unwrap();
    page.user(UserInput::HangUp);
    page.effects.clear();
    page.input(Input::MediaOpened { request, audio: true, video: true });
    assert_eq!(page.effects, [Effect::DropMedia(request)]);
}

#[test]
fn an_offer_that_names_addresses_is_not_looked_at_before_it_is_accepted() {
    for sdp in ["a=candidate:1 1 udp 1 example.org 9 typ host", "a=\\u0063ANDIDATE:1"] {
        let mut page = allowed();
        let with_address = format!(r#"{{"type":"offer","sdp":"v=0\r\n{sdp}\r\n"}}"#);
        page.server(&offer("c1", &with_address));
        assert!(!builds(&page), "{sdp}");
        page.effects.clear();
        page.user(UserInput::Accept { camera: true });
        assert_eq!(page.ops(), preparation(&with_address), "{sdp}");
    }
    let mut page = allowed();
    page.server(&offer("c1", "null"));
    assert!(!builds(&page), "what is no description");
}

#[test]
fn another_offer_before_the_answer_has_a_connection_of_its_own_once_it_is_accepted() {
    const OTHER: &str = r#"{"type":"offer","sdp":"v=0\r\na=ice-ufrag:efgh\r\n"}"#;
    let mut page = rung();
    page.effects.clear();
    page.server(&offer("c1", OFFER));
    assert_eq!(page.effects, [], "it is the same");
    page.server(&offer("c1", OTHER));
    assert_eq!(page.effects, [], "it is only kept");
    page.user(UserInput::Accept { camera: true });
    assert!(closes(&page) && builds(&page));
    assert_eq!(page.ops(), preparation(OTHER));
}

#[test]
fn what_cannot_be_prepared_is_tried_again_when_it_is_accepted() {
    let mut page = rung();
    page.effects.clear();
    page.peer(PeerEvent::OperationFailed);
    assert!(closes(&page));
    assert_eq!(page.view().phase, PhaseView::Ringing);
    page.effects.clear();
    page.input(permitted(false));
    page.input(permitted(true));
    assert!(!builds(&page), "not before");
    page.user(UserInput::Accept { camera: true });
    assert_eq!(page.ops(), preparation(OFFER));
}

#[test]
fn a_browser_that_would_ask_is_not_hurried() {
    let mut page = TestPage::signed_in();
    page.server(&offer("c1", OFFER));
    assert_eq!(page.ops(), []);
    assert!(!page.effects.contains(&Effect::FindDevices));
    // The user allows them for good while it rings.
    page.input(permitted(true));
    assert!(builds(&page));
    page.effects.clear();
    // And takes that back.
    page.input(permitted(false));
    page.user(UserInput::Accept { camera: true });
    assert_eq!(page.view().phase, PhaseView::Ringing);
    assert_eq!(page.ops(), []);
    page.give_media();
    assert_eq!(page.ops(), [PeerOp::TellAnswer]);
}
