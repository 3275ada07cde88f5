//! The check of the connection, before one signs in. Behind firewalls it is tried by `cargo xtask connectivity`.

use e2e::{
    Played,
    scene::{Setting, play_in},
};

use crate::states::Tour;

#[test]
fn the_ways_to_the_relay_are_tried_before_one_signs_in() -> Played {
    play_in(Setting::default(), 1, async |scene| {
        let tour = Tour::default();
        let alice = scene.join("alice").await?;
        alice.sees("the sign-in", |look| look.page() == "loginPage").await?;
        alice.checks_connection(["check-udp", "way-works", "way-works", "way-missing"]).await?;
        assert_eq!(alice.open_connections().await?, 0, "what was opened for it is closed");
        tour.look_at(&alice, "sign-in-checked").await?;

        scene.server().kill().await?;
        let away = ["check-no-server", "way-missing", "way-missing", "way-missing"];
        alice.checks_connection(away).await?;
        scene.server().start_again().await?;
        alice.checks_connection(["check-udp", "way-works", "way-works", "way-missing"]).await?;
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
        alice.checks_connection(none).await?;
        tour.look_at(&alice, "sign-in-checked-no-relay").await?;
        tour.is_fine().await
    })
}

#[test]
fn a_relay_that_refuses_is_said_to_refuse() -> Played {
    play_in(Setting::default(), 1, async |scene| {
        let tour = Tour::default();
        // Its relays are those of the scene's server, which knows nothing of its secret.
        let port = scene.server().address().port();
        let relays = ["udp", "tcp"].map(|way| format!("turn:127.0.0.1:{port}?transport={way}"));
        let options = ["--turn-secret", "another", "--turn-url", &relays.join(",")];
        let options = options.map(str::to_owned).to_vec();
        let server = scene.another_server(Setting { options, ..Setting::default() }).await?;
        let alice = scene.join("alice").await?;
        alice.open(&server.origin(None)).await?;
        alice.sees("the sign-in", |look| look.page() == "loginPage").await?;
        let refused = "way-refused-credentials";
        alice.checks_connection(["check-refused", refused, refused, "way-missing"]).await?;
        tour.look_at(&alice, "sign-in-checked-refused").await?;
        tour.is_fine().await
    })
}
