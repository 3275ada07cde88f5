//! Somebody or something is gone.

use std::time::Duration;

use anyhow::Result;
use e2e::{Look, Person, Played, Scene, play, scene::call};
use protocol::limits::RELOAD_PERIOD;
use tokio::try_join;

/// The server knows at once. Browsers notice after 5 s at the earliest that nothing comes any more.
const TOLD_WITHIN: Duration = Duration::from_secs(3);

#[test]
fn a_closed_tab_ends_the_call_with_a_reason() -> Played {
    play(2, async |scene| {
        let (alice, bob) = scene.pair_in_call("alice", "bob").await?;
        bob.close_tab().await?;
        alice
            .sees_within(TOLD_WITHIN, "that bob's page is gone", |look| {
                look.status() == "peer-away: bob" && look.phase() == "reconnecting"
            })
            .await?;
        // His last picture is not taken for him.
        alice
            .becomes("return getComputedStyle(document.getElementById('remoteVideo')).filter.includes('brightness')")
            .await?;
        // A page that is loaded anew would be back by then.
        let patience = RELOAD_PERIOD + Duration::from_secs(5);
        alice.sees_within(patience, "that it is over", |look| look.phase() == "idle").await?;
        let look = alice.is_idle_because("peer-gone: bob").await?;
        assert!(look.can_call_again);
        Ok(())
    })
}

#[test]
fn a_tab_closed_while_it_rings_ends_the_ringing() -> Played {
    play(2, async |scene| {
        let (alice, bob) = scene.pair("alice", "bob").await?;
        alice.calls("bob").await?;
        bob.is_rung_by("alice").await?;
        alice.close_tab().await?;
        assert_eq!(bob.is_idle_because("missed: alice").await?.missed, ["alice"]);
        Ok(())
    })
}

#[test]
fn pages_come_back_when_the_server_restarts() -> Played {
    play(2, async |scene| {
        let people = scene.pair("alice", "bob").await?;
        scene.server().stop().await?;
        come_back_and_call(scene, people).await
    })
}

#[test]
fn pages_come_back_when_the_server_crashes() -> Played {
    play(2, async |scene| {
        let people = scene.pair("alice", "bob").await?;
        scene.server().kill().await?;
        come_back_and_call(scene, people).await
    })
}

async fn come_back_and_call(scene: &Scene, (alice, bob): (Person, Person)) -> Result<()> {
    let is_told =
        |look: &Look| look.page() == "callPage" && look.banner.is_some() && !look.can_call;
    try_join!(
        alice.sees("that the server is gone", is_told),
        bob.sees("that the server is gone", is_told)
    )?;
    scene.server().start_again().await?;
    let is_back = |look: &Look| look.is_signed_in() && look.banner.is_none() && look.can_call;
    try_join!(
        alice.sees("that the server is back", is_back),
        bob.sees("that the server is back", is_back)
    )?;
    call(&alice, &bob).await?;
    try_join!(alice.receives_media(), bob.receives_media())?;
    Ok(())
}

#[test]
fn a_server_that_is_away_at_the_sign_in_is_waited_for() -> Played {
    play(1, async |scene| {
        let alice = scene.join("alice").await?;
        alice.sees("the sign-in", |look| look.page() == "loginPage").await?;
        scene.server().kill().await?;
        alice.tries_to_sign_in("alice").await?;
        let look = alice
            .sees("when it is tried again", |look| {
                look.banner.as_deref().is_some_and(|banner| banner.starts_with("server-retry: "))
            })
            .await?;
        assert!(look.can_retry && look.page() == "loginPage", "{look:#?}");
        // Later the pauses are so long that waiting for the next attempt would show.
        alice
            .sees("a pause of some seconds", |look| {
                let banner = look.banner.as_deref().unwrap_or_default();
                let seconds = banner.strip_prefix("server-retry: ").and_then(|s| s.parse().ok());
                seconds.is_some_and(|seconds: u64| seconds >= 4)
            })
            .await?;
        scene.server().start_again().await?;
        alice.click("retryNowBtn").await?;
        alice.sees("that they are signed in", Look::is_signed_in).await?;
        Ok(())
    })
}
