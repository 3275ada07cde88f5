//! How a browser is started for a test.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use thirtyfour::{Capabilities, WebDriver};

use super::Browser;
use crate::Join;
use crate::settings::{self, CHROMIUM, FIREFOX};

/// What browsers are started with in this project's tests.
const COMMON: &str = include_str!("../../../webdriver.json");

const NO_QUESTIONS: &str = "--use-fake-ui-for-media-stream";
const FAKE_DEVICES: &str = "--use-fake-device-for-media-stream";
/// Few pictures a second: to encode them is most of what a machine that runs these tests does.
const SLOW_CAMERA: &str = "--use-fake-device-for-media-stream=fps=10";
const QUICK_CAMERA: &str = "--use-fake-device-for-media-stream=fps=30";
const NO_CAMERA: &str = "--use-fake-device-for-media-stream=device-count=0";

/// Without a window Chromium has no pointer, and a page looks as on a screen that is touched. Here it has a mouse, which hovers.
const MOUSE: &str = "--blink-settings=primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4";

/// Chromium's settings for what a site may do. Without a window to ask in, to ask is to deny.
const ASK: u8 = 0;
const ALLOW: u8 = 1;
const DENY: u8 = 2;

/// Which browser.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Chromium.
    #[default]
    Chromium,
    /// Firefox.
    Firefox,
}

/// What a user has, and allows. All but the first are for Chromium.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Devices {
    /// Camera and microphone.
    #[default]
    Both,
    /// Both, with as many pictures a second as cameras give.
    Quick,
    /// Both are there, and not allowed.
    Denied,
    /// Both are there, and the camera is not allowed.
    CameraDenied,
    /// Both are there, and the microphone is not allowed.
    MicrophoneDenied,
    /// There is no camera.
    NoCamera,
    /// There is neither.
    Neither,
}

/// Starts a browser for somebody who joins like this.
pub(crate) async fn launch(driver: &str, how: &Join) -> Result<Browser> {
    let kind = how.kind;
    let mut common: Value = serde_json::from_str(COMMON)?;
    let mut capabilities = Capabilities::new();
    match kind {
        Kind::Chromium => {
            let options = chromium(common["goog:chromeOptions"].take(), how)?;
            capabilities.set("goog:chromeOptions", options)?;
            capabilities.set("goog:loggingPrefs", json!({ "browser": "ALL" }))?;
        }
        Kind::Firefox => {
            let mut options = common["moz:firefoxOptions"].take();
            options["binary"] = json!(settings::path(FIREFOX)?);
            capabilities.set("moz:firefoxOptions", options)?;
            // The certificates of our servers are signed by nobody whom a browser knows. Chromium is told by an argument.
            capabilities.set("acceptInsecureCerts", true)?;
        }
    }
    if how.impatient {
        capabilities.set("pageLoadStrategy", "none")?;
    }
    let driver = WebDriver::new(driver, capabilities).await.context("no browser starts")?;
    Ok(Browser::new(driver, kind))
}

fn chromium(mut options: Value, how: &Join) -> Result<Value> {
    let arguments = options["args"].as_array_mut().context("webdriver.json lists arguments")?;
    arguments.retain(|argument| argument != NO_QUESTIONS && argument != FAKE_DEVICES);
    // The browser ends when its driver does, however that ends.
    arguments.push(json!("--remote-debugging-pipe"));
    arguments.push(json!(MOUSE));
    match how.devices {
        Devices::Both => arguments.extend([json!(NO_QUESTIONS), json!(SLOW_CAMERA)]),
        Devices::Quick => arguments.extend([json!(NO_QUESTIONS), json!(QUICK_CAMERA)]),
        Devices::Denied | Devices::CameraDenied | Devices::MicrophoneDenied => {
            arguments.push(json!(SLOW_CAMERA));
        }
        Devices::NoCamera => arguments.extend([json!(NO_QUESTIONS), json!(NO_CAMERA)]),
        Devices::Neither => arguments.push(json!(NO_QUESTIONS)),
    }
    if let Some(name) = &how.host {
        arguments.push(json!(format!("--host-resolver-rules=MAP {name} 127.0.0.1")));
    }
    arguments.extend(how.arguments.iter().map(|argument| json!(argument)));
    let (microphone, camera) = match how.devices {
        Devices::CameraDenied => (ALLOW, DENY),
        Devices::MicrophoneDenied => (DENY, ALLOW),
        _ => (ASK, ASK),
    };
    options["prefs"] = json!({
        "profile.default_content_setting_values.media_stream_mic": microphone,
        "profile.default_content_setting_values.media_stream_camera": camera,
    });
    options["binary"] = json!(settings::path(CHROMIUM)?);
    Ok(options)
}
