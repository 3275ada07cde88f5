//! Other people's pages, in a user's browser.

use super::Victims;
use crate::common::Server;

/// A page of another site cannot open a WebSocket, by either way to it, nor read what the server answers.
#[tokio::test]
async fn cross_site_websocket() {
    let server = Server::start().await;
    let mut victims = Victims::at(&server).await;
    let own = format!("http://{}", server.address);
    let lookalike = format!("http://{}.evil.example", server.address.ip());
    let foreign =
        ["https://evil.example", &lookalike, "null", "file://", "http://127.0.0.1@evil.example"];
    for origin in foreign {
        for path in ["/ws", "/"] {
            let upgrade = format!(
                "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\
                 Origin: {origin}\r\nSec-WebSocket-Version: 13\r\n\
                 Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
                server.address
            );
            assert_eq!(server.http(&upgrade).await.status, 403, "{path} {origin}");
        }
        for method in ["GET", "OPTIONS", "POST"] {
            let asked = format!(
                "{method} /healthz HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nOrigin: {origin}\r\n\
                 Access-Control-Request-Method: GET\r\nContent-Length: 0\r\n\r\n",
                server.address
            );
            let answer = server.http(&asked).await;
            assert_eq!(answer.header("access-control-allow-origin"), None, "{method} {origin}");
        }
    }
    assert_eq!(server.handshake(&[("origin", &own)]).await, 101, "the own page may");
    victims.notice_nothing().await;
}

/// A name of the attacker's that is made to mean the server's address, once a page was loaded from it, is no way in.
#[tokio::test]
async fn dns_rebinding() {
    let loopback = Server::start().await;
    let named = Server::listening_on("0.0.0.0:0", |config| {
        config.public_host = Some("talk.example.org".parse().unwrap());
    })
    .await;
    for server in [&loopback, &named] {
        let host = format!("evil.example:{}", server.address.port());
        let origin = format!("http://{host}");
        let headers = [("host", host.as_str()), ("origin", &origin)];
        assert_eq!(server.handshake(&headers).await, 403);
    }
}
