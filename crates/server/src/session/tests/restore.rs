//! A server that starts anew has forgotten everything, or knows only who was there.

use protocol::{CallId, Raw};

use super::{
    Body, Call, CallKey, Duration, Envelope, Input, LIMITS, Phase, Return, World, call_with, name,
    resume::{counting, counting_users},
};

pub(super) const SECOND: Duration = Duration::from_secs(1);

/// A client comes back that is in this call.
pub(super) fn with(call: Call) -> Return {
    Return { call: Some(call), ..counting() }
}

/// Alice and bob were in the call `c1` when the server stopped.
pub(super) fn restarted(expected: &[&str]) -> World {
    let mut world = World::new(&[]);
    world.restart(expected);
    world
}

pub(super) fn back(world: &mut World, user: &str) {
    let peer = if user == "alice" { "bob" } else { "alice" };
    world.returns(user, with(call_with(peer, "c1")));
    world.settle();
}

pub(super) fn restored(peer: &str) -> String {
    format!(r#"{{"type":"restored","name":"{peer}","call":"c1"}}"#)
}

pub(super) fn raw() -> Raw {
    Raw::from_json("1".to_owned()).unwrap()
}

pub(super) fn assert_in_call(world: &World) {
    world.assert_agreement();
    for user in ["alice", "bob"] {
        assert!(matches!(world.phase(user), Phase::InCall(_)), "{user}: {:?}", world.phase(user));
    }
}

#[test]
fn a_call_stands_again_once_both_are_back_whoever_is_first() {
    for order in [["alice", "bob"], ["bob", "alice"]] {
        let mut world = restarted(&["alice", "bob"]);
        back(&mut world, order[0]);
        assert!(matches!(world.phase(order[0]), Phase::Restoring { .. }));
        world.pass(20 * SECOND);
        world.hears_nothing(order[0]);
        back(&mut world, order[1]);
        assert_in_call(&world);
        assert_eq!(world.sessions["alice"].next_timeout(), None);
        assert_eq!(world.hears("alice"), [restored("bob")]);
        assert_eq!(world.hears("bob"), [restored("alice")]);
        // And is a call as before.
        world.tells("alice", r#"{"type":"offer","name":"bob","offer":1,"call":"c1"}"#);
        let offer = r#"{"type":"offer","name":"alice","offer":1,"call":"c1"}"#;
        assert_eq!(world.hears("bob"), [offer]);
        world.tells("bob", r#"{"type":"leave"}"#);
        let leave = r#"{"type":"leave","name":"bob","call":"c1","reason":"hangup"}"#;
        assert_eq!(world.hears("alice"), [leave]);
        world.assert_agreement();
    }
}

/// Alice is back, continues the call as `c2`, and then bob comes, who knows it as `c1` only: wherever he comes in between.
#[test]
fn a_call_that_is_continued_before_the_peer_is_back_goes_on() {
    for bob_comes_at in 0..3 {
        let mut world = restarted(&["alice", "bob"]);
        let bob = with(call_with("alice", "c1"));
        for moment in 0..3 {
            if moment == bob_comes_at {
                world.returns("bob", bob.clone());
            }
            match moment {
                0 => world.returns("alice", with(call_with("bob", "c1"))),
                1 => world.says(
                    "alice",
                    r#"{"type":"offer","name":"bob","offer":1,"call":"c2","replaces":"c1"}"#,
                ),
                _ => {}
            }
        }
        world.settle();
        let offer = r#"{"type":"offer","name":"alice","offer":1,"call":"c2","replaces":"c1"}"#;
        assert_eq!(world.hears("bob"), [restored("alice"), offer.to_owned()], "{bob_comes_at}");
        world.tells("bob", r#"{"type":"answer","answer":1,"call":"c2"}"#);
        assert_in_call(&world);
    }
}

/// Alice had continued the call as `c2`, bob had answered, and the word of that was lost: whoever is back first.
#[test]
fn a_call_that_was_continued_before_the_restart_goes_on() {
    for alice_is_first in [true, false] {
        let mut world = restarted(&["alice", "bob"]);
        let [alice, bob] =
            [("bob", "c1"), ("alice", "c2")].map(|(peer, id)| with(call_with(peer, id)));
        let backs = [("alice", alice), ("bob", bob)];
        let order = if alice_is_first { [0, 1] } else { [1, 0] };
        for user in order {
            let (user, back) = &backs[user];
            world.returns(user, back.clone());
            world.settle();
        }
        world.tells(
            "alice",
            r#"{"type":"offer","name":"bob","offer":1,"call":"c2","replaces":"c1"}"#,
        );
        world.tells("bob", r#"{"type":"answer","answer":1,"call":"c2"}"#);
        assert_in_call(&world);
    }
}

/// Alice's page offers to continue the call, is reloaded, and the server stops: nobody knows whether bob's has got that.
#[test]
fn a_page_that_is_reloaded_twice_around_a_restart_finds_its_call_by_either_id() {
    for bobs in ["c1", "c2"] {
        for order in [["alice", "bob"], ["bob", "alice"]] {
            let mut world = restarted(&["alice", "bob"]);
            for user in order {
                if user == "alice" {
                    let continued = Some(call_with("bob", "c2").key);
                    let anew = Return { anew: true, continued, ..with(call_with("bob", "c1")) };
                    world.returns("alice", anew);
                } else {
                    world.returns("bob", with(call_with("alice", bobs)));
                }
                world.settle();
            }
            let restored =
                |peer| format!(r#"{{"type":"restored","name":"{peer}","call":"{bobs}"}}"#);
            assert_eq!(world.hears("alice"), [restored("bob")], "{bobs} {order:?}");
            assert_eq!(world.hears("bob"), [restored("alice")], "{bobs} {order:?}");
            world.assert_agreement();
        }
    }
}

/// Without a token that this start found in its roster a client may say what it likes: it is answered at once, and nobody
/// hears of it. So its answer does not tell who is here either.
#[test]
fn a_call_is_restored_only_for_those_whom_this_start_knew() {
    for (expected, here) in [(&["alice"][..], true), (&["alice"], false), (&[], false)] {
        let mut world = restarted(expected);
        if here {
            back(&mut world, "alice");
            world.hears("alice");
        }
        world.returns("bob", with(call_with("alice", "c1")));
        assert!(world.on_the_way.is_empty(), "nobody is asked");
        let over = r#"{"type":"leave","name":"alice","call":"c1","reason":"hangup"}"#;
        assert_eq!(world.hears("bob"), [over]);
        assert_eq!(world.phase("bob"), &Phase::Idle);
    }
}

/// An attack: bob's call with alice was forgotten by the server and his name was free. Whoever took it was in the call.
#[test]
fn a_stranger_cannot_continue_a_call_after_a_restart() {
    for lies in [
        r#"{"type":"offer","name":"alice","offer":1,"call":"c9","replaces":"guess"}"#,
        r#"{"type":"offer","name":"alice","offer":1,"call":"c9"}"#,
        r#"{"type":"offer","name":"alice","offer":1,"call":"guess"}"#,
        r#"{"type":"answer","name":"alice","answer":1}"#,
        r#"{"type":"candidate","name":"alice","candidate":1}"#,
        r#"{"type":"leave","name":"alice"}"#,
    ] {
        for knew_bob in [false, true] {
            let mut world = restarted(if knew_bob { &["alice", "bob"] } else { &["alice"] });
            if knew_bob {
                // Bob was back, in no call, and has signed out: alice hears that the call is over.
                world.returns("bob", counting());
                world.input("bob", Input::Left);
                world.settle();
            }
            back(&mut world, "alice");
            world.hears("alice");
            // A stranger takes the name, and says to be in that call.
            world.returns("bob", with(call_with("alice", "guess")));
            world.settle();
            world.tells("bob", lies);
            for heard in world.hears("alice") {
                let rings = heard.contains(r#""type":"offer""#) && !heard.contains("replaces");
                let old = heard.contains(r#""type":"leave""#) && heard.contains(r#""call":"c1""#);
                assert!(rings || old, "{lies}: {heard}");
            }
            assert!(!matches!(world.phase("alice"), Phase::InCall(_)), "{lies}");
        }
    }
}

/// An attack: what a stranger guesses was told to the victim as being of the call that she is in.
#[test]
fn a_continuation_needs_the_id_of_the_very_call() {
    let mut in_a_call = super::resume::in_call();
    let mut restoring = restarted(&["alice", "bob"]);
    back(&mut restoring, "alice");
    for world in [&mut in_a_call, &mut restoring] {
        let before = world.phase("alice").clone();
        for (new, old) in [("c9", "guess"), ("guess", "c0"), ("c9", "")] {
            let old = CallId::try_from(old.to_owned()).map_or(CallKey::Numbered(1), CallKey::Given);
            let body = Body::Replace { offer: raw(), old: Box::new(old) };
            let (from, call) = (name("bob"), call_with("bob", new).key);
            let envelope = Envelope { from, guest: false, call, body };
            world.input("alice", Input::FromPeer(envelope));
            world.hears_nothing("alice");
            assert_eq!(world.phase("alice"), &before, "{new}");
        }
        world.on_the_way.clear();
    }
}

/// A user who is back and in no call says so to whoever waits for that; one who does not come back is gone.
#[test]
fn who_waits_for_a_peer_that_was_expected_is_told_what_became_of_it() {
    for comes in [true, false] {
        let mut world = restarted(&["alice", "bob"]);
        back(&mut world, "alice");
        world.hears_nothing("alice");
        if comes {
            world.returns("bob", counting());
            world.settle();
        } else {
            world.pass(LIMITS.grace);
        }
        let reason = if comes { "hangup" } else { "gone" };
        let over = format!(r#"{{"type":"leave","name":"bob","call":"c1","reason":"{reason}"}}"#);
        assert_eq!(world.hears("alice"), [over]);
        assert_eq!(world.phase("alice"), &Phase::Idle);
    }
}

#[test]
fn both_may_be_back_at_once() {
    let mut world = restarted(&["alice", "bob"]);
    world.returns("alice", with(call_with("bob", "c1")));
    world.returns("bob", with(call_with("alice", "c1")));
    world.settle();
    assert_in_call(&world);
}

#[test]
fn what_is_said_before_the_peer_is_back_waits_for_it_and_comes_in_order() {
    let mut world = restarted(&["alice", "bob"]);
    back(&mut world, "alice");
    world.tells("alice", r#"{"type":"offer","name":"bob","offer":1,"call":"c1"}"#);
    for number in 2..5 {
        world.tells("alice", &format!(r#"{{"type":"candidate","candidate":{number}}}"#));
    }
    world.hears_nothing("alice");
    back(&mut world, "bob");
    let offer = r#"{"type":"offer","name":"alice","offer":1,"call":"c1"}"#.to_owned();
    let mut expected = vec![restored("alice"), offer];
    expected.extend((2..5).map(|number| {
        format!(r#"{{"type":"candidate","name":"alice","candidate":{number},"call":"c1"}}"#)
    }));
    assert_eq!(world.hears("bob"), expected);
    assert_in_call(&world);
}

#[test]
fn a_hang_up_before_the_peer_is_back_reaches_it_when_it_is() {
    let mut world = restarted(&["alice", "bob"]);
    back(&mut world, "alice");
    world.tells("alice", r#"{"type":"leave"}"#);
    assert_eq!(world.phase("alice"), &Phase::Idle);
    back(&mut world, "bob");
    let leave = r#"{"type":"leave","name":"alice","call":"c1","reason":"hangup"}"#;
    assert_eq!(world.hears("bob"), [leave]);
    world.assert_agreement();
}

#[test]
fn a_peer_that_does_not_come_back_is_gone() {
    let mut world = restarted(&["alice", "bob"]);
    back(&mut world, "alice");
    world.pass(LIMITS.grace);
    let gone = r#"{"type":"leave","name":"bob","call":"c1","reason":"gone"}"#;
    assert_eq!(world.hears("alice"), [gone]);
    assert_eq!(world.phase("alice"), &Phase::Idle);
    assert!(!world.sessions.contains_key("bob"), "nobody is expected any more");
    // One whom the server does not know will not come.
    let mut world = restarted(&["alice"]);
    back(&mut world, "alice");
    let over = r#"{"type":"leave","name":"bob","call":"c1","reason":"hangup"}"#;
    assert_eq!(world.hears("alice"), [over]);
}

#[test]
fn a_peer_that_is_in_no_call_or_in_another_ends_it() {
    let mut world = restarted(&["alice", "bob"]);
    back(&mut world, "alice");
    // Bob had left while the server was away.
    world.returns("bob", counting());
    world.settle();
    world.pass(LIMITS.grace);
    assert_eq!(world.phase("alice"), &Phase::Idle);
    assert_eq!(world.hears("alice").len(), 1);

    let mut world = restarted(&["alice", "bob"]);
    world.returns("bob", counting());
    back(&mut world, "alice");
    let leave = r#"{"type":"leave","name":"bob","call":"c1","reason":"hangup"}"#;
    assert_eq!(world.hears("alice"), [leave]);
    world.hears_nothing("bob");
    world.assert_agreement();
}

/// It was lost in the crash that bob had left, and that carol had called him: each says what it knows.
#[test]
fn whoever_claims_a_call_with_somebody_in_another_does_not_get_into_that() {
    let mut world = restarted(&["alice", "bob", "mallory"]);
    world.returns("mallory", with(call_with("bob", "c1")));
    back(&mut world, "alice");
    back(&mut world, "bob");
    world.returns("mallory", with(call_with("bob", "c1")));
    world.settle();
    world.tells("mallory", r#"{"type":"candidate","candidate":1}"#);
    world.pass(LIMITS.grace);
    assert_eq!(world.phase("mallory"), &Phase::Idle);
    assert_eq!(world.hears("alice"), [restored("bob")]);
    assert_eq!(world.hears("bob"), [restored("alice")]);
    assert_in_call(&world);
}

#[test]
fn a_call_with_oneself_is_none() {
    let mut world = restarted(&["alice"]);
    world.returns("alice", with(call_with("alice", "c1")));
    world.settle();
    assert_eq!(world.phase("alice"), &Phase::Idle);
    let leave = r#"{"type":"leave","name":"alice","call":"c1","reason":"hangup"}"#;
    assert_eq!(world.hears("alice"), [leave]);
}

/// The callee had accepted, and its answer was on its way when the server stopped.
#[test]
fn a_callee_that_has_accepted_and_a_caller_that_has_not_heard_of_it_come_together() {
    for order in [["alice", "bob"], ["bob", "alice"]] {
        let mut world = restarted(&["alice", "bob"]);
        for user in order {
            if user == "alice" {
                let calling = Return { calling: true, ..with(call_with("bob", "c1")) };
                world.returns("alice", calling);
            } else {
                world.returns("bob", with(call_with("alice", "c1")));
            }
            world.settle();
        }
        world.tells("alice", r#"{"type":"offer","name":"bob","offer":1,"call":"c1"}"#);
        // Bob's client sees an offer within its call, and answers.
        let offer = r#"{"type":"offer","name":"alice","offer":1,"call":"c1"}"#.to_owned();
        assert_eq!(world.hears("bob"), [restored("alice"), offer], "{order:?}");
        world.tells("bob", r#"{"type":"answer","answer":2}"#);
        let answer = r#"{"type":"answer","name":"bob","answer":2,"call":"c1"}"#;
        assert_eq!(world.hears("alice"), [answer], "{order:?}");
        assert_in_call(&world);
    }
}

/// At a server that did not stop, a session that ran out of time is the same: its peer was told.
#[test]
fn a_call_that_the_peer_was_told_is_over_is_not_restored() {
    let mut world = counting_users(&["alice"]);
    back(&mut world, "bob");
    let leave = r#"{"type":"leave","name":"alice","call":"c1","reason":"hangup"}"#;
    assert_eq!(world.hears("bob"), [leave]);
    world.hears_nothing("alice");
    world.assert_agreement();
}
