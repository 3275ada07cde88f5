//! The tutorial's own client, message by message as it writes them, at the address where it connects.

use crate::common::Server;

#[tokio::test]
async fn two_of_the_tutorials_clients_call_each_other() {
    let server = Server::start().await;
    let mut ann = server.client_at("/").await;
    let mut ben = server.client_at("/").await;
    ann.say(r#"{"type":"login","name":"Ann"}"#).await;
    assert!(ann.hear().await.contains(r#""success":true"#));
    ben.say(r#"{"type":"login","name":"ann"}"#).await;
    assert!(ben.hear().await.contains(r#""success":false"#));
    ben.say(r#"{"type":"login","name":"Ben"}"#).await;
    assert!(ben.hear().await.contains(r#""success":true"#));
    // Its user types the name as it comes; the client sends it back with every message.
    ann.say(r#"{"type":"offer","offer":{"type":"offer","sdp":"v=0"},"name":"Ben"}"#).await;
    ben.hears(r#"{"type":"offer","name":"ann","offer":{"type":"offer","sdp":"v=0"}}"#).await;
    ann.say(r#"{"type":"candidate","candidate":{"candidate":"x","sdpMid":"0"},"name":"Ben"}"#)
        .await;
    ben.hears(r#"{"type":"candidate","name":"ann","candidate":{"candidate":"x","sdpMid":"0"}}"#)
        .await;
    ben.say(r#"{"type":"answer","answer":{"type":"answer","sdp":"v=0"},"name":"ann"}"#).await;
    ann.hears(r#"{"type":"answer","name":"ben","answer":{"type":"answer","sdp":"v=0"}}"#).await;
    ben.say(r#"{"type":"candidate","candidate":{"candidate":"y"},"name":"ann"}"#).await;
    ann.hears(r#"{"type":"candidate","name":"ben","candidate":{"candidate":"y"}}"#).await;
    ann.say(r#"{"type":"leave","name":"Ben"}"#).await;
    ben.hears(r#"{"type":"leave","name":"ann","reason":"hangup"}"#).await;
    // Its hang-up button works without a call, too. That killed the tutorial's server.
    ben.say(r#"{"type":"leave"}"#).await;
    ben.hears_error("not_in_call").await;
    ben.sync().await;
}

#[tokio::test]
async fn one_of_the_tutorials_clients_and_one_of_ours_call_each_other() {
    let server = Server::start().await;
    let mut ours = server.user("ours").await;
    let mut theirs = server.client_at("/").await;
    theirs.log_in("theirs").await;
    ours.say(r#"{"type":"offer","name":"theirs","offer":1,"call":"c1"}"#).await;
    theirs.hears(r#"{"type":"offer","name":"ours","offer":1,"call":"c1"}"#).await;
    theirs.say(r#"{"type":"answer","answer":2,"name":"ours"}"#).await;
    ours.hears(r#"{"type":"answer","name":"theirs","answer":2,"call":"c1"}"#).await;
    ours.say(r#"{"type":"leave","name":"theirs","call":"c1"}"#).await;
    theirs.hears(r#"{"type":"leave","name":"ours","call":"c1","reason":"hangup"}"#).await;
    theirs.say(r#"{"type":"offer","offer":3,"name":"ours"}"#).await;
    ours.hears(r#"{"type":"offer","name":"theirs","offer":3}"#).await;
    ours.say(r#"{"type":"answer","name":"theirs","answer":4}"#).await;
    theirs.hears(r#"{"type":"answer","name":"ours","answer":4}"#).await;
    theirs.close().await;
    ours.hears(r#"{"type":"leave","name":"theirs","reason":"gone"}"#).await;
}
