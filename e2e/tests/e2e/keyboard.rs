//! Everything by keyboard.

use anyhow::{Result, bail};
use e2e::{Look, Person, Played, play};
use thirtyfour::Key;
use tokio::try_join;

/// More presses of Tab than the page has places to stop at.
const ALL_STOPS: usize = 25;

#[test]
fn a_call_needs_no_mouse() -> Played {
    play(2, async |scene| {
        let (alice, bob) = try_join!(signs_in(scene, "alice"), signs_in(scene, "bob"))?;

        // Whatever Bob is doing, the next key must not answer.
        bob.press("caro").await?;
        alice.press("bob").await?;
        enter(&alice).await?;
        has_focus(&bob, "incomingCall").await?;
        has_focus(&alice, "callControls").await?;
        tab_to(&bob, "acceptBtn").await?;
        enter(&bob).await?;
        try_join!(alice.is_in_call_with("bob"), bob.is_in_call_with("alice"))?;
        has_focus(&bob, "callControls").await?;

        tab_to(&bob, "micBtn").await?;
        space(&bob).await?;
        alice.sees("that the other microphone is off", |look| look.remote_muted).await?;
        has_focus(&bob, "micBtn").await?;
        tab_to(&bob, "cameraBtn").await?;
        space(&bob).await?;
        alice.sees("no picture", |look| !look.remote_picture).await?;

        // The same by a key of its own, wherever the focus is.
        bob.press("v").await?;
        alice.sees("the picture again", |look| look.remote_picture).await?;
        bob.press("m").await?;
        alice.sees("that the other microphone is on", |look| !look.remote_muted).await?;
        has_focus(&bob, "cameraBtn").await?;

        tab_to(&bob, "hangUpBtn").await?;
        enter(&bob).await?;
        try_join!(
            bob.is_idle_because("ended-by-you: alice"),
            alice.is_idle_because("ended-by-peer: bob")
        )?;
        // The reason is read out, and the next call is the next key.
        has_focus(&alice, "notice").await?;
        tab_to(&alice, "callAgainBtn").await?;
        enter(&alice).await?;
        bob.is_rung_by("alice").await?;
        has_focus(&bob, "incomingCall").await?;
        tab_to(&bob, "declineBtn").await?;
        enter(&bob).await?;
        alice.is_idle_because("declined: bob").await?;
        tab_to(&alice, "callAgainBtn").await?;
        enter(&alice).await?;
        bob.is_rung_by("alice").await?;
        bob.hears("document.getElementById('declineBtn')").await?;
        bob.press(String::from(Key::Escape.value())).await?;
        alice.is_idle_because("declined: bob").await?;
        Ok(())
    })
}

async fn signs_in(scene: &e2e::Scene, name: &str) -> Result<Person> {
    let person = scene.join(name).await?;
    person.sees("the sign-in", |look| look.page() == "loginPage").await?;
    has_focus(&person, "usernameInput").await?;
    person.press(name).await?;
    enter(&person).await?;
    person.sees("that they are signed in", Look::is_signed_in).await?;
    has_focus(&person, "callToUsernameInput").await?;
    Ok(person)
}

async fn enter(person: &Person) -> Result<()> {
    // What a key in a field presses is the button of its form.
    person.hears("(document.activeElement.form?.querySelector('[type=submit]') ?? document.activeElement)").await?;
    person.press(String::from(Key::Enter.value())).await
}

async fn space(person: &Person) -> Result<()> {
    person.hears("document.activeElement").await?;
    person.press(" ").await
}

async fn has_focus(person: &Person, id: &str) -> Result<()> {
    person.sees(&format!("the focus on #{id}"), |look| look.focus == id).await?;
    Ok(())
}

/// Presses Tab until the focus is there.
async fn tab_to(person: &Person, id: &str) -> Result<()> {
    let mut stops = Vec::new();
    for _ in 0..ALL_STOPS {
        let focus = person.look().await?.focus;
        if focus == id {
            return Ok(());
        }
        stops.push(focus);
        person.press(String::from(Key::Tab.value())).await?;
    }
    bail!("Tab does not lead to #{id}, but to {stops:?}")
}
