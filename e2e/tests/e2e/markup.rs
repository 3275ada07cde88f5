//! Markup where text belongs: whatever a server or a peer says, the page makes no element of it. That none of it runs
//! either is watched in every scene.

use anyhow::{Result, ensure};
use e2e::{Join, Look, Person, Played, Scene, play, scene::call, tutorial::TutorialServer};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{net::TcpListener, try_join};
use tokio_tungstenite::{accept_async, tungstenite::Message};

/// Names as the tutorial's server takes them: any text.
const EVIL: [&str; 2] = ["<img src=x onerror=ran=1>", "<iframe srcdoc='<script>ran=2</script>'>"];
const MADE: &str = "return window.ran === undefined
    && document.querySelector('img, iframe, script:not([src]), x-evil') === null";

async fn joins(scene: &Scene, server: &str, name: &str) -> Result<Person> {
    let query = format!("?server={server}");
    scene.join_as(name, Join { query, ..Join::default() }).await
}

async fn holds_only_text(person: &Person) -> Result<()> {
    ensure!(
        person.value::<bool>(MADE).await?,
        "{}'s page holds what was said to it",
        person.name()
    );
    Ok(())
}

#[test]
fn names_that_no_server_should_let_pass_are_text() -> Played {
    play(2, async |scene| {
        let server = TutorialServer::start().await?;
        let (url, [one, other]) = (server.url(), EVIL);
        let (one, other) = try_join!(joins(scene, &url, one), joins(scene, &url, other))?;
        try_join!(one.sign_in(), other.sign_in())?;
        call(&one, &other).await?;
        other.click("cameraBtn").await?;
        let name = other.name();
        one.sees("the name in the picture's place", |look| {
            look.remote_placeholder.as_deref() == Some(name) && look.title.contains(name)
        })
        .await?;
        try_join!(holds_only_text(&one), holds_only_text(&other))?;
        one.hangs_up().await?;
        other.is_idle_because(&format!("ended-by-peer: {}", one.name())).await?;
        one.calls(other.name()).await?;
        other.is_rung_by(one.name()).await?;
        holds_only_text(&other).await?;
        other.click("blockBtn").await?;
        let look = other.is_idle_because(&format!("blocked-by-you: {}", one.name())).await?;
        ensure!(look.blocked == [one.name()], "{look}");
        holds_only_text(&other).await
    })
}

/// A server that has nothing good in mind: markup stands in every text that it sends.
async fn lies(listener: TcpListener) -> Result<()> {
    const MARKUP: &str = "<x-evil></x-evil><img src=x onerror=ran=3>";
    let refused =
        json!({"type": "login", "success": false, "message": MARKUP, "code": "unavailable"});
    let ice = json!([{"urls": [MARKUP], "username": MARKUP, "credential": MARKUP}]);
    let welcome = json!({"type": "login", "success": true, "name": MARKUP, "version": 1,
        "session": MARKUP, "message": MARKUP});
    let call = |kind: &str| json!({"type": kind, "name": MARKUP, "call": "c1", "reason": MARKUP});
    let mut offer = call("offer");
    offer["offer"] = json!({"type": MARKUP, "sdp": MARKUP});
    let mut candidate = call("candidate");
    candidate["candidate"] = json!({"candidate": MARKUP, "sdpMid": MARKUP});
    let error = json!({"type": "error", "message": MARKUP, "code": MARKUP, "name": MARKUP});
    let after = [
        json!({"type": "ice", "iceServers": ice}),
        error.clone(),
        offer.clone(),
        candidate,
        call("leave"),
        error,
        offer,
    ];
    let mut logins = 0;
    loop {
        let mut socket = accept_async(listener.accept().await?.0).await?;
        while let Some(Ok(message)) = socket.next().await {
            let Ok(said) = message.to_text() else { continue };
            let said: Value = serde_json::from_str(said).unwrap_or_default();
            let answers = match said["type"].as_str() {
                Some("login") if logins == 0 => vec![refused.clone()],
                Some("login") => [vec![welcome.clone()], after.to_vec()].concat(),
                _ => vec![],
            };
            logins += i32::from(said["type"] == "login");
            for answer in answers {
                socket.send(Message::text(answer.to_string())).await?;
            }
        }
    }
}

#[test]
fn what_a_server_says_is_text() -> Played {
    play(1, async |scene| {
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(anyhow::Error::from)?;
        let url = format!("ws://{}", listener.local_addr().map_err(anyhow::Error::from)?);
        let lying = tokio::spawn(lies(listener));
        let alice = joins(scene, &url, "alice").await?;
        alice.tries_to_sign_in("alice").await?;
        alice.sees("that it is refused", |look| look.login_notice.is_some()).await?;
        holds_only_text(&alice).await?;
        alice.tries_to_sign_in("alice").await?;
        alice.sees("that it rings", |look: &Look| look.phase() == "ringing").await?;
        holds_only_text(&alice).await?;
        let look = alice.look().await?;
        ensure!(look.caller.is_some_and(|caller| caller.starts_with("<x-evil>")), "it is shown");
        alice.answers().await?;
        alice.sees("that it comes to nothing", |look| look.phase() == "idle").await?;
        holds_only_text(&alice).await?;
        lying.abort();
        Ok(())
    })
}
