//! `pronto accounts`: looks after the accounts in a state directory.

use std::{
    io::{self, Write},
    path::Path,
};

use identity::{AccountsFile, Entry};
use protocol::UserName;
use server::state::StateLock;
use time::OffsetDateTime;

use crate::cli::{AccountsChore, StateOption};

/// # Errors
/// Says what is in the way.
pub(crate) fn run(what: &AccountsChore) -> Result<(), String> {
    match what {
        AccountsChore::List { state } => list(&folder(state)?),
        AccountsChore::Free { name, state } => free(&folder(state)?, name),
    }
}

fn folder(state: &StateOption) -> Result<std::path::PathBuf, String> {
    state
        .folder()
        .ok_or_else(|| "--state is needed: there is no directory for accounts.".to_owned())
}

fn list(state: &Path) -> Result<(), String> {
    let mut file = AccountsFile::read(state)
        .map_err(|error| format!("the accounts cannot be read: {error}."))?
        .ok_or_else(|| none(state))?;
    let entries = file.all().map_err(|error| format!("the accounts cannot be read: {error}."))?;
    // The reader of this may be gone.
    let _ = io::stdout().write_all(table(&entries).as_bytes());
    Ok(())
}

fn table(entries: &[Entry]) -> String {
    let name = |entry: &Entry| entry.name.clone().unwrap_or_else(|| "(no name yet)".to_owned());
    let width = entries.iter().map(|entry| name(entry).chars().count()).max().unwrap_or_default();
    let width = width.max("NAME".len());
    let mut table = format!("{:width$}  SIGNED IN   BROWSERS  ISSUER\n", "NAME");
    for entry in entries {
        let at = OffsetDateTime::from_unix_timestamp(entry.signed_in);
        let day = at.map_or_else(|_| "?".to_owned(), |at| at.date().to_string());
        let line =
            format!("{:width$}  {day:10}  {:8}  {}\n", name(entry), entry.browsers, entry.issuer);
        table.push_str(&line);
    }
    table
}

fn free(state: &Path, name: &str) -> Result<(), String> {
    if !state.is_dir() {
        return Err(none(state));
    }
    // A server knows who is here by an account, and would go on so.
    let _lock = StateLock::try_take(state).map_err(|error| format!("{error}."))?;
    let cannot = |error| format!("the accounts cannot be changed: {error}.");
    let mut file = AccountsFile::change(state).map_err(cannot)?.ok_or_else(|| none(state))?;
    // As it stands there, which may be none any more, or as somebody writes it.
    let written = UserName::parse(name).ok();
    let written = written.as_ref().map(UserName::as_str).filter(|written| *written != name);
    for name in [Some(name), written].into_iter().flatten() {
        if file.free(name).map_err(cannot)? {
            let _ = writeln!(
                io::stdout(),
                "{name} is free: whoever had it is signed out, and may choose another."
            );
            return Ok(());
        }
    }
    Err(format!("no account has the name {name:?}: pronto accounts list names all."))
}

fn none(state: &Path) -> String {
    format!("there are no accounts in {}: --state names another directory.", state.display())
}
