//! Clients that say more than anybody can take in. On one thread, and with all of it said before any connection runs.

use futures_util::SinkExt;
use tokio::io::DuplexStream;
use tokio_tungstenite::tungstenite::Message;

use crate::{
    common::{Client, soon},
    memory::Relay,
};

/// Says all of it in one write.
async fn flood(client: &mut Client<DuplexStream>, messages: &[&str]) {
    for message in messages {
        client.socket.feed(Message::text(*message)).await.unwrap();
    }
    soon(client.socket.flush()).await.unwrap();
}

/// However many `flooders` each say `what`, nobody else loses their call.
async fn harms_nobody(flooders: usize, what: &[&str]) {
    let relay = Relay::start();
    let (mut carol, mut bob) = (relay.user("carol").await, relay.user("bob").await);
    carol.call("carol", &mut bob, "bob").await;
    let mut crowd = Vec::new();
    for n in 0..flooders {
        crowd.push(relay.user(&format!("mallory{n}")).await);
    }
    for mallory in &mut crowd {
        flood(mallory, what).await;
    }
    for mallory in &mut crowd {
        while mallory.hear().await != r#"{"type":"pong"}"# {}
    }
    carol.say(CANDIDATE).await;
    bob.hears(r#"{"type":"candidate","name":"carol","candidate":1,"call":"c1"}"#).await;
    bob.say(CANDIDATE).await;
    carol.hears(r#"{"type":"candidate","name":"bob","candidate":1,"call":"c1"}"#).await;
}

const OFFER: &str = r#"{"type":"offer","name":"bob","offer":1}"#;
const CANDIDATE: &str = r#"{"type":"candidate","candidate":1}"#;
const LEAVE: &str = r#"{"type":"leave"}"#;
const PING: &str = r#"{"type":"ping"}"#;

#[tokio::test(flavor = "current_thread")]
async fn a_flood_of_candidates_does_not_end_the_call_of_another() {
    let flood = [&[OFFER][..], &[CANDIDATE; 1000], &[PING]].concat();
    harms_nobody(1, &flood).await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_flood_of_calls_does_not_end_the_call_of_another() {
    let flood = [[OFFER, LEAVE].repeat(500), vec![PING]].concat();
    for flooders in [1, 2, 12] {
        harms_nobody(flooders, &flood).await;
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_burst_within_a_call_leaves_its_peer_the_time_to_read_it() {
    let relay = Relay::start();
    let (mut alice, mut bob) = (relay.user("alice").await, relay.user("bob").await);
    alice.call("alice", &mut bob, "bob").await;
    let candidate = r#"{"type":"candidate","name":"bob","candidate":1,"call":"c1"}"#;
    flood(&mut alice, &[candidate; 1000]).await;
    for _ in 0..1000 {
        bob.hears(r#"{"type":"candidate","name":"alice","candidate":1,"call":"c1"}"#).await;
    }
}
