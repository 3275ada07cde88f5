//! The lists beside the dial: the missed calls, and the names that are blocked.

use js_sys::{Date, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{DocumentFragment, Element, HtmlButtonElement, HtmlElement, HtmlTemplateElement};

use super::{
    set_attribute,
    texts::{fill_slot, find_slot, mark_guest},
};
use crate::{
    browser::{
        listener::{self, Listener},
        queue::Post,
    },
    call::{Millis, Missed, UserInput},
};

/// What a button of a row does with the row's name.
type Action = fn(String) -> UserInput;

/// The actions, by the button's `data-action`.
const ACTIONS: [(&str, Action); 3] = [
    ("call", |name| UserInput::Call { name }),
    ("block", |name| UserInput::Block { name }),
    ("unblock", |name| UserInput::Unblock { name }),
];

/// A list of names, each with what can be done about it. It is rebuilt only when it changes, so that a button keeps the
/// focus.
#[derive(Debug)]
pub(super) struct NameList {
    panel: HtmlElement,
    list: HtmlElement,
    template: DocumentFragment,
    /// The buttons, and of each whether it calls.
    buttons: Vec<(HtmlButtonElement, bool, Listener)>,
}

impl NameList {
    pub(super) fn new(
        panel: &HtmlElement,
        list: &HtmlElement,
        template: &HtmlTemplateElement,
    ) -> Self {
        let (panel, list, template) = (panel.clone(), list.clone(), template.content());
        Self { panel, list, template, buttons: Vec::new() }
    }

    pub(super) fn show_missed(&mut self, missed: &[Missed], now: Millis, post: &Post) {
        self.clear(missed.is_empty());
        for missed in missed {
            if let Some(item) = self.add(&missed.name, post) {
                mark_guest(&item, missed.guest);
                show_time(&item, now.saturating_sub(missed.at));
            }
        }
    }

    pub(super) fn show_names(&mut self, names: &[String], post: &Post) {
        self.clear(names.is_empty());
        for name in names {
            self.add(name, post);
        }
    }

    /// Whether one can call.
    pub(super) fn set_can_call(&self, can_call: bool) {
        for (button, calls, _) in &self.buttons {
            button.set_disabled(*calls && !can_call);
        }
    }

    fn clear(&mut self, empty: bool) {
        self.panel.set_hidden(empty);
        self.list.set_text_content(None);
        self.buttons.clear();
    }

    fn add(&mut self, name: &str, post: &Post) -> Option<Element> {
        let copy = self.template.clone_node_with_deep(true).ok()?;
        let item = copy.unchecked_into::<DocumentFragment>().first_element_child()?;
        fill_slot(&item, "name", name);
        for (action, input) in ACTIONS {
            let found = item.query_selector(&format!("[data-action=\"{action}\"]")).ok().flatten();
            let Some(button) = found.and_then(|found| found.dyn_into().ok()) else { continue };
            let button: HtmlButtonElement = button;
            let (post, name) = (post.clone(), name.to_owned());
            let listener = listener::on_click(&button, move || post.user(input(name.clone())));
            self.buttons.push((button, action == "call", listener));
        }
        self.list.append_child(&item).ok()?;
        Some(item)
    }
}

/// The day of the month.
pub(super) fn today() -> u32 {
    Date::new_0().get_date()
}

/// The time `ago` ms before now, as the user's language writes it: with its day, if that is not today.
fn show_time(item: &Element, ago: Millis) {
    let date = Date::new(&JsValue::from_f64(Date::now() - ago as f64));
    let options = Object::new();
    let is_today = date.to_date_string() == Date::new_0().to_date_string();
    let day = [("day", "numeric"), ("month", "short")].into_iter().filter(|_| !is_today);
    for (part, style) in day.chain([("hour", "numeric"), ("minute", "2-digit")]) {
        let _ = Reflect::set(&options, &part.into(), &style.into());
    }
    let language = web_sys::window().and_then(|window| window.navigator().language());
    let time = date.to_locale_string(language.as_deref().unwrap_or("en"), &options);
    fill_slot(item, "time", &String::from(time));
    if let Some(slot) = find_slot(item, "time") {
        set_attribute(&slot, "datetime", Some(&String::from(date.to_iso_string())));
    }
}
