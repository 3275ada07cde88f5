//! Requests that are not what they should be, and files that are not for everyone.

use std::{fs, os::unix::fs::symlink, time::Duration};

use server::{
    Config,
    config::Origins,
    edge::{Proxies, ProxyHeader},
};

use crate::common::Server;

/// A page whose files are looked at for changes with each request, and a secret beside it.
async fn built() -> Server {
    let server = Server::with(|config| config.timing.page = Duration::ZERO).await;
    let dist = server.files().join("dist");
    for folder in ["evil.example", "snippets/.hidden", ".git"] {
        fs::create_dir_all(dist.join(folder)).unwrap();
    }
    for (name, content) in [
        ("index.html", "<!doctype html>hello"),
        ("evil.example/index.html", "another page"),
        (".env", "secret"),
        (".git/config", "secret"),
        ("snippets/.hidden/x.js", "secret"),
        ("snippets/a.js", "snippet"),
    ] {
        fs::write(dist.join(name), content).unwrap();
    }
    fs::write(server.files().join("secret.txt"), "secret").unwrap();
    fs::create_dir(server.files().join("elsewhere")).unwrap();
    fs::write(server.files().join("elsewhere/secret.txt"), "secret").unwrap();
    symlink("../secret.txt", dist.join("link.txt")).unwrap();
    symlink("../elsewhere", dist.join("links")).unwrap();
    symlink(".env", dist.join("env.txt")).unwrap();
    symlink("index.html", dist.join("start.html")).unwrap();
    server
}

/// A folder whose name is a host is no way there, and what is hidden or lies elsewhere is not served.
#[tokio::test]
async fn nobody_is_sent_to_another_site_and_nothing_hidden_is_served() {
    let server = built().await;
    for path in [
        "//evil.example",
        "//evil.example/",
        "//evil.example/%2e%2e",
        "///evil.example",
        "/evil.example",
        "/evil.example/",
        "/evil.example//",
        "/%2fevil.example",
        "/%2F%2Fevil.example",
        "/\\evil.example",
        "/%5cevil.example",
        "/snippets",
        "/snippets/",
        "/snippets//a.js",
        "//snippets/a.js",
        "/snippets/./a.js",
        "/./index.html",
        "/snippets/../index.html",
        "/..",
        "/../",
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/.env",
        "/%2eenv",
        "/.git",
        "/.git/config",
        "/.GIT/config",
        "/snippets/.hidden/x.js",
        "/index.html%00",
        "/%00",
        "/index.html%00.js",
        "/index.html%20",
        "/index.html.",
        "/link.txt",
        "/links/secret.txt",
        "/env.txt",
    ] {
        let response = server.get(path, "").await;
        assert!(matches!(response.status, 400 | 404), "{path}: {response:?}");
        assert_eq!(response.header("location"), None, "{path}");
        assert!(!response.text().contains("secret"), "{path}");
    }
    assert_eq!(server.get("/snippets/a.js", "").await.text(), "snippet");
    assert_eq!(server.get("/start.html", "").await.text(), "<!doctype html>hello", "a link within");
    assert_eq!(server.get("/evil.example/index.html", "").await.text(), "another page");
}

#[tokio::test]
async fn a_request_names_one_host() {
    let server = built().await;
    let good = format!("Host: {}\r\n", server.address);
    for (hosts, status) in [
        (good.as_str(), 200),
        ("Host: talk.example.org\r\n", 200),
        ("Host: my_service:9090\r\n", 200),
        ("", 400),
        ("Host:\r\n", 400),
        ("Host: a\r\nHost: a\r\n", 400),
        ("Host: a\r\nhost: b\r\n", 400),
        ("Host: a, b\r\n", 400),
        ("Host: a b\r\n", 400),
        ("Host: a/b\r\n", 400),
        ("Host: u@a\r\n", 400),
        ("Host: a:0\r\n", 400),
        ("Host: a:b\r\n", 400),
        ("Host: http://a\r\n", 400),
        ("Host: a\u{e4}\r\n", 400),
    ] {
        for path in ["/", "/ws", "/healthz", "/auth/options", "/nothing"] {
            let status = match (status, path) {
                (200, "/ws") => 426,
                (200, "/nothing") => 404,
                _ => status,
            };
            let request = format!("GET {path} HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n");
            let response = server.http(&request).await;
            assert_eq!(response.status, status, "{path} {hosts:?}: {response:?}");
            if status == 400 {
                assert!(response.text().ends_with(".\n"), "in a sentence: {response:?}");
            }
        }
    }
    for (line, status) in [
        ("GET http://talk.example.org/ HTTP/1.1", 200),
        ("GET http://TALK.example.org/ HTTP/1.1", 200),
        ("GET http://evil.example/ HTTP/1.1", 400),
        ("GET http://talk.example.org:81/ HTTP/1.1", 400),
        ("GET / HTTP/1.0", 200),
    ] {
        let request = format!("{line}\r\nHost: talk.example.org\r\nConnection: close\r\n\r\n");
        assert_eq!(server.http(&request).await.status, status, "{line}");
    }
    assert_eq!(server.http("GET /healthz HTTP/1.0\r\n\r\n").await.text(), "ok\n", "as it was then");
}

#[tokio::test]
async fn a_long_path_is_told_so() {
    let server = built().await;
    for (path, status) in [
        (format!("/{}", "a".repeat(1_000)), 404),
        (format!("/{}", "a".repeat(1_100)), 414),
        (format!("/{}", "a".repeat(15_000)), 414),
        (format!("/{}", "a/".repeat(7_500)), 414),
        (format!("/?x={}", "a".repeat(7_000)), 200),
        (format!("/?x={}", "a".repeat(9_000)), 414),
        (format!("/auth/callback/ours?code={}", "a".repeat(9_000)), 414),
    ] {
        let response = server.get(&path, "").await;
        assert_eq!(response.status, status, "{} bytes: {response:?}", path.len());
    }
    let head = format!("X: {}\r\n", "a".repeat(20_000));
    assert_eq!(server.get("/", &head).await.status, 431);
}

/// The header that the proxy of this test adds.
const FORWARDED: (&str, &str) = ("x-forwarded-for", "198.51.100.1");

/// A page on a visitor's own machine is not one of a server that a proxy stands before.
#[tokio::test]
async fn a_page_on_loopback_is_not_the_servers_own_at_a_public_host() {
    let proxied = |config: &mut Config| {
        let trusted = vec!["127.0.0.0/8".parse().unwrap()];
        config.proxies = Proxies { trusted, header: ProxyHeader::XForwardedFor };
    };
    let named = |config: &mut Config| {
        config.public_host = Some("talk.example.org".parse().unwrap());
    };
    let allowed = |config: &mut Config| {
        config.origins = Origins::Only(vec!["https://talk.example.org".parse().unwrap()]);
    };
    let own = ("host", "127.0.0.1:9090");
    let public = ("host", "talk.example.org");
    for (how, server, headers) in [
        ("a host that is no loopback", Server::start().await, vec![public]),
        ("a forwarded request", Server::start().await, vec![own, FORWARDED]),
        ("a trusted proxy", Server::with(proxied).await, vec![own]),
        ("a public host", Server::with(named).await, vec![own]),
        ("an origin that people see", Server::with(allowed).await, vec![own]),
        ("a server for others", Server::listening_on("0.0.0.0:0", |_| {}).await, vec![own]),
    ] {
        for origin in ["http://localhost:3000", "http://127.0.0.1:3000", "http://[::1]:8080"] {
            let headers = [&headers[..], &[("origin", origin)]].concat();
            assert_eq!(server.handshake(&headers).await, 403, "{how}: {origin}");
        }
    }
    let alone = Server::start().await;
    let headers = [own, ("origin", "http://localhost:8080")];
    assert_eq!(alone.handshake(&headers).await, 101, "while one works on the page");
}
