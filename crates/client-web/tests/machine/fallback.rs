//! Camera and microphone that cannot be had, and what a call goes on with.

use client_web::call::{
    Effect, Environment, Input, MediaError, PeerEvent, PhaseView, Text, UserInput,
};

use crate::{
    devices::calling,
    page::{TestPage, WELCOME, raw},
};
use MediaError::{Denied, InUse, NotFound, Other};

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
fn what_was_missing_is_said_no_longer_when_it_is_there() {
    use UserInput::{ToggleCamera, ToggleMicrophone};
    for (errors, toggle) in [
        (&[NotFound][..], ToggleCamera),
        (&[NotFound; 2], ToggleMicrophone),
        (&[NotFound; 3], ToggleMicrophone),
        (&[NotFound; 3], ToggleCamera),
        (&[Other; 2], ToggleMicrophone),
    ] {
        for answered in [true, false] {
            let mut page = calling();
            for error in errors {
                page.refuse_media(*error);
            }
            if errors.len() < 3 {
                page.give_media();
            }
            page.peer(PeerEvent::OfferReady(raw("{}")));
            if answered {
                page.server(r#"{"type":"answer","name":"bob","answer":{}}"#);
            }
            assert!(page.notice().is_some(), "{errors:?}");
            page.user(toggle.clone());
            page.give_media();
            assert_eq!(page.notice(), None, "{errors:?} {toggle:?}, answered: {answered}");
        }
    }
}

#[test]
fn what_is_still_missing_is_still_said() {
    use UserInput::{ToggleCamera, ToggleMicrophone};
    for (stopped, toggled, toggle, text) in [
        (Input::CameraEnded, Input::MicrophoneEnded, ToggleMicrophone, Text::CameraStopped),
        (Input::MicrophoneEnded, Input::CameraEnded, ToggleCamera, Text::MicStopped),
    ] {
        let mut page = TestPage::signed_in();
        page.in_call();
        page.input(toggled);
        page.input(stopped);
        page.user(toggle);
        page.give_media();
        assert_eq!(page.notice(), Some(text));
    }
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
