//! Camera and microphone that cannot be had, and when they are released.

use client_web::call::{
    Effect, Environment, Farewell, Input, MediaError, PhaseView, Text, UserInput,
};

use crate::page::{TestPage, WELCOME};
use MediaError::{Denied, InUse, NotFound, Other};

fn calling() -> TestPage {
    let mut page = TestPage::signed_in();
    page.user(UserInput::Call { name: "bob".to_owned() });
    page
}

#[test]
fn a_call_goes_on_with_what_there_is() {
    for (errors, text) in [
        (&[NotFound][..], Text::CameraMissing),
        (&[InUse], Text::CameraBusy),
        (&[Denied], Text::CameraDenied),
        (&[Other], Text::MediaOther),
        (&[NotFound, NotFound], Text::MicMissing),
        (&[Other, InUse], Text::MicBusy),
        (&[Denied, Denied], Text::MicDenied),
    ] {
        let mut page = calling();
        for error in errors {
            page.refuse_media(*error);
        }
        page.give_media();
        assert_eq!(page.view().phase, PhaseView::Calling, "{errors:?}");
        assert_eq!(page.notice(), Some(text), "{errors:?}");
        page.user(UserInput::DismissNotice);
        assert_eq!(page.notice(), None, "{errors:?}");
    }
}

#[test]
fn who_has_no_devices_at_all_can_still_see_and_hear() {
    let mut page = calling();
    for _ in 0..3 {
        page.refuse_media(NotFound);
    }
    assert_eq!(page.notice(), Some(Text::ListenOnly));
    assert!(page.effects.iter().any(|effect| matches!(effect, Effect::CreatePeer { .. })));
}

#[test]
fn what_the_user_can_mend_stops_the_call_and_says_how() {
    for (errors, text) in [
        (&[Denied, Denied, Denied][..], Text::MediaDenied),
        (&[InUse, InUse, InUse], Text::MediaNone),
    ] {
        let mut page = calling();
        for error in errors {
            page.refuse_media(*error);
        }
        assert_eq!(page.view().phase, PhaseView::Idle, "{errors:?}");
        assert_eq!(page.notice(), Some(text), "{errors:?}");
        assert!(page.view().notice.is_some_and(|notice| notice.call_again));
    }
}

#[test]
fn an_incoming_call_goes_on_ringing_until_the_devices_are_mended() {
    let mut page = TestPage::signed_in();
    page.rung_by_bob("c1");
    page.user(UserInput::Accept { camera: true });
    for _ in 0..3 {
        page.refuse_media(Denied);
    }
    assert_eq!((page.view().phase, page.notice()), (PhaseView::Ringing, Some(Text::MediaDenied)));
    page.user(UserInput::Accept { camera: true });
    page.give_media();
    assert_eq!(page.view().phase, PhaseView::Connecting);
}

#[test]
fn an_insecure_page_says_so_and_asks_for_nothing() {
    let mut page = TestPage::in_environment(Environment::Insecure).sign_in_with(WELCOME);
    page.user(UserInput::Call { name: "bob".to_owned() });
    assert_eq!((page.request(), page.notice()), (None, Some(Text::InsecureContext)));
    page.rung_by_bob("c1");
    page.user(UserInput::Accept { camera: true });
    assert_eq!((page.request(), page.notice()), (None, Some(Text::InsecureContext)));
    assert_eq!(page.view().phase, PhaseView::Ringing);
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
