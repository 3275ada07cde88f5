//! Every state that the page can be in: nothing in it keeps anybody from using it, and pictures are kept of it.

use std::fmt::Write as _;

use anyhow::{Result, ensure};
use e2e::{Devices, Join, Look, Person, Played, axe, play, scene::call, settings};
use tokio::{sync::Mutex, try_join};

/// In CSS pixels: a small phone, and a laptop.
const SIZES: [(&str, (u32, u32)); 2] = [("narrow", (360, 740)), ("wide", (1280, 800))];
const COLOURS: [&str; 2] = ["light", "dark"];
/// The smallest windows that everything can be reached in: a narrow phone, 1280 x 1024 at 400 %, phones on their side.
const SMALL: [(u32, u32); 4] = [(280, 600), (320, 256), (740, 360), (426, 267)];

/// What can be pressed or typed into, and cannot be brought into the window whole, or lies under something else.
const OUT_OF_REACH: &str = "
    const name = (element) => element.id || element.className || element.localName;
    const found = [];
    for (const element of document.querySelectorAll('button, a[href], summary, input')) {
        if (!element.checkVisibility({ visibilityProperty: true })
            || getComputedStyle(element).pointerEvents === 'none') continue;
        element.scrollIntoView({ block: 'nearest', inline: 'nearest', behavior: 'instant' });
        const { left, top, right, bottom } = element.getBoundingClientRect();
        const whole = left > -1 && top > -1 && right < innerWidth + 1 && bottom < innerHeight + 1;
        const over = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
        if (!whole) found.push(`${name(element)} at ${[left, top, right, bottom].map(Math.round)}`);
        // The own picture may lie under a notice, which can be closed.
        else if (!element.contains(over) && element.id !== 'localTile') found.push(`${name(element)} under ${over && name(over)}`);
    }
    scrollTo(0, 0);
    return found;";

/// Shows what lies below the window, if there is something.
const SCROLL_TO_THE_END: &str = "const below = document.documentElement.scrollHeight > innerHeight;
    scrollTo({ top: 1e6, behavior: 'instant' });
    return below;";

/// Whether the page that does not start says why, before long.
const ADVICE: &str = "new Promise((done) => {
    const look = (left) => {
        const advice = document.querySelector('#startPage:not([hidden]) .start-late');
        const shown = advice && getComputedStyle(advice).visibility === 'visible';
        if (shown || left === 0) { done(Boolean(shown)); } else { setTimeout(look, 100, left - 1); }
    };
    look(150);
})";

#[test]
fn what_keeps_people_from_using_a_page_is_found() -> Played {
    play(1, async |scene| {
        let alice = scene.join("alice").await?;
        alice.sees("the sign-in", |look| look.page() == "loginPage").await?;
        alice.value::<()>("document.querySelector('label').remove()").await?;
        let found = axe::violations(&alice).await?;
        ensure!(found.iter().any(|violation| violation.id == "label"), "{found:#?}");
        Ok(())
    })
}

/// Looks at states, and collects what is wrong with them.
#[derive(Default)]
pub(crate) struct Tour {
    wrong: Mutex<String>,
}

impl Tour {
    /// Looks at the page as it is now, in each size and colour scheme.
    pub(crate) async fn look_at(&self, person: &Person, state: &str) -> Result<()> {
        let folder = settings::path(settings::SCREENSHOTS)?;
        std::fs::create_dir_all(&folder)?;
        for (size, pixels) in SIZES {
            for colours in COLOURS {
                person.dress(pixels, colours).await?;
                // The mouse lies over nothing, and has just moved: in a call the buttons would go after a while.
                let to_the_corner = serde_json::json!({ "type": "mouseMoved", "x": 1, "y": 1 });
                person.devtools("Input.dispatchMouseEvent", to_the_corner).await?;
                let variant = format!("{state}-{size}-{colours}");
                person.photograph(&folder.join(format!("{variant}.png"))).await?;
                if person.value(SCROLL_TO_THE_END).await? {
                    person.photograph(&folder.join(format!("{variant}-end.png"))).await?;
                    person.value::<()>("scrollTo(0, 0)").await?;
                }
                let mut wrong = self.wrong.lock().await;
                for violation in axe::violations(person).await? {
                    let _ = write!(wrong, "\n{variant}: {violation:#?}");
                }
                let overflows = "return document.documentElement.scrollWidth > innerWidth";
                if person.value(overflows).await? {
                    let _ = write!(wrong, "\n{variant}: it is wider than the window");
                }
            }
        }
        for size in SMALL {
            person.dress(size, "light").await?;
            let out_of_reach: Vec<String> = person.value(OUT_OF_REACH).await?;
            if !out_of_reach.is_empty() {
                let variant = format!("{state}-{}x{}", size.0, size.1);
                person.photograph(&folder.join(format!("{variant}.png"))).await?;
                let _ = write!(self.wrong.lock().await, "\n{variant}: {out_of_reach:?}");
            }
        }
        // The scene goes on in a window that shows everything.
        person.dress(SIZES[1].1, "light").await
    }

    pub(crate) async fn is_fine(&self) -> Result<()> {
        let wrong = self.wrong.lock().await;
        ensure!(wrong.is_empty(), "not everybody can use these:{wrong}");
        Ok(())
    }
}

/// Where the first visible one of some elements begins, in CSS pixels.
async fn place_of(person: &Person, elements: &str) -> Result<(f64, f64)> {
    let script = format!(
        "const all = [...document.querySelectorAll({elements:?})];
         const {{ x, y }} = all.find((element) => element.checkVisibility()).getBoundingClientRect();
         return [x, y];"
    );
    person.value(&script).await
}

#[test]
fn signing_in() -> Played {
    play(1, async |scene| {
        let tour = Tour::default();
        let alice = scene.join("alice").await?;
        alice.sees("the sign-in", |look| look.page() == "loginPage").await?;
        alice.dress(SIZES[1].1, "light").await?;
        let header = place_of(&alice, ".brand").await?;
        tour.look_at(&alice, "sign-in").await?;
        alice.tries_to_sign_in("two words").await?;
        alice.sees("what is wrong", |look| look.name_error.is_some()).await?;
        tour.look_at(&alice, "sign-in-bad-name").await?;
        scene.server().kill().await?;
        alice.tries_to_sign_in("alice").await?;
        alice.sees("that the server is away", |look| look.banner.is_some()).await?;
        tour.look_at(&alice, "sign-in-server-away").await?;

        scene.server().start_again().await?;
        alice.sees("that they are signed in", Look::is_signed_in).await?;
        alice.dress(SIZES[1].1, "light").await?;
        ensure!(place_of(&alice, ".brand").await? == header, "the header jumps");
        tour.look_at(&alice, "idle").await?;
        alice.click("previewBtn").await?;
        alice.sees("their own picture", |look| look.own_picture).await?;
        tour.look_at(&alice, "idle-preview").await?;
        alice.click("previewBtn").await?;
        alice.calls("").await?;
        alice.sees("what is wrong", |look| look.callee_error.is_some()).await?;
        tour.look_at(&alice, "idle-no-callee").await?;
        let dial = place_of(&alice, "#callBtn").await?;
        alice.calls("carol").await?;
        alice.is_idle_because("offline: carol").await?;
        ensure!(place_of(&alice, "#callBtn").await? == dial, "the notice moves the dial");
        tour.look_at(&alice, "idle-offline").await?;
        scene.server().kill().await?;
        alice.sees("that the server is away", |look| look.banner.is_some()).await?;
        tour.look_at(&alice, "idle-server-away").await?;
        alice.value::<()>("dispatchEvent(new Event('offline'))").await?;
        let is_offline = |look: &Look| look.banner.as_deref() == Some("device-offline");
        alice.sees("that they are offline", is_offline).await?;
        tour.look_at(&alice, "idle-device-offline").await?;
        tour.is_fine().await
    })
}

#[test]
fn calling() -> Played {
    play(2, async |scene| {
        let tour = Tour::default();
        let (alice, bob) = scene.pair("alice", "bob").await?;
        // Alice's screen is one to touch, and nothing hovers over it.
        let touch = serde_json::json!({ "enabled": true });
        alice.devtools("Emulation.setTouchEmulationEnabled", touch).await?;
        alice.calls("bob").await?;
        bob.is_rung_by("alice").await?;
        alice.sees("that it rings", |look| look.status() == "ringing-there: bob").await?;
        try_join!(tour.look_at(&alice, "calling"), tour.look_at(&bob, "ringing"))?;
        bob.click("ringPreviewBtn").await?;
        bob.sees("their own picture", |look| look.own_picture).await?;
        tour.look_at(&bob, "ringing-preview").await?;
        bob.click("ringPreviewBtn").await?;
        bob.sees("no picture", |look| !look.own_picture).await?;
        alice.hangs_up().await?;
        bob.is_idle_because("missed: alice").await?;
        tour.look_at(&bob, "idle-missed").await?;

        bob.click("callAgainBtn").await?;
        alice.is_rung_by("bob").await?;
        alice.answers().await?;
        try_join!(alice.is_in_call_with("bob"), bob.is_in_call_with("alice"))?;
        try_join!(alice.receives_media(), bob.receives_media())?;
        tour.look_at(&alice, "in-call").await?;
        bob.click("micBtn").await?;
        alice.sees("that bob's microphone is off", |look| look.remote_muted).await?;
        try_join!(
            tour.look_at(&alice, "in-call-other-muted"),
            tour.look_at(&bob, "in-call-muted")
        )?;
        bob.click("cameraBtn").await?;
        alice.sees("no picture", |look| !look.remote_picture).await?;
        try_join!(
            tour.look_at(&alice, "in-call-other-camera-off"),
            tour.look_at(&bob, "in-call-camera-off")
        )?;
        bob.hangs_up().await?;
        alice.is_idle_because("ended-by-peer: bob").await?;
        tour.look_at(&alice, "idle-ended").await?;
        bob.calls("alice").await?;
        alice.is_rung_by("bob").await?;
        alice.click("blockBtn").await?;
        alice.is_idle_because("blocked-by-you: bob").await?;
        alice.value::<()>("document.getElementById('blockedPanel').open = true").await?;
        tour.look_at(&alice, "idle-blocked").await?;
        tour.is_fine().await
    })
}

#[test]
fn trouble() -> Played {
    play(3, async |scene| {
        let tour = Tour::default();
        let with = |devices| Join { devices, ..Join::default() };
        let (bare, denied, alice) = try_join!(
            scene.join_as("bare", with(Devices::Neither)),
            scene.join_as("denied", with(Devices::Denied)),
            scene.join_as("alice", with(Devices::MicrophoneDenied))
        )?;
        try_join!(bare.sign_in(), denied.sign_in(), alice.sign_in())?;

        bare.calls("denied").await?;
        denied.is_rung_by("bare").await?;
        denied.answers().await?;
        let is_told = |look: &Look| look.notice.is_some();
        denied.is_in_call_with("bare").await?;
        denied.sees("what is wrong", is_told).await?;
        tour.look_at(&denied, "in-call-denied").await?;
        denied.hangs_up().await?;
        bare.is_idle_because("ended-by-peer: denied").await?;

        call(&alice, &bare).await?;
        try_join!(bare.sees("what is missing", is_told), alice.sees("what is missing", is_told))?;
        bare.sees("alice's picture", |look| look.remote_picture && look.remote_muted).await?;
        try_join!(
            tour.look_at(&bare, "in-call-listen-only"),
            tour.look_at(&alice, "in-call-microphone-denied")
        )?;

        let script = serde_json::json!({ "source": "delete window.RTCPeerConnection" });
        denied.devtools("Page.addScriptToEvaluateOnNewDocument", script).await?;
        denied.reload().await?;
        denied.sees("that it will not do", |look| look.page() == "unsupportedPage").await?;
        tour.look_at(&denied, "unsupported").await?;

        let script = serde_json::json!({ "source": "delete window.WebAssembly" });
        denied.devtools("Page.addScriptToEvaluateOnNewDocument", script).await?;
        denied.reload().await?;
        ensure!(denied.promised::<bool>(ADVICE).await?, "nothing is said of WebAssembly");
        tour.look_at(&denied, "no-webassembly").await?;
        tour.is_fine().await
    })
}
