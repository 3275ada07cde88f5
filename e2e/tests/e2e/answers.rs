//! What becomes of a call before it is one.

use std::time::Duration;

use anyhow::Result;
use e2e::{Person, Played, play, scene::call};
use protocol::limits::RING_TIMEOUT;
use tokio::try_join;

#[test]
fn a_declined_call_ends_on_both_sides() -> Played {
    play(2, async |scene| {
        let (alice, bob) = scene.pair("alice", "bob").await?;
        alice.calls("bob").await?;
        bob.is_rung_by("alice").await?;
        bob.declines().await?;
        let (at_alice, at_bob) = try_join!(
            alice.is_idle_because("declined: bob"),
            bob.is_idle_because("declined-by-you: alice")
        )?;
        assert!(at_alice.can_call_again);
        assert!(!at_bob.can_call_again);
        assert!(at_bob.missed.is_empty(), "who declines has missed nothing");
        Ok(())
    })
}

#[test]
fn a_cancelled_call_is_a_missed_one_and_can_be_returned() -> Played {
    play(2, async |scene| {
        let (alice, bob) = scene.pair("alice", "bob").await?;
        alice.calls("bob").await?;
        bob.is_rung_by("alice").await?;
        alice.hangs_up().await?;
        let (at_bob, _) = try_join!(
            bob.is_idle_because("missed: alice"),
            alice.is_idle_because("cancelled-by-you: bob")
        )?;
        assert_eq!(at_bob.missed, ["alice"]);
        assert!(at_bob.can_call_again);

        bob.hears("document.querySelector('#missedList [data-action=call]')").await?;
        bob.value::<()>("document.querySelector('#missedList [data-action=call]').click()").await?;
        alice.is_rung_by("bob").await?;
        alice.answers().await?;
        try_join!(alice.is_in_call_with("bob"), bob.is_in_call_with("alice"))?;
        try_join!(alice.receives_media(), bob.receives_media())?;
        Ok(())
    })
}

#[test]
fn whoever_calls_into_a_call_is_told_that_it_is_busy() -> Played {
    play(3, async |scene| {
        let ((alice, bob), carol) =
            try_join!(scene.pair_in_call("alice", "bob"), scene.signed_in("carol"))?;
        for callee in [&alice, &bob] {
            carol.calls(callee.name()).await?;
            let reason = format!("busy: {}", callee.name());
            assert!(carol.is_idle_because(&reason).await?.can_call_again);
        }
        // The call that stands has not noticed.
        try_join!(alice.is_in_call_with("bob"), bob.is_in_call_with("alice"))?;
        try_join!(alice.receives_media(), bob.receives_media())?;

        bob.hangs_up().await?;
        alice.is_idle_because("ended-by-peer: bob").await?;
        carol.click("callAgainBtn").await?;
        bob.is_rung_by("carol").await?;
        Ok(())
    })
}

#[test]
fn nobody_answers() -> Played {
    play(2, async |scene| {
        let (alice, bob) = scene.pair("alice", "bob").await?;
        alice.calls("bob").await?;
        bob.is_rung_by("alice").await?;
        let patience = RING_TIMEOUT + Duration::from_secs(10);
        alice.sees_within(patience, "that nobody answers", |look| look.phase() == "idle").await?;
        let (at_alice, at_bob) = try_join!(
            alice.is_idle_because("no-answer: bob"),
            bob.is_idle_because("missed: alice")
        )?;
        assert!(at_alice.can_call_again);
        assert_eq!(at_bob.missed, ["alice"]);
        Ok(())
    })
}

#[test]
fn who_answers_without_camera_is_heard_and_can_be_seen_later() -> Played {
    play(2, async |scene| {
        let (alice, bob) = scene.pair("alice", "bob").await?;
        alice.calls("bob").await?;
        bob.is_rung_by("alice").await?;
        bob.click("acceptAudioBtn").await?;
        try_join!(alice.is_in_call_with("bob"), bob.is_in_call_with("alice"))?;
        alice
            .sees("a placeholder for bob's picture", |look| {
                !look.remote_picture && look.remote_placeholder.as_deref() == Some("bob")
            })
            .await?;
        try_join!(alice.receives_sound(), bob.receives_media())?;
        assert!(bob.tracks().await?.iter().all(|track| track.kind == "audio"));

        bob.click("cameraBtn").await?;
        alice.sees("bob's picture", |look| look.remote_picture).await?;
        bob.sees("their own picture", |look| look.own_picture).await?;
        alice.receives_media().await?;
        Ok(())
    })
}

#[test]
fn two_who_call_each_other_at_once_are_in_one_call() -> Played {
    play(2, async |scene| {
        let (alice, bob) = scene.pair("alice", "bob").await?;
        alice.write("callToUsernameInput", "bob").await?;
        bob.write("callToUsernameInput", "alice").await?;
        const BUTTON: &str = "document.getElementById('callBtn')";
        try_join!(alice.hears(BUTTON), bob.hears(BUTTON))?;
        // Whoever is rung already does not call any more.
        let press = format!("if ({BUTTON}.checkVisibility()) {BUTTON}.click()");
        try_join!(alice.value::<()>(&press), bob.value::<()>(&press))?;
        try_join!(gets_through_to(&alice, "bob"), gets_through_to(&bob, "alice"))?;
        try_join!(alice.receives_media(), bob.receives_media())?;
        assert_eq!(alice.open_connections().await?, 1);
        assert_eq!(bob.open_connections().await?, 1);

        alice.hangs_up().await?;
        try_join!(
            alice.is_idle_because("ended-by-you: bob"),
            bob.is_idle_because("ended-by-peer: alice")
        )?;
        call(&bob, &alice).await
    })
}

/// Comes into the call. Offers that cross are answered by themselves; whoever had not sent theirs yet is asked.
async fn gets_through_to(person: &Person, peer: &str) -> Result<()> {
    let what = "a call, or that it rings";
    let look = person.sees(what, |look| look.can_answer || look.phase() == "in-call").await?;
    if look.can_answer {
        person.answers().await?;
    }
    person.is_in_call_with(peer).await
}
