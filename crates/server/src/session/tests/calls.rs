//! How calls go.

use super::{CallKey, Duration, Input, LIMITS, Phase, World};

const OFFER: &str = r#"{"type":"offer","name":"bob","offer":{"sdp":"o"},"call":"c1"}"#;
const ANSWER: &str = r#"{"type":"answer","name":"alice","answer":{"sdp":"a"},"call":"c1"}"#;

fn ringing() -> World {
    let mut world = World::new(&["alice", "bob", "carol"]);
    world.tells("alice", OFFER);
    world.hears("bob");
    world
}

fn in_call() -> World {
    let mut world = ringing();
    world.tells("bob", ANSWER);
    world.hears("alice");
    world
}

#[test]
fn a_call_from_offer_to_hang_up() {
    let mut world = World::new(&["alice", "bob", "carol"]);
    world.tells("alice", OFFER);
    assert_eq!(
        world.hears("bob"),
        [r#"{"type":"offer","name":"alice","offer":{"sdp":"o"},"call":"c1"}"#]
    );
    world.tells("alice", r#"{"type":"candidate","candidate":{"c":1}}"#);
    assert_eq!(
        world.hears("bob"),
        [r#"{"type":"candidate","name":"alice","candidate":{"c":1},"call":"c1"}"#]
    );
    world.tells("bob", r#"{"type":"ringing"}"#);
    assert_eq!(world.hears("alice"), [r#"{"type":"ringing","name":"bob","call":"c1"}"#]);
    world.tells("bob", ANSWER);
    assert_eq!(
        world.hears("alice"),
        [r#"{"type":"answer","name":"bob","answer":{"sdp":"a"},"call":"c1"}"#]
    );
    world.tells("bob", r#"{"type":"candidate","candidate":{"c":2},"call":"c1"}"#);
    assert_eq!(
        world.hears("alice"),
        [r#"{"type":"candidate","name":"bob","candidate":{"c":2},"call":"c1"}"#]
    );
    world.assert_agreement();
    assert!(matches!(world.phase("alice"), Phase::InCall(_)));
    world.tells("alice", r#"{"type":"leave"}"#);
    assert_eq!(
        world.hears("bob"),
        [r#"{"type":"leave","name":"alice","call":"c1","reason":"hangup"}"#]
    );
    assert_eq!(world.phase("alice"), &Phase::Idle);
    assert_eq!(world.phase("bob"), &Phase::Idle);
    world.hears_nothing("alice");
    world.hears_nothing("carol");
}

#[test]
fn a_name_that_the_client_writes_differently_is_the_same_user() {
    let mut world = World::new(&["alice", "bob"]);
    world.tells("alice", r#"{"type":"offer","name":"BOB","offer":1}"#);
    assert_eq!(world.hears("bob"), [r#"{"type":"offer","name":"alice","offer":1}"#]);
    world.tells("bob", r#"{"type":"answer","name":"Alice","answer":2}"#);
    assert_eq!(world.hears("alice"), [r#"{"type":"answer","name":"bob","answer":2}"#]);
}

#[test]
fn the_reason_of_a_leave_reaches_the_peer_in_every_phase() {
    for (setup, who, other, reason) in [
        (ringing as fn() -> World, "alice", "bob", "cancelled"),
        (ringing, "bob", "alice", "declined"),
        (ringing, "bob", "alice", "timeout"),
        (in_call, "alice", "bob", "hangup"),
        (in_call, "bob", "alice", "failed"),
    ] {
        let mut world = setup();
        world.tells(who, &format!(r#"{{"type":"leave","reason":"{reason}"}}"#));
        let expected =
            format!(r#"{{"type":"leave","name":"{who}","call":"c1","reason":"{reason}"}}"#);
        assert_eq!(world.hears(other), [expected]);
        world.hears_nothing(who);
        assert_eq!(world.phase(other), &Phase::Idle);
        world.assert_agreement();
    }
}

#[test]
fn whoever_is_in_a_call_is_busy_for_others_and_hears_nothing_of_them() {
    for setup in [ringing as fn() -> World, in_call] {
        for callee in ["alice", "bob"] {
            let mut world = setup();
            let before = world.phase(callee).clone();
            let offer = format!(r#"{{"type":"offer","name":"{callee}","offer":1,"call":"c2"}}"#);
            world.tells("carol", &offer);
            let busy =
                format!(r#"{{"type":"leave","name":"{callee}","call":"c2","reason":"busy"}}"#);
            assert_eq!(world.hears("carol"), [busy]);
            world.hears_nothing(callee);
            assert_eq!(world.phase(callee), &before);
            assert_eq!(world.phase("carol"), &Phase::Idle);
        }
    }
}

#[test]
fn a_call_to_nobody_is_answered_with_offline() {
    let mut world = World::new(&["alice"]);
    world.tells("alice", OFFER);
    assert_eq!(
        world.hears("alice"),
        [
            r#"{"type":"error","message":"bob is not here right now.","code":"offline","name":"bob","call":"c1"}"#
        ]
    );
    assert_eq!(world.phase("alice"), &Phase::Idle);
}

#[test]
fn a_peer_that_cannot_be_reached_any_more_is_gone() {
    let mut world = in_call();
    let Phase::InCall(call) = world.phase("alice").clone() else { panic!() };
    let other = Input::Undeliverable { to: call.peer.clone(), call: CallKey::Numbered(7) };
    world.input("alice", other);
    world.hears_nothing("alice");
    world.input("alice", Input::Undeliverable { to: call.peer, call: call.key });
    assert_eq!(
        world.hears("alice"),
        [r#"{"type":"leave","name":"bob","call":"c1","reason":"gone"}"#]
    );
    assert_eq!(world.phase("alice"), &Phase::Idle);
}

#[test]
fn a_lost_socket_ends_the_call_for_the_peer() {
    for setup in [ringing as fn() -> World, in_call] {
        for (who, other) in [("alice", "bob"), ("bob", "alice")] {
            let mut world = setup();
            world.lose(who);
            world.settle();
            let gone = format!(r#"{{"type":"leave","name":"{who}","call":"c1","reason":"gone"}}"#);
            assert_eq!(world.hears(other), [gone]);
            assert_eq!(world.phase(other), &Phase::Idle);
        }
    }
}

#[test]
fn an_offer_that_its_callee_never_read_is_answered_with_gone() {
    let mut world = World::new(&["alice", "bob"]);
    world.says("alice", OFFER);
    world.input("bob", Input::Left);
    world.log_in("bob");
    world.settle();
    assert_eq!(
        world.hears("alice"),
        [r#"{"type":"leave","name":"bob","call":"c1","reason":"gone"}"#]
    );
    assert_eq!(world.phase("alice"), &Phase::Idle);
}

#[test]
fn offers_and_answers_within_a_call_are_relayed() {
    let mut world = in_call();
    for (who, other) in [("alice", "bob"), ("bob", "alice")] {
        for call in [r#","call":"c1""#, ""] {
            world.tells(who, &format!(r#"{{"type":"offer","name":"{other}","offer":1{call}}}"#));
            let offer = format!(r#"{{"type":"offer","name":"{who}","offer":1,"call":"c1"}}"#);
            assert_eq!(world.hears(other), [offer]);
            world.tells(other, &format!(r#"{{"type":"answer","name":"{who}","answer":2}}"#));
            let answer = format!(r#"{{"type":"answer","name":"{other}","answer":2,"call":"c1"}}"#);
            assert_eq!(world.hears(who), [answer]);
        }
    }
    world.assert_agreement();
    assert!(matches!(world.phase("alice"), Phase::InCall(_)));
}

#[test]
fn a_caller_may_offer_anew_while_it_rings() {
    let mut world = ringing();
    world.tells("alice", OFFER);
    assert_eq!(world.hears("bob").len(), 1);
    world.assert_agreement();
}

#[test]
fn an_offer_within_a_call_that_crosses_with_a_leave_does_not_ring() {
    for setup in [ringing as fn() -> World, in_call] {
        let mut world = setup();
        world.says("alice", OFFER);
        world.says("bob", r#"{"type":"leave"}"#);
        world.settle();
        world.hears_nothing("bob");
        world.assert_agreement();
        assert_eq!(world.phase("bob"), &Phase::Idle);
    }
}

/// A regression: it began the call anew, and rang at a callee whose caller had heard that it was over.
#[test]
fn an_offer_within_a_call_that_crosses_with_the_word_of_its_end_does_not_begin_it_again() {
    for setup in [ringing as fn() -> World, in_call] {
        let mut world = setup();
        world.tells("bob", r#"{"type":"leave"}"#);
        // Alice's client has not read that yet.
        world.tells("alice", OFFER);
        let heard = world.hears("alice");
        assert!(heard[0].contains(r#""type":"leave""#), "{heard:?}");
        assert!(heard.len() == 2 && heard[1].contains(r#""code":"not_in_call""#), "{heard:?}");
        world.hears_nothing("bob");
        assert_eq!(world.phase("alice"), &Phase::Idle);
        // Another call is another call.
        world.tells("alice", &OFFER.replace("c1", "c2"));
        assert_eq!(world.hears("bob").len(), 1);
        world.assert_agreement();
    }
}

#[test]
fn a_candidate_within_a_call_that_stands_goes_the_short_way() {
    let mut world = in_call();
    let alice = world.sessions.get_mut("alice").unwrap();
    let said = r#"{"type":"candidate","name":"bob","candidate":{"c":1},"call":"c1"}"#;
    let (to, envelope) = alice.pass_on(said).unwrap();
    assert_eq!(to.as_str(), "bob");
    let heard = world.sessions.get_mut("bob").unwrap().hear(envelope).unwrap();
    let expected = r#"{"type":"candidate","name":"alice","candidate":{"c":1},"call":"c1"}"#;
    assert_eq!(heard.encode(), expected);
}

#[test]
fn what_belongs_to_an_earlier_call_is_dropped() {
    let mut world = in_call();
    // Bob's candidate and leave are under way while alice hangs up and calls again.
    world.says("bob", r#"{"type":"candidate","candidate":1}"#);
    world.says("bob", r#"{"type":"leave"}"#);
    world.says("alice", r#"{"type":"leave"}"#);
    world.says("alice", r#"{"type":"offer","name":"bob","offer":2,"call":"c2"}"#);
    world.settle();
    world.hears_nothing("alice");
    assert_eq!(world.hears("bob"), [r#"{"type":"offer","name":"alice","offer":2,"call":"c2"}"#]);
    world.assert_agreement();
    assert!(matches!(world.phase("bob"), Phase::Ringing(_)));
}

#[test]
fn calls_without_an_id_are_told_apart_as_well() {
    let mut world = World::new(&["alice", "bob"]);
    world.tells("alice", r#"{"type":"offer","name":"bob","offer":1}"#);
    world.tells("bob", r#"{"type":"answer","answer":1}"#);
    world.says("bob", r#"{"type":"leave"}"#);
    world.says("alice", r#"{"type":"leave"}"#);
    world.says("alice", r#"{"type":"offer","name":"bob","offer":2}"#);
    world.settle();
    world.assert_agreement();
    assert!(matches!(world.phase("bob"), Phase::Ringing(_)));
}

#[test]
fn a_peer_that_calls_anew_has_left_the_old_call() {
    for setup in [ringing as fn() -> World, in_call] {
        let mut world = setup();
        // Alice's session is lost without a word, as when the machine that it ran on is.
        world.sessions.remove("alice");
        world.log_in("alice");
        world.tells("alice", r#"{"type":"offer","name":"bob","offer":2,"call":"c2"}"#);
        assert_eq!(
            world.hears("bob"),
            [
                r#"{"type":"leave","name":"alice","call":"c1","reason":"gone"}"#,
                r#"{"type":"offer","name":"alice","offer":2,"call":"c2"}"#,
            ]
        );
        world.assert_agreement();
    }
}

#[test]
fn nobody_rings_for_ever() {
    let mut world = ringing();
    let until = world.sessions["alice"].next_timeout().unwrap();
    assert_eq!(until, world.now + LIMITS.ring);
    world.now = until - Duration::from_millis(1);
    world.input("alice", Input::TimeIsUp);
    assert!(matches!(world.phase("alice"), Phase::Calling { .. }));
    world.now = until;
    world.input("alice", Input::TimeIsUp);
    world.settle();
    assert_eq!(
        world.hears("alice"),
        [r#"{"type":"leave","name":"bob","call":"c1","reason":"timeout"}"#]
    );
    assert_eq!(
        world.hears("bob"),
        [r#"{"type":"leave","name":"alice","call":"c1","reason":"timeout"}"#]
    );
    world.assert_agreement();
    assert_eq!(world.sessions["alice"].next_timeout(), None);
    assert_eq!(in_call().sessions["alice"].next_timeout(), None);
}
