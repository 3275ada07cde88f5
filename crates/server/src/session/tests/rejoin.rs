//! A page that was loaded anew in the middle of a call knows nothing but the session's secret.

use protocol::CallId;

use super::{
    Duration, LIMITS, Phase, Return, World, call_id, call_with,
    resume::{counting, in_call},
};

const SECOND: Duration = Duration::from_secs(1);

fn anew() -> Return {
    Return { anew: true, ..counting() }
}

/// Loads the page of one of the two anew, who is told which call it is in.
fn reloads(world: &mut World, user: &str) -> Option<(String, CallId)> {
    world.lose(user);
    world.returns(user, anew());
    world.settle();
    let welcomed = &world.welcomed[user];
    assert_eq!((welcomed.received, welcomed.counts), (None, true), "both count from 0");
    welcomed.call.clone()
}

fn continues(user: &str, peer: &str, new: &str, old: &str) -> (String, String) {
    let fields = format!(r#""offer":"{user}","call":"{new}","replaces":"{old}""#);
    (
        format!(r#"{{"type":"offer","name":"{peer}",{fields}}}"#),
        format!(r#"{{"type":"offer","name":"{user}",{fields}}}"#),
    )
}

fn assert_in(world: &World, id: &str) {
    world.assert_agreement();
    for (user, peer) in [("alice", "bob"), ("bob", "alice")] {
        assert_eq!(world.phase(user), &Phase::InCall(call_with(peer, id)));
    }
}

#[test]
fn a_reloaded_page_is_told_its_call_and_continues_it_over_a_new_peer_connection() {
    for (user, peer) in [("alice", "bob"), ("bob", "alice")] {
        let mut world = in_call();
        assert_eq!(reloads(&mut world, user), Some((peer.to_owned(), call_id("c1"))));
        world.hears_nothing(user);
        world.hears_nothing(peer);
        let (offer, heard) = continues(user, peer, "c2", "c1");
        world.tells(user, &offer);
        assert_eq!(world.hears(peer), [heard]);
        assert!(matches!(world.phase(user), Phase::Rejoining { .. }));
        world.tells(user, r#"{"type":"candidate","candidate":1}"#);
        let candidate =
            format!(r#"{{"type":"candidate","name":"{user}","candidate":1,"call":"c2"}}"#);
        assert_eq!(world.hears(peer), [candidate]);
        world.tells(peer, r#"{"type":"answer","answer":2,"call":"c2"}"#);
        let answer = format!(r#"{{"type":"answer","name":"{peer}","answer":2,"call":"c2"}}"#);
        assert_eq!(world.hears(user), [answer]);
        assert_in(&world, "c2");
        assert_eq!(world.sessions[user].next_timeout(), None);
    }
}

#[test]
fn it_may_reload_again_and_again() {
    let mut world = in_call();
    for (old, new) in [("c1", "c2"), ("c2", "c3")] {
        // Before its peer has answered, and after.
        for half in ["a", "b"] {
            let told = reloads(&mut world, "alice").unwrap();
            let (offer, _) = continues("alice", "bob", &format!("{new}{half}"), told.1.as_str());
            world.tells("alice", &offer);
        }
        assert!(world.hears("bob").last().unwrap().contains(&format!(r#""{new}b""#)), "{old}");
        world.tells("bob", r#"{"type":"answer","answer":2}"#);
        assert_in(&world, &format!("{new}b"));
    }
}

#[test]
fn a_peer_that_is_away_takes_it_when_it_is_back() {
    let mut world = in_call();
    world.lose("bob");
    reloads(&mut world, "alice");
    let (offer, heard) = continues("alice", "bob", "c2", "c1");
    world.tells("alice", &offer);
    // Bob had heard one offer.
    world.returns("bob", Return { received: Some(1), ..Return::default() });
    assert_eq!(world.hears("bob"), [heard]);
    world.tells("bob", r#"{"type":"answer","answer":2,"call":"c2"}"#);
    assert_in(&world, "c2");
}

#[test]
fn a_peer_that_does_not_come_back_is_gone() {
    let mut world = in_call();
    world.lose("bob");
    world.pass(20 * SECOND);
    reloads(&mut world, "alice");
    world.tells("alice", &continues("alice", "bob", "c2", "c1").0);
    world.pass(10 * SECOND);
    let gone = r#"{"type":"leave","name":"bob","call":"c2","reason":"gone"}"#;
    assert_eq!(world.hears("alice"), [gone]);
    assert_eq!(world.phase("alice"), &Phase::Idle);
}

#[test]
fn a_peer_that_does_not_answer_has_as_long_as_one_that_is_away() {
    let mut world = in_call();
    reloads(&mut world, "alice");
    world.tells("alice", &continues("alice", "bob", "c2", "c1").0);
    world.hears("bob");
    world.pass(LIMITS.grace);
    let gone = |who| format!(r#"{{"type":"leave","name":"{who}","call":"c2","reason":"gone"}}"#);
    assert_eq!(world.hears("alice"), [gone("bob")]);
    assert_eq!(world.hears("bob"), [gone("alice")]);
    world.assert_agreement();
}

/// After a server that started anew as well: bob's session knows the call only by what his client says.
#[test]
fn a_peer_that_is_expected_takes_it_when_it_is_back() {
    for first in ["alice", "bob"] {
        let mut world = in_call();
        world.restart(&["alice", "bob", "carol"]);
        let bob = Return { call: Some(call_with("alice", "c1")), ..counting() };
        if first == "bob" {
            world.returns("bob", bob.clone());
            world.settle();
        }
        world.returns("alice", Return { call: Some(call_with("bob", "c1")), ..anew() });
        world.settle();
        assert_eq!(world.welcomed["alice"].call, None, "bob's client has to say it as well");
        if first == "alice" {
            world.hears_nothing("alice");
            world.returns("bob", bob);
            world.settle();
        }
        let restored = |peer| format!(r#"{{"type":"restored","name":"{peer}","call":"c1"}}"#);
        assert_eq!(world.hears("alice"), [restored("bob")]);
        assert_eq!(world.hears("bob"), [restored("alice")]);
        let (offer, heard) = continues("alice", "bob", "c2", "c1");
        world.tells("alice", &offer);
        world.tells("alice", r#"{"type":"candidate","candidate":1}"#);
        let candidate =
            r#"{"type":"candidate","name":"alice","candidate":1,"call":"c2"}"#.to_owned();
        assert_eq!(world.hears("bob"), [heard, candidate], "{first}");
        world.tells("bob", r#"{"type":"answer","answer":2,"call":"c2"}"#);
        assert_in(&world, "c2");
    }
}

/// In every order in which their offers can cross.
#[test]
fn both_reloading_at_once_become_one_call_that_of_the_lesser_name() {
    let (by_alice, _) = continues("alice", "bob", "by-alice", "c1");
    let (by_bob, _) = continues("bob", "alice", "by-bob", "c1");
    let mut world = in_call();
    reloads(&mut world, "alice");
    reloads(&mut world, "bob");
    world.says("alice", &by_alice);
    world.says("bob", &by_bob);
    world.settle();
    world.hears_nothing("alice");
    // What it replaces is the call as bob's client knows it.
    assert_eq!(world.hears("bob"), [continues("alice", "bob", "by-alice", "by-bob").1]);
    world.tells("bob", r#"{"type":"answer","answer":2,"call":"by-alice"}"#);
    assert_in(&world, "by-alice");

    // Alice's reaches bob's session before he reloads: he continues hers.
    let mut world = in_call();
    reloads(&mut world, "alice");
    world.tells("alice", &by_alice);
    world.hears("bob");
    assert_eq!(reloads(&mut world, "bob").unwrap().1, call_id("by-alice"));
    let (again, heard) = continues("bob", "alice", "by-bob", "by-alice");
    world.tells("bob", &again);
    assert_eq!(world.hears("alice"), [heard]);
    world.tells("alice", r#"{"type":"answer","answer":2,"call":"by-bob"}"#);
    assert_in(&world, "by-bob");
}

#[test]
fn only_an_accepted_call_of_ones_own_can_be_continued() {
    for (setup, who, peer, new, old) in [
        ("in call", "alice", "bob", "c2", "c0"),
        ("in call", "alice", "carol", "c2", "c1"),
        ("in call", "carol", "bob", "c2", "c1"),
        ("in call", "alice", "bob", "c1", "c1"),
        ("ringing", "alice", "bob", "c2", "c1"),
        ("ringing", "bob", "alice", "c2", "c1"),
    ] {
        let mut world = in_call();
        if setup == "ringing" {
            world.tells("alice", r#"{"type":"leave"}"#);
            world.tells("alice", r#"{"type":"offer","name":"bob","offer":1,"call":"c1"}"#);
        }
        world.heard.clear();
        let before = world.phase(who).clone();
        world.tells(who, &continues(who, peer, new, old).0);
        let heard = world.hears(who);
        assert!(heard.len() == 1 && heard[0].contains(r#""code":"not_in_call""#), "{heard:?}");
        assert!(world.heard.is_empty(), "{:?}", world.heard);
        assert_eq!(world.phase(who), &before);
    }
    let mut world = in_call();
    world.tells("alice", r#"{"type":"offer","name":"bob","offer":1,"replaces":"c1"}"#);
    assert!(world.hears("alice")[0].contains("not_in_call"), "the new call needs an id");
}

#[test]
fn a_peer_that_has_hung_up_meanwhile_ends_it() {
    let mut world = in_call();
    world.lose("alice");
    world.returns("alice", anew());
    world.says("alice", &continues("alice", "bob", "c2", "c1").0);
    world.says("bob", r#"{"type":"leave"}"#);
    world.settle();
    let leave = r#"{"type":"leave","name":"bob","call":"c2","reason":"hangup"}"#;
    assert_eq!(world.hears("alice"), [leave]);
    world.hears_nothing("bob");
    world.assert_agreement();
}

#[test]
fn a_page_that_reloads_while_it_rings_rings_again_with_the_candidates() {
    let mut world = in_call();
    world.tells("bob", r#"{"type":"leave"}"#);
    world.heard.clear();
    world.tells("alice", r#"{"type":"offer","name":"bob","offer":1,"call":"c2"}"#);
    world.tells("alice", r#"{"type":"candidate","candidate":1}"#);
    // Offered anew: what belonged to the first offer is of no use any more.
    world.tells("alice", r#"{"type":"offer","name":"bob","offer":2,"call":"c2"}"#);
    world.tells("alice", r#"{"type":"candidate","candidate":2}"#);
    world.tells("alice", r#"{"type":"candidate","candidate":3}"#);
    world.hears("bob");
    assert_eq!(reloads(&mut world, "bob"), None, "nobody has accepted it");
    assert_eq!(
        world.hears("bob"),
        [
            r#"{"type":"offer","name":"alice","offer":2,"call":"c2"}"#,
            r#"{"type":"candidate","name":"alice","candidate":2,"call":"c2"}"#,
            r#"{"type":"candidate","name":"alice","candidate":3,"call":"c2"}"#,
        ]
    );
    world.hears_nothing("alice");
    world.tells("bob", r#"{"type":"answer","answer":3}"#);
    assert_in(&world, "c2");
}

#[test]
fn a_page_that_reloads_while_it_calls_has_given_up() {
    let mut world = in_call();
    world.tells("bob", r#"{"type":"leave"}"#);
    world.tells("alice", r#"{"type":"offer","name":"bob","offer":1,"call":"c2"}"#);
    world.heard.clear();
    assert_eq!(reloads(&mut world, "alice"), None);
    let cancelled = r#"{"type":"leave","name":"alice","call":"c2","reason":"cancelled"}"#;
    assert_eq!(world.hears("bob"), [cancelled]);
    world.hears_nothing("alice");
    world.assert_agreement();
}

#[test]
fn a_call_without_an_id_cannot_be_continued_and_is_over() {
    let mut world = in_call();
    world.tells("bob", r#"{"type":"leave"}"#);
    world.tells("alice", r#"{"type":"offer","name":"bob","offer":1}"#);
    world.tells("bob", r#"{"type":"answer","answer":2}"#);
    world.heard.clear();
    assert_eq!(reloads(&mut world, "alice"), None);
    let leave = r#"{"type":"leave","name":"alice","reason":"hangup"}"#;
    assert_eq!(world.hears("bob"), [leave]);
    world.assert_agreement();
}

#[test]
fn what_was_missed_is_not_for_a_page_that_starts_anew() {
    let mut world = in_call();
    world.lose("bob");
    world.tells("alice", r#"{"type":"candidate","candidate":1}"#);
    world.tells("alice", r#"{"type":"leave"}"#);
    assert_eq!(reloads(&mut world, "bob"), None);
    world.hears_nothing("bob");
}
