//! The server stops when it is asked to, whatever its clients do.

use std::time::{Duration, Instant};

use protocol::{Raw, UserName};
use server::{
    directory::Directory,
    session::{Body, Envelope},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    common::{BareClient, Server, soon},
    memory::Relay,
};

#[tokio::test]
async fn every_socket_is_closed_with_the_code_for_a_restart() {
    let server = Server::start().await;
    let address = server.address;
    let mut guest = server.client().await;
    let (mut alice, mut bob) = server.call("alice", "bob").await;
    // Nobody is told that the other is gone: calls go on without the server.
    let closed =
        async { [guest.is_closed().await, alice.is_closed().await, bob.is_closed().await] };
    let ((), codes) = tokio::join!(server.stop(), closed);
    assert_eq!(codes, [1012; 3]);
    assert!(TcpStream::connect(address).await.is_err(), "the port is free");
}

/// Not even by way of a session that is busy and has not noticed that the server stops.
#[tokio::test(flavor = "current_thread")]
async fn no_session_says_that_it_is_gone_when_it_is_the_server_that_goes() {
    let relay = Relay::start();
    let carol = UserName::parse("carol").unwrap();
    let (_carol_is_there, mut mail) = relay.directory.claim(&carol).await.unwrap();
    let mut bob = relay.user("bob").await;
    bob.say(r#"{"type":"offer","name":"carol","offer":1}"#).await;
    bob.sync().await;
    let offer = mail.try_recv().unwrap();
    relay.stop.cancel();
    assert_eq!(bob.is_closed().await, 1012);
    assert_eq!(mail.try_recv(), None);
    // Nor does it look so: that an envelope is undeliverable says the same.
    let candidate = Body::Candidate(Raw::from_json("1".to_owned()).unwrap());
    let envelope = Envelope { from: carol, guest: false, call: offer.call, body: candidate };
    assert_eq!(relay.directory.send(&offer.from, envelope).await, Ok(()));
}

#[tokio::test]
async fn clients_that_do_nothing_cannot_hold_it_up() {
    let server = Server::start().await;
    let mut half_a_request = server.tcp().await;
    half_a_request.write_all(b"GET / HTTP/1.1\r\nHost:").await.unwrap();
    let _silent = server.tcp().await;
    let mut user = BareClient::connect(&server).await;
    user.say(r#"{"type":"login","name":"alice"}"#).await;
    user.read().await;
    let mut fragment = BareClient::connect(&server).await;
    fragment.0.write_all(b"\x81\xff").await.unwrap();
    let start = Instant::now();
    server.stop().await;
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[tokio::test]
async fn an_idle_http_connection_is_closed_at_once() {
    let forever = Duration::from_secs(1000);
    let server = Server::with(|config| {
        config.timing.shutdown = forever;
        config.timing.header = Some(forever);
    })
    .await;
    let mut kept_alive = server.tcp().await;
    kept_alive.write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let mut answer = [0; 15];
    soon(kept_alive.read_exact(&mut answer)).await.unwrap();
    server.stop().await;
}
