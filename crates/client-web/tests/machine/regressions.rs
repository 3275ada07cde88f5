//! What simulation and model found in the page's machine, each in as few steps as show it.

use client_web::call::{Input, PeerEvent, PeerOp, PeerState, PhaseView, Text, UserInput};
use protocol::{ClientMessage, Leave, LeaveReason};

use crate::{
    page::{TestPage, WELCOME, raw},
    reload::{rejoining, reloaded, welcome},
};

fn leave(name: &str, call: &str, reason: LeaveReason) -> ClientMessage {
    let call = Some(call.to_owned().try_into().unwrap());
    ClientMessage::Leave(Leave { name: Some(name.to_owned()), call, reason: Some(reason) })
}

fn offers(page: &mut TestPage, name: &str, call: &str, replaces: Option<&str>) {
    let replaces = replaces.map(|id| format!(r#","replaces":"{id}""#)).unwrap_or_default();
    page.server(&format!(
        r#"{{"type":"offer","name":"{name}","offer":"{call}","call":"{call}"{replaces}}}"#
    ));
}

/// It was taken for a call of the peer's own that crossed with the page's.
#[test]
fn an_ice_restart_of_the_peer_does_not_stop_a_page_that_goes_back_into_the_call() {
    let mut page = TestPage::signed_in();
    let old = page.in_call();
    let mut page = reloaded(page);
    page.input(Input::SocketOpened);
    page.server(&welcome("alice", &old));
    offers(&mut page, "bob", &old, None);
    page.give_media();
    assert_eq!(page.ops(), [PeerOp::AddTransceivers, PeerOp::Offer { ice_restart: false }]);
    offers(&mut page, "bob", &old, None);
    page.effects.clear();
    page.peer(PeerEvent::OfferReady(raw("{}")));
    let sent = page.sent();
    let [ClientMessage::Offer(offer)] = &sent[..] else { panic!("{sent:?}") };
    offers(&mut page, "bob", &old, None);
    assert_eq!(page.effects, []);
    page.answered_by_bob(offer.call.as_ref().unwrap().as_str());
    page.peer(PeerEvent::State(PeerState::Connected));
    assert_eq!(page.view().phase, PhaseView::InCall);
}

/// Its offer, said again after a lost socket, rang for a call that nobody wanted.
#[test]
fn whoever_gives_a_call_up_for_the_others_says_so() {
    let mut page = TestPage::signed_in();
    let own = page.call_whom("aaron");
    offers(&mut page, "aaron", "c1", None);
    assert_eq!(page.ops().last(), Some(&PeerOp::Answer));
    assert_eq!(page.sent(), [leave("aaron", &own, LeaveReason::Cancelled)]);
}

/// The page went back into the call, with its camera on.
#[test]
fn a_call_that_was_hung_up_while_the_socket_was_broken_is_not_gone_back_into() {
    let mut page = TestPage::signed_in();
    let call = page.in_call();
    page.lose();
    page.user(UserInput::HangUp);
    let mut page = reloaded(page);
    page.input(Input::SocketOpened);
    page.effects.clear();
    page.server(&welcome("alice", &call));
    assert_eq!(page.request(), None, "the camera stays off");
    assert_eq!(page.sent(), [leave("bob", &call, LeaveReason::Hangup)]);
    assert_eq!(page.view().phase, PhaseView::Idle);
}

/// Neither its own call nor the one that it gave way to was kept.
#[test]
fn a_page_that_has_given_way_on_its_way_back_and_is_loaded_anew_is_still_in_the_call() {
    let (mut page, old, _) = rejoining();
    offers(&mut page, "bob", "c2", Some(&old));
    let kept = |page: &TestPage| page.kept.clone().and_then(|kept| kept.call);
    let expected = Some(("bob".to_owned(), "c2".to_owned().try_into().unwrap()));
    assert_eq!(kept(&page), expected);
    // Also while its camera is being opened.
    let mut page = TestPage::signed_in();
    let old = page.in_call();
    let mut page = reloaded(page);
    page.input(Input::SocketOpened);
    page.server(&welcome("alice", &old));
    offers(&mut page, "bob", "c2", Some(&old));
    assert_eq!(kept(&page), expected);
}

/// The server was told of the call, and not that it was left.
#[test]
fn a_call_that_is_hung_up_between_the_login_and_its_answer_is_left() {
    let mut page = TestPage::signed_in();
    let call = page.in_call();
    page.lose();
    page.wait(1_000);
    page.input(Input::SocketOpened);
    page.user(UserInput::HangUp);
    page.effects.clear();
    page.server(WELCOME);
    assert_eq!(page.sent(), [leave("bob", &call, LeaveReason::Hangup)]);
}

/// The caller's offer was not said again, and the user who had accepted waited.
#[test]
fn a_call_that_is_accepted_between_the_login_and_its_answer_is_answered_when_it_is_offered_again() {
    let mut page = TestPage::signed_in();
    page.rung_by_bob("c1");
    page.lose();
    page.wait(1_000);
    page.effects.clear();
    page.input(Input::SocketOpened);
    let sent = page.sent();
    let [ClientMessage::Login(login)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(login.call.as_ref().map(|call| call.as_str()), Some("c1"));
    page.user(UserInput::Accept { camera: true });
    page.server(WELCOME);
    page.give_media();
    assert_eq!(page.ops(), [], "the server does not know the call yet");
    page.rung_by_bob("c1");
    assert_eq!(page.ops().last(), Some(&PeerOp::Answer));
}

/// It rang for the very call that the user had just hung up.
#[test]
fn a_call_that_was_left_does_not_ring_when_the_peer_continues_it() {
    let mut page = TestPage::signed_in();
    let call = page.in_call();
    page.user(UserInput::HangUp);
    page.effects.clear();
    offers(&mut page, "bob", "c2", Some(&call));
    assert_eq!(page.view().phase, PhaseView::Idle);
    assert_eq!(page.sent(), [leave("bob", "c2", LeaveReason::Hangup)]);
    // Nor does one of which this page knows nothing at all.
    offers(&mut page, "bob", "c4", Some("c3"));
    assert_eq!(page.view().phase, PhaseView::Idle);
    assert_eq!(page.sent(), [leave("bob", "c4", LeaveReason::Hangup)]);
}

/// The server had started anew, and let go of this user's call for one that this user had declined. Nobody was rung.
#[test]
fn a_call_that_was_let_go_for_one_that_was_left_is_made_afresh() {
    let mut page = TestPage::signed_in();
    offers(&mut page, "aaron", "c1", None);
    page.user(UserInput::Decline);
    let own = page.call_whom("aaron");
    offers(&mut page, "aaron", "c1", None);
    let sent = page.sent();
    let [left, ClientMessage::Offer(offer)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(*left, leave("aaron", "c1", LeaveReason::Declined));
    let afresh = offer.call.clone().unwrap();
    assert_ne!(afresh.as_str(), own);
    page.server(&format!(r#"{{"type":"answer","name":"aaron","answer":{{}},"call":"{afresh}"}}"#));
    assert_eq!(page.view().phase, PhaseView::Connecting);
    // The other's is the one that is let go if this user's name is the lesser.
    let mut page = TestPage::signed_in();
    offers(&mut page, "bob", "c1", None);
    page.user(UserInput::Decline);
    page.call_bob();
    offers(&mut page, "bob", "c1", None);
    assert_eq!(page.sent(), [leave("bob", "c1", LeaveReason::Declined)]);
}

/// The page rang, or was in a call, for as long as nobody answered.
#[test]
fn a_page_that_learns_that_it_is_in_no_call_is_in_none() {
    let refused = |call: &str| {
        format!(
            r#"{{"type":"error","message":"","code":"not_in_call","name":"bob","call":"{call}"}}"#
        )
    };
    let mut page = TestPage::signed_in();
    page.rung_by_bob("c1");
    page.server(&refused("c0"));
    assert_eq!(page.view().phase, PhaseView::Ringing);
    page.server(&refused("c1"));
    assert_eq!((page.view().phase, page.view().missed.len()), (PhaseView::Idle, 1));

    let mut page = TestPage::signed_in();
    let call = page.in_call();
    page.server(&refused("c0"));
    page.server(r#"{"type":"error","message":"","code":"not_in_call"}"#);
    assert_eq!(page.view().phase, PhaseView::InCall);
    page.server(&refused(&call));
    assert_eq!(page.notice(), Some(Text::EndedByPeer));
}

/// The peer waited for half a minute for somebody who had hung up.
#[test]
fn a_call_that_was_left_while_the_server_was_away_is_made_known_to_a_new_one_after_a_reload_too() {
    let mut page = TestPage::signed_in();
    let call = page.in_call();
    page.lose();
    page.user(UserInput::HangUp);
    let mut page = reloaded(page);
    page.effects.clear();
    page.input(Input::SocketOpened);
    let sent = page.sent();
    let [ClientMessage::Login(login)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!((login.peer.as_deref(), login.anew), (Some("bob"), true));
    assert_eq!(login.call.as_ref().map(|call| call.as_str()), Some(&*call));
}

/// It was taken for a call of the peer's own that crossed with the page's, and both waited.
#[test]
fn a_call_that_the_peer_has_accepted_and_continues_already_is_taken() {
    for name in ["aaron", "bob"] {
        let mut page = TestPage::signed_in();
        let own = page.call_whom(name);
        offers(&mut page, name, "c2", Some(&own));
        assert_eq!(page.ops()[0], PeerOp::ApplyOffer(raw(r#""c2""#)));
        assert_eq!(page.ops().last(), Some(&PeerOp::Answer));
        assert_eq!(page.view().phase, PhaseView::Connecting);
        assert_eq!(page.sent(), [], "it is no call that is given up");
    }
}
