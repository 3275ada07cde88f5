//! What somebody who only rings can make others do, each held against its bound.

use protocol::{Raw, limits::MAX_CANDIDATE_BYTES};

use super::{
    super::ringing::{MAX_REOFFERS, MAX_RING_CANDIDATE_BYTES, MAX_RING_CANDIDATES},
    Body, Envelope, Input, LIMITS, Phase, Return, World, call_with, name,
    resume::{counting, counting_users, in_call},
};

const OFFER: &str = r#"{"type":"offer","name":"bob","offer":1,"call":"c1"}"#;

fn ringing() -> World {
    let mut world = counting_users(&["alice", "bob", "mallory"]);
    world.tells("mallory", OFFER);
    world.heard.clear();
    world
}

fn is_refused(heard: &[String]) -> bool {
    heard.iter().all(|heard| heard.contains(r#""code":"rate_limited""#))
}

/// An attack: each of 600 offers under one id had the callee's page build a peer connection.
#[test]
fn who_rings_may_offer_again_twice_and_no_more() {
    let mut world = ringing();
    for _ in 0..600 {
        world.tells("mallory", OFFER);
    }
    assert_eq!(world.hears("bob").len(), usize::from(MAX_REOFFERS));
    let refused = world.hears("mallory");
    assert_eq!(refused.len(), 600 - usize::from(MAX_REOFFERS));
    assert!(is_refused(&refused) && refused[0].contains(r#""call":"c1""#), "{}", refused[0]);
    // The call itself goes on.
    world.tells("bob", r#"{"type":"answer","answer":2}"#);
    assert!(matches!(world.phase("mallory"), Phase::InCall(_)));
    for _ in 0..10 {
        world.tells("mallory", OFFER);
        world.tells("bob", r#"{"type":"answer","answer":2}"#);
    }
    assert!(!is_refused(&world.hears("mallory")));
}

/// An attack: 5.6 MB of candidates came in 6.5 s to somebody who had accepted nothing. The callee may not do so either.
#[test]
fn before_the_answer_candidates_are_few_whoever_sends_them() {
    for (from, to) in [("mallory", "bob"), ("bob", "mallory")] {
        for size in [1, MAX_CANDIDATE_BYTES - 2] {
            let mut world = ringing();
            let candidate = format!(r#"{{"type":"candidate","candidate":"{}"}}"#, "x".repeat(size));
            for _ in 0..1_000 {
                world.tells(from, &candidate);
            }
            let heard = world.hears(to);
            assert!(heard.len() <= usize::from(MAX_RING_CANDIDATES), "{}", heard.len());
            let bytes: usize = heard.iter().map(String::len).sum();
            assert!(bytes <= MAX_RING_CANDIDATE_BYTES + 128 * heard.len(), "{bytes}");
            assert!(is_refused(&world.hears(from)));
            world.tells("bob", r#"{"type":"answer","answer":2}"#);
            world.hears(to);
            world.tells(from, &candidate);
            assert!(world.hears(to).last().unwrap().contains("candidate"), "within the call");
        }
    }
}

#[test]
fn a_call_rings_for_a_minute_at_most() {
    let mut world = ringing();
    world.pass(LIMITS.ring);
    for (user, peer) in [("bob", "mallory"), ("mallory", "bob")] {
        let over = format!(r#"{{"type":"leave","name":"{peer}","call":"c1","reason":"timeout"}}"#);
        assert_eq!(world.hears(user), [over]);
    }
}

/// An attack: while somebody rang again and again, nobody learned who else had called.
#[test]
fn who_calls_while_another_rings_is_a_missed_call() {
    let mut world = ringing();
    world.tells("alice", r#"{"type":"offer","name":"bob","offer":1,"call":"c2"}"#);
    let busy = r#"{"type":"leave","name":"bob","call":"c2","reason":"busy"}"#;
    assert_eq!(world.hears("alice"), [busy]);
    assert_eq!(world.hears("bob"), [r#"{"type":"missed","name":"alice","call":"c2"}"#]);
    world.assert_agreement();
}

/// What the callee is not there to hear, nobody has to keep.
#[test]
fn a_call_that_rings_while_its_callee_is_away_takes_no_room_in_what_waits_for_them() {
    let mut world = counting_users(&["bob", "mallory"]);
    world.lose("bob");
    world.tells("mallory", OFFER);
    let candidate = format!(r#"{{"type":"candidate","candidate":"{}"}}"#, "x".repeat(900));
    for _ in 0..64 {
        world.tells("mallory", &candidate);
    }
    world.returns("bob", Return { received: Some(0), ..Return::default() });
    assert_eq!(world.welcomed["bob"].received, Some(0), "its counts go on");
    assert_eq!(world.hears("bob").len(), 65, "it rings, with what came since");
}

/// An attack: the victim was told that it had answered elsewhere, and had no missed call.
#[test]
fn a_client_cannot_give_the_reasons_that_only_a_server_knows() {
    for reason in ["gone", "answered_elsewhere"] {
        let mut world = ringing();
        world.tells("mallory", &format!(r#"{{"type":"leave","reason":"{reason}"}}"#));
        let over = r#"{"type":"leave","name":"mallory","call":"c1","reason":"hangup"}"#;
        assert_eq!(world.hears("bob"), [over], "{reason}");
    }
}

/// An attack: a chain of continuations had the peer's page build 500 peer connections.
#[test]
fn a_call_is_not_continued_without_end() {
    let mut world = in_call();
    world.heard.clear();
    for number in 1..100 {
        let (new, old) = (number + 1, number);
        world.tells(
            "alice",
            &format!(
                r#"{{"type":"offer","name":"bob","offer":1,"call":"c{new}","replaces":"c{old}"}}"#
            ),
        );
        world.tells("bob", r#"{"type":"answer","answer":2}"#);
    }
    assert_eq!(world.hears("bob").len(), 6);
    let refused = world.hears("alice").into_iter().filter(|heard| heard.contains("error"));
    let codes: Vec<_> = refused.collect();
    assert!(
        codes[0].contains("rate_limited") && codes[0].contains(r#""seconds":10"#),
        "{}",
        codes[0]
    );
    world.assert_agreement();
}

/// Only what was accepted is continued: else a caller would be in a call that nobody has answered, which rings without end and
/// costs nothing.
#[test]
fn who_only_rings_cannot_continue_the_call() {
    let mut world = ringing();
    let replaces = r#"{"type":"offer","name":"bob","offer":1,"call":"c2","replaces":"c1"}"#;
    world.tells("mallory", replaces);
    assert!(world.hears("mallory")[0].contains(r#""code":"not_in_call""#));
    assert!(matches!(world.phase("mallory"), Phase::Calling { .. }));
    // Nor if its own session let it.
    let [old, new] = ["c1", "c2"].map(|id| call_with("mallory", id).key);
    let raw = || Raw::from_json("1".to_owned()).unwrap();
    let replace = Body::Replace { offer: raw(), old: Box::new(old.clone()) };
    for (call, body) in [(new, replace), (old.clone(), Body::Answer(raw())), (old, Body::Restored)]
    {
        let envelope = Envelope { from: name("mallory"), guest: false, call, body };
        world.input("bob", Input::FromPeer(envelope));
        assert!(matches!(world.phase("bob"), Phase::Ringing(_)));
        world.hears_nothing("bob");
    }
}

/// An attack: a login that names a call learned by its answer, or by none, whether the peer was there.
#[test]
fn a_login_does_not_tell_who_is_here() {
    let named = call_with("alice", "z");
    let answers = [true, false].map(|is_here| {
        let mut world = counting_users(if is_here { &["alice"] } else { &[] });
        world.returns("mallory", Return { call: Some(named.clone()), ..counting() });
        assert!(world.on_the_way.is_empty(), "nobody is asked");
        world.hears("mallory")
    });
    assert_eq!(answers[0], answers[1]);
}
