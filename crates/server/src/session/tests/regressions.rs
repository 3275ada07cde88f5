//! What simulation and model found in sessions, each in as few steps as show it.

use protocol::{LeaveReason, Raw};

use super::{
    Body, CallKey, Envelope, Input, Phase, Return, Ringing, Session, World, call_id, call_with,
    name,
    resume::{counting, counting_users, in_call},
};

fn key(id: &str) -> CallKey {
    CallKey::Given(call_id(id))
}

fn raw(json: &str) -> Raw {
    Raw::from_json(json.to_owned()).unwrap()
}

fn from_peer(world: &mut World, user: &str, call: &str, body: Body) {
    let from = name(if user == "alice" { "bob" } else { "alice" });
    world.input(user, Input::FromPeer(Envelope { from, guest: false, call: key(call), body }));
}

/// The server has started anew, and waits for both.
fn restarted() -> World {
    let mut world = World::new(&[]);
    world.restart(&["alice", "bob"]);
    world
}

/// A client that is in this call comes back to a server that has started anew.
fn back_in(world: &mut World, user: &str, call: &str) {
    let peer = if user == "alice" { "bob" } else { "alice" };
    world.returns(user, Return { call: Some(call_with(peer, call)), ..counting() });
}

fn calls(peer: &str, call: &str) -> String {
    format!(r#"{{"type":"offer","name":"{peer}","offer":1,"call":"{call}"}}"#)
}

fn continues(peer: &str, call: &str, old: &str) -> String {
    format!(r#"{{"type":"offer","name":"{peer}","offer":1,"call":"{call}","replaces":"{old}"}}"#)
}

fn is_in(world: &World, user: &str, call: &str) {
    let peer = if user == "alice" { "bob" } else { "alice" };
    assert_eq!(world.phase(user), &Phase::InCall(call_with(peer, call)));
}

/// Each waited for the other's answer.
#[test]
fn a_candidate_of_another_call_does_not_reach_the_one_that_stands() {
    let mut world = in_call();
    for call in ["c0", "c1"] {
        from_peer(&mut world, "alice", call, Body::Candidate(raw("1")));
    }
    let heard = r#"{"type":"candidate","name":"bob","candidate":1,"call":"c1"}"#;
    assert_eq!(world.hears("alice"), [heard]);
}

#[test]
fn of_two_who_continue_a_call_one_after_the_other_the_later_is_heard() {
    for (first, second) in [("alice", "bob"), ("bob", "alice")] {
        let mut world = in_call();
        world.tells(first, &continues(second, "c2", "c1"));
        is_in(&world, second, "c2");
        // Its page is loaded anew before it has answered.
        world.tells(second, &continues(first, "c3", "c2"));
        is_in(&world, first, "c3");
        world.tells(first, r#"{"type":"answer","answer":2,"call":"c3"}"#);
        world.assert_agreement();
    }
}

/// After the server has started anew, each took the other's and gave its own up.
#[test]
fn of_two_continuations_the_earlier_is_not_heard_when_it_is_said_again() {
    let mut world = in_call();
    world.tells("alice", &continues("bob", "c2", "c1"));
    world.tells("bob", &continues("alice", "c3", "c2"));
    world.hears("bob");
    let body = Body::Replace { offer: raw("1"), old: Box::new(key("c1")) };
    let mut session = world.sessions["bob"].clone();
    assert!(matches!(session.phase(), Phase::Rejoining { .. }));
    let envelope = Envelope { from: name("alice"), guest: false, call: key("c2"), body };
    let _ = session.handle(world.now, Input::FromPeer(envelope));
    assert!(matches!(session.phase(), Phase::Rejoining { .. }), "{:?}", session.phase());
}

/// The callee, in the call already, was told that it is over.
#[test]
fn a_call_that_its_caller_is_about_to_offer_again_is_restored_to_its_callee() {
    let mut world = restarted();
    let calling = Return { call: Some(call_with("bob", "c1")), calling: true, ..counting() };
    world.returns("alice", calling);
    assert!(matches!(world.phase("alice"), Phase::Recalling { .. }));
    back_in(&mut world, "bob", "c1");
    world.settle();
    is_in(&world, "bob", "c1");
    assert_eq!(world.hears("bob"), [r#"{"type":"restored","name":"alice","call":"c1"}"#]);
    world.tells("alice", &calls("bob", "c1"));
    world.tells("bob", r#"{"type":"answer","answer":2}"#);
    is_in(&world, "alice", "c1");
    world.assert_agreement();
}

/// They ended it, although one was about to say again what the other had missed.
#[test]
fn two_who_know_a_call_by_different_ids_after_a_restart_do_not_end_it() {
    for (one, other) in [("alice", "bob"), ("bob", "alice")] {
        let mut world = restarted();
        back_in(&mut world, one, "c1");
        back_in(&mut world, other, "c2");
        world.settle();
        assert!(matches!(world.phase(one), Phase::Restoring { .. }));
        assert!(matches!(world.phase(other), Phase::Restoring { .. }));
        world.tells(one, &continues(other, "c2", "c1"));
        is_in(&world, other, "c2");
        world.tells(other, r#"{"type":"answer","answer":2,"call":"c2"}"#);
        is_in(&world, one, "c2");
        world.assert_agreement();
    }
}

/// A page that waits under the id of its continuation has to hear of the end under that one.
#[test]
fn the_end_of_a_call_is_told_under_the_id_that_the_client_knows() {
    for ends in ["leaves", "does not come"] {
        let mut world = restarted();
        back_in(&mut world, "alice", "c1");
        world.tells("alice", &continues("bob", "c2", "c1"));
        if ends == "leaves" {
            world.returns("bob", counting());
            world.settle();
        } else {
            world.pass(super::LIMITS.grace);
        }
        let heard = world.hears("alice");
        assert_eq!(heard.len(), 1, "{ends}: {heard:?}");
        assert!(heard[0].contains(r#""leave""#) && heard[0].contains(r#""c2""#), "{heard:?}");
        assert_eq!(world.phase("alice"), &Phase::Idle);
    }
}

/// The callee's page gave its own continuation up for one that it had taken already.
#[test]
fn a_continuation_that_comes_twice_is_an_offer_within_the_call() {
    let mut world = in_call();
    world.tells("alice", &continues("bob", "c2", "c1"));
    world.hears("bob");
    from_peer(&mut world, "bob", "c2", Body::Replace { offer: raw("1"), old: Box::new(key("c1")) });
    let within = r#"{"type":"offer","name":"alice","offer":1,"call":"c2"}"#;
    assert_eq!(world.hears("bob"), [within]);
    is_in(&world, "bob", "c2");
}

/// An ICE restart crossed with the end of its call, and rang.
#[test]
fn an_offer_in_a_call_that_has_just_ended_rings_nowhere_whatever_its_id_was() {
    let mut world = in_call();
    world.tells("bob", &continues("alice", "c2", "c1"));
    world.tells("alice", r#"{"type":"answer","answer":2,"call":"c2"}"#);
    world.tells("bob", r#"{"type":"leave"}"#);
    world.hears("alice");
    for id in ["c1", "c2"] {
        world.tells("alice", &calls("bob", id));
        let heard = world.hears("alice");
        assert!(heard[0].contains("not_in_call"), "{heard:?}");
        assert_eq!(world.phase("bob"), &Phase::Idle, "{id}");
    }
    // Nor within the next call, which it would have been taken to cross with.
    world.says("bob", &calls("alice", "c3"));
    world.settle();
    world.tells("alice", &calls("bob", "c1"));
    assert!(matches!(world.phase("alice"), Phase::Ringing(_)));
    world.assert_agreement();
}

/// The peer had let this user's call go for one that was over, and nobody was rung.
#[test]
fn a_call_that_the_peer_let_go_for_one_that_is_over_is_offered_again() {
    let mut world = in_call();
    world.tells("bob", r#"{"type":"leave"}"#);
    world.tells("bob", &calls("alice", "c2"));
    world.says("bob", r#"{"type":"candidate","candidate":1}"#);
    world.on_the_way.clear();
    // Alice's session, another by now, has heard neither of the end of c1 nor of c2.
    from_peer(&mut world, "bob", "c1", Body::Offer(raw("1")));
    assert!(matches!(world.phase("bob"), Phase::Calling { .. }));
    let way = ("bob".to_owned(), "alice".to_owned());
    let bodies: Vec<_> = world.on_the_way[&way].iter().map(|sent| sent.body.clone()).collect();
    let [Body::Leave(LeaveReason::Hangup), Body::Offer(_), Body::Candidate(_)] = &bodies[..] else {
        panic!("{bodies:?}");
    };
    // Of somebody else's call it hears nothing.
    let call = Envelope {
        from: name("carol"),
        guest: false,
        call: key("c1"),
        body: Body::Offer(raw("1")),
    };
    world.on_the_way.clear();
    world.input("bob", Input::FromPeer(call));
    assert!(!world.on_the_way.contains_key(&way));
}

/// A call that had to give way to one that was then never made rang on and on for its caller.
#[test]
fn who_is_beaten_by_a_call_that_is_left_before_it_is_offered_again_is_told() {
    for knows_first in [true, false] {
        let mut world = World::new(&[]);
        world.returns("bob", counting());
        let calling = Return { call: Some(call_with("bob", "c1")), calling: true, ..counting() };
        world.expect("alice");
        if knows_first {
            world.returns("alice", calling.clone());
        }
        world.tells("bob", &calls("alice", "c2"));
        if !knows_first {
            world.returns("alice", calling);
        }
        assert!(matches!(world.phase("alice"), Phase::Recalling { .. }));
        world.hears("bob");
        world.tells("alice", r#"{"type":"leave","call":"c1"}"#);
        let declined = r#"{"type":"leave","name":"alice","call":"c2","reason":"declined"}"#;
        assert_eq!(world.hears("bob"), [declined]);
        world.assert_agreement();
    }
}

/// The offer was in a stream that the client did not hear of, and it was never said again.
#[test]
fn an_offer_that_a_client_may_not_have_heard_is_said_again() {
    for (offer, replaces, call) in [
        (calls("bob", "c1"), "", "c1"),
        (continues("bob", "c2", "c1"), r#","replaces":"c1""#, "c2"),
    ] {
        let mut world = in_call();
        world.lose("bob");
        world.tells("alice", &offer);
        // It has lost count, and is in the call that it knows.
        let back = Return { received: Some(99), ..counting() };
        world.returns("bob", Return { call: Some(call_with("alice", "c1")), ..back.clone() });
        let heard =
            format!(r#"{{"type":"offer","name":"alice","offer":1,"call":"{call}"{replaces}}}"#);
        assert_eq!(world.hears("bob"), [heard]);
        is_in(&world, "bob", call);
        world.tells("bob", r#"{"type":"answer","answer":2}"#);
        world.assert_agreement();
        // Once it is answered there is nothing to be said again.
        world.lose("bob");
        world.returns("bob", Return { call: Some(call_with("alice", call)), ..back });
        world.hears_nothing("bob");
    }
}

/// The peer waited for half a minute.
#[test]
fn who_hangs_up_a_call_that_the_peer_knows_by_another_id_ends_it_for_both() {
    let mut world = restarted();
    back_in(&mut world, "alice", "c2");
    back_in(&mut world, "bob", "c1");
    world.settle();
    // Alice's session cannot tell this from a stranger's word. Bob's client has named both ids.
    world.tells("bob", &continues("alice", "c2", "c1"));
    world.tells("bob", r#"{"type":"leave","call":"c2"}"#);
    let over = r#"{"type":"leave","name":"bob","call":"c2","reason":"hangup"}"#;
    assert!(world.hears("alice").contains(&over.to_owned()));
    world.assert_agreement();
    // She knows it by either id, and hears that it stands only as he hangs up.
    for hers in ["c1", "c2"] {
        let mut world = restarted();
        back_in(&mut world, "alice", hers);
        world.settle();
        back_in(&mut world, "bob", "c1");
        world.says("bob", &continues("alice", "c2", "c1"));
        world.says("bob", r#"{"type":"leave","call":"c2"}"#);
        world.settle();
        world.assert_agreement();
        assert_eq!(world.phase("alice"), &Phase::Idle, "{hers}");
    }
    // Under another id nobody is heard.
    let mut world = in_call();
    from_peer(&mut world, "alice", "c0", Body::Leave(LeaveReason::Hangup));
    is_in(&world, "alice", "c1");
}

/// A session ended after its user had begun another one, which was in the call already and stayed there.
#[test]
fn the_next_session_of_a_peer_that_is_gone_hears_that_the_call_is_over() {
    let mut world = in_call();
    from_peer(&mut world, "alice", "c1", Body::Leave(LeaveReason::Gone));
    assert_eq!(world.phase("alice"), &Phase::Idle);
    is_in(&world, "bob", "c1");
    world.settle();
    world.assert_agreement();
    assert_eq!(world.phase("bob"), &Phase::Idle);
}

/// The callee had accepted and was loaded anew when the server died; its caller had not heard of either.
#[test]
fn a_call_that_is_continued_before_its_caller_knows_that_it_was_accepted_stands() {
    let mut world = counting_users(&["alice", "bob"]);
    world.tells("alice", &calls("bob", "c1"));
    from_peer(
        &mut world,
        "alice",
        "c2",
        Body::Replace { offer: raw("1"), old: Box::new(key("c1")) },
    );
    is_in(&world, "alice", "c2");
    let heard = r#"{"type":"offer","name":"bob","offer":1,"call":"c2","replaces":"c1"}"#;
    assert_eq!(world.hears("alice"), [heard]);
    // Not one that has nothing to do with it.
    let mut world = counting_users(&["alice", "bob"]);
    world.tells("alice", &calls("bob", "c1"));
    from_peer(
        &mut world,
        "alice",
        "c3",
        Body::Replace { offer: raw("1"), old: Box::new(key("c2")) },
    );
    assert!(matches!(world.phase("alice"), Phase::Calling { .. }));
}

/// The same, and the caller was back first, so that it rang again at the callee's session.
#[test]
fn a_call_that_rings_again_can_be_continued_by_who_had_accepted_it() {
    let mut world = counting_users(&["alice", "bob"]);
    world.tells("alice", &calls("bob", "c1"));
    let phase = world.phase("bob").clone();
    assert!(matches!(phase, Phase::Ringing(Ringing { .. })));
    world.tells("bob", &continues("alice", "c2", "c1"));
    is_in(&world, "alice", "c2");
    world.tells("alice", r#"{"type":"answer","answer":2,"call":"c2"}"#);
    is_in(&world, "bob", "c2");
    world.assert_agreement();
}

/// Sessions are held in great numbers: what they remember is bounded.
#[test]
fn a_session_remembers_the_latest_calls_only() {
    let mut world = counting_users(&["alice", "bob"]);
    for number in 0..100 {
        world.tells("alice", &calls("bob", &format!("c{number}")));
        world.tells("alice", r#"{"type":"leave"}"#);
    }
    let session: &Session = &world.sessions["bob"];
    assert_eq!(session.past.len(), super::super::MAX_PAST);
}
