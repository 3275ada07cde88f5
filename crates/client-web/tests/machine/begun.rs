//! What had begun when the page was loaded anew: since when the call stands, and a call that was not answered.

use client_web::call::{Effect, Input, PeerEvent, PeerState, PhaseView, Text, UserInput};
use protocol::ClientMessage;

use crate::{
    page::{TestPage, WELCOME, raw},
    reload::{reloaded, welcome},
};

/// A page that was loaded anew in a call, once the call is connected again, some time after.
fn back_in_call(page: TestPage, old: &str) -> TestPage {
    let mut page = reloaded(page);
    page.now += 5_000;
    page.input(Input::SocketOpened);
    page.server(&welcome("alice", old));
    page.give_media();
    page.peer(PeerEvent::OfferReady(raw("{}")));
    let call = page.last_call.clone();
    page.answered_by_bob(&call);
    assert_eq!(page.view().duration, None, "there is no path");
    page.peer(PeerEvent::State(PeerState::Connected));
    page
}

#[test]
fn the_call_counts_from_its_begin_after_a_reload_and_the_next_call_from_its_own() {
    let mut page = TestPage::signed_in();
    let old = page.in_call();
    page.wait(90_000);
    let page = back_in_call(page, &old);
    assert_eq!(page.view().duration, Some(95));
    let old = page.last_call.clone();
    let mut page = back_in_call(page, &old);
    assert_eq!(page.view().duration, Some(100));
    page.user(UserInput::HangUp);
    assert_eq!(page.kept.as_ref().unwrap().began, None);
    page.in_call();
    assert_eq!(page.view().duration, Some(0));
}

#[test]
fn a_clock_that_was_set_back_meanwhile_counts_from_the_reload() {
    let mut page = TestPage::signed_in();
    page.now += 3_600_000;
    let old = page.in_call();
    page.now -= 3_600_000;
    assert_eq!(back_in_call(page, &old).view().duration, Some(5));
}

#[test]
fn a_call_that_was_not_connected_has_no_begin() {
    let mut page = TestPage::signed_in();
    let call = page.call_bob();
    assert_eq!(page.kept.as_ref().unwrap().began, None);
    page.answered_by_bob(&call);
    assert_eq!(page.kept.as_ref().unwrap().began, None);
    page.peer(PeerEvent::State(PeerState::Connected));
    assert_eq!(page.kept.as_ref().unwrap().began, Some(page.now));
}

/// Nothing is opened and nobody rung that the user has not pressed for in this page.
#[test]
fn who_reloads_while_calling_is_told_that_it_is_over_and_can_call_again() {
    for answered_prompt in [false, true] {
        let mut page = TestPage::signed_in();
        if answered_prompt {
            page.call_bob();
        } else {
            page.user(UserInput::Call { name: "bob".to_owned() });
        }
        let mut page = reloaded(page);
        let told = |page: &TestPage| {
            let notice = page.view().notice.unwrap().message;
            (notice.text, notice.name.as_deref() == Some("bob"), page.view().phase)
        };
        assert_eq!(told(&page), (Text::CallDropped, true, PhaseView::Idle));
        page.input(Input::SocketOpened);
        page.server(WELCOME);
        assert_eq!(told(&page), (Text::CallDropped, true, PhaseView::Idle));
        assert!(page.view().notice.unwrap().call_again);
        assert_eq!(page.request(), None);
        assert_eq!(page.kept.as_ref().unwrap().calling, None, "it is said once");
        page.user(UserInput::CallAgain);
        page.give_media();
        page.peer(PeerEvent::OfferReady(raw("{}")));
        assert!(page.effects.iter().any(|effect| {
            matches!(effect, Effect::Send(ClientMessage::Offer(offer)) if offer.name == "bob")
        }));
    }
}

/// Or else the way back into the call waits for a prompt that nobody has answered.
#[test]
fn a_camera_that_the_browser_asks_for_is_not_asked_for_after_a_reload() {
    let mut page = TestPage::signed_in();
    let old = page.in_call();
    page.user(UserInput::ToggleCamera);
    page.user(UserInput::ToggleCamera);
    let mut page = reloaded(page);
    page.input(Input::SocketOpened);
    page.server(&welcome("alice", &old));
    assert_eq!(page.request().map(|(_, audio, video)| (audio, video)), Some((true, false)));
}

#[test]
fn who_is_silenced_before_the_microphone_is_open_is_silenced_after_a_reload() {
    let mut page = TestPage::signed_in();
    page.input(crate::page::permitted(true));
    page.rung_by_bob("c1");
    page.user(UserInput::Accept { camera: false });
    assert_eq!(page.view().phase, PhaseView::Connecting, "the devices are on their way");
    page.user(UserInput::ToggleMicrophone);
    assert!(page.kept.as_ref().unwrap().muted);
}
