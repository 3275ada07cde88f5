//! The peer's page is closed or loaded anew in the call, as the server says.

use client_web::call::{PeerEvent, PeerState, PhaseView, Text};

use crate::{
    page::{TestPage, WELCOME},
    threats::{replacing, restored},
};

fn away(name: &str, call: &str, back: bool) -> String {
    format!(r#"{{"type":"away","name":"{name}","call":"{call}","back":{back}}}"#)
}

/// The page says that bob is away, over his picture, which is dimmed; or says nothing of it.
fn says_so(page: &TestPage, says: bool) {
    let view = page.view();
    let (phase, text) = if says {
        (PhaseView::Reconnecting, Text::PeerAway)
    } else {
        (PhaseView::InCall, Text::InCall)
    };
    assert_eq!((view.phase, view.status.text), (phase, text));
    assert_eq!(view.status.name.as_deref(), Some("bob"));
    let over_picture = view.remote.and_then(|remote| remote.status).map(|status| status.text);
    assert_eq!(over_picture, says.then_some(Text::PeerAway));
}

#[test]
fn a_peer_whose_page_is_gone_is_said_to_be_away_until_it_is_back() {
    let mut page = TestPage::signed_in();
    let call = page.in_call();
    page.server(&away("bob", &call, false));
    says_so(&page, true);
    assert_eq!(page.effects, [], "nothing can be mended from here");
    assert!(page.view().duration.is_some(), "the call goes on");
    page.server(&away("bob", &call, true));
    says_so(&page, false);
    page.left_by_bob(&call, "gone");
    assert_eq!(page.notice(), Some(Text::PeerGone));
}

#[test]
fn the_path_that_breaks_meanwhile_is_not_what_one_has_to_know() {
    let mut page = TestPage::signed_in();
    let call = page.in_call();
    page.server(&away("bob", &call, false));
    page.peer(PeerEvent::State(PeerState::Disconnected));
    assert_eq!(page.status().text, Text::PeerAway);
    page.server(&away("bob", &call, true));
    assert_eq!(page.status().text, Text::Reconnecting);
}

#[test]
fn a_page_that_was_loaded_anew_is_back_when_it_continues_the_call() {
    let mut page = TestPage::signed_in();
    let call = page.in_call();
    page.server(&away("bob", &call, false));
    page.server(&replacing("bob", "c2", &call));
    assert_eq!(page.status().text, Text::Reconnecting);
    page.peer(PeerEvent::State(PeerState::Connected));
    says_so(&page, false);
}

/// The server that said so has been killed, and the one after it says only that the call stands.
#[test]
fn a_call_that_stands_again_is_one_with_a_peer_who_is_there() {
    let mut page = TestPage::signed_in();
    let call = page.in_call();
    page.server(&away("bob", &call, false));
    page.lose();
    page.come_back(WELCOME);
    says_so(&page, true);
    page.server(&restored("bob", &call));
    says_so(&page, false);
}

#[test]
fn what_is_said_of_others_and_of_other_calls_is_not_said_of_the_peer() {
    let mut page = TestPage::signed_in();
    let call = page.in_call();
    for (name, id) in [("mallory", &*call), ("bob", "c9")] {
        page.server(&away(name, id, false));
        says_so(&page, false);
        page.server(&away("bob", &call, false));
        page.server(&away(name, id, true));
        page.server(&restored(name, id));
        says_so(&page, true);
        page.server(&away("bob", &call, true));
    }
    let mut ringing = TestPage::signed_in();
    ringing.rung_by_bob("c1");
    ringing.server(&away("bob", "c1", false));
    assert_eq!(ringing.status().text, Text::Incoming);
}
