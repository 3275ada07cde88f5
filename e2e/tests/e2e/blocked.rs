//! Callers who are declined for good.

use anyhow::{Result, ensure};
use e2e::{Look, Person, Played, play};

/// From now on it is noted when the page does anything but sit idle.
const WATCH: &str = "window.disturbed = false;
    const page = document.getElementById('callPage');
    new MutationObserver(() => { window.disturbed ||= page.dataset.phase !== 'idle'; })
        .observe(page, { attributes: true });";

const UNBLOCK: &str = "document.querySelector('#blockedList [data-action=unblock]').focus()";

async fn is_declined_unnoticed(caller: &Person, callee: &Person) -> Result<()> {
    callee.value::<()>(WATCH).await?;
    caller.calls(callee.name()).await?;
    caller.is_idle_because(&format!("declined: {}", callee.name())).await?;
    let look = callee.look().await?;
    ensure!(!callee.value::<bool>("return window.disturbed").await?, "they are disturbed");
    ensure!(look.missed.is_empty() && look.caller.is_none(), "it leaves a trace: {look}");
    callee.has_let_go().await
}

#[test]
fn a_blocked_caller_hears_a_decline_and_the_callee_nothing() -> Played {
    play(2, async |scene| {
        let (alice, bob) = scene.pair("alice", "bob").await?;
        alice.calls("bob").await?;
        bob.is_rung_by("alice").await?;
        bob.click("blockBtn").await?;
        alice.is_idle_because("declined: bob").await?;
        let look = bob.is_idle_because("blocked-by-you: alice").await?;
        ensure!(look.blocked == ["alice"] && look.missed.is_empty(), "{look}");
        is_declined_unnoticed(&alice, &bob).await?;

        bob.reload().await?;
        let look = bob.sees("that they are signed in", Look::is_signed_in).await?;
        ensure!(look.blocked == ["alice"], "{look}");
        is_declined_unnoticed(&alice, &bob).await?;

        bob.value::<()>("document.querySelector('#blockedPanel summary').focus()").await?;
        bob.press(String::from(thirtyfour::Key::Enter.value())).await?;
        bob.value::<()>(UNBLOCK).await?;
        bob.press(String::from(thirtyfour::Key::Enter.value())).await?;
        bob.sees("that nobody is blocked", |look| look.blocked.is_empty()).await?;
        alice.calls("bob").await?;
        bob.is_rung_by("alice").await?;
        Ok(())
    })
}

#[test]
fn a_missed_call_can_be_the_last_until_one_calls_back() -> Played {
    play(2, async |scene| {
        let (alice, bob) = scene.pair("alice", "bob").await?;
        alice.calls("bob").await?;
        bob.is_rung_by("alice").await?;
        alice.hangs_up().await?;
        bob.is_idle_because("missed: alice").await?;
        bob.hears("document.querySelector('#missedList [data-action=block]')").await?;
        bob.value::<()>("document.querySelector('#missedList [data-action=block]').click()")
            .await?;
        let look = bob.is_idle_because("blocked-by-you: alice").await?;
        ensure!(look.blocked == ["alice"] && look.missed.is_empty(), "{look}");
        is_declined_unnoticed(&alice, &bob).await?;

        // Unblocked in another tab of the same browser, they are so in this one as well.
        let first = bob.duplicate_tab().await?;
        bob.sees("that alice is blocked here, too", |look| look.blocked == ["alice"]).await?;
        let second = bob.switch_to(first).await?;
        const NOBODY: &str = "return document.getElementById('blockedPanel').hidden";
        ensure!(!bob.value::<bool>(NOBODY).await?, "alice is not blocked any more");
        let first = bob.switch_to(second).await?;
        bob.hears("document.querySelector('#blockedList [data-action=unblock]')").await?;
        bob.value::<()>("document.querySelector('#blockedList [data-action=unblock]').click()")
            .await?;
        bob.switch_to(first).await?;
        bob.becomes(NOBODY).await
    })
}
