//! Who learns whose address, and when.

use anyhow::Result;
use e2e::{
    Look, Person, Played, play,
    scene::{Setting, call, play_in},
};
use tokio::try_join;

use crate::states::Tour;

/// Notes what the page sends to the server from now on, and all that it hears of the other's addresses.
const LISTEN: &str = "
    e2eSpy.sent = [];
    const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (text) {
        e2eSpy.socket = this;
        e2eSpy.sent.push(String(text));
        return send.call(this, text);
    };";

/// The server names the relays that it has named before, as it does some minutes later. Gives whether ICE is restarted.
const RENEW: &str = "(async () => {
    const connection = e2eSpy.connections.findLast(e2eSpy.isOpen);
    const before = e2eSpy.credentials(connection);
    const asked = new Promise((done) => {
        connection.getStats = async () => {
            delete connection.getStats;
            const report = await connection.getStats();
            done();
            return report;
        };
    });
    const iceServers = connection.getConfiguration().iceServers;
    const data = JSON.stringify({ type: 'ice', iceServers });
    e2eSpy.socket.dispatchEvent(new MessageEvent('message', { data }));
    await asked;
    await new Promise((done) => setTimeout(done));
    // What is done with a connection is done in order: the restart comes before this.
    await connection.createOffer();
    return e2eSpy.credentials(connection) !== before;
})()";

async fn sent(person: &Person) -> Result<Vec<serde_json::Value>> {
    let texts: Vec<String> = person.value("return e2eSpy.sent").await?;
    Ok(texts.iter().filter_map(|text| serde_json::from_str(text).ok()).collect())
}

async fn is_pressed(person: &Person) -> Result<bool> {
    let pressed =
        "return document.getElementById('relayOnlyBtn').getAttribute('aria-pressed') === 'true'";
    person.value(pressed).await
}

/// Every candidate in what was sent, also those within descriptions.
fn candidates(sent: &[serde_json::Value]) -> Vec<String> {
    let mut found = Vec::new();
    for message in sent {
        found.extend(message["candidate"]["candidate"].as_str().map(str::to_owned));
        for description in ["offer", "answer"] {
            let sdp = message[description]["sdp"].as_str().unwrap_or_default();
            let lines = sdp.lines().filter(|line| line.starts_with("a=candidate:"));
            found.extend(lines.map(str::to_owned));
        }
    }
    found
}

#[test]
fn who_hides_their_address_is_reached_by_the_relay_only() -> Played {
    play(2, async |scene| {
        let tour = Tour::default();
        let (alice, bob) = scene.pair("alice", "bob").await?;
        assert!(!is_pressed(&alice).await?);
        alice.click("relayOnlyBtn").await?;
        assert!(is_pressed(&alice).await?);
        tour.look_at(&alice, "idle-hidden-address").await?;
        // It is remembered.
        alice.reload().await?;
        alice.sees("that she is back", Look::is_signed_in).await?;
        assert!(is_pressed(&alice).await?);

        for (caller, callee) in [(&alice, &bob), (&bob, &alice)] {
            try_join!(alice.value::<()>(LISTEN), bob.value::<()>(LISTEN))?;
            call(caller, callee).await?;
            try_join!(alice.receives_media(), bob.receives_media())?;
            let (at_alice, at_bob) = try_join!(alice.route(), bob.route())?;
            // Over UDP or TCP, whichever the browsers find to be quicker.
            assert!(at_alice.starts_with("relay/"), "{at_alice}");
            assert!(
                at_bob.starts_with("relay/"),
                "the relay reaches nobody but its own users: {at_bob}"
            );
            let hers = candidates(&sent(&alice).await?);
            assert!(!hers.is_empty());
            for candidate in hers {
                assert!(candidate.contains(" typ relay "), "{candidate}");
                assert!(candidate.contains(" raddr 0.0.0.0 "), "{candidate}");
            }
            let his = candidates(&sent(&bob).await?);
            assert!(his.iter().any(|candidate| candidate.contains(" typ host ")), "{his:?}");
            // Before the credentials expire, allocations are made with new ones. The call goes on.
            for person in [&alice, &bob] {
                assert!(person.promised::<bool>(RENEW).await?, "{}", person.name());
                try_join!(alice.receives_media(), bob.receives_media())?;
            }
            alice.hangs_up().await?;
            bob.is_idle_because("ended-by-peer: alice").await?;
        }
        alice.click("relayOnlyBtn").await?;
        call(&alice, &bob).await?;
        try_join!(alice.receives_media(), bob.receives_media())?;
        assert_eq!(alice.route().await?, "host/udp");
        assert!(!alice.promised::<bool>(RENEW).await?, "a path that needs no relay is left alone");
        tour.is_fine().await
    })
}

#[test]
fn nobody_learns_an_address_before_the_call_is_accepted() -> Played {
    play(2, async |scene| {
        let (alice, bob) = scene.pair("alice", "bob").await?;
        try_join!(alice.value::<()>(LISTEN), bob.value::<()>(LISTEN))?;
        alice.calls("bob").await?;
        bob.is_rung_by("alice").await?;
        alice.sees("that it rings", |look| look.status() == "ringing-there: bob").await?;
        // By now her browser has found all that it will: what she found is held back.
        let gathered = "new Promise((done) => {
            const connection = e2eSpy.connections.at(-1);
            const look = () => connection.iceGatheringState === 'complete' ? done(true) : setTimeout(look, 50);
            look();
        })";
        assert!(alice.promised::<bool>(gathered).await?);
        for person in [&alice, &bob] {
            assert_eq!(candidates(&sent(person).await?), Vec::<String>::new(), "{}", person.name());
        }
        bob.answers().await?;
        try_join!(alice.receives_media(), bob.receives_media())?;
        for person in [&alice, &bob] {
            assert!(!candidates(&sent(person).await?).is_empty(), "{}", person.name());
        }
        Ok(())
    })
}

#[test]
fn an_address_cannot_be_hidden_without_a_relay_and_to_answer_is_to_show_it() -> Played {
    let options = ["--relay", "off"].map(str::to_owned).to_vec();
    play_in(Setting { options, ..Setting::default() }, 2, async |scene| {
        let tour = Tour::default();
        let (alice, bob) = scene.pair("alice", "bob").await?;
        let warned = "return document.getElementById('relayOnlyWarning').checkVisibility()";
        assert!(!alice.value::<bool>(warned).await?);
        alice.click("relayOnlyBtn").await?;
        assert!(alice.value::<bool>(warned).await?);
        tour.look_at(&alice, "idle-hidden-in-vain").await?;
        alice.calls("bob").await?;
        let why = |look: &Look| look.callee_error.as_deref() == Some("hidden-no-relay");
        alice.sees("why she cannot call", why).await?;
        assert!(!alice.value::<bool>(warned).await?, "it is said once");
        tour.look_at(&alice, "idle-hidden-in-vain-called").await?;

        bob.calls("alice").await?;
        alice.is_rung_by("bob").await?;
        let what = |look: &Look| look.notice.as_deref() == Some("answer-shows");
        alice.sees("what it is to answer", what).await?;
        let says = "return document.querySelector('#acceptBtn .shows-address').checkVisibility()";
        assert!(alice.value::<bool>(says).await?);
        tour.look_at(&alice, "ringing-hidden-in-vain").await?;
        alice.declines().await?;
        bob.is_idle_because("declined: alice").await?;
        assert_eq!(alice.look().await?.callee_error, None);
        assert!(alice.value::<bool>(warned).await?);
        // It is shown in this call alone, which goes on after a reload.
        call(&bob, &alice).await?;
        alice.reload().await?;
        try_join!(alice.is_in_call_with("bob"), bob.is_in_call_with("alice"))?;
        try_join!(alice.receives_media(), bob.receives_media())?;
        alice.hangs_up().await?;
        bob.is_idle_because("ended-by-peer: alice").await?;
        assert!(is_pressed(&alice).await?);
        assert!(alice.value::<bool>(warned).await?);

        alice.click("relayOnlyBtn").await?;
        assert!(!alice.value::<bool>(warned).await?);
        bob.calls("alice").await?;
        alice.is_rung_by("bob").await?;
        assert!(!alice.value::<bool>(says).await?);
        alice.declines().await?;
        bob.is_idle_because("declined: alice").await?;
        call(&alice, &bob).await?;
        tour.is_fine().await
    })
}
