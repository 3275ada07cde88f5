//! Behind a web server of other people's: nginx.

use anyhow::ensure;
use e2e::{
    Join, Look, Played,
    scene::{Setting, call, play_in},
    web_server::PASSES_WEBSOCKETS,
};
use tokio::try_join;

use crate::states::Tour;

/// Signing in with a provider, calling, and a reload: all that names an address.
#[test]
fn a_page_under_a_path_works_as_any_other() -> Played {
    let options = ["--base-path", "/call"].map(str::to_owned).to_vec();
    let providers = vec![("acme", "Acme")];
    play_in(Setting { options, providers, ..Setting::default() }, 2, async |scene| {
        let server = scene.server().address();
        // It takes the path off, which is the slash after the address.
        let passes = format!(
            "location /call/ {{ proxy_pass http://{server}/; {PASSES_WEBSOCKETS} }}
             location / {{ return 404; }}"
        );
        let web = scene.web_server(&passes).await?;
        let at = Join { at: Some(format!("{}/call", web.origin())), ..Join::default() };
        let (alice, bob) = try_join!(scene.join_as("alice", at.clone()), scene.join_as("bob", at))?;
        alice.signs_in_with("acme").await?;
        alice.sees("the choice of a name", |look| look.entry.as_deref() == Some("naming")).await?;
        let address: String = alice.value("return location.href").await?;
        ensure!(address == format!("{}/call/", web.origin()), "{address}");
        alice.click("loginBtn").await?;
        alice.sees("that they are signed in", Look::is_signed_in).await?;
        bob.sign_in().await?;
        call(&alice, &bob).await?;
        try_join!(alice.receives_media(), bob.receives_media())?;
        bob.reload().await?;
        bob.is_in_call_with("alice").await?;
        alice.hangs_up().await?;
        bob.is_idle_because("ended-by-peer: alice").await?;
        Ok(())
    })
}

/// Whoever set the web server up sees on the page what is missing, and not that the server is away.
#[test]
fn a_web_server_that_does_not_pass_websockets_on_is_named() -> Played {
    play_in(Setting::default(), 1, async |scene| {
        let tour = Tour::default();
        let server = scene.server().address();
        // As nginx does of itself: by HTTP/1.0, without Upgrade and Connection.
        let strips =
            scene.web_server(&format!("location / {{ proxy_pass http://{server}; }}")).await?;
        let passes = format!("location / {{ proxy_pass http://{server}; {PASSES_WEBSOCKETS} }}");
        let passes = scene.web_server(&passes).await?;
        let at = Join { at: Some(strips.origin()), ..Join::default() };
        let alice = scene.join_as("alice", at).await?;
        alice.tries_to_sign_in("alice").await?;
        let says = |what: &'static str| {
            move |look: &Look| look.banner.as_deref().is_some_and(|said| said.starts_with(what))
        };
        alice.sees("what is missing", says("server-no-websocket")).await?;
        tour.look_at(&alice, "sign-in-no-websocket").await?;

        alice.open(&passes.origin()).await?;
        alice.sign_in().await?;
        scene.server().kill().await?;
        let look = alice.sees("who answers instead", says("server-answered-for")).await?;
        ensure!(look.banner.as_deref() == Some("server-answered-for: 502"), "{look}");
        tour.look_at(&alice, "idle-answered-for").await?;
        scene.server().start_again().await?;
        alice.sees("that all is well", |look| look.banner.is_none() && look.can_call).await?;
        tour.is_fine().await
    })
}
