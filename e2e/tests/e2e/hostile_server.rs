//! What a hostile server may do to the page, once its user has agreed to use it.

use anyhow::{Result, ensure};
use e2e::{HostileServer, HostileSocket, Look, Person, Played, Scene, play};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::other_server::{has_used_only, kept, page, used};

/// What the tab keeps for its own server is as old as can be.
const AGE: &str = "sessionStorage['pronto.session'] =
    JSON.stringify({ ...JSON.parse(sessionStorage['pronto.session']), at: 0 })";

/// Forgets what the tab keeps for other servers.
const FORGET: &str = "Object.keys(sessionStorage).filter((key) => key.includes(' '))
    .forEach((key) => sessionStorage.removeItem(key))";

/// As long as a field may be in a message that is not too long.
fn long() -> String {
    "x".repeat(60 * 1024)
}

/// STUN and TURN servers: more than there can be, of others and of none.
fn ice_servers() -> Vec<Value> {
    let many = (0..1_000).map(|index| {
        json!({"urls": [format!("turn:10.0.{}.{}:9?transport=tcp", index / 250, index % 250)], "username": "u", "credential": "c"})
    });
    let urls = [
        "",
        "turn:",
        "stun:",
        "http://127.0.0.1/",
        "javascript:alert(1)",
        "turn:[",
        "\u{202e}",
        "turn:h:99999",
    ];
    let bad = urls.map(|url| json!([{"urls": [url], "username": "u", "credential": "c"}]));
    let mut lists = vec![
        Value::Array(many.collect()),
        json!([{"urls": [long()]}]),
        json!({}),
        json!([1]),
        json!([{"urls": 1}]),
    ];
    lists.extend(bad);
    lists
}

/// What a server can say, each in its form and out of it. There is no login among it, which is tried on its own.
fn anything() -> Vec<Message> {
    let sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n";
    let kinds = [
        "offer",
        "answer",
        "candidate",
        "leave",
        "ringing",
        "restored",
        "away",
        "missed",
        "error",
        "ice",
        "pong",
        "surprise",
        "",
    ];
    let mut said = Vec::new();
    for kind in kinds {
        let usual = json!({"type": kind, "name": "bob", "call": "c1", "reason": "hangup", "code": "not_in_call", "message": "x",
            "offer": {"type": "offer", "sdp": sdp}, "answer": {"type": "answer", "sdp": sdp},
            "candidate": {"candidate": "candidate:1 1 udp 1 10.0.0.1 9 typ host", "sdpMid": "0"}, "iceServers": [], "received": 1});
        said.push(json!({"type": kind}));
        for (field, values) in [
            ("name", vec![json!("alice"), json!(""), json!(1)]),
            ("call", vec![json!("c2"), json!(""), Value::Null]),
            ("replaces", vec![json!("c1"), json!("c2"), json!({})]),
            (kind, vec![json!(1), json!([[[[]]]]), json!({"sdp": long()})]),
            ("received", vec![json!(u64::MAX), json!(-1), json!(1.5)]),
            ("reason", vec![json!("gone"), json!("answered_elsewhere"), json!("x")]),
            ("guest", vec![json!(true), json!("yes")]),
        ] {
            for value in values {
                let mut message = usual.clone();
                message[field] = value;
                said.push(message);
            }
        }
        said.push(usual);
    }
    for field in ["name", "call", "replaces", "reason", "message"] {
        let mut message = json!({"type": "offer", "name": "bob", "call": "c1", "offer": {}});
        message[field] = json!(long());
        said.push(message);
    }
    said.extend(
        ice_servers().into_iter().map(|servers| json!({"type": "ice", "iceServers": servers})),
    );
    let mut frames: Vec<_> =
        said.into_iter().map(|message| Message::text(message.to_string())).collect();
    frames.extend([
        Message::text(""),
        Message::text("Hello world"),
        Message::text("{".repeat(64 * 1024)),
        Message::text("[".repeat(64 * 1024)),
        Message::text(json!({"type": "offer", "x": "x".repeat(1024 * 1024)}).to_string()),
        Message::text("\u{0}\u{202e}\"\\"),
        Message::binary(vec![0; 64 * 1024]),
        Message::binary(br#"{"type":"offer","name":"bob","offer":{}}"#.to_vec()),
        Message::Ping(vec![0; 125].into()),
    ]);
    frames
}

async fn says_anything(socket: &mut HostileSocket) -> Result<()> {
    for frame in anything() {
        socket.sends(frame).await?;
    }
    // What follows a message is not answered before it.
    socket.says(&json!({"type": "leave", "name": "bob", "call": "c1"})).await
}

/// Somebody opens the page at that server who has not been there before in this tab, and asks to be signed in.
async fn signs_in_first(
    scene: &Scene,
    alice: &Person,
    evil: &HostileServer,
) -> Result<HostileSocket> {
    alice.open(&page(scene, "none")).await?;
    alice.value::<()>(FORGET).await?;
    alice.open(&page(scene, &evil.query())).await?;
    // A name of this page alone: the one before may have come back just before it was left.
    let name = format!("alice-{}", evil.connections());
    let is_asked_for = |look: &Look| look.status.as_deref() != Some("signed-out");
    for _ in 0..2 {
        alice.tries_to_sign_in(&name).await?;
        // The form stands there a moment before the program does.
        if alice.sees("that they sign in", is_asked_for).await.is_ok() {
            break;
        }
    }
    loop {
        let (socket, login) = evil.meets().await?;
        if login["name"] == name {
            return Ok(socket);
        }
    }
}

/// The page is there for its user.
async fn is_unharmed(alice: &Person, evil: &HostileServer, devices: usize) -> Result<()> {
    has_used_only(alice, evil).await?;
    let used = used(alice).await?;
    ensure!(
        used.devices == devices,
        "devices were asked for {} times, not {devices}",
        used.devices
    );
    let open = alice.open_connections().await?;
    ensure!(open <= 1, "{open} peer connections are open");
    // A server may be away, or not have what it is asked for. Anything else in the console is a fault of the page.
    let errors = alice.console_errors().await?;
    let network = |error: &str| {
        error.contains("WebSocket connection") || error.contains("Failed to load resource")
    };
    let ours: Vec<_> = errors.iter().filter(|error| !network(error)).collect();
    ensure!(ours.is_empty(), "{ours:#?}");
    Ok(())
}

fn is_there(look: &Look) -> bool {
    look.page() == "callPage" && look.phase() == "idle" && look.banner.is_none()
}

fn rings(look: &Look) -> bool {
    look.phase() == "ringing" && look.caller.as_deref() == Some("carol")
}

/// What a hostile server may do to the page: never a camera without a press, never anything of another server's, and never the
/// end of the page.
#[test]
fn a_server_that_lies_in_everything_opens_nothing_and_breaks_nothing() -> Played {
    play(1, async |scene| {
        let evil = HostileServer::start().await?;
        let alice = scene.signed_in("alice").await?;
        alice.value::<()>("localStorage.setItem('pronto.blocked', 'carol'); localStorage.setItem('pronto.relay-only', 'yes')").await?;
        let before = kept(&alice).await?;
        ensure!(before.len() == 4, "{before:?}");
        alice.open(&page(scene, &evil.query())).await?;
        alice.uses_other_server().await?;
        let _ = alice.console_errors().await?;
        let carol = json!({"type": "offer", "name": "carol", "call": "c9", "offer": {"type": "offer", "sdp": "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"}});

        // Whatever stands in the login, and whatever is said before it and after it.
        let replies = [
            json!({"name": "alice", "session": "s"}),
            json!({"name": long()}),
            json!({"name": "", "session": ""}),
            json!({"name": 1, "session": long()}),
            json!({"name": "alice", "session": "s", "peer": "bob", "call": "c1", "received": 0}),
            json!({"name": "alice", "session": "s", "peer": long(), "call": "c1", "grace": u64::MAX}),
            json!({"name": "bob", "session": long(), "version": "x"}),
        ];
        let lists = ice_servers()
            .into_iter()
            .map(|servers| json!({"name": "alice", "session": "s", "iceServers": servers}));
        for reply in replies.into_iter().chain(lists.take(3)) {
            let mut socket = signs_in_first(scene, &alice, &evil).await?;
            socket.welcomes(&reply).await?;
            says_anything(&mut socket).await?;
            is_unharmed(&alice, &evil, 0).await?;
        }

        // Whatever is said while it rings, and after the end of a call that was accepted.
        let mut socket = signs_in_first(scene, &alice, &evil).await?;
        says_anything(&mut socket).await?;
        socket.welcomes(&json!({"name": "alice", "session": "s"})).await?;
        alice.sees("that they are signed in", is_there).await?;
        socket.says(&carol).await?;
        alice.sees("the call", rings).await?;
        says_anything(&mut socket).await?;
        socket.says(&json!({"type": "leave", "name": "carol", "call": "c9"})).await?;
        alice.sees("its end", |look| look.phase() == "idle").await?;
        is_unharmed(&alice, &evil, 0).await?;
        socket.says(&carol).await?;
        alice.sees("the call", rings).await?;
        alice.answers().await?;
        let wanted = until_devices(&alice, 1).await?;
        socket.says(&json!({"type": "leave", "name": "carol", "call": "c9"})).await?;
        alice.sees("the end", |look| look.phase() == "idle").await?;
        alice.has_let_go().await?;
        says_anything(&mut socket).await?;
        socket.says(&json!({"type": "offer", "name": "carol", "call": "c10", "replaces": "c9", "offer": {}})).await?;
        socket.says(&json!({"type": "restored", "name": "carol", "call": "c9"})).await?;
        is_unharmed(&alice, &evil, wanted).await?;
        // Among it are calls that ring, and end.
        let is_over =
            |look: &Look| look.phase() == "idle" && look.missed.contains(&"bob".to_owned());
        alice.sees("the end of them", is_over).await?;
        alice.has_let_go().await?;

        // A flood: of calls that come and go, and of words that mean nothing.
        for index in 0..100 {
            let call = format!("f{index}");
            let mut offer = carol.clone();
            offer["call"] = json!(call);
            socket.says(&offer).await?;
            socket
                .says(&json!({"type": "candidate", "name": "carol", "call": call, "candidate": {}}))
                .await?;
            socket.says(&json!({"type": "leave", "name": "carol", "call": call})).await?;
        }
        for _ in 0..5_000 {
            socket.says(&json!({"type": "candidate", "name": "carol", "candidate": {}})).await?;
        }
        alice.sees("the end of it", |look| look.notice.as_deref() == Some("missed: carol")).await?;
        is_unharmed(&alice, &evil, wanted).await?;
        alice.has_let_go().await?;

        // Every way to end. After all but two of them the page comes back by itself.
        let codes = [
            1000, 1001, 1002, 1003, 1007, 1008, 1009, 1011, 1012, 1013, 3000, 4000, 4001, 4002,
            4003, 4005, 4006, 4007, 4999,
        ];
        for code in [None].into_iter().chain(codes.map(Some)) {
            socket.closes(code).await?;
            if let Some(4003 | 4006) = code {
                let is_told = |look: &Look| look.login_notice.is_some();
                alice.sees("why they are signed out", is_told).await?;
                alice.tries_to_sign_in("alice").await?;
            }
            socket = evil.meets().await?.0;
            socket.welcomes(&json!({"name": "alice", "session": "s"})).await?;
            alice.sees("that they are signed in", is_there).await?;
        }
        is_unharmed(&alice, &evil, wanted).await?;

        // Silence, in which the page goes on trying.
        alice.value::<()>("dispatchEvent(new Event('online'))").await?;
        let silent = evil.meets().await?;
        alice.sees("that the server is away", |look| look.banner.is_some()).await?;
        drop(silent);
        let (mut socket, _) = evil.meets().await?;
        socket.welcomes(&json!({"name": "alice", "session": "s"})).await?;
        alice.sees("that they are signed in", is_there).await?;
        socket.says(&carol).await?;
        alice.sees("the call", rings).await?;
        is_unharmed(&alice, &evil, wanted).await?;

        // What the page's own server has is as it was. Its session is over, all this took longer than it is kept.
        ensure!(kept(&alice).await? == before, "{:?}", kept(&alice).await?);
        alice.click("declineBtn").await?;
        alice.value::<()>(AGE).await?;
        alice.open(&page(scene, "")).await?;
        let look = alice.sees("the sign-in", |look| look.page() == "loginPage").await?;
        ensure!(look.name == "alice", "{look}");
        alice.tries_to_sign_in("alice").await?;
        let look = alice.sees("that they are signed in", Look::is_signed_in).await?;
        ensure!(look.self_name.as_deref() == Some("alice") && look.blocked == ["carol"], "{look}");
        Ok(())
    })
}

/// Waits until devices were asked for, at least so often. Gives how often it was.
async fn until_devices(alice: &Person, times: usize) -> Result<usize> {
    alice.becomes(&format!("return e2eSpy.devices >= {times}")).await?;
    Ok(used(alice).await?.devices)
}
