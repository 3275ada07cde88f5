//! A user whose socket was lost: for how long they are waited for, and what others notice.

use super::{
    Duration, Input, LIMITS, Loss, Return, World,
    resume::{counting, counting_users, heard_candidate, in_call},
};

const SECOND: Duration = Duration::from_secs(1);

fn received(count: u64) -> Return {
    Return { received: Some(count), ..Return::default() }
}

#[test]
fn a_user_may_be_away_for_the_grace_period_and_no_longer() {
    for (loss, time) in [(Loss::Broken, LIMITS.grace), (Loss::PageGone, LIMITS.reload)] {
        let mut world = in_call();
        world.input("bob", Input::Lost(loss));
        assert_eq!(world.sessions["bob"].next_timeout(), Some(world.now + time));
        world.pass(time - SECOND);
        world.returns("bob", received(1));
        assert_eq!(world.sessions["bob"].next_timeout(), None);
        world.settle();
        world.pass(10 * LIMITS.grace);
        world.hears("alice");
        world.assert_agreement();

        world.input("bob", Input::Lost(loss));
        world.pass(time);
        assert!(!world.sessions.contains_key("bob"), "{loss:?}: the name is free");
        let gone = r#"{"type":"leave","name":"bob","call":"c1","reason":"gone"}"#;
        assert_eq!(world.hears("alice").last().map(String::as_str), Some(gone));
    }
}

const AWAY: &str = r#"{"type":"away","name":"bob","call":"c1"}"#;
const BACK: &str = r#"{"type":"away","name":"bob","call":"c1","back":true}"#;

/// What a page sends ends with the page. What a socket that breaks carries does not, and nobody need know of that.
#[test]
fn the_peer_of_a_page_that_goes_is_told_at_once_and_that_of_a_socket_that_breaks_is_not() {
    for (loss, told) in [(Loss::PageGone, &[AWAY][..]), (Loss::Broken, &[])] {
        let mut world = in_call();
        world.input("bob", Input::Lost(loss));
        world.settle();
        assert_eq!(world.hears("alice"), told, "{loss:?}");
        world.input("bob", Input::Lost(Loss::PageGone));
        world.settle();
        world.hears_nothing("alice");
        world.returns("bob", received(1));
        world.settle();
        let back = told.iter().map(|_| BACK);
        assert_eq!(world.hears("alice"), back.collect::<Vec<_>>(), "{loss:?}");
        world.assert_agreement();
    }
}

/// It is back when it continues the call: what is shown of it stands still until then.
#[test]
fn a_page_that_is_loaded_anew_is_back_with_its_offer() {
    let mut world = in_call();
    world.input("bob", Input::Lost(Loss::PageGone));
    world.returns("bob", Return { received: Some(0), anew: true, ..Return::default() });
    world.settle();
    assert_eq!(world.hears("alice"), [AWAY]);
    world.tells("bob", r#"{"type":"offer","name":"alice","offer":3,"call":"c2","replaces":"c1"}"#);
    let offer = r#"{"type":"offer","name":"bob","offer":3,"call":"c2","replaces":"c1"}"#;
    assert_eq!(world.hears("alice"), [offer]);
}

/// Where two are told, both are; who is away hears it on their way back, in order.
#[test]
fn pages_that_both_go_are_told_of_each_other_when_they_are_back() {
    let mut world = in_call();
    world.input("alice", Input::Lost(Loss::PageGone));
    world.input("bob", Input::Lost(Loss::PageGone));
    world.settle();
    world.returns("bob", received(1));
    world.settle();
    let away = r#"{"type":"away","name":"alice","call":"c1"}"#;
    assert_eq!(world.hears("bob"), [away]);
    world.returns("alice", received(1));
    world.settle();
    assert_eq!(world.hears("alice"), [AWAY, BACK]);
    assert_eq!(world.hears("bob"), [away.replace('}', r#","back":true}"#)]);
}

#[test]
fn nobody_is_told_of_a_page_that_goes_outside_of_a_call_that_stands() {
    let mut world = counting_users(&["alice", "bob"]);
    world.tells("alice", r#"{"type":"offer","name":"bob","offer":1,"call":"c1"}"#);
    world.tells("bob", r#"{"type":"ringing"}"#);
    world.hears("alice");
    world.input("bob", Input::Lost(Loss::PageGone));
    world.settle();
    world.hears_nothing("alice");
}

/// A client that names no calls cannot go on with one, and might not know what to make of it.
#[test]
fn a_client_that_names_no_calls_is_not_told() {
    let mut world = counting_users(&["bob"]);
    world.log_in("alice");
    world.tells("alice", r#"{"type":"offer","name":"bob","offer":1}"#);
    world.tells("bob", r#"{"type":"answer","answer":2}"#);
    world.hears("alice");
    world.input("bob", Input::Lost(Loss::PageGone));
    world.settle();
    world.hears_nothing("alice");
}

#[test]
fn a_second_loss_without_a_return_does_not_lengthen_the_first() {
    let mut world = in_call();
    world.lose("bob");
    let until = world.sessions["bob"].next_timeout();
    world.pass(SECOND);
    world.lose("bob");
    world.input("bob", Input::Lost(Loss::PageGone));
    assert_eq!(world.sessions["bob"].next_timeout(), until);
}

#[test]
fn a_user_who_is_away_can_be_called_and_the_caller_waits() {
    let mut world = counting_users(&["alice", "bob"]);
    world.lose("bob");
    world.tells("alice", r#"{"type":"offer","name":"bob","offer":1,"call":"c1"}"#);
    world.tells("alice", r#"{"type":"candidate","candidate":2}"#);
    world.hears_nothing("alice");
    world.returns("bob", received(0));
    assert_eq!(
        world.hears("bob"),
        [r#"{"type":"offer","name":"alice","offer":1,"call":"c1"}"#, &heard_candidate(2)]
    );
    world.assert_agreement();
}

#[test]
fn a_call_that_came_and_went_while_its_callee_was_away_is_heard_of() {
    let mut world = counting_users(&["alice", "bob"]);
    world.lose("bob");
    world.tells("alice", r#"{"type":"offer","name":"bob","offer":1,"call":"c1"}"#);
    world.tells("alice", r#"{"type":"leave","reason":"cancelled"}"#);
    world.returns("bob", received(0));
    assert_eq!(world.hears("bob"), [r#"{"type":"missed","name":"alice","call":"c1"}"#]);
    world.assert_agreement();
}

/// An attack: offers of 48 KB and their cancels filled what is kept for bob, and the call that he had missed went with it.
#[test]
fn nobody_can_make_a_user_who_is_away_lose_a_missed_call() {
    let mut world = counting_users(&["alice", "bob", "mallory"]);
    world.lose("bob");
    let description = format!(r#""{}""#, "x".repeat(47 * 1024));
    let ring = |world: &mut World, user: &str, number: usize| {
        let offer = r#"{"type":"offer","name":"bob","call""#;
        world.tells(user, &format!(r#"{offer}:"c{number}","offer":{description}}}"#));
        world.tells(user, r#"{"type":"leave","reason":"cancelled"}"#);
    };
    ring(&mut world, "mallory", 1);
    ring(&mut world, "alice", 2);
    for number in 3..300 {
        ring(&mut world, "mallory", number);
    }
    for number in 0..100 {
        let pest = format!("pest{number}");
        world.returns(&pest, counting());
        ring(&mut world, &pest, 0);
    }
    world.returns("bob", received(0));
    assert_eq!(world.welcomed["bob"].received, Some(0), "its counts go on");
    let heard = world.hears("bob");
    assert!(heard.contains(&r#"{"type":"missed","name":"alice","call":"c2"}"#.to_owned()));
    assert_eq!(heard.len(), 64, "and what is kept is bounded");
}

#[test]
fn a_session_whose_client_cannot_come_back_ends_with_its_socket() {
    let mut world = World::new(&["alice", "bob"]);
    world.tells("alice", r#"{"type":"offer","name":"bob","offer":1}"#);
    world.tells("bob", r#"{"type":"answer","answer":2}"#);
    world.hears("alice");
    world.lose("bob");
    world.settle();
    assert!(!world.sessions.contains_key("bob"));
    assert_eq!(world.hears("alice"), [r#"{"type":"leave","name":"bob","reason":"gone"}"#]);
}

#[test]
fn signing_out_ends_the_session_at_once() {
    let mut world = in_call();
    world.input("bob", Input::Left);
    world.settle();
    assert!(!world.sessions.contains_key("bob"));
    let gone = r#"{"type":"leave","name":"bob","call":"c1","reason":"gone"}"#;
    assert_eq!(world.hears("alice"), [gone]);
}
