//! Names: one's own, and those of others.

use e2e::{Played, play};

use crate::states::Tour;

#[test]
fn a_name_that_cannot_be_had_is_answered_beside_the_field() -> Played {
    play(2, async |scene| {
        let bob = scene.signed_in("bob").await?;
        let eve = scene.join("eve").await?;
        let tries = [
            ("", "name-empty"),
            ("two words", "name-invisible: U+0020"),
            ("   ", "name-empty"),
            ("__proto__", "name-edge: _"),
            ("bob", "name-taken"),
            ("BOB", "name-taken"),
            // A Cyrillic о.
            ("bоb", "name-scripts: о: U+043E"),
        ];
        for (name, error) in tries {
            eve.tries_to_sign_in(name).await?;
            let what = format!("the answer {error} to the name {name:?}");
            let look = eve.sees(&what, |look| look.name_error.as_deref() == Some(error)).await?;
            assert_eq!(look.page(), "loginPage");
            assert_eq!(look.focus, "usernameInput", "whose name was {name:?} can go on typing");
        }
        // A Turkish name is shown as it was typed, and found under any spelling.
        eve.tries_to_sign_in("ıbrahim").await?;
        let look = eve.sees("that they are signed in", e2e::Look::is_signed_in).await?;
        assert_eq!(look.self_name.as_deref(), Some("ıbrahim"));
        assert!(bob.look().await?.is_signed_in());
        bob.calls("İBRAHİM").await?;
        eve.is_rung_by("bob").await?;
        bob.sees("the callee's own spelling", |look| look.status() == "ringing-there: ıbrahim")
            .await?;
        Ok(())
    })
}

#[test]
fn a_name_that_cannot_be_called_is_answered_in_place() -> Played {
    play(1, async |scene| {
        let alice = scene.signed_in("alice").await?;
        let beside_the_field = [
            ("", "callee-empty"),
            ("alice", "callee-self"),
            ("two words", "name-invisible: U+0020"),
            ("Alice", "callee-self"),
        ];
        for (name, error) in beside_the_field {
            alice.calls(name).await?;
            let what = format!("the answer {error} to a call to {name:?}");
            let look =
                alice.sees(&what, |look| look.callee_error.as_deref() == Some(error)).await?;
            assert_eq!((look.phase(), look.focus.as_str()), ("idle", "callToUsernameInput"));
        }
        alice.calls("nobody").await?;
        assert!(alice.is_idle_because("offline: nobody").await?.can_call_again);
        Ok(())
    })
}

#[test]
fn a_page_remembers_the_name_of_who_has_signed_out() -> Played {
    play(1, async |scene| {
        let alice = scene.signed_in("alice").await?;
        alice.click("signOutBtn").await?;
        alice.sees("the sign-in", |look| look.page() == "loginPage").await?;
        alice.reload().await?;
        let look = alice.sees("the sign-in", |look| look.page() == "loginPage").await?;
        assert_eq!(look.name, "alice");
        alice.click("loginBtn").await?;
        let look = alice.sees("that they are signed in again", e2e::Look::is_signed_in).await?;
        assert_eq!(look.self_name.as_deref(), Some("alice"));
        Ok(())
    })
}

#[test]
fn whoever_signs_out_frees_their_name_at_once() -> Played {
    play(2, async |scene| {
        let bob = scene.signed_in("bob").await?;
        let other = scene.join("bob").await?;
        other.tries_to_sign_in("bob").await?;
        let taken = |look: &e2e::Look| look.name_error.as_deref() == Some("name-taken");
        other.sees("that the name is taken", taken).await?;
        bob.click("signOutBtn").await?;
        bob.sees("the sign-in", |look| look.page() == "loginPage").await?;
        other.click("loginBtn").await?;
        let look = other.sees("an answer", |look| look.is_signed_in() || taken(look)).await?;
        assert!(look.is_signed_in(), "{look}");

        // This browser had the name: whoever has it now may be its user, in a tab that is gone.
        bob.reload().await?;
        bob.sees("the sign-in", |look| look.page() == "loginPage").await?;
        bob.click("loginBtn").await?;
        let may_be_oneself = |look: &e2e::Look| {
            look.banner.as_deref().is_some_and(|said| said.starts_with("name-may-be-held"))
        };
        bob.sees("that it may be themselves", may_be_oneself).await?;
        let tour = Tour::default();
        tour.look_at(&bob, "sign-in-name-may-be-held").await?;
        other.click("signOutBtn").await?;
        bob.sees("that they are signed in", e2e::Look::is_signed_in).await?;
        tour.is_fine().await
    })
}

#[test]
fn who_signs_out_can_sign_in_under_another_name() -> Played {
    play(2, async |scene| {
        let (alice, bob) = scene.pair("alice", "bob").await?;
        bob.click("signOutBtn").await?;
        bob.sees("the sign-in", |look| look.page() == "loginPage" && look.status() == "signed-out")
            .await?;
        alice.calls("bob").await?;
        alice.is_idle_because("offline: bob").await?;
        bob.tries_to_sign_in("robert").await?;
        bob.sees("that they are signed in", e2e::Look::is_signed_in).await?;
        alice.calls("robert").await?;
        bob.is_rung_by("alice").await?;
        Ok(())
    })
}
