//! Who may ask, how often, and by what way; and what is kept where.

use std::{fs, net::SocketAddr, os::unix::fs::PermissionsExt};

use identity::{Guests, Settings};
use server::{Config, Sockets, config::Origins, edge::AddressLimits};
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::{
    browser::{Browser, http},
    provider::Provider,
    server_with,
};
use crate::common::soon;

#[tokio::test]
async fn cookies_are_for_this_host_alone_and_for_no_script() {
    let provider = Provider::start().await;
    let server = server_with(&[("ours", &provider)], |_, _| {}).await;
    let mut browser = Browser::at(&server);
    let left = browser.get("/auth/sign-in/ours").await;
    let flags = "; Path=/; Max-Age=600; HttpOnly; Secure; SameSite=Lax";
    let set = left.header("set-cookie").unwrap();
    assert!(set.starts_with("__Host-pronto-sign-in=") && set.ends_with(flags), "{set}");
    let back = browser.leave_for("ours").await;
    let came = browser.get(&back).await;
    let flags = "; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax";
    let set = came.header("set-cookie").unwrap();
    assert!(set.starts_with("__Host-pronto=") && set.ends_with(flags), "{set}");
    for response in [left, came, browser.get("/auth/options").await] {
        assert_eq!(response.header("cache-control"), Some("no-store"));
        assert_eq!(response.header("referrer-policy"), Some("no-referrer"));
    }
    let out = browser.post("/auth/sign-out").await;
    let set = out.header("set-cookie").unwrap();
    assert_eq!(set, "__Host-pronto=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax");
}

#[tokio::test]
async fn only_pages_of_ours_get_tickets_and_sign_out() {
    let provider = Provider::start().await;
    let server = server_with(&[("ours", &provider)], |_, _| {}).await;
    let mut browser = Browser::at(&server);
    browser.sign_in("ours").await;
    for path in ["/auth/ticket", "/auth/sign-out"] {
        for origin in ["Origin: https://evil.example\r\n", "Origin: null\r\n", ""] {
            let response = browser.ask("POST", path, origin).await;
            assert_eq!(response.status, 403, "{path} {origin}");
        }
        assert_eq!(browser.get(path).await.status, 405);
    }
    assert!(!browser.ticket().await.is_empty(), "and nobody was signed out");
}

/// Pages that may open a WebSocket are not thereby pages that may use the cookie of a user of ours, and neither are other
/// pages on the same machine, whose requests bring that cookie.
#[tokio::test]
async fn pages_that_may_connect_may_not_post() {
    let provider = Provider::start().await;
    let server = server_with(&[("ours", &provider)], |config, _| {
        config.origins = Origins::Only(vec!["https://friend.example".parse().unwrap()]);
    })
    .await;
    let mut browser = Browser::at(&server);
    browser.sign_in("ours").await;
    let port = server.address.port();
    let origins = [
        "https://friend.example".to_owned(),
        "http://localhost:3000".to_owned(),
        "http://127.0.0.1:3000".to_owned(),
        format!("http://localhost:{port}"),
        format!("http://127.0.0.2:{port}"),
    ];
    for path in ["/auth/ticket", "/auth/sign-out"] {
        for origin in &origins {
            let response = browser.ask("POST", path, &format!("Origin: {origin}\r\n")).await;
            assert_eq!(response.status, 403, "{path} {origin}");
        }
    }
    assert!(!browser.ticket().await.is_empty(), "and nobody was signed out");
    // With any at all let in it is no different.
    let server =
        server_with(&[("ours", &provider)], |config, _| config.origins = Origins::Any).await;
    let mut browser = Browser::at(&server);
    browser.sign_in("ours").await;
    let response = browser.ask("POST", "/auth/sign-out", "Origin: https://a.example\r\n").await;
    assert_eq!(response.status, 403);
    assert!(!browser.ticket().await.is_empty());
}

#[tokio::test]
async fn a_flood_is_refused_and_others_are_not() {
    let provider = Provider::start().await;
    let server = server_with(&[("ours", &provider)], |config, _| {
        config.limits = Some(AddressLimits { users: 3, ..AddressLimits::default() });
        config.proxies.trusted = vec!["127.0.0.1".parse::<std::net::IpAddr>().unwrap().into()];
    })
    .await;
    let from = |client: &str| format!("X-Forwarded-For: {client}\r\n");
    let mut browser = Browser::at(&server);
    let mut left = 0;
    let refused = loop {
        let response = browser.ask("GET", "/auth/sign-in/ours", &from("192.0.2.1")).await;
        if response.status != 303 {
            break response;
        }
        left += 1;
        assert!(left < 10, "a flood");
    };
    assert_eq!((refused.status, refused.header("retry-after").is_some()), (429, true));
    for path in ["/auth/options", "/auth/callback/ours", "/auth/sign-in/nobody"] {
        let mut asked = 0;
        while browser.ask("GET", path, &from("192.0.2.1")).await.status != 429 {
            asked += 1;
            assert!(asked < 20, "a flood of {path}");
        }
    }
    let other = browser.ask("GET", "/auth/options", &from("192.0.2.2")).await;
    assert_eq!(other.status, 200);
}

#[tokio::test]
async fn nobody_signs_in_over_plain_http_from_elsewhere() {
    let provider = Provider::start().await;
    let settings = Settings::new(vec![provider.settings("ours")], Guests::Allow).unwrap();
    let config = || Config { identity: Some(settings.clone()), ..Config::default() };
    let elsewhere: SocketAddr = "0.0.0.0:1".parse().unwrap();
    let why = config().check(elsewhere).unwrap_err();
    assert!(why.contains("--tls"), "{why}");
    assert!(config().check("127.0.0.1:1".parse().unwrap()).is_ok());
    assert!(Config::default().check(elsewhere).is_ok());
    // The server itself does not start.
    let sockets = Sockets::bind("0.0.0.0:0").await.unwrap();
    let started = soon(server::run(sockets, config(), std::future::pending())).await;
    assert_eq!(started.unwrap_err().kind(), std::io::ErrorKind::InvalidInput);
}

/// The provider gets to know no address of ours but one that is safe to come back to.
#[tokio::test]
async fn the_way_back_is_over_https_or_on_this_machine() {
    let provider = Provider::start().await;
    let server = server_with(&[("ours", &provider)], |config, _| {
        config.proxies.trusted = vec!["127.0.0.1".parse::<std::net::IpAddr>().unwrap().into()];
    })
    .await;
    let port = server.address.port();
    for (host, headers, back) in [
        (format!("127.0.0.1:{port}"), "", Some(format!("http://127.0.0.1:{port}"))),
        (format!("localhost:{port}"), "", Some(format!("http://localhost:{port}"))),
        ("talk.example.org".to_owned(), "", None),
        ("talk.example.org".to_owned(), "X-Forwarded-Proto: http\r\n", None),
        (
            "talk.example.org".to_owned(),
            "X-Forwarded-Proto: https\r\n",
            Some("https://talk.example.org".to_owned()),
        ),
    ] {
        let request = format!(
            "GET /auth/sign-in/ours HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n"
        );
        let response = http(server.address, &request).await;
        let to = response.header("location").unwrap();
        match back {
            Some(back) => {
                let asked = super::provider::fields(to.split_once('?').unwrap().1);
                assert_eq!(asked["redirect_uri"], format!("{back}/auth/callback/ours"), "{host}");
            }
            None => assert_eq!(to, "../../?sign-in=failed", "{host}"),
        }
    }
}

#[tokio::test]
async fn a_provider_that_is_not_there_is_asked_again_when_somebody_signs_in() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let provider = Provider::on(listener).await;
    let settings = provider.settings("ours");
    drop(provider);
    let settings = Settings::new(vec![settings], Guests::Allow).unwrap();
    let server = crate::common::Server::with(|config| {
        config.identity = Some(settings);
        // It is asked until it is there.
        config.limits = None;
    })
    .await;
    server.user("bob").await;
    let mut browser = Browser::at(&server);
    let end = |response: crate::common::Response| response.header("location").unwrap().to_owned();
    assert_eq!(end(browser.get("/auth/sign-in/ours").await), "../../?sign-in=unavailable");
    let listener = soon(async {
        loop {
            if let Ok(listener) = TcpListener::bind(address).await {
                break listener;
            }
        }
    })
    .await;
    let _provider = Provider::on(listener).await;
    soon(async {
        // It is left alone for a moment after it was not there.
        while end(browser.get("/auth/sign-in/ours").await) == "../../?sign-in=unavailable" {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(browser.sign_in("ours").await, "/");
}

#[tokio::test]
async fn the_database_holds_no_secret_and_is_for_its_owner_only() {
    let provider = Provider::start().await;
    let state = TempDir::new().unwrap();
    let server = server_with(&[("ours", &provider)], |config, _| {
        config.state = Some(state.path().to_owned());
    })
    .await;
    let mut browser = Browser::at(&server);
    browser.sign_in("ours").await;
    let ticket = browser.ticket().await;
    let cookie = browser.cookies["__Host-pronto"].clone();
    let mut files = 0;
    for file in fs::read_dir(state.path()).unwrap() {
        let file = file.unwrap();
        if !file.file_name().to_str().unwrap().starts_with("accounts.sqlite") {
            continue;
        }
        files += 1;
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
        let text = fs::read(file.path()).unwrap();
        for secret in [&ticket, &cookie] {
            assert!(
                !text.windows(secret.len()).any(|bytes| bytes == secret.as_bytes()),
                "{file:?}"
            );
        }
    }
    assert!(files > 0);
}
