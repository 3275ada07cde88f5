//! Whether the browser is online, over which kind of network, and whether anybody is at the page.

use std::cell::RefCell;

use js_sys::Reflect;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Event, EventTarget, Window};

use super::{
    listener::{self, Listener},
    queue::Post,
};
use crate::call::Input;

/// Tells the machine when the browser is offline, when it is online again, or over another network, and when the page goes away.
#[must_use]
pub fn listen(window: &Window, post: &Post) -> Vec<Listener> {
    let online = post.clone();
    let back =
        listener::on::<Event>(window, "online", move |_| online.input(Input::NetworkChanged));
    let offline = post.clone();
    let away = listener::on::<Event>(window, "offline", move |_| offline.input(Input::Offline));
    let left = post.clone();
    let left = listener::on::<Event>(window, "pagehide", move |event| {
        // A page that is not kept ends, and its socket with it.
        let kept = property(event, "persisted").is_truthy();
        left.input(if kept { Input::PageLeft } else { Input::PageCloses });
    });
    let rested = listen_to_rest(window, post);
    [back, away, left]
        .into_iter()
        .chain(rested)
        .chain(listen_to_kind(window, post.clone()))
        .collect()
}

/// The user comes back to the page, or the browser has let it rest (Page Lifecycle, `resume`) or kept it while its user was at
/// another one.
fn listen_to_rest(window: &Window, post: &Post) -> Vec<Listener> {
    let Some(document) = window.document() else { return Vec::new() };
    let (seen, resumed, shown, source) =
        (post.clone(), post.clone(), post.clone(), document.clone());
    vec![
        listener::on::<Event>(&document, "visibilitychange", move |_| {
            if !source.hidden() {
                seen.input(Input::Awake);
            }
        }),
        listener::on::<Event>(&document, "resume", move |_| resumed.input(Input::Awake)),
        listener::on::<Event>(window, "pageshow", move |event| {
            if property(event, "persisted").is_truthy() {
                shown.input(Input::Awake);
            }
        }),
    ]
}

/// The Network Information API, where there is one. It speaks up whenever its guess of the speed changes, which is no reason
/// to seek another path: only another kind of network is.
fn listen_to_kind(window: &Window, post: Post) -> Option<Listener> {
    let connection = property(&window.navigator(), "connection").dyn_into::<EventTarget>().ok()?;
    let last = RefCell::new(kind_of(&connection));
    let source = connection.clone();
    Some(listener::on::<Event>(&connection, "change", move |_| {
        let now = kind_of(&source);
        if last.replace(now.clone()) != now {
            post.input(Input::NetworkChanged);
        }
    }))
}

/// `wifi`, `cellular` and the like. Browsers on desktops do not tell.
fn kind_of(connection: &JsValue) -> Option<String> {
    property(connection, "type").as_string()
}

fn property(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}
