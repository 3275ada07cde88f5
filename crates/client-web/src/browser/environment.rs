//! What the browser can do, where the page was loaded from, and chance.

use js_sys::Reflect;
use wasm_bindgen::JsValue;
use web_sys::{UrlSearchParams, Window, console};

use crate::{address, call::Environment};

/// Finds out what the browser can do.
#[must_use]
pub fn detect(window: &Window) -> Environment {
    if !has(window, "RTCPeerConnection") {
        Environment::NoWebRtc
    } else if !window.is_secure_context() {
        Environment::Insecure
    } else if has(&window.navigator(), "mediaDevices") {
        Environment::Capable
    } else {
        // Browsers inside of other apps, and settings, hide the devices for good: another address does not help.
        Environment::NoWebRtc
    }
}

fn has(object: &JsValue, name: &str) -> bool {
    Reflect::get(object, &name.into()).is_ok_and(|value| value.is_truthy())
}

/// 64 random bits.
#[must_use]
pub fn seed(window: &Window) -> u64 {
    let mut bytes = [0; 8];
    if let Ok(crypto) = window.crypto()
        && crypto.get_random_values_with_u8_array(&mut bytes).is_ok()
    {
        return u64::from_le_bytes(bytes);
    }
    // What is drawn from it must differ between pages, and is no secret: the time does for a browser without a source.
    js_sys::Date::now().to_bits()
}

/// The server's WebSocket URL, and whether it is the page's own server.
#[must_use]
pub fn server_url(window: &Window) -> (String, bool) {
    let location = window.location();
    let named = location
        .search()
        .and_then(|search| UrlSearchParams::new_with_str(&search))
        .ok()
        .and_then(|parameters| parameters.get("server"));
    let protocol = location.protocol().unwrap_or_default();
    let host = location.host().unwrap_or_default();
    let url = address::of_server(named.as_deref(), &protocol, &host);
    let own = named.as_ref().is_none_or(|named| named.trim() != url);
    if own && named.is_some() {
        console::warn_1(
            &"?server= must be a ws: or wss: URL; the page's own server is used.".into(),
        );
    }
    (url, own)
}
