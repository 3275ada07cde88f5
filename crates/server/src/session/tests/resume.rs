//! A client whose socket is lost comes back, and goes on where it was.

use protocol::{
    ClientMessage, Ping, Refusal, ServerMessage,
    limits::{MAX_DESCRIPTION_BYTES, MAX_UNACKNOWLEDGED_MESSAGES},
};

use super::{Input, Phase, Return, Welcomed, World, call_with};

pub(super) fn counting() -> Return {
    Return { received: Some(0), ..Return::default() }
}

fn received(count: u64) -> Return {
    Return { received: Some(count), ..Return::default() }
}

/// Users whose clients count, without a call.
pub(super) fn counting_users(users: &[&str]) -> World {
    let mut world = World::new(&[]);
    for user in users {
        world.returns(user, counting());
    }
    world
}

/// Alice and bob in the call `c1`, which alice made.
pub(super) fn in_call() -> World {
    let mut world = counting_users(&["alice", "bob", "carol"]);
    world.tells("alice", r#"{"type":"offer","name":"bob","offer":1,"call":"c1"}"#);
    world.tells("bob", r#"{"type":"answer","answer":2}"#);
    world.hears("bob");
    world.hears("alice");
    world
}

fn candidate(number: usize) -> String {
    format!(r#"{{"type":"candidate","candidate":{number}}}"#)
}

pub(super) fn heard_candidate(number: usize) -> String {
    format!(r#"{{"type":"candidate","name":"alice","candidate":{number},"call":"c1"}}"#)
}

#[test]
fn a_first_login_begins_at_zero() {
    let world = counting_users(&["alice"]);
    let expected = Welcomed { received: None, counts: true, call: None };
    assert_eq!(world.welcomed["alice"], expected);
    let mut world = World::new(&["alice"]);
    assert_eq!(world.welcomed["alice"], Welcomed::default(), "it does not count");
    world.hears_nothing("alice");
}

#[test]
fn what_was_missed_is_delivered_once_and_in_order() {
    let mut world = in_call();
    world.tells("alice", &candidate(1));
    world.tells("alice", &candidate(2));
    // Of these the first arrived and the second was lost with the socket. The third came while nobody was there.
    world.lose("bob");
    world.hears("bob");
    world.tells("alice", &candidate(3));
    world.hears_nothing("bob");
    world.hears_nothing("alice");
    // Bob had heard the offer and one candidate. He had said one thing, the answer.
    world.returns("bob", received(2));
    assert_eq!(world.welcomed["bob"].received, Some(1));
    assert_eq!(world.hears("bob"), [heard_candidate(2), heard_candidate(3)]);
    // The same again: nothing of it was known to have arrived. Then all of it is.
    world.lose("bob");
    world.returns("bob", received(3));
    assert_eq!(world.hears("bob"), [heard_candidate(3)]);
    world.lose("bob");
    world.returns("bob", received(4));
    world.hears_nothing("bob");
    world.tells("alice", &candidate(4));
    assert_eq!(world.hears("bob"), [heard_candidate(4)]);
    world.assert_agreement();
}

#[test]
fn a_client_may_be_back_before_its_old_socket_is_known_to_be_lost() {
    let mut world = in_call();
    world.tells("alice", &candidate(1));
    world.hears("bob");
    world.returns("bob", received(1));
    assert_eq!(world.hears("bob"), [heard_candidate(1)]);
    assert!(matches!(world.phase("bob"), Phase::InCall(_)));
}

#[test]
fn every_message_counts_that_does_not_manage_the_socket_whether_it_is_understood_or_not() {
    let mut world = counting_users(&["alice"]);
    world.tells("alice", r#"{"type":"leave"}"#);
    world.tells("alice", r#"{"type":"ping"}"#);
    world.input("alice", Input::Unreadable(None));
    let message = "What?".to_owned();
    let refusal =
        Refusal { message, code: None, name: None, call: None, fault: None, seconds: None };
    world.input("alice", Input::Unreadable(Some(refusal.clone())));
    world.tells("alice", r#"{"type":"login","name":"bob"}"#);
    assert_eq!(world.hears("alice").len(), 4);
    world.tells("alice", r#"{"type":"ping","received":1}"#);
    assert_eq!(world.hears("alice"), [r#"{"type":"pong","received":3}"#]);
    world.lose("alice");
    world.returns("alice", received(1));
    assert_eq!(world.welcomed["alice"].received, Some(3));
    let again = world.hears("alice");
    assert_eq!(again.len(), 2, "{again:?}");
    assert_eq!(again[0], ServerMessage::Error(refusal).encode());
    assert!(again[1].contains("already_logged_in"));
}

#[test]
fn what_the_server_itself_says_is_kept_as_well() {
    let mut world = counting_users(&["alice"]);
    world.lose("alice");
    let message = "Mind the gap.".to_owned();
    let told = ServerMessage::Error(Refusal {
        message,
        code: None,
        name: None,
        call: None,
        fault: None,
        seconds: None,
    });
    world.input("alice", Input::Tell(told.clone()));
    world.hears_nothing("alice");
    world.returns("alice", received(0));
    assert_eq!(world.hears("alice"), [told.encode()]);
}

#[test]
fn an_acknowledgement_makes_room_for_more() {
    let mut world = in_call();
    let mut told = 1;
    for round in 0..3 {
        for _ in 0..MAX_UNACKNOWLEDGED_MESSAGES - 1 {
            world.tells("alice", &candidate(round));
            told += 1;
        }
        world.says("bob", &ClientMessage::Ping(Ping { received: Some(told) }).encode());
    }
    world.hears("bob");
    world.lose("bob");
    world.tells("alice", &candidate(7));
    world.returns("bob", received(told));
    assert_eq!(world.hears("bob"), [heard_candidate(7)]);
}

/// Whoever says that it has got what was never sent, or less than it said before, has not counted with us.
#[test]
fn counts_that_cannot_be_begin_the_session_again_and_keep_its_call() {
    for count in [0, 5, u64::MAX] {
        let mut world = in_call();
        world.tells("alice", &candidate(1));
        world.says("bob", r#"{"type":"ping","received":1}"#);
        world.hears("bob");
        world.lose("bob");
        let back = Return { call: Some(call_with("alice", "c1")), ..received(count) };
        world.returns("bob", back);
        world.settle();
        assert_eq!(world.welcomed["bob"].received, None, "{count}");
        world.hears_nothing("bob");
        world.hears_nothing("alice");
        world.assert_agreement();
        assert!(matches!(world.phase("bob"), Phase::InCall(_)), "{count}");
        // Both count from 0 again.
        world.tells("alice", &candidate(2));
        world.hears("bob");
        world.lose("bob");
        world.returns("bob", received(0));
        assert_eq!(world.hears("bob"), [heard_candidate(2)], "{count}");
    }
}

/// The answer to the login that began again was lost, and with it what was said after it. The client's count is from before.
#[test]
fn a_count_from_before_the_session_began_again_is_not_taken_for_one_from_after() {
    let mut world = in_call();
    world.restart(&["alice", "bob"]);
    let is_in = |peer: &str, count| Return { call: Some(call_with(peer, "c1")), ..received(count) };
    world.returns("bob", is_in("alice", 1));
    world.returns("alice", is_in("bob", 1));
    world.settle();
    world.tells("alice", &candidate(1));
    // All of that is lost.
    world.hears("bob");
    world.returns("bob", is_in("alice", 1));
    world.settle();
    assert_eq!(world.welcomed["bob"].received, None, "it begins again");
    world.hears_nothing("bob");
    assert!(matches!(world.phase("bob"), Phase::InCall(_)));
    // Once the client has said something it knows where the counts began.
    world.tells("alice", &candidate(2));
    world.says("bob", r#"{"type":"ping"}"#);
    world.hears("bob");
    world.returns("bob", is_in("alice", 1));
    assert_eq!(world.welcomed["bob"].received, Some(0));
    world.hears_nothing("bob");
    world.tells("alice", &candidate(3));
    assert_eq!(world.hears("bob"), [heard_candidate(3)]);
}

#[test]
fn an_impossible_count_in_a_ping_lets_nothing_go() {
    let mut world = in_call();
    world.tells("alice", &candidate(1));
    world.says("bob", r#"{"type":"ping","received":99}"#);
    world.hears("bob");
    world.lose("bob");
    world.returns("bob", received(1));
    assert_eq!(world.hears("bob"), [heard_candidate(1)]);
}

#[test]
fn a_client_that_is_too_far_behind_begins_again_and_keeps_its_call() {
    let large = format!(r#"{{"type":"offer","name":"bob","offer":"{}"}}"#, "x".repeat(48_000));
    assert!(large.len() > MAX_DESCRIPTION_BYTES / 2);
    for (message, times) in [(candidate(1), MAX_UNACKNOWLEDGED_MESSAGES), (large, 5)] {
        let mut world = in_call();
        world.lose("bob");
        for _ in 0..times {
            world.tells("alice", &message);
        }
        world.returns("bob", Return { call: Some(call_with("alice", "c1")), ..received(1) });
        world.settle();
        assert_eq!(world.welcomed["bob"].received, None);
        // Of offers it has to answer the latest.
        let offers = usize::from(message.contains("offer"));
        assert_eq!(world.hears("bob").len(), offers);
        world.hears_nothing("alice");
        world.assert_agreement();
        assert!(matches!(world.phase("bob"), Phase::InCall(_)));
    }
}

/// What it missed cannot be known any more, so the session and its client are brought together.
#[test]
fn a_client_that_begins_again_is_told_of_a_call_that_is_over_and_rung_for_one_that_is_not() {
    let begin = |call: Option<(&str, &str)>| Return {
        call: call.map(|(peer, id)| call_with(peer, id)),
        ..received(99)
    };
    let over = r#"{"type":"leave","name":"alice","call":"c1","reason":"hangup"}"#;

    let mut world = in_call();
    world.lose("bob");
    world.tells("alice", r#"{"type":"leave"}"#);
    world.returns("bob", begin(Some(("alice", "c1"))));
    assert_eq!(world.hears("bob"), [over]);

    // The client has left it, and word of that was lost.
    let mut world = in_call();
    world.lose("bob");
    world.returns("bob", begin(None));
    world.settle();
    world.hears_nothing("bob");
    let over = r#"{"type":"leave","name":"bob","call":"c1","reason":"hangup"}"#;
    assert_eq!(world.hears("alice"), [over]);
    world.assert_agreement();

    // It is called by somebody else by now.
    let mut world = in_call();
    world.lose("bob");
    world.tells("alice", r#"{"type":"leave"}"#);
    world.tells("carol", r#"{"type":"offer","name":"bob","offer":3,"call":"c2"}"#);
    world.returns("bob", begin(Some(("alice", "c1"))));
    world.settle();
    assert_eq!(
        world.hears("bob"),
        [
            r#"{"type":"leave","name":"alice","call":"c1","reason":"hangup"}"#,
            r#"{"type":"offer","name":"carol","offer":3,"call":"c2"}"#,
        ]
    );
    world.assert_agreement();
}

/// The queue of a socket is bounded, and what is kept has to fit it, or its client would be cut off each time it comes.
#[test]
fn what_is_kept_is_counted_with_no_less_than_it_takes() {
    use super::super::link::size;
    let long = "\u{10428}".repeat(32);
    let id = "x".repeat(64);
    for json in [
        format!(r#"{{"type":"offer","name":"{long}","offer":1,"call":"{id}","replaces":"{id}"}}"#),
        format!(r#"{{"type":"answer","name":"{long}","answer":1,"call":"{id}"}}"#),
        format!(r#"{{"type":"candidate","name":"{long}","candidate":1,"call":"{id}"}}"#),
        format!(r#"{{"type":"ringing","name":"{long}","call":"{id}"}}"#),
        format!(
            r#"{{"type":"leave","name":"{long}","call":"{id}","reason":"answered_elsewhere"}}"#
        ),
        format!(
            r#"{{"type":"error","message":"{}","code":"already_logged_in","name":"{long}","call":"{id}"}}"#,
            r#"\""#.repeat(200)
        ),
    ] {
        let message = ServerMessage::decode(&json).unwrap();
        assert!(message.encode().len() <= size(&message), "{json}");
    }
}
