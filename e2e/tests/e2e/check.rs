//! The check of the connection, before one signs in. Behind firewalls it is tried by `cargo xtask connectivity`.

use anyhow::Result;
use e2e::{
    Person, Played,
    scene::{Setting, play_in},
};

use crate::states::Tour;

/// Starts a check, and waits until it comes to this: its sentence, and what it says of UDP, TCP and TLS.
async fn comes_to(person: &Person, expected: [&str; 4]) -> Result<()> {
    person.click("checkBtn").await?;
    let wanted = serde_json::to_string(&expected)?;
    let script = format!(
        "new Promise((done) => {{
            const look = (left) => {{
                const of = (id) => document.getElementById(id).dataset.result;
                const found = JSON.stringify([document.getElementById('checkPanel').dataset.summary,
                    of('checkUdp'), of('checkTcp'), of('checkTls')]);
                if (found === '{wanted}' || left === 0) {{ done(found); }} else {{ setTimeout(look, 100, left - 1); }}
            }};
            look(200);
        }})"
    );
    assert_eq!(person.promised::<String>(&script).await?, wanted);
    Ok(())
}

#[test]
fn the_ways_to_the_relay_are_tried_before_one_signs_in() -> Played {
    play_in(Setting::default(), 1, async |scene| {
        let tour = Tour::default();
        let alice = scene.join("alice").await?;
        alice.sees("the sign-in", |look| look.page() == "loginPage").await?;
        comes_to(&alice, ["check-udp", "way-works", "way-works", "way-missing"]).await?;
        assert_eq!(alice.open_connections().await?, 0, "what was opened for it is closed");
        tour.look_at(&alice, "sign-in-checked").await?;

        scene.server().kill().await?;
        let away = ["check-no-server", "way-missing", "way-missing", "way-missing"];
        comes_to(&alice, away).await?;
        scene.server().start_again().await?;
        comes_to(&alice, ["check-udp", "way-works", "way-works", "way-missing"]).await?;
        // It took no name from anybody, and one can sign in after it.
        alice.sign_in().await?;
        tour.is_fine().await
    })
}

#[test]
fn a_server_without_a_relay_is_said_to_have_none() -> Played {
    let options = ["--relay", "off"].map(str::to_owned).to_vec();
    play_in(Setting { options, ..Setting::default() }, 1, async |scene| {
        let tour = Tour::default();
        let alice = scene.join("alice").await?;
        alice.sees("the sign-in", |look| look.page() == "loginPage").await?;
        let none = ["check-no-relay", "way-missing", "way-missing", "way-missing"];
        comes_to(&alice, none).await?;
        tour.look_at(&alice, "sign-in-checked-no-relay").await?;
        tour.is_fine().await
    })
}
