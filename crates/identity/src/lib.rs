//! Who somebody is: told by providers of OpenID Connect (Core 1.0, with PKCE of RFC 7636), and remembered.
//!
//! - `settings`: which providers there are, valid by construction.
//! - [`Identity`] is what a server asks: what can be chosen, the way to a provider and back, tickets, accounts, signing out.
//! - `providers`: all of them; they may be others after a reload.
//! - `provider`: one provider: discovery, the request, and what it answers, with every check of it.
//! - `web`: HTTP towards providers, bounded in time and size.
//! - `accounts`: accounts and browser sessions, in an SQLite database that one thread owns.
//! - `pending`, `present`: sign-ins that are under way, tickets, and who is signed in at which socket; in memory, and bounded so
//!   that who has most pays for one more (`fair`).
//!
//! It knows nothing of cookies, sockets or HTTP requests to the server: those are the server's.

mod accounts;
mod fair;
mod identity;
mod pending;
mod present;
mod provider;
mod providers;
mod secret;
mod settings;
mod suggest;
mod web;

use std::time::{SystemTime, UNIX_EPOCH};

pub use accounts::{AccountsFile, Entry, OpenError};
pub use identity::{
    Answer, Begun, Identity, NotBegun, NotDone, Options, ProviderOption, Unavailable, User,
};
pub use pending::Network;
pub use present::Account;
pub use settings::{BadSettings, Guests, Lifetimes, ProviderSettings, Settings, SettingsSource};

/// Seconds since 1970.
fn seconds() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
