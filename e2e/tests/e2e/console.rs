//! What the browser's console says.

use e2e::{
    Played, play,
    scene::{POLICY, call},
    wait::{PATIENCE, until},
};
use tokio::try_join;

#[test]
fn a_call_leaves_no_error_in_the_console() -> Played {
    play(2, async |scene| {
        let (alice, bob) = scene.pair("alice", "bob").await?;
        call(&alice, &bob).await?;
        try_join!(alice.receives_media(), bob.receives_media())?;
        alice.click("cameraBtn").await?;
        bob.sees("no picture", |look| !look.remote_picture).await?;
        alice.hangs_up().await?;
        try_join!(
            alice.is_idle_because("ended-by-you: bob"),
            bob.is_idle_because("ended-by-peer: alice")
        )?;
        bob.calls("alice").await?;
        alice.is_rung_by("bob").await?;
        alice.declines().await?;
        bob.is_idle_because("declined: alice").await?;
        bob.click("signOutBtn").await?;
        bob.sees("the sign-in", |look| look.page() == "loginPage").await?;
        for person in [&alice, &bob] {
            let errors = person.console_errors().await?;
            assert!(errors.is_empty(), "{}: {errors:#?}", person.name());
        }
        Ok(())
    })
}

#[test]
fn what_gets_into_the_markup_neither_runs_nor_loads() -> Played {
    const INTO_THE_MARKUP: &str = "
        document.body.insertAdjacentHTML('beforeend', '<img id=\"evil\" src=\"x:\" onerror=\"window.ran = 1\">');
        const script = document.createElement('script');
        script.textContent = 'window.ran = 2';
        document.body.append(script);
        const other = document.createElement('script');
        other.src = 'http://127.0.0.1:9/x.js';
        document.body.append(other);
        fetch('http://127.0.0.1:9/').catch(() => {});
        // Later, since to a driver's own script more is allowed.
        setTimeout(() => eval('window.ran = 3'))";
    play(1, async |scene| {
        let alice = scene.signed_in("alice").await?;
        alice.value::<()>(INTO_THE_MARKUP).await?;
        let mut errors = Vec::new();
        for forbidden in [
            "inline event handler",
            "inline script",
            "script-src",
            "connect-src",
            "string as JavaScript",
        ] {
            let found = until(PATIENCE, async || {
                errors.extend(alice.console_errors().await?);
                let said = |error: &String| error.contains(POLICY) && error.contains(forbidden);
                Ok(errors.iter().any(said).then_some(()))
            });
            assert!(found.await?.is_some(), "{forbidden}: {errors:#?}");
        }
        assert_eq!(alice.value::<Option<u32>>("return window.ran").await?, None);
        Ok(())
    })
}
