//! Networks that would have all there is: an address, a /24, a /48, and a crowd of strangers. Others notice nothing.
//!
//! Clients of IPv4 come from 127.0.0.0/8, all of which is this machine; those of IPv6 through a proxy, which is this test.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt, future::join_all};
use server::{
    Config,
    edge::{AddressLimits, Proxies, ProxyHeader},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_tungstenite::tungstenite::Message;

use super::Victims;
use crate::{
    common::{BareClient, Client, Response, Server, soon},
    memory::Relay,
    tls,
};

/// The address of the proxy.
const PROXY: &str = "127.200.0.1";

fn limits(users: u32, connections: u32) -> impl FnOnce(&mut Config) {
    move |config| {
        config.limits = Some(AddressLimits { users, connections });
        let trusted = vec![format!("{PROXY}/32").parse().unwrap()];
        config.proxies = Proxies { trusted, header: ProxyHeader::XForwardedFor };
    }
}

/// The head of a request for a WebSocket, of a client that a proxy may name.
fn upgrade(client: Option<&str>) -> String {
    let named = client.map_or_else(String::new, |ip| format!("X-Forwarded-For: {ip}\r\n"));
    format!(
        "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n{named}\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
}

/// Asks for a WebSocket. Gives the connection, with the status of the answer; `None` if it was closed without one.
async fn knock(server: &Server, client: &str) -> (TcpStream, Option<u16>) {
    let is_v4 = client.contains('.');
    let mut stream = server.tcp_from(if is_v4 { client } else { PROXY }).await;
    let head = upgrade((!is_v4).then_some(client));
    let mut status = [0; 12];
    let asked = async {
        stream.write_all(head.as_bytes()).await?;
        stream.read_exact(&mut status).await
    };
    let status = match soon(asked).await {
        Ok(_) => std::str::from_utf8(&status[9..]).ok().and_then(|text| text.parse().ok()),
        Err(_) => None,
    };
    (stream, status)
}

/// Two who have nothing to do with a flood sign in, call each other, and leave.
async fn two_others_call(server: &Server, number: usize) {
    let mut carol = server.client_from(&format!("127.7.{number}.1")).await;
    let mut dave = server.client_from(&format!("127.8.{number}.1")).await;
    let (caller, callee) = (format!("carol{number}"), format!("dave{number}"));
    carol.log_in(&caller).await;
    dave.log_in(&callee).await;
    carol.call(&caller, &mut dave, &callee).await;
    carol.close().await;
    dave.close().await;
}

/// Silent WebSockets from all of these, three each, far more than there is room for: two others sign in and call each other all the
/// while, and the two who are in a call notice nothing.
async fn silent_sockets_harm_nobody(clients: Vec<String>) {
    let server = Server::with(limits(50, 400)).await;
    let mut victims = Victims::at(&server).await;
    let mut open = Vec::new();
    for round in 0..3 {
        for some in clients.chunks(50) {
            open.extend(join_all(some.iter().map(|client| knock(&server, client))).await);
            two_others_call(&server, open.len() / 50).await;
            victims.notice_nothing().await;
        }
        assert!(round > 0 || open.iter().any(|(_, status)| *status == Some(101)), "no flood");
    }
}

#[tokio::test]
async fn a_thousand_addresses_of_one_48_do_not_keep_two_others_from_calling() {
    let client = |n: u32| format!("2001:db8:1:{n:x}::{n:x}");
    silent_sockets_harm_nobody((0..1_000).map(client).collect()).await;
}

#[tokio::test]
async fn the_addresses_of_one_24_do_not_keep_two_others_from_calling() {
    silent_sockets_harm_nobody((1..=250).map(|n| format!("127.1.2.{n}")).collect()).await;
}

#[tokio::test]
async fn many_strangers_do_not_keep_two_others_from_calling() {
    let client = |n: u32| format!("127.{}.{}.1", 10 + n / 250, n % 250);
    silent_sockets_harm_nobody((0..1_000).map(client).collect()).await;
}

#[tokio::test]
async fn nine_addresses_do_not_fill_the_places_of_newcomers() {
    let clients = (1..=9).flat_map(|n| vec![format!("127.{n}.1.1"); 50]).collect();
    silent_sockets_harm_nobody(clients).await;
}

/// Nor do connections that say nothing at all, or half of a request.
#[tokio::test]
async fn connections_that_only_begin_do_not_fill_the_server() {
    let server = Server::with(|config| {
        limits(100, 200)(config);
        config.timing.header = None;
    })
    .await;
    let mut victims = Victims::at(&server).await;
    let mut open = Vec::new();
    for n in 0..600 {
        let mut stream = server.tcp_from(&format!("127.{}.1.1", 10 + n % 20)).await;
        let said: &[u8] = if n % 2 == 0 { b"" } else { b"GET / HTTP/1.1\r\nHost: a\r\n" };
        // It may have had to make room already.
        let _ = stream.write_all(said).await;
        open.push(stream);
    }
    two_others_call(&server, 0).await;
    victims.notice_nothing().await;
}

/// Eighty guests of one address, each within the pace of its messages, offer to names that do not exist.
#[tokio::test]
async fn one_address_does_not_stop_everybodys_calls() {
    const GUESTS: usize = 80;
    const OFFERS: usize = 1_450;
    let server = Server::start().await;
    let flooding = (0..GUESTS).map(async |guest| {
        let mut client = server.client_from("127.0.0.66").await;
        client.log_in(&format!("guest{guest}")).await;
        let (mut writer, mut reader) = client.socket.split();
        let write = async {
            for n in 0..OFFERS {
                let offer =
                    format!(r#"{{"type":"offer","name":"x{guest}x{n}","offer":1,"call":"c{n}"}}"#);
                writer.feed(Message::text(offer)).await.unwrap();
            }
            writer.flush().await.unwrap();
        };
        let read = async {
            for _ in 0..OFFERS {
                reader.next().await.unwrap().unwrap();
            }
        };
        tokio::join!(write, read);
    });
    timeout(Duration::from_secs(300), join_all(flooding)).await.unwrap();
    for number in 0..20 {
        two_others_call(&server, number).await;
    }
}

#[tokio::test]
async fn connections_are_counted_behind_a_trusted_proxy_too() {
    let server = Server::with(limits(1_000, 50)).await;
    let mut open = Vec::new();
    let mut users = 0;
    for n in 0..300 {
        let (stream, status) = knock(&server, &format!("2001:db8:{n:x}::1")).await;
        let mut client = BareClient(stream);
        if status == Some(101) {
            while soon(client.0.read_u8()).await.unwrap() != b'\n'
                || soon(client.0.read_u16()).await.unwrap() != 0x0d0a
            {}
            client.say(&format!(r#"{{"type":"login","name":"user{n}"}}"#)).await;
            let (_, reply) = client.read().await;
            users += u32::from(String::from_utf8_lossy(&reply).contains(r#""success":true"#));
        }
        open.push(client);
    }
    assert_eq!(users, 50, "of 300");
}

/// Each behind it has the share of their own network, and of those around it.
#[tokio::test]
async fn a_network_behind_a_trusted_proxy_has_its_own_share() {
    let server = Server::with(limits(1, 1_000)).await;
    let mut open = Vec::new();
    let mut users = 0;
    for n in 0..40 {
        let mut client = server.client_behind(PROXY, &format!("2001:db8:0:{n:x}::1")).await;
        client.say(&format!(r#"{{"type":"login","name":"user{n}"}}"#)).await;
        users += u32::from(client.hear().await.contains(r#""success":true"#));
        open.push(client);
    }
    // One for each /64, two for a /56, and four for a /48.
    assert!(users <= 4, "{users} of one /48");
    let mut other = server.client_behind(PROXY, "2001:db8:1::1").await;
    other.log_in("other").await;
}

/// M rings somebody who does not look, for as long as the server lets it, and begins again at once. In virtual time.
#[tokio::test(start_paused = true)]
async fn somebody_who_is_rung_without_end_is_not_busy_for_ever() {
    let relay = Relay::limited();
    let mut bob = relay.user("bob").await;
    let (mut mallory, mut carol) = (relay.user("mallory").await, relay.user("carol").await);
    let (mut through, mut busy, mut told) = (0, 0, 0);
    for n in 0..180 {
        mallory.say(&format!(r#"{{"type":"offer","name":"bob","offer":1,"call":"m{n}"}}"#)).await;
        for heard in mallory.heard_so_far().await {
            if heard.contains(r#""code":"rate_limited""#) {
                assert!(heard.contains(" s."), "it says after how many seconds: {heard}");
                told += 1;
            }
        }
        bob.heard_so_far().await;
        carol.say(&format!(r#"{{"type":"offer","name":"bob","offer":1,"call":"c{n}"}}"#)).await;
        carol.say(&format!(r#"{{"type":"leave","name":"bob","call":"c{n}"}}"#)).await;
        carol.heard_so_far().await;
        let offer = format!(r#""call":"c{n}""#);
        match bob.heard_so_far().await.iter().any(|heard| heard.contains(&offer)) {
            true => through += 1,
            false => busy += 1,
        }
        tokio::time::advance(Duration::from_secs(20)).await;
    }
    assert!(through >= busy, "carol got through {through} times of {}", through + busy);
    assert!(told > 0, "and mallory is told");
}

/// A call that is answered costs nothing, however long it rang.
#[tokio::test(start_paused = true)]
async fn who_is_answered_may_call_again_at_once() {
    let relay = Relay::limited();
    let (mut alice, mut bob) = (relay.user("alice").await, relay.user("bob").await);
    for n in 0..8 {
        let call = format!(r#""call":"c{n}""#);
        alice.say(&format!(r#"{{"type":"offer","name":"bob","offer":1,{call}}}"#)).await;
        assert!(bob.heard_so_far().await.iter().any(|heard| heard.contains(&call)), "{n}");
        for _ in 0..2 {
            tokio::time::advance(Duration::from_secs(20)).await;
            alice.heard_so_far().await;
            bob.heard_so_far().await;
        }
        bob.say(&format!(r#"{{"type":"answer","name":"alice","answer":1,{call}}}"#)).await;
        bob.say(&format!(r#"{{"type":"leave","name":"alice",{call}}}"#)).await;
        bob.heard_so_far().await;
        alice.heard_so_far().await;
    }
}

/// In pieces, and then nothing more: the handshake may take as long as it likes here.
#[tokio::test]
async fn a_hello_of_65000_bytes_is_refused() {
    let (server, _state) = tls::secure_with(|config| config.timing.handshake = None).await;
    let mut stream = server.tcp().await;
    // A handshake message of type 1 and of that length, in records of 8 KiB.
    let hello = [&[1, 0, 0xfd, 0xe8][..], &[3, 3], &[7; 24 * 1024 - 6]].concat();
    for piece in hello.chunks(8 * 1024) {
        let length = u16::try_from(piece.len()).unwrap().to_be_bytes();
        let record = [&[22, 3, 1][..], &length, piece].concat();
        if stream.write_all(&record).await.is_err() {
            break;
        }
    }
    let mut answer = Vec::new();
    // Reset or closed, as long as it ends.
    let _ = soon(stream.read_to_end(&mut answer)).await;
    let stream = tls::connect(&server, &["http/1.1"]).await;
    Client::over(stream, "wss://localhost/ws").await.log_in("alice").await;
}

/// From twenty networks, far more than there is room for.
#[tokio::test]
async fn handshakes_that_do_not_end_make_room() {
    let (server, _state) = tls::secure_with(|config| {
        limits(100, 100)(config);
        config.timing.handshake = None;
    })
    .await;
    let mut open = Vec::new();
    for n in 0..300 {
        let mut stream = server.tcp_from(&format!("127.{}.1.1", 10 + n % 20)).await;
        let hello = tls::client_hello(3);
        // It may have had to make room already.
        let _ = stream.write_all(&hello[..hello.len() / 2]).await;
        open.push(stream);
        if n % 50 == 49 {
            let stream = tls::connect(&server, &["http/1.1"]).await;
            let mut user = Client::over(stream, "wss://localhost/ws").await;
            user.log_in(&format!("user{n}")).await;
        }
    }
}

/// A login has less than 1 KiB: what is larger is not even read before it.
#[tokio::test]
async fn messages_before_the_login_are_small() {
    let server = Server::start().await;
    let large = format!(r#"{{"type":"ping","x":"{}"}}"#, "x".repeat(5_000));
    let mut guest = server.client().await;
    guest.say(&large).await;
    guest.hears_error("too_large").await;
    assert_eq!(guest.is_closed().await, 1009);
    // In fragments, none of which is ever the last, with signs of life between them.
    let mut fragments = BareClient::connect(&server).await;
    fragments.frame(0x01, &[b'x'; 100]).await;
    for _ in 0..60 {
        fragments.frame(0x00, &[b'x'; 100]).await;
        fragments.frame(0x89, b"?").await;
    }
    assert_eq!(fragments.is_closed().await, 1009);
    let mut user = server.client().await;
    for n in 0..10 {
        user.say(&format!(r#"{{"type":"ping","n":{n},"x":"{}"}}"#, "x".repeat(3_000))).await;
        user.hears(r#"{"type":"pong"}"#).await;
    }
    user.log_in("alice").await;
    user.say(&large).await;
    user.hears(r#"{"type":"pong"}"#).await;
}

/// Asks for the page's health over a connection of its own, from this address.
async fn ask(server: &Server, ip: &str) -> Option<Response> {
    let mut stream = server.tcp_from(ip).await;
    let request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    // The server may close a connection that it turns away before the request is sent.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = soon(stream.read_to_end(&mut answer)).await;
    (!answer.is_empty()).then(|| Response::parse(&answer))
}

#[tokio::test]
async fn a_network_that_connects_without_pause_is_told_to_wait() {
    let server = Server::with(limits(2, 1_000)).await;
    let mut refused = None;
    for _ in 0..100 {
        if let Some(response) = ask(&server, "127.0.0.66").await.filter(|got| got.status != 200) {
            refused = Some(response);
            break;
        }
    }
    let refused = refused.expect("a flood");
    assert_eq!(refused.status, 429);
    assert!(refused.header("retry-after").is_some());
    assert_eq!(ask(&server, "127.9.9.9").await.map(|response| response.status), Some(200));
}

/// Over one connection, so that it is the requests that count.
#[tokio::test]
async fn requests_have_a_rate_for_each_network() {
    let server = Server::with(limits(2, 1_000)).await;
    let asked = async |ip: &str, times: usize| {
        let mut stream = server.tcp_from(ip).await;
        let request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(times - 1)
            + "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        let (mut reader, mut writer) = stream.split();
        let mut answer = Vec::new();
        let (written, read) =
            tokio::join!(writer.write_all(request.as_bytes()), reader.read_to_end(&mut answer));
        written.and(read).unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let count = |what: &str| answer.matches(what).count();
        (count("HTTP/1.1 200"), count("HTTP/1.1 429"), count("retry-after: "))
    };
    let (served, refused, told) = soon(asked("127.0.0.66", 500)).await;
    assert!(served >= 20, "a page load has ten: {served}");
    assert!(refused > 300 && refused == told, "{served} served, {refused} refused, {told} told");
    assert_eq!(soon(asked("127.9.9.9", 10)).await.0, 10);
}
