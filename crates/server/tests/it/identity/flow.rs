//! The way of somebody who signs in, and out.

use serde_json::json;

use super::{
    browser::{Browser, log_in},
    provider::Provider,
    server_with,
};
use crate::common::Server;

#[tokio::test]
async fn without_a_provider_there_is_nothing_to_choose_and_nobody_is_marked() {
    let server = Server::start().await;
    let options = Browser::at(&server).options().await;
    assert_eq!(options, json!({"guests": true, "providers": []}));
    assert_eq!(server.get("/auth/sign-in/oidc", "").await.status, 404);
    server.call("alice", "bob").await;
    // A ticket says nothing where nobody gives any.
    let mut carol = server.client().await;
    let reply = log_in(&mut carol, json!({"name": "carol", "ticket": "a".repeat(43)})).await;
    assert_eq!(reply["success"], true, "{reply}");
}

#[tokio::test]
async fn somebody_signs_in_chooses_a_name_and_keeps_it() {
    let provider = Provider::start().await;
    let server = server_with(&[("ours", &provider)], |_, _| {}).await;
    let mut browser = Browser::at(&server);
    let providers = json!([{"id": "ours", "label": "127.0.0.1"}]);
    assert_eq!(browser.options().await, json!({"guests": true, "providers": providers}));
    assert_eq!(browser.sign_in("ours").await, "/");
    let user = json!({"provider": "ours"});
    let options =
        json!({"guests": true, "providers": providers, "user": user, "suggested": "alice"});
    assert_eq!(browser.options().await, options);

    let (alice, reply) = browser.log_in(&server, json!({"name": "Ally"})).await;
    assert_eq!((&reply["success"], &reply["name"]), (&json!(true), &json!("ally")), "{reply}");
    let user = json!({"provider": "ours", "name": "ally", "here": true});
    assert_eq!(
        browser.options().await,
        json!({"guests": true, "providers": providers, "user": user})
    );
    alice.close().await;
    // On another device the name is the same, whatever is said.
    let mut phone = Browser::at(&server);
    assert_eq!(phone.sign_in("ours").await, "/");
    let (_alice, reply) = phone.log_in(&server, json!({"name": "bob"})).await;
    assert_eq!(reply["name"], "ally", "{reply}");
}

#[tokio::test]
async fn guests_are_marked_and_those_who_show_who_they_are_are_not() {
    let provider = Provider::start().await;
    let server = server_with(&[("ours", &provider)], |_, _| {}).await;
    let mut browser = Browser::at(&server);
    browser.sign_in("ours").await;
    let (mut alice, _) = browser.log_in(&server, json!({"name": "alice"})).await;
    let mut bob = server.user("bob").await;
    // What a client writes there itself is ignored.
    bob.say(r#"{"type":"offer","name":"alice","offer":1,"call":"c1","guest":false}"#).await;
    alice.hears(r#"{"type":"offer","name":"bob","offer":1,"call":"c1","guest":true}"#).await;
    alice.say(r#"{"type":"ringing","name":"bob","call":"c1","guest":true}"#).await;
    bob.hears(r#"{"type":"ringing","name":"alice","call":"c1"}"#).await;
    alice.say(r#"{"type":"answer","name":"bob","answer":2,"call":"c1","guest":true}"#).await;
    bob.hears(r#"{"type":"answer","name":"alice","answer":2,"call":"c1"}"#).await;
    alice.say(r#"{"type":"offer","name":"bob","offer":3,"call":"c1"}"#).await;
    bob.hears(r#"{"type":"offer","name":"alice","offer":3,"call":"c1"}"#).await;
    bob.say(r#"{"type":"answer","name":"alice","answer":4,"call":"c1"}"#).await;
    alice.hears(r#"{"type":"answer","name":"bob","answer":4,"call":"c1","guest":true}"#).await;
    alice.say(r#"{"type":"leave","name":"bob","call":"c1"}"#).await;
    bob.hears(r#"{"type":"leave","name":"alice","call":"c1","reason":"hangup"}"#).await;
    alice.say(r#"{"type":"offer","name":"bob","offer":1,"call":"c2"}"#).await;
    bob.hears(r#"{"type":"offer","name":"alice","offer":1,"call":"c2"}"#).await;
    bob.say(r#"{"type":"ringing","name":"alice","call":"c2"}"#).await;
    alice.hears(r#"{"type":"ringing","name":"bob","call":"c2","guest":true}"#).await;
}

#[tokio::test]
async fn who_signs_out_is_signed_out_everywhere() {
    let provider = Provider::start().await;
    let server = server_with(&[("ours", &provider)], |_, _| {}).await;
    let (mut browser, mut phone) = (Browser::at(&server), Browser::at(&server));
    browser.sign_in("ours").await;
    phone.sign_in("ours").await;
    let (mut alice, _) = browser.log_in(&server, json!({"name": "alice"})).await;
    let mut bob = server.user("bob").await;
    alice.say(r#"{"type":"offer","name":"bob","offer":1,"call":"c1"}"#).await;
    bob.hears(r#"{"type":"offer","name":"alice","offer":1,"call":"c1"}"#).await;
    let unused = browser.ticket().await;

    assert_eq!(phone.post("/auth/sign-out").await.status, 204);
    assert_eq!(alice.is_closed().await, 4006);
    bob.hears(r#"{"type":"leave","name":"alice","call":"c1","reason":"gone"}"#).await;
    for browser in [&mut browser, &mut phone] {
        assert_eq!(browser.options().await.get("user"), None);
        assert_eq!(browser.post("/auth/ticket").await.status, 401);
    }
    let mut client = server.client().await;
    let reply = log_in(&mut client, json!({"name": "alice", "ticket": unused})).await;
    assert_eq!(reply["code"], "sign_in_required", "{reply}");
    // To sign out where nobody is signed in does nothing.
    assert_eq!(phone.post("/auth/sign-out").await.status, 204);
}
