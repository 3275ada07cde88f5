//! What an account is worth: its name, its tickets and its sessions, also over a restart.

use std::time::Duration;

use identity::Guests;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    browser::{Browser, log_in},
    provider::Provider,
    server_with,
};
use crate::common::{Client, Server};

async fn guest(server: &Server, login: Value) -> (Client, Value) {
    let mut client = server.client().await;
    let reply = log_in(&mut client, login).await;
    (client, reply)
}

/// A server that keeps the sessions of those who are away for longer than a test takes.
async fn patient_server(provider: &Provider) -> Server {
    server_with(&[("ours", provider)], |config, _| {
        config.timing.grace = Duration::from_secs(1000);
    })
    .await
}

#[tokio::test]
async fn a_ticket_is_good_once_and_only_a_ticket_is() {
    let provider = Provider::start().await;
    let server = server_with(&[("ours", &provider)], |_, _| {}).await;
    let mut browser = Browser::at(&server);
    browser.sign_in("ours").await;
    let ticket = browser.ticket().await;
    let (_alice, reply) = guest(&server, json!({"name": "alice", "ticket": ticket})).await;
    assert_eq!(reply["success"], true, "{reply}");
    let cookie = browser.cookies["__Host-pronto"].clone();
    for bad in [&*ticket, "", "x", &"a".repeat(43), &cookie] {
        let (_, reply) = guest(&server, json!({"name": "mallory", "ticket": bad})).await;
        assert_eq!(reply["code"], "sign_in_required", "{bad}: {reply}");
    }
}

#[tokio::test]
async fn a_ticket_is_good_for_a_while() {
    let provider = Provider::start().await;
    let server = server_with(&[("ours", &provider)], |_, settings| {
        settings.lifetimes.ticket = Duration::ZERO;
    })
    .await;
    let mut browser = Browser::at(&server);
    browser.sign_in("ours").await;
    let (_, reply) = browser.log_in(&server, json!({"name": "alice"})).await;
    assert_eq!(reply["code"], "sign_in_required", "{reply}");
}

#[tokio::test]
async fn a_sign_in_may_take_a_while() {
    let provider = Provider::start().await;
    let server = server_with(&[("ours", &provider)], |_, settings| {
        settings.lifetimes.sign_in = Duration::ZERO;
    })
    .await;
    assert_eq!(Browser::at(&server).sign_in("ours").await, "/?sign-in=expired");
}

#[tokio::test]
async fn an_accounts_name_is_nobody_elses_even_when_they_are_not_there() {
    let provider = Provider::start().await;
    let server = server_with(&[("ours", &provider)], |_, _| {}).await;
    let mut browser = Browser::at(&server);
    browser.sign_in("ours").await;
    browser.log_in(&server, json!({"name": "mary"})).await.0.close().await;
    for name in ["mary", "Mary", "ＭＡＲＹ", "rnary", "ꓟꓮꓣꓬ"] {
        let (_, reply) = guest(&server, json!({"name": name})).await;
        assert_eq!(reply["code"], "name_taken", "{name}: {reply}");
        provider.signs_in("2", "other");
        let mut other = Browser::at(&server);
        other.sign_in("ours").await;
        let (_, reply) = other.log_in(&server, json!({"name": name})).await;
        assert_eq!(reply["code"], "name_taken", "{name}: {reply}");
    }
    // Nor can an account choose the name of a guest who is here.
    let (_bob, _) = guest(&server, json!({"name": "bob"})).await;
    let mut other = Browser::at(&server);
    other.sign_in("ours").await;
    for name in ["bob", "b0b"] {
        let (_, reply) = other.log_in(&server, json!({"name": name})).await;
        assert_eq!(reply["code"], "name_taken", "{name}: {reply}");
    }
    assert_eq!(other.options().await["user"], json!({"provider": "ours"}));
}

#[tokio::test]
async fn after_a_name_that_is_taken_another_may_be_tried_with_the_same_ticket() {
    let provider = Provider::start().await;
    let server = server_with(&[("ours", &provider)], |_, _| {}).await;
    let (_bob, _) = guest(&server, json!({"name": "bob"})).await;
    let mut browser = Browser::at(&server);
    browser.sign_in("ours").await;
    let (mut client, reply) = browser.log_in(&server, json!({"name": "bob"})).await;
    assert_eq!(reply["code"], "name_taken", "{reply}");
    let reply = log_in(&mut client, json!({"name": "a b"})).await;
    assert_eq!(reply["code"], "bad_name", "{reply}");
    let reply = log_in(&mut client, json!({"name": "alice"})).await;
    assert_eq!(reply["name"], "alice", "{reply}");
    assert_eq!(browser.options().await["user"]["name"], "alice");
}

#[tokio::test]
async fn guests_are_refused_where_nobody_wants_them() {
    let provider = Provider::start().await;
    let server = server_with(&[("ours", &provider)], |_, settings| {
        settings.guests = Guests::Refuse;
    })
    .await;
    let mut browser = Browser::at(&server);
    assert_eq!(browser.options().await["guests"], false);
    for login in
        [json!({"name": "bob"}), json!({"name": "bob", "received": 0, "session": "0".repeat(32)})]
    {
        let (_, reply) = guest(&server, login).await;
        assert_eq!(reply["code"], "sign_in_required", "{reply}");
    }
    browser.sign_in("ours").await;
    let (mut alice, reply) =
        browser.log_in(&server, json!({"name": "alice", "received": 0, "attempt": 1})).await;
    let secret = reply["session"].as_str().unwrap();
    // Who is back with the session's secret need not show it again.
    let back = json!({"name": "alice", "session": secret, "received": 0, "attempt": 2});
    let (_alice, reply) = guest(&server, back).await;
    assert_eq!(reply["success"], true, "{reply}");
    assert_eq!(alice.is_closed().await, 4003);
}

#[tokio::test]
async fn a_session_remains_of_whom_it_began_with() {
    let provider = Provider::start().await;
    let server = server_with(&[("ours", &provider)], |_, _| {}).await;
    let (mut browser, mut other) = (Browser::at(&server), Browser::at(&server));
    browser.sign_in("ours").await;
    provider.signs_in("2", "bob");
    other.sign_in("ours").await;
    let (mut alice, reply) =
        browser.log_in(&server, json!({"name": "alice", "received": 0, "attempt": 1})).await;
    let secret = reply["session"].clone();
    // Neither before the other has a name nor after.
    for _ in 0..2 {
        let stolen = json!({"name": "alice", "session": secret, "received": 0, "attempt": 9});
        let (_, reply) = other.log_in(&server, stolen).await;
        assert_eq!(reply["code"], "sign_in_required", "{reply}");
        other.log_in(&server, json!({"name": "bob"})).await.0.close().await;
    }
    // Nor does an account get a guest's.
    let (mut carol, reply) =
        guest(&server, json!({"name": "carol", "received": 0, "attempt": 1})).await;
    let login = json!({"name": "carol", "session": reply["session"], "received": 0, "attempt": 9});
    let (_, reply) = other.log_in(&server, login).await;
    assert_eq!(reply["code"], "sign_in_required", "{reply}");
    for client in [&mut carol, &mut alice] {
        client.say(r#"{"type":"ping"}"#).await;
        client.hears(r#"{"type":"pong","received":0}"#).await;
    }
    // With the right ticket, or none, it goes on.
    let login = json!({"name": "alice", "session": secret, "received": 0, "attempt": 2});
    let (_alice, reply) = browser.log_in(&server, login).await;
    assert_eq!((&reply["success"], &reply["session"]), (&json!(true), &secret), "{reply}");
    assert_eq!(alice.is_closed().await, 4003);
}

#[tokio::test]
async fn whoever_shows_who_they_are_takes_their_name_from_where_they_were() {
    let provider = Provider::start().await;
    let server = server_with(&[("ours", &provider)], |_, _| {}).await;
    let (mut browser, mut phone) = (Browser::at(&server), Browser::at(&server));
    browser.sign_in("ours").await;
    phone.sign_in("ours").await;
    let counts = json!({"name": "alice", "received": 0, "attempt": 1});
    let (mut alice, first) = browser.log_in(&server, counts.clone()).await;
    let mut bob = server.user("bob").await;
    alice.say(r#"{"type":"offer","name":"bob","offer":1,"call":"c1"}"#).await;
    bob.hears(r#"{"type":"offer","name":"alice","offer":1,"call":"c1"}"#).await;
    // The page there can ask first, as it is told.
    assert_eq!(phone.options().await["user"]["here"], true);
    let (mut on_phone, second) = phone.log_in(&server, counts).await;
    assert_eq!((&second["success"], &second["name"]), (&json!(true), &json!("alice")), "{second}");
    assert_ne!(first["session"], second["session"]);
    assert_eq!(alice.is_closed().await, 4003);
    bob.hears(r#"{"type":"leave","name":"alice","call":"c1","reason":"gone"}"#).await;
    // The secret of before is worth nothing any more.
    let back = json!({"name": "alice", "session": first["session"], "received": 0, "attempt": 7});
    let (_, reply) = guest(&server, back).await;
    assert_eq!(reply["code"], "name_taken", "{reply}");
    bob.say(r#"{"type":"offer","name":"alice","offer":1,"call":"c2"}"#).await;
    on_phone.hears(r#"{"type":"offer","name":"bob","offer":1,"call":"c2","guest":true}"#).await;
}

/// Its owner was refused their own name, for as long as that client was there.
#[tokio::test]
async fn an_account_at_a_client_that_does_not_count_is_found_as_well() {
    let provider = Provider::start().await;
    let server = server_with(&[("ours", &provider)], |_, _| {}).await;
    let (mut browser, mut phone) = (Browser::at(&server), Browser::at(&server));
    browser.sign_in("ours").await;
    phone.sign_in("ours").await;
    let (mut alice, _) = browser.log_in(&server, json!({"name": "alice"})).await;
    let (_on_phone, reply) = phone.log_in(&server, json!({"name": "alice", "received": 0})).await;
    assert_eq!((&reply["success"], &reply["name"]), (&json!(true), &json!("alice")), "{reply}");
    assert_eq!(alice.is_closed().await, 4003);
}

/// A tab that is closed is nowhere: whoever opens another is not asked whether to give it up.
#[tokio::test]
async fn an_account_is_here_while_its_page_is() {
    let provider = Provider::start().await;
    let server = patient_server(&provider).await;
    let mut browser = Browser::at(&server);
    browser.sign_in("ours").await;
    let without = json!({"provider": "ours"});
    assert_eq!(browser.options().await["user"], without);
    let counts = json!({"name": "alice", "received": 0, "attempt": 1});
    let (alice, reply) = browser.log_in(&server, counts).await;
    let here = json!({"provider": "ours", "name": "alice", "here": true});
    assert_eq!(browser.options().await["user"], here);
    drop(alice);
    let away = json!({"provider": "ours", "name": "alice"});
    crate::common::soon(async {
        while browser.options().await["user"] != away {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let back = json!({"name": "alice", "session": reply["session"], "received": 0, "attempt": 2});
    let (_alice, _) = browser.log_in(&server, back).await;
    assert_eq!(browser.options().await["user"], here);
}

#[tokio::test]
async fn who_is_away_is_signed_out_as_well() {
    let provider = Provider::start().await;
    let server = patient_server(&provider).await;
    let mut browser = Browser::at(&server);
    browser.sign_in("ours").await;
    let counts = json!({"name": "alice", "received": 0, "attempt": 1});
    let (mut alice, reply) = browser.log_in(&server, counts).await;
    let mut bob = server.user("bob").await;
    alice.say(r#"{"type":"offer","name":"bob","offer":1,"call":"c1"}"#).await;
    bob.hears(r#"{"type":"offer","name":"alice","offer":1,"call":"c1"}"#).await;
    drop(alice);
    assert_eq!(browser.post("/auth/sign-out").await.status, 204);
    bob.hears(r#"{"type":"leave","name":"alice","call":"c1","reason":"gone"}"#).await;
    let back = json!({"name": "alice", "session": reply["session"], "received": 0, "attempt": 2});
    let (_, reply) = guest(&server, back).await;
    assert_eq!(
        reply["code"], "name_taken",
        "the session is over, and the name an account's: {reply}"
    );
}

#[tokio::test]
async fn accounts_sessions_and_names_are_there_after_a_restart() {
    let provider = Provider::start().await;
    let state = TempDir::new().unwrap();
    let server = server_with(&[("ours", &provider)], |config, _| {
        config.state = Some(state.path().to_owned());
    })
    .await;
    let mut browser = Browser::at(&server);
    browser.sign_in("ours").await;
    let counts = json!({"name": "alice", "received": 0, "attempt": 1});
    let (_alice, reply) = browser.log_in(&server, counts).await;
    let secret = reply["session"].clone();
    let ticket = browser.ticket().await;
    crate::resume::roster_with(state.path(), 1, "+ ").await;
    let address = server.address.to_string();
    server.stop().await;

    let settings = identity::Settings::new(vec![provider.settings("ours")], Guests::Allow).unwrap();
    let server = Server::listening_on(&address, |config| {
        config.state = Some(state.path().to_owned());
        config.timing.grace = Duration::from_secs(1000);
        config.identity = Some(settings);
    })
    .await;
    let mut browser = browser.again_at(&server);
    assert_eq!(browser.options().await["user"], json!({"name": "alice", "provider": "ours"}));
    // Tickets are not kept, and the secret alone does not show whose name it is.
    let (_, reply) = guest(&server, json!({"name": "alice", "ticket": ticket})).await;
    assert_eq!(reply["code"], "sign_in_required", "{reply}");
    let back = json!({"name": "alice", "session": secret, "received": 0, "attempt": 2});
    let (_, reply) = guest(&server, back.clone()).await;
    assert_eq!(reply["code"], "sign_in_required", "{reply}");
    let (_, reply) = guest(&server, json!({"name": "a1ice"})).await;
    assert_eq!(reply["code"], "name_taken", "{reply}");
    // With a ticket it is theirs again, and they are no guest.
    let (mut alice, reply) = browser.log_in(&server, back).await;
    assert_eq!((&reply["name"], &reply["session"]), (&json!("alice"), &secret), "{reply}");
    let mut bob = server.user("bob").await;
    alice.say(r#"{"type":"offer","name":"bob","offer":1,"call":"c1"}"#).await;
    bob.hears(r#"{"type":"offer","name":"alice","offer":1,"call":"c1"}"#).await;
    assert_eq!(browser.post("/auth/sign-out").await.status, 204);
    assert_eq!(alice.is_closed().await, 4006);
}

#[tokio::test]
async fn a_provider_that_is_gone_vouches_for_nobody() {
    let (one, other) = (Provider::start().await, Provider::start().await);
    let state = TempDir::new().unwrap();
    let keep = |config: &mut server::Config| config.state = Some(state.path().to_owned());
    let server = server_with(&[("one", &one)], |config, _| keep(config)).await;
    let mut browser = Browser::at(&server);
    browser.sign_in("one").await;
    browser.log_in(&server, json!({"name": "alice"})).await.0.close().await;
    server.stop().await;
    let server = server_with(&[("other", &other)], |config, _| keep(config)).await;
    let mut browser = browser.again_at(&server);
    assert_eq!(browser.options().await.get("user"), None);
    assert_eq!(browser.post("/auth/ticket").await.status, 401);
    // The name remains an account's.
    let (_, reply) = guest(&server, json!({"name": "alice"})).await;
    assert_eq!(reply["code"], "name_taken", "{reply}");
}
