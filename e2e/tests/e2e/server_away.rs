//! The server goes in the middle of a call, and comes back.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use e2e::{Join, Kind, Look, Person, Played, Scene, play, scene::call};
use tokio::try_join;

use crate::states::Tour;

#[test]
fn a_call_outlives_a_server_that_is_killed() -> Played {
    play(2, async |scene| {
        let tour = Tour::default();
        let pair = scene.pair_in_call("alice", "bob").await?;
        goes_on_without(scene, &pair, async |alice, bob| {
            scene.server().kill().await?;
            are_told(alice, bob).await?;
            // Pictures take a while, and the picture that comes in has to bear that.
            tour.look_at(alice, "in-call-server-away").await
        })
        .await?;
        is_a_call_like_any_other(&pair).await?;
        tour.is_fine().await
    })
}

#[test]
fn a_call_outlives_a_server_that_restarts() -> Played {
    play(2, async |scene| {
        let pair = scene.pair_in_call("alice", "bob").await?;
        goes_on_without(scene, &pair, async |alice, bob| {
            scene.server().stop().await?;
            are_told(alice, bob).await
        })
        .await?;
        is_a_call_like_any_other(&pair).await
    })
}

/// Without a roster the server believes nobody, or a stranger could say to be in the call as well. Both can call again.
#[test]
fn a_call_is_over_at_a_server_that_knows_nothing_any_more() -> Played {
    play(2, async |scene| {
        let (alice, bob) = scene.pair_in_call("alice", "bob").await?;
        scene.server().kill().await?;
        scene.server().forget()?;
        are_told(&alice, &bob).await?;
        scene.server().start_again().await?;
        try_join!(
            alice.is_idle_because("ended-by-peer: bob"),
            bob.is_idle_because("ended-by-peer: alice")
        )?;
        call(&bob, &alice).await
    })
}

#[test]
fn a_call_with_firefox_outlives_a_server_that_is_killed() -> Played {
    play(2, async |scene| {
        let firefox = Join { kind: Kind::Firefox, ..Join::default() };
        let (alice, bob) = try_join!(scene.signed_in("alice"), scene.join_as("bob", firefox))?;
        bob.sign_in().await?;
        call(&alice, &bob).await?;
        let pair = (alice, bob);
        goes_on_without(scene, &pair, async |alice, bob| {
            scene.server().kill().await?;
            are_told(alice, bob).await
        })
        .await?;
        let (alice, bob) = pair;
        bob.hangs_up().await?;
        alice.is_idle_because("ended-by-peer: bob").await?;
        Ok(())
    })
}

/// The relay goes with the server, and all that it gave: the call finds another path through the relay of the next one.
#[test]
fn a_relayed_call_outlives_a_server_that_is_killed() -> Played {
    play(2, async |scene| {
        let (alice, bob) = scene.pair("alice", "bob").await?;
        try_join!(alice.click("relayOnlyBtn"), bob.click("relayOnlyBtn"))?;
        call(&alice, &bob).await?;
        // The server is back before the browsers notice that nothing comes any more, and then when they have begun to look
        // for another path.
        for is_noticed in [false, true] {
            are_relayed(&alice, &bob).await?;
            let before = alice.path().await?;
            scene.server().kill().await?;
            are_told(&alice, &bob).await?;
            if is_noticed {
                alice.has_another_path_than(&before).await?;
            }
            scene.server().start_again().await?;
            alice.has_another_path_than(&before).await?;
            are_relayed(&alice, &bob).await?;
        }
        bob.hangs_up().await?;
        alice.is_idle_because("ended-by-peer: bob").await?;
        Ok(())
    })
}

/// Both see and hear each other by the relay, over the connection that the call began with.
async fn are_relayed(one: &Person, other: &Person) -> Result<()> {
    try_join!(one.receives_media(), other.receives_media())?;
    try_join!(one.is_in_call_with(other.name()), other.is_in_call_with(one.name()))?;
    for person in [one, other] {
        let route = person.route().await?;
        ensure!(route.starts_with("relay/"), "{}'s path is {route}", person.name());
        let built: usize = person.value("return e2eSpy.connections.length").await?;
        ensure!(built == 1, "{} has built {built} connections", person.name());
    }
    Ok(())
}

#[test]
fn who_hangs_up_while_the_server_is_away_is_heard_when_it_is_back() -> Played {
    play(2, async |scene| {
        let (alice, bob) = scene.pair_in_call("alice", "bob").await?;
        scene.server().kill().await?;
        are_told(&alice, &bob).await?;
        alice.hangs_up().await?;
        alice.is_idle_because("ended-by-you: bob").await?;
        scene.server().start_again().await?;
        bob.is_idle_because("ended-by-peer: alice").await?;
        alice.sees("that they can call", |look| look.can_call).await?;
        call(&bob, &alice).await
    })
}

#[test]
fn it_rings_on_when_the_server_is_killed() -> Played {
    play(2, async |scene| {
        let (alice, bob) = scene.pair("alice", "bob").await?;
        alice.calls("bob").await?;
        bob.is_rung_by("alice").await?;
        scene.server().kill().await?;
        are_told(&alice, &bob).await?;
        bob.answers().await?;
        scene.server().start_again().await?;
        try_join!(alice.is_in_call_with("bob"), bob.is_in_call_with("alice"))?;
        try_join!(alice.receives_media(), bob.receives_media())?;
        Ok(())
    })
}

/// The picture goes on at both ends while the server goes, is away, and comes back.
async fn goes_on_without(
    scene: &Scene,
    (alice, bob): &(Person, Person),
    go: impl AsyncFnOnce(&Person, &Person) -> Result<()>,
) -> Result<()> {
    try_join!(alice.receives_media(), bob.receives_media())?;
    try_join!(alice.watches(), bob.watches())?;
    go(alice, bob).await?;
    scene.server().start_again().await?;
    let is_back = |look: &Look| look.banner.is_none() && look.phase() == "in-call";
    try_join!(
        alice.sees("that the server is back", is_back),
        bob.sees("that the server is back", is_back)
    )?;
    let (at_alice, at_bob) = try_join!(alice.watched(), bob.watched())?;
    at_alice.has_gone_on()?;
    at_bob.has_gone_on()
}

/// Both pages know that the server is away, and the call goes on.
pub(crate) async fn are_told(alice: &Person, bob: &Person) -> Result<()> {
    let is_told = |look: &Look| look.banner.is_some();
    let (at_alice, at_bob) = try_join!(
        alice.sees("that the server is away", is_told),
        bob.sees("that the server is away", is_told)
    )?;
    ensure!(at_alice.phase() != "idle" && at_bob.phase() != "idle", "{at_alice} {at_bob}");
    Ok(())
}

/// Whatever can be done in a call can be done in this one.
pub(crate) async fn is_a_call_like_any_other((alice, bob): &(Person, Person)) -> Result<()> {
    alice.click("micBtn").await?;
    bob.sees("that alice's microphone is off", |look| look.remote_muted).await?;
    another_path_is_found(alice, bob).await?;
    bob.hangs_up().await?;
    try_join!(
        bob.is_idle_because("ended-by-you: alice"),
        alice.is_idle_because("ended-by-peer: bob")
    )?;
    call(bob, alice).await
}

/// ICE is restarted, which takes the server, as it is when a network changes.
pub(crate) async fn another_path_is_found(one: &Person, other: &Person) -> Result<()> {
    let before = other.path().await?;
    one.value::<()>("dispatchEvent(new Event('online'))").await?;
    other.has_another_path_than(&before).await?;
    try_join!(one.is_in_call_with(other.name()), other.is_in_call_with(one.name()))?;
    try_join!(one.receives_media(), other.receives_media())?;
    Ok(())
}

/// Where `performance.now` stands still in sleep, timers do as well, and only the wall clock goes on.
#[test]
fn who_wakes_from_sleep_notices_at_once_that_the_socket_is_dead() -> Played {
    play(1, async |scene| {
        let wire = scene.wire().await?;
        let alice = scene.join_as("alice", Join { query: wire.query(), ..Join::default() }).await?;
        alice.sign_in().await?;
        wire.hold();
        let before = Instant::now();
        alice
            .value::<()>("const now = Date.now; Date.now = () => now.call(Date) + 3600000")
            .await?;
        alice.becomes("return e2eSpy.sockets.length > 1").await?;
        // Of the 35 s that it takes else, some have passed since the page has heard anything.
        ensure!(before.elapsed() < Duration::from_secs(15), "it takes {:?}", before.elapsed());
        wire.mend();
        alice.sees("that they are signed in", |look| look.is_signed_in() && look.can_call).await?;
        Ok(())
    })
}
