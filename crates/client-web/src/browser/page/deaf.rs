//! Presses that were meant for what was there a moment ago.
//!
//! A call ends, rings or is answered by somebody else's doing, under a finger that is on its way. So what comes to lie where it did
//! not lie before is deaf for a moment, to pointer and keys; what stays where it was hears all the time. And a key that is held
//! down acts once, however the page changes under it.

use wasm_bindgen::JsCast;
use web_sys::{Document, Element, Event, HtmlInputElement, KeyboardEvent};

use super::set_attribute;
use crate::{
    browser::{
        listener::{self, Listener},
        timer::now,
    },
    call::Millis,
};

/// How long something is deaf, in ms: a finger on its way does not turn back within a reaction time, which is half of that.
const DEAF_FOR: Millis = 600;

/// By how many pixels something may move without being deaf.
const SAME_PLACE: f64 = 8.0;

/// When an element hears again, in ms since the page was opened.
const DEAF: &str = "data-deaf";

/// What acts when it is pressed.
const ACTS: &str = "button, a[href], summary";

/// Where everything lies that acts.
pub(super) struct Places(Vec<(Element, [f64; 4])>);

impl Places {
    /// As it is now.
    pub(super) fn of(document: &Document) -> Self {
        let Ok(all) = document.query_selector_all(ACTS) else { return Self(Vec::new()) };
        let elements = (0..all.length()).filter_map(|index| all.item(index)?.dyn_into().ok());
        let placed = |element: Element| sides(&element).map(|sides| (element, sides));
        Self(elements.filter_map(placed).collect())
    }

    /// Makes deaf what has come to another place since.
    pub(super) fn deafen_others(&self, document: &Document) {
        let until = (now() + DEAF_FOR).to_string();
        for (element, sides) in Self::of(document).0 {
            let before = self.0.iter().find(|(before, _)| *before == element);
            if before.is_none_or(|(_, before)| !is_within(sides, *before)) {
                set_attribute(&element, DEAF, Some(&until));
            }
        }
    }
}

/// Makes everything deaf that acts within an element.
pub(super) fn deafen(parent: &Element) {
    let until = (now() + DEAF_FOR).to_string();
    let Ok(all) = parent.query_selector_all(ACTS) else { return };
    for element in (0..all.length()).filter_map(|index| all.item(index)?.dyn_into().ok()) {
        set_attribute(&element, DEAF, Some(&until));
    }
}

/// The left, top, right and bottom side of an element; `None` if it cannot be seen.
fn sides(element: &Element) -> Option<[f64; 4]> {
    let rect = element.get_bounding_client_rect();
    (rect.width() > 0.0).then(|| [rect.left(), rect.top(), rect.right(), rect.bottom()])
}

fn is_within(sides: [f64; 4], before: [f64; 4]) -> bool {
    let [left, top, right, bottom] = sides;
    left >= before[0] - SAME_PLACE
        && top >= before[1] - SAME_PLACE
        && right <= before[2] + SAME_PLACE
        && bottom <= before[3] + SAME_PLACE
}

/// Keeps what nobody meant from everything that listens in this document.
pub(super) fn listen(document: &Document) -> [Listener; 2] {
    [
        listener::on_every(document, "click", |event: &Event| {
            let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
            if target.is_some_and(|target| is_deaf(&target)) {
                swallow(event);
            }
        }),
        listener::on_every(document, "keydown", |event: &KeyboardEvent| {
            let types = event.target().is_some_and(|target| target.has_type::<HtmlInputElement>());
            let acts = event.key() == "Enter" || event.key() == " " && !types;
            if event.repeat() && acts {
                swallow(event);
            }
        }),
    ]
}

fn is_deaf(target: &Element) -> bool {
    let element = target.closest(ACTS).ok().flatten();
    let until = element.and_then(|element| element.get_attribute(DEAF));
    until.and_then(|until| until.parse::<Millis>().ok()).is_some_and(|until| now() < until)
}

fn swallow(event: &Event) {
    event.prevent_default();
    event.stop_immediate_propagation();
}
