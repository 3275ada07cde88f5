//! The path of the media is not found, or breaks.

use std::time::Duration;

use anyhow::Result;
use e2e::{
    Look, Person, Played, play,
    scene::{Setting, play_in},
};
use tokio::try_join;

use crate::states::Tour;

/// No candidate of the other ever arrives, as behind a firewall that lets nothing through.
const NO_CANDIDATES: &str = r"RTCPeerConnection.prototype.addIceCandidate = async () => {};
    const set = RTCPeerConnection.prototype.setRemoteDescription;
    RTCPeerConnection.prototype.setRemoteDescription = function ({ type, sdp }) {
        return set.call(this, { type, sdp: sdp.replace(/^a=candidate:.*\r\n/gm, '') });
    }";

/// The relay is not reached, as behind a firewall that lets nothing through to it.
const NO_RELAY: &str = "const Connection = RTCPeerConnection;
    const none = (configuration) => ({ ...configuration, iceServers: [] });
    window.RTCPeerConnection = class extends Connection {
        constructor(configuration) { super(none(configuration)); }
        setConfiguration(configuration) { super.setConfiguration(none(configuration)); }
    }";

/// The browser goes from the network without a word.
const VANISH: &str = "e2eSpy.connections.at(-1).close()";

/// Looking for a new path takes as long as the page allows.
const NO_OFFERS: &str =
    "RTCPeerConnection.prototype.setLocalDescription = () => new Promise(() => {})";

/// A page looks for a path for 30 s.
const GIVEN_UP_WITHIN: Duration = Duration::from_secs(45);

#[test]
fn a_call_that_finds_no_path_says_so_on_both_sides() -> Played {
    finds_no_path(Setting::default(), "path-failed")
}

#[test]
fn a_call_that_finds_no_path_at_a_server_without_a_relay_says_what_is_missing() -> Played {
    let options = ["--relay", "off"].map(str::to_owned).to_vec();
    finds_no_path(Setting { options, ..Setting::default() }, "no-relay")
}

fn finds_no_path(setting: Setting, why: &str) -> Played {
    play_in(setting, 2, async |scene| {
        let tour = Tour::default();
        let (alice, bob) = scene.pair("alice", "bob").await?;
        try_join!(alice.value::<()>(NO_CANDIDATES), bob.value::<()>(NO_CANDIDATES))?;
        call_without_path(&alice, &bob).await?;
        tour.look_at(&alice, "connecting").await?;
        is_given_up(&alice, &bob).await?;
        let (at_alice, at_bob) = (format!("{why}: bob"), format!("{why}: alice"));
        try_join!(alice.is_idle_because(&at_alice), bob.is_idle_because(&at_bob))?;
        try_join!(alice.has_let_go(), bob.has_let_go())?;
        tour.look_at(&alice, &format!("idle-{why}")).await?;
        tour.is_fine().await
    })
}

#[test]
fn it_is_said_whose_network_was_in_the_way() -> Played {
    play(2, async |scene| {
        let tour = Tour::default();
        let (alice, bob) = scene.pair("alice", "bob").await?;
        try_join!(alice.value::<()>(NO_CANDIDATES), bob.value::<()>(NO_CANDIDATES))?;
        alice.value::<()>(NO_RELAY).await?;
        call_without_path(&alice, &bob).await?;
        is_given_up(&alice, &bob).await?;
        try_join!(
            alice.is_idle_because("relay-blocked-here: bob: UDP, TCP"),
            bob.is_idle_because("relay-blocked-there: alice")
        )?;
        try_join!(
            tour.look_at(&alice, "idle-relay-blocked-here"),
            tour.look_at(&bob, "idle-relay-blocked-there")
        )?;
        bob.value::<()>(NO_RELAY).await?;
        call_without_path(&alice, &bob).await?;
        is_given_up(&alice, &bob).await?;
        alice.is_idle_because("relay-blocked-both: bob: UDP, TCP").await?;
        tour.look_at(&alice, "idle-relay-blocked-both").await?;
        tour.is_fine().await
    })
}

async fn call_without_path(caller: &Person, callee: &Person) -> Result<()> {
    caller.calls(callee.name()).await?;
    callee.is_rung_by(caller.name()).await?;
    callee.answers().await?;
    caller.sees("that it connects", |look| look.phase() == "connecting").await?;
    Ok(())
}

/// Both pages look for a path as long as they do, which is as long as other things are waited for.
async fn is_given_up(alice: &Person, bob: &Person) -> Result<()> {
    let idle = |look: &Look| look.phase() == "idle";
    try_join!(
        alice.sees_within(GIVEN_UP_WITHIN, "that it is given up", idle),
        bob.sees_within(GIVEN_UP_WITHIN, "that it is given up", idle)
    )?;
    Ok(())
}

#[test]
fn a_path_that_breaks_is_looked_for_again() -> Played {
    play(2, async |scene| {
        let tour = Tour::default();
        let (alice, bob) = scene.pair_in_call("alice", "bob").await?;
        // The call stands before the camera of who answers is open.
        try_join!(alice.receives_media(), bob.receives_media())?;
        alice.value::<()>(NO_OFFERS).await?;
        bob.value::<()>(VANISH).await?;
        alice.sees("that it is mended", |look| look.phase() == "reconnecting").await?;
        tour.look_at(&alice, "reconnecting").await?;
        alice.hangs_up().await?;
        bob.is_idle_because("ended-by-peer: alice").await?;
        tour.is_fine().await
    })
}
