//! The shell: turns what the browser tells into inputs of the machine in [`call`](crate::call), and carries out the
//! machine's effects. Every decision is the machine's.
//!
//! Whatever listens only puts an event into the [`queue`], and [`app`] takes one at a time, so that nothing is ever
//! entered twice. Every listener, timer, track, socket and connection belongs to a value that ends it in `Drop`.
//! What a browser may refuse is called by a binding that says so, and a refusal is an input like any other.

pub mod app;
pub mod check;
pub mod environment;
pub mod fetch;
pub mod listener;
pub mod media;
pub mod network;
pub mod page;
pub mod peer;
pub mod permissions;
pub mod queue;
pub mod socket;
pub mod sound;
pub mod storage;
pub mod timer;
pub mod timing;

use std::panic;

use js_sys::Reflect;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use web_sys::console;

/// Runs when the browser has loaded the program.
#[wasm_bindgen(start)]
fn start() {
    // A panic is a mistake of ours; without this the console would only say "unreachable".
    panic::set_hook(Box::new(|info| console::error_1(&info.to_string().into())));
    if let Err(error) = app::start() {
        console::error_1(&error.to_string().into());
    }
}

/// Says in the console what the browser refused, where the call goes on without.
fn note(what: &str, error: &JsValue) {
    console::debug_2(&what.into(), error);
}

/// What a browser calls an exception: that of a `DOMException` says what happened (Web IDL section 2.8.1).
fn exception_name(error: &JsValue) -> Option<String> {
    Reflect::get(error, &"name".into()).ok()?.as_string()
}
