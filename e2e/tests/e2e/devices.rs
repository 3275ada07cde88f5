//! Cameras and microphones that are not there, or not allowed.

use std::net::Ipv4Addr;

use anyhow::Result;
use e2e::{
    Devices, Join, Look, Person, Played, Scene, play,
    scene::{Setting, call, play_in},
};
use serde_json::json;
use tokio::try_join;

use crate::states::Tour;

async fn with_devices(scene: &Scene, name: &str, devices: Devices) -> Result<Person> {
    let person = scene.join_as(name, Join { devices, ..Join::default() }).await?;
    person.sign_in().await?;
    Ok(person)
}

#[test]
fn who_allows_nothing_sees_and_hears_and_is_told_how_to_allow_it() -> Played {
    play(2, async |scene| {
        let (alice, bob) =
            try_join!(with_devices(scene, "alice", Devices::Denied), scene.signed_in("bob"))?;
        let is_told = |look: &Look| look.notice.as_deref() == Some("media-denied");
        call(&alice, &bob).await?;
        alice.sees("why it is neither seen nor heard", is_told).await?;
        let asked: u32 = alice.value("return e2eSpy.devices").await?;
        assert_eq!(asked, 1, "Chromium blocks a page for a week that asks three times in vain");
        bob.sees("that there is no picture and no sound", |look| {
            !look.remote_picture && look.remote_muted
        })
        .await?;
        alice.receives_media().await?;
        alice.hangs_up().await?;
        bob.is_idle_because("ended-by-peer: alice").await?;

        call(&bob, &alice).await?;
        alice.sees("why it is neither seen nor heard", is_told).await?;
        alice.receives_media().await?;

        let both = json!({ "permissions": ["audioCapture", "videoCapture"] });
        alice.devtools("Browser.grantPermissions", both).await?;
        alice.click("micBtn").await?;
        bob.sees("that alice can be heard", |look| !look.remote_muted).await?;
        alice.sees("nothing more of that", |look| look.notice.is_none()).await?;
        alice.click("cameraBtn").await?;
        bob.sees("alice's picture", |look| look.remote_picture).await?;
        bob.receives_media().await?;
        Ok(())
    })
}

#[test]
fn who_denies_the_camera_is_heard() -> Played {
    goes_on_with_what_there_is(Devices::CameraDenied, "camera-denied")
}

#[test]
fn who_denies_the_microphone_is_seen() -> Played {
    play(2, async |scene| {
        let (alice, bob) = try_join!(
            with_devices(scene, "alice", Devices::MicrophoneDenied),
            scene.signed_in("bob")
        )?;
        call(&bob, &alice).await?;
        alice.sees("why", |look| look.notice.as_deref() == Some("mic-denied")).await?;
        bob.sees("a picture without sound", |look| look.remote_picture && look.remote_muted)
            .await?;
        alice.receives_media().await?;
        Ok(())
    })
}

#[test]
fn who_has_no_camera_is_heard() -> Played {
    goes_on_with_what_there_is(Devices::NoCamera, "camera-missing")
}

fn goes_on_with_what_there_is(devices: Devices, note: &str) -> Played {
    play(2, async |scene| {
        let (alice, bob) =
            try_join!(with_devices(scene, "alice", devices), scene.signed_in("bob"))?;
        alice.calls("bob").await?;
        bob.is_rung_by("alice").await?;
        alice.sees(note, |look| look.notice.as_deref() == Some(note)).await?;
        bob.answers().await?;
        try_join!(alice.is_in_call_with("bob"), bob.is_in_call_with("alice"))?;
        bob.sees("a placeholder for the picture", |look| !look.remote_picture).await?;
        try_join!(alice.receives_media(), bob.receives_sound())?;
        Ok(())
    })
}

#[test]
fn who_has_nothing_sees_and_hears() -> Played {
    play(2, async |scene| {
        let (alice, bob) =
            try_join!(with_devices(scene, "alice", Devices::Neither), scene.signed_in("bob"))?;
        bob.calls("alice").await?;
        alice.is_rung_by("bob").await?;
        alice.answers().await?;
        try_join!(alice.is_in_call_with("bob"), bob.is_in_call_with("alice"))?;
        alice.sees("what is missing", |look| look.notice.as_deref() == Some("listen-only")).await?;
        bob.sees("that there is no picture and no sound", |look| {
            !look.remote_picture && look.remote_muted
        })
        .await?;
        alice.receives_media().await?;
        Ok(())
    })
}

#[test]
fn on_an_insecure_page_it_is_said_why_nothing_opens() -> Played {
    // A server on loopback lets nobody in whose page came under another host's name.
    let everywhere = Setting { address: Ipv4Addr::UNSPECIFIED.into(), ..Setting::default() };
    play_in(everywhere, 2, async |scene| {
        let tour = Tour::default();
        let insecure = Join { host: Some("pronto.test".to_owned()), ..Join::default() };
        let (alice, bob) = try_join!(scene.join_as("alice", insecure), scene.signed_in("bob"))?;
        assert!(!alice.value::<bool>("return isSecureContext").await?);
        let told = |look: &Look| look.login_notice.as_deref() == Some("insecure-context");
        alice.sees("the reason before anything else", told).await?;
        tour.look_at(&alice, "sign-in-insecure").await?;
        alice.sign_in().await?;
        let why = |look: &Look| look.notice.as_deref() == Some("insecure-context");
        alice.sees("the reason before they call", why).await?;
        alice.click("noticeCloseBtn").await?;
        alice.calls("bob").await?;
        alice.is_idle_because("insecure-context").await?;
        alice.click("previewBtn").await?;
        alice.sees("the reason again", why).await?;

        bob.calls("alice").await?;
        alice.is_rung_by("bob").await?;
        alice.answers().await?;
        alice
            .sees("the reason while it rings", |look| look.phase() == "ringing" && why(look))
            .await?;
        tour.is_fine().await
    })
}

#[test]
fn a_browser_without_webrtc_is_told_so() -> Played {
    play(1, async |scene| {
        let alice = scene.join("alice").await?;
        for lost in ["window.RTCPeerConnection", "MediaDevices.prototype.getUserMedia"] {
            let script = json!({ "source": format!("delete {lost}") });
            let added = alice.devtools("Page.addScriptToEvaluateOnNewDocument", script).await?;
            alice.reload().await?;
            alice.sees(lost, |look| look.page() == "unsupportedPage").await?;
            alice.devtools("Page.removeScriptToEvaluateOnNewDocument", added).await?;
        }
        Ok(())
    })
}

/// The devices take their time, as real cameras do, until they are let open.
const SLOW_DEVICES: &str = "const devices = navigator.mediaDevices;
    const open = devices.getUserMedia.bind(devices);
    const let_go = new Promise((done) => { window.letDevicesOpen = done; });
    devices.getUserMedia = (wanted) => let_go.then(() => open(wanted));";

#[test]
fn what_is_switched_off_before_it_is_open_is_neither_heard_nor_seen() -> Played {
    play(2, async |scene| {
        let (alice, bob) = scene.pair("alice", "bob").await?;
        bob.value::<()>(SLOW_DEVICES).await?;
        call(&alice, &bob).await?;
        bob.click("micBtn").await?;
        bob.click("cameraBtn").await?;
        bob.value::<()>("letDevicesOpen()").await?;
        alice
            .sees("that bob is silent and not to be seen", |look| {
                look.remote_muted && !look.remote_picture
            })
            .await?;
        let sent = "return e2eSpy.connections.at(-1).getSenders().map(({ track }) => track)
            .filter((track) => track?.enabled && track.readyState === 'live').length";
        assert_eq!(bob.value::<usize>(sent).await?, 0);
        bob.click("micBtn").await?;
        alice.sees("that bob can be heard", |look| !look.remote_muted).await?;
        Ok(())
    })
}

/// Nobody answers the browser's question for a camera, until one says so.
const SLOW_CAMERA: &str = "const devices = navigator.mediaDevices;
    const open = devices.getUserMedia.bind(devices);
    const answered = new Promise((done) => { window.answerPrompt = done; });
    devices.getUserMedia = (wanted) => wanted.video ? answered.then(() => open(wanted)) : open(wanted);";

/// As the system does by a key of the keyboard, or for a phone call.
fn system(what: &str, kind: &str) -> String {
    format!(
        "e2eSpy.tracks.findLast(({{ kind, readyState }}) => kind === '{kind}' && readyState === 'live')
            .dispatchEvent(new Event('{what}'))"
    )
}

#[test]
fn a_call_goes_on_while_the_browser_asks_and_while_the_system_mutes() -> Played {
    play(2, async |scene| {
        let tour = Tour::default();
        let (alice, bob) = scene.pair_in_call("alice", "bob").await?;
        bob.value::<()>(SLOW_CAMERA).await?;
        bob.click("cameraBtn").await?;
        alice.sees("no picture", |look| !look.remote_picture).await?;
        bob.click("cameraBtn").await?;
        let busy = "return document.getElementById('cameraBtn').ariaBusy === 'true'";
        bob.becomes(busy).await?;
        // Each button minds its own device.
        let greyed = "return document.getElementById('micBtn').ariaDisabled === 'true'";
        assert!(!bob.value::<bool>(greyed).await?);
        bob.click("micBtn").await?;
        alice.sees("that bob is silent", |look| look.remote_muted).await?;
        bob.click("micBtn").await?;
        alice.sees("that bob can be heard", |look| !look.remote_muted).await?;
        bob.value::<()>("answerPrompt()").await?;
        alice.sees("bob's picture", |look| look.remote_picture).await?;

        for (kind, button, text) in
            [("audio", "micBtn", "mic-silenced"), ("video", "cameraBtn", "camera-silenced")]
        {
            bob.value::<()>(&system("mute", kind)).await?;
            bob.sees("why", |look| look.notice.as_deref() == Some(text)).await?;
            let is_off = |look: &Look| look.microphone_off || look.camera_off;
            bob.sees("that it is off", is_off).await?;
            alice.sees("it", |look| look.remote_muted || !look.remote_picture).await?;
            if kind == "audio" {
                tour.look_at(&bob, "in-call-mic-silenced").await?;
            }
            bob.value::<()>(&system("unmute", kind)).await?;
            bob.sees(&format!("#{button} on, and no reason"), |look| {
                !is_off(look) && look.notice.is_none()
            })
            .await?;
            alice.sees("both", |look| !look.remote_muted && look.remote_picture).await?;
        }
        tour.is_fine().await
    })
}
