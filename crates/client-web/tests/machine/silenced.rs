//! A microphone or camera that the system silences, which comes back by itself.

use client_web::call::{Device, Effect, Input, PeerOp, Text, UserInput};

use crate::page::TestPage;

/// What the peer is told of the devices.
fn told(audio: bool, video: bool) -> Vec<PeerOp> {
    vec![PeerOp::SendText(format!(r#"{{"type":"media","audio":{audio},"video":{video}}}"#))]
}

fn silence(page: &mut TestPage, device: Device, silenced: bool) {
    page.effects.clear();
    page.input(Input::Silenced { device, silenced });
}

/// Whether microphone and camera are shown to be off, and whether to be so by the system.
fn off(page: &TestPage) -> ((bool, bool), (bool, bool)) {
    let controls = page.view().controls.unwrap();
    let off = (controls.microphone_off, controls.camera_off);
    (off, (controls.microphone_silenced, controls.camera_silenced))
}

#[test]
fn what_the_system_silences_is_shown_and_told_and_comes_back_by_itself() {
    use Device::{Camera, Microphone};
    for (device, text, heard, seen) in
        [(Microphone, Text::MicSilenced, false, true), (Camera, Text::CameraSilenced, true, false)]
    {
        let mut page = TestPage::signed_in();
        page.in_call();
        silence(&mut page, device, true);
        assert_eq!(page.ops(), told(heard, seen));
        assert_eq!(page.notice(), Some(text));
        assert_eq!(off(&page), ((!heard, !seen), (!heard, !seen)));
        assert!(page.view().own_picture, "its track lives, and whose it is sees that");
        silence(&mut page, device, true);
        assert_eq!(page.effects, [], "once is enough");
        page.user(UserInput::DismissNotice);
        assert_eq!(page.notice(), None);

        silence(&mut page, device, false);
        assert_eq!(page.ops(), told(true, true));
        assert_eq!(off(&page), ((false, false), (false, false)));
        silence(&mut page, device, true);
        silence(&mut page, device, false);
        assert_eq!(page.notice(), None, "it is said no longer");
    }
}

#[test]
fn the_choice_to_be_muted_stays_as_it_was() {
    for muted in [false, true] {
        let mut page = TestPage::signed_in();
        page.in_call();
        if muted {
            page.user(UserInput::ToggleMicrophone);
        }
        silence(&mut page, Device::Microphone, true);
        assert_eq!(page.notice(), (!muted).then_some(Text::MicSilenced));
        page.user(UserInput::DismissNotice);
        page.effects.clear();
        // What a press would do is not the page's to do. It says why.
        for _ in 0..3 {
            page.user(UserInput::ToggleMicrophone);
            assert_eq!((&page.effects[..], page.notice()), (&[][..], Some(Text::MicSilenced)));
        }
        silence(&mut page, Device::Microphone, false);
        assert_eq!((page.ops(), page.notice()), (told(!muted, true), None));
        page.user(UserInput::ToggleMicrophone);
        assert!(page.did(&Effect::EnableMicrophone(muted)));
    }
}

#[test]
fn a_camera_that_the_system_holds_can_be_stopped_and_started_afresh() {
    let mut page = TestPage::signed_in();
    page.in_call();
    silence(&mut page, Device::Camera, true);
    page.user(UserInput::ToggleCamera);
    assert!(page.did(&Effect::StopCamera));
    assert_eq!((off(&page), page.notice()), (((false, true), (false, false)), None));
    page.user(UserInput::ToggleCamera);
    page.give_media();
    assert_eq!((page.ops(), off(&page)), (told(true, true), ((false, false), (false, false))));
    // The browser says what it knows of the new track, and nothing about one that there is no more.
    page.user(UserInput::ToggleCamera);
    silence(&mut page, Device::Camera, true);
    assert_eq!((&page.effects[..], page.notice()), (&[][..], None));
}

#[test]
fn another_device_that_opens_is_no_answer_to_it() {
    let mut page = TestPage::signed_in();
    page.in_call();
    page.user(UserInput::ToggleCamera);
    silence(&mut page, Device::Microphone, true);
    page.user(UserInput::ToggleCamera);
    page.give_media();
    assert_eq!((page.ops(), page.notice()), (told(false, true), Some(Text::MicSilenced)));
}

#[test]
fn a_preview_that_stays_dark_is_explained_and_nothing_is_said_after_it() {
    let mut page = TestPage::signed_in();
    page.user(UserInput::TogglePreview);
    page.give_media();
    silence(&mut page, Device::Camera, true);
    assert_eq!(page.notice(), Some(Text::CameraSilenced));
    page.user(UserInput::TogglePreview);
    assert_eq!(page.notice(), None);
    // A call that ends says why it ended, whatever was said in it.
    page.in_call();
    silence(&mut page, Device::Microphone, true);
    page.user(UserInput::HangUp);
    assert_eq!(page.notice(), Some(Text::EndedByYou));
}
