//! The state directory: one server has it at a time, and nobody else looks into it.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, time::Duration};

use server::{Config, Sockets, config::Turn};
use tempfile::TempDir;
use tokio::time::timeout;

use crate::{
    common::{BareClient, Server, soon},
    program::pronto,
    resume::Counting,
};

async fn with_state(state: &Path, listen: &str) -> Server {
    Server::listening_on(listen, |config| {
        config.state = Some(state.to_owned());
        config.timing.grace = Duration::from_secs(1000);
        // A client that does not close makes a shutdown last as long.
        config.timing.close = Duration::from_secs(1000);
        config.timing.shutdown = Duration::from_secs(1000);
    })
    .await
}

/// Two that give tickets and sign people out by one database each know half of who is here.
#[tokio::test]
async fn a_second_server_on_one_state_says_so_and_ends() {
    let state = TempDir::new().unwrap();
    let server = with_state(state.path(), "127.0.0.1:0").await;
    server.user("alice").await;
    let config =
        Config { state: Some(state.path().to_owned()), turn: Turn::Off, ..Config::default() };
    let sockets = Sockets::bind("127.0.0.1:0").await.unwrap();
    let second =
        timeout(Duration::from_secs(15), server::run(sockets, config, std::future::pending()));
    let why = second.await.expect("it ends").unwrap_err().to_string();
    let pid = std::process::id().to_string();
    for part in [state.path().to_str().unwrap(), &pid, "--state"] {
        assert!(why.contains(part), "{part}: {why}");
    }
    server.user("bob").await;
    // The program says the same, and touches nothing there: not even to make a certificate.
    let arguments = ["--listen=127.0.0.1:0", "--tls=self-signed"];
    let output = pronto().args(arguments).arg("--state").arg(state.path()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("in use by another server"), "{said}");
    assert!(!state.path().join("tls").exists());
}

/// The next one starts while the last is still closing its sockets.
#[tokio::test]
async fn a_server_that_stops_hands_its_state_over_before_its_sockets_are_closed() {
    let state = TempDir::new().unwrap();
    let server = with_state(state.path(), "127.0.0.1:0").await;
    let address = server.address.to_string();
    let alice = Counting::log_in(server.client().await, "alice").await;
    let mut lingering = BareClient::connect(&server).await;
    lingering.say(r#"{"type":"login","name":"bob"}"#).await;
    lingering.read().await;
    let stopping = tokio::spawn(server.stop());
    soon(async {
        while tokio::net::TcpStream::connect(&address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let server = with_state(state.path(), &address).await;
    assert!(!stopping.is_finished(), "the first is still there");
    let _: (Counting, _, _) = alice.comes_back(server.client().await, serde_json::json!({})).await;
    stopping.abort();
}

#[tokio::test]
async fn nobody_else_looks_into_the_state_directory() {
    let folder = TempDir::new().unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let open = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    // One that is made, and one that an earlier version made.
    let state = folder.path().join("state");
    for _ in 0..2 {
        let server = with_state(&state, "127.0.0.1:0").await;
        server.user("alice").await;
        server.stop().await;
        assert_eq!(mode(&state), 0o700);
        for file in fs::read_dir(&state).unwrap() {
            let file = file.unwrap().path();
            assert_eq!(mode(&file), 0o600, "{}", file.display());
            open(&file, 0o644);
        }
        open(&state, 0o755);
    }
    // But what holds other things as well is somebody else's, too.
    fs::write(state.join("notes.txt"), "mine").unwrap();
    let server = with_state(&state, "127.0.0.1:0").await;
    server.user("alice").await;
    assert_eq!(mode(&state), 0o755);
    server.stop().await;
}
