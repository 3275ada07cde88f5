//! Sockets that say nothing, or nothing any more.

use std::time::Duration;

use futures_util::StreamExt;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::Instant,
};
use tokio_tungstenite::tungstenite::Message;

use crate::{
    common::{BareClient, Server, soon},
    memory::Relay,
};

const SHORT: Duration = Duration::from_millis(200);

#[tokio::test]
async fn headers_that_do_not_end_are_not_waited_for() {
    let server = Server::with(|config| config.timing.header = Some(SHORT)).await;
    for start in ["", "GET / HTTP/1.1\r\n", "GET /ws HTTP/1.1\r\nHost: a\r\nX-Slow:"] {
        let mut stream = server.tcp().await;
        stream.write_all(start.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // Nothing more is sent, and the server closes the connection.
        soon(stream.read_to_end(&mut answer)).await.unwrap();
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 408 "), "{start:?}");
    }
}

#[tokio::test]
async fn a_head_without_end_is_not_read_to_its_end() {
    let server = Server::start().await;
    let request = format!("GET / HTTP/1.1\r\nHost: a\r\nX-Long: {}\r\n\r\n", "x".repeat(100_000));
    let mut stream = server.tcp().await;
    // The server may close before all of it is written.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut answer = [0; 12];
    soon(stream.read_exact(&mut answer)).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 431");
}

#[tokio::test]
async fn a_response_that_is_not_read_is_not_kept_for_ever() {
    let server = Server::with(|config| config.timing.http = SHORT).await;
    std::fs::create_dir(server.files().join("dist")).unwrap();
    // More than the socket buffers of both sides hold.
    std::fs::write(server.files().join("dist/big"), vec![b'x'; 64 << 20]).unwrap();
    let mut stream = server.tcp().await;
    stream.write_all(b"GET /big HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    // What is written to a closed socket is refused; until then the server reads nothing, and this waits.
    soon(async { while stream.write_all(b"and another thing").await.is_ok() {} }).await;
}

/// However much it reads, and however fast it asks.
#[tokio::test]
async fn a_connection_that_asks_without_end_is_not_kept_for_ever() {
    let server = Server::with(|config| config.timing.http = SHORT).await;
    let (mut answers, mut requests) = server.tcp().await.into_split();
    let reading = tokio::spawn(async move {
        let mut answer = Vec::new();
        // Reset or closed, as long as it ends.
        let _ = answers.read_to_end(&mut answer).await;
        answer
    });
    soon(async {
        while requests.write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").await.is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert!(soon(reading).await.unwrap().starts_with(b"HTTP/1.1 200 OK"));
}

/// The following run in virtual time, so that no deadline passes while the machine is busy.
#[tokio::test(start_paused = true)]
async fn a_socket_without_a_login_is_closed() {
    let relay = Relay::with(|config| config.timing.login = Some(SHORT));
    let start = Instant::now();
    let mut silent = relay.client().await;
    assert_eq!(silent.is_closed().await, 4000);
    assert_eq!(start.elapsed(), SHORT);
    // A failed login is none, and neither is a ping.
    let mut failing = relay.client().await;
    failing.say(r#"{"type":"login","name":""}"#).await;
    failing.hear().await;
    failing.sync().await;
    assert_eq!(failing.is_closed().await, 4000);
}

#[tokio::test(start_paused = true)]
async fn a_user_stays_after_the_login_deadline() {
    let relay = Relay::with(|config| config.timing.login = Some(SHORT));
    let mut guest = relay.client().await;
    let mut user = relay.user("alice").await;
    // The guest's deadline was first, and this is some time after it.
    assert_eq!(guest.is_closed().await, 4000);
    let mut later = relay.client().await;
    assert_eq!(later.is_closed().await, 4000);
    user.sync().await;
}

fn quick_heartbeat(config: &mut server::Config) {
    config.timing.ping = SHORT;
    config.timing.pong = SHORT;
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_answers_no_ping_is_dead_and_its_peer_is_told() {
    let relay = Relay::with(quick_heartbeat);
    let mut bob = relay.user("bob").await;
    let mut dead = BareClient(relay.stream().await);
    dead.say(r#"{"type":"login","name":"dead"}"#).await;
    dead.say(r#"{"type":"offer","name":"bob","offer":1,"call":"c1"}"#).await;
    bob.hears(r#"{"type":"offer","name":"dead","offer":1,"call":"c1"}"#).await;
    bob.hears(r#"{"type":"leave","name":"dead","call":"c1","reason":"gone"}"#).await;
    assert_eq!(dead.is_closed().await, 4001);
}

/// Bytes of a frame that never ends are no sign of life.
#[tokio::test(start_paused = true)]
async fn a_frame_that_trickles_in_is_not_waited_for() {
    let relay = Relay::with(quick_heartbeat);
    let start = Instant::now();
    let mut slow = BareClient(relay.stream().await);
    slow.say(r#"{"type":"login","name":"slow"}"#).await;
    let (first, _) = slow.read().await;
    assert_eq!(first, 0x81, "the reply");
    // A text of 60,000 bytes, masked with zeros.
    slow.0.write_all(&[0x81, 0xfe, 0xea, 0x60, 0, 0, 0, 0]).await.unwrap();
    for _ in 0..20 {
        // Once the server has closed, what is written goes nowhere.
        let _ = slow.0.write_all(b"x").await;
        tokio::time::sleep(SHORT / 4).await;
    }
    assert_eq!(slow.is_closed().await, 4001);
    assert!(start.elapsed() <= SHORT * 5, "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_answers_pings_lives() {
    let relay = Relay::with(quick_heartbeat);
    let mut client = relay.user("alice").await;
    for _ in 0..4 {
        // The library answers by itself when it reads.
        let frame = soon(client.socket.next()).await.unwrap().unwrap();
        assert!(matches!(frame, Message::Ping(_)), "{frame:?}");
    }
    client.sync().await;
}

#[tokio::test(start_paused = true)]
async fn anything_that_is_heard_is_a_sign_of_life() {
    let relay = Relay::with(quick_heartbeat);
    let mut client = BareClient(relay.stream().await);
    for _ in 0..4 {
        let (first, _) = client.read().await;
        assert_eq!(first, 0x89, "a ping");
        client.say(r#"{"type":"of-the-future"}"#).await;
    }
}
