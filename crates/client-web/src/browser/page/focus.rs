//! Where the focus goes when the page changes under it.

use web_sys::{Element, HtmlElement};

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
pub(super) fn follow(elements: &Elements, held: Option<&Element>, old: Option<&View>, new: &View) {
    let target: Option<&HtmlElement> = if old.map(place) != Some(place(new)) {
        arrive(elements, new)
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
        Place::Ringing => Some(&elements.incoming),
        Place::Call => Some(&elements.call_controls),
    }
}

/// Where the focus goes in a new place. Other people bring it about that it is new, so that the next key may be meant for
/// something else: it answers nothing and ends nothing, and Tab leads to what does.
fn arrive<'a>(elements: &'a Elements, view: &View) -> Option<&'a HtmlElement> {
    match place(view) {
        Place::Unsupported => None,
        Place::Login => sign_in::way_in(elements, view, &elements.username),
        Place::Ringing => Some(&elements.incoming),
        Place::Call => Some(&elements.call_controls),
        Place::Idle if view.notice.is_some() => Some(&elements.notice),
        Place::Idle => Some(&elements.callee),
    }
}
