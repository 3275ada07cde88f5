//! coturn's client relays data through the server, in every way that there is.

use futures_util::{SinkExt, StreamExt};
use interop::{Server, run, soon};
use relay::Secret;
use server::{
    Config, Tls,
    config::{Embedded, Turn},
};
use tempfile::TempDir;
use tokio_tungstenite::{client_async, tungstenite::Message};

/// coturn's client, as an environment variable names it.
pub(crate) const UCLIENT: &str = "TURNUTILS_UCLIENT";

/// A server whose credentials are made with the secret `north`.
pub(crate) fn config(embedded: Embedded) -> Config {
    let secret = Some(Secret::new("north"));
    Config { turn: Turn::Embedded(Embedded { secret, ..embedded }), ..Config::default() }
}

/// What every one of these runs says: no retransmission of RTCP, five messages of each client to the other and back.
const BASICS: [&str; 5] = ["-y", "-c", "-n", "5", "-W"];

/// Runs coturn's client with these options, and sees to it that all that it sent arrived.
async fn assert_relays(server: &Server, options: &[&str]) {
    let (port, ip) = (server.address.port().to_string(), server.address.ip().to_string());
    let whole = [&BASICS[..], &["north", "-u", "alice", "-p", &port], options, &[&ip]].concat();
    let finished = run(UCLIENT, &whole).await.unwrap();
    assert!(finished.success, "{options:?}: {}", finished.text);
    assert_nothing_was_lost(&finished.text);
}

fn assert_nothing_was_lost(text: &str) {
    assert!(text.contains("Total lost packets 0 (0.000000%)"), "{text}");
    let counts = text.lines().rev().find_map(|line| {
        let (_, counts) = line.split_once("tot_send_msgs=")?;
        let (sent, received) = counts.split_once(", tot_recv_msgs=")?;
        Some((sent.to_owned(), received.split(',').next()?.trim().to_owned()))
    });
    let (sent, received) = counts.expect(text);
    assert_eq!(sent, received, "{text}");
    assert!(sent.parse::<u32>().unwrap() >= 10, "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn over_udp_and_tcp_on_channels_and_with_indications() {
    let server = Server::start("127.0.0.1:0", config(Embedded::default())).await.unwrap();
    let ways: [&[&str]; 9] = [
        &[],
        &["-s"],
        &["-t"],
        &["-t", "-s"],
        &["-t", "-D"],
        &["-m", "5"],
        &["-t", "-m", "5"],
        &["-g", "-G"],
        &["-l", "1200"],
    ];
    for options in ways {
        assert_relays(&server, options).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls() {
    let state = TempDir::new().unwrap();
    let tls = Tls::self_signed(state.path(), &["localhost".to_owned()]).unwrap();
    let config = Config { tls: Some(tls), ..config(Embedded::default()) };
    let server = Server::start("127.0.0.1:0", config).await.unwrap();
    // coturn's client takes what it reads of TLS for one message, whoever the server is: so there must not be two.
    let one_at_a_time = ["-z", "1000"];
    for options in [&["-t", "-S"][..], &["-t", "-S", "-s"], &["-t", "-S", "-l", "1200"]] {
        assert_relays(&server, &[options, &one_at_a_time].concat()).await;
    }
    // The same port takes it without.
    assert_relays(&server, &["-t"]).await;
    assert_relays(&server, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_ipv6_and_on_a_listener_for_both_families() {
    let alone = Server::start("[::1]:0", config(Embedded::default())).await.unwrap();
    for options in [&[][..], &["-t"], &["-x"]] {
        assert_relays(&alone, options).await;
    }
    let mut both = Server::start("[::]:0", config(Embedded::default())).await.unwrap();
    for ip in ["127.0.0.1", "::1"] {
        both.address.set_ip(ip.parse().unwrap());
        assert_relays(&both, &[]).await;
        assert_relays(&both, &["-t"]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wherever_the_relay_says_that_it_is() {
    // An address of nobody's: what goes from allocation to allocation never leaves the server.
    let addresses = vec!["203.0.113.7".parse().unwrap()];
    let embedded = Embedded { addresses, ..Embedded::default() };
    let server = Server::start("127.0.0.1:0", config(embedded)).await.unwrap();
    assert_relays(&server, &[]).await;
    assert_relays(&server, &["-t", "-s"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn through_sockets_where_peers_outside_are_allowed() {
    let allow = vec!["127.0.0.0/8".parse().unwrap()];
    let server = Server::start("127.0.0.1:0", config(Embedded { allow, ..Embedded::default() }))
        .await
        .unwrap();
    assert_relays(&server, &[]).await;
    assert_relays(&server, &["-t"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_credentials_of_a_login() {
    let config = Config { turn: Turn::default(), ..Config::default() };
    let server = Server::start("127.0.0.1:0", config).await.unwrap();
    // In any letters.
    for user in ["alice", "алиса", "ありす"] {
        let stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
        let url = format!("ws://{}/ws", server.address);
        let (mut socket, _) = client_async(url, stream).await.unwrap();
        let login = serde_json::json!({"type": "login", "name": user}).to_string();
        socket.send(Message::text(login)).await.unwrap();
        let reply = soon(socket.next()).await.unwrap().unwrap().into_text().unwrap();
        let reply: serde_json::Value = serde_json::from_str(&reply).unwrap();
        let relay = &reply["iceServers"][1];
        let port = server.address.port().to_string();
        let (name, password) =
            (relay["username"].as_str().unwrap(), relay["credential"].as_str().unwrap());
        let options = ["-y", "-c", "-n", "5", "-u", name, "-w", password, "-p", &port, "127.0.0.1"];
        let finished = run(UCLIENT, &options).await.unwrap();
        assert!(finished.success, "{}", finished.text);
        assert_nothing_was_lost(&finished.text);
        // Once the session is over, so are its credentials.
        socket.close(None).await.unwrap();
        while soon(socket.next()).await.is_some() {}
        let finished = run(UCLIENT, &options).await.unwrap();
        assert!(!finished.success, "{}", finished.text);
    }
}
