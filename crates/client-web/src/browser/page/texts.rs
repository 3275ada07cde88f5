//! The sentences of index.html, and how they get into the page.

use wasm_bindgen::JsCast;
use web_sys::{DocumentFragment, Element, HtmlElement, HtmlTemplateElement, console};

use crate::call::Message;

/// The sentences: `<template id="texts">`.
#[derive(Debug)]
pub(super) struct Texts(DocumentFragment);

impl Texts {
    pub(super) fn new(template: &HtmlTemplateElement) -> Self {
        Self(template.content())
    }

    /// Shows a sentence in an element, or none. What stands there already is left alone: a live region would be read
    /// out again.
    pub(super) fn show(&self, target: &Element, message: Option<&Message>) {
        let filled = message.and_then(|message| self.fill(message));
        let text = filled.as_ref().and_then(|filled| filled.text_content()).unwrap_or_default();
        if target.text_content().as_deref() == Some(text.as_str()) {
            return;
        }
        target.set_text_content(None);
        while let Some(node) = filled.as_ref().and_then(|filled| filled.first_child()) {
            if target.append_child(&node).is_err() {
                return;
            }
        }
    }

    /// Shows a sentence in an element, which is hidden where there is none. It is shown first and then filled: an alert that
    /// is filled while it is hidden is not read out.
    pub(super) fn show_or_hide(&self, target: &HtmlElement, message: Option<&Message>) {
        target.set_hidden(message.is_none());
        self.show(target, message);
    }

    /// A sentence as plain text, in which the name keeps its own direction as it does in a `<bdi>`.
    pub(super) fn plain(&self, message: &Message) -> String {
        let isolate = |name: &String| match name.is_ascii() {
            true => name.clone(),
            false => format!("\u{2068}{name}\u{2069}"),
        };
        let isolated = Message { name: message.name.as_ref().map(isolate), ..message.clone() };
        self.fill(&isolated).and_then(|filled| filled.text_content()).unwrap_or_default()
    }

    /// A copy of the sentence, with its slots filled.
    fn fill(&self, message: &Message) -> Option<Element> {
        let key = message.text.key();
        let found = self.0.query_selector(&format!("[data-text=\"{key}\"]")).ok().flatten();
        let Some(found) = found else {
            console::error_1(&format!("index.html has no text \"{key}\"").into());
            return None;
        };
        let filled = found.clone_node_with_deep(true).ok()?.dyn_into::<Element>().ok()?;
        if let Some(name) = &message.name {
            fill_slot(&filled, "name", name);
        }
        if let Some(provider) = &message.provider {
            fill_slot(&filled, "provider", provider);
        }
        mark_guest(&filled, message.guest);
        if let Some(seconds) = message.seconds {
            fill_slot(&filled, "seconds", &seconds.to_string());
        }
        if let Some(character) = message.character {
            fill_slot(&filled, "character", character.encode_utf8(&mut [0; 4]));
            fill_slot(&filled, "code", &format!("U+{:04X}", u32::from(character)));
        }
        if let Some(ways) = message.ways {
            fill_slot(&filled, "ways", &ways.to_string());
        }
        if let Some(status) = message.status {
            fill_slot(&filled, "status", &status.to_string());
        }
        Some(filled)
    }
}

/// Writes a value into a slot, as text and never as markup.
pub(super) fn fill_slot(parent: &Element, slot: &str, value: &str) {
    if let Some(element) = find_slot(parent, slot) {
        element.set_text_content(Some(value));
    }
}

/// Leaves the mark of a guest in a copy, or takes it out.
pub(super) fn mark_guest(copy: &Element, guest: bool) {
    if !guest && let Ok(Some(mark)) = copy.query_selector("[data-guest]") {
        mark.remove();
    }
}

pub(super) fn find_slot(parent: &Element, slot: &str) -> Option<Element> {
    parent.query_selector(&format!("[data-slot=\"{slot}\"]")).ok().flatten()
}
