//! Clients that take their time, to keep the server's.

use std::time::Duration;

use server::{edge::AddressLimits, limits::NEWCOMERS_OF_USER};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

use super::Victims;
use crate::{
    common::{BareClient, Client, Server, soon},
    tls,
};

/// How long the server waits, here: far less than it takes to say all that is said.
const SHORT: Duration = Duration::from_millis(300);
const MANY: usize = 50;

/// Says a byte at a time, and gives what was answered until the server had enough of it.
async fn trickle(stream: TcpStream, what: Vec<u8>) -> Vec<u8> {
    let (mut reader, mut writer) = stream.into_split();
    let saying = tokio::spawn(async move {
        for byte in what.iter().cycle() {
            if writer.write_all(&[*byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(SHORT / 10).await;
        }
    });
    let mut answer = Vec::new();
    // Reset or closed, as long as it ends.
    let _ = soon(reader.read_to_end(&mut answer)).await;
    saying.abort();
    answer
}

async fn trickle_from_many(server: &Server, what: &[u8]) -> Vec<Vec<u8>> {
    let mut trickling = Vec::new();
    for _ in 0..MANY {
        trickling.push(tokio::spawn(trickle(server.tcp().await, what.to_vec())));
    }
    let mut answers = Vec::new();
    for one in trickling {
        answers.push(one.await.unwrap());
    }
    answers
}

#[tokio::test]
async fn slowloris_on_headers() {
    let server = Server::with(|config| config.timing.header = Some(SHORT)).await;
    let mut victims = Victims::at(&server).await;
    let endless = b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    for answer in trickle_from_many(&server, endless).await {
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 408"), "{answer:?}");
    }
    victims.notice_nothing().await;
    assert_eq!(server.get("/healthz", "").await.status, 200);
}

/// Of a text that is as long as it may be, and that comes a byte at a time.
#[tokio::test]
async fn slowloris_on_frames() {
    let server = Server::with(|config| {
        (config.timing.ping, config.timing.pong) = (SHORT, SHORT);
    })
    .await;
    let mut slow = Vec::new();
    for _ in 0..MANY {
        let mut client = BareClient::connect(&server).await;
        client.0.write_all(&[0x81, 0xfe, 0xff, 0xff, 0, 0, 0, 0]).await.unwrap();
        slow.push(tokio::spawn(trickle(client.0, vec![b' '])));
    }
    for one in slow {
        let said = one.await.unwrap();
        assert!(said.windows(2).any(|code| code == 4001_u16.to_be_bytes()), "{said:x?}");
    }
}

#[tokio::test]
async fn slowloris_on_tls_handshakes() {
    let (server, _state) = tls::secure_with(|config| {
        config.timing.handshake = Some(SHORT);
        config.timing.header = Some(SHORT);
    })
    .await;
    let mut hello = tls::client_hello(3);
    // A record that would be as long as one may be.
    hello[3] = 0x40;
    for answer in trickle_from_many(&server, &hello).await {
        assert!(
            answer.len() < 64,
            "a handshake that is not over is answered with an alert: {answer:?}"
        );
    }
    let stream = tls::connect(&server, &["http/1.1"]).await;
    Client::over(stream, "wss://localhost/ws").await.log_in("alice").await;
}

/// Their number is bounded, and so is their time, whatever else they say: the oldest make room for the others.
#[tokio::test]
async fn sockets_that_never_log_in() {
    let server = Server::with(|config| {
        config.limits = Some(AddressLimits { users: 8, ..AddressLimits::default() });
        // Long enough that all of them can say something first.
        config.timing.login = Some(SHORT * 20);
    })
    .await;
    let mut victims = Victims::at(&server).await;
    let mut silent = Vec::new();
    for _ in 0..8 + 8 * NEWCOMERS_OF_USER {
        silent.push(server.client().await);
    }
    for mut oldest in silent.drain(..8) {
        oldest.is_cut_off().await;
    }
    victims.notice_nothing().await;
    for client in &mut silent {
        client.say(r#"{"type":"login","name":"not a name"}"#).await;
        client.hear().await;
        client.sync().await;
    }
    for client in &mut silent {
        assert_eq!(client.is_closed().await, 4000);
    }
    assert_eq!(server.handshake(&[]).await, 101);
}

/// It asks, and does not want to know.
#[tokio::test]
async fn a_consumer_that_never_reads() {
    let server = Server::with(|config| config.limits = None).await;
    let mut victims = Victims::at(&server).await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let stream = socket.connect(server.address).await.unwrap();
    let mut deaf = Client::over(stream, &format!("ws://{}/ws", server.address)).await;
    // Each question is answered with more than it took to ask it.
    let question = r#"{"type":"offer","name":"a","offer":1}"#;
    let mut asked = 0;
    while futures_util::SinkExt::send(&mut deaf.socket, question.into()).await.is_ok() {
        asked += 1;
        assert!(asked < 2_000_000, "the answers are nowhere");
        if asked % 1_000 == 0 {
            victims.notice_nothing().await;
        }
    }
    victims.notice_nothing().await;
}
