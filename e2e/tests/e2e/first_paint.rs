//! There is something to see before the program is there.

use e2e::{Join, Played, play};
use serde_json::json;

/// Something is painted, the page says that it starts, and the program has done nothing yet.
const PAINTED: &str =
    "const painted = performance.getEntriesByName('first-contentful-paint').length > 0;
    const start = document.getElementById('startPage')?.checkVisibility() ?? false;
    return painted && start && document.getElementById('loginPage')?.hidden === true";

#[test]
fn the_first_paint_does_not_wait_for_the_program() -> Played {
    play(1, async |scene| {
        let impatient = Join { impatient: true, ..Join::default() };
        let alice = scene.join_as("alice", impatient).await?;
        alice.sees("the sign-in", |look| look.page.as_deref() == Some("loginPage")).await?;

        // From here on no program comes.
        alice.devtools("Network.setCacheDisabled", json!({ "cacheDisabled": true })).await?;
        let patterns = json!({ "patterns": [{ "urlPattern": "*.wasm" }] });
        alice.devtools("Fetch.enable", patterns).await?;
        alice.open(&scene.server().origin(None)).await?;
        alice.becomes(PAINTED).await?;

        // And now it may.
        alice.devtools("Fetch.disable", json!({})).await?;
        alice.sees("the sign-in", |look| look.page.as_deref() == Some("loginPage")).await?;
        Ok(())
    })
}
