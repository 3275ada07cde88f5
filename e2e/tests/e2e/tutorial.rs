//! The tutorial's page calls ours over our server, and ours call each other over the tutorial's.

use anyhow::{Result, ensure};
use e2e::{
    Join, Person, Played, Scene, play,
    scene::call,
    tutorial::{TutorialPage, TutorialServer},
};
use tokio::try_join;

#[test]
fn the_tutorials_page_calls_ours() -> Played {
    play(2, async |scene| {
        let page = TutorialPage::start().await?;
        let server = format!("ws://{}", scene.server().address());
        let (legacy, alice) =
            try_join!(page.join(scene, "legacy", &server), scene.signed_in("alice"))?;
        legacy.calls("alice").await?;
        alice.is_rung_by("legacy").await?;
        alice.answers().await?;
        alice.is_in_call_with("legacy").await?;
        try_join!(legacy.browser().receives_media(), alice.receives_media())?;
        legacy.hangs_up().await?;
        alice.is_idle_because("ended-by-peer: legacy").await?;
        legacy.has_ended().await
    })
}

#[test]
fn our_page_calls_the_tutorials() -> Played {
    play(2, async |scene| {
        let page = TutorialPage::start().await?;
        let server = format!("ws://{}", scene.server().address());
        let (legacy, alice) =
            try_join!(page.join(scene, "legacy", &server), scene.signed_in("alice"))?;
        alice.calls("legacy").await?;
        alice.is_in_call_with("legacy").await?;
        try_join!(legacy.browser().receives_media(), alice.receives_media())?;
        alice.hangs_up().await?;
        alice.is_idle_because("ended-by-you: legacy").await?;
        legacy.has_ended().await
    })
}

#[test]
fn our_pages_call_each_other_over_the_tutorials_server() -> Played {
    play(2, async |scene| {
        let server = TutorialServer::start().await?;
        let (alice, bob) = try_join!(over(scene, &server, "alice"), over(scene, &server, "bob"))?;
        call(&alice, &bob).await?;
        try_join!(alice.receives_media(), bob.receives_media())?;
        alice.hangs_up().await?;
        try_join!(
            alice.is_idle_because("ended-by-you: bob"),
            bob.is_idle_because("ended-by-peer: alice")
        )?;

        bob.calls("alice").await?;
        alice.is_rung_by("bob").await?;
        alice.declines().await?;
        alice.is_idle_because("declined-by-you: bob").await?;
        bob.sees("that it is over", |look| look.phase() == "idle").await?;
        bob.has_let_go().await?;

        call(&bob, &alice).await?;
        try_join!(alice.receives_media(), bob.receives_media())?;
        bob.close_tab().await?;
        alice.sees("that it is over", |look| look.phase() == "idle").await?;
        alice.has_let_go().await?;
        ensure!(!server.has_crashed(), "our page has brought the tutorial's server down");
        Ok(())
    })
}

async fn over(scene: &Scene, server: &TutorialServer, name: &str) -> Result<Person> {
    let query = format!("?server={}", server.url());
    let person = scene.join_as(name, Join { query, ..Join::default() }).await?;
    person.sign_in().await?;
    Ok(person)
}
