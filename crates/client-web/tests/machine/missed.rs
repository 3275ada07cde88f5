//! The list of missed calls, and what others can do to it.

use client_web::call::{Input, Missed, MissedCalls, PhaseView, Ring, Text, UserInput};

use crate::{
    page::{TestPage, WELCOME},
    reload::reloaded,
    threats::offer,
};

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

/// A page whose user has missed a call of bob's, and time has passed.
fn missed() -> TestPage {
    let mut page = TestPage::signed_in();
    page.rung_by_bob("c1");
    page.left_by_bob("c1", "cancelled");
    page.wait(60_000);
    page
}

#[test]
fn missed_calls_outlive_a_reload_with_their_time() {
    let page = missed();
    let before = page.view().missed;
    assert_eq!(page.now - before[0].at, 60_000);
    let mut page = reloaded(page);
    assert_eq!(page.view().missed, before);
    assert_eq!(page.view().title.text, Text::TitleMissed);
    page.input(Input::SocketOpened);
    page.server(WELCOME);
    page.server(r#"{"type":"missed","name":"carol"}"#);
    let mut page = reloaded(page);
    let names = page.view().missed.into_iter().map(|missed| missed.name);
    assert_eq!(names.collect::<Vec<_>>(), ["carol", "bob"]);
    page.user(UserInput::ClearMissed);
    assert_eq!(page.kept_missed.write(), None);
}

#[test]
fn a_day_later_they_are_there_for_who_missed_them_and_for_nobody_else() {
    for (name, shown) in [("alice", 1), ("carol", 0)] {
        let kept = missed().kept_missed;
        let mut page = TestPage::new();
        page.kept_missed.clone_from(&kept);
        page.input(Input::MissedBefore(kept));
        let view = page.view();
        assert_eq!((view.missed.len(), view.title.text), (0, Text::TitleIdle), "not signed in");
        // A name that was mistyped is nobody's.
        page.user(UserInput::SignIn { name: "a b".to_owned() });
        page.input(Input::SocketOpened);
        page.server(r#"{"type":"login","success":false,"code":"bad_name"}"#);
        let page = page.sign_in_with(&WELCOME.replace("alice", name));
        assert_eq!(page.view().missed.len(), shown, "{name}");
        assert_eq!(page.kept_missed.calls.len(), shown, "{name}");
    }
}

#[test]
fn they_are_gone_with_who_signs_out_or_goes_on_elsewhere() {
    let leaves: [fn(&mut TestPage); 3] = [
        |page| page.user(UserInput::SignOut),
        |page| page.input(Input::SocketClosed { code: 4003 }),
        |page| page.input(Input::SocketClosed { code: 4006 }),
    ];
    for leave in leaves {
        let mut page = missed();
        assert!(page.kept_missed.write().is_some());
        leave(&mut page);
        assert_eq!((page.kept_missed.write(), page.view().missed.len()), (None, 0));
    }
}

#[test]
fn what_is_kept_of_them_is_read_as_it_was_written_and_bounded() {
    let call = |name: &str, guest| Missed { name: name.to_owned(), at: 1_700_000_000_000, guest };
    let calls = vec![call("bob", false), call("νίκος", true), call("two words", false)];
    let missed = MissedCalls { of: "alice".to_owned(), calls };
    assert_eq!(MissedCalls::read(&missed.write().unwrap()), Some(missed));

    let hostile =
        MissedCalls { of: "alice".to_owned(), calls: vec![call("a\n1 - mallory", false)] };
    assert_eq!(MissedCalls::read(&hostile.write().unwrap()).unwrap().calls, []);
    let many = format!("alice{}", "\n1 - bob".repeat(1_000));
    assert_eq!(MissedCalls::read(&many).unwrap().calls.len(), 10);
    let long = "x".repeat(1_000);
    for kept in ["", "\n1 - bob", &long] {
        assert_eq!(MissedCalls::read(kept), None, "{kept:?}");
    }
    for line in ["", "1", "1 -", "1 - ", "x - bob", "-1 - bob", &format!("1 - {long}")] {
        let kept = MissedCalls::read(&format!("alice\n{line}")).unwrap();
        assert_eq!(kept.calls, [], "{line:?}");
    }
}
