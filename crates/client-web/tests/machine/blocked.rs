//! Callers whom the user has blocked: they are declined, and nobody is asked.

use client_web::call::{Effect, Input, PeerEvent, PhaseView, Ring, Text, UserInput, block};
use protocol::{ClientMessage, LeaveReason};

use crate::page::{TestPage, raw};

fn offer(name: &str, call: &str) -> String {
    format!(r#"{{"type":"offer","name":"{name}","offer":{{}},"call":"{call}"}}"#)
}

fn candidate(name: &str, call: &str) -> String {
    format!(r#"{{"type":"candidate","name":"{name}","candidate":1,"call":"{call}"}}"#)
}

/// A page on which bob was declined for good.
fn bob_is_blocked() -> TestPage {
    let mut page = TestPage::signed_in();
    page.server(&offer("bob", "c1"));
    page.user(UserInput::DeclineForGood);
    page
}

/// What was sent is one `leave` with this reason, in this call with bob.
fn has_left(page: &mut TestPage, call: &str, reason: LeaveReason) {
    let sent = page.sent();
    let [ClientMessage::Leave(leave)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!((leave.name.as_deref(), leave.reason), (Some("bob"), Some(reason)));
    assert_eq!(leave.call.as_ref().map(ToString::to_string).as_deref(), Some(call));
}

#[test]
fn who_is_declined_for_good_hears_an_ordinary_decline() {
    let mut page = TestPage::signed_in();
    page.server(&offer("bob", "c1"));
    page.effects.clear();
    page.user(UserInput::DeclineForGood);
    assert!(page.did(&Effect::KeepBlocked(vec!["bob".to_owned()])));
    has_left(&mut page, "c1", LeaveReason::Declined);
    assert_eq!(page.view().blocked, ["bob"]);
    assert_eq!((page.view().phase, page.notice()), (PhaseView::Idle, Some(Text::BlockedByYou)));
}

#[test]
fn a_blocked_caller_disturbs_nobody() {
    let mut page = bob_is_blocked();
    page.user(UserInput::DismissNotice);
    let before = page.view();
    for call in ["c2", "c3"] {
        page.effects.clear();
        page.server(&offer("bob", call));
        assert_eq!(page.effects.len(), 1, "the decline, and nothing else: {:?}", page.effects);
        has_left(&mut page, call, LeaveReason::Declined);
        page.server(&candidate("bob", call));
        page.server(&format!(r#"{{"type":"leave","name":"bob","call":"{call}"}}"#));
        assert_eq!(page.effects, []);
        assert_eq!(page.view(), before, "nothing is to be seen or heard");
    }
    // Another is none of that.
    page.effects.clear();
    page.server(&offer("carol", "c4"));
    assert!(matches!(page.sent()[..], [ClientMessage::Ringing(_)]));
    assert_eq!(page.view().ring, Ring::Incoming);
    // Nor while somebody else rings.
    page.effects.clear();
    page.server(&offer("bob", "c5"));
    has_left(&mut page, "c5", LeaveReason::Declined);
    assert_eq!(page.view().incoming.map(|incoming| incoming.name).as_deref(), Some("carol"));
}

#[test]
fn who_is_unblocked_rings() {
    let mut page = bob_is_blocked();
    page.effects.clear();
    page.user(UserInput::Unblock { name: "bob".to_owned() });
    assert_eq!(page.effects, [Effect::KeepBlocked(Vec::new())]);
    page.server(&offer("bob", "c2"));
    assert_eq!(page.view().phase, PhaseView::Ringing);
}

#[test]
fn what_the_browser_has_kept_holds_after_a_reload_and_what_another_tab_does_at_once() {
    let mut page = TestPage::new();
    page.input(Input::Blocked(vec!["bob".to_owned()]));
    assert_eq!(page.effects, [], "it is kept already");
    let mut page = page.sign_in_with(crate::page::WELCOME);
    page.server(&offer("bob", "c1"));
    has_left(&mut page, "c1", LeaveReason::Declined);
    page.input(Input::Blocked(vec!["carol".to_owned()]));
    page.server(&offer("bob", "c2"));
    assert_eq!(page.view().phase, PhaseView::Ringing);
    // Who rings already goes on ringing: it is later calls that do not.
    page.input(Input::Blocked(vec!["bob".to_owned()]));
    page.server(&offer("bob", "c2"));
    assert_eq!(page.view().phase, PhaseView::Ringing);
}

#[test]
fn a_missed_call_can_be_the_last_one() {
    let mut page = TestPage::signed_in();
    for (name, call) in [("bob", "c1"), ("carol", "c2"), ("bob", "c3")] {
        page.server(&offer(name, call));
        page.server(&format!(r#"{{"type":"leave","name":"{name}","call":"{call}"}}"#));
    }
    page.user(UserInput::Block { name: "bob".to_owned() });
    let missed: Vec<_> = page.view().missed.into_iter().map(|missed| missed.name).collect();
    assert_eq!(missed, ["carol"]);
    assert_eq!(page.view().blocked, ["bob"]);
    assert_eq!(page.notice(), Some(Text::BlockedByYou));
}

#[test]
fn a_call_that_stands_does_not_notice() {
    let mut page = TestPage::signed_in();
    page.server(&offer("bob", "c1"));
    page.user(UserInput::Accept { camera: true });
    page.give_media();
    page.peer(PeerEvent::AnswerReady(raw("{}")));
    page.input(Input::Blocked(vec!["bob".to_owned()]));
    page.effects.clear();
    // A restart of ICE, and another peer connection of a page that was loaded anew.
    page.server(&offer("bob", "c1"));
    assert!(!page.ops().is_empty() && page.sent().is_empty());
    page.server(r#"{"type":"offer","name":"bob","offer":{},"call":"c2","replaces":"c1"}"#);
    assert_eq!(page.sent(), []);
    assert_ne!(page.view().phase, PhaseView::Idle);
    page.user(UserInput::HangUp);
    page.effects.clear();
    page.server(&offer("bob", "c3"));
    has_left(&mut page, "c3", LeaveReason::Declined);
}

#[test]
fn whoever_is_called_can_call_back() {
    let mut page = bob_is_blocked();
    page.user(UserInput::Call { name: "Bob".to_owned() });
    assert_eq!(page.view().blocked, [""; 0]);
    page.give_media();
    // Blocked in another tab meanwhile, and calling at the same time: this call is wanted.
    page.input(Input::Blocked(vec!["bob".to_owned()]));
    page.effects.clear();
    page.server(&offer("bob", "c8"));
    assert_eq!(page.view().phase, PhaseView::Ringing, "{:?}", page.effects);
    page.user(UserInput::HangUp);
    page.input(Input::Blocked(Vec::new()));
    page.server(&offer("bob", "c9"));
    assert_eq!(page.view().phase, PhaseView::Ringing);
}

#[test]
fn a_call_that_the_server_has_forgotten_is_declined_again() {
    let mut page = bob_is_blocked();
    page.server(&offer("bob", "c2"));
    page.lose();
    page.come_back(crate::page::WELCOME);
    page.effects.clear();
    page.server(&offer("bob", "c2"));
    has_left(&mut page, "c2", LeaveReason::Declined);
}

#[test]
fn no_more_names_are_kept_than_may_be() {
    let mut page = TestPage::signed_in();
    for n in 0..250 {
        page.user(UserInput::Block { name: format!("pest{n}") });
    }
    page.user(UserInput::Block { name: "pest249".to_owned() });
    let blocked = page.view().blocked;
    assert_eq!((blocked.len(), blocked[0].as_str()), (200, "pest249"));
    assert_eq!(blocked[199], "pest50", "the oldest goes first");
}

/// Other pages of the same origin, extensions and people can write there.
#[test]
fn what_the_browser_has_kept_may_be_anything() {
    let long = "x".repeat(257);
    let many = "bob\n".repeat(100_000);
    for (kept, names) in [
        ("bob\ncarol\n", 2),
        ("bob\r\n\ncarol", 2),
        ("", 0),
        ("\n\n", 0),
        (&format!("{long}\nbob"), 1),
        (&many, 200),
    ] {
        assert_eq!(block::read(kept).len(), names, "{kept:.40}");
    }
    let names = ["bob", "Юлия"].map(str::to_owned);
    assert_eq!(block::read(&block::write(&names)), names);
    // Nobody gets others blocked by the name that they go by on some other server.
    assert_eq!(block::read(&block::write(&["pest\ncarol".to_owned()])), [""; 0]);
}

/// What a name is, the server says: two that it keeps apart are two people, and one may be blocked and not the other.
#[test]
fn a_name_is_known_as_the_server_spells_it() {
    for (blocked, name, rings) in [
        ("bob", "bob", false),
        ("οδυσσευς", "οδυσσευς", false),
        ("οδυσσευσ", "οδυσσευς", true),
        ("Bob", "bob", true),
        ("bob", "bobby", true),
        ("bobby", "bob", true),
    ] {
        let mut page = TestPage::signed_in();
        page.input(Input::Blocked(vec![blocked.to_owned()]));
        page.server(&offer(name, "c1"));
        assert_eq!(page.client.is_ringing(), rings, "{blocked} and {name}");
    }
}

/// How a name of other letters than those of ASCII is spelled, the page learns from the server.
#[test]
fn whoever_was_called_under_another_spelling_can_call_back() {
    let mut page = TestPage::signed_in();
    page.server(&offer("änne", "c1"));
    page.user(UserInput::DeclineForGood);
    let call = page.call_whom("ÄNNE");
    assert_eq!(page.view().blocked, ["änne"]);
    page.server(&format!(r#"{{"type":"ringing","name":"änne","call":"{call}"}}"#));
    assert_eq!(page.view().blocked, [""; 0]);
    assert_eq!(page.status().name.as_deref(), Some("änne"));
}
