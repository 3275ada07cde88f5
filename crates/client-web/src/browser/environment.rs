//! What the browser can do, where the page was loaded from, and chance.

use js_sys::Reflect;
use wasm_bindgen::JsValue;
use web_sys::{Node, Url, UrlSearchParams, Window};

use crate::{address::Asked, call::Environment};

/// Finds out what the browser can do.
#[must_use]
pub fn detect(window: &Window) -> Environment {
    if !has(window, "RTCPeerConnection") {
        Environment::NoWebRtc
    } else if !window.is_secure_context() {
        Environment::Insecure
    } else if has_devices(window) {
        Environment::Capable
    } else {
        // Browsers inside of other apps, and settings, hide the devices for good: another address does not help.
        Environment::NoWebRtc
    }
}

fn has_devices(window: &Window) -> bool {
    let devices = Reflect::get(&window.navigator(), &"mediaDevices".into());
    devices.is_ok_and(|devices| has(&devices, "getUserMedia"))
}

fn has(object: &JsValue, name: &str) -> bool {
    Reflect::get(object, &name.into()).is_ok_and(|value| value.is_truthy())
}

/// 128 random bits.
#[must_use]
pub fn seed(window: &Window) -> u128 {
    let mut bytes = [0; 16];
    if let Ok(crypto) = window.crypto()
        && crypto.get_random_values_with_u8_array(&mut bytes).is_ok()
    {
        return u128::from_le_bytes(bytes);
    }
    // No browser that can make a call lacks that source.
    js_sys::Date::now().to_bits().into()
}

/// Which server the page's address asks for.
#[must_use]
pub fn asked(window: &Window) -> Asked {
    let location = window.location();
    let named = location
        .search()
        .and_then(|search| UrlSearchParams::new_with_str(&search))
        .ok()
        .and_then(|parameters| parameters.get("server"));
    // As the browser's own WebSocket would read it. What is no URL is empty.
    let named = named.map(|named| Url::new(&named).map(|url| url.href()).unwrap_or_default());
    let folder = window.document().and_then(|document| folder(&document));
    let folder = folder.map(|folder| folder.href()).unwrap_or_default();
    Asked::of(named.as_deref(), &folder)
}

/// The folder that the page of this node lies in: what is relative in the page is beside it.
#[must_use]
pub fn folder(of: &Node) -> Option<Url> {
    Url::new_with_base(".", &of.base_uri().ok()??).ok()
}
