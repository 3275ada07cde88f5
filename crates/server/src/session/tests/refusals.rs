//! What a client gets for what it may not say.

use protocol::{ErrorCode, ServerMessage};

use super::{Phase, World};

/// The code, name and call of the one error that the user was told.
fn the_error(world: &mut World, user: &str) -> (ErrorCode, Option<String>, Option<String>) {
    let heard = world.heard.remove(user).unwrap_or_default();
    match heard.into_iter().collect::<Vec<_>>().as_slice() {
        [ServerMessage::Error(error)] => {
            assert!(error.message.ends_with('.'), "a sentence: {}", error.message);
            (error.code.unwrap(), error.name.clone(), error.call.as_ref().map(ToString::to_string))
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_not_of_the_call_is_refused_and_reaches_nobody() {
    let some = |text: &str| Some(text.to_owned());
    let alice_calls_bob = r#"{"type":"offer","name":"bob","offer":1,"call":"c1"}"#;
    let bob_answers = r#"{"type":"answer","answer":1}"#;
    let calling = &[("alice", alice_calls_bob)][..];
    let in_call = &[("alice", alice_calls_bob), ("bob", bob_answers)][..];
    for (setup, who, json, name, call) in [
        // From outside any call.
        (&[][..], "carol", r#"{"type":"answer","name":"bob","answer":1}"#, some("bob"), None),
        (&[], "carol", r#"{"type":"candidate","name":"bob","candidate":1}"#, some("bob"), None),
        (&[], "carol", r#"{"type":"ringing","name":"bob"}"#, some("bob"), None),
        (&[], "carol", r#"{"type":"leave","name":"bob","call":"c1"}"#, some("bob"), some("c1")),
        (&[], "carol", r#"{"type":"leave"}"#, None, None),
        (&[], "carol", r#"{"type":"leave","name":"__proto__"}"#, None, None),
        // Into the call of others.
        (in_call, "carol", r#"{"type":"leave","name":"bob","call":"c1"}"#, some("bob"), some("c1")),
        (
            in_call,
            "carol",
            r#"{"type":"answer","name":"alice","answer":1,"call":"c1"}"#,
            some("alice"),
            some("c1"),
        ),
        // To somebody who is not the peer.
        (
            calling,
            "alice",
            r#"{"type":"candidate","name":"carol","candidate":1}"#,
            some("carol"),
            None,
        ),
        (in_call, "alice", r#"{"type":"leave","name":"carol"}"#, some("carol"), None),
        (in_call, "bob", r#"{"type":"answer","name":"<b>","answer":1}"#, None, None),
        (
            in_call,
            "bob",
            r#"{"type":"offer","name":"carol","offer":1,"call":"c2"}"#,
            some("carol"),
            some("c2"),
        ),
        (calling, "bob", r#"{"type":"offer","name":"carol","offer":1}"#, some("carol"), None),
        // Of another call with the same peer.
        (
            in_call,
            "alice",
            r#"{"type":"candidate","candidate":1,"call":"c0"}"#,
            some("bob"),
            some("c0"),
        ),
        (
            in_call,
            "alice",
            r#"{"type":"offer","name":"bob","offer":1,"call":"c0"}"#,
            some("bob"),
            some("c0"),
        ),
        (
            calling,
            "alice",
            r#"{"type":"offer","name":"bob","offer":1,"call":"c0"}"#,
            some("bob"),
            some("c0"),
        ),
        // At the wrong moment.
        (calling, "alice", r#"{"type":"answer","answer":1}"#, some("bob"), some("c1")),
        (calling, "alice", r#"{"type":"ringing"}"#, some("bob"), some("c1")),
        (in_call, "bob", r#"{"type":"ringing"}"#, some("alice"), some("c1")),
        (
            calling,
            "bob",
            r#"{"type":"offer","name":"alice","offer":1,"call":"c1"}"#,
            some("alice"),
            some("c1"),
        ),
    ] {
        let mut world = World::new(&["alice", "bob", "carol"]);
        for (user, message) in setup {
            world.tells(user, message);
        }
        world.heard.clear();
        let before = world.sessions.clone();
        world.tells(who, json);
        assert_eq!(the_error(&mut world, who), (ErrorCode::NotInCall, name, call), "{json}");
        assert!(world.heard.is_empty(), "{json}: {:?}", world.heard);
        assert_eq!(world.sessions, before, "{json}");
    }
}

#[test]
fn bad_names_cannot_be_called() {
    for (json, name) in [
        (r#"{"type":"offer","name":"","offer":1,"call":"c1"}"#, None),
        (r#"{"type":"offer","name":"a b","offer":1,"call":"c1"}"#, None),
        (r#"{"type":"offer","name":"__proto__","offer":1,"call":"c1"}"#, None),
        (r#"{"type":"offer","name":"Alice","offer":1,"call":"c1"}"#, Some("alice".to_owned())),
    ] {
        let mut world = World::new(&["alice"]);
        world.tells("alice", json);
        let expected = (ErrorCode::BadName, name, Some("c1".to_owned()));
        assert_eq!(the_error(&mut world, "alice"), expected, "{json}");
        assert_eq!(world.phase("alice"), &Phase::Idle);
    }
}

#[test]
fn a_second_login_is_refused() {
    let mut world = World::new(&["alice"]);
    world.tells("alice", r#"{"type":"login","name":"carol"}"#);
    let expected = (ErrorCode::AlreadyLoggedIn, Some("alice".to_owned()), None);
    assert_eq!(the_error(&mut world, "alice"), expected);
}

#[test]
fn a_ping_is_answered_in_any_phase() {
    let mut world = World::new(&["alice", "bob"]);
    world.tells("alice", r#"{"type":"ping"}"#);
    world.tells("alice", r#"{"type":"offer","name":"bob","offer":1}"#);
    world.tells("alice", r#"{"type":"ping"}"#);
    assert_eq!(world.hears("alice"), [r#"{"type":"pong"}"#, r#"{"type":"pong"}"#]);
}
