//! What the browser keeps: the name for the next visit, whose calls are declined, how the user wants to be reached, and what
//! a page needs after a reload. All of it belongs to one [`Server`], and is read and written for that one alone.
//!
//! Browsers may refuse to store anything; then the user types the name again, and a page forgets all when it is reloaded.

use web_sys::Window;

use super::timer::wall_clock;
use crate::{
    address::Server,
    call::{Found, Kept, MissedCalls, block},
};

const NAME: &str = "name";
const BLOCKED: &str = "blocked";
const RELAY_ONLY: &str = "relay-only";
const SESSION: &str = "session";
const MISSED: &str = "missed";

/// Where this tab remembers which other server its user has agreed to. No key of a server is the same.
const APPROVED: &str = "pronto.server";

/// What the browser keeps for one server.
#[derive(Clone, Debug)]
pub struct Storage {
    window: Window,
    server: Server,
}

/// For how long something is kept.
#[derive(Clone, Copy, Debug)]
enum Term {
    /// Until it is removed, for all tabs.
    Long,
    /// For as long as this tab is there, and for this tab alone.
    Tab,
}

impl Storage {
    /// What is kept for this server.
    #[must_use]
    pub const fn new(window: Window, server: Server) -> Self {
        Self { window, server }
    }

    /// The server.
    #[must_use]
    pub const fn server(&self) -> &Server {
        &self.server
    }

    /// Whether this tab may use the server: its own, or the one that its user has agreed to here. No link can say so.
    #[must_use]
    pub fn is_approved(&self) -> bool {
        self.server.is_own()
            || self.read(Term::Tab, APPROVED).is_some_and(|url| url == self.server.url())
    }

    /// This tab uses the server from now on, and asks again before it uses another.
    pub fn approve(&self) {
        let url = (!self.server.is_own()).then(|| self.server.url());
        self.write(Term::Tab, APPROVED, url);
    }

    /// The name that was remembered.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        self.read(Term::Long, &self.server.key(NAME))
    }

    /// Remembers the name for the next visit.
    pub fn remember_name(&self, name: &str) {
        self.write(Term::Long, &self.server.key(NAME), Some(name));
    }

    /// The names that were blocked.
    #[must_use]
    pub fn blocked(&self) -> Vec<String> {
        block::read(&self.read(Term::Long, &self.server.key(BLOCKED)).unwrap_or_default())
    }

    /// Keeps these names as the blocked ones.
    pub fn keep_blocked(&self, names: &[String]) {
        self.write(Term::Long, &self.server.key(BLOCKED), Some(&block::write(names)));
    }

    /// Whether the user wants to be reached by the relay only.
    #[must_use]
    pub fn relay_only(&self) -> bool {
        self.read(Term::Long, &self.server.key(RELAY_ONLY)).is_some()
    }

    /// Remembers that wish, or its end.
    pub fn remember_relay_only(&self, relay_only: bool) {
        self.write(Term::Long, &self.server.key(RELAY_ONLY), relay_only.then_some("yes"));
    }

    /// What was kept before a reload. What is no such thing, as of another version, is none.
    #[must_use]
    pub fn kept(&self) -> Option<Found> {
        let json = self.read(Term::Tab, &self.server.key(SESSION))?;
        let found = Kept::from_json(&json, wall_clock());
        if !matches!(found, Some(Found::Fresh(_))) {
            self.keep(None);
        }
        found
    }

    /// Keeps this in place of what was kept before, or nothing.
    pub fn keep(&self, kept: Option<&Kept>) {
        let json = kept.map(|kept| kept.to_json(wall_clock()));
        self.write(Term::Tab, &self.server.key(SESSION), json.as_deref());
    }

    /// The missed calls that were kept before a reload.
    #[must_use]
    pub fn missed(&self) -> Option<MissedCalls> {
        MissedCalls::read(&self.read(Term::Tab, &self.server.key(MISSED))?)
    }

    /// Keeps these missed calls in place of those before.
    pub fn keep_missed(&self, missed: &MissedCalls) {
        self.write(Term::Tab, &self.server.key(MISSED), missed.write().as_deref());
    }

    fn of(&self, term: Term) -> Option<web_sys::Storage> {
        let storage = match term {
            Term::Long => self.window.local_storage(),
            Term::Tab => self.window.session_storage(),
        };
        storage.ok().flatten()
    }

    fn read(&self, term: Term, key: &str) -> Option<String> {
        self.of(term)?.get_item(key).ok().flatten()
    }

    fn write(&self, term: Term, key: &str, value: Option<&str>) {
        let Some(storage) = self.of(term) else { return };
        // What cannot be kept is not: there is nobody to tell.
        let kept = value.is_some_and(|value| storage.set_item(key, value).is_ok());
        // Of a tab nothing is kept then, rather than what was true before: a call that its user has left, or another server.
        if value.is_none() || !kept && matches!(term, Term::Tab) {
            let _ = storage.remove_item(key);
        }
    }
}
