//! When camera and microphone are opened and released.

use client_web::call::{Effect, Farewell, Input, PhaseView, Text, UserInput};

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
