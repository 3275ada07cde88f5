//! Names that are proven by providers of OpenID Connect, real ones.

use anyhow::{Result, ensure};
use e2e::{
    Join, Kind, Look, Person, Played, Scene,
    scene::{Setting, call, play_in},
};
use thirtyfour::Key;
use tokio::try_join;

use crate::states::Tour;

/// Its label is text, whatever stands in it.
const ACME: (&str, &str) = ("acme", "Acme & <b>Sons</b>");
const HARBOUR: (&str, &str) = ("harbour", "Harbour");

fn play(browsers: u32, scene: impl AsyncFnOnce(&Scene) -> Result<()>) -> Played {
    play_with(&[ACME], &[], browsers, scene)
}

fn play_with(
    providers: &[(&'static str, &'static str)],
    options: &[&str],
    browsers: u32,
    scene: impl AsyncFnOnce(&Scene) -> Result<()>,
) -> Played {
    let options = options.iter().map(|option| (*option).to_owned()).collect();
    let setting = Setting { options, providers: providers.to_vec(), ..Setting::default() };
    play_in(setting, browsers, scene)
}

/// Somebody signs in with the provider for the first time, and chooses the name that it suggests.
async fn verified(scene: &Scene, name: &str, how: Join) -> Result<Person> {
    let person = scene.join_as(name, how).await?;
    person.signs_in_with("acme").await?;
    let look = person.sees("the choice of a name", asks_for_a_name).await?;
    ensure!(look.name == name, "the name that is suggested: {look}");
    person.click("loginBtn").await?;
    let look = person.sees("that they are signed in", Look::is_signed_in).await?;
    ensure!(look.self_name.as_deref() == Some(name), "{look}");
    Ok(person)
}

fn asks_for_a_name(look: &Look) -> bool {
    look.entry.as_deref() == Some("naming") && !look.name.is_empty()
}

fn is_asked_first(look: &Look) -> bool {
    look.page() == "loginPage"
        && look.account.as_deref().is_some_and(|note| note.starts_with("account-elsewhere"))
}

fn is_told(notice: &str) -> impl Fn(&Look) -> bool {
    move |look| look.page() == "loginPage" && look.login_notice.as_deref() == Some(notice)
}

#[test]
fn who_has_proven_their_name_sees_that_a_guest_has_not() -> Played {
    play(2, async |scene| {
        let tour = Tour::default();
        let (alice, bob) = try_join!(scene.join("alice"), scene.join("bob"))?;
        let look = alice.sees("the provider", |look| !look.providers.is_empty()).await?;
        ensure!(look.providers == ["Continue with Acme & <b>Sons</b>"], "{look}");
        tour.look_at(&alice, "sign-in-providers").await?;
        alice.signs_in_with("acme").await?;
        alice.sees("the choice of a name", asks_for_a_name).await?;
        tour.look_at(&alice, "sign-in-naming").await?;
        alice.click("loginBtn").await?;
        let look = alice.sees("that they are signed in", Look::is_signed_in).await?;
        ensure!(look.self_note.as_deref() == Some("self-account: Acme & <b>Sons</b>"), "{look}");
        tour.look_at(&alice, "idle-account").await?;
        bob.sign_in().await?;
        bob.sees("that they are a guest", |look| look.self_note.as_deref() == Some("self-guest"))
            .await?;
        tour.look_at(&bob, "idle-guest").await?;

        bob.calls("alice").await?;
        alice.is_rung_by("bob").await?;
        try_join!(
            alice.sees("the mark of a guest", |look| look.guest),
            bob.sees("no mark", |look| look.status() == "ringing-there: alice" && !look.guest)
        )?;
        tour.look_at(&alice, "ringing-guest").await?;
        bob.hangs_up().await?;
        let look = alice.is_idle_because("missed: bob").await?;
        ensure!((look.missed.len(), look.missed_guests) == (1, 1), "{look}");
        tour.look_at(&alice, "idle-missed-guest").await?;

        alice.calls("bob").await?;
        bob.is_rung_by("alice").await?;
        let (ringing, rung) = try_join!(
            alice.sees("the mark of a guest", |look| look.guest),
            bob.sees("the call", |look| look.can_answer)
        )?;
        ensure!(ringing.status() == "ringing-there: bob" && !rung.guest, "{rung}");
        tour.look_at(&alice, "calling-guest").await?;
        bob.answers().await?;
        try_join!(alice.is_in_call_with("bob"), bob.is_in_call_with("alice"))?;
        let (seen, unseen) = try_join!(alice.look(), bob.look())?;
        ensure!(seen.guest && !unseen.guest, "{seen}{unseen}");
        try_join!(alice.receives_media(), bob.receives_media())?;
        tour.look_at(&alice, "in-call-guest").await?;
        bob.click("cameraBtn").await?;
        alice.sees("no picture", |look| !look.remote_picture && look.guest).await?;
        tour.look_at(&alice, "in-call-guest-camera-off").await?;
        tour.is_fine().await
    })
}

#[test]
fn where_nothing_can_be_proven_nobody_is_marked() -> Played {
    e2e::play(2, async |scene| {
        let (alice, bob) = scene.pair_in_call("alice", "bob").await?;
        let (one, other) = try_join!(alice.look(), bob.look())?;
        ensure!(!one.guest && !other.guest && one.self_note.is_none(), "{one}{other}");
        Ok(())
    })
}

#[test]
fn a_name_is_kept_over_visits_and_on_another_device() -> Played {
    play(3, async |scene| {
        let tour = Tour::default();
        let alice = verified(scene, "alice", Join::default()).await?;
        // Another visit: a page that knows nothing of the last one but its cookie.
        alice.value::<()>("sessionStorage.clear(); localStorage.clear()").await?;
        let page = alice.leave_page().await?;
        alice.open(&page).await?;
        let look = alice.sees("that they are signed in", Look::is_signed_in).await?;
        ensure!(look.self_name.as_deref() == Some("alice"), "{look}");

        // Another device: nobody is asked for a name, but whether to give up the first.
        let (second, bob) = try_join!(scene.join("alice"), scene.signed_in("bob"))?;
        second.signs_in_with("acme").await?;
        second.sees("that they are signed in elsewhere", is_asked_first).await?;
        tour.look_at(&second, "sign-in-account-elsewhere").await?;
        call(&bob, &alice).await?;
        alice.hangs_up().await?;
        alice.is_idle_because("ended-by-you: bob").await?;
        bob.is_idle_because("ended-by-peer: alice").await?;
        second.click("loginBtn").await?;
        let look = second.sees("that they are signed in", Look::is_signed_in).await?;
        ensure!(look.self_name.as_deref() == Some("alice"), "{look}");
        alice.sees("that it went on elsewhere", is_told("went-on-elsewhere")).await?;
        tour.look_at(&alice, "sign-in-went-on-elsewhere").await?;
        call(&bob, &second).await?;
        second.hangs_up().await?;
        second.is_idle_because("ended-by-you: bob").await?;
        // And back again by one key.
        alice.click("loginBtn").await?;
        alice.sees("that they are signed in", Look::is_signed_in).await?;
        second.sees("that it went on elsewhere", is_told("went-on-elsewhere")).await?;
        tour.is_fine().await
    })
}

#[test]
fn whoever_has_an_account_and_loads_the_page_anew_stays_in_the_call() -> Played {
    play(2, async |scene| {
        let (alice, bob) =
            try_join!(verified(scene, "alice", Join::default()), scene.signed_in("bob"))?;
        call(&alice, &bob).await?;
        alice.reload().await?;
        try_join!(alice.is_in_call_with("bob"), bob.is_in_call_with("alice"))?;
        try_join!(alice.receives_media(), bob.receives_media())?;
        let look = alice.sees("the mark of a guest", |look| look.guest).await?;
        ensure!(look.phase() == "in-call", "{look}");
        // The server forgets all tickets, and knows its accounts.
        scene.server().kill().await?;
        scene.server().start_again().await?;
        alice.sees("that the server is there", |look| look.banner.is_none()).await?;
        alice.hangs_up().await?;
        bob.is_idle_because("ended-by-peer: alice").await?;
        alice.sees("that they are signed in", |look| look.can_call).await?;
        Ok(())
    })
}

#[test]
fn who_signs_out_is_signed_out_in_every_tab_and_on_every_device() -> Played {
    play(3, async |scene| {
        let tour = Tour::default();
        let (alice, bob) =
            try_join!(verified(scene, "alice", Join::default()), scene.signed_in("bob"))?;
        let second = scene.join("alice").await?;
        second.signs_in_with("acme").await?;
        second.sees("that they are signed in elsewhere", is_asked_first).await?;
        second.click("loginBtn").await?;
        second.sees("that they are signed in", Look::is_signed_in).await?;
        alice.sees("that it went on elsewhere", is_told("went-on-elsewhere")).await?;
        call(&bob, &second).await?;
        alice.click("otherAccountBtn").await?;
        second.sees("that they were signed out", is_told("signed-out-elsewhere")).await?;
        tour.look_at(&second, "sign-in-signed-out").await?;
        second.has_let_go().await?;
        let look = bob.sees("the end of the call", |look| look.phase() == "idle").await?;
        let notice = look.notice.clone().unwrap_or_default();
        ensure!(["peer-gone: alice", "ended-by-peer: alice"].contains(&&*notice), "{look}");
        // Nobody comes back by loading a page anew.
        for person in [&alice, &second] {
            person.reload().await?;
            person.sees("the providers", |look| !look.providers.is_empty()).await?;
        }
        bob.calls("alice").await?;
        bob.is_idle_because("offline: alice").await?;
        tour.is_fine().await
    })
}

#[test]
fn who_has_signed_out_is_away_and_can_come_back() -> Played {
    play(2, async |scene| {
        let (alice, bob) =
            try_join!(verified(scene, "alice", Join::default()), scene.signed_in("bob"))?;
        alice.click("signOutBtn").await?;
        let look = alice.sees("the providers", |look| !look.providers.is_empty()).await?;
        ensure!(look.login_notice.is_none() && look.status() == "signed-out", "{look}");
        bob.calls("alice").await?;
        bob.is_idle_because("offline: alice").await?;
        // The provider still knows them, and asks only whether they agree.
        alice.goes_to("acme").await?;
        alice.agrees().await?;
        let look = alice.sees("that they are signed in", Look::is_signed_in).await?;
        ensure!(look.self_name.as_deref() == Some("alice"), "{look}");
        Ok(())
    })
}

#[test]
fn guests_may_be_refused() -> Played {
    play_with(&[ACME], &["--guests", "refuse"], 1, async |scene| {
        let tour = Tour::default();
        let alice = scene.join("alice").await?;
        let refused = |look: &Look| look.entry.as_deref() == Some("provider");
        let look = alice.sees("that there is no field", refused).await?;
        ensure!(look.focus == "a", "the focus is on the link: {look}");
        tour.look_at(&alice, "sign-in-no-guests").await?;
        alice.signs_in_with("acme").await?;
        alice.sees("the choice of a name", asks_for_a_name).await?;
        alice.click("loginBtn").await?;
        alice.sees("that they are signed in", Look::is_signed_in).await?;
        tour.is_fine().await
    })
}

#[test]
fn who_does_not_get_through_to_the_provider_and_back_is_told_why() -> Played {
    play(1, async |scene| {
        let tour = Tour::default();
        let alice = scene.join("alice").await?;
        alice.goes_to("acme").await?;
        alice.press_any("a[href*='abort']").await?;
        alice.sees("that they cancelled", is_told("sign-in-cancelled")).await?;
        let address = alice.value::<String>("return location.pathname + location.search");
        ensure!(address.await? == "/", "the address says it no more");
        tour.look_at(&alice, "sign-in-cancelled").await?;
        alice.reload().await?;
        let look = alice.sees("the providers", |look| !look.providers.is_empty()).await?;
        ensure!(look.login_notice.is_none(), "{look}");

        scene.provider(0).stop().await?;
        // The server may know the provider already, so that it is the browser that does not get there.
        let back = alice.value::<String>("return location.origin").await?;
        alice.open(&format!("{back}/?sign-in=unavailable")).await?;
        alice.sees("that it is not there", is_told("sign-in-unavailable")).await?;
        tour.look_at(&alice, "sign-in-unavailable").await?;
        scene.provider(0).start_again().await?;
        alice.open(&format!("{back}/auth/callback/acme?code=x&state=y")).await?;
        let told = |look: &Look| {
            matches!(look.login_notice.as_deref(), Some("sign-in-expired" | "sign-in-failed"))
        };
        alice.sees("that it did not work", told).await?;
        tour.look_at(&alice, "sign-in-failed").await?;
        // A guest gets in all the same.
        alice.sign_in().await?;
        tour.is_fine().await
    })
}

#[test]
fn a_provider_that_is_away_is_told() -> Played {
    play(1, async |scene| {
        // A server that has never reached it.
        scene.server().stop().await?;
        scene.provider(0).stop().await?;
        scene.server().start_again().await?;
        let alice = scene.join("alice").await?;
        alice.goes_to("acme").await?;
        alice.sees("that it is not there", is_told("sign-in-unavailable")).await?;
        scene.provider(0).start_again().await?;
        // The server leaves a provider that was not there alone for a moment, and may say once more that it is not.
        if alice.signs_in_with("acme").await.is_err() {
            alice.signs_in_with("acme").await?;
        }
        alice.sees("the choice of a name", asks_for_a_name).await?;
        Ok(())
    })
}

#[test]
fn of_two_providers_each_has_its_own_people() -> Played {
    play_with(&[ACME, HARBOUR], &[], 2, async |scene| {
        let tour = Tour::default();
        let (alice, other) = try_join!(scene.join("alice"), scene.join("alice"))?;
        let look = alice.sees("the providers", |look| look.providers.len() == 2).await?;
        ensure!(look.providers[1] == "Continue with Harbour", "{look}");
        tour.look_at(&alice, "sign-in-two-providers").await?;
        alice.signs_in_with("acme").await?;
        alice.sees("the choice of a name", asks_for_a_name).await?;
        alice.click("loginBtn").await?;
        alice.sees("that they are signed in", Look::is_signed_in).await?;
        // The same login at another provider is another account.
        other.signs_in_with("harbour").await?;
        other.sees("the choice of a name", |look| look.entry.as_deref() == Some("naming")).await?;
        other.tries_to_sign_in("alice").await?;
        let taken = |look: &Look| look.name_error.as_deref() == Some("name-taken");
        let look = other.sees("that the name is taken", taken).await?;
        ensure!(look.name == "alice" && look.entry.as_deref() == Some("naming"), "{look}");
        tour.look_at(&other, "sign-in-naming-taken").await?;
        other.tries_to_sign_in("alice.harbour").await?;
        let look = other.sees("that they are signed in", Look::is_signed_in).await?;
        ensure!(look.self_note.as_deref() == Some("self-account: Harbour"), "{look}");
        call(&alice, &other.under("alice.harbour")).await?;
        let look = alice.look().await?;
        ensure!(!look.guest, "{look}");
        tour.is_fine().await
    })
}

#[test]
fn a_name_that_a_guest_has_is_taken_and_an_accounts_is_for_no_guest() -> Played {
    play(2, async |scene| {
        let (alice, eve) = try_join!(scene.join("alice"), scene.join("eve"))?;
        let taken = |look: &Look| look.name_error.as_deref() == Some("name-taken");
        // It looks the same: l and I.
        eve.tries_to_sign_in("ma1a").await?;
        eve.sees("that they are signed in", Look::is_signed_in).await?;
        alice.signs_in_with("acme").await?;
        alice.sees("the choice of a name", asks_for_a_name).await?;
        alice.tries_to_sign_in("mala").await?;
        alice.sees("that the name is taken", taken).await?;
        alice.tries_to_sign_in("alice").await?;
        alice.sees("that they are signed in", Look::is_signed_in).await?;
        eve.click("signOutBtn").await?;
        alice.click("signOutBtn").await?;
        alice.sees("the providers", |look| !look.providers.is_empty()).await?;
        // Also while its owner is away.
        for name in ["alice", "a1ice"] {
            eve.tries_to_sign_in(name).await?;
            eve.sees("that the name is taken", taken).await?;
        }
        Ok(())
    })
}

#[test]
fn firefox_signs_in_with_a_provider_and_calls() -> Played {
    play(2, async |scene| {
        let how = Join { kind: Kind::Firefox, ..Join::default() };
        let (alice, bob) = try_join!(verified(scene, "alice", how), scene.signed_in("bob"))?;
        call(&bob, &alice).await?;
        let look = alice.look().await?;
        ensure!(look.guest, "{look}");
        alice.reload().await?;
        try_join!(alice.is_in_call_with("bob"), bob.is_in_call_with("alice"))?;
        alice.hangs_up().await?;
        alice.sees("that they can call", |look| look.can_call).await?;
        alice.click("signOutBtn").await?;
        alice.sees("the providers", |look| !look.providers.is_empty()).await?;
        bob.calls("alice").await?;
        bob.is_idle_because("offline: alice").await?;
        Ok(())
    })
}

#[test]
fn the_keyboard_leads_to_the_provider_and_back() -> Played {
    play(1, async |scene| {
        let alice = scene.join("alice").await?;
        let look = alice.sees("the providers", |look| !look.providers.is_empty()).await?;
        ensure!(look.focus == "usernameInput", "whoever began to type goes on: {look}");
        let back = alice.driver().action_chain().key_down(Key::Shift);
        back.send_keys(Key::Tab).key_up(Key::Shift).perform().await?;
        alice.sees("the focus on the link", |look| look.focus == "a").await?;
        alice.hears("document.activeElement").await?;
        alice.press(String::from(Key::Enter.value())).await?;
        alice.press_any("a[href*='abort']").await?;
        alice.sees("that they cancelled", is_told("sign-in-cancelled")).await?;
        Ok(())
    })
}
