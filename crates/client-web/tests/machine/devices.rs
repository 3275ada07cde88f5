//! When camera and microphone are opened and released.

use client_web::call::{Effect, Farewell, Input, MediaError, PhaseView, Text, UserInput};

use crate::page::TestPage;

pub(crate) fn calling() -> TestPage {
    let mut page = TestPage::signed_in();
    page.user(UserInput::Call { name: "bob".to_owned() });
    page
}

#[test]
fn tracks_that_come_too_late_are_dropped() {
    let mut page = calling();
    let (request, audio, video) = page.request().unwrap();
    page.user(UserInput::HangUp);
    page.effects.clear();
    page.input(Input::MediaOpened { request, audio, video });
    assert_eq!(page.effects, [Effect::DropMedia(request)]);
    assert!(!page.view().own_picture);
}

#[test]
fn the_preview_is_the_camera_alone_and_ends_with_a_click_or_with_a_call() {
    let mut page = TestPage::signed_in();
    page.user(UserInput::TogglePreview);
    assert_eq!(page.request().map(|(_, audio, video)| (audio, video)), Some((false, true)));
    page.give_media();
    assert!(page.view().own_picture && page.view().preview);
    page.user(UserInput::TogglePreview);
    assert!(page.did(&Effect::StopCamera) && !page.view().own_picture);

    page.user(UserInput::TogglePreview);
    page.give_media();
    page.effects.clear();
    page.user(UserInput::Call { name: "bob".to_owned() });
    assert_eq!(page.request().map(|(_, audio, video)| (audio, video)), Some((true, false)));
    assert!(page.view().own_picture && !page.view().preview);
}

#[test]
fn the_light_is_out_while_it_rings_and_after_signing_out() {
    let mut page = TestPage::signed_in();
    page.user(UserInput::TogglePreview);
    page.give_media();
    page.rung_by_bob("c1");
    assert!(page.did(&Effect::StopCamera) && !page.view().own_picture);

    let mut page = TestPage::signed_in();
    page.in_call();
    page.user(UserInput::SignOut);
    assert!(page.did(&Effect::StopCamera) && page.did(&Effect::StopMicrophone));
    assert!(page.did(&Effect::CloseSocket(Farewell::Goodbye)));

    // The session went on elsewhere, or ended there: nobody may be at this page.
    for code in [4003, 4006] {
        let mut page = TestPage::signed_in();
        page.user(UserInput::TogglePreview);
        page.give_media();
        page.input(Input::SocketClosed { code });
        assert!(page.did(&Effect::StopCamera) && !page.view().own_picture, "{code}");
    }
}

#[test]
fn who_is_rung_can_look_at_themselves_before_they_answer() {
    let rung = || {
        let mut page = TestPage::signed_in();
        page.rung_by_bob("c1");
        assert!(!page.view().preview);
        page.user(UserInput::TogglePreview);
        assert_eq!(page.request().map(|(_, audio, video)| (audio, video)), Some((false, true)));
        page
    };
    let mut page = rung();
    page.give_media();
    assert!(page.view().own_picture && page.view().preview);
    page.user(UserInput::TogglePreview);
    assert!(page.did(&Effect::StopCamera) && !page.view().own_picture);

    // The call takes over what is open.
    let mut page = rung();
    page.give_media();
    page.effects.clear();
    page.user(UserInput::Accept { camera: true });
    assert_eq!(page.request().map(|(_, audio, video)| (audio, video)), Some((true, false)));
    let mut page = rung();
    page.give_media();
    page.user(UserInput::Accept { camera: false });
    assert!(page.did(&Effect::StopCamera) && !page.view().own_picture);
    // Or waits for what is being opened.
    let mut page = rung();
    page.user(UserInput::Accept { camera: true });
    page.give_media();
    assert!(page.view().own_picture && !page.view().preview);

    // The light goes out with the ring, whoever ends it.
    for end in ["decline", "cancel"] {
        let mut page = rung();
        page.give_media();
        match end {
            "decline" => page.user(UserInput::Decline),
            _ => page.left_by_bob("c1", "hangup"),
        }
        assert!(page.did(&Effect::StopCamera) && !page.view().own_picture, "{end}");
    }

    let mut page = rung();
    page.refuse_media(MediaError::Denied);
    let notice = page.view().notice.expect("it is said why there is no picture");
    assert_eq!(notice.message.text, Text::CameraDenied);
}

#[test]
fn a_camera_that_is_unplugged_ends_the_picture_and_not_the_call() {
    let mut page = TestPage::signed_in();
    page.in_call();
    page.input(Input::CameraEnded);
    assert_eq!((page.view().phase, page.notice()), (PhaseView::InCall, Some(Text::CameraStopped)));
    assert!(!page.view().own_picture && page.did(&Effect::StopCamera));
    page.input(Input::MicrophoneEnded);
    assert_eq!(page.notice(), Some(Text::MicStopped));
    assert!(page.view().controls.is_some_and(|controls| controls.microphone_off));
}

#[test]
fn what_happens_to_the_devices_while_it_rings_can_be_dismissed() {
    let mut page = TestPage::signed_in();
    page.call_bob();
    page.input(Input::CameraEnded);
    assert_eq!(page.notice(), Some(Text::CameraStopped));
    page.user(UserInput::DismissNotice);
    assert_eq!(page.notice(), None);
}
