//! The check of the connection, on the sign-in page: its button, and what came of it.

use std::{cell::Cell, rc::Rc};

use futures_util::future::{AbortHandle, abortable};
use wasm_bindgen_futures::spawn_local;
use web_sys::{DocumentFragment, Element, HtmlElement, Window};

use super::{Elements, set_attribute, set_text, texts::fill_slot};
use crate::{
    browser::{
        check, environment,
        listener::{self, Listener},
    },
    check::{Check, Way},
};

/// The check of the connection. Dropped, it ends.
pub struct CheckPanel {
    running: Rc<Cell<Option<AbortHandle>>>,
    _listener: Listener,
}

/// Where the results are shown.
#[derive(Clone)]
struct Board {
    panel: HtmlElement,
    ways: [HtmlElement; 3],
    summary: HtmlElement,
    words: DocumentFragment,
}

impl CheckPanel {
    /// Lets the button start a check of the way to this server.
    #[must_use]
    pub fn bind(elements: &Elements, window: &Window, server_url: &str) -> Self {
        let board = Board {
            panel: elements.check_panel.clone(),
            ways: [&elements.check_udp, &elements.check_tcp, &elements.check_tls].map(Clone::clone),
            summary: elements.check_summary.clone(),
            words: elements.check_texts.content(),
        };
        let running: Rc<Cell<Option<AbortHandle>>> = Rc::default();
        let (current, window, url) = (Rc::clone(&running), window.clone(), server_url.to_owned());
        let listener = listener::on_click(&elements.check, move || {
            let name = format!("check-{:016x}", environment::seed(&window) as u64);
            let board = board.clone();
            board.panel.set_hidden(false);
            let checking = check::run(url.clone(), name, move |check| board.show(check));
            let (checking, handle) = abortable(checking);
            // A check that still runs begins anew: that is what the button says.
            if let Some(before) = current.replace(Some(handle)) {
                before.abort();
            }
            spawn_local(async move {
                // Whether it ended by itself or was aborted, there is nothing to be done.
                let _ = checking.await;
            });
        });
        Self { running, _listener: listener }
    }
}

impl Drop for CheckPanel {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.abort();
        }
    }
}

impl Board {
    fn show(&self, check: &Check) {
        for (way, row) in Way::ALL.into_iter().zip(&self.ways) {
            let result = check.of(way);
            set_attribute(row, "data-result", Some(result.key()));
            let words = self.words_of(result.key(), result.number().as_deref());
            fill_slot(row, "result", &words);
        }
        let summary = check.summary();
        set_attribute(&self.panel, "data-summary", Some(summary.key()));
        set_text(&self.summary, &self.words_of(summary.key(), None));
    }

    /// Words of index.html, with a number in their slot.
    fn words_of(&self, key: &str, number: Option<&str>) -> String {
        let found = self.words.query_selector(&format!("[data-check=\"{key}\"]")).ok().flatten();
        let copy = found.and_then(|found| found.clone_node_with_deep(true).ok());
        let Some(copy) = copy else { return String::new() };
        let copy: Element = wasm_bindgen::JsCast::unchecked_into(copy);
        if let Some(number) = number {
            fill_slot(&copy, "number", number);
        }
        copy.text_content().unwrap_or_default()
    }
}
