//! The call, from the first ring to the next call.

use anyhow::Result;
use e2e::{Person, Played, play, scene::call};
use tokio::try_join;

#[test]
fn two_call_each_other_and_see_and_hear() -> Played {
    play(2, async |scene| {
        let (alice, bob) = scene.pair("alice", "bob").await?;
        try_join!(alice.is_heard(false), bob.is_heard(false))?;
        rings_on_both_sides(&alice, &bob).await?;
        bob.answers().await?;
        try_join!(alice.is_in_call_with("bob"), bob.is_in_call_with("alice"))?;
        for person in [&alice, &bob] {
            assert_eq!(person.look().await?.ring, None);
            assert_eq!(person.tones().await?, 0);
            person.is_heard(false).await?;
        }
        try_join!(alice.receives_media(), bob.receives_media())?;
        try_join!(time_runs(&alice), time_runs(&bob))?;
        microphone_is_seen_to_be_off(&bob, &alice).await?;
        camera_is_given_back_and_opened_again(&alice, &bob).await?;

        alice.hangs_up().await?;
        let (at_alice, at_bob) = try_join!(
            alice.is_idle_because("ended-by-you: bob"),
            bob.is_idle_because("ended-by-peer: alice")
        )?;
        for look in [at_alice, at_bob] {
            assert!(look.can_call && !look.own_picture && look.missed.is_empty(), "{look:#?}");
        }

        call(&bob, &alice).await?;
        try_join!(alice.receives_media(), bob.receives_media())?;
        bob.hangs_up().await?;
        try_join!(
            bob.is_idle_because("ended-by-you: alice"),
            alice.is_idle_because("ended-by-peer: bob")
        )?;
        Ok(())
    })
}

async fn rings_on_both_sides(alice: &Person, bob: &Person) -> Result<()> {
    alice.calls("bob").await?;
    bob.is_rung_by("alice").await?;
    let at_alice = alice
        .sees("that it rings at bob's", |look| {
            look.phase() == "calling" && look.status() == "ringing-there: bob"
        })
        .await?;
    assert_eq!(at_alice.ring.as_deref(), Some("outgoing"));
    assert!(at_alice.own_picture, "who calls sees themselves");
    let at_bob = bob.sees("that it rings", |look| look.phase() == "ringing").await?;
    assert_eq!(at_bob.ring.as_deref(), Some("incoming"));
    assert_eq!(at_bob.title, "alice is calling · Pronto");
    assert_eq!(at_alice.title, "Calling bob · Pronto");
    assert!(bob.tracks().await?.is_empty(), "nothing is opened before the call is answered");
    for person in [alice, bob] {
        assert_eq!(person.tones().await?, 1, "{} hears it ring", person.name());
        person.is_heard(true).await?;
    }
    Ok(())
}

async fn time_runs(person: &Person) -> Result<()> {
    let begin = person.sees("a duration", |look| look.seconds().is_some()).await?.seconds();
    person.sees("that time goes by", |look| look.seconds() > begin).await?;
    Ok(())
}

async fn microphone_is_seen_to_be_off(speaker: &Person, listener: &Person) -> Result<()> {
    speaker.click("micBtn").await?;
    speaker.sees("that the own microphone is off", |look| look.microphone_off).await?;
    listener.sees("that the other microphone is off", |look| look.remote_muted).await?;
    speaker.click("micBtn").await?;
    listener.sees("that the other microphone is on", |look| !look.remote_muted).await?;
    speaker.sees("that the own microphone is on", |look| !look.microphone_off).await?;
    Ok(())
}

async fn camera_is_given_back_and_opened_again(shown: &Person, viewer: &Person) -> Result<()> {
    let name = Some(shown.name().to_owned());
    shown.click("cameraBtn").await?;
    shown.sees("that the own camera is off", |look| look.camera_off && !look.own_picture).await?;
    shown.has_camera(false).await?;
    viewer
        .sees("a placeholder", |look| !look.remote_picture && look.remote_placeholder == name)
        .await?;
    viewer.receives_sound().await?;

    shown.click("cameraBtn").await?;
    shown.sees("the own picture", |look| !look.camera_off && look.own_picture).await?;
    shown.has_camera(true).await?;
    viewer.sees("the other picture", |look| look.remote_picture).await?;
    viewer.receives_media().await?;
    Ok(())
}
