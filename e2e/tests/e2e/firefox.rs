//! Chromium and Firefox.

use anyhow::{Result, ensure};
use e2e::{Join, Kind, Person, Played, play, scene::call};
use tokio::try_join;

#[test]
fn chromium_and_firefox_call_each_other_each_way() -> Played {
    play(2, async |scene| {
        let (chromium, firefox) = try_join!(scene.signed_in("chromium"), async {
            let firefox =
                scene.join_as("firefox", Join { kind: Kind::Firefox, ..Join::default() }).await?;
            firefox.sign_in().await?;
            Ok(firefox)
        })?;
        for (caller, callee) in [(&chromium, &firefox), (&firefox, &chromium)] {
            call(caller, callee).await?;
            try_join!(sees_vp8(caller), sees_vp8(callee))?;
            mute_is_seen(callee, caller).await?;
            callee.hangs_up().await?;
            let (ended, told) = (
                format!("ended-by-you: {}", caller.name()),
                format!("ended-by-peer: {}", callee.name()),
            );
            try_join!(callee.is_idle_because(&ended), caller.is_idle_because(&told))?;
        }
        Ok(())
    })
}

async fn sees_vp8(person: &Person) -> Result<()> {
    let received = person.receives_media().await?;
    let codec = received.codec.as_deref().unwrap_or_default();
    ensure!(codec.eq_ignore_ascii_case("video/vp8"), "{received:?}");
    Ok(())
}

async fn mute_is_seen(speaker: &Person, listener: &Person) -> Result<()> {
    speaker.click("micBtn").await?;
    listener.sees("that the other microphone is off", |look| look.remote_muted).await?;
    Ok(())
}
