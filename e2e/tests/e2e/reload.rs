//! A page is loaded anew, or opened twice.

use anyhow::{Result, ensure};
use e2e::{
    Join, Kind, Look, Person, Played, play,
    scene::{Setting, call, play_in},
};
use tokio::try_join;

use crate::states::Tour;

#[test]
fn a_page_that_is_loaded_anew_is_signed_in() -> Played {
    play(2, async |scene| {
        let (alice, bob) = scene.pair("alice", "bob").await?;
        alice.reload().await?;
        let look = alice.sees("that they are signed in", Look::is_signed_in).await?;
        assert_eq!(look.self_name.as_deref(), Some("alice"));
        call(&bob, &alice).await
    })
}

#[test]
fn whoever_loads_the_page_anew_comes_back_into_the_call() -> Played {
    play(2, async |scene| {
        let (alice, bob) = scene.pair_in_call("alice", "bob").await?;
        try_join!(alice.receives_media(), bob.receives_media())?;
        // In two steps, so that what the other sees meanwhile is there to be seen.
        let page = bob.leave_page().await?;
        alice.sees("that bob's page is gone", |look| look.status() == "peer-away: bob").await?;
        bob.open(&page).await?;
        are_back(&bob, &alice).await?;
        bob.sees("that it has gone on for a while", |look| look.seconds() >= Some(4)).await?;
        for (who, other) in [(&bob, &alice), (&alice, &bob)] {
            who.reload().await?;
            are_back(who, other).await?;
            let (one, two) = try_join!(who.look(), other.look())?;
            let apart = one.seconds().zip(two.seconds()).map(|(one, two)| one.abs_diff(two));
            ensure!(
                apart.is_some_and(|apart| apart <= 2),
                "both count the same call: {one}, {two}"
            );
        }
        try_join!(alice.reload(), bob.reload())?;
        are_back(&alice, &bob).await?;
        alice.hangs_up().await?;
        try_join!(
            alice.is_idle_because("ended-by-you: bob"),
            bob.is_idle_because("ended-by-peer: alice")
        )?;
        call(&bob, &alice).await
    })
}

#[test]
fn a_call_with_firefox_goes_on_when_the_page_is_loaded_anew() -> Played {
    play(2, async |scene| {
        let firefox = Join { kind: Kind::Firefox, ..Join::default() };
        let (alice, bob) = try_join!(scene.signed_in("alice"), scene.join_as("bob", firefox))?;
        bob.sign_in().await?;
        call(&alice, &bob).await?;
        alice.reload().await?;
        are_back(&alice, &bob).await?;
        bob.reload().await?;
        try_join!(alice.is_in_call_with("bob"), bob.is_in_call_with("alice"))?;
        // What bob's page opened before it could be watched is not counted.
        try_join!(alice.receives_media(), bob.plays("remoteVideo"))?;
        bob.hangs_up().await?;
        alice.is_idle_because("ended-by-peer: bob").await?;
        Ok(())
    })
}

#[test]
fn camera_and_microphone_are_as_they_were() -> Played {
    play(2, async |scene| {
        let (alice, bob) = scene.pair_in_call("alice", "bob").await?;
        alice.click("cameraBtn").await?;
        bob.sees("no picture", |look| !look.remote_picture).await?;
        alice.reload().await?;
        alice.is_in_call_with("bob").await?;
        let look = alice.sees("that the camera is off", |look| look.camera_off).await?;
        assert!(!look.own_picture, "{look}");
        bob.sees("no picture", |look| look.phase() == "in-call" && !look.remote_picture).await?;
        assert!(alice.tracks().await?.iter().all(|track| track.kind == "audio"));
        bob.receives_sound().await?;
        alice.receives_media().await?;
        Ok(())
    })
}

#[test]
fn it_rings_again_in_a_page_that_is_loaded_anew() -> Played {
    play(2, async |scene| {
        let (alice, bob) = scene.pair("alice", "bob").await?;
        alice.calls("bob").await?;
        bob.is_rung_by("alice").await?;
        bob.reload().await?;
        bob.is_rung_by("alice").await?;
        assert_eq!(bob.tones().await?, 1, "it can be heard where the browser lets it");
        bob.is_heard(true).await?;
        bob.answers().await?;
        are_back(&bob, &alice).await
    })
}

#[test]
fn who_calls_and_loads_the_page_anew_has_given_up() -> Played {
    play(2, async |scene| {
        let (alice, bob) = scene.pair("alice", "bob").await?;
        alice.calls("bob").await?;
        bob.is_rung_by("alice").await?;
        alice.reload().await?;
        let look = bob.is_idle_because("missed: alice").await?;
        assert_eq!(look.missed, ["alice"]);
        assert_eq!(look.title, "Missed call from alice · Pronto");
        alice
            .sees("that her call is over, and how to call again", |look| {
                look.notice.as_deref() == Some("call-dropped: bob") && look.can_call_again
            })
            .await?;
        missed_calls_outlive_a_reload(&bob).await?;
        call(&bob, &alice).await
    })
}

/// With their day, if that is not today; and not their user's signing out.
async fn missed_calls_outlive_a_reload(bob: &Person) -> Result<()> {
    const WRITTEN: &str = "const time = document.querySelector('#missedList time');
        const then = new Date(time.dateTime), day = new Intl.DateTimeFormat(navigator.language, { day: 'numeric', month: 'short' });
        return [time.textContent.includes(day.format(then)), Math.round((Date.now() - then) / 3600000)];";
    const A_DAY_AGO: &str = "const kept = sessionStorage.getItem('pronto.missed');
        sessionStorage.setItem('pronto.missed', kept.replace(/\\d+ /, (at) => `${at - 86400000} `));";
    for (tamper, expected) in [("", (false, 0)), (A_DAY_AGO, (true, 24))] {
        bob.value::<()>(tamper).await?;
        bob.reload().await?;
        let look = bob.sees("that they are signed in", Look::is_signed_in).await?;
        assert_eq!(look.missed, ["alice"]);
        assert_eq!(bob.value::<(bool, i64)>(WRITTEN).await?, expected);
    }
    bob.click("signOutBtn").await?;
    assert!(bob.value::<bool>("return sessionStorage.getItem('pronto.missed') === null").await?);
    bob.sign_in().await?;
    assert_eq!(bob.look().await?.missed, Vec::<String>::new());
    Ok(())
}

#[test]
fn a_call_that_ended_meanwhile_is_over() -> Played {
    play(2, async |scene| {
        let (alice, bob) = scene.pair_in_call("alice", "bob").await?;
        // Away from the page, and back to it. The server waits for 10 s.
        let page = alice.leave_page().await?;
        bob.hangs_up().await?;
        bob.is_idle_because("ended-by-you: alice").await?;
        alice.open(&page).await?;
        alice.sees("that they can call", |look| look.can_call && look.phase() == "idle").await?;
        Ok(())
    })
}

/// Browsers keep the page that one leaves, with its socket, for when one comes back to it.
#[test]
fn who_goes_to_another_page_is_not_rung_there_and_comes_back() -> Played {
    let options = vec!["--grace".to_owned(), "3".to_owned()];
    play_in(Setting { options, ..Setting::default() }, 2, async |scene| {
        let (alice, bob) = try_join!(scene.signed_in("alice"), scene.signed_in("bob"))?;
        alice.leave_page().await?;
        bob.calls("alice").await?;
        bob.is_idle_because("peer-gone: alice").await?;
        alice.goes_back().await?;
        alice.sees("that they can call", |look| look.can_call).await?;
        call(&bob, &alice).await
    })
}

#[test]
fn a_second_tab_takes_the_call_over_and_the_first_one_says_so() -> Played {
    play(2, async |scene| {
        let tour = Tour::default();
        let (alice, bob) = scene.pair_in_call("alice", "bob").await?;
        let first = alice.duplicate_tab().await?;
        are_back(&alice, &bob).await?;
        let second = alice.switch_to(first).await?;
        let look = alice
            .sees("that it went on elsewhere", |look| {
                look.login_notice.as_deref() == Some("signed-in-elsewhere")
            })
            .await?;
        ensure!(look.page() == "loginPage" && look.banner.is_none(), "{look}");
        alice.has_let_go().await?;
        tour.look_at(&alice, "sign-in-elsewhere").await?;
        // It stays like this: the two do not take the session from each other again and again.
        bob.is_in_call_with("alice").await?;
        alice.tries_to_sign_in("alice").await?;
        alice
            .sees("that the name is taken", |look| look.name_error.as_deref() == Some("name-taken"))
            .await?;
        alice.switch_to(second).await?;
        are_back(&alice, &bob).await?;
        alice.hangs_up().await?;
        bob.is_idle_because("ended-by-peer: alice").await?;
        tour.is_fine().await
    })
}

#[test]
fn the_way_back_into_a_call_is_seen() -> Played {
    play(2, async |scene| {
        let tour = Tour::default();
        let (alice, bob) = scene.pair_in_call("alice", "bob").await?;
        // Bob's browser does not get as far as to answer.
        bob.value::<()>(
            "RTCPeerConnection.prototype.setRemoteDescription = () => new Promise(() => {})",
        )
        .await?;
        alice.reload().await?;
        alice.sees("that they go back", |look| look.status() == "rejoining: bob").await?;
        tour.look_at(&alice, "rejoining").await?;
        bob.sees("that it is mended", |look| look.phase() == "reconnecting").await?;
        bob.hangs_up().await?;
        alice.is_idle_because("ended-by-peer: bob").await?;
        tour.is_fine().await
    })
}

/// Both see and hear each other, over one connection.
async fn are_back(one: &Person, other: &Person) -> Result<()> {
    try_join!(one.is_in_call_with(other.name()), other.is_in_call_with(one.name()))?;
    try_join!(one.receives_media(), other.receives_media())?;
    for person in [one, other] {
        ensure!(person.open_connections().await? == 1, "{} has several connections", person.name());
    }
    Ok(())
}
