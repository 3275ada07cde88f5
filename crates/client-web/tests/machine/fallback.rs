//! Camera and microphone that cannot be had, and what a call goes on with.

use client_web::call::{
    Environment, Input, MediaError, PeerEvent, PeerOp, PhaseView, Text, UserInput,
};
use protocol::ClientMessage;

use crate::{
    devices::calling,
    page::{TestPage, WELCOME, raw, welcome_back},
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
fn who_can_use_no_device_can_still_call_and_is_told_why() {
    for (errors, text) in [
        ([NotFound, NotFound, NotFound], Text::ListenOnly),
        ([NotFound, Other, NotFound], Text::ListenOnly),
        ([Denied, Denied, Denied], Text::MediaDenied),
        // Without a camera, browsers do not get as far as asking for both.
        ([NotFound, Denied, NotFound], Text::MediaDenied),
        ([NotFound, NotFound, Denied], Text::MediaDenied),
        ([InUse, Denied, InUse], Text::MediaDenied),
        ([InUse, InUse, InUse], Text::MediaNone),
        ([InUse, InUse, NotFound], Text::MediaNone),
        ([InUse, NotFound, InUse], Text::MediaNone),
    ] {
        let mut page = calling();
        for error in errors {
            page.refuse_media(error);
        }
        assert_eq!(page.ops().first(), Some(&PeerOp::AddTransceivers), "{errors:?}");
        page.peer(PeerEvent::OfferReady(raw("{}")));
        assert!(matches!(page.sent()[..], [ClientMessage::Offer(_)]), "{errors:?}");
        let seen = (page.view().phase, page.notice());
        assert_eq!(seen, (PhaseView::Calling, Some(text)), "{errors:?}");
        assert!(page.view().controls.is_some_and(|controls| controls.enabled), "{errors:?}");
    }
}

#[test]
fn who_denies_everything_can_still_answer_and_is_told_why() {
    for (camera, requests, text) in [(true, 3, Text::MediaDenied), (false, 1, Text::MicDenied)] {
        let mut page = TestPage::signed_in();
        page.rung_by_bob("c1");
        page.user(UserInput::Accept { camera });
        for _ in 0..requests {
            page.refuse_media(Denied);
        }
        assert_eq!((page.view().phase, page.notice()), (PhaseView::Connecting, Some(text)));
        page.peer(PeerEvent::AnswerReady(raw("{}")));
        assert!(matches!(page.sent()[..], [ClientMessage::Answer(_)]));
        page.peer(PeerEvent::ChannelOpen);
        let nothing = r#"{"type":"media","audio":false,"video":false}"#;
        assert!(page.ops().contains(&PeerOp::SendText(nothing.to_owned())));

        // Still denied, then allowed.
        page.user(UserInput::ToggleMicrophone);
        page.refuse_media(Denied);
        assert_eq!(page.notice(), Some(Text::MicDenied));
        page.user(UserInput::ToggleMicrophone);
        page.give_media();
        let heard = r#"{"type":"media","audio":true,"video":false}"#;
        assert_eq!(page.ops(), [PeerOp::SendText(heard.to_owned())]);
        assert_eq!(page.notice(), None);
    }
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
fn an_insecure_page_says_so_at_once_and_asks_for_nothing() {
    let page = TestPage::in_environment(Environment::Insecure);
    assert_eq!(page.view().sign_in_notice, Some(Text::InsecureContext));
    let mut page = page.sign_in_with(WELCOME);
    assert_eq!(page.notice(), Some(Text::InsecureContext));
    page.user(UserInput::DismissNotice);
    page.lose();
    page.come_back(&welcome_back(0));
    assert_eq!(page.notice(), None, "it has been said");
    page.effects.clear();
    page.user(UserInput::Call { name: "bob".to_owned() });
    assert_eq!((page.request(), page.notice()), (None, Some(Text::InsecureContext)));
    page.rung_by_bob("c1");
    page.user(UserInput::Accept { camera: true });
    assert_eq!((page.request(), page.notice()), (None, Some(Text::InsecureContext)));
    assert_eq!(page.view().phase, PhaseView::Ringing);
}
