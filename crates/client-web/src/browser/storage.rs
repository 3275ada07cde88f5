//! The name from the last visit. Browsers may refuse to store anything; then the user types it again.

use web_sys::{Storage, Window};

const KEY: &str = "pronto.name";

fn storage(window: &Window) -> Option<Storage> {
    window.local_storage().ok().flatten()
}

/// The name that was remembered.
#[must_use]
pub fn recall_name(window: &Window) -> Option<String> {
    storage(window)?.get_item(KEY).ok().flatten()
}

/// Remembers the name for the next visit.
pub fn remember_name(window: &Window, name: &str) {
    if let Some(storage) = storage(window) {
        let _ = storage.set_item(KEY, name);
    }
}
