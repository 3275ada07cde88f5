//! Keys that press a button wherever the focus is. Each button names its own: `aria-keyshortcuts`.

use wasm_bindgen::JsCast;
use web_sys::{Document, Element, HtmlButtonElement, KeyboardEvent};

use super::Elements;
use crate::browser::listener::{self, Listener};

/// Where keys write.
const WRITES: &str = "input, textarea, select, [contenteditable]";

/// What Escape closes before anything else.
const CLOSES_FIRST: &str = "dialog[open]";

/// Listens to the keys of the whole document. A button that is deaf hears no key either.
pub(super) fn listen(document: &Document, elements: &Elements) -> Listener {
    let Elements { microphone, camera, decline, .. } = elements;
    let buttons = [("m", "KeyM", microphone), ("v", "KeyV", camera), ("escape", "Escape", decline)]
        .map(|(key, code, button)| (key, code, button.clone()));
    let source = document.clone();
    listener::on_preventable::<KeyboardEvent>(document, "keydown", move |event| {
        if event.default_prevented() || event.repeat() || event.is_composing() || is_chord(event) {
            return;
        }
        let pressed = event.key();
        let is_pressed = |key: &str, code: &str| {
            // Where no key writes this letter, the one counts that does so elsewhere.
            pressed.eq_ignore_ascii_case(key) || !pressed.is_ascii() && event.code() == code
        };
        let button = buttons.iter().find(|(key, code, _)| is_pressed(key, code));
        let Some((key, _, button)) = button else { return };
        let is_meant_else = if *key == "escape" { is_open(&source) } else { is_written(event) };
        if is_seen(button) && !is_meant_else {
            event.prevent_default();
            button.click();
        }
    })
}

/// Whether another key is held that makes it mean something else.
fn is_chord(event: &KeyboardEvent) -> bool {
    event.ctrl_key()
        || event.alt_key()
        || event.meta_key()
        || event.shift_key()
        || event.get_modifier_state("AltGraph")
}

fn is_seen(button: &HtmlButtonElement) -> bool {
    button.closest("[hidden]").is_ok_and(|hidden| hidden.is_none())
}

/// Whether there is something that Escape closes first.
fn is_open(document: &Document) -> bool {
    document.query_selector(CLOSES_FIRST).is_ok_and(|open| open.is_some())
}

/// Whether the key writes into something.
fn is_written(event: &KeyboardEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    target.is_some_and(|target| target.closest(WRITES).is_ok_and(|field| field.is_some()))
}
