//! What the browser keeps: the name for the next visit, and what a page that is loaded anew needs.
//!
//! Browsers may refuse to store anything; then the user types the name again, and a page that is loaded anew starts anew.

use web_sys::{Storage, Window};

use crate::call::{Kept, block};

const NAME: &str = "pronto.name";
const BLOCKED: &str = "pronto.blocked";
const SESSION: &str = "pronto.session";

fn storage(window: &Window) -> Option<Storage> {
    window.local_storage().ok().flatten()
}

/// The storage of this tab, which ends with it.
fn tab(window: &Window) -> Option<Storage> {
    window.session_storage().ok().flatten()
}

/// The name that was remembered.
#[must_use]
pub fn recall_name(window: &Window) -> Option<String> {
    storage(window)?.get_item(NAME).ok().flatten()
}

/// Remembers the name for the next visit.
pub fn remember_name(window: &Window, name: &str) {
    if let Some(storage) = storage(window) {
        let _ = storage.set_item(NAME, name);
    }
}

/// The names that were blocked.
#[must_use]
pub fn blocked(window: &Window) -> Vec<String> {
    let kept = storage(window).and_then(|storage| storage.get_item(BLOCKED).ok().flatten());
    block::read(&kept.unwrap_or_default())
}

/// Keeps these names as the blocked ones.
pub fn keep_blocked(window: &Window, names: &[String]) {
    if let Some(storage) = storage(window) {
        let _ = storage.set_item(BLOCKED, &block::write(names));
    }
}

/// What was kept before the page was loaded anew. What is no such thing, as of another version, is none.
#[must_use]
pub fn kept(window: &Window) -> Option<Kept> {
    let json = tab(window)?.get_item(SESSION).ok().flatten()?;
    Kept::from_json(&json)
}

/// Keeps this in place of what was kept before, or nothing.
pub fn keep(window: &Window, kept: Option<&Kept>) {
    let Some(tab) = tab(window) else { return };
    let _ = match kept.map(Kept::to_json) {
        Some(json) => tab.set_item(SESSION, &json),
        None => tab.remove_item(SESSION),
    };
}
