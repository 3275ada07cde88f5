//! The choice to be called and to call by the server's relay only, so that the other side does not learn one's address.

use std::cell::Cell;

use super::{Elements, flag, set_attribute};
use crate::{
    browser::{
        listener::{self, Listener},
        queue::Post,
        storage::Storage,
    },
    call::Input,
};

/// Shows what was chosen the last time, tells it, and lets it be changed. It holds for calls that begin from then on, and is
/// remembered for the server; where the browser stores nothing, it holds until the page is closed.
pub fn bind(elements: &Elements, storage: &Storage, post: &Post) -> Listener {
    let hides = Cell::new(storage.relay_only());
    let (button, storage, post) = (elements.relay_only.clone(), storage.clone(), post.clone());
    let tell = move |hides| {
        set_attribute(&button, "aria-pressed", Some(flag(hides)));
        post.input(Input::HidesAddress(hides));
    };
    tell(hides.get());
    listener::on_click(&elements.relay_only, move || {
        hides.set(!hides.get());
        storage.remember_relay_only(hides.get());
        tell(hides.get());
    })
}
