//! Nobody is heard in a call but its peer, and only under an id that the call has: in every phase of it, whatever is said.

use protocol::{LeaveReason, Raw};

use super::{
    Body, CallKey, Envelope, Input, Return, World, call_id, call_with, name,
    resume::{counting, counting_users, in_call},
};

/// What alice may be doing with bob in the call `c1`, or in `c2` that continues it.
fn phases() -> Vec<World> {
    let offer = |name: &str| format!(r#"{{"type":"offer","name":"{name}","offer":1,"call":"c1"}}"#);
    let replaces = r#"{"type":"offer","name":"bob","offer":1,"call":"c2","replaces":"c1"}"#;
    let named = Return { call: Some(call_with("bob", "c1")), ..counting() };
    let restarted = |back: Return| {
        let mut world = World::new(&[]);
        world.restart(&["alice", "bob"]);
        world.returns("alice", back);
        world
    };
    let mut calling = counting_users(&["alice", "bob"]);
    calling.says("alice", &offer("bob"));
    let mut ringing = counting_users(&["alice", "bob"]);
    ringing.tells("bob", &offer("alice"));
    let recalling = restarted(Return { calling: true, ..named.clone() });
    let restoring = restarted(named.clone());
    let mut continuing = restarted(named.clone());
    continuing.says("alice", replaces);
    let reloaded = restarted(Return { anew: true, continued: Some(key("c2")), ..named });
    let mut rejoining = in_call();
    rejoining.says("alice", replaces);
    vec![calling, ringing, recalling, restoring, continuing, reloaded, in_call(), rejoining]
}

fn key(id: &str) -> CallKey {
    CallKey::Given(call_id(id))
}

/// All that a session may say to another, but what begins a call.
fn bodies(old: &str) -> Vec<Body> {
    let raw = || Raw::from_json("1".to_owned()).unwrap();
    vec![
        Body::Reoffer(raw()),
        Body::Ringing,
        Body::Answer(raw()),
        Body::Candidate(raw()),
        Body::Leave(LeaveReason::Hangup),
        Body::Leave(LeaveReason::Gone),
        Body::Restore,
        Body::Restored,
        Body::Replace { offer: raw(), old: Box::new(key(old)) },
    ]
}

#[test]
fn in_no_phase_of_a_call_is_anybody_heard_but_its_peer_under_its_id() {
    for world in phases() {
        // Somebody who has the peer's name and guesses, and somebody who knows the ids and has not the name.
        for (from, id) in
            [("bob", "guess"), ("mallory", "guess"), ("mallory", "c1"), ("mallory", "c2")]
        {
            for body in bodies(id) {
                let mut world = world.clone();
                world.on_the_way.clear();
                world.heard.clear();
                let before = world.phase("alice").clone();
                let what = format!("{before:?}: {from}, {id}, {body:?}");
                let envelope = Envelope { from: name(from), guest: false, call: key(id), body };
                world.input("alice", Input::FromPeer(envelope));
                assert_eq!(world.phase("alice"), &before, "{what}");
                world.hears_nothing("alice");
                // At most that there is no such call.
                let said = world.on_the_way.into_values().flatten();
                assert!(said.into_iter().all(|said| matches!(said.body, Body::Leave(_))), "{what}");
            }
            // Nor does it end the call that somebody else is not there.
            let mut world = world.clone();
            let before = world.phase("alice").clone();
            world.input("alice", Input::Undeliverable { to: name(from), call: key(id) });
            assert_eq!(world.phase("alice"), &before, "{from}, {id}");
        }
    }
}
