//! Those who are not in a call, and those who would like to know of whom there is one.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::Victims;
use crate::{
    common::{Client, Server},
    resume::{can_talk, in_call, login, roster_with, user},
};

/// Everything that somebody who has taken bob's name may say to alice of the call that she is in, with guessed ids.
const LIES: [&str; 10] = [
    r#"{"type":"offer","name":"alice","offer":1,"call":"c9","replaces":"guess"}"#,
    r#"{"type":"offer","name":"alice","offer":1,"call":"guess","replaces":"c9"}"#,
    r#"{"type":"answer","name":"alice","answer":1}"#,
    r#"{"type":"answer","name":"alice","answer":1,"call":"guess"}"#,
    r#"{"type":"candidate","name":"alice","candidate":1}"#,
    r#"{"type":"candidate","name":"alice","candidate":1,"call":"guess"}"#,
    r#"{"type":"ringing","name":"alice"}"#,
    r#"{"type":"leave","name":"alice"}"#,
    r#"{"type":"leave","name":"alice","call":"guess","reason":"gone"}"#,
    r#"{"type":"leave","name":"alice","reason":"answered_elsewhere"}"#,
];

async fn lies(client: &mut Client) {
    for lie in LIES {
        client.say(lie).await;
    }
    client.say(r#"{"type":"ping"}"#).await;
    while !client.hear().await.starts_with(r#"{"type":"pong""#) {}
}

/// A stranger says to be bob, in a call with alice.
async fn stranger(server: &Server) -> (Client, Value) {
    let mut client = server.client().await;
    let says = json!({"name": "bob", "received": 0, "peer": "alice", "call": "guess"});
    let reply = login(&mut client, says).await;
    (client, reply)
}

/// While bob is waited for nobody has his name. Where the server knows him no more his name is free, and the call over.
#[tokio::test]
async fn a_call_is_not_continued_by_a_stranger_after_a_restart() {
    let state = TempDir::new().unwrap();
    let with = |config: &mut server::Config| {
        config.limits = None;
        config.state = Some(state.path().to_owned());
    };
    let server = Server::with(with).await;
    let (mut alice, mut bob) = (user(&server, "alice").await, user(&server, "bob").await);
    in_call(&mut alice, &mut bob).await;
    roster_with(state.path(), 2, "+ ").await;
    let address = server.address.to_string();
    server.stop().await;
    let server = Server::listening_on(&address, with).await;
    let (_, reply) = stranger(&server).await;
    assert_eq!(reply["code"], "name_taken");
    let is_in = |peer: &str| json!({"peer": peer, "call": "c1"});
    let (mut alice, ..) = alice.comes_back(server.client().await, is_in("bob")).await;
    // Bob is back and signs out, without a word of the call.
    let (bob, ..) = bob.comes_back(server.client().await, json!({})).await;
    alice.hears(r#"{"type":"leave","name":"bob","call":"c1","reason":"hangup"}"#).await;
    bob.client.close().await;
    let (mut mallory, reply) = stranger(&server).await;
    assert!(reply["success"] == true && reply.get("call").is_none(), "{reply}");
    mallory.hears(r#"{"type":"leave","name":"alice","call":"guess","reason":"hangup"}"#).await;
    lies(&mut mallory).await;
    alice.sync().await;
}

/// Alice was away for longer than her session was kept, and bob's name was free by then. Her page named the call that it
/// had been in to a server that believed it.
#[tokio::test]
async fn a_call_is_not_continued_by_a_stranger_without_a_restart() {
    let server = Server::with(|config| {
        config.limits = None;
        config.timing.grace = Duration::from_millis(200);
    })
    .await;
    let (mut alice, mut bob) = (user(&server, "alice").await, user(&server, "bob").await);
    in_call(&mut alice, &mut bob).await;
    drop(alice.client);
    bob.hears(r#"{"type":"leave","name":"alice","call":"c1","reason":"gone"}"#).await;
    bob.client.close().await;
    let (mut mallory, _) = stranger(&server).await;
    // Her tab is loaded again, with all that it has kept.
    let mut client = server.client().await;
    let kept = json!({"name": "alice", "session": alice.secret, "received": 0, "anew": true,
        "peer": "bob", "call": "c1"});
    let reply = login(&mut client, kept).await;
    assert!(reply.get("call").is_none() && reply.get("peer").is_none(), "{reply}");
    client.hears(r#"{"type":"leave","name":"bob","call":"c1","reason":"hangup"}"#).await;
    lies(&mut mallory).await;
    client.say(r#"{"type":"ping"}"#).await;
    assert!(client.hear().await.starts_with(r#"{"type":"pong""#), "she hears nothing of him");
}

/// In a call that stands, somebody who is not its peer names it, and somebody who is the peer of another.
#[tokio::test]
async fn a_call_that_stands_hears_its_peer_alone() {
    let server = Server::start().await;
    let (mut alice, mut bob) = (user(&server, "alice").await, user(&server, "bob").await);
    in_call(&mut alice, &mut bob).await;
    for name in ["mallory", "trudy"] {
        let mut liar = server.client().await;
        let says = json!({"name": name, "received": 0, "peer": "alice", "call": "c1"});
        login(&mut liar, says).await;
        lies(&mut liar).await;
    }
    can_talk(&mut alice, &mut bob).await;
}

/// An attack: 300 logins that named a call told 300 times whether somebody was here, unnoticed and without a limit.
#[tokio::test]
async fn a_login_that_names_a_call_does_not_tell_who_is_here() {
    let server = Server::start().await;
    let mut alice = user(&server, "alice").await;
    let mut answers = std::collections::BTreeSet::new();
    for (number, peer) in ["alice", "nobody"].into_iter().enumerate() {
        let mut client = server.client().await;
        let name = format!("mallory{number}");
        login(&mut client, json!({"name": name, "received": 0, "peer": peer, "call": "z"})).await;
        answers.insert(client.hear().await.replace(peer, "@"));
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
    alice.sync().await;
}

/// The rest of what a ring may bring about is played at the machine: `session::tests::ringing`.
#[tokio::test]
async fn who_only_rings_is_held_to_a_few_messages() {
    let server = Server::start().await;
    let (mut mallory, mut bob) = (server.user("mallory").await, user(&server, "bob").await);
    let offer = r#"{"type":"offer","name":"bob","offer":1,"call":"c1"}"#;
    let candidate =
        format!(r#"{{"type":"candidate","candidate":"{}","call":"c1"}}"#, "x".repeat(4_000));
    for _ in 0..100 {
        mallory.say(offer).await;
        mallory.say(&candidate).await;
    }
    let mut refused = 0;
    mallory.say(r#"{"type":"ping"}"#).await;
    loop {
        let heard = mallory.hear().await;
        if heard.contains("pong") {
            break;
        }
        assert!(
            heard.contains(r#""code":"rate_limited""#) && heard.contains(r#""call":"c1""#),
            "{heard}"
        );
        refused += 1;
    }
    let mut bytes = 0;
    bob.client.say(r#"{"type":"ping"}"#).await;
    loop {
        let heard = bob.client.hear().await;
        if heard.contains("pong") {
            break;
        }
        bytes += heard.len();
    }
    assert!(refused > 150, "{refused}");
    assert!(bytes < 80 * 1024, "{bytes}");
}

/// Whatever a message says of its sender, the peer is told who it was.
#[tokio::test]
async fn forged_sender() {
    let server = Server::start().await;
    let (mut mallory, mut bob) = server.call("mallory", "bob").await;
    let mut alice = server.user("alice").await;
    for field in ["from", "sender", "user", "Name", "__proto__"] {
        mallory
            .say(&format!(
                r#"{{"type":"candidate","{field}":"alice","name":"bob","candidate":1,"call":"c1"}}"#
            ))
            .await;
        bob.hears(r#"{"type":"candidate","name":"mallory","candidate":1,"call":"c1"}"#).await;
    }
    // The name is whom a message is for: alice, who is not the peer.
    mallory.say(r#"{"type":"candidate","name":"alice","candidate":1,"call":"c1"}"#).await;
    mallory.hears_error("not_in_call").await;
    // To name both is no way around it.
    mallory.say(r#"{"type":"candidate","name":"bob","name":"alice","candidate":1}"#).await;
    mallory.hears_error("bad_message").await;
    bob.hears_nothing().await;
    alice.hears_nothing().await;
}

/// From somebody who is in no call, in none yet, and in another, and who knows the call's id.
#[tokio::test]
async fn answers_candidates_and_leaves_from_outside_a_call() {
    let server = Server::start().await;
    let mut victims = Victims::at(&server).await;
    // A call that rings, whose answer somebody else would like to give.
    let (mut carol, mut dave) = (server.user("carol").await, server.user("dave").await);
    carol.say(r#"{"type":"offer","name":"dave","offer":1,"call":"c2"}"#).await;
    dave.hears(r#"{"type":"offer","name":"carol","offer":1,"call":"c2"}"#).await;
    let stranger = server.user("mallory").await;
    let (elsewhere, _accomplice) = server.call("eve", "trent").await;
    for (mut outsider, code) in [
        (server.client().await, "not_logged_in"),
        (stranger, "not_in_call"),
        (elsewhere, "not_in_call"),
    ] {
        for (name, call) in [("alice", "c1"), ("bob", "c1"), ("carol", "c2"), ("dave", "c2")] {
            for what in [
                r#""type":"answer","answer":1"#,
                r#""type":"candidate","candidate":1"#,
                r#""type":"ringing""#,
                r#""type":"leave","reason":"hangup""#,
            ] {
                outsider.say(&format!(r#"{{{what},"name":"{name}","call":"{call}"}}"#)).await;
                outsider.hears_error(code).await;
            }
        }
    }
    dave.say(r#"{"type":"answer","name":"carol","answer":2,"call":"c2"}"#).await;
    carol.hears(r#"{"type":"answer","name":"dave","answer":2,"call":"c2"}"#).await;
    carol.hears_nothing().await;
    dave.hears_nothing().await;
    victims.notice_nothing().await;
}

/// Who was here a moment ago, who looks like somebody who is, and who never was get a caller the same answer, byte for
/// byte, and in the same time.
#[tokio::test]
async fn enumeration() {
    const ASKED: usize = 101;
    // Else a caller is stopped long before there is anything to be measured.
    let server = Server::with(|config| config.limits = None).await;
    let _mary = server.user("mary").await;
    let mut alice = server.user("alice").await;
    for n in 0..ASKED {
        server.user(&format!("left{n}")).await.close().await;
    }
    let mut times = [const { Vec::new() }; 3];
    let mut answers = std::collections::BTreeSet::new();
    for n in 0..ASKED {
        let names = [format!("left{n}"), format!("none{n}"), "rnary".to_owned()];
        // In turns, and each time another one first: what else the machine does is the same for all.
        for kind in (0..3).map(|kind| (kind + n) % 3) {
            let (name, call) = (&names[kind], format!("c{kind}-{n}"));
            let offer = format!(r#"{{"type":"offer","name":"{name}","offer":1,"call":"{call}"}}"#);
            let asked = Instant::now();
            alice.say(&offer).await;
            let answer = alice.hear().await;
            times[kind].push(asked.elapsed());
            answers.insert(answer.replace(name, "@").replace(&call, "#"));
        }
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert!(answers.iter().all(|answer| answer.contains(r#""code":"offline""#)), "{answers:?}");
    let [left, none, alike] = times.map(|mut times| {
        times.sort_unstable();
        times[ASKED / 2]
    });
    // Whoever looked somewhere else for the one than for the other would take many times as long.
    let limit = |time: Duration| time * 3 + Duration::from_micros(100);
    assert!(
        left < limit(none) && none < limit(left) && alike < limit(none) && none < limit(alike),
        "left {left:?}, none {none:?}, alike {alike:?}"
    );
}
