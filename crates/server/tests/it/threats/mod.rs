//! Threats that the server stands against, by name, over real sockets: those that no other file is about.
//!
//! | threat | tests |
//! | --- | --- |
//! | cross-site WebSocket, DNS rebinding | `origins` |
//! | homoglyph and control-character names, `__proto__`, names that many want | `login`; `protocol`'s `names` |
//! | oversize, fragmented and malformed frames | `garbage`; the Autobahn cases in `interop` |
//! | slowloris on headers, frames and answers, sockets that never log in or say nothing any more | `deadlines` |
//! | floods of messages and calls; names and guests that one address holds; a proxy that is not trusted | `edge` |
//! | terminal escapes in logs | `program` |
//! | slowloris on TLS handshakes | `tls` |
//! | a consumer that never reads; a client that never stops | `slow`, `fairness` |
//! | answers, candidates and leaves from outside a call | `outsiders`; the fuzz target `session` |
//! | stolen and guessed secrets of sessions | `resume` |

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

/// Markup is passed on as the data that it is, and is part of no name.
#[tokio::test]
async fn markup_in_names_and_messages() {
    let server = Server::start().await;
    let (mut alice, mut bob) = server.call("alice", "bob").await;
    let markup = r#"{"candidate":"<img src=x onerror=alert(1)>","__proto__":{"admin":true}}"#;
    alice.say(&format!(r#"{{"type":"candidate","name":"bob","candidate":{markup}}}"#)).await;
    bob.hears(&format!(
        r#"{{"type":"candidate","name":"alice","candidate":{markup},"call":"c1"}}"#
    ))
    .await;
    let mut guest = server.client().await;
    for name in ["<b>x</b>", "a&lt;b", "javascript:alert(1)", "a\"b", "a'b", "{{a}}", "${a}"] {
        let login = serde_json::json!({"type": "login", "name": name});
        guest.say(&login.to_string()).await;
        let reply = guest.hear().await;
        assert!(reply.contains(r#""code":"bad_name""#), "{name}: {reply}");
        assert!(!reply.contains(name), "a refusal repeats nothing: {reply}");
    }
}

/// Who was here a moment ago and who never was get a caller the same answer, byte for byte.
#[tokio::test]
async fn enumeration() {
    let server = Server::start().await;
    let mut alice = server.user("alice").await;
    server.user("left").await.close().await;
    let mut answers = Vec::new();
    for name in ["left", "none"] {
        alice.say(&format!(r#"{{"type":"offer","name":"{name}","offer":1,"call":"c1"}}"#)).await;
        answers.push(alice.hear().await.replace(name, "@"));
    }
    assert!(answers[0].contains(r#""code":"offline""#), "{}", answers[0]);
    assert_eq!(answers[0], answers[1]);
}
