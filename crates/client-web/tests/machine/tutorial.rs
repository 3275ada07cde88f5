//! A page at the tutorial's own server, which knows none of our fields.

use client_web::call::{Effect, Input, Page, PeerEvent, PhaseView, Text, UserInput};
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

#[test]
fn ones_own_old_socket_may_hold_the_name_for_a_while() {
    let mut page = signed_in();
    page.server(r#"{"type":"offer","name":"bob","offer":{}}"#);
    page.lose();
    let lost_at = page.now;
    while page.view().page == Page::Call {
        let at = page.client.next_timeout().expect("it is tried again");
        page.wait(at - page.now);
        page.input(Input::SocketOpened);
        page.server(r#"{"type":"login","success":false}"#);
        let trouble = page.view().server_trouble.map(|trouble| trouble.text);
        assert!(matches!(trouble, None | Some(Text::NameHeld)), "{trouble:?}");
    }
    let patience = page.now - lost_at;
    assert!((40_000..70_000).contains(&patience), "{patience}");
    let view = page.view();
    assert_eq!(view.sign_in_error, Some(Text::NameTaken));
    assert_eq!(
        (view.missed, view.notice),
        (vec![], None),
        "the next user sees nothing of this one"
    );
}

#[test]
fn a_call_ends_with_the_connection_to_the_server() {
    let mut page = signed_in();
    page.in_call();
    page.lose();
    assert_eq!((page.view().phase, page.notice()), (PhaseView::Idle, Some(Text::ServerLost)));
    assert!(page.did(&Effect::StopCamera));

    let mut page = signed_in();
    page.server(r#"{"type":"offer","name":"bob","offer":{}}"#);
    page.lose();
    assert_eq!((page.view().phase, page.view().missed.len()), (PhaseView::Idle, 1));
}
