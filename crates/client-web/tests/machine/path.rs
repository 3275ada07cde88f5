//! The path of the media: found, lost, found again or not.

use client_web::call::{Effect, Farewell, Input, PeerEvent, PeerOp, PeerState, PhaseView, Text};
use protocol::{ClientMessage, LeaveReason};

use crate::page::{TestPage, WELCOME, raw};

const RESTART: PeerOp = PeerOp::Offer { ice_restart: true };

/// A server without a relay, and one with.
const NO_RELAY: &str = r#"{"type":"login","success":true,"name":"alice","version":1,"session":"s1",
    "iceServers":[{"urls":["stun:stun.example.org"]}]}"#;
const RELAY: &str = r#"{"type":"login","success":true,"name":"alice","version":1,"session":"s1",
    "iceServers":[{"urls":["stun:stun.example.org"]},{"urls":["turn:turn.example.org"]}]}"#;

/// A call that was answered, and for which a path is being sought.
fn connecting(welcome: &str) -> (TestPage, String) {
    let mut page = TestPage::new().sign_in_with(welcome);
    let call = page.call_bob();
    page.answered_by_bob(&call);
    page.effects.clear();
    (page, call)
}

/// The call is over, the user knows why, and so does the peer.
fn failed(page: &mut TestPage, text: Text, reason: LeaveReason) {
    assert_eq!((page.view().phase, page.notice()), (PhaseView::Idle, Some(text)));
    assert!(page.view().notice.is_some_and(|notice| notice.call_again));
    assert!(page.did(&Effect::StopCamera));
    let told = page.sent().into_iter().find_map(|message| match message {
        ClientMessage::Leave(leave) => leave.reason,
        _ => None,
    });
    assert_eq!(told, Some(reason));
}

#[test]
fn a_call_that_finds_no_path_ends_and_says_why() {
    for (welcome, refused, text, reason) in [
        (WELCOME, false, Text::NoRelay, LeaveReason::NoPath),
        (NO_RELAY, false, Text::NoRelay, LeaveReason::NoPath),
        (RELAY, false, Text::PathFailed, LeaveReason::NoPath),
        (RELAY, true, Text::RelayRefused, LeaveReason::RelayRefused),
    ] {
        let (mut page, _) = connecting(welcome);
        if refused {
            page.peer(PeerEvent::RelayRefused);
        }
        page.wait(29_000);
        assert_eq!(page.view().phase, PhaseView::Connecting);
        page.wait(2_000);
        failed(&mut page, text, reason);
    }
}

#[test]
fn a_relay_that_refuses_matters_only_if_there_is_no_other_path() {
    let (mut page, _) = connecting(RELAY);
    page.peer(PeerEvent::RelayRefused);
    page.peer(PeerEvent::State(PeerState::Connected));
    assert_eq!((page.view().phase, page.notice()), (PhaseView::InCall, None));
}

#[test]
fn a_call_whose_first_path_fails_waits_for_late_candidates_and_ends_soon() {
    let (mut page, _) = connecting(RELAY);
    page.peer(PeerEvent::State(PeerState::Failed));
    page.wait(4_000);
    assert_eq!(page.view().phase, PhaseView::Connecting);
    page.wait(2_000);
    failed(&mut page, Text::PathFailed, LeaveReason::NoPath);
}

#[test]
fn a_candidate_that_comes_after_the_failure_may_still_be_the_path() {
    let (mut page, call) = connecting(RELAY);
    page.peer(PeerEvent::State(PeerState::Failed));
    page.server(&format!(
        r#"{{"type":"candidate","name":"bob","candidate":{{}},"call":"{call}"}}"#
    ));
    page.peer(PeerEvent::State(PeerState::Connected));
    page.wait(10_000);
    assert_eq!(page.view().phase, PhaseView::InCall);
}

#[test]
fn a_short_break_mends_itself() {
    let mut page = TestPage::signed_in();
    page.in_call();
    page.wait(5_000);
    page.peer(PeerEvent::State(PeerState::Disconnected));
    assert_eq!(
        (page.view().phase, page.status().text),
        (PhaseView::Reconnecting, Text::Reconnecting)
    );
    page.wait(1_900);
    page.peer(PeerEvent::State(PeerState::Connected));
    assert_eq!(page.view().phase, PhaseView::InCall);
    assert_eq!(page.ops(), []);
    assert_eq!(page.view().duration, Some(6), "the call goes on, and so does its clock");
}

#[test]
fn a_longer_break_is_mended_by_ice_restarts() {
    let mut page = TestPage::signed_in();
    page.in_call();
    page.peer(PeerEvent::State(PeerState::Disconnected));
    page.wait(2_100);
    assert_eq!(page.ops(), [RESTART]);
    page.peer(PeerEvent::State(PeerState::Connected));
    assert_eq!(page.view().phase, PhaseView::InCall);
}

#[test]
fn a_restart_that_is_not_answered_is_offered_again_and_not_cut_short() {
    let mut page = TestPage::signed_in();
    page.in_call();
    page.peer(PeerEvent::State(PeerState::Failed));
    page.peer(PeerEvent::OfferReady(raw("{}")));
    let once = page.sent();
    assert!(matches!(&once[..], [ClientMessage::Ping(_), ClientMessage::Offer(_)]), "{once:?}");
    page.server(r#"{"type":"pong"}"#);
    page.wait(8_100);
    assert_eq!(page.ops(), []);
    assert_eq!(page.sent(), once[1..]);
}

#[test]
fn a_failed_path_is_restarted_at_once() {
    let mut page = TestPage::signed_in();
    page.in_call();
    page.peer(PeerEvent::State(PeerState::Failed));
    assert_eq!(page.ops(), [RESTART]);
}

#[test]
fn a_path_that_does_not_come_back_ends_the_call() {
    let mut page = TestPage::signed_in();
    page.in_call();
    page.peer(PeerEvent::State(PeerState::Disconnected));
    page.wait(29_000);
    assert_eq!(page.view().phase, PhaseView::Reconnecting);
    page.wait(2_000);
    failed(&mut page, Text::PathLost, LeaveReason::Lost);
}

#[test]
fn a_browser_that_cannot_do_it_ends_the_call() {
    let mut page = TestPage::signed_in();
    page.call_bob();
    page.peer(PeerEvent::OperationFailed);
    failed(&mut page, Text::DeviceFailed, LeaveReason::DeviceFailed);
}

#[test]
fn whoever_gives_up_second_learns_the_same_cause() {
    for (reason, text) in [
        ("no_path", Text::PathFailed),
        ("relay_refused", Text::RelayRefused),
        ("device_failed", Text::PeerFailed),
        ("lost", Text::PathLost),
        // From clients that do not say what failed.
        ("failed", Text::PathFailed),
    ] {
        let (mut page, call) = connecting(RELAY);
        page.left_by_bob(&call, reason);
        assert_eq!(page.notice(), Some(text), "{reason}");
        assert!(page.view().notice.is_some_and(|notice| notice.call_again), "{reason}");
    }
    let (mut page, call) = connecting(NO_RELAY);
    page.left_by_bob(&call, "no_path");
    assert_eq!(page.notice(), Some(Text::NoRelay));

    let mut page = TestPage::signed_in();
    let call = page.in_call();
    page.peer(PeerEvent::State(PeerState::Disconnected));
    page.left_by_bob(&call, "failed");
    assert_eq!(page.notice(), Some(Text::PathLost));
}

#[test]
fn another_network_is_tried_at_once() {
    let mut page = TestPage::signed_in();
    page.in_call();
    page.input(Input::NetworkChanged);
    let anew = [Effect::CloseSocket(Farewell::GivenUp), Effect::OpenSocket];
    assert_eq!(page.effects[..2], anew);
    assert_eq!(page.ops(), [RESTART]);
    assert_eq!(page.view().phase, PhaseView::InCall, "the old path is used as long as it works");
    page.effects.clear();
    // The network may change again while the socket is being opened, or is waited for.
    page.input(Input::NetworkChanged);
    assert_eq!(page.effects, anew);
    page.lose();
    page.effects.clear();
    page.input(Input::NetworkChanged);
    assert_eq!(page.effects, [Effect::OpenSocket]);
}

#[test]
fn where_a_lost_socket_ends_the_call_another_network_does_not() {
    let welcome = r#"{"type":"login","success":true,"name":"alice","version":1}"#;
    let mut page = TestPage::new().sign_in_with(welcome);
    page.in_call();
    page.input(Input::NetworkChanged);
    assert_eq!(page.ops(), [RESTART]);
    assert!(matches!(&page.sent()[..], [ClientMessage::Ping(_)]), "it is asked whether it lives");
    page.silent = true;
    page.wait(2_900);
    assert_eq!(page.view().phase, PhaseView::InCall);
    page.wait(200);
    assert!(page.did(&Effect::CloseSocket(Farewell::GivenUp)));
}

#[test]
fn another_network_is_nothing_to_who_is_not_signed_in() {
    let mut page = TestPage::new();
    page.input(Input::NetworkChanged);
    assert_eq!(page.effects, []);
}

#[test]
fn a_machine_that_slept_asks_whether_the_server_is_there_and_seeks_a_path() {
    let mut page = TestPage::signed_in();
    page.in_call();
    page.peer(PeerEvent::State(PeerState::Disconnected));
    page.effects.clear();
    page.server(r#"{"type":"pong"}"#);
    page.now += 20_000;
    page.input(Input::Tick);
    assert_eq!(page.ops(), [RESTART]);
    assert!(matches!(&page.sent()[..], [ClientMessage::Ping(_)]));
    page.silent = true;
    page.wait(3_100);
    assert!(page.did(&Effect::CloseSocket(Farewell::GivenUp)), "not after the usual 10 s");
}
