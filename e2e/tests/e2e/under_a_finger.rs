//! What comes to lie under a finger when the page changes by somebody else's doing, or by the first of two presses.

use anyhow::{Result, ensure};
use e2e::{
    Look, Person, Played,
    scene::{Setting, play_in},
};
use tokio::try_join;

/// In CSS pixels: small phones upright, a page at 400 %, phones on their side, a window, a laptop.
const SIZES: [(u32, u32); 8] = [
    (280, 600),
    (320, 256),
    (360, 640),
    (390, 844),
    (412, 915),
    (740, 360),
    (426, 267),
    (1280, 800),
];

/// Notes where everything lies that can be pressed.
const NOTE: &str = "
    const acts = (element) => element.closest('button, a[href], summary');
    const all = () => [...document.querySelectorAll('button, a[href], summary')]
        .filter((element) => element.checkVisibility({ visibilityProperty: true }))
        .map((element) => [element, element.getBoundingClientRect()]);
    const name = (element) => element.id || element.className || element.localName;
    window.e2eNoted = { at: performance.now(), before: all() };
    window.e2eUnder = () => {
        const found = [];
        for (const [was, a] of e2eNoted.before) {
            for (const [is, b] of all()) {
                const [left, right] = [Math.max(a.left, b.left, 0), Math.min(a.right, b.right, innerWidth)];
                const [top, bottom] = [Math.max(a.top, b.top, 0), Math.min(a.bottom, b.bottom, innerHeight)];
                const over = left < right && top < bottom && document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
                if (was !== is && over && acts(over) === is && !(Number(is.dataset.deaf) > e2eNoted.at)) {
                    found.push(`${name(is)} where ${name(was)} was`);
                }
            }
        }
        return found;
    };";

/// What hears where something else lay that could be pressed.
const UNDER: &str = "return e2eUnder()";

async fn note(alice: &Person, bob: &Person) -> Result<()> {
    try_join!(alice.value::<()>(NOTE), bob.value::<()>(NOTE))?;
    Ok(())
}

/// Nothing else that hears has come to lie where something could be pressed.
async fn is_clear(person: &Person, is_there: impl Fn(&Look) -> bool) -> Result<()> {
    let look = person.sees("the change", is_there).await?;
    let under: Vec<String> = person.value(UNDER).await?;
    ensure!(under.is_empty(), "in {:?}: {under:#?}", look.phase());
    Ok(())
}

#[test]
fn what_comes_to_lie_where_something_was_pressed_is_deaf_at_first() -> Played {
    // So many calls in vain are more than the server lets through.
    let options = ["--limits", "off"].map(str::to_owned).to_vec();
    play_in(Setting { options, ..Setting::default() }, 2, async |scene| {
        let (alice, bob) = scene.pair("alice", "bob").await?;
        for size in SIZES {
            try_join!(alice.dress(size, "light"), bob.dress(size, "light"))?;
            let is = |phase: &'static str| move |look: &Look| look.phase() == phase;
            let rings = |look: &Look| look.phase() == "ringing" && look.can_answer;

            note(&alice, &bob).await?;
            alice.calls("bob").await?;
            try_join!(is_clear(&alice, is("calling")), is_clear(&bob, rings))?;
            note(&alice, &bob).await?;
            alice.presses_twice("hangUpBtn").await?;
            try_join!(is_clear(&alice, is("idle")), is_clear(&bob, is("idle")))?;
            alice.is_idle_because("cancelled-by-you: bob").await?;
            bob.is_idle_because("missed: alice").await?;

            bob.click("callAgainBtn").await?;
            alice.sees("the call", rings).await?;
            note(&alice, &bob).await?;
            alice.presses_twice("acceptBtn").await?;
            try_join!(is_clear(&alice, is("in-call")), is_clear(&bob, is("in-call")))?;
            note(&alice, &bob).await?;
            bob.presses_twice("hangUpBtn").await?;
            try_join!(is_clear(&alice, is("idle")), is_clear(&bob, is("idle")))?;
            alice.is_idle_because("ended-by-peer: bob").await?;
            let look = bob.is_idle_because("ended-by-you: alice").await?;
            ensure!(!look.preview_on, "at {size:?} the second press opens the camera: {look}");

            alice.calls("bob").await?;
            bob.sees("the call", rings).await?;
            note(&alice, &bob).await?;
            bob.presses_twice("declineBtn").await?;
            try_join!(is_clear(&alice, is("idle")), is_clear(&bob, is("idle")))?;
            bob.is_idle_because("declined-by-you: alice").await?;
        }
        Ok(())
    })
}
