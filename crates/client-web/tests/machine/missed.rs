//! The list of missed calls, and what others can do to it.

use client_web::call::{PhaseView, Ring, Text, UserInput};

use crate::{page::TestPage, threats::offer};

#[test]
fn a_call_that_was_missed_while_this_user_was_away_is_in_the_list_and_nothing_rings() {
    let mut page = TestPage::signed_in();
    page.server(r#"{"type":"missed","name":"bob","call":"c1","guest":true}"#);
    let view = page.view();
    assert_eq!((view.phase, view.ring, view.notice), (PhaseView::Idle, Ring::Silent, None));
    assert_eq!(view.missed.len(), 1);
    assert_eq!((&*view.missed[0].name, view.missed[0].guest), ("bob", true));
    assert_eq!(page.effects, []);
    // Nor does it disturb a call, or a ring.
    page.in_call();
    page.server(r#"{"type":"missed","name":"carol"}"#);
    assert_eq!((page.view().phase, page.view().missed.len()), (PhaseView::InCall, 2));
}

#[test]
fn one_caller_cannot_push_the_others_out_of_the_missed_calls() {
    let mut page = TestPage::signed_in();
    page.rung_by_bob("c0");
    page.left_by_bob("c0", "cancelled");
    for n in 1..100 {
        let call = format!("m{n}");
        page.server(&offer("mallory", &call, "{}"));
        page.server(&format!(r#"{{"type":"leave","name":"mallory","call":"{call}"}}"#));
        page.server(r#"{"type":"missed","name":"mallory"}"#);
    }
    let missed: Vec<_> = page.view().missed.into_iter().map(|missed| missed.name).collect();
    assert_eq!(missed, ["mallory", "bob"]);
    // Whom nobody wants to hear of leaves no trace.
    page.user(UserInput::Block { name: "mallory".to_owned() });
    page.server(r#"{"type":"missed","name":"mallory"}"#);
    assert_eq!(page.view().missed.len(), 1);
}

#[test]
fn whatever_ends_a_call_before_it_is_answered_it_was_missed() {
    for reason in ["cancelled", "timeout", "gone", "hangup", "declined", "busy", "failed", "new"] {
        let mut page = TestPage::signed_in();
        page.rung_by_bob("c1");
        page.left_by_bob("c1", reason);
        assert_eq!((page.view().missed.len(), page.notice()), (1, Some(Text::Missed)), "{reason}");
    }
    let mut page = TestPage::signed_in();
    page.rung_by_bob("c1");
    page.left_by_bob("c1", "answered_elsewhere");
    assert_eq!((page.view().missed.len(), page.notice()), (0, Some(Text::AnsweredElsewhere)));
}
