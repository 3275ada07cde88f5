//! The sign-in page, whatever the server says of how people sign in: here the browser says it in its place, so that moments
//! can be held that pass.

use anyhow::{Result, ensure};
use e2e::{Look, Person, Played, Scene, play};
use serde_json::{Value, json};

use crate::states::Tour;

const PROVIDERS: &str = r#"[{"id":"google","label":"Google"},{"id":"work","label":"The Long and Rather Respectable Company of Keepers of Keys"}]"#;

/// Where the name's field is.
const PLACE: &str =
    "const { left, top, width } = document.getElementById('usernameInput').getBoundingClientRect();
    return [left, top, width];";

/// Somebody whose page is told this in the place of the server's answer, as soon as it asks for it: `when` is the name of a
/// promise; with `back`, the server is away until `window.back` is true.
async fn joins(scene: &Scene, options: &str, when: &str) -> Result<Person> {
    let person = scene.join("alice").await?;
    let source = format!(
        "window.asked = [];
        window.late = new Promise((now) => {{ window.tell = now; }});
        window.now = Promise.resolve();
        const fetched = window.fetch;
        window.fetch = async (address, init) => {{
            if (!String(address).startsWith('auth/')) return fetched(address, init);
            window.asked.push(`${{init.method}} ${{address}}`);
            if ('{when}' === 'back' && !window.back) throw new TypeError('Failed to fetch');
            if (address === 'auth/ticket') return new Promise(() => {{}});
            if (address === 'auth/sign-out') return new Response(null, {{ status: 204 }});
            await window.{when};
            return new Response({options}, {{ status: 200 }});
        }};",
        options = Value::from(options)
    );
    person.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": source })).await?;
    person.reload().await?;
    person.sees("the sign-in", |look| look.page() == "loginPage").await?;
    Ok(person)
}

fn entry(wanted: &str) -> impl Fn(&Look) -> bool {
    move |look| look.entry.as_deref() == Some(wanted)
}

#[test]
fn long_labels_and_every_way_in_can_be_used() -> Played {
    play(1, async |scene| {
        let tour = Tour::default();
        for (user, guests, wanted, state) in [
            ("", true, "guest", "sign-in-long-label"),
            ("", false, "provider", "sign-in-long-label-no-guests"),
            (
                r#","user":{"provider":"google"},"suggested":"alice""#,
                true,
                "naming",
                "sign-in-name",
            ),
            (r#","user":{"provider":"work","name":"alice"}"#, true, "known", "sign-in-known"),
        ] {
            let options = format!(r#"{{"guests":{guests},"providers":{PROVIDERS}{user}}}"#);
            let alice = joins(scene, &options, "now").await?;
            alice.sees(wanted, entry(wanted)).await?;
            tour.look_at(&alice, state).await?;
        }
        tour.is_fine().await
    })
}

#[test]
fn nothing_moves_under_somebody_who_types() -> Played {
    play(1, async |scene| {
        let tour = Tour::default();
        let options = format!(r#"{{"guests":true,"providers":{PROVIDERS}}}"#);
        let alice = joins(scene, &options, "late").await?;
        alice.write("usernameInput", "ali").await?;
        let before: [f64; 3] = alice.value(PLACE).await?;
        alice.value::<()>("window.tell()").await?;
        let look = alice.sees("the providers", |look| look.providers.len() == 2).await?;
        let after: [f64; 3] = alice.value(PLACE).await?;
        ensure!(before == after, "the field went from {before:?} to {after:?}");
        ensure!((&*look.name, &*look.focus) == ("ali", "usernameInput"), "{look}");
        tour.look_at(&alice, "sign-in-providers-late").await?;
        tour.is_fine().await
    })
}

#[test]
fn a_server_that_was_away_is_asked_again() -> Played {
    const TIMES: &str = "return window.asked.length";
    play(1, async |scene| {
        let tour = Tour::default();
        let options = format!(r#"{{"guests":true,"providers":{PROVIDERS}}}"#);
        let alice = joins(scene, &options, "back").await?;
        alice.write("usernameInput", "ali").await?;
        let before: [f64; 3] = alice.value(PLACE).await?;
        until_asked(&alice, 3).await?;
        alice.value::<()>("window.back = true").await?;
        let look = alice.sees("the providers", |look| look.providers.len() == 2).await?;
        let after: [f64; 3] = alice.value(PLACE).await?;
        ensure!(before == after, "the field went from {before:?} to {after:?}");
        ensure!((&*look.name, &*look.focus) == ("ali", "usernameInput"), "{look}");
        let asked: usize = alice.value(TIMES).await?;
        alice.value::<()>("dispatchEvent(new Event('online'))").await?;
        // A guest gets in as ever, and finds the links in their place afterwards.
        alice.write("usernameInput", "alice").await?;
        alice.click("loginBtn").await?;
        alice.sees("that they are signed in", Look::is_signed_in).await?;
        alice.click("signOutBtn").await?;
        alice.sees("the providers", |look| look.providers.len() == 2).await?;
        ensure!(alice.value::<usize>(TIMES).await? == asked, "it was answered");

        // Who does nothing is not to have the button move from under their finger, on a phone either.
        alice.dress((360, 740), "light").await?;
        alice.reload().await?;
        let look = alice.sees("the sign-in", |look| look.page() == "loginPage").await?;
        ensure!(look.providers.is_empty(), "{look}");
        let before: [f64; 3] = alice.value(PLACE).await?;
        until_asked(&alice, 4).await?;
        alice.value::<()>("window.back = true; dispatchEvent(new Event('online'))").await?;
        alice.sees("the providers", |look| look.providers.len() == 2).await?;
        let after: [f64; 3] = alice.value(PLACE).await?;
        ensure!(before == after, "the field went from {before:?} to {after:?}");
        tour.look_at(&alice, "sign-in-server-back").await?;
        tour.is_fine().await
    })
}

async fn until_asked(person: &Person, times: usize) -> Result<()> {
    let source = format!(
        "new Promise((done) => {{
            const look = (left) => {{
                if (window.asked.length >= {times} || left === 0) done(window.asked.length);
                else setTimeout(look, 50, left - 1);
            }};
            look(400);
        }})"
    );
    let asked: usize = person.promised(&source).await?;
    ensure!(asked >= times, "it was asked {asked} times");
    Ok(())
}

#[test]
fn another_server_than_the_pages_own_is_not_asked() -> Played {
    play(1, async |scene| {
        let options = format!(r#"{{"guests":true,"providers":{PROVIDERS}}}"#);
        let alice = joins(scene, &options, "now").await?;
        let asked: Vec<String> = alice.value("return window.asked").await?;
        ensure!(asked == ["GET auth/options"], "{asked:?}");
        // The same server by another way is another one.
        let (origin, wire) = (scene.server().origin(None), scene.wire().await?);
        alice.open(&format!("{origin}/{}", wire.query())).await?;
        alice.uses_other_server().await?;
        alice.sign_in().await?;
        let asked: Vec<String> = alice.value("return window.asked").await?;
        ensure!(asked.is_empty(), "{asked:?}");
        Ok(())
    })
}
