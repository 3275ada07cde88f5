//! The path of the media: found, lost, found again or not.

use client_web::call::{Effect, PeerEvent, PeerOp, PeerState, PhaseView, Text};
use protocol::{ClientMessage, LeaveReason};

use crate::page::TestPage;

const RESTART: PeerOp = PeerOp::Offer { ice_restart: true };

fn failed(page: &mut TestPage, text: Text) {
    assert_eq!((page.view().phase, page.notice()), (PhaseView::Idle, Some(text)));
    assert!(page.did(&Effect::StopCamera));
    let told = page.sent().into_iter().any(|message| {
        matches!(message, ClientMessage::Leave(leave) if leave.reason == Some(LeaveReason::Failed))
    });
    assert!(told);
}

#[test]
fn a_call_that_finds_no_path_ends_and_says_so() {
    let mut page = TestPage::signed_in();
    let call = page.call_bob();
    page.server(&format!(r#"{{"type":"answer","name":"bob","answer":{{}},"call":"{call}"}}"#));
    page.wait(29_000);
    assert_eq!(page.view().phase, PhaseView::Connecting);
    page.wait(2_000);
    failed(&mut page, Text::PathFailed);
}

#[test]
fn a_call_whose_first_path_fails_ends_at_once() {
    let mut page = TestPage::signed_in();
    let call = page.call_bob();
    page.server(&format!(r#"{{"type":"answer","name":"bob","answer":{{}},"call":"{call}"}}"#));
    page.peer(PeerEvent::State(PeerState::Failed));
    failed(&mut page, Text::PathFailed);
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
    failed(&mut page, Text::PathLost);
}

#[test]
fn a_browser_that_cannot_do_it_ends_the_call() {
    let mut page = TestPage::signed_in();
    page.call_bob();
    page.peer(PeerEvent::OperationFailed);
    assert_eq!((page.view().phase, page.notice()), (PhaseView::Idle, Some(Text::DeviceFailed)));
    assert!(page.did(&Effect::StopCamera));
}

#[test]
fn whoever_gives_up_second_learns_the_same_cause() {
    let leave = |call: &str| {
        format!(r#"{{"type":"leave","name":"bob","call":"{call}","reason":"failed"}}"#)
    };
    let mut page = TestPage::signed_in();
    let call = page.call_bob();
    page.server(&format!(r#"{{"type":"answer","name":"bob","answer":{{}},"call":"{call}"}}"#));
    page.server(&leave(&call));
    assert_eq!(page.notice(), Some(Text::PathFailed));

    let call = page.in_call();
    page.peer(PeerEvent::State(PeerState::Disconnected));
    page.server(&leave(&call));
    assert_eq!(page.notice(), Some(Text::PathLost));
}
