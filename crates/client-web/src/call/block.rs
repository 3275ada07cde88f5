//! Whose calls are declined without asking: the names that the user has blocked, as the server spells them.

use super::{Client, Effect, Message, Notice, Text};

/// How many names can be blocked. More pests than that need another remedy; the oldest goes first.
const MAX_BLOCKED: usize = 200;

/// The longest name that is taken out of the browser's storage, in bytes: no server's is longer.
const MAX_NAME_BYTES: usize = 256;

/// The names as they are kept in the browser's storage: one a line. A name that holds a line's end, which our server gives to
/// nobody, is blocked until the page is closed: read again, it would be other people's.
#[must_use]
pub fn write(names: &[String]) -> String {
    let mut kept = String::new();
    for name in names.iter().filter(|name| !name.contains(['\n', '\r'])) {
        kept.push_str(name);
        kept.push('\n');
    }
    kept
}

/// Reads them again. Anybody can write anything there, so that no more is taken than is ever kept.
#[must_use]
pub fn read(kept: &str) -> Vec<String> {
    let names = kept.lines().filter(|name| (1..=MAX_NAME_BYTES).contains(&name.len()));
    names.take(MAX_BLOCKED).map(str::to_owned).collect()
}

impl Client {
    /// Whether calls of this name are declined: unless the user is in a call with them, or calls them.
    pub(super) fn is_blocked(&self, name: &str) -> bool {
        self.blocked.iter().any(|blocked| blocked == name) && self.call_peer() != Some(name)
    }

    pub(super) fn block(&mut self, name: String) {
        self.missed.calls.retain(|missed| missed.name != name);
        self.blocked.retain(|blocked| *blocked != name);
        let message = Message::about(Text::BlockedByYou, &name);
        self.notice = Some(Notice { message, call_again: None });
        self.blocked.insert(0, name);
        self.blocked.truncate(MAX_BLOCKED);
        self.keep_blocked();
    }

    /// Whoever is called can call back.
    pub(super) fn unblock(&mut self, name: &str) {
        let before = self.blocked.len();
        self.blocked.retain(|blocked| blocked != name);
        if self.blocked.len() < before {
            self.keep_blocked();
        }
    }

    fn keep_blocked(&mut self) {
        self.effects.push(Effect::KeepBlocked(self.blocked.clone()));
    }
}
