//! The choice to be called and to call by the server's relay only, so that the other side does not learn one's address.

use std::{cell::Cell, rc::Rc};

use web_sys::Window;

use super::{Elements, flag, set_attribute};
use crate::{
    browser::{
        listener::{self, Listener},
        peer::Paths,
        queue::Post,
    },
    call::Input,
};

/// Where it is remembered. Browsers may refuse to store anything; then it holds until the page is closed.
const KEY: &str = "pronto.relay-only";

/// The choice, and its button. It holds for calls that begin from then on, and is remembered.
pub struct Privacy {
    paths: Rc<Cell<Paths>>,
    _listener: Listener,
}

impl Privacy {
    /// Shows what was chosen the last time, and lets it be changed.
    #[must_use]
    pub fn bind(elements: &Elements, window: &Window, post: &Post) -> Self {
        let remembered = if recall(window) { Paths::Relayed } else { Paths::All };
        let paths = Rc::new(Cell::new(remembered));
        let (chosen, button, window) =
            (Rc::clone(&paths), elements.relay_only.clone(), window.clone());
        show(&button, remembered);
        let post = post.clone();
        post.input(Input::HidesAddress(remembered == Paths::Relayed));
        let listener = listener::on_click(&elements.relay_only, move || {
            let now = match chosen.get() {
                Paths::All => Paths::Relayed,
                Paths::Relayed => Paths::All,
            };
            chosen.set(now);
            show(&button, now);
            remember(&window, now);
            post.input(Input::HidesAddress(now == Paths::Relayed));
        });
        Self { paths, _listener: listener }
    }

    /// The paths that the next call may take.
    #[must_use]
    pub fn paths(&self) -> Paths {
        self.paths.get()
    }
}

fn recall(window: &Window) -> bool {
    let storage = window.local_storage().ok().flatten();
    storage.and_then(|storage| storage.get_item(KEY).ok()?).is_some()
}

fn remember(window: &Window, paths: Paths) {
    if let Some(storage) = window.local_storage().ok().flatten() {
        let _ = match paths {
            Paths::Relayed => storage.set_item(KEY, "yes"),
            Paths::All => storage.remove_item(KEY),
        };
    }
}

fn show(button: &web_sys::HtmlButtonElement, paths: Paths) {
    set_attribute(button, "aria-pressed", Some(flag(paths == Paths::Relayed)));
}
