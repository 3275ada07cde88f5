//! A server that starts anew knows who was there: who is expected back, and calls that nobody had accepted.

use super::{
    LIMITS, Phase, Return, call_with,
    restore::{SECOND, assert_in_call, back, restarted, restored, with},
    resume::{counting, counting_users},
};

#[test]
fn an_expected_user_keeps_the_name_for_the_grace_period_and_no_longer() {
    let mut world = restarted(&["alice"]);
    world.pass(LIMITS.grace - SECOND);
    assert!(world.sessions.contains_key("alice"));
    world.pass(SECOND);
    assert!(!world.sessions.contains_key("alice"));
}

#[test]
fn an_expected_user_can_be_called_and_is_rung_when_they_are_back() {
    let mut world = restarted(&["bob"]);
    world.returns("alice", counting());
    world.tells("alice", r#"{"type":"offer","name":"bob","offer":1,"call":"c1"}"#);
    world.tells("alice", r#"{"type":"candidate","candidate":2}"#);
    world.hears_nothing("alice");
    world.returns("bob", counting());
    assert_eq!(
        world.hears("bob"),
        [
            r#"{"type":"offer","name":"alice","offer":1,"call":"c1"}"#,
            r#"{"type":"candidate","name":"alice","candidate":2,"call":"c1"}"#,
        ]
    );
    world.assert_agreement();

    let mut world = restarted(&["bob"]);
    world.returns("alice", counting());
    world.tells("alice", r#"{"type":"offer","name":"bob","offer":1,"call":"c1"}"#);
    world.pass(LIMITS.grace);
    let gone = r#"{"type":"leave","name":"bob","call":"c1","reason":"gone"}"#;
    assert_eq!(world.hears("alice"), [gone]);
}

/// A regression: whoever rang first after the start of the server ended the call that both were still in.
#[test]
fn who_calls_an_expected_user_that_is_in_a_call_finds_them_busy() {
    for first in ["alice", "carol"] {
        let mut world = restarted(&["alice", "bob"]);
        if first == "alice" {
            back(&mut world, "alice");
        }
        world.returns("carol", counting());
        world.tells("carol", r#"{"type":"offer","name":"bob","offer":1,"call":"c2"}"#);
        if first == "carol" {
            back(&mut world, "alice");
        }
        back(&mut world, "bob");
        assert_in_call(&world);
        assert_eq!(world.hears("alice"), [restored("bob")]);
        let missed = r#"{"type":"missed","name":"carol","call":"c2"}"#.to_owned();
        let mut heard = world.hears("bob");
        heard.sort();
        assert_eq!(heard, [missed, restored("alice")], "{first}");
        let busy = r#"{"type":"leave","name":"bob","call":"c2","reason":"busy"}"#;
        assert_eq!(world.hears("carol"), [busy]);
    }
}

/// Alice's page has forgotten the call, and she calls bob again before he is back.
#[test]
fn an_expected_user_whose_peer_starts_anew_hears_that_the_old_call_is_over_and_rings() {
    let mut world = restarted(&["alice", "bob"]);
    world.returns("alice", counting());
    world.tells("alice", r#"{"type":"offer","name":"bob","offer":1,"call":"c2"}"#);
    back(&mut world, "bob");
    let heard = world.hears("bob");
    assert_eq!(heard.len(), 2, "{heard:?}");
    assert!(heard[0].contains(r#""leave""#) && heard[0].contains(r#""c1""#), "{heard:?}");
    assert_eq!(heard[1], r#"{"type":"offer","name":"alice","offer":1,"call":"c2"}"#);
    world.assert_agreement();
}

#[test]
fn a_call_that_was_not_accepted_yet_is_offered_again_and_rings_once() {
    for expected in [&[][..], &["alice", "bob"]] {
        let mut world = restarted(expected);
        world.returns("bob", counting());
        let back = Return { calling: true, ..with(call_with("bob", "c1")) };
        world.returns("alice", back);
        world.settle();
        world.hears_nothing("bob");
        assert!(matches!(world.phase("alice"), Phase::Recalling { .. }));
        world.tells("alice", r#"{"type":"offer","name":"bob","offer":1,"call":"c1"}"#);
        assert_eq!(
            world.hears("bob"),
            [r#"{"type":"offer","name":"alice","offer":1,"call":"c1"}"#]
        );
        world.assert_agreement();
        world.tells("bob", r#"{"type":"answer","answer":2}"#);
        assert_in_call(&world);
    }
}

/// Both called each other when the server stopped: it becomes one call, that of the lesser name.
#[test]
fn both_calling_at_once_across_a_restart_become_one_call() {
    for order in [["alice", "bob"], ["bob", "alice"]] {
        let mut world = restarted(&["alice", "bob"]);
        for user in order {
            let peer = if user == "alice" { "bob" } else { "alice" };
            let call = call_with(peer, &format!("by-{user}"));
            world.returns(user, Return { calling: true, ..with(call) });
            world.tells(
                user,
                &format!(r#"{{"type":"offer","name":"{peer}","offer":1,"call":"by-{user}"}}"#),
            );
        }
        let offer = r#"{"type":"offer","name":"alice","offer":1,"call":"by-alice"}"#.to_owned();
        assert!(world.hears("bob").contains(&offer), "{order:?}");
        world.tells("bob", r#"{"type":"answer","answer":2,"call":"by-alice"}"#);
        assert_in_call(&world);
        assert!(
            matches!(world.phase("bob"), Phase::InCall(call) if *call == call_with("alice", "by-alice"))
        );
    }
}

/// The callee declined while the caller's client could not hear of it, and it has forgotten where it was.
#[test]
fn a_call_that_was_declined_is_not_offered_again() {
    let mut world = counting_users(&["alice", "bob"]);
    world.tells("alice", r#"{"type":"offer","name":"bob","offer":1,"call":"c1"}"#);
    world.lose("alice");
    world.tells("bob", r#"{"type":"leave","reason":"declined"}"#);
    world.hears("bob");
    let lost_count = Return { received: Some(99), ..with(call_with("bob", "c1")) };
    world.returns("alice", Return { calling: true, ..lost_count });
    world.tells("alice", r#"{"type":"offer","name":"bob","offer":1,"call":"c1"}"#);
    let heard = world.hears("alice");
    assert!(heard[0].contains(r#""type":"leave""#) && heard[0].contains("c1"), "{heard:?}");
    world.hears_nothing("bob");
    world.assert_agreement();
}

#[test]
fn a_call_that_is_not_offered_again_is_over() {
    let mut world = restarted(&[]);
    world.returns("alice", Return { calling: true, ..with(call_with("bob", "c1")) });
    world.pass(LIMITS.grace);
    assert_eq!(world.phase("alice"), &Phase::Idle);
    let gone = r#"{"type":"leave","name":"bob","call":"c1","reason":"gone"}"#;
    assert_eq!(world.hears("alice"), [gone]);
}
