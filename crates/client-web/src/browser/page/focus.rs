//! Where the focus goes when the page changes under it.

use wasm_bindgen::JsCast;
use web_sys::{Document, Element, HtmlElement, HtmlInputElement};

use super::{Elements, sign_in};
use crate::call::{Page, PhaseView, Text, View};

/// What the user deals with. Within one of these, the focus is the user's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Unsupported,
    Login,
    Idle,
    Ringing,
    Call,
}

const fn place(view: &View) -> Place {
    match (view.page, view.phase) {
        (Page::Unsupported, _) => Place::Unsupported,
        (Page::Login, _) => Place::Login,
        (Page::Call, PhaseView::Idle) => Place::Idle,
        (Page::Call, PhaseView::Ringing) => Place::Ringing,
        (Page::Call, _) => Place::Call,
    }
}

/// Moves the focus if the user is in another place than before, if a field has become wrong, or if what had the focus
/// (`held`) is gone.
pub(super) fn follow(
    document: &Document,
    elements: &Elements,
    held: Option<&Element>,
    old: Option<&View>,
    new: &View,
) {
    let target: Option<&HtmlElement> = if old.map(place) != Some(place(new)) {
        arrive(document, elements, new)
    } else if is_new(old.and_then(|old| old.sign_in_error), new.sign_in_error) {
        Some(&elements.username)
    } else if is_new(old.and_then(|old| old.callee_error), new.callee_error) {
        Some(&elements.callee)
    } else if held.is_some_and(is_gone) {
        stay(elements, held, new)
    } else {
        None
    };
    if let Some(target) = target {
        let _ = target.focus();
    }
}

fn is_new(old: Option<Text>, new: Option<Text>) -> bool {
    new.is_some() && new != old
}

fn is_gone(element: &Element) -> bool {
    !element.is_connected() || element.closest("[hidden]").is_ok_and(|hidden| hidden.is_some())
}

/// Where the focus goes when what had it is gone. Not into a field, for which a phone would show its keyboard.
fn stay<'a>(
    elements: &'a Elements,
    held: Option<&Element>,
    view: &View,
) -> Option<&'a HtmlElement> {
    match place(view) {
        Place::Unsupported => None,
        // The key that ends what they type is not to do something else.
        Place::Login
            if held == Some(&elements.username) && !elements.username.value().is_empty() =>
        {
            Some(&elements.login_card)
        }
        Place::Login => sign_in::way_in(elements, view, &elements.login),
        Place::Idle => Some(&elements.call),
        Place::Ringing => Some(&elements.accept),
        Place::Call => Some(&elements.hang_up),
    }
}

/// Where the focus goes in a new place.
fn arrive<'a>(document: &Document, elements: &'a Elements, view: &View) -> Option<&'a HtmlElement> {
    match place(view) {
        Place::Unsupported => None,
        Place::Login => sign_in::way_in(elements, view, &elements.username),
        // Who is about to type must not answer by the next key.
        Place::Ringing if is_typing(document) => Some(&elements.incoming),
        Place::Ringing => Some(&elements.accept),
        Place::Call => Some(&elements.hang_up),
        Place::Idle if view.notice.is_some() => Some(&elements.notice),
        Place::Idle => Some(&elements.callee),
    }
}

fn is_typing(document: &Document) -> bool {
    document.active_element().is_some_and(|element| element.has_type::<HtmlInputElement>())
}
