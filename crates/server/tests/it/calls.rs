//! Calls over real sockets. The session's own tests go through every phase; these see that it is wired up.

use std::future::poll_fn;

use protocol::{LeaveReason, Raw, UserName};
use server::{
    directory::Directory,
    session::{Body, Envelope},
};

use crate::{
    common::{Server, soon},
    memory::{self, Relay},
};

#[tokio::test]
async fn a_whole_call_with_every_sender_stamped() {
    let server = Server::start().await;
    let mut alice = server.user("alice").await;
    let mut bob = server.user("bob").await;
    // Descriptions and candidates pass byte for byte, their odd spaces and escapes included.
    alice.say(r#"{"type":"offer","name":"bob","offer":{"type":"offer", "sdp":"v=0\r\n\u0061"},"call":"c-1"}"#).await;
    bob.hears(r#"{"type":"offer","name":"alice","offer":{"type":"offer", "sdp":"v=0\r\n\u0061"},"call":"c-1"}"#).await;
    bob.say(r#"{"type":"ringing","name":"alice","call":"c-1"}"#).await;
    alice.hears(r#"{"type":"ringing","name":"bob","call":"c-1"}"#).await;
    alice
        .say(r#"{"type":"candidate","name":"bob","candidate":{"candidate":"a"},"call":"c-1"}"#)
        .await;
    bob.hears(r#"{"type":"candidate","name":"alice","candidate":{"candidate":"a"},"call":"c-1"}"#)
        .await;
    bob.say(r#"{"type":"answer","name":"alice","answer":{"sdp":"b"},"call":"c-1"}"#).await;
    alice.hears(r#"{"type":"answer","name":"bob","answer":{"sdp":"b"},"call":"c-1"}"#).await;
    bob.say(r#"{"type":"candidate","name":"alice","candidate":null,"call":"c-1"}"#).await;
    alice.hears(r#"{"type":"candidate","name":"bob","candidate":null,"call":"c-1"}"#).await;
    alice.say(r#"{"type":"leave","name":"bob","call":"c-1","reason":"hangup"}"#).await;
    bob.hears(r#"{"type":"leave","name":"alice","call":"c-1","reason":"hangup"}"#).await;
    // And again, in the other direction.
    bob.say(r#"{"type":"offer","name":"alice","offer":1,"call":"c-2"}"#).await;
    alice.hears(r#"{"type":"offer","name":"bob","offer":1,"call":"c-2"}"#).await;
}

#[tokio::test]
async fn a_forged_sender_is_overwritten() {
    let server = Server::start().await;
    let mut alice = server.user("alice").await;
    let mut bob = server.user("bob").await;
    let _carol = server.user("carol").await;
    alice.say(r#"{"type":"offer","name":"bob","from":"carol","sender":"carol","offer":1}"#).await;
    bob.hears(r#"{"type":"offer","name":"alice","offer":1}"#).await;
    // A field that comes twice is not a message: neither reading of it is trusted.
    alice.say(r#"{"type":"candidate","name":"bob","name":"carol","candidate":1}"#).await;
    alice.hears_error("bad_message").await;
    alice.say(r#"{"type":"candidate","name":"bob","candidate":1}"#).await;
    bob.hears(r#"{"type":"candidate","name":"alice","candidate":1}"#).await;
}

#[tokio::test]
async fn a_busy_callee_is_not_disturbed() {
    let server = Server::start().await;
    let (mut alice, mut bob) = server.call("alice", "bob").await;
    let mut carol = server.user("carol").await;
    carol.say(r#"{"type":"offer","name":"bob","offer":1,"call":"c2"}"#).await;
    carol.hears(r#"{"type":"leave","name":"bob","call":"c2","reason":"busy"}"#).await;
    bob.hears_nothing().await;
    alice.say(r#"{"type":"candidate","candidate":1}"#).await;
    bob.hears(r#"{"type":"candidate","name":"alice","candidate":1,"call":"c1"}"#).await;
}

#[tokio::test]
async fn candidates_go_to_whom_the_call_is_with_now() {
    let server = Server::start().await;
    let (mut alice, mut bob) = server.call("alice", "bob").await;
    let mut carol = server.user("carol").await;
    for (peer, name) in [(&mut bob, "bob"), (&mut carol, "carol")] {
        if name == "carol" {
            alice.say(r#"{"type":"leave"}"#).await;
            alice.call("alice", peer, name).await;
        }
        for n in 0..3 {
            let (to, from) = [name, "alice"]
                .map(|name| {
                    format!(r#"{{"type":"candidate","name":"{name}","candidate":{n},"call":"c1"}}"#)
                })
                .into();
            alice.say(&to).await;
            peer.hears(&from).await;
        }
    }
    bob.hears(r#"{"type":"leave","name":"alice","call":"c1","reason":"hangup"}"#).await;
    bob.hears_nothing().await;
}

/// On one thread, and with bob's session played by the test.
#[tokio::test(flavor = "current_thread")]
async fn a_candidate_for_a_peer_who_is_gone_ends_the_call() {
    let relay = Relay::start();
    let mut client = relay.user("alice").await;
    let [alice, bob] = ["alice", "bob"].map(|name| UserName::parse(name).unwrap());
    let (bob_is_there, mut mailbox) = relay.directory.claim(&bob).await.unwrap();
    client.say(r#"{"type":"offer","name":"bob","offer":1,"call":"c1"}"#).await;
    let offer = soon(poll_fn(|cx| mailbox.poll_recv(cx))).await.unwrap();
    let body = Body::Answer(Raw::from_json("2".to_owned()).unwrap());
    relay.directory.send(&alice, Envelope { from: bob, body, ..offer }).await.unwrap();
    client.hears(r#"{"type":"answer","name":"bob","answer":2,"call":"c1"}"#).await;

    const CANDIDATE: &str = r#"{"type":"candidate","name":"bob","candidate":3,"call":"c1"}"#;
    for _ in 0..2 {
        client.say(CANDIDATE).await;
        let candidate = soon(poll_fn(|cx| mailbox.poll_recv(cx))).await.unwrap();
        assert_eq!(candidate.body, Body::Candidate(Raw::from_json("3".to_owned()).unwrap()));
    }
    drop(bob_is_there);
    client.say(CANDIDATE).await;
    client.hears(r#"{"type":"leave","name":"bob","call":"c1","reason":"gone"}"#).await;
}

#[tokio::test]
async fn a_call_to_nobody_is_offline() {
    let server = Server::start().await;
    let mut alice = server.user("alice").await;
    let _mary = server.user("mary").await;
    // The second looks like somebody who is there, and is nobody all the same.
    for name in ["bob", "rnary"] {
        alice.say(&format!(r#"{{"type":"offer","name":"{name}","offer":1,"call":"c1"}}"#)).await;
        let error = alice.hears_error("offline").await;
        assert_eq!((&error["name"], &error["call"]), (&name.into(), &"c1".into()));
    }
}

#[tokio::test]
async fn a_closed_or_lost_socket_ends_the_call_with_a_reason() {
    let server = Server::start().await;
    let (alice, mut bob) = server.call("alice", "bob").await;
    alice.close().await;
    bob.hears(r#"{"type":"leave","name":"alice","call":"c1","reason":"gone"}"#).await;
    let (carol, mut dave) = server.call("carol", "dave").await;
    drop(carol);
    dave.hears(r#"{"type":"leave","name":"carol","call":"c1","reason":"gone"}"#).await;
}

#[tokio::test]
async fn both_calling_at_once_become_one_call() {
    let server = Server::with(|config| config.limits = None).await;
    for _ in 0..20 {
        let mut alice = server.user("alice").await;
        let mut bob = server.user("bob").await;
        tokio::join!(
            alice.say(r#"{"type":"offer","name":"bob","offer":1,"call":"by-alice"}"#),
            bob.say(r#"{"type":"offer","name":"alice","offer":2,"call":"by-bob"}"#),
        );
        // Bob's client gives up its own call when it hears of alice's. Alice's may hear of bob's first; it ignores it.
        bob.hears(r#"{"type":"offer","name":"alice","offer":1,"call":"by-alice"}"#).await;
        bob.say(r#"{"type":"answer","name":"alice","answer":3,"call":"by-alice"}"#).await;
        let mut heard = alice.hear().await;
        if heard == r#"{"type":"offer","name":"bob","offer":2,"call":"by-bob"}"# {
            heard = alice.hear().await;
        }
        assert_eq!(heard, r#"{"type":"answer","name":"bob","answer":3,"call":"by-alice"}"#);
        alice.say(r#"{"type":"leave"}"#).await;
        bob.hears(r#"{"type":"leave","name":"alice","call":"by-alice","reason":"hangup"}"#).await;
        tokio::join!(alice.close(), bob.close());
    }
}

#[tokio::test]
async fn nobody_rings_for_ever() {
    let server =
        Server::with(|config| config.timing.ring = std::time::Duration::from_millis(50)).await;
    let mut alice = server.user("alice").await;
    let mut bob = server.user("bob").await;
    alice.say(r#"{"type":"offer","name":"bob","offer":1,"call":"c1"}"#).await;
    alice.hears(r#"{"type":"leave","name":"bob","call":"c1","reason":"timeout"}"#).await;
    bob.hears(r#"{"type":"offer","name":"alice","offer":1,"call":"c1"}"#).await;
    bob.hears(r#"{"type":"leave","name":"alice","call":"c1","reason":"timeout"}"#).await;
}

#[tokio::test]
async fn a_burst_arrives_whole_and_in_order() {
    let server = Server::start().await;
    let (mut alice, mut bob) = server.call("alice", "bob").await;
    for round in 0..5 {
        for n in 0..100 {
            alice.say(&format!(r#"{{"type":"candidate","candidate":[{round},{n}]}}"#)).await;
        }
        for n in 0..100 {
            bob.hears(&format!(
                r#"{{"type":"candidate","name":"alice","candidate":[{round},{n}],"call":"c1"}}"#
            ))
            .await;
        }
    }
}

/// On one thread, so that the socket's end and the offer reach the connection in the same turn.
#[tokio::test(flavor = "current_thread")]
async fn an_offer_to_a_callee_who_is_just_leaving_is_answered() {
    let relay = Relay::start();
    let bob = relay.user("bob").await;
    let [alice, to] = ["alice", "bob"].map(|name| UserName::parse(name).unwrap());
    let (_alice_is_there, mut mailbox) = relay.directory.claim(&alice).await.unwrap();
    drop(bob);
    let offer = Body::Offer(Raw::from_json("1".to_owned()).unwrap());
    relay.directory.send(&to, memory::from_alice(offer)).await.unwrap();
    let answer = soon(poll_fn(|cx| mailbox.poll_recv(cx))).await.unwrap();
    assert_eq!(answer.body, Body::Leave(LeaveReason::Gone));
}
