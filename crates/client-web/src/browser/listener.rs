//! Listeners that their owner removes by dropping them.

use gloo_events::{EventListener, EventListenerOptions, EventListenerPhase};
use wasm_bindgen::JsCast;
use web_sys::{Event, EventTarget};

/// A listener; it is removed when it is dropped.
pub type Listener = EventListener;

/// Calls `callback` with each event of a kind. `E` is the class that the kind's events have; others are passed over.
pub fn on<E: JsCast>(
    target: &EventTarget,
    kind: &'static str,
    mut callback: impl FnMut(&E) + 'static,
) -> Listener {
    EventListener::new(target, kind, move |event| {
        if let Some(event) = event.dyn_ref() {
            callback(event);
        }
    })
}

/// As [`on`], for callbacks that may prevent what the browser does by default.
pub fn on_preventable<E: JsCast>(
    target: &EventTarget,
    kind: &'static str,
    mut callback: impl FnMut(&E) + 'static,
) -> Listener {
    let options = EventListenerOptions::enable_prevent_default();
    EventListener::new_with_options(target, kind, options, move |event| {
        if let Some(event) = event.dyn_ref() {
            callback(event);
        }
    })
}

/// As [`on_preventable`], before anything within the target hears of it.
pub fn on_every<E: JsCast>(
    target: &EventTarget,
    kind: &'static str,
    mut callback: impl FnMut(&E) + 'static,
) -> Listener {
    let options = EventListenerOptions {
        phase: EventListenerPhase::Capture,
        ..EventListenerOptions::enable_prevent_default()
    };
    EventListener::new_with_options(target, kind, options, move |event| {
        if let Some(event) = event.dyn_ref() {
            callback(event);
        }
    })
}

/// Calls `callback` with each click.
pub fn on_click(target: &EventTarget, callback: impl Fn() + 'static) -> Listener {
    on::<Event>(target, "click", move |_| callback())
}
