//! Prompts of the browser that nobody answers, or that somebody only sends away.

use client_web::call::{
    Effect, Input, MediaError, PeerEvent, PeerOp, PeerState, Permission, Permissions, RequestId,
    Text, UserInput,
};
use protocol::ClientMessage;

use crate::page::{TestPage, permitted, raw};
use MediaError::Denied;
use Permission::{Granted, Prompt};

/// In a call with nothing but the microphone, and the browser asks whether the camera may be opened. Gives that request.
fn asked_for_the_camera() -> (TestPage, RequestId) {
    let mut page = TestPage::signed_in();
    page.in_call();
    page.user(UserInput::ToggleCamera);
    page.effects.clear();
    page.user(UserInput::ToggleCamera);
    let (request, audio, video) = page.request().unwrap();
    assert_eq!((audio, video), (false, true));
    page.effects.clear();
    (page, request)
}

#[test]
fn the_microphone_can_be_muted_while_the_browser_asks_for_the_camera() {
    let (mut page, request) = asked_for_the_camera();
    let controls = page.view().controls.unwrap();
    assert!(controls.enabled && controls.camera_opening && !controls.microphone_opening);
    page.user(UserInput::ToggleMicrophone);
    assert!(page.did(&Effect::EnableMicrophone(false)));
    assert!(page.view().controls.unwrap().microphone_off);
    page.input(Input::MediaOpened { request, audio: false, video: true });
    let controls = page.view().controls.unwrap();
    assert!(controls.microphone_off && !controls.camera_off && !controls.camera_opening);
}

#[test]
fn what_is_pressed_while_the_browser_asks_counts_when_it_is_answered() {
    for (presses, on) in [(0, true), (1, false), (2, true)] {
        let (mut page, request) = asked_for_the_camera();
        for _ in 0..presses {
            page.user(UserInput::ToggleCamera);
        }
        assert_eq!(page.request(), None, "it is asked once");
        assert_eq!(page.view().controls.unwrap().camera_off, !on);
        page.effects.clear();
        page.input(Input::MediaOpened { request, audio: false, video: true });
        assert_eq!((page.view().own_picture, page.did(&Effect::StopCamera)), (on, !on));
        let media = format!(r#"{{"type":"media","audio":true,"video":{on}}}"#);
        assert_eq!(page.ops(), [PeerOp::SendText(media)]);
    }
}

#[test]
fn both_can_be_asked_for_at_once_and_come_in_any_order() {
    for microphone_first in [false, true] {
        let (mut page, camera) = asked_for_the_camera();
        page.input(Input::MicrophoneEnded);
        page.user(UserInput::ToggleMicrophone);
        let (microphone, audio, video) = page.request().unwrap();
        assert_eq!((audio, video), (true, false));
        // Muted before it is there, and the camera's coming does not change that.
        page.user(UserInput::ToggleMicrophone);
        let camera = Input::MediaOpened { request: camera, audio: false, video: true };
        let microphone = Input::MediaOpened { request: microphone, audio: true, video: false };
        let order = if microphone_first { [microphone, camera] } else { [camera, microphone] };
        for input in order {
            page.input(input);
        }
        let controls = page.view().controls.unwrap();
        assert!(controls.microphone_off && !controls.camera_off);
        assert!(page.did(&Effect::EnableMicrophone(false)));
    }
}

#[test]
fn a_prompt_that_is_refused_leaves_the_other_device_as_it_is() {
    let (mut page, request) = asked_for_the_camera();
    page.user(UserInput::ToggleMicrophone);
    page.input(Input::MediaFailed { request, error: Denied });
    assert_eq!(page.notice(), Some(Text::CameraDenied));
    let controls = page.view().controls.unwrap();
    assert!(controls.microphone_off && controls.camera_off && !controls.camera_opening);
    // The next press asks again.
    page.effects.clear();
    page.user(UserInput::ToggleCamera);
    assert!(page.request().is_some());
}

#[test]
fn what_is_given_after_the_call_is_given_back() {
    let (mut page, request) = asked_for_the_camera();
    page.user(UserInput::HangUp);
    page.effects.clear();
    page.input(Input::MediaOpened { request, audio: false, video: true });
    assert_eq!(page.effects, [Effect::DropMedia(request)]);
}

/// Which devices are asked for one after the other, if each time the user refuses or sends the prompt away.
fn asked(permissions: Permissions) -> (Vec<(bool, bool)>, Option<Text>) {
    let mut page = TestPage::signed_in();
    page.input(Input::Permissions(permissions));
    page.user(UserInput::Call { name: "bob".to_owned() });
    let mut asked = Vec::new();
    while let Some((_, audio, video)) = page.request() {
        asked.push((audio, video));
        page.refuse_media(Denied);
    }
    (asked, page.notice())
}

#[test]
fn nobody_is_asked_twice_for_what_they_have_just_refused() {
    let (both, microphone, camera) = ((true, true), (true, false), (false, true));
    let none = Some(Text::MediaDenied);
    for (at_microphone, at_camera, expected) in [
        (Prompt, Prompt, vec![both]),
        (Permission::Denied, Permission::Denied, vec![both]),
        // What the browser gives without asking, it is asked for.
        (Granted, Prompt, vec![both, microphone]),
        (Prompt, Granted, vec![both, camera]),
        // Of two devices, browsers refuse both without a question if they refuse one.
        (Permission::Denied, Prompt, vec![both, camera]),
        (Prompt, Permission::Denied, vec![both, microphone]),
        (Granted, Granted, vec![both, microphone, camera]),
        // What browsers do not tell is found out.
        (Permission::Unknown, Permission::Unknown, vec![both, microphone, camera]),
    ] {
        let permissions = Permissions { microphone: at_microphone, camera: at_camera };
        assert_eq!(asked(permissions), (expected, none), "{permissions:?}");
    }
}

#[test]
fn who_sends_the_prompt_away_can_call_all_the_same_and_be_asked_again() {
    let mut page = TestPage::signed_in();
    page.input(permitted(false));
    page.user(UserInput::Call { name: "bob".to_owned() });
    page.refuse_media(Denied);
    page.peer(PeerEvent::OfferReady(raw("{}")));
    assert!(matches!(page.sent()[..], [ClientMessage::Offer(_)]));
    page.answered_by_bob(&page.last_call.clone());
    page.peer(PeerEvent::State(PeerState::Connected));
    page.user(UserInput::ToggleMicrophone);
    assert_eq!(page.request().map(|(_, audio, video)| (audio, video)), Some((true, false)));
    page.give_media();
    assert_eq!(page.notice(), None);
}
