//! How long setting up a call takes is measured: by the page itself, and by the command that compares it.

use anyhow::ensure;
use e2e::{
    Join, Person, Played, play,
    scene::{Failure, call},
    setup_times::{Contestant, measure},
    wait::{PATIENCE, until},
};
use serde::Deserialize;
use tokio::try_join;

use crate::states::Tour;

#[test]
fn set_up_times_are_measured_beside_another_page() -> Result<(), Failure> {
    let page = include_str!("../../src/tutorial/page.html");
    let table = measure(1, Some(page))?;
    assert_eq!((table.calls(Contestant::Pronto), table.calls(Contestant::Tutorial)), (1, 1));
    Ok(())
}

/// Notes what the page looks like when it says something, whether it looks for devices, and when all its addresses are found.
const WATCH: &str = "
    const page = document.getElementById('callPage');
    const seen = window.seen = { looked: 0, gathered: false };
    const { send } = WebSocket.prototype;
    WebSocket.prototype.send = function (text) {
        seen[JSON.parse(text).type] ??= page.dataset.phase;
        return send.call(this, text);
    };
    const devices = MediaDevices.prototype, { enumerateDevices } = devices;
    devices.enumerateDevices = function () {
        seen.looked += 1;
        return enumerateDevices.call(this);
    };
    const connection = RTCPeerConnection.prototype, { setLocalDescription } = connection;
    connection.setLocalDescription = function (...description) {
        this.addEventListener('icegatheringstatechange', () => {
            seen.gathered = this.iceGatheringState === 'complete';
        });
        return setLocalDescription.apply(this, description);
    };
    return true;";

/// What the page looked like when it said something.
#[derive(Debug, Deserialize)]
struct Seen {
    looked: u32,
    gathered: bool,
    answer: Option<String>,
    candidate: Option<String>,
}

#[test]
fn what_accepting_brings_about_comes_before_the_page_is_drawn_anew() -> Played {
    play(2, async |scene| {
        let (alice, bob) = try_join!(scene.join("alice"), scene.join("bob"))?;
        try_join!(alice.sign_in(), bob.sign_in())?;
        for person in [&alice, &bob] {
            ensure!(person.value::<bool>(WATCH).await?);
        }
        let seen = async |person: &Person| person.value::<Seen>("return seen").await;
        alice.calls("bob").await?;
        bob.is_rung_by("alice").await?;
        let prepared = until(PATIENCE, async || {
            let (caller, callee) = try_join!(seen(&alice), seen(&bob))?;
            Ok((caller.gathered && callee.gathered && callee.looked > 0).then_some(()))
        });
        ensure!(prepared.await?.is_some(), "{:?}", try_join!(seen(&alice), seen(&bob))?);
        bob.answers().await?;
        try_join!(alice.is_in_call_with("bob"), bob.is_in_call_with("alice"))?;
        let (caller, callee) = try_join!(seen(&alice), seen(&bob))?;
        ensure!(caller.candidate.as_deref() == Some("calling"), "{caller:?}");
        ensure!(callee.answer.as_deref() == Some("ringing"), "{callee:?}");
        Ok(())
    })
}

#[test]
fn the_page_measures_itself_and_shows_it_to_who_asks() -> Played {
    play(2, async |scene| {
        let debug = || Join { query: "?debug".to_owned(), ..Join::default() };
        let (alice, bob) = try_join!(scene.join_as("alice", debug()), scene.join("bob"))?;
        try_join!(alice.sign_in(), bob.sign_in())?;
        call(&alice, &bob).await?;
        try_join!(alice.receives_media(), bob.receives_media())?;
        let shown = "return ['debugRinging', 'debugPicture'].every((id) => {
            const slot = document.getElementById(id);
            return slot.checkVisibility() && /^[0-9]+$/.test(slot.textContent);
        })";
        alice.becomes(shown).await?;
        let hidden: bool = bob.value("return document.getElementById('debugPanel').hidden").await?;
        ensure!(hidden, "nobody asked for it");
        let entries = async |person: &Person| {
            let script = "return performance.getEntriesByType('measure').map(({ name }) => name)";
            person.value::<Vec<String>>(script).await
        };
        let (caller, callee) = try_join!(entries(&alice), entries(&bob))?;
        ensure!(caller == ["pronto.ringing", "pronto.picture"], "{caller:?}");
        ensure!(callee == ["pronto.picture"], "{callee:?}");
        let tour = Tour::default();
        tour.look_at(&alice, "in-call-debug").await?;
        tour.is_fine().await?;
        Ok(())
    })
}

/// Keeps the devices from being opened until `release` is called, and notes when what happens, in ms.
const HOLD: &str = "
    const page = document.getElementById('callPage'), video = document.getElementById('remoteVideo');
    const held = window.held = { silent: null, played: null, drawn: null };
    new MutationObserver(() => {
        if (page.dataset.phase !== 'ringing') held.drawn ??= performance.now();
    }).observe(page, { attributes: true, attributeFilter: ['data-phase'] });
    const source = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, 'srcObject');
    Object.defineProperty(video, 'srcObject', {
        get() { return source.get.call(this); },
        set(stream) {
            if (stream) held.played ??= performance.now();
            source.set.call(this, stream);
        },
    });
    const tone = AudioScheduledSourceNode.prototype, { stop } = tone;
    tone.stop = function () {
        held.silent ??= performance.now();
        return stop.call(this);
    };
    const devices = MediaDevices.prototype, { getUserMedia } = devices;
    const released = new Promise((release) => { window.release = release; });
    devices.getUserMedia = async function (wanted) {
        await released;
        return getUserMedia.call(this, wanted);
    };
    return true;";

/// What [`HOLD`] notes.
#[derive(Debug, Deserialize)]
struct Held {
    silent: Option<f64>,
    played: Option<f64>,
    drawn: Option<f64>,
}

/// The browser has better to do; but it is no more than a moment, however long the devices take.
#[test]
fn the_page_is_drawn_a_moment_after_the_accepting() -> Played {
    const AT_LEAST: f64 = 85.0;
    play(2, async |scene| {
        let (alice, bob) = scene.pair("alice", "bob").await?;
        alice.calls("bob").await?;
        bob.is_rung_by("alice").await?;
        ensure!(bob.value::<bool>(HOLD).await?);
        bob.answers().await?;
        let held = async || bob.value::<Held>("return held").await;
        until(PATIENCE, async || Ok(held().await?.drawn)).await?;
        let held = held().await?;
        // The ring tone stops before, and what comes of the peer's is played, though not seen.
        for earlier in [held.silent, held.played] {
            let wait = held.drawn.zip(earlier).map(|(drawn, earlier)| drawn - earlier);
            ensure!(wait.is_some_and(|wait| wait >= AT_LEAST), "{held:?}");
        }
        bob.value::<Option<()>>("release(); return null").await?;
        try_join!(alice.receives_media(), bob.receives_media())?;
        Ok(())
    })
}

/// Notes what begins to move or to change its looks on the stage, but for the buttons that lie under the pointer.
const WATCH_STAGE: &str = "
    window.moved = [];
    for (const kind of ['animationstart', 'transitionrun']) {
        document.addEventListener(kind, ({ target, propertyName, animationName }) => {
            if (target.closest('.stage') && !target.closest('.controls')) {
                moved.push(`${target.className}: ${propertyName ?? animationName}`);
            }
        });
    }
    return true;";

#[test]
fn nothing_moves_while_a_call_is_being_connected() -> Played {
    play(2, async |scene| {
        let (alice, bob) = scene.pair("alice", "bob").await?;
        alice.calls("bob").await?;
        bob.is_rung_by("alice").await?;
        alice.sees("their own picture", |look| look.own_picture).await?;
        for person in [&alice, &bob] {
            ensure!(person.value::<bool>(WATCH_STAGE).await?);
        }
        bob.answers().await?;
        try_join!(alice.receives_media(), bob.receives_media())?;
        for person in [&alice, &bob] {
            let moved: Vec<String> = person.value("return moved").await?;
            ensure!(moved.is_empty(), "{}: {moved:?}", person.name());
        }
        // Afterwards things may.
        let press = "localTile.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowLeft' })); return null";
        alice.value::<Option<()>>(press).await?;
        alice.becomes("return moved.includes('local-tile: left')").await
    })
}
