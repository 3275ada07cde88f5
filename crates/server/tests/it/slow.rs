//! Clients that do not read.

use futures_util::StreamExt;
use protocol::{LeaveReason, Raw, UserName};
use server::{
    directory::{Directory, Undeliverable},
    limits::MAILBOX_ENVELOPES,
    session::Body,
};
use tokio::net::TcpSocket;
use tokio_tungstenite::tungstenite::Message;

use crate::{
    common::{Client, Server, soon},
    memory::{self, Relay},
};

#[tokio::test]
async fn a_slow_consumer_is_closed_and_nobody_else_notices() {
    let server = Server::with(|config| config.limits = None).await;
    let mut alice = server.user("alice").await;
    let (mut carol, mut dave) = server.call("carol", "dave").await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let stream = socket.connect(server.address).await.unwrap();
    let mut slow = Client::over(stream, &format!("ws://{}/ws", server.address)).await;
    slow.log_in("slow").await;
    alice.say(r#"{"type":"offer","name":"slow","offer":1,"call":"c1"}"#).await;
    slow.hears(r#"{"type":"offer","name":"alice","offer":1,"call":"c1"}"#).await;
    slow.say(r#"{"type":"answer","answer":2}"#).await;
    alice.hears(r#"{"type":"answer","name":"slow","answer":2,"call":"c1"}"#).await;

    // From here on `slow` reads nothing, and alice goes on until she is told that it is gone.
    let candidate = format!(r#"{{"type":"candidate","candidate":"{}"}}"#, "x".repeat(4000));
    let mut sent = 0;
    let heard = loop {
        alice.say(&candidate).await;
        sent += 1;
        assert!(sent < 50_000, "200 MB are nowhere");
        if let Some(heard) = alice.heard() {
            break heard;
        }
        if sent % 100 == 0 {
            carol.say(r#"{"type":"candidate","candidate":1}"#).await;
            dave.hears(r#"{"type":"candidate","name":"carol","candidate":1,"call":"c1"}"#).await;
        }
    };
    assert_eq!(heard, r#"{"type":"leave","name":"slow","call":"c1","reason":"gone"}"#);
    server.user("slow").await;

    // If it does read in the end, it finds out why.
    let code = loop {
        match soon(slow.socket.next()).await {
            Some(Ok(Message::Close(Some(frame)))) => break u16::from(frame.code),
            Some(Ok(_)) => {}
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(code, 4002);
}

/// On one thread, so that the connection cannot empty its mailbox while it is filled.
#[tokio::test(flavor = "current_thread")]
async fn a_full_mailbox_closes_the_connection_of_its_session() {
    let relay = Relay::start();
    let mut client = relay.user("bob").await;
    let bob = UserName::parse("bob").unwrap();
    let envelope = memory::from_alice(Body::Leave(LeaveReason::Hangup));
    for _ in 0..MAILBOX_ENVELOPES {
        relay.directory.send(&bob, envelope.clone()).await.unwrap();
    }
    let next = relay.directory.send(&bob, envelope.clone()).await;
    assert_eq!(next, Err(Undeliverable::CutOff));

    assert_eq!(client.is_closed().await, 4002);
    let next = relay.directory.send(&bob, envelope).await;
    assert_eq!(next, Err(Undeliverable::Nobody), "the name is free");
}

/// On one thread, so that all of them are there before the connection runs.
#[tokio::test(flavor = "current_thread")]
async fn a_client_that_reads_is_not_closed_for_what_comes_at_once() {
    const OFFERS: usize = 16;
    let relay = Relay::start();
    let mut client = relay.user("bob").await;
    let bob = UserName::parse("bob").unwrap();
    let offer = Raw::from_json(format!(r#""{}""#, "x".repeat(48 << 10))).unwrap();
    for n in 0..OFFERS {
        let body = if n == 0 { Body::Offer(offer.clone()) } else { Body::Reoffer(offer.clone()) };
        relay.directory.send(&bob, memory::from_alice(body)).await.unwrap();
    }
    for _ in 0..OFFERS {
        assert!(client.hear().await.starts_with(r#"{"type":"offer","name":"alice","#));
    }
}
