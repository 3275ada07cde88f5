//! Those who are not in a call, and those who would like to know of whom there is one.

use std::time::{Duration, Instant};

use super::Victims;
use crate::common::Server;

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
