//! How much one client, one address and one pair may do, and whom a request behind a proxy is of.

use protocol::limits::MAX_CANDIDATE_BYTES;
use server::{
    Config,
    edge::{AddressLimits, Proxies, ProxyHeader},
    limits::{MESSAGE_RATE, NEWCOMERS_OF_USER, PAIR_RATE, REFUSAL_RATE, SMALLEST_CROWD},
};
use tokio_tungstenite::tungstenite::Message;

use crate::{
    common::{Client, Server},
    memory::Relay,
};

fn few(users: u32) -> impl FnOnce(&mut Config) {
    move |config| config.limits = Some(AddressLimits { users, ..AddressLimits::default() })
}

async fn refused_login(client: &mut Client, name: &str) -> String {
    client.say(&format!(r#"{{"type":"login","name":"{name}"}}"#)).await;
    let heard: serde_json::Value = serde_json::from_str(&client.hear().await).unwrap();
    assert_eq!(heard["success"], false, "{heard}");
    heard["code"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_flood_is_told_and_then_cut() {
    let server = Server::start().await;
    let mut client = server.user("alice").await;
    let (mut refused, mut sent) = (0, 0);
    let message = r#"{"type":"leave"}"#;
    let code = loop {
        for _ in 0..16 {
            // Once the server closes, nothing more can be said.
            let _ = futures_util::SinkExt::send(&mut client.socket, Message::text(message)).await;
            sent += 1;
        }
        assert!(sent < 100_000, "nobody minds a flood");
        let mut closed = None;
        for _ in 0..16 {
            match client.heard_or_closed().await {
                Ok(heard) => {
                    refused += u32::from(heard.contains(r#""code":"rate_limited""#));
                }
                Err(code) => {
                    closed = Some(code);
                    break;
                }
            }
        }
        if let Some(code) = closed {
            break code;
        }
    };
    assert_eq!(code, 4005);
    assert!(sent > MESSAGE_RATE.burst, "{sent}");
    assert!(refused >= REFUSAL_RATE.burst, "it is told first: {refused}");
}

/// In virtual time, so that no permission comes back while the machine is busy.
#[tokio::test(start_paused = true)]
async fn who_was_refused_is_heard_again_after_a_while_and_nobody_else_notices() {
    let relay = Relay::limited();
    let mut alice = relay.user("alice").await;
    let mut bob = relay.user("bob").await;
    let large = "x".repeat(MAX_CANDIDATE_BYTES - 100);
    let candidate = format!(r#"{{"type":"candidate","candidate":"{large}"}}"#);
    let mut heard = String::new();
    for _ in 0..=MESSAGE_RATE.burst {
        alice.say(&candidate).await;
        heard = alice.hear().await;
        if heard.contains("rate_limited") {
            break;
        }
        assert!(heard.contains("not_in_call"), "{heard}");
    }
    assert!(heard.contains(r#""code":"rate_limited""#), "{heard}");
    bob.sync().await;
    tokio::time::advance(MESSAGE_RATE.every * MESSAGE_RATE.burst).await;
    alice.sync().await;
}

#[tokio::test(start_paused = true)]
async fn one_callee_is_not_rung_without_end() {
    let relay = Relay::limited();
    let (mut alice, mut bob) = (relay.user("alice").await, relay.user("bob").await);
    // However the name is written.
    let names = ["bob", "Bob", "BOB"];
    for n in 0..PAIR_RATE.burst {
        let name = names[n as usize % names.len()];
        alice.say(&format!(r#"{{"type":"offer","name":"{name}","offer":1,"call":"c{n}"}}"#)).await;
        assert!(bob.hear().await.starts_with(r#"{"type":"offer","name":"alice""#));
        alice.say(&format!(r#"{{"type":"leave","name":"bob","call":"c{n}"}}"#)).await;
        assert!(bob.hear().await.starts_with(r#"{"type":"leave","name":"alice""#));
    }
    alice.say(r#"{"type":"offer","name":"bob","offer":1,"call":"more"}"#).await;
    let error = alice.hears_error("rate_limited").await;
    assert_eq!(error["call"], "more");
    let seconds = error["seconds"].as_u64().unwrap();
    assert!((1..=PAIR_RATE.every.as_secs()).contains(&seconds), "{error}");
    bob.hears_nothing().await;
    // Another is called all the same, and bob after a while.
    alice.say(r#"{"type":"offer","name":"carol","offer":1,"call":"other"}"#).await;
    alice.hears_error("offline").await;
    tokio::time::advance(PAIR_RATE.every).await;
    alice.say(r#"{"type":"offer","name":"bob","offer":1,"call":"again"}"#).await;
    bob.hears(r#"{"type":"offer","name":"alice","offer":1,"call":"again"}"#).await;
}

#[tokio::test(start_paused = true)]
async fn nor_by_who_says_that_it_was_calling_already() {
    let relay = Relay::limited();
    let mut bob = relay.user("bob").await;
    for n in 0..=PAIR_RATE.burst {
        let mut alice = loop {
            let mut alice = relay.client().await;
            let call = format!(r#""received":0,"peer":"bob","call":"c{n}","calling":true"#);
            alice.say(&format!(r#"{{"type":"login","name":"alice",{call}}}"#)).await;
            // The socket before may still be closing.
            if alice.hear().await.contains(r#""success":true"#) {
                break alice;
            }
        };
        alice.say(&format!(r#"{{"type":"offer","name":"bob","offer":1,"call":"c{n}"}}"#)).await;
        if n == PAIR_RATE.burst {
            alice.hears_error("rate_limited").await;
            break;
        }
        assert!(bob.hear().await.starts_with(r#"{"type":"offer","name":"alice""#));
        alice.say(&format!(r#"{{"type":"leave","name":"bob","call":"c{n}"}}"#)).await;
        assert!(bob.hear().await.starts_with(r#"{"type":"leave","name":"alice""#));
        alice.close().await;
    }
}

#[tokio::test]
async fn an_address_holds_no_more_names_than_it_may() {
    let server = Server::with(few(2)).await;
    let _alice = server.user("alice").await;
    let bob = server.user("bob").await;
    let mut carol = server.client().await;
    // Two logins at once are this address's whole share as well; the reason is the same either way.
    assert_eq!(refused_login(&mut carol, "carol").await, "rate_limited");
    bob.close().await;
}

#[tokio::test]
async fn sockets_that_do_not_log_in_make_room_for_others_the_oldest_first() {
    let server = Server::with(few(2)).await;
    let mut one = server.client().await;
    let mut other = server.client().await;
    let mut more = Vec::new();
    for _ in 0..SMALLEST_CROWD * NEWCOMERS_OF_USER - 1 {
        more.push(server.client().await);
    }
    one.is_cut_off().await;
    other.sync().await;
    other.log_in("bob").await;
    // It does not count any more.
    more.push(server.client().await);
    for client in more.iter_mut().chain([&mut other]) {
        client.sync().await;
    }
    // One that could not log in counts again, as a new one.
    assert_eq!(refused_login(&mut more[0], "bob").await, "name_taken");
    let _last = server.client().await;
    more[1].is_cut_off().await;
    more[0].sync().await;
}

#[tokio::test]
async fn a_server_that_is_full_says_so() {
    let server = Server::with(|config| {
        config.limits = Some(AddressLimits { connections: 1, ..AddressLimits::default() });
    })
    .await;
    // A client that has not logged in would make room.
    let _one = server.user("alice").await;
    let response = server.get("/healthz", "").await;
    assert_eq!(response.status, 503);
    assert_eq!(response.header("retry-after"), Some("10"));
    assert!(response.text().ends_with(".\n"));
}

/// The proxy is this test.
#[tokio::test]
async fn who_is_behind_a_trusted_proxy_is_counted_alone() {
    let trusting = |config: &mut Config| {
        few(1)(config);
        let trusted = vec!["127.0.0.0/8".parse().unwrap()];
        config.proxies = Proxies { trusted, header: ProxyHeader::XForwardedFor };
    };
    for trusted in [true, false] {
        let server = Server::with(|config| if trusted { trusting(config) } else { few(1)(config) });
        let server = server.await;
        let mut first = server.client_with("X-Forwarded-For", "spoofed, 198.51.100.1").await;
        first.log_in("first").await;
        let mut other = server.client_with("X-Forwarded-For", "198.51.100.1, 198.51.100.2").await;
        if trusted {
            other.log_in("other").await;
        } else {
            assert_eq!(refused_login(&mut other, "other").await, "rate_limited");
        }
        let mut same = server.client_with("X-Forwarded-For", "203.0.113.9, 198.51.100.1").await;
        assert_eq!(refused_login(&mut same, "same").await, "rate_limited", "trusted: {trusted}");
    }
}

#[tokio::test]
async fn without_limits_nobody_is_held_up() {
    let server = Server::with(|config| config.limits = None).await;
    let mut client = server.user("alice").await;
    for _ in 0..MESSAGE_RATE.burst * 2 {
        client.sync().await;
    }
}

#[tokio::test]
async fn nobody_and_somebody_who_is_not_there_are_answered_alike() {
    let server = Server::start().await;
    let gone = server.user("known").await;
    gone.close().await;
    let mut alice = server.user("alice").await;
    let mut answers = Vec::new();
    for name in ["known", "never"] {
        alice
            .say(&format!(r#"{{"type":"offer","name":"{name}","offer":1,"call":"c{name}"}}"#))
            .await;
        answers.push(alice.hear().await.replace(name, "NAME"));
    }
    assert!(answers[0].contains(r#""code":"offline""#), "{answers:?}");
    assert_eq!(answers[0], answers[1]);
}
