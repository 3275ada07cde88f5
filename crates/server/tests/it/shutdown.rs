//! The server stops when it is asked to, whatever its clients do.

use std::time::{Duration, Instant};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::common::{BareClient, Server, soon};

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
