//! A socket is lost, and its user comes back over another.

use std::time::Duration;

use futures_util::future::join_all;
use protocol::limits::{MAX_MESSAGE_BYTES, MAX_UNACKNOWLEDGED_MESSAGES};
use serde_json::json;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

use super::{Counting, can_talk, in_call, login, refused, user};
use crate::{
    common::{Server, soon},
    memory::Relay,
};

#[tokio::test]
async fn whoever_comes_back_gets_what_was_missed_once_and_in_order() {
    let server = Server::start().await;
    let (mut alice, mut bob) = (user(&server, "alice").await, user(&server, "bob").await);
    in_call(&mut alice, &mut bob).await;
    for round in 0..3 {
        // Some of it may still reach the old socket, where nobody looks at it.
        for n in 0..5 {
            let candidate = format!(r#"{{"type":"candidate","candidate":[{round},{n}]}}"#);
            alice.client.say(&candidate).await;
        }
        alice.sync().await;
        let (again, reply, old) = bob.comes_back(server.client().await, json!({})).await;
        bob = again;
        drop(old);
        assert_eq!(reply["received"], 1, "bob's answer");
        for n in 0..5 {
            bob.hears(&format!(
                r#"{{"type":"candidate","name":"alice","candidate":[{round},{n}],"call":"c1"}}"#
            ))
            .await;
        }
    }
    bob.sync().await;
    can_talk_over_c1(&mut alice, &mut bob).await;
}

async fn can_talk_over_c1(alice: &mut Counting, bob: &mut Counting) {
    can_talk(alice, bob).await;
    alice.client.say(r#"{"type":"leave"}"#).await;
    bob.hears(r#"{"type":"leave","name":"alice","call":"c1","reason":"hangup"}"#).await;
}

#[tokio::test]
async fn a_socket_that_breaks_ends_nothing() {
    let server = Server::start().await;
    let (mut alice, mut bob) = (user(&server, "alice").await, user(&server, "bob").await);
    in_call(&mut alice, &mut bob).await;
    // The socket is dropped before its user has another; whether the server has seen that does not matter.
    let (fields, more) =
        (json!({"name": "bob", "session": bob.secret, "received": 1}), server.client().await);
    let Counting { client, name, secret, .. } = bob;
    drop(client);
    let mut more = more;
    let reply = login(&mut more, fields).await;
    assert_eq!((&reply["success"], &reply["received"]), (&true.into(), &1.into()));
    let mut bob = Counting { client: more, name, secret, received: 1 };
    can_talk_over_c1(&mut alice, &mut bob).await;
}

#[tokio::test]
async fn an_old_socket_that_lingers_is_closed_with_its_own_code() {
    let server = Server::start().await;
    let (mut alice, mut bob) = (user(&server, "alice").await, user(&server, "bob").await);
    in_call(&mut alice, &mut bob).await;
    let (mut again, _, mut old) = bob.comes_back(server.client().await, json!({})).await;
    assert_eq!(old.is_closed().await, 4003);
    can_talk_over_c1(&mut alice, &mut again).await;
}

#[tokio::test]
async fn a_second_tab_without_the_secret_or_with_another_is_refused() {
    let server = Server::start().await;
    let (mut alice, mut bob) = (user(&server, "alice").await, user(&server, "bob").await);
    in_call(&mut alice, &mut bob).await;
    let mut tab = server.client().await;
    for session in [
        json!(null),
        json!(""),
        json!("0".repeat(32)),
        json!("nonsense"),
        json!("x".repeat(3_000)),
        // Of somebody else, and his own with something about it.
        json!(alice.secret),
        json!(format!("{}0", bob.secret)),
        json!(format!("+{}", &bob.secret[1..])),
    ] {
        let code = refused(&mut tab, json!({"name": "bob", "received": 0, "session": session}));
        assert_eq!(code.await, "name_taken", "{session}");
    }
    // Nor while he is away.
    let bob = bob.closes_with(1001).await;
    alice.sync().await;
    assert_eq!(refused(&mut tab, json!({"name": "bob", "received": 0})).await, "name_taken");
    let (mut bob, ..) = bob.comes_back(server.client().await, json!({})).await;
    can_talk_over_c1(&mut alice, &mut bob).await;
}

#[tokio::test]
async fn a_clean_close_frees_the_name_at_once_and_tells_the_peer() {
    let server = Server::with(|config| config.timing.grace = Duration::from_secs(1000)).await;
    for frame in [Some(1000), None] {
        let (mut alice, mut bob) = (user(&server, "alice").await, user(&server, "bob").await);
        in_call(&mut alice, &mut bob).await;
        let _closing = match frame {
            Some(code) => bob.closes_with(code).await,
            None => {
                bob.client.send(Message::Close(None)).await;
                bob
            }
        };
        alice.hears(r#"{"type":"leave","name":"bob","call":"c1","reason":"gone"}"#).await;
        user(&server, "bob").await.client.close().await;
        alice.client.close().await;
    }
}

/// In virtual time.
#[tokio::test(start_paused = true)]
async fn a_page_that_goes_away_is_waited_for_for_a_shorter_time_than_a_socket_that_breaks() {
    let relay = Relay::with(|_| {});
    for (code, seconds) in [(Some(1001), 10), (Some(4007), 10), (Some(4004), 30), (None, 30)] {
        let mut alice = Counting::log_in(relay.client().await, "alice").await;
        let mut bob = Counting::log_in(relay.client().await, "bob").await;
        in_call(&mut alice, &mut bob).await;
        let start = Instant::now();
        match code {
            Some(code) => drop(bob.closes_with(code).await),
            None => drop(bob),
        }
        if seconds == 10 {
            alice.hears(r#"{"type":"away","name":"bob","call":"c1"}"#).await;
            assert_eq!(start.elapsed().as_secs(), 0, "it is told at once");
        }
        let gone = r#"{"type":"leave","name":"bob","call":"c1","reason":"gone"}"#;
        // Longer than this test has patience: time passes in steps.
        while alice.client.heard_within(Duration::from_secs(1)).await.is_none_or(|heard| {
            assert_eq!(heard, gone);
            false
        }) {
            assert!(start.elapsed() < Duration::from_secs(60));
        }
        assert_eq!(start.elapsed().as_secs(), seconds, "{code:?}");
        relay.user("bob").await.close().await;
        alice.client.close().await;
    }
}

#[tokio::test]
async fn a_page_that_was_loaded_anew_is_told_its_call_and_continues_it() {
    let server = Server::start().await;
    let (mut alice, mut bob) = (user(&server, "alice").await, user(&server, "bob").await);
    in_call(&mut alice, &mut bob).await;
    let bob = bob.closes_with(1001).await;
    alice.hears(r#"{"type":"away","name":"bob","call":"c1"}"#).await;
    let (mut bob, reply, _) =
        bob.comes_back(server.client().await, json!({"received": 0, "anew": true})).await;
    assert_eq!((&reply["peer"], &reply["call"]), (&"alice".into(), &"c1".into()), "{reply}");
    bob.client
        .say(r#"{"type":"offer","name":"alice","offer":3,"call":"c2","replaces":"c1"}"#)
        .await;
    alice.hears(r#"{"type":"offer","name":"bob","offer":3,"call":"c2","replaces":"c1"}"#).await;
    alice.client.say(r#"{"type":"answer","name":"bob","answer":4,"call":"c2"}"#).await;
    bob.hears(r#"{"type":"answer","name":"alice","answer":4,"call":"c2"}"#).await;
}

#[tokio::test]
async fn of_many_who_come_back_at_once_the_latest_has_the_session_and_the_others_give_way() {
    let server = Server::start().await;
    let (mut alice, mut bob) = (user(&server, "alice").await, user(&server, "bob").await);
    in_call(&mut alice, &mut bob).await;
    let mut sockets = Vec::new();
    for _ in 0..8 {
        sockets.push(server.client().await);
    }
    let login = |attempt: usize| {
        let (session, received) = (&bob.secret, bob.received);
        json!({"type": "login", "name": "bob", "session": session, "received": received, "attempt": attempt})
            .to_string()
    };
    // All at once, the latest somewhere in between.
    let attempts = [3, 8, 1, 5, 7, 2, 6, 4];
    join_all(sockets.iter_mut().zip(attempts).map(async |(socket, attempt)| {
        socket.say(&login(attempt)).await;
    }))
    .await;
    let mut latest = None;
    for (mut socket, attempt) in sockets.into_iter().zip(attempts) {
        if attempt == 8 {
            let reply = socket.hear().await;
            assert!(reply.contains(r#""success":true"#), "{reply}");
            latest = Some(socket);
            continue;
        }
        // Closed, after it may have had the session for a moment.
        while let Some(reply) = socket.heard_before_it_is_closed_with(4003).await {
            assert!(reply.contains(r#""success":true"#), "{attempt}: {reply}");
        }
    }
    let Counting { name, secret, received, .. } = bob;
    let mut bob = Counting { client: latest.unwrap(), name, secret, received };
    can_talk_over_c1(&mut alice, &mut bob).await;
}

#[tokio::test]
async fn a_login_that_was_overtaken_does_not_take_the_session_back() {
    let server = Server::start().await;
    let bob = user(&server, "bob").await;
    let (bob, ..) = bob.comes_back(server.client().await, json!({"attempt": 7})).await;
    let mut late = server.client().await;
    let fields =
        json!({"type": "login", "name": "bob", "session": bob.secret, "received": 0, "attempt": 6});
    late.say(&fields.to_string()).await;
    assert_eq!(late.is_closed().await, 4003);
    let (mut bob, ..) = bob.comes_back(server.client().await, json!({"attempt": 8})).await;
    bob.sync().await;
}

/// What is kept for a client that is away has to fit the queue of the socket that it comes back with.
#[tokio::test]
async fn as_much_as_is_kept_can_be_had_in_one_go() {
    let server = Server::start().await;
    for (size, times) in
        [(48 * 1024 - 2, 3), (4 * 1024 - 2, 40), (10, MAX_UNACKNOWLEDGED_MESSAGES - 1)]
    {
        let (mut alice, mut bob) = (user(&server, "alice").await, user(&server, "bob").await);
        in_call(&mut alice, &mut bob).await;
        bob.client.say(r#"{"type":"ping","received":1}"#).await;
        bob.client.hear().await;
        let bob = bob.closes_with(1001).await;
        alice.hears(r#"{"type":"away","name":"bob","call":"c1"}"#).await;
        let kind = if size > 4096 { "offer" } else { "candidate" };
        let large = "x".repeat(size);
        for _ in 0..times {
            let json = format!(r#"{{"type":"{kind}","name":"bob","{kind}":"{large}"}}"#);
            alice.client.say(&json).await;
        }
        alice.sync().await;
        let (mut bob, reply, _) = bob.comes_back(server.client().await, json!({})).await;
        assert_eq!(reply["received"], 1, "{size}");
        for _ in 0..times {
            assert!(bob.hear().await.contains(&large));
        }
        bob.sync().await;
        bob.client.close().await;
        alice.client.close().await;
    }
}

/// It counts, and so is not sent again and again.
#[tokio::test]
async fn what_was_no_message_or_too_large_for_one_is_counted_and_its_error_as_well() {
    let server = Server::start().await;
    let mut bob = user(&server, "bob").await;
    bob.client.say("nonsense").await;
    assert!(bob.hear().await.contains("bad_message"));
    bob.client.say(r#"{"type":"of-the-future"}"#).await;
    bob.client.send(Message::binary(vec![1, 2])).await;
    assert!(bob.hear().await.contains("bad_message"));
    bob.client.say(&"x".repeat(MAX_MESSAGE_BYTES + 1)).await;
    assert!(bob.hear().await.contains("too_large"));
    assert_eq!(bob.client.is_closed().await, 1009);
    let (mut bob, reply, _) = bob.comes_back(server.client().await, json!({})).await;
    assert_eq!(reply["received"], 4, "{reply}");
    bob.sync().await;
}

#[tokio::test]
async fn a_client_that_does_not_count_has_no_secret_and_ends_with_its_socket() {
    let server = Server::with(|config| config.timing.grace = Duration::from_secs(1000)).await;
    let (alice, mut bob) = server.call("alice", "bob").await;
    drop(alice);
    bob.hears(r#"{"type":"leave","name":"alice","call":"c1","reason":"gone"}"#).await;
    server.user("alice").await;
}

#[tokio::test]
async fn a_user_who_is_away_can_be_called() {
    let server = Server::start().await;
    let bob = user(&server, "bob").await.closes_with(1001).await;
    let mut alice = user(&server, "alice").await;
    alice.client.say(r#"{"type":"offer","name":"bob","offer":1,"call":"c1"}"#).await;
    alice.sync().await;
    let (mut bob, ..) = bob.comes_back(server.client().await, json!({})).await;
    bob.hears(r#"{"type":"offer","name":"alice","offer":1,"call":"c1"}"#).await;
}

/// On one thread: the session is handed over in the very turn in which an envelope is taken out of its mailbox.
#[tokio::test(flavor = "current_thread")]
async fn nothing_is_lost_when_a_session_is_handed_over_while_it_gets_mail() {
    let relay = Relay::start();
    let mut alice = Counting::log_in(relay.client().await, "alice").await;
    let mut bob = Counting::log_in(relay.client().await, "bob").await;
    in_call(&mut alice, &mut bob).await;
    let mut heard = 0;
    for round in 0..50 {
        let more = relay.client().await;
        let (back, ()) = tokio::join!(bob.comes_back(more, json!({})), async {
            for n in 0..round % 7 {
                alice.client.say(&format!(r#"{{"type":"candidate","candidate":{n}}}"#)).await;
                tokio::task::yield_now().await;
            }
        });
        bob = back.0;
        for n in 0..round % 7 {
            bob.hears(&format!(
                r#"{{"type":"candidate","name":"alice","candidate":{n},"call":"c1"}}"#
            ))
            .await;
            heard += 1;
        }
    }
    assert!(heard > 100);
    soon(bob.sync()).await;
}
