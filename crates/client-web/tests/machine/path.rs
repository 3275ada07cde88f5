//! The path of the media: found, lost, found again or not.

use client_web::call::{
    Effect, Farewell, Input, PeerEvent, PeerOp, PeerState, PhaseView, Text, UserInput,
};
use protocol::{ClientMessage, LeaveReason, Raw};

use crate::page::{TestPage, WELCOME, raw, welcome_back};

const RESTART: PeerOp = PeerOp::Offer { ice_restart: true };

/// A server without a relay, and one with.
const NO_RELAY: &str = r#"{"type":"login","success":true,"name":"alice","version":1,"session":"s1",
    "iceServers":[{"urls":["stun:stun.example.org"]}]}"#;
pub(crate) const RELAY: &str = r#"{"type":"login","success":true,"name":"alice","version":1,"session":"s1",
    "iceServers":[{"urls":["stun:stun.example.org"]},{"urls":["turn:turn.example.org"]}]}"#;

/// A call that was answered, and for which a path is being sought.
pub(crate) fn connecting(welcome: &str) -> (TestPage, String) {
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

/// A candidate in a message, and one that the browser has found. The first words are those of the type.
pub(crate) fn candidate(kind: &str) -> Raw {
    let line = format!("candidate:1 1 udp 1 192.0.2.1 9 typ {kind} raddr 0.0.0.0 rport 0");
    Raw::from_json(format!(r#"{{"candidate":"{line}","sdpMid":"0"}}"#)).unwrap()
}

pub(crate) fn bobs_candidate(page: &mut TestPage, call: &str, kind: &str) {
    let candidate = candidate(kind);
    page.server(&format!(
        r#"{{"type":"candidate","name":"bob","candidate":{},"call":"{call}"}}"#,
        candidate.as_json()
    ));
}

/// What there is to know when no path is found, and what it means. Whether bob is told first or tells, the cause is one.
#[test]
fn a_call_that_finds_no_path_ends_and_says_what_was_in_the_way() {
    let (host, relay) = (&["host", "srflx"][..], &["host", "relay"][..]);
    for (welcome, here, refused, there, text, reason) in [
        (WELCOME, host, false, host, Text::NoRelay, LeaveReason::NoPath),
        (NO_RELAY, host, false, host, Text::NoRelay, LeaveReason::NoPath),
        (NO_RELAY, host, true, relay, Text::NoRelay, LeaveReason::NoPath),
        (RELAY, &[], false, &[], Text::RelayBlockedBoth, LeaveReason::NoPath),
        (RELAY, host, false, host, Text::RelayBlockedBoth, LeaveReason::NoPath),
        (RELAY, host, false, relay, Text::RelayBlockedHere, LeaveReason::NoPath),
        (RELAY, relay, false, host, Text::RelayBlockedThere, LeaveReason::NoPath),
        (RELAY, relay, true, host, Text::RelayBlockedThere, LeaveReason::NoPath),
        (RELAY, relay, false, relay, Text::PathFailed, LeaveReason::NoPath),
        (RELAY, host, true, host, Text::RelayRefused, LeaveReason::RelayRefused),
        (RELAY, host, true, relay, Text::RelayRefused, LeaveReason::RelayRefused),
    ] {
        let found = |told_by_bob: bool| {
            let (mut page, call) = connecting(welcome);
            for kind in here {
                page.peer(PeerEvent::Candidate(candidate(kind)));
            }
            for kind in there {
                bobs_candidate(&mut page, &call, kind);
            }
            if refused {
                page.peer(PeerEvent::RelayRefused(486));
            }
            if told_by_bob {
                page.left_by_bob(&call, "no_path");
            } else {
                page.wait(29_000);
                assert_eq!(page.view().phase, PhaseView::Connecting);
                page.wait(2_000);
            }
            page
        };
        assert_eq!(found(true).notice(), Some(text), "{here:?} {refused} {there:?}");
        failed(&mut found(false), text, reason);
    }
}

#[test]
fn what_bob_says_of_relays_counts_however_it_comes() {
    // Before the call is accepted, in his answer, and in the offer of his own call.
    let (mut page, call) = (TestPage::new().sign_in_with(RELAY), "c1");
    page.rung_by_bob(call);
    bobs_candidate(&mut page, call, "relay");
    page.user(UserInput::Accept { camera: true });
    page.give_media();
    page.left_by_bob(call, "no_path");
    assert_eq!(page.notice(), Some(Text::RelayBlockedHere));

    let description = r#"{"type":"TYPE","sdp":"a=candidate:1 1 udp 1 192.0.2.1 9 typ relay\r\n"}"#;
    let mut page = TestPage::new().sign_in_with(RELAY);
    let call = page.call_bob();
    let answer = description.replace("TYPE", "answer");
    page.server(&format!(r#"{{"type":"answer","name":"bob","answer":{answer},"call":"{call}"}}"#));
    page.left_by_bob(&call, "no_path");
    assert_eq!(page.notice(), Some(Text::RelayBlockedHere));

    let (mut page, offer) =
        (TestPage::new().sign_in_with(RELAY), description.replace("TYPE", "offer"));
    page.server(&format!(r#"{{"type":"offer","name":"bob","offer":{offer},"call":"c1"}}"#));
    page.user(UserInput::Accept { camera: true });
    page.give_media();
    page.left_by_bob("c1", "no_path");
    assert_eq!(page.notice(), Some(Text::RelayBlockedHere));
}

#[test]
fn the_ways_that_are_blocked_are_named() {
    let urls = r#"["turn:a?transport=udp","turns:a:443?transport=tcp","stun:a"]"#;
    let welcome = RELAY.replace(r#"["turn:turn.example.org"]"#, urls);
    let (mut page, call) = connecting(&welcome);
    bobs_candidate(&mut page, &call, "relay");
    page.wait(31_000);
    let message = page.view().notice.unwrap().message;
    assert_eq!(message.ways.map(|ways| ways.to_string()).as_deref(), Some("UDP, TLS"));
    // Where they do not matter they are not.
    let (mut page, call) = connecting(&welcome);
    page.left_by_bob(&call, "hangup");
    assert_eq!(page.view().notice.unwrap().message.ways, None);
}

#[test]
fn a_relay_that_refuses_matters_only_if_there_is_no_other_path() {
    let (mut page, _) = connecting(RELAY);
    page.peer(PeerEvent::RelayRefused(486));
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
    failed(&mut page, Text::RelayBlockedBoth, LeaveReason::NoPath);
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
        ("no_path", Text::RelayBlockedBoth),
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

/// The browser keeps a page as it is while its user is at another one, with its socket.
#[test]
fn a_page_that_is_left_lets_go_of_its_socket_and_comes_back_with_its_user() {
    let mut page = TestPage::signed_in();
    page.input(Input::PageLeft);
    assert_eq!(page.effects, [Effect::CloseSocket(Farewell::PageLeft)]);
    page.input(Input::PageLeft);
    assert_eq!(page.effects.len(), 1, "there is none any more");
    page.effects.clear();
    page.wait(200);
    assert_eq!(page.effects, [Effect::OpenSocket]);
    page.input(Input::SocketOpened);
    page.server(&welcome_back(0));
    assert!(page.view().can_call);
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
