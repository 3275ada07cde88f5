//! Names: who gets one, who does not, and when it is free again.

use crate::common::{Client, Server, soon};

async fn refused(client: &mut Client, name: &str) -> String {
    client.say(&serde_json::json!({"type": "login", "name": name}).to_string()).await;
    let reply: serde_json::Value = serde_json::from_str(&client.hear().await).unwrap();
    assert_eq!(reply["type"], "login", "{reply}");
    assert_eq!(reply["success"], false, "{reply}");
    assert!(reply["message"].as_str().unwrap().ends_with('.'), "a sentence: {reply}");
    reply["code"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_login_is_welcomed_with_the_name_as_the_server_writes_it() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.say(r#"{"type":"login","name":"Alice","what":"is unknown is ignored"}"#).await;
    client.hears(r#"{"type":"login","success":true,"name":"alice","version":1}"#).await;
}

#[tokio::test]
async fn the_login_reply_names_the_stun_servers_of_the_configuration() {
    let server = Server::with(|config| {
        config.stun_urls = vec!["stun:a".parse().unwrap(), "stuns:b:5349".parse().unwrap()];
    })
    .await;
    let mut client = server.client().await;
    client.say(r#"{"type":"login","name":"alice"}"#).await;
    client
        .hears(r#"{"type":"login","success":true,"name":"alice","iceServers":[{"urls":["stun:a","stuns:b:5349"]}],"version":1}"#)
        .await;
}

#[tokio::test]
async fn a_name_is_taken_once_and_so_is_what_looks_like_it() {
    let server = Server::start().await;
    let _mary = server.user("mary").await;
    let mut other = server.client().await;
    for name in ["mary", "Mary", "ＭＡＲＹ", "rnary"] {
        assert_eq!(refused(&mut other, name).await, "name_taken", "{name}");
    }
    other.log_in("martha").await;
}

#[tokio::test]
async fn bad_names_are_refused_and_another_may_be_tried() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let long = "a".repeat(33);
    for name in ["", " ", "a b", "__proto__", "<b>", "a\u{202e}b", "a\u{1b}[31m", "Аlice", &long] {
        assert_eq!(refused(&mut client, name).await, "bad_name", "{name:?}");
    }
    client.log_in("alice").await;
}

#[tokio::test]
async fn of_many_who_want_a_name_at_once_one_gets_it() {
    let server = Server::start().await;
    let mut clients = Vec::new();
    for _ in 0..20 {
        clients.push(server.client().await);
    }
    for client in &mut clients {
        client.say(r#"{"type":"login","name":"alice"}"#).await;
    }
    let mut winners = 0;
    for client in &mut clients {
        winners += usize::from(client.hear().await.contains(r#""success":true"#));
    }
    assert_eq!(winners, 1);
}

#[tokio::test]
async fn a_name_is_free_again_once_its_socket_is_closed_or_lost() {
    let server = Server::start().await;
    server.user("alice").await.close().await;
    server.user("alice").await.close().await;
    // Dropped without a close frame: nobody tells when the server has noticed.
    drop(server.user("alice").await);
    let mut again = server.client().await;
    soon(async {
        loop {
            again.say(r#"{"type":"login","name":"alice"}"#).await;
            if again.hear().await.contains(r#""success":true"#) {
                break;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn before_the_login_there_is_only_login_and_ping() {
    let server = Server::start().await;
    let mut bob = server.user("bob").await;
    let mut client = server.client().await;
    client.sync().await;
    for json in [
        r#"{"type":"offer","name":"bob","offer":1}"#,
        r#"{"type":"answer","name":"bob","answer":1}"#,
        r#"{"type":"candidate","name":"bob","candidate":1}"#,
        r#"{"type":"ringing","name":"bob"}"#,
        r#"{"type":"leave","name":"bob"}"#,
    ] {
        client.say(json).await;
        client.hears_error("not_logged_in").await;
    }
    bob.hears_nothing().await;
    client.log_in("alice").await;
    client.say(r#"{"type":"login","name":"carol"}"#).await;
    client.hears_error("already_logged_in").await;
}
