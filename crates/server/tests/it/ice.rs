//! What clients are told of STUN and TURN servers, and that these are there: on the port that serves everything else.

use std::time::Duration;

use relay::Secret;
use serde_json::Value;
use server::config::{Embedded, Turn};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UdpSocket},
};
use turn_types::{
    attribute::RequestedTransport,
    message::{ALLOCATE, REFRESH},
    stun::{
        attribute::{ErrorCode, Nonce, Realm, Username},
        message::{IntegrityAlgorithm, LongTermKeyCredentials, Message, MessageWriteVec, Method},
        prelude::{MessageWrite, MessageWriteExt},
    },
};

use crate::{
    common::{Client, Server, soon},
    memory::Relay,
    tls::connect,
};

/// A Binding request (RFC 8489) without attributes.
const BINDING: [u8; 20] = *b"\x00\x01\x00\x00\x21\x12\xa4\x42transaction!";

fn is_answer(answer: &[u8]) -> bool {
    answer.starts_with(b"\x01\x01") && answer[4..20] == BINDING[4..]
}

async fn relaying() -> Server {
    Server::with(|config| config.turn = Turn::Embedded(Embedded::default())).await
}

async fn login<S>(client: &mut Client<S>, name: &str) -> Value
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    client.say(&format!(r#"{{"type":"login","name":"{name}"}}"#)).await;
    serde_json::from_str(&client.hear().await).unwrap()
}

#[tokio::test]
async fn a_login_names_the_ways_to_the_relay_in_the_order_to_try_them() {
    let server = relaying().await;
    let mut client = server.client().await;
    let servers = login(&mut client, "alice").await["iceServers"].take();
    let at = server.address;
    assert_eq!(servers[0], serde_json::json!({"urls": [format!("stun:{at}")]}));
    let urls = [format!("turn:{at}?transport=udp"), format!("turn:{at}?transport=tcp")];
    assert_eq!(servers[1]["urls"], serde_json::json!(urls));
    assert_eq!(servers.as_array().unwrap().len(), 2);
    let username = servers[1]["username"].as_str().unwrap();
    let (expiry, user) = username.split_once(':').unwrap();
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    assert!((now + 590..=now + 600).contains(&expiry.parse().unwrap()), "{username}");
    assert!(user.starts_with("alice."), "{username}");
    assert!(servers[1]["credential"].is_string());
}

#[tokio::test]
async fn over_tls_there_is_a_way_over_tls() {
    let state = tempfile::TempDir::new().unwrap();
    let tls = server::Tls::self_signed(state.path(), &["localhost".to_owned()]).unwrap();
    let server = Server::with(|config| {
        config.tls = Some(tls);
        config.turn = Turn::Embedded(Embedded::default());
    })
    .await;
    let url = format!("wss://localhost:{}/ws", server.address.port());
    let mut client = Client::over(connect(&server, &["http/1.1"]).await, &url).await;
    let servers = login(&mut client, "alice").await["iceServers"].take();
    let at = format!("localhost:{}", server.address.port());
    let urls = [
        format!("turn:{at}?transport=udp"),
        format!("turn:{at}?transport=tcp"),
        format!("turns:{at}?transport=tcp"),
    ];
    assert_eq!(servers[1]["urls"], serde_json::json!(urls));
}

#[tokio::test]
async fn every_session_has_credentials_of_its_own() {
    let server = relaying().await;
    let mut seen = Vec::new();
    for _ in 0..2 {
        let mut client = server.client().await;
        let servers = login(&mut client, "alice").await["iceServers"].take();
        seen.push(servers[1]["username"].as_str().unwrap().split_once('.').unwrap().1.to_owned());
        client.close().await;
    }
    assert_ne!(seen[0], seen[1]);
}

#[tokio::test]
async fn whoever_comes_through_a_proxy_to_loopback_is_told_of_no_relay() {
    let server = relaying().await;
    let stream = server.tcp().await;
    let mut client = Client::over(stream, "ws://talk.example.org/ws").await;
    client.log_in("alice").await;
}

#[tokio::test]
async fn a_fleet_is_named_instead_with_credentials_of_its_secret() {
    let server = Server::with(|config| {
        config.turn = Turn::Fleet {
            urls: vec![
                "turn:t.example?transport=udp".parse().unwrap(),
                "turns:t.example".parse().unwrap(),
            ],
            secret: Secret::new("north"),
        };
    })
    .await;
    let mut client = server.client().await;
    let servers = login(&mut client, "alice").await["iceServers"].take();
    assert_eq!(servers.as_array().unwrap().len(), 1);
    assert_eq!(
        servers[0]["urls"],
        serde_json::json!(["turn:t.example?transport=udp", "turns:t.example"])
    );
    let (expiry, user) = servers[0]["username"].as_str().unwrap().split_once(':').unwrap();
    let same = Secret::new("north").mint(
        user,
        expiry.parse::<u64>().unwrap() - 600,
        Duration::from_secs(600),
    );
    assert_eq!(servers[0]["credential"], same.password.as_str());
    // And there is no relay here.
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.send_to(&BINDING, server.address).await.unwrap();
    let mut stream = server.tcp().await;
    stream.write_all(&BINDING).await.unwrap();
    let mut answer = Vec::new();
    let _ = soon(stream.read_to_end(&mut answer)).await;
    assert!(!is_answer(&answer), "{answer:?}");
}

#[tokio::test(start_paused = true)]
async fn a_client_is_told_of_new_credentials_before_its_own_expire() {
    let relay = Relay::with(|config| {
        config.turn = Turn::Fleet {
            urls: vec!["turn:t.example".parse().unwrap()],
            secret: Secret::new("north"),
        };
    });
    let mut client = relay.client().await;
    login(&mut client, "alice").await;
    let begin = tokio::time::Instant::now();
    for round in 1..=3 {
        let told = told_within(&mut client, Duration::from_secs(1000)).await.unwrap();
        let told: Value = serde_json::from_str(&told).unwrap();
        assert_eq!(told["type"], "ice");
        assert_eq!(told["iceServers"][0]["urls"], serde_json::json!(["turn:t.example"]));
        assert!(told["iceServers"][0]["credential"].is_string());
        let elapsed = begin.elapsed().as_secs();
        assert!((round * 480..round * 480 + 5).contains(&elapsed), "{elapsed} s");
    }
}

/// What the client is told while this time passes. It answers pings in the meantime.
async fn told_within<S>(client: &mut Client<S>, time: Duration) -> Option<String>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let end = tokio::time::Instant::now() + time;
    while tokio::time::Instant::now() < end {
        if let Some(told) = client.heard() {
            return Some(told);
        }
        // Virtual time: everybody else has done everything before it is over.
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    None
}

#[tokio::test(start_paused = true)]
async fn without_a_relay_nobody_is_told_anything() {
    let relay = Relay::with(|config| config.stun_urls = vec!["stun:a".parse().unwrap()]);
    let mut client = relay.client().await;
    login(&mut client, "alice").await;
    assert_eq!(told_within(&mut client, Duration::from_secs(3600)).await, None);
    client.sync().await;
}

#[tokio::test]
async fn stun_is_answered_where_http_is() {
    let server = relaying().await;
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.send_to(&BINDING, server.address).await.unwrap();
    let mut answer = [0; 100];
    let (length, from) = soon(socket.recv_from(&mut answer)).await.unwrap();
    assert!(is_answer(&answer[..length]));
    assert_eq!(from, server.address);

    let mut stream = server.tcp().await;
    for _ in 0..2 {
        stream.write_all(&BINDING).await.unwrap();
        let mut answer = [0; 32];
        soon(stream.read_exact(&mut answer)).await.unwrap();
        assert!(is_answer(&answer));
    }
    assert_eq!(server.get("/healthz", "").await.text(), "ok\n");
}

/// Whoever signs out, on this device or another, leaves nothing behind at the relay.
#[tokio::test]
async fn the_right_to_the_relay_ends_with_the_session() {
    let server = relaying().await;
    let mut client = server.client().await;
    let servers = login(&mut client, "alice").await["iceServers"].take();
    let mut relay = TurnClient::of(&server, &servers[1]).await;
    assert_eq!(relay.asks(ALLOCATE).await, 0);
    assert_eq!(relay.asks(REFRESH).await, 0);
    client.close().await;
    // The server may not have read that yet.
    let ends = async { while relay.asks(REFRESH).await != ErrorCode::UNAUTHORIZED {} };
    soon(ends).await;
    let mut another = TurnClient::of(&server, &servers[1]).await;
    assert_eq!(another.asks(ALLOCATE).await, ErrorCode::UNAUTHORIZED);
}

/// Somebody who has a credential, on a stream to the relay.
struct TurnClient {
    stream: TcpStream,
    credentials: LongTermKeyCredentials,
    nonce: String,
}

impl TurnClient {
    async fn of(server: &Server, told: &Value) -> Self {
        let text = |field: &str| told[field].as_str().unwrap().to_owned();
        let credentials = LongTermKeyCredentials::new(
            text("username"),
            text("credential"),
            relay::REALM.to_owned(),
        );
        let mut client = Self { stream: server.tcp().await, credentials, nonce: "none".to_owned() };
        // The first answer says which nonce it has to be.
        assert_eq!(client.asks(ALLOCATE).await, ErrorCode::STALE_NONCE);
        client
    }

    /// Gives the code of the error, or 0.
    async fn asks(&mut self, method: Method) -> u16 {
        let mut request = Message::builder_request(method, MessageWriteVec::new());
        let transport = RequestedTransport::new(RequestedTransport::UDP);
        if method == ALLOCATE {
            request.add_attribute(&transport).unwrap();
        }
        let (username, realm) = (self.credentials.username(), self.credentials.realm());
        request.add_attribute(&Username::new(username).unwrap()).unwrap();
        request.add_attribute(&Realm::new(realm).unwrap()).unwrap();
        request.add_attribute(&Nonce::new(&self.nonce).unwrap()).unwrap();
        let key = self.credentials.make_key(IntegrityAlgorithm::Sha1);
        request.add_message_integrity_with_key(&key, IntegrityAlgorithm::Sha1).unwrap();
        self.stream.write_all(&request.finish()).await.unwrap();
        let mut answer = vec![0; 20];
        soon(self.stream.read_exact(&mut answer)).await.unwrap();
        answer.resize(20 + usize::from(u16::from_be_bytes([answer[2], answer[3]])), 0);
        soon(self.stream.read_exact(&mut answer[20..])).await.unwrap();
        let answer = Message::from_bytes(&answer).unwrap();
        let Ok(error) = answer.attribute::<ErrorCode>() else { return 0 };
        if let Ok(nonce) = answer.attribute::<Nonce>() {
            self.nonce = nonce.nonce().to_owned();
        }
        error.code()
    }
}

#[tokio::test]
async fn stun_is_answered_within_tls_and_beside_it() {
    let (secure, _state) = secure_relaying().await;
    let mut plain = secure.tcp().await;
    let mut within = connect(&secure, &[]).await;
    plain.write_all(&BINDING).await.unwrap();
    within.write_all(&BINDING).await.unwrap();
    let mut answer = [0; 32];
    soon(plain.read_exact(&mut answer)).await.unwrap();
    assert!(is_answer(&answer));
    soon(within.read_exact(&mut answer)).await.unwrap();
    assert!(is_answer(&answer));
    // Without a protocol named, HTTP is HTTP all the same.
    let mut http = connect(&secure, &[]).await;
    http.write_all(b"GET /healthz HTTP/1.0\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    let _ = soon(http.read_to_string(&mut answer)).await;
    assert!(answer.ends_with("ok\n"), "{answer}");
}

async fn secure_relaying() -> (Server, tempfile::TempDir) {
    let state = tempfile::TempDir::new().unwrap();
    let tls = server::Tls::self_signed(state.path(), &["localhost".to_owned()]).unwrap();
    let server = Server::with(|config| {
        config.tls = Some(tls);
        config.turn = Turn::Embedded(Embedded::default());
    })
    .await;
    (server, state)
}

#[tokio::test]
async fn a_stream_to_the_relay_does_not_keep_the_server_from_stopping() {
    let server = relaying().await;
    let mut stream = server.tcp().await;
    stream.write_all(&BINDING).await.unwrap();
    let mut answer = [0; 32];
    soon(stream.read_exact(&mut answer)).await.unwrap();
    server.stop().await;
    assert_eq!(soon(stream.read(&mut answer)).await.unwrap_or(0), 0);
}

#[tokio::test]
async fn a_server_on_every_address_answers_from_the_one_that_was_asked() {
    let server = Server::listening_on("0.0.0.0:0", |config| {
        config.turn = Turn::Embedded(Embedded::default());
    })
    .await;
    let port = server.address.port();
    for address in ["127.0.0.1", "127.0.0.2"] {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        socket.connect((address, port)).await.unwrap();
        socket.send(&BINDING).await.unwrap();
        let mut answer = [0; 100];
        let length = soon(socket.recv(&mut answer)).await.unwrap();
        assert!(is_answer(&answer[..length]), "{address}");
    }
}
