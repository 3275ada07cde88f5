//! Behind a web server of other people's: nginx.

use anyhow::ensure;
use e2e::{
    Join, Look, Played,
    scene::{Setting, call, play_in},
    web_server::PASSES_WEBSOCKETS,
};
use tokio::try_join;

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
