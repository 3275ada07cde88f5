//! The server stops or is killed, and starts again with the same state.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::json;
use tempfile::TempDir;

use super::{can_talk, in_call, login, refused, user};
use crate::common::{Server, soon};

async fn with_state(state: &Path, listen: &str, grace: Duration) -> Server {
    Server::listening_on(listen, |config| {
        config.limits = None;
        config.state = Some(state.to_owned());
        config.timing.grace = grace;
    })
    .await
}

const LONG: Duration = Duration::from_secs(1000);
const SHORT: Duration = Duration::from_millis(300);

/// The server that listened there stops, and another one starts.
async fn restart(server: Server, state: &Path, grace: Duration) -> Server {
    let address = server.address.to_string();
    server.stop().await;
    with_state(state, &address, grace).await
}

/// The one roster in this folder.
fn roster_file(state: &Path) -> Option<PathBuf> {
    let mut files = fs::read_dir(state).unwrap().map(|file| file.unwrap().path());
    files.find(|file| file.file_name().unwrap().to_str().unwrap().starts_with("roster-127.0.0.1_"))
}

/// What the one roster in this folder says, once it says as many lines with this.
pub(crate) async fn roster_with(state: &Path, lines: usize, what: &str) -> String {
    soon(async {
        loop {
            let file = roster_file(state);
            let text = file.map(|file| fs::read_to_string(file).unwrap()).unwrap_or_default();
            if text.lines().filter(|line| line.contains(what)).count() == lines {
                return text;
            }
            tokio::task::yield_now().await;
        }
    })
    .await
}

#[tokio::test]
async fn both_come_back_and_their_call_stands_again() {
    let state = TempDir::new().unwrap();
    let server = with_state(state.path(), "127.0.0.1:0", LONG).await;
    let (mut alice, mut bob) = (user(&server, "alice").await, user(&server, "bob").await);
    in_call(&mut alice, &mut bob).await;
    roster_with(state.path(), 2, "+ ").await;
    let stop = restart(server, state.path(), LONG);
    let closed = async { [alice.client.is_closed().await, bob.client.is_closed().await] };
    let (server, codes) = tokio::join!(stop, closed);
    assert_eq!(codes, [1012; 2]);

    let alice_is_in = json!({"peer": "bob", "call": "c1"});
    let (mut alice, reply, _) = alice.comes_back(server.client().await, alice_is_in).await;
    assert!(reply.get("received").is_none(), "both begin at 0: {reply}");
    alice.client.say(r#"{"type":"candidate","candidate":"early"}"#).await;
    alice.sync().await;
    let bob_is_in = json!({"peer": "alice", "call": "c1"});
    let (mut bob, ..) = bob.comes_back(server.client().await, bob_is_in).await;
    alice.hears(r#"{"type":"restored","name":"bob","call":"c1"}"#).await;
    bob.hears(r#"{"type":"restored","name":"alice","call":"c1"}"#).await;
    bob.hears(r#"{"type":"candidate","name":"alice","candidate":"early","call":"c1"}"#).await;
    can_talk(&mut alice, &mut bob).await;
    bob.client.say(r#"{"type":"leave"}"#).await;
    alice.hears(r#"{"type":"leave","name":"bob","call":"c1","reason":"hangup"}"#).await;
}

#[tokio::test]
async fn a_name_waits_for_its_owner_and_then_for_nobody() {
    let state = TempDir::new().unwrap();
    let server = with_state(state.path(), "127.0.0.1:0", LONG).await;
    let alice = user(&server, "alice").await;
    roster_with(state.path(), 1, "+ ").await;
    let server = restart(server, state.path(), LONG).await;
    let mut stranger = server.client().await;
    for name in ["alice", "Alice", "a1ice"] {
        let code = refused(&mut stranger, json!({"name": name, "received": 0})).await;
        assert_eq!(code, "name_taken", "{name}");
    }
    let wrong = json!({"name": "alice", "received": 0, "session": "0".repeat(32)});
    assert_eq!(refused(&mut stranger, wrong).await, "name_taken");
    // It does not matter how often the server starts anew.
    let server = restart(server, state.path(), LONG).await;
    let (alice, ..) = alice.comes_back(server.client().await, json!({})).await;

    // The owner stays away: the name is free after the grace period, and no longer written down.
    drop(alice.client);
    let server = restart(server, state.path(), SHORT).await;
    let mut stranger = server.client().await;
    soon(async {
        loop {
            let reply = login(&mut stranger, json!({"name": "alice"})).await;
            if reply["success"] == true {
                break;
            }
            assert_eq!(reply["code"], "name_taken");
        }
    })
    .await;
    roster_with(state.path(), 1, "- alice").await;
}

#[tokio::test]
async fn whoever_signed_out_is_not_waited_for() {
    let state = TempDir::new().unwrap();
    let server = with_state(state.path(), "127.0.0.1:0", LONG).await;
    user(&server, "alice").await.client.close().await;
    // Nor is a client that cannot come back.
    let _tutorial = server.user("bob").await;
    roster_with(state.path(), 1, "- alice").await;
    let server = restart(server, state.path(), LONG).await;
    user(&server, "alice").await;
    user(&server, "bob").await;
}

/// Without a roster the server knows nobody, so that it believes nobody: whoever is first has the name, in a session of
/// their own, and what they say of an earlier call is answered at once.
#[tokio::test]
async fn without_a_roster_whoever_is_first_has_the_name_and_no_call() {
    let server = Server::start().await;
    let (mut alice, mut bob) = (user(&server, "alice").await, user(&server, "bob").await);
    in_call(&mut alice, &mut bob).await;
    let address = server.address.to_string();
    server.stop().await;
    let server = Server::listening_on(&address, |_| {}).await;
    let is_in = json!({"name": "alice", "session": alice.secret, "received": 1, "peer": "bob", "call": "c1"});
    let mut client = server.client().await;
    let reply = login(&mut client, is_in).await;
    assert_eq!(reply["success"], true, "{reply}");
    assert!(reply.get("received").is_none() && reply.get("call").is_none(), "{reply}");
    client.hears(r#"{"type":"leave","name":"bob","call":"c1","reason":"hangup"}"#).await;
}

/// An attack: who had given a client its token, another server for example, had its session here once the two met.
#[tokio::test]
async fn a_token_that_this_server_did_not_draw_is_not_adopted() {
    let state = TempDir::new().unwrap();
    let server = with_state(state.path(), "127.0.0.1:0", LONG).await;
    let known_to_others = "0".repeat(32);
    let brings = json!({"name": "alice", "received": 0, "session": known_to_others});
    let reply = login(&mut server.client().await, brings.clone()).await;
    let secret = reply["session"].as_str().unwrap().to_owned();
    assert_ne!(secret, known_to_others);
    // Whoever knows the other has nothing by it, before a restart and after.
    assert_eq!(refused(&mut server.client().await, brings.clone()).await, "name_taken");
    roster_with(state.path(), 1, "+ ").await;
    let server = restart(server, state.path(), LONG).await;
    assert_eq!(refused(&mut server.client().await, brings).await, "name_taken");
    let owner = json!({"name": "alice", "received": 0, "session": secret});
    assert_eq!(login(&mut server.client().await, owner).await["success"], true);
}

#[tokio::test]
async fn a_roster_that_is_damaged_loses_no_more_than_what_is_damaged() {
    let state = TempDir::new().unwrap();
    let server = with_state(state.path(), "127.0.0.1:0", LONG).await;
    let (alice, _bob) = (user(&server, "alice").await, user(&server, "bob").await);
    let text = roster_with(state.path(), 2, "+ ").await;
    let address = server.address.to_string();
    server.stop().await;
    let file = roster_file(state.path()).unwrap();
    let bobs = text.lines().find(|line| line.ends_with(" bob")).unwrap();
    let alices = text.lines().find(|line| line.ends_with(" alice")).unwrap();
    // Nonsense of all kinds, and the last line cut off.
    let mut damaged = format!(
        "\u{0}\n+ zz carol\n+ {} dave\n+\n- \n+ x y z\n+ {} __proto__\n{alices}\n",
        "0".repeat(63),
        "0".repeat(64)
    )
    .into_bytes();
    damaged.extend(b"\xff\xfe\n");
    damaged.extend(&bobs.as_bytes()[..40]);
    fs::write(&file, damaged).unwrap();
    let server = with_state(state.path(), &address, LONG).await;
    let mut stranger = server.client().await;
    assert_eq!(refused(&mut stranger, json!({"name": "alice"})).await, "name_taken");
    for name in ["bob", "carol", "dave"] {
        user(&server, name).await;
    }
    alice.comes_back(server.client().await, json!({})).await;
}

/// The server starts, and serves, without.
#[tokio::test]
async fn a_state_directory_that_cannot_be_used_is_done_without() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "not a folder").unwrap();
    let server = with_state(&file, "127.0.0.1:0", LONG).await;
    user(&server, "alice").await;
    server.stop().await;
    assert_eq!(fs::read_to_string(&file).unwrap(), "not a folder");
    // Nor one whose roster is a folder.
    let server = with_state(folder.path(), "127.0.0.1:0", LONG).await;
    let address = server.address;
    server.stop().await;
    let roster = folder.path().join(format!("roster-127.0.0.1_{}", address.port()));
    fs::remove_file(&roster).unwrap();
    fs::create_dir(&roster).unwrap();
    let server = with_state(folder.path(), &address.to_string(), LONG).await;
    user(&server, "alice").await;
}

#[cfg(unix)]
#[tokio::test]
async fn the_roster_holds_no_secret_and_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let state = TempDir::new().unwrap();
    let server = with_state(state.path(), "127.0.0.1:0", LONG).await;
    let alice = user(&server, "alice").await;
    let text = roster_with(state.path(), 1, "+ ").await;
    assert!(!text.contains(&alice.secret), "{text}");
    let file = roster_file(state.path()).unwrap();
    assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
}
