//! The built page.

use std::{fs, time::Duration};

use crate::common::Server;

async fn built() -> Server {
    let server = Server::with(|config| config.timing.page = Duration::ZERO).await;
    let dist = server.files().join("dist");
    fs::create_dir_all(dist.join("snippets/x-0123456789abcdef")).unwrap();
    for (name, content) in [
        ("index.html", "<!doctype html>hello"),
        ("page-0123456789abcdef.js", "js"),
        ("page-0123456789abcdef.js.br", "js in brotli"),
        ("page-0123456789abcdef.js.gz", "js in gzip"),
        ("page-0123456789abcdef_bg.wasm", "wasm"),
        ("style-0123456789abcdef.css", "css"),
        ("icon.svg", "<svg/>"),
        ("snippets/x-0123456789abcdef/inline0.js", "snippet"),
    ] {
        fs::write(dist.join(name), content).unwrap();
    }
    fs::write(server.files().join("secret.txt"), "secret").unwrap();
    server
}

#[tokio::test]
async fn every_file_has_its_type_and_says_how_long_it_keeps() {
    let server = built().await;
    let for_ever = "public, max-age=31536000, immutable";
    for (path, kind, cache) in [
        ("/", "text/html", "no-cache"),
        ("/index.html", "text/html", "no-cache"),
        ("/page-0123456789abcdef.js", "text/javascript", for_ever),
        ("/page-0123456789abcdef_bg.wasm", "application/wasm", for_ever),
        ("/style-0123456789abcdef.css", "text/css", for_ever),
        ("/icon.svg", "image/svg+xml", "no-cache"),
        ("/snippets/x-0123456789abcdef/inline0.js", "text/javascript", "no-cache"),
    ] {
        let response = server.get(path, "").await;
        assert_eq!(response.status, 200, "{path}");
        assert_eq!(response.header("content-type"), Some(kind), "{path}");
        assert_eq!(response.header("cache-control"), Some(cache), "{path}");
        assert_eq!(response.header("x-content-type-options"), Some("nosniff"), "{path}");
    }
    assert_eq!(server.get("/", "").await.text(), "<!doctype html>hello");
}

#[tokio::test]
async fn the_smallest_form_that_the_browser_takes_is_sent() {
    let server = built().await;
    for (accepts, encoding, body) in [
        ("gzip, deflate, br", Some("br"), "js in brotli"),
        ("gzip", Some("gzip"), "js in gzip"),
        ("identity", None, "js"),
    ] {
        let header = format!("Accept-Encoding: {accepts}\r\n");
        let response = server.get("/page-0123456789abcdef.js", &header).await;
        assert_eq!(response.header("content-encoding"), encoding, "{accepts}");
        assert_eq!(response.header("content-type"), Some("text/javascript"), "{accepts}");
        assert_eq!(response.header("vary"), Some("accept-encoding"), "{accepts}");
        assert_eq!(response.text(), body, "{accepts}");
    }
}

#[tokio::test]
async fn a_browser_that_would_rather_speak_another_protocol_gets_the_page() {
    let server = built().await;
    for upgrade in ["h2c", "TLS/1.0", "websocketx", ""] {
        let header = format!("Upgrade: {upgrade}\r\n");
        assert_eq!(server.get("/", &header).await.status, 200, "{upgrade:?}");
    }
    for upgrade in ["websocket", "WebSocket"] {
        let header = format!("Upgrade: {upgrade}\r\n");
        let response = server.get("/", &header).await;
        assert_eq!(response.status, 426, "half a handshake is none: {upgrade}");
    }
}

#[tokio::test]
async fn a_file_that_did_not_change_is_not_sent_again() {
    let server = built().await;
    let first = server.get("/", "").await;
    let since = first.header("last-modified").unwrap();
    let again = server.get("/", &format!("If-Modified-Since: {since}\r\n")).await;
    assert_eq!(again.status, 304);
    assert_eq!(again.header("cache-control"), Some("no-cache"));
    let tag = first.header("etag").unwrap();
    for (tags, status) in [
        (tag.to_owned(), 304),
        (format!("\"other\", {tag}"), 304),
        (format!("W/{tag}"), 304),
        ("*".to_owned(), 304),
        ("\"other\"".to_owned(), 200),
    ] {
        let again = server.get("/", &format!("If-None-Match: {tags}\r\n")).await;
        assert_eq!((again.status, again.header("etag")), (status, Some(tag)), "{tags}");
        assert_eq!(again.body.is_empty(), status == 304, "{tags}");
        assert!(again.header("content-security-policy").unwrap().contains("script-src 'self'"));
    }
    // Each form has a tag of its own, for caches.
    let path = "/page-0123456789abcdef.js";
    let plain = server.get(path, "").await.header("etag").unwrap().to_owned();
    let zipped = server.get(path, "Accept-Encoding: gzip\r\n").await;
    assert_ne!(zipped.header("etag"), Some(&*plain));
    // Once it has changed it is sent, though it has the time and the size that it had.
    let index = server.files().join("dist/index.html");
    let written = fs::metadata(&index).unwrap().modified().unwrap();
    fs::write(&index, "<!doctype html>HELLO").unwrap();
    fs::File::options().write(true).open(&index).unwrap().set_modified(written).unwrap();
    let changed = server.get("/", &format!("If-None-Match: {tag}\r\n")).await;
    assert_eq!((changed.status, changed.text()), (200, "<!doctype html>HELLO"));
}

/// A flood of requests for the page costs no disk: what was read is kept, and looked at for changes now and then.
#[tokio::test]
async fn the_page_is_read_once_however_often_it_is_asked_for() {
    let server = Server::with(|config| config.timing.page = Duration::from_secs(3_600)).await;
    let dist = server.files().join("dist");
    fs::create_dir(&dist).unwrap();
    fs::write(dist.join("index.html"), "<!doctype html>hello").unwrap();
    assert_eq!(server.get("/", "").await.text(), "<!doctype html>hello");
    fs::remove_dir_all(&dist).unwrap();
    for _ in 0..100 {
        assert_eq!(server.get("/", "").await.text(), "<!doctype html>hello");
    }
    assert_eq!(server.get("/nothing", "").await.status, 404);
}

/// A large file in the page's folder by mistake does not fill the memory.
#[tokio::test]
async fn a_page_has_so_many_bytes_and_no_more() {
    let server = built().await;
    let dist = server.files().join("dist");
    let large = fs::File::create(dist.join("dump.bin")).unwrap();
    large.set_len(server::limits::MAX_PAGE_BYTES + 1).unwrap();
    assert_eq!(server.get("/dump.bin", "").await.status, 404);
    assert_eq!(server.get("/", "").await.text(), "<!doctype html>hello", "all else is there");
}

#[tokio::test]
async fn a_page_that_was_not_built_says_how_to_build_it() {
    let server = Server::with(|config| config.timing.page = Duration::ZERO).await;
    for path in ["/", "/index.html"] {
        let response = server.get(path, "").await;
        assert_eq!(response.status, 503);
        assert_eq!(response.header("content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(response.header("cache-control"), Some("no-cache"));
        for words in ["not built", "cargo xtask run", "trunk build"] {
            assert!(response.text().contains(words), "{words}");
        }
    }
    assert_eq!(server.get("/page-0123456789abcdef.js", "").await.status, 404);
    // Once it is built it is there, without a restart.
    fs::create_dir(server.files().join("dist")).unwrap();
    fs::write(server.files().join("dist/index.html"), "built").unwrap();
    assert_eq!(server.get("/", "").await.text(), "built");
}

#[tokio::test]
async fn what_is_not_there_is_not_kept() {
    let server = built().await;
    let response = server.get("/gone-0123456789abcdef.js", "").await;
    assert_eq!(response.status, 404);
    assert_eq!(response.header("cache-control"), Some("no-cache"));
    assert_eq!(response.header("x-content-type-options"), Some("nosniff"));
}

#[tokio::test]
async fn nothing_outside_the_page_is_served() {
    let server = built().await;
    for path in [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e%2fsecret.txt",
        "/snippets/../../secret.txt",
        "/..%5csecret.txt",
        "//etc/passwd",
        "/%2fetc/passwd",
        "/index.html%00.txt",
        "/index.html/",
    ] {
        let response = server.get(path, "").await;
        assert!(matches!(response.status, 400 | 404), "{path}: {}", response.status);
        assert!(!response.text().contains("secret"), "{path}");
    }
}

#[tokio::test]
async fn the_page_is_only_read() {
    let server = built().await;
    for method in ["POST", "PUT", "DELETE"] {
        let host = server.address;
        let request = format!("{method} / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        assert_eq!(server.http(&request).await.status, 405, "{method}");
    }
    assert_eq!(server.get("/healthz", "").await.text(), "ok\n");
}

#[tokio::test]
async fn every_answer_says_what_a_browser_may_do_with_it() {
    let server = built().await;
    let bad_handshake = "Upgrade: websocket\r\nConnection: upgrade\r\n";
    for (path, more) in [
        ("/", ""),
        ("/index.html", ""),
        ("/icon.svg", ""),
        ("/page-0123456789abcdef.js", ""),
        ("/nowhere", ""),
        ("/healthz", ""),
        ("/ws", ""),
        ("/ws", bad_handshake),
        ("/ws", "Origin: https://evil.example\r\n"),
    ] {
        let response = server.get(path, more).await;
        let says = |name, part: &str| {
            let value = response.header(name).unwrap_or_else(|| panic!("{path} has no {name}"));
            assert!(value.contains(part), "{path}: {name}: {value}");
        };
        says("x-content-type-options", "nosniff");
        says("referrer-policy", "no-referrer");
        says("cross-origin-opener-policy", "same-origin");
        says("cross-origin-resource-policy", "same-origin");
        says("permissions-policy", "camera=(self), microphone=(self)");
        says("permissions-policy", "geolocation=()");
        says("x-frame-options", "DENY");
        says("content-security-policy", "default-src 'none'");
        says("content-security-policy", "base-uri 'none'");
        says("content-security-policy", "frame-ancestors 'none'");
        let policy = response.header("content-security-policy").unwrap();
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{policy}");
        let is_page = path == "/" || path == "/index.html";
        assert_eq!(policy.contains("script-src 'self' 'wasm-unsafe-eval';"), is_page, "{policy}");
    }
}

#[tokio::test]
async fn markup_of_the_page_that_is_built_is_let_in_and_none_besides() {
    let server = Server::start().await;
    let response = server.get("/", "").await;
    assert_eq!(response.status, 503);
    let policy = response.header("content-security-policy").unwrap();
    assert!(
        policy.contains("style-src 'self' 'sha256-"),
        "the page to say that there is none: {policy}"
    );
    let server = built().await;
    let index = server.files().join("dist/index.html");
    fs::write(index, "<!doctype html><script type=\"module\">alert(1)</script>").unwrap();
    let response = server.get("/", "").await;
    let policy = response.header("content-security-policy").unwrap();
    let hash = "'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='";
    assert!(policy.contains(&format!("script-src 'self' 'wasm-unsafe-eval' {hash};")), "{policy}");
}
