//! A link may name another server than the page's own. Nothing is done with it before the user has pressed a button that names
//! it, and then it has nothing of the page's own server, whatever it says.

use anyhow::{Result, ensure};
use e2e::{
    HostileServer, Join, Kind, Look, Person, Played, Scene, play,
    scene::{Setting, play_in},
};
use serde_json::{Value, json};

use crate::states::Tour;

/// What the page keeps for its own server: pairs of keys and values.
const KEPT: &str = "return [...Object.entries(sessionStorage), ...Object.entries(localStorage)]
    .filter(([key]) => !key.includes(' ') && key !== 'pronto.server').sort()";

/// Which keys of its own server the page has read or written since it was loaded; which addresses it has asked, but for its own
/// program, and where it
/// has opened sockets; and how often it has wanted devices.
const USED: &str =
    "return { keys: e2eSpy.keys.filter((key) => !key.includes(' ') && key !== 'pronto.server'),
    asked: e2eSpy.asked.filter((url) => !url.endsWith('.wasm')), sockets: [...new Set(e2eSpy.sockets)], devices: e2eSpy.devices }";

#[derive(Debug, PartialEq, serde::Deserialize)]
pub(crate) struct Used {
    keys: Vec<String>,
    asked: Vec<String>,
    sockets: Vec<String>,
    pub(crate) devices: usize,
}

/// What the page's own server has in the browser's storage, but for the moment at which the page has last written that down:
/// it does so once more when it is left.
pub(crate) async fn kept(person: &Person) -> Result<Vec<(String, String)>> {
    let mut kept: Vec<(String, String)> = person.value(KEPT).await?;
    for (_, value) in &mut kept {
        if let Ok(Value::Object(mut fields)) = serde_json::from_str(value) {
            fields.remove("at");
            *value = Value::Object(fields).to_string();
        }
    }
    Ok(kept)
}

pub(crate) async fn used(person: &Person) -> Result<Used> {
    person.value(USED).await
}

/// The page at this address of the scene's server.
pub(crate) fn page(scene: &Scene, query: &str) -> String {
    format!("{}/{query}", scene.server().origin(None))
}

fn is_asked(look: &Look) -> bool {
    look.page() == "serverPage" && look.other_server.is_some()
}

/// Since the page was loaded it has used this server alone, and nothing that is kept for another.
pub(crate) async fn has_used_only(person: &Person, server: &HostileServer) -> Result<()> {
    let used = used(person).await?;
    ensure!(used.keys.is_empty() && used.asked.is_empty(), "{used:?}");
    ensure!(used.sockets.iter().all(|url| *url == server.url()), "{used:?}");
    Ok(())
}

/// In a tab that is signed in, a link to another server gave it the session's secret and a ticket, and so the name.
#[test]
fn a_link_to_another_server_takes_nothing_of_the_tab() -> Played {
    let setting = Setting { providers: vec![("acme", "Acme")], ..Setting::default() };
    play_in(setting, 1, async |scene| {
        let evil = HostileServer::start().await?;
        let alice = scene.join("alice").await?;
        alice.signs_in_with("acme").await?;
        alice.sees("the choice of a name", |look| look.entry.as_deref() == Some("naming")).await?;
        alice.click("loginBtn").await?;
        alice.sees("that they are signed in", Look::is_signed_in).await?;
        let before = kept(&alice).await?;
        ensure!(before.iter().any(|(key, _)| key == "pronto.session"), "{before:?}");

        alice.open(&page(scene, &evil.query())).await?;
        let look = alice.sees("a page", |look| look.page() != "startPage").await?;
        if !is_asked(&look) {
            let (_, said) = evil.meets().await?;
            ensure!(said.is_null(), "the other server was sent {said}");
        }
        ensure!(look.other_server.as_deref() == Some(&*evil.url()), "{look}");
        ensure!(look.name.is_empty() && look.self_name.is_none(), "{look}");
        let none = Used { keys: vec![], asked: vec![], sockets: vec![], devices: 0 };
        ensure!(used(&alice).await? == none, "{:?}", used(&alice).await?);
        ensure!(evil.connections() == 0, "it was connected to before anybody has pressed anything");

        alice.uses_other_server().await?;
        let look = alice.sees("the sign-in", |look| look.page() == "loginPage").await?;
        ensure!(look.name.is_empty() && look.account.is_none(), "{look}");
        alice.tries_to_sign_in("alice").await?;
        let (mut socket, login) = evil.meets().await?;
        socket.welcomes(&json!({"name": "alice", "session": "evil"})).await?;
        ensure!(login["session"].is_null() && login["ticket"].is_null(), "it was sent {login}");
        alice.sees("that they are signed in", Look::is_signed_in).await?;
        has_used_only(&alice, &evil).await?;
        ensure!(kept(&alice).await? == before, "{:?}", kept(&alice).await?);

        // A reload goes on with the server, with what that one has given.
        alice.reload().await?;
        let (mut socket, login) = evil.meets().await?;
        socket.welcomes(&json!({"name": "alice"})).await?;
        ensure!(login["session"] == "evil" && login["ticket"].is_null(), "it was sent {login}");
        has_used_only(&alice, &evil).await?;

        // And the page's own server goes on with what it has given itself.
        alice.open(&page(scene, "")).await?;
        let look = alice.sees("that they are signed in", Look::is_signed_in).await?;
        ensure!(look.self_note.as_deref() == Some("self-account: Acme"), "{look}");
        ensure!(used(&alice).await?.sockets.iter().all(|url| *url != evil.url()), "{look}");
        // Where it was used since, the other server is asked about again.
        let connections = evil.connections();
        alice.open(&page(scene, &evil.query())).await?;
        alice.sees("the question", is_asked).await?;
        ensure!(evil.connections() == connections, "a link has led to it");
        Ok(())
    })
}

/// Its own server was asked how people sign in.
#[test]
fn another_server_that_wants_an_account_learns_nothing_of_one() -> Played {
    play(1, async |scene| {
        let evil = HostileServer::start().await?;
        let query = format!("{}&sign-in=failed", evil.query());
        let alice = scene.join_as("alice", Join { query, ..Join::default() }).await?;
        let look = alice.sees("the sign-in", |look| look.page() == "loginPage").await?;
        ensure!(look.login_notice.is_none(), "what stands in the address is of another: {look}");
        for _ in 0..2 {
            alice.tries_to_sign_in("alice").await?;
            let (mut socket, _) = evil.meets().await?;
            let refusal = json!({"type": "login", "success": false, "code": "sign_in_required"});
            socket.says(&refusal).await?;
            let wanted = Some("sign-in-required");
            alice.sees("why", |look| look.login_notice.as_deref() == wanted).await?;
            socket.closes(Some(1000)).await?;
        }
        has_used_only(&alice, &evil).await
    })
}

#[test]
fn another_server_is_asked_about_in_full() -> Played {
    play(1, async |scene| {
        let tour = Tour::default();
        let evil = HostileServer::start().await?;
        let alice = scene.signed_in("alice").await?;
        let host = scene.server().address();
        let long =
            format!("wss://{}example/{}", "a-long-name.".repeat(8), "and-a-long-path/".repeat(16));
        for (link, named) in [
            (evil.url(), evil.url()),
            (
                "  WS://Other.example:80/x/../a/./b#c".to_owned(),
                "ws://other.example/a/b".to_owned(),
            ),
            (format!("ws://{host}/"), format!("ws://{host}/")),
            (format!("wss://{host}/ws"), format!("wss://{host}/ws")),
            (
                format!("wss:\\\\b\u{fc}cher.example:443\\{host}"),
                format!("wss://xn--bcher-kva.example/{host}"),
            ),
            (long.clone(), long),
        ] {
            let parameter: String =
                alice.value(&format!("return encodeURIComponent({})", json!(link))).await?;
            alice.open(&page(scene, &format!("?server={parameter}"))).await?;
            let look = alice.sees("the question", is_asked).await?;
            ensure!(look.other_server.as_deref() == Some(&*named), "{link}: {look}");
            ensure!(look.focus == "serverPage", "the next key is not to agree: {look}");
        }
        tour.look_at(&alice, "other-server-long").await?;
        alice.open(&page(scene, &evil.query())).await?;
        alice.sees("the question", is_asked).await?;
        tour.look_at(&alice, "other-server").await?;

        for link in [
            "",
            "http://evil.example/",
            "javascript:alert(1)",
            "ws://alice@evil.example/ws",
            "evil.example",
            "ws://",
        ] {
            alice.open(&page(scene, &format!("?server={link}"))).await?;
            let look =
                alice.sees("that it cannot be used", |look| look.page() == "serverPage").await?;
            ensure!(look.other_server.is_none(), "{link}: {look}");
            ensure!(used(&alice).await?.sockets.is_empty(), "{link}: {:?}", used(&alice).await?);
        }
        tour.look_at(&alice, "other-server-unusable").await?;

        // Whoever does not agree is where they were.
        alice.click("ownServerBtn").await?;
        alice.sees("that they are signed in", Look::is_signed_in).await?;
        let address: String = alice.value("return location.pathname + location.search").await?;
        ensure!(address == "/", "{address}");
        // The page's own server needs no question, whatever its spelling.
        alice.open(&page(scene, &format!("?server=WS://{host}/./ws%23"))).await?;
        alice.sees("that they are signed in", Look::is_signed_in).await?;
        ensure!(evil.connections() == 0, "nobody has agreed to it");
        tour.is_fine().await
    })
}

#[test]
fn firefox_asks_about_another_server_as_well() -> Played {
    play(1, async |scene| {
        let evil = HostileServer::start().await?;
        let alice = scene.join_as("alice", Join { kind: Kind::Firefox, ..Join::default() }).await?;
        alice.open(&page(scene, &evil.query())).await?;
        let look = alice.sees("the question", is_asked).await?;
        ensure!(look.other_server.as_deref() == Some(&*evil.url()), "{look}");
        ensure!(evil.connections() == 0, "it was connected to before anybody has pressed anything");
        alice.uses_other_server().await?;
        alice.tries_to_sign_in("alice").await?;
        evil.meets().await?.0.welcomes(&json!({"name": "alice", "session": "s"})).await?;
        alice.sees("that they are signed in", Look::is_signed_in).await?;
        alice.open(&page(scene, "")).await?;
        let look = alice.sees("the sign-in", |look| look.page() == "loginPage").await?;
        ensure!(look.name.is_empty(), "the name is of the other server: {look}");
        Ok(())
    })
}
