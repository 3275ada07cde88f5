//! The choice to be called and to call by the server's relay only, so that the other side does not learn one's address.

use std::{cell::Cell, rc::Rc};

use super::{Elements, flag, set_attribute};
use crate::{
    browser::{
        listener::{self, Listener},
        peer::Paths,
        queue::Post,
        storage::Storage,
    },
    call::Input,
};

/// The choice, and its button. It holds for calls that begin from then on, and is remembered for the server; where the browser
/// stores nothing, it holds until the page is closed.
pub struct Privacy {
    paths: Rc<Cell<Paths>>,
    _listener: Listener,
}

impl Privacy {
    /// Shows what was chosen the last time, and lets it be changed.
    #[must_use]
    pub fn bind(elements: &Elements, storage: &Storage, post: &Post) -> Self {
        let remembered = if storage.relay_only() { Paths::Relayed } else { Paths::All };
        let paths = Rc::new(Cell::new(remembered));
        let (chosen, button, storage) =
            (Rc::clone(&paths), elements.relay_only.clone(), storage.clone());
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
            storage.remember_relay_only(now == Paths::Relayed);
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

fn show(button: &web_sys::HtmlButtonElement, paths: Paths) {
    set_attribute(button, "aria-pressed", Some(flag(paths == Paths::Relayed)));
}
