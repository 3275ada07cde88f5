//! Whatever a client sends: it gets an error or is cut off, and nobody else notices.

use std::time::Duration;

use protocol::limits::{MAX_CANDIDATE_BYTES, MAX_DESCRIPTION_BYTES, MAX_MESSAGE_BYTES};
use server::limits::MAX_MESSAGE_BEFORE_LOGIN_BYTES;
use tokio_tungstenite::tungstenite::Message;

use crate::common::{BareClient, Server, soon};

#[tokio::test]
async fn what_is_not_a_message_is_answered_with_an_error_and_the_socket_lives_on() {
    let server = Server::start().await;
    let mut guest = server.client().await;
    let mut user = server.user("alice").await;
    let deep = "[".repeat(10_000);
    let deep_object = r#"{"type":"#.repeat(5_000);
    let deep_offer = format!(r#"{{"type":"offer","name":"bob","offer":{}"#, "[".repeat(10_000));
    for text in [
        "",
        "null",
        "true",
        "1e999999",
        "99999999999999999999999999999999999999",
        r#""login""#,
        "[]",
        r#"["login","alice"]"#,
        "{}",
        "{",
        "\u{0}",
        r#"{"type":null}"#,
        r#"{"type":1}"#,
        r#"{"type":["login"]}"#,
        r#"{"type":"login"}"#,
        r#"{"type":"login","name":null}"#,
        r#"{"type":"login","name":{"a":1}}"#,
        r#"{"type":"offer","name":"bob"}"#,
        r#"{"type":"offer","name":"bob","offer":1,"call":"no id !"}"#,
        r#"{"type":"offer","name":"bob","offer":1,"call":1e400}"#,
        r#"{"type":"login","name":"a","type":"login"}"#,
        r#"{"type":"login","name":"\ud800"}"#,
        "Hello world",
        &deep,
        &deep_object,
        &deep_offer,
    ] {
        // Before the login nobody may say that much.
        let guest = (text.len() < MAX_MESSAGE_BEFORE_LOGIN_BYTES).then_some(&mut guest);
        for client in guest.into_iter().chain([&mut user]) {
            client.say(text).await;
            let error = client.hears_error("bad_message").await;
            assert!(error["message"].as_str().unwrap().len() < 300, "{error}");
        }
    }
    guest.log_in("bob").await;
    user.sync().await;
}

#[tokio::test]
async fn a_type_that_is_not_known_is_ignored() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.say(r#"{"type":"of-the-future","x":1}"#).await;
    client.sync().await;
    client.log_in("alice").await;
    client.say(r#"{"type":"__proto__"}"#).await;
    client.sync().await;
}

#[tokio::test]
async fn binary_frames_are_an_error_and_no_end() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.send(Message::binary(br#"{"type":"login","name":"alice"}"#.to_vec())).await;
    client.hears_error("bad_message").await;
    client.log_in("alice").await;
}

#[tokio::test]
async fn what_is_too_large_for_its_field_is_an_error_and_no_end() {
    let server = Server::start().await;
    let (mut alice, mut bob) = server.call("alice", "bob").await;
    for (kind, limit) in [
        ("offer", MAX_DESCRIPTION_BYTES),
        ("answer", MAX_DESCRIPTION_BYTES),
        ("candidate", MAX_CANDIDATE_BYTES),
    ] {
        let fits = format!(r#""{}""#, "x".repeat(limit - 2));
        let message = format!(r#"{{"type":"{kind}","name":"bob","{kind}":{fits},"call":"c1"}}"#);
        alice.say(&message).await;
        bob.hears(&message.replace("bob", "alice")).await;
        alice.say(&message.replace(r#"":"x"#, r#"":"xx"#)).await;
        alice.hears_error("too_large").await;
    }
    bob.hears_nothing().await;
}

#[tokio::test]
async fn a_message_over_the_limit_is_told_so_and_cut_off() {
    let server = Server::start().await;
    let mut fits = server.user("alice").await;
    fits.say(&" ".repeat(MAX_MESSAGE_BYTES)).await;
    fits.hears_error("bad_message").await;
    let mut over = server.user("bob").await;
    over.say(&"x".repeat(MAX_MESSAGE_BYTES + 1)).await;
    over.hears_error("too_large").await;
    assert_eq!(over.is_closed().await, 1009);
    // In fragments, each of which would fit.
    let mut fragments = BareClient::user(&server, "carol").await;
    let part = [b'x'; 40_000];
    fragments.frame(0x01, &part).await;
    fragments.frame(0x80, &part).await;
    assert_eq!(fragments.is_closed().await, 1009);
}

#[tokio::test]
async fn a_client_that_is_still_sending_what_is_too_large_hears_why_it_is_cut_off() {
    use tokio::io::AsyncWriteExt;
    // All of it must get through before the server gives up, however slow the machine is.
    let server = Server::with(|config| config.timing.close = Duration::from_secs(20)).await;
    let mut client = BareClient::connect(&server).await;
    const LENGTH: u32 = 8 << 20;
    let mut head = vec![0x81, 0xff];
    head.extend(u64::from(LENGTH).to_be_bytes());
    head.extend([0; 4]);
    client.0.write_all(&head).await.unwrap();
    // It writes all of it before it reads anything. A reset in between would throw away what there is to read.
    soon(client.0.write_all(&vec![b'x'; LENGTH as usize])).await.unwrap();
    let (_, error) = client.read().await;
    assert!(error.windows(9).any(|word| word == b"too_large"));
    assert_eq!(client.is_closed().await, 1009);
}

#[tokio::test]
async fn a_user_who_is_cut_off_loses_the_name_and_the_peer_is_told() {
    let server = Server::start().await;
    let (mut alice, mut bob) = server.call("alice", "bob").await;
    alice.say(&"x".repeat(MAX_MESSAGE_BYTES + 1)).await;
    bob.hears(r#"{"type":"leave","name":"alice","call":"c1","reason":"gone"}"#).await;
    server.user("alice").await;
}

#[tokio::test]
async fn frames_that_are_not_websocket_are_cut_off_with_the_right_code() {
    let server = Server::start().await;
    for (first, payload, code) in [
        (0x81, &b"\xff\xfe"[..], 1007),
        (0x83, b"", 1002),
        (0x8b, b"", 1002),
        (0xc1, b"{}", 1002),
        (0x80, b"continues nothing", 1002),
        (0x09, b"a ping in fragments", 1002),
        (0x89, &[0; 126], 1002),
        (0x88, b"\x03", 1002),
    ] {
        let mut client = BareClient::connect(&server).await;
        client.frame(first, payload).await;
        assert_eq!(client.is_closed().await, code, "{first:x} {payload:?}");
    }
}

#[tokio::test]
async fn an_unmasked_frame_is_cut_off() {
    use tokio::io::AsyncWriteExt;
    let server = Server::start().await;
    let mut client = BareClient::connect(&server).await;
    client.0.write_all(b"\x81\x02{}").await.unwrap();
    assert_eq!(client.is_closed().await, 1002);
}

#[tokio::test]
async fn a_message_in_fragments_with_a_ping_between_is_a_message() {
    let server = Server::start().await;
    let mut client = BareClient::connect(&server).await;
    client.frame(0x01, br#"{"type":"#).await;
    client.frame(0x89, b"?").await;
    client.frame(0x80, br#""ping"}"#).await;
    assert_eq!(client.read().await, (0x8a, b"?".to_vec()));
    assert_eq!(client.read().await, (0x81, br#"{"type":"pong"}"#.to_vec()));
}
