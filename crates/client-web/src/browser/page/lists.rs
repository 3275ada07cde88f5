//! The missed calls.

use js_sys::{Date, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{DocumentFragment, Element, HtmlButtonElement, HtmlElement};

use super::{
    Elements, set_attribute,
    texts::{fill_slot, find_slot},
};
use crate::{
    browser::{
        listener::{self, Listener},
        queue::Post,
    },
    call::{Millis, Missed, UserInput},
};

/// The list of missed calls.
#[derive(Debug)]
pub(super) struct MissedList {
    panel: HtmlElement,
    list: HtmlElement,
    template: DocumentFragment,
    shown: Vec<Missed>,
    rows: Vec<Row>,
}

/// A missed call, and the button that calls back.
#[derive(Debug)]
struct Row {
    button: HtmlButtonElement,
    _listener: Listener,
}

impl MissedList {
    pub(super) fn new(elements: &Elements) -> Self {
        Self {
            panel: elements.missed_panel.clone(),
            list: elements.missed_list.clone(),
            template: elements.missed_template.content(),
            shown: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// Shows these calls. They are rebuilt only when they change, so that a button keeps the focus.
    pub(super) fn render(&mut self, missed: &[Missed], can_call: bool, now: Millis, post: &Post) {
        if self.shown != missed {
            self.panel.set_hidden(missed.is_empty());
            self.list.set_text_content(None);
            self.rows = missed.iter().filter_map(|missed| self.add(missed, now, post)).collect();
            self.shown = missed.to_vec();
        }
        for row in &self.rows {
            row.button.set_disabled(!can_call);
        }
    }

    fn add(&self, missed: &Missed, now: Millis, post: &Post) -> Option<Row> {
        let copy = self.template.clone_node_with_deep(true).ok()?;
        let item = copy.unchecked_into::<DocumentFragment>().first_element_child()?;
        fill_slot(&item, "name", &missed.name);
        show_time(&item, now.saturating_sub(missed.at));
        let button = item.query_selector("[data-action=\"call\"]").ok()??;
        let button = button.dyn_into::<HtmlButtonElement>().ok()?;
        let (post, name) = (post.clone(), missed.name.clone());
        let listener = listener::on_click(&button, move || {
            post.user(UserInput::Call { name: name.clone() });
        });
        self.list.append_child(&item).ok()?;
        Some(Row { button, _listener: listener })
    }
}

/// The time of day `ago` ms before now, as the user's language writes it.
fn show_time(item: &Element, ago: Millis) {
    let date = Date::new(&JsValue::from_f64(Date::now() - ago as f64));
    let options = Object::new();
    for (part, style) in [("hour", "numeric"), ("minute", "2-digit")] {
        let _ = Reflect::set(&options, &part.into(), &style.into());
    }
    let language = web_sys::window().and_then(|window| window.navigator().language());
    let time =
        date.to_locale_time_string_with_options(language.as_deref().unwrap_or("en"), &options);
    fill_slot(item, "time", &String::from(time));
    if let Some(slot) = find_slot(item, "time") {
        set_attribute(&slot, "datetime", Some(&String::from(date.to_iso_string())));
    }
}
