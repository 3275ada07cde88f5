//! Nobody reaches into a call from outside.

use crate::common::Server;

#[tokio::test]
async fn answers_candidates_and_leaves_from_outside_a_call_never_arrive() {
    let server = Server::start().await;
    let (mut alice, mut bob) = server.call("alice", "bob").await;
    let mut mallory = server.user("mallory").await;
    for target in ["alice", "bob"] {
        for json in [
            r#"{"type":"answer","name":"@","answer":1,"call":"c1"}"#,
            r#"{"type":"candidate","name":"@","candidate":1,"call":"c1"}"#,
            r#"{"type":"ringing","name":"@","call":"c1"}"#,
            r#"{"type":"leave","name":"@","call":"c1"}"#,
            r#"{"type":"leave","name":"@"}"#,
        ] {
            mallory.say(&json.replace('@', target)).await;
            let error = mallory.hears_error("not_in_call").await;
            assert_eq!(error["name"], target);
        }
        // Not even with the id of their call does an offer get in.
        mallory
            .say(&format!(r#"{{"type":"offer","name":"{target}","offer":1,"call":"c1"}}"#))
            .await;
        mallory
            .hears(&format!(r#"{{"type":"leave","name":"{target}","call":"c1","reason":"busy"}}"#))
            .await;
    }
    alice.hears_nothing().await;
    bob.hears_nothing().await;
    alice.say(r#"{"type":"leave"}"#).await;
    bob.hears(r#"{"type":"leave","name":"alice","call":"c1","reason":"hangup"}"#).await;
}

#[tokio::test]
async fn whoever_is_in_a_call_reaches_nobody_outside_it() {
    let server = Server::start().await;
    let (mut alice, mut bob) = server.call("alice", "bob").await;
    let mut carol = server.user("carol").await;
    for json in [
        r#"{"type":"offer","name":"carol","offer":1,"call":"c2"}"#,
        r#"{"type":"answer","name":"carol","answer":1}"#,
        r#"{"type":"candidate","name":"carol","candidate":1}"#,
        r#"{"type":"leave","name":"carol"}"#,
    ] {
        alice.say(json).await;
        let error = alice.hears_error("not_in_call").await;
        assert_eq!(error["name"], "carol");
    }
    carol.hears_nothing().await;
    bob.hears_nothing().await;
}

#[tokio::test]
async fn messages_of_a_call_that_is_over_never_arrive() {
    let server = Server::start().await;
    let (mut alice, mut bob) = server.call("alice", "bob").await;
    alice.say(r#"{"type":"leave"}"#).await;
    bob.hears(r#"{"type":"leave","name":"alice","call":"c1","reason":"hangup"}"#).await;
    alice.say(r#"{"type":"offer","name":"bob","offer":1,"call":"c2"}"#).await;
    bob.hears(r#"{"type":"offer","name":"alice","offer":1,"call":"c2"}"#).await;
    bob.say(r#"{"type":"candidate","name":"alice","candidate":1,"call":"c1"}"#).await;
    bob.hears_error("not_in_call").await;
    bob.say(r#"{"type":"leave","name":"alice","call":"c1"}"#).await;
    bob.hears_error("not_in_call").await;
    alice.hears_nothing().await;
}
