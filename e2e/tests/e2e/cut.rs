//! One page's way to the server is cut in a call, or falls silent, and comes back.

use anyhow::Result;
use e2e::{Person, Played, play, scene::call};
use tokio::try_join;

use crate::server_away::{another_path_is_found, is_a_call_like_any_other};

/// For how long the way is cut, in s.
const CUT: u64 = 20;

#[test]
fn a_call_outlives_a_way_to_the_server_that_is_cut() -> Played {
    play(2, async |scene| {
        let wire = scene.wire().await?;
        let (alice, bob) = scene.pair_in_call_over(&wire, "alice", "bob").await?;
        try_join!(alice.receives_media(), bob.receives_media())?;
        try_join!(alice.watches(), bob.watches())?;
        let begin = clock(&alice).await?;
        wire.cut();
        alice.sees("that the server is away", |look| look.banner.is_some()).await?;
        goes_by(&alice, begin).await?;
        wire.mend();
        alice.sees("that the server is back", |look| look.banner.is_none()).await?;
        have_watched(&alice, &bob).await?;
        is_a_call_like_any_other(&(alice, bob)).await
    })
}

#[test]
fn who_hangs_up_meanwhile_is_heard_when_the_way_is_back() -> Played {
    play(2, async |scene| {
        let wire = scene.wire().await?;
        let (alice, bob) = scene.pair_in_call_over(&wire, "alice", "bob").await?;
        for (first, second) in [(&alice, &bob), (&bob, &alice)] {
            wire.cut();
            alice.sees("that the server is away", |look| look.banner.is_some()).await?;
            first.hangs_up().await?;
            first.is_idle_because(&format!("ended-by-you: {}", second.name())).await?;
            // The other knows nothing of it, and looks for the path that is gone.
            second.sees("that it is mended", |look| look.phase() == "reconnecting").await?;
            wire.mend();
            second.is_idle_because(&format!("ended-by-peer: {}", first.name())).await?;
            call(&alice, &bob).await?;
        }
        Ok(())
    })
}

#[test]
fn a_call_outlives_a_way_to_the_server_that_falls_silent() -> Played {
    play(2, async |scene| {
        let wire = scene.wire().await?;
        let (alice, bob) = scene.pair_in_call_over(&wire, "alice", "bob").await?;
        try_join!(alice.receives_media(), bob.receives_media())?;
        try_join!(alice.watches(), bob.watches())?;
        let begin = clock(&alice).await?;
        wire.hold();
        goes_by(&alice, begin).await?;
        wire.mend();
        have_watched(&alice, &bob).await?;
        is_a_call_like_any_other(&(alice, bob)).await
    })
}

/// The network changes: the socket is still open, and nothing comes through it any more. The page gives it up and comes back
/// over another one, before the server has noticed anything.
#[test]
fn a_socket_that_lingers_does_not_keep_its_owner_out() -> Played {
    play(2, async |scene| {
        let wire = scene.wire().await?;
        let (alice, bob) = scene.pair_in_call_over(&wire, "alice", "bob").await?;
        try_join!(alice.receives_media(), bob.receives_media())?;
        wire.hold();
        alice.value::<()>("dispatchEvent(new Event('online'))").await?;
        // The attempt to open another socket is given up after 10 s.
        alice.sees("that the server is away", |look| look.banner.is_some()).await?;
        alice.is_in_call_with("bob").await?;
        wire.mend();
        alice.sees("that the server is back", |look| look.banner.is_none()).await?;
        another_path_is_found(&bob, &alice).await?;
        alice.hangs_up().await?;
        bob.is_idle_because("ended-by-peer: alice").await?;
        alice.sees("that they can call", |look| look.can_call).await?;
        Ok(())
    })
}

/// What the call's own clock shows, in s.
async fn clock(person: &Person) -> Result<u64> {
    Ok(person.look().await?.seconds().unwrap_or_default())
}

/// The time goes by for which the way is cut; the call's own clock counts it.
async fn goes_by(person: &Person, begin: u64) -> Result<()> {
    let until = begin + CUT;
    person.sees("that the time goes by", |look| look.seconds() >= Some(until)).await?;
    Ok(())
}

async fn have_watched(alice: &Person, bob: &Person) -> Result<()> {
    let (at_alice, at_bob) = try_join!(alice.watched(), bob.watched())?;
    at_alice.has_gone_on()?;
    at_bob.has_gone_on()
}
