//! What the browser's console says.

use e2e::{Played, play, scene::call};
use tokio::try_join;

#[test]
fn a_call_leaves_no_error_in_the_console() -> Played {
    play(2, async |scene| {
        let (alice, bob) = scene.pair("alice", "bob").await?;
        call(&alice, &bob).await?;
        try_join!(alice.receives_media(), bob.receives_media())?;
        alice.click("cameraBtn").await?;
        bob.sees("no picture", |look| !look.remote_picture).await?;
        alice.hangs_up().await?;
        try_join!(
            alice.is_idle_because("ended-by-you: bob"),
            bob.is_idle_because("ended-by-peer: alice")
        )?;
        bob.calls("alice").await?;
        alice.is_rung_by("bob").await?;
        alice.declines().await?;
        bob.is_idle_because("declined: alice").await?;
        bob.click("signOutBtn").await?;
        bob.sees("the sign-in", |look| look.page() == "loginPage").await?;
        for person in [&alice, &bob] {
            let errors = person.console_errors().await?;
            assert!(errors.is_empty(), "{}: {errors:#?}", person.name());
        }
        Ok(())
    })
}
