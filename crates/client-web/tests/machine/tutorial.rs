//! A page at the tutorial's own server, which knows none of our fields.

use client_web::call::{Input, PeerEvent, PhaseView, Text, UserInput};
use protocol::ClientMessage;

use crate::page::{TestPage, raw};

/// All that the tutorial's server says to a login.
const WELCOME: &str = r#"{"type":"login","success":true}"#;

fn signed_in() -> TestPage {
    let mut page = TestPage::new();
    page.user(UserInput::SignIn { name: "Alice".to_owned() });
    page.input(Input::SocketOpened);
    page.server("Hello world");
    page.server(WELCOME);
    page.effects.clear();
    page
}

#[test]
fn the_name_stays_as_it_was_typed() {
    assert_eq!(signed_in().view().self_name.as_deref(), Some("Alice"));
}

#[test]
fn it_is_not_sent_what_it_answers_with_an_error() {
    let mut page = signed_in();
    page.server(r#"{"type":"offer","name":"bob","offer":{}}"#);
    page.wait(50_000);
    assert_eq!(page.sent(), []);
    assert_eq!(page.view().phase, PhaseView::Ringing);
}

#[test]
fn a_call_works_without_senders_and_ids() {
    let mut page = signed_in();
    page.call_bob();
    page.server(r#"{"type":"candidate","candidate":{"candidate":"1"}}"#);
    page.server(r#"{"type":"answer","answer":{}}"#);
    assert_eq!(page.view().phase, PhaseView::Connecting);
    assert_eq!(page.ops().len(), 2, "the answer and the candidate that came before it");
    page.server(r#"{"type":"leave"}"#);
    assert_eq!(page.notice(), Some(Text::EndedByPeer));
}

#[test]
fn a_leave_before_the_answer_is_a_decline() {
    let mut page = signed_in();
    page.call_bob();
    page.server(r#"{"type":"leave"}"#);
    assert_eq!(page.notice(), Some(Text::Declined));
}

#[test]
fn an_incoming_call_can_be_answered() {
    let mut page = signed_in();
    page.server(r#"{"type":"offer","name":"bob","offer":{}}"#);
    page.user(UserInput::Accept { camera: true });
    page.give_media();
    page.effects.clear();
    page.peer(PeerEvent::AnswerReady(raw("{}")));
    let sent = page.sent();
    let [ClientMessage::Answer(answer)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!((answer.name.as_deref(), &answer.call), (Some("bob"), &None));
}

#[test]
fn a_call_that_is_given_up_does_not_kill_the_server() {
    let mut page = signed_in();
    page.call_bob();
    page.user(UserInput::HangUp);
    assert_eq!(page.sent(), []);
    page.call_bob();
    page.wait(46_000);
    assert_eq!((page.sent(), page.notice()), (vec![], Some(Text::NoAnswer)));
}
