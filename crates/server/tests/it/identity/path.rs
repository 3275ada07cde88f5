//! Signing in where a web server puts this one under a path.

use serde_json::json;
use tempfile::TempDir;

use super::{
    browser::{Browser, http},
    provider::{Provider, fields},
    server_with,
};
use crate::{
    common::{Client, Server},
    program::{Program, pronto},
};

/// Where a provider is told to send a browser back to that signs in by this path.
async fn callback(server: &Server, path: &str) -> String {
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", server.address);
    let response = http(server.address, &request).await;
    assert_eq!(response.status, 303, "{path}: {response:?}");
    let to = response.header("location").unwrap();
    match to.split_once('?') {
        Some((there, query)) if there.starts_with("http:") => fields(query)["redirect_uri"].clone(),
        _ => to.to_owned(),
    }
}

#[tokio::test]
async fn somebody_signs_in_under_a_path_that_the_web_server_takes_off_or_leaves() {
    let provider = Provider::start().await;
    let server = server_with(&[("ours", &provider)], |config, _| {
        config.base_path = "/call".parse().unwrap();
    })
    .await;
    let back = format!("http://{}/call/auth/callback/ours", server.address);
    for path in
        ["/auth/sign-in/ours", "/call/auth/sign-in/ours", "/auth/sign-in/ours?at=%2Fcall%2F"]
    {
        assert_eq!(callback(&server, path).await, back, "{path}");
    }
    // It comes back below the path, and the web server takes that off, or not.
    for taken_off in [true, false] {
        let mut browser = Browser::at(&server);
        let back = browser.leave_for("ours").await;
        let back = if taken_off { back.strip_prefix("/call").unwrap() } else { &back };
        assert_eq!(browser.come_back(back).await, "/");
        // Another server at the same host has cookies of its own.
        assert_eq!(
            browser.cookies.keys().collect::<Vec<_>>(),
            ["__Host-pronto+call", "__Host-pronto-sign-in+call"]
        );
        for options in ["/auth/options", "/call/auth/options"] {
            let options: serde_json::Value =
                serde_json::from_slice(&browser.get(options).await.body).unwrap();
            assert_eq!(options["user"], json!({"provider": "ours"}));
        }
        assert_eq!(browser.post("/call/auth/sign-out").await.status, 204);
    }
}

#[tokio::test]
async fn page_and_websocket_are_below_the_path_as_well() {
    let server = Server::with(|config| config.base_path = "/a/call".parse().unwrap()).await;
    let dist = server.files().join("dist");
    std::fs::create_dir(&dist).unwrap();
    std::fs::write(dist.join("index.html"), "the page").unwrap();
    for (path, status) in [
        ("/", 200),
        ("/a/call/", 200),
        ("/a/call/?x=1", 200),
        ("/a/call/index.html", 200),
        ("/a/call/healthz", 200),
        ("/a/call/a/call/", 404),
        ("/a/", 404),
        ("/a/callers/", 404),
    ] {
        assert_eq!(server.get(path, "").await.status, status, "{path}");
    }
    let response = server.get("/a/call?x=1", "").await;
    assert_eq!((response.status, response.header("location")), (307, Some("/a/call/?x=1")));
    for path in ["/ws", "/a/call/ws", "/a/call/"] {
        let mut client: Client = server.client_at(path).await;
        client.log_in("alice").await;
        client.close().await;
    }
}

/// The provider would send everybody to a page of somebody else.
#[tokio::test]
async fn a_path_that_nobody_has_told_the_server_of_is_said() {
    let provider = Provider::start().await;
    let server = server_with(&[("ours", &provider)], |_, _| {}).await;
    let back = format!("http://{}/auth/callback/ours", server.address);
    for (at, to) in [
        ("/", back.as_str()),
        ("/call/", "../../?sign-in=failed"),
        ("/call", "../../?sign-in=failed"),
        ("nonsense", &back),
        ("//evil.example/", &back),
        ("/%1b[2J/", &back),
    ] {
        let path = format!("/auth/sign-in/ours?at={}", at.replace('/', "%2F"));
        assert_eq!(callback(&server, &path).await, to, "{at}");
    }

    let folder = TempDir::new().unwrap();
    let mut command = pronto();
    command.args(["--listen", "127.0.0.1:0", "--oidc-client-id=us", "--oidc-label=ours"]);
    command.args(["--oidc-issuer", provider.issuer(), "--state"]).arg(folder.path());
    let program = Program::start(&mut command);
    let address = program.address.parse().unwrap();
    for _ in 0..3 {
        let request = format!(
            "GET /auth/sign-in/ours?at=/call/ HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
        );
        assert_eq!(http(address, &request).await.status, 303);
    }
    let (_, stderr) = program.stop();
    assert_eq!(stderr.matches("Start with --base-path /call,").count(), 1, "{stderr}");
}
