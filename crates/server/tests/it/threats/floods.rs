//! More than anybody needs, as fast as it goes. What the limits are for each address, user and pair: `edge`.

use protocol::limits::MAX_CANDIDATE_BYTES;
use server::{
    Config,
    edge::AddressLimits,
    limits::{MESSAGE_RATE, PAIR_RATE, REFUSAL_RATE},
};
use tokio::io::AsyncReadExt;

use super::Victims;
use crate::common::{Client, Server, soon};

fn at_most(users: u32) -> impl FnOnce(&mut Config) {
    move |config| config.limits = Some(AddressLimits { users, ..AddressLimits::default() })
}

/// From one address: what is over its share is told so and closed.
#[tokio::test]
async fn flood_of_connections() {
    let server = Server::with(at_most(8)).await;
    let mut victims = Victims::at(&server).await;
    let mut open = Vec::new();
    let mut turned_away = 0;
    for _ in 0..200 {
        let mut stream = server.tcp().await;
        let mut first = [0; 12];
        // Those that are let in are waited for to say something.
        let answer =
            tokio::time::timeout(std::time::Duration::from_millis(5), stream.read(&mut first));
        match answer.await {
            Ok(_) => turned_away += 1,
            Err(_) => open.push(stream),
        }
        victims.notice_nothing().await;
    }
    assert!(turned_away > 0 && open.len() < 150, "{} of 200 are open", open.len());
    drop(open);
    soon(async { while server.handshake(&[]).await != 101 {} }).await;
}

/// Names are tried until the address has none to try left.
#[tokio::test]
async fn flood_of_logins() {
    let server = Server::with(at_most(8)).await;
    let mut victims = Victims::at(&server).await;
    let mut client = server.client().await;
    let mut codes = Vec::new();
    for n in 0..12 {
        client.say(&format!(r#"{{"type":"login","name":"a b{n}"}}"#)).await;
        let reply: serde_json::Value = serde_json::from_str(&client.hear().await).unwrap();
        codes.push(reply["code"].as_str().unwrap().to_owned());
    }
    assert_eq!(codes[0], "bad_name");
    assert!(codes.iter().any(|code| code == "rate_limited"), "{codes:?}");
    victims.notice_nothing().await;
}

/// It is told, and then cut off.
#[tokio::test]
async fn flood_of_messages() {
    let server = Server::start().await;
    let mut victims = Victims::at(&server).await;
    let mut client = server.user("mallory").await;
    let large =
        format!(r#"{{"type":"candidate","candidate":"{}"}}"#, "x".repeat(MAX_CANDIDATE_BYTES - 2));
    let (code, refused) = flood(&mut client, &large, &mut victims).await;
    assert_eq!(code, 4005);
    assert!(refused >= REFUSAL_RATE.burst, "it is told first: {refused}");
    victims.notice_nothing().await;
}

async fn flood(client: &mut Client, message: &str, victims: &mut Victims) -> (u16, u32) {
    let (mut sent, mut refused) = (0, 0);
    loop {
        for _ in 0..16 {
            // Once the server closes, nothing more can be said.
            let _ = futures_util::SinkExt::send(&mut client.socket, message.into()).await;
            sent += 1;
        }
        assert!(sent < 10 * MESSAGE_RATE.burst, "nobody minds a flood");
        for _ in 0..16 {
            match client.heard_or_closed().await {
                Ok(heard) => refused += u32::from(heard.contains("rate_limited")),
                Err(code) => return (code, refused),
            }
        }
        if sent % 256 == 0 {
            victims.notice_nothing().await;
        }
    }
}

/// One callee is rung so often, and then the caller is told.
#[tokio::test]
async fn flood_of_calls() {
    let server = Server::start().await;
    let (mut pest, mut carol) = (server.user("pest").await, server.user("carol").await);
    let mut rung = 0;
    while rung < 100 {
        pest.say(&format!(r#"{{"type":"offer","name":"carol","offer":1,"call":"c{rung}"}}"#)).await;
        pest.say(r#"{"type":"ping"}"#).await;
        if pest.hear().await.contains(r#""code":"rate_limited""#) {
            break;
        }
        assert!(carol.hear().await.starts_with(r#"{"type":"offer","name":"pest""#));
        pest.say(r#"{"type":"leave","name":"carol"}"#).await;
        assert!(carol.hear().await.starts_with(r#"{"type":"leave","name":"pest""#));
        rung += 1;
    }
    // A slow machine gives a permission or two back meanwhile.
    assert!((PAIR_RATE.burst..PAIR_RATE.burst + 4).contains(&rung), "{rung}");
    carol.hears_nothing().await;
}
