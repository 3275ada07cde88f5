//! What does not belong to the call, and calls that cross.

use client_web::call::{Effect, Input, PeerEvent, PeerOp, PeerState, PhaseView, Text, UserInput};
use protocol::{ClientMessage, LeaveReason};

use crate::page::{TestPage, raw};

#[test]
fn a_second_caller_is_told_busy_and_nothing_else_happens() {
    let mut page = TestPage::signed_in();
    page.in_call();
    page.server(r#"{"type":"offer","name":"carol","offer":{},"call":"c9"}"#);
    let sent = page.sent();
    let [ClientMessage::Leave(leave)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!((leave.name.as_deref(), leave.reason), (Some("carol"), Some(LeaveReason::Busy)));
    assert_eq!(page.view().phase, PhaseView::InCall);
}

#[test]
fn messages_of_an_old_call_are_dropped() {
    let mut page = TestPage::signed_in();
    let old = page.in_call();
    page.user(UserInput::HangUp);
    let new = page.call_bob();
    assert_ne!(old, new);
    page.left_by_bob(&old, "hangup");
    page.server(&format!(r#"{{"type":"answer","name":"bob","answer":{{}},"call":"{old}"}}"#));
    page.server(&format!(r#"{{"type":"candidate","name":"bob","candidate":{{}},"call":"{old}"}}"#));
    page.server(&format!(r#"{{"type":"ringing","name":"bob","call":"{old}"}}"#));
    page.server(&format!(
        r#"{{"type":"error","message":"","code":"offline","name":"bob","call":"{old}"}}"#
    ));
    assert_eq!(page.effects, []);
    assert_eq!(page.status().text, Text::Calling);
}

#[test]
fn an_offer_in_a_call_that_was_left_does_not_ring() {
    for reason in [LeaveReason::Declined, LeaveReason::Hangup] {
        let mut page = TestPage::signed_in();
        let call = if reason == LeaveReason::Declined {
            page.rung_by_bob("c1");
            page.user(UserInput::Decline);
            "c1".to_owned()
        } else {
            let call = page.in_call();
            page.user(UserInput::HangUp);
            call
        };
        page.effects.clear();
        // To restart ICE, or since the server has started anew and the word of it was lost.
        page.rung_by_bob(&call);
        assert_eq!(page.view().phase, PhaseView::Idle);
        let sent = page.sent();
        let [ClientMessage::Leave(said)] = &sent[..] else { panic!("{sent:?}") };
        assert_eq!(said.reason, Some(reason), "it is said again");
        assert_eq!(said.call.as_ref().map(|call| call.as_str()), Some(&*call));
        page.rung_by_bob("another");
        assert_eq!(page.view().phase, PhaseView::Ringing);
    }
}

#[test]
fn messages_of_a_stranger_are_dropped() {
    let mut page = TestPage::signed_in();
    page.call_bob();
    for which in ["", r#","call":"another""#] {
        page.server(&format!(r#"{{"type":"answer","name":"mallory","answer":{{}}{which}}}"#));
        page.server(&format!(r#"{{"type":"leave","name":"mallory"{which}}}"#));
        page.server(&format!(r#"{{"type":"ringing","name":"mallory"{which}}}"#));
    }
    assert_eq!(page.effects, []);
    assert_eq!(page.status().text, Text::Calling);
}

#[test]
fn events_of_an_old_peer_connection_are_dropped() {
    let mut page = TestPage::signed_in();
    page.in_call();
    let old = page.client.handle(page.now, Input::User(UserInput::HangUp));
    let id = old.into_iter().find_map(|effect| match effect {
        Effect::ClosePeer(id) => Some(id),
        _ => None,
    });
    page.in_call();
    page.input(Input::Peer(id.unwrap(), PeerEvent::State(PeerState::Failed)));
    assert_eq!(page.view().phase, PhaseView::InCall);
}

#[test]
fn of_two_calls_that_cross_the_one_of_the_lesser_name_stands() {
    // Alice is less than bob: her own call stands, his is not even looked at.
    let mut page = TestPage::signed_in();
    page.call_bob();
    page.rung_by_bob("his");
    assert_eq!((page.sent(), page.view().phase), (vec![], PhaseView::Calling));

    // Carol is not: she takes his call at once, with the devices that are open already.
    let welcome = r#"{"type":"login","success":true,"name":"carol","version":1}"#;
    let mut page = TestPage::new().sign_in_with(welcome);
    page.call_bob();
    page.rung_by_bob("his");
    assert!(matches!(
        &page.effects[..2],
        [Effect::Send(ClientMessage::Leave(leave)), Effect::ClosePeer(_)]
            if leave.reason == Some(LeaveReason::Cancelled)
    ));
    assert!(page.ops().contains(&PeerOp::Answer));
    assert!(!page.did(&Effect::StopCamera));
    assert_eq!(page.view().phase, PhaseView::Connecting);
}

#[test]
fn a_call_that_was_not_sent_yet_gives_way_to_one_from_the_same_peer_which_rings() {
    let mut page = TestPage::signed_in();
    page.user(UserInput::Call { name: "Bob".to_owned() });
    page.rung_by_bob("his");
    assert_eq!(page.view().phase, PhaseView::Ringing);
    page.user(UserInput::Accept { camera: true });
    page.give_media();
    assert!(page.ops().contains(&PeerOp::Answer));
    page.effects.clear();
    page.peer(PeerEvent::AnswerReady(raw("{}")));
    let sent = page.sent();
    assert!(
        matches!(&sent[..], [ClientMessage::Answer(answer)] if answer.call.is_some()),
        "{sent:?}"
    );
}
