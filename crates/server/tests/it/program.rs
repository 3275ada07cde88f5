//! The program itself: what it says, and with what it ends.

use std::{
    io::{BufRead, BufReader, Read},
    net::TcpListener,
    process::{Child, Command, Stdio},
};

use crate::common::Client;

fn pronto() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pronto"));
    for variable in ["LISTEN", "WEB_ROOT", "ALLOW_ORIGIN", "LIMITS", "STUN_URL", "LOG"]
        .map(|v| format!("PRONTO_{v}"))
    {
        command.env_remove(variable);
    }
    command.env_remove("RUST_LOG").stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn text(stream: Option<impl Read>) -> String {
    let mut text = String::new();
    stream.unwrap().read_to_string(&mut text).unwrap();
    text
}

/// Runs it to its end. Gives the exit code and what it wrote to standard error.
fn end(command: &mut Command) -> (Option<i32>, String) {
    let mut child = command.spawn().unwrap();
    let stderr = text(child.stderr.take());
    (child.wait().unwrap().code(), stderr)
}

/// Starts it, and waits for the line with its address. Gives the address.
fn start(command: &mut Command) -> (Child, String) {
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.strip_prefix("Pronto is at http://").unwrap().trim_end().to_owned();
    (child, address)
}

fn stop(mut child: Child) -> (Option<i32>, String) {
    let killed = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let stderr = text(child.stderr.take());
    (child.wait().unwrap().code(), stderr)
}

#[test]
fn it_says_where_it_is_and_stops_when_it_is_told_to() {
    // The word is what `cargo run server` adds.
    let (child, address) = start(pronto().args(["server", "--listen", "127.0.0.1:0"]));
    assert!(std::net::TcpStream::connect(address).is_ok());
    assert_eq!(stop(child).0, Some(0));
}

#[tokio::test]
async fn no_log_holds_what_users_say_or_where_they_are() {
    let (child, address) = start(
        pronto().args(["--listen", "127.0.0.1:0"]).env("PRONTO_LOG", "trace,tungstenite=trace"),
    );
    let mut clients = Vec::new();
    for name in ["alice", "bob"] {
        let stream = tokio::net::TcpStream::connect(&address).await.unwrap();
        let mut client = Client::over(stream, &format!("ws://{address}/ws")).await;
        client.log_in(name).await;
        clients.push(client);
    }
    clients[0].say(r#"{"type":"offer","name":"bob","offer":"sdp-192.0.2.1","call":"c1"}"#).await;
    clients[1].hear().await;
    clients[1].say(r#"{"type":"candidate","candidate":"sdp-192.0.2.1"}"#).await;
    clients[0].hear().await;
    clients[0].say(r#"{"type":"login","name":"\u001b[31m"}"#).await;
    clients[0].hear().await;
    let (_, stderr) = stop(child);
    assert!(stderr.contains("alice"), "something is logged: {stderr}");
    for secret in ["sdp", "192.0.2.1", "127.0.0.1", "[31m"] {
        assert!(!stderr.contains(secret), "{secret}: {stderr}");
    }
}

#[test]
fn options_can_be_environment_variables() {
    let (child, address) =
        start(pronto().env("PRONTO_LISTEN", "[::1]:0").env("PRONTO_STUN_URL", "stun:a,stun:b"));
    assert!(address.starts_with("[::1]:"), "{address}");
    assert_eq!(stop(child).0, Some(0));
}

#[test]
fn an_address_everywhere_is_told_as_one_that_can_be_opened() {
    let (child, address) = start(pronto().args(["--listen", "0.0.0.0:0"]));
    assert!(address.starts_with("localhost:"), "{address}");
    stop(child);
}

#[test]
fn limits_off_is_loud() {
    let (child, _) = start(pronto().args(["--listen", "127.0.0.1:0", "--limits", "off"]));
    let (_, stderr) = stop(child);
    assert!(stderr.contains("WARN") && stderr.contains("LIMITS ARE OFF"), "{stderr}");
}

#[test]
fn what_is_wrong_is_told_in_words() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for (arguments, words) in [
        (&["--listen", &taken][..], "is in use already"),
        (&["--listen", "192.0.2.1:9090"], "not an address of this machine"),
        (&["--listen", "nonsense"], "an address and a port"),
        (&["--stun-url", "http://a"], "a STUN server is named as"),
        (&["--allow-origin", "a"], "an origin is http://host"),
        (&["--unknown"], "unexpected argument"),
    ] {
        let (code, stderr) = end(pronto().args(arguments));
        assert_eq!(code, Some(2), "{arguments:?}: {stderr}");
        assert!(stderr.contains(words), "{arguments:?}: {stderr}");
        assert!(!stderr.contains("panicked") && !stderr.contains("Os {"), "{stderr}");
    }
    let (code, stderr) = end(pronto().env("PRONTO_LOG", "=!="));
    assert_eq!(code, Some(2));
    assert!(stderr.contains("PRONTO_LOG"), "{stderr}");
}
