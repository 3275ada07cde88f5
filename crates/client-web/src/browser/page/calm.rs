//! In a call the buttons leave the picture alone while nobody does anything, and come back at the first movement.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use gloo_timers::callback::Timeout;
use web_sys::{Document, Event, HtmlElement, PointerEvent};

use super::{deaf, set_attribute};
use crate::{
    browser::{
        listener::{self, Listener},
        timer::now,
    },
    call::Millis,
};

/// How long nobody has to do anything, in ms: long enough to look for a button and to decide.
const CALM_AFTER: u32 = 4_000;

/// How often the wait begins again while a pointer moves, in ms: pointers tell of themselves a hundred times a second.
const AT_MOST_EVERY: Millis = 250;

/// Stands at the page of a call while nobody does anything.
const CALM: &str = "data-calm";

/// When somebody did something last.
#[derive(Clone, Debug)]
pub(super) struct Calm(Rc<State>);

#[derive(Debug)]
struct State {
    page: HtmlElement,
    since: Cell<Millis>,
    wait: RefCell<Option<Timeout>>,
}

impl Calm {
    pub(super) fn new(page: &HtmlElement) -> Self {
        Self(Rc::new(State { page: page.clone(), since: Cell::new(0), wait: RefCell::default() }))
    }

    /// Listens to whatever somebody may do.
    pub(super) fn listen(&self, document: &Document, controls: &HtmlElement) -> Vec<Listener> {
        let on = |kind| {
            let calm = self.clone();
            listener::on_every(document, kind, move |_: &Event| calm.wake())
        };
        let mut listeners: Vec<_> = ["pointermove", "keydown", "focusin"].map(on).into();
        let (calm, controls) = (self.clone(), controls.clone());
        listeners.push(listener::on_every(document, "pointerdown", move |_: &PointerEvent| {
            if calm.0.page.has_attribute(CALM) {
                // A finger that brings the buttons back has seen none of them.
                deaf::deafen(&controls);
            }
            calm.wake();
        }));
        listeners
    }

    /// Brings the buttons back, and waits again.
    pub(super) fn wake(&self) {
        let State { page, since, wait } = &*self.0;
        set_attribute(page, CALM, None);
        let now = now();
        if wait.borrow().is_none() || now - since.get() >= AT_MOST_EVERY {
            since.set(now);
            let page = page.clone();
            let calm = move || set_attribute(&page, CALM, Some(""));
            wait.replace(Some(Timeout::new(CALM_AFTER, calm)));
        }
    }
}
