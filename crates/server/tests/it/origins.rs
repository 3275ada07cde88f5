//! Which pages may open a WebSocket, and what a handshake must look like.

use server::{config::Origins, edge::AddressLimits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::common::{Server, soon};

#[tokio::test]
async fn a_page_of_another_origin_may_not_connect() {
    let server = Server::start().await;
    let own = format!("http://{}", server.address);
    for (origin, status) in [
        (own.as_str(), 101),
        ("http://localhost:8080", 101),
        ("http://127.0.0.1:3000", 101),
        ("http://[::1]", 101),
        ("https://evil.example", 403),
        ("http://localhost.evil.example", 403),
        ("null", 403),
        ("file://", 403),
        ("", 403),
        ("*", 403),
        ("http://localhost:8080, https://evil.example", 403),
    ] {
        assert_eq!(server.handshake(&[("origin", origin)]).await, status, "{origin}");
    }
    assert_eq!(server.handshake(&[]).await, 101, "what sends no origin is no browser");
}

#[tokio::test]
async fn a_server_that_others_can_reach_lets_no_foreign_page_in_from_loopback() {
    let server = Server::listening_on("0.0.0.0:0", |_| {}).await;
    let own = format!("http://{}", server.address);
    assert_eq!(server.handshake(&[("origin", &own)]).await, 101);
    assert_eq!(server.handshake(&[("origin", "http://localhost:8080")]).await, 403);
}

#[tokio::test]
async fn behind_a_proxy_the_own_origin_is_the_one_in_the_host_header() {
    let server = Server::listening_on("0.0.0.0:0", |_| {}).await;
    let host = ("host", "call.example.org");
    for (origin, status) in [
        ("https://call.example.org", 101),
        ("http://call.example.org", 101),
        ("https://example.org", 403),
        ("https://call.example.org:8443", 403),
    ] {
        assert_eq!(server.handshake(&[host, ("origin", origin)]).await, status, "{origin}");
    }
}

/// Anybody's name can be made to resolve to 127.0.0.1, after a page was loaded from it elsewhere.
#[tokio::test]
async fn a_name_that_was_made_to_mean_loopback_is_not_the_servers_own() {
    let server = Server::start().await;
    for host in ["evil.example", "localhost.evil.example"] {
        for host in [host.to_owned(), format!("{host}:{}", server.address.port())] {
            let origin = format!("http://{host}");
            let headers = [("host", host.as_str()), ("origin", &origin)];
            assert_eq!(server.handshake(&headers).await, 403, "{host}");
        }
    }
    let proxied = Server::with(|config| {
        config.origins = Origins::Only(vec!["https://talk.example.org".parse().unwrap()]);
    })
    .await;
    let headers = [("host", "talk.example.org"), ("origin", "https://talk.example.org")];
    assert_eq!(proxied.handshake(&headers).await, 101, "behind a proxy, as the operator said");
}

/// The same trick against a server in somebody's network.
#[tokio::test]
async fn a_server_that_knows_its_name_goes_by_no_other() {
    let server = Server::listening_on("0.0.0.0:0", |config| {
        config.public_host = Some("talk.example.org".parse().unwrap());
    })
    .await;
    for (host, status) in [
        ("talk.example.org", 101),
        ("Talk.Example.org:8443", 101),
        ("192.168.0.2:9090", 101),
        ("[2001:db8::1]:9090", 101),
        ("localhost:9090", 101),
        ("evil.example", 403),
        ("evil.example:9090", 403),
        ("talk.example.org.evil.example", 403),
    ] {
        let origin = format!("http://{}", host.to_lowercase());
        let headers = [("host", host), ("origin", &origin)];
        assert_eq!(server.handshake(&headers).await, status, "{host}");
    }
}

#[tokio::test]
async fn the_operator_can_let_others_in() {
    let one = Server::with(|config| {
        config.origins = Origins::Only(vec!["https://friend.example".parse().unwrap()]);
    })
    .await;
    assert_eq!(one.handshake(&[("origin", "https://friend.example")]).await, 101);
    assert_eq!(one.handshake(&[("origin", "https://evil.example")]).await, 403);
    let any = Server::with(|config| config.origins = Origins::Any).await;
    assert_eq!(any.handshake(&[("origin", "https://evil.example")]).await, 101);
    assert_eq!(any.handshake(&[("origin", "null")]).await, 101);
}

#[tokio::test]
async fn the_root_holds_to_the_same_rule() {
    let server = Server::start().await;
    let response = server
        .http(&format!(
            "GET / HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\
             Origin: https://evil.example\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
            server.address
        ))
        .await;
    assert_eq!(response.status, 403);
}

#[tokio::test]
async fn what_is_not_a_handshake_is_told_so_in_words() {
    let server = Server::start().await;
    let upgrade = "Connection: Upgrade, close\r\nUpgrade: websocket\r\n";
    let key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
    let version = "Sec-WebSocket-Version: 13\r\n";
    for (method, headers, status) in [
        ("GET", String::new(), 426),
        ("GET", format!("{upgrade}{key}"), 426),
        ("GET", format!("{upgrade}{key}Sec-WebSocket-Version: 8\r\n"), 426),
        ("GET", format!("Connection: Upgrade, close\r\nUpgrade: h2c\r\n{key}{version}"), 426),
        ("GET", format!("{upgrade}{version}"), 400),
        ("GET", format!("{upgrade}{version}Sec-WebSocket-Key: short\r\n"), 400),
        ("POST", format!("{upgrade}{key}{version}"), 400),
    ] {
        let request =
            format!("{method} /ws HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{headers}\r\n");
        let request = if headers.is_empty() {
            request
        } else {
            request.replacen("Connection: close\r\n", "", 1)
        };
        let response = server.http(&request).await;
        assert_eq!(response.status, status, "{request}");
        assert!(response.text().ends_with(".\n"), "a sentence: {response:?}");
        if status == 426 {
            assert_eq!(response.header("upgrade"), Some("websocket"));
            assert_eq!(response.header("sec-websocket-version"), Some("13"));
        }
    }
}

/// RFC 9110 sections 7.6.1 and 7.8. Proxies add to these lists, on lines of their own at times.
#[tokio::test]
async fn a_handshake_is_found_in_lists() {
    let server = Server::start().await;
    for headers in [
        "Connection: Upgrade\r\nUpgrade: websocket\r\n",
        "Connection: keep-alive,Upgrade\r\nUpgrade: WebSocket\r\n",
        "Connection: keep-alive\r\nConnection: upgrade\r\nUpgrade: websocket\r\n",
        "Connection: Upgrade\r\nUpgrade: h2c, websocket\r\n",
        "Connection:\tUpgrade , HTTP2-Settings\r\nUpgrade: h2c\r\nUpgrade:\twebsocket\r\n",
    ] {
        for path in ["/ws", "/"] {
            let request = format!(
                "GET {path} HTTP/1.1\r\nHost: a\r\n{headers}Sec-WebSocket-Version: 13\r\n\
                 Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
            );
            let mut stream = server.tcp().await;
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = [0; 12];
            soon(stream.read_exact(&mut answer)).await.unwrap();
            assert_eq!(&answer, b"HTTP/1.1 101", "{request}");
        }
    }
}

/// Browsers do not tell a page why a WebSocket did not open. It asks like this, and hears what the handshake has met.
#[tokio::test]
async fn a_page_is_told_over_http_why_no_websocket_opens() {
    let server = Server::with(|config| {
        config.proxies.trusted.push("127.0.0.1/32".parse().unwrap());
        config.limits = Some(AddressLimits { connections: 64, users: 1 });
    })
    .await;
    let asks = async |path: &str, headers: &str| {
        let host = server.address;
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: 0\r\n{headers}\r\n"
        );
        server.http(&request).await
    };
    for (headers, status) in [("", 426), ("Origin: http://evil.example\r\n", 403)] {
        assert_eq!(asks("/ws", headers).await.status, status, "{headers}");
    }
    // As many sockets as its network may have.
    let mut open = Vec::new();
    let full = loop {
        let response = asks("/ws", "X-Forwarded-For: 192.0.2.1\r\n").await;
        if response.status != 426 {
            break response;
        }
        open.push(server.client_behind("127.0.0.1", "192.0.2.1").await);
    };
    assert_eq!(full.status, 429);
    assert!(full.header("retry-after").is_some_and(|seconds| seconds.parse::<u32>().is_ok()));
    assert_eq!(asks("/ws", "X-Forwarded-For: 198.51.100.1\r\n").await.status, 426);
}
