//! What can be asked of the database. Time is handed in, as seconds since 1970.

use std::path::Path;

use protocol::UserName;
use rusqlite::{Connection, OptionalExtension, Row, params};
use tracing::warn;

use super::{OpenError, tables};
use crate::{present::AccountId, secret::Hash};

/// For how long a browser stays signed in after it was last used: 30 days, in seconds.
pub(crate) const SESSION_SECONDS: i64 = 30 * DAY;

/// For how long an account that has no name is kept after its last sign-in: 30 days, in seconds. Nothing is lost with it.
const NAMELESS_SECONDS: i64 = 30 * DAY;

/// A session is written again at most once a day, in seconds: that it is used costs a write.
const DAY: i64 = 24 * 3_600;

/// How many browsers one account may be signed in with. The one that was used least gives way.
const MAX_SESSIONS: i64 = 50;

/// How many rows that are over one sign-in removes at most. It adds two, and so many take a millisecond.
const MAX_REMOVED: i64 = 100;

/// Accounts and browser sessions.
pub(crate) struct Book(Connection);

/// Whom a provider says it is.
#[derive(Clone)]
pub(crate) struct Subject {
    pub(crate) issuer: String,
    pub(crate) subject: String,
    /// A name made of what else it says.
    pub(crate) suggested: Option<UserName>,
}

/// Who is signed in with a browser.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) account: AccountId,
    pub(crate) issuer: String,
    /// Once they have chosen one.
    pub(crate) name: Option<UserName>,
    /// Until then.
    pub(crate) suggested: Option<UserName>,
    /// How often the account has signed out.
    pub(crate) sign_outs: i64,
    /// Whether the session was prolonged, which the browser has to be told.
    pub(crate) prolonged: bool,
}

/// An account, as its operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name, if one was chosen.
    pub name: Option<String>,
    /// Who says whose it is.
    pub issuer: String,
    /// When its owner last signed in, in seconds since 1970.
    pub signed_in: i64,
    /// How many browsers are signed in with it.
    pub browsers: i64,
}

/// How many accounts are by an issuer, and how many of them have a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OfIssuer {
    pub(crate) issuer: String,
    pub(crate) accounts: i64,
    pub(crate) names: i64,
}

/// Every question, so that a test can ask SQLite how it answers each.
mod sql {
    pub(super) const SIGN_IN: &str =
        "INSERT INTO accounts (issuer, subject, suggested, signed_in) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (issuer, subject)
         DO UPDATE SET suggested = iif(name IS NULL, ?3, NULL), signed_in = ?4
         RETURNING id";
    pub(super) const END_SESSION: &str = "DELETE FROM sessions WHERE hash = ?1 RETURNING account";
    pub(super) const FORGET_SESSIONS: &str = "DELETE FROM sessions WHERE hash IN
         (SELECT hash FROM sessions WHERE until <= ?1 LIMIT ?2)";
    pub(super) const FORGET_ACCOUNTS: &str = "DELETE FROM accounts WHERE id IN
         (SELECT id FROM accounts WHERE name IS NULL AND signed_in <= ?1 AND NOT EXISTS
             (SELECT 1 FROM sessions WHERE account = accounts.id AND until > ?2)
          LIMIT ?3)";
    pub(super) const MAKE_ROOM: &str = "DELETE FROM sessions WHERE account = ?1 AND hash NOT IN
         (SELECT hash FROM sessions WHERE account = ?1 ORDER BY until DESC LIMIT ?2)";
    pub(super) const BEGIN_SESSION: &str =
        "INSERT INTO sessions (hash, account, until) VALUES (?1, ?2, ?3)";
    pub(super) const PERSON: &str =
        "SELECT account, issuer, name, suggested, sign_outs, until FROM sessions
         JOIN accounts ON accounts.id = account WHERE hash = ?1 AND until > ?2";
    pub(super) const PROLONG: &str = "UPDATE sessions SET until = ?2 WHERE hash = ?1";
    pub(super) const ACCOUNT_OF: &str = "SELECT account FROM sessions WHERE hash = ?1";
    pub(super) const END_SESSIONS: &str = "DELETE FROM sessions WHERE account = ?1";
    pub(super) const COUNT_SIGN_OUT: &str =
        "UPDATE accounts SET sign_outs = sign_outs + 1 WHERE id = ?1";
    pub(super) const STANDING: &str = "SELECT name, sign_outs FROM accounts WHERE id = ?1";
    pub(super) const CHOOSE: &str = "UPDATE accounts
         SET name = ?2, key = ?3, small = ?4, capitals = ?5, title = ?6, suggested = NULL
         WHERE id = ?1 AND name IS NULL AND NOT EXISTS (SELECT 1 FROM accounts
             WHERE name = ?2 OR key = ?3 OR small = ?4 OR capitals = ?5 OR title = ?6)";
    pub(super) const IS_RESERVED: &str = "SELECT EXISTS (SELECT 1 FROM accounts
             WHERE name = ?1 OR key = ?2 OR small = ?3 OR capitals = ?4 OR title = ?5)";
    pub(super) const FREE: &str = "UPDATE accounts
         SET name = NULL, key = NULL, small = NULL, capitals = NULL, title = NULL, signed_in = ?2
         WHERE name = ?1 RETURNING id";
    #[cfg(test)]
    pub(super) const ALL: [&str; 15] = [
        SIGN_IN,
        END_SESSION,
        FORGET_SESSIONS,
        FORGET_ACCOUNTS,
        MAKE_ROOM,
        BEGIN_SESSION,
        PERSON,
        PROLONG,
        ACCOUNT_OF,
        END_SESSIONS,
        COUNT_SIGN_OUT,
        STANDING,
        CHOOSE,
        IS_RESERVED,
        FREE,
    ];
}

impl Book {
    pub(crate) fn open(file: &Path, now: i64) -> Result<Self, OpenError> {
        tables::open(file, now).map(Self)
    }

    pub(crate) fn open_to_read(file: &Path) -> Result<Self, OpenError> {
        tables::open_to_read(file).map(Self)
    }

    pub(crate) fn in_memory(now: i64) -> Result<Self, OpenError> {
        tables::in_memory(now).map(Self)
    }

    /// Somebody has signed in with a provider: their browser has this session from now on, and no other. Gives their account, and
    /// that of the session that the browser had.
    pub(crate) fn sign_in(
        &mut self,
        now: i64,
        who: &Subject,
        session: &Hash,
        before: Option<&Hash>,
    ) -> rusqlite::Result<Option<AccountId>> {
        let all = self.0.transaction()?;
        let suggested = who.suggested.as_ref().map(UserName::as_str);
        let account: AccountId = all
            .prepare_cached(sql::SIGN_IN)?
            .query_row(params![who.issuer, who.subject, suggested, now], |row| row.get(0))?;
        let replaced = match before {
            Some(hash) => all
                .prepare_cached(sql::END_SESSION)?
                .query_row([hash], |row| row.get(0))
                .optional()?,
            None => None,
        };
        all.execute(sql::FORGET_SESSIONS, params![now, MAX_REMOVED])?;
        all.execute(sql::FORGET_ACCOUNTS, params![now - NAMELESS_SECONDS, now, MAX_REMOVED])?;
        all.execute(sql::MAKE_ROOM, params![account, MAX_SESSIONS - 1])?;
        all.execute(sql::BEGIN_SESSION, params![session, account, now + SESSION_SECONDS])?;
        all.commit()?;
        Ok(replaced)
    }

    /// Who is signed in with this session, which is prolonged by that.
    pub(crate) fn person(&mut self, now: i64, session: &Hash) -> rusqlite::Result<Option<Person>> {
        let found = self
            .0
            .prepare_cached(sql::PERSON)?
            .query_row(params![session, now], |row| Ok((person(row)?, row.get::<_, i64>(5)?)))
            .optional()?;
        let Some((mut person, until)) = found else { return Ok(None) };
        if until < now + SESSION_SECONDS - DAY {
            // On a disk that is full they are who they are all the same.
            match self.0.execute(sql::PROLONG, params![session, now + SESSION_SECONDS]) {
                Ok(_) => person.prolonged = true,
                Err(error) => warn!(%error, "a browser's session cannot be prolonged"),
            }
        }
        Ok(Some(person))
    }

    /// Whose session it is.
    pub(crate) fn account_of(&mut self, session: &Hash) -> rusqlite::Result<Option<AccountId>> {
        self.0.prepare_cached(sql::ACCOUNT_OF)?.query_row([session], |row| row.get(0)).optional()
    }

    /// Signs out whoever this session is of, everywhere.
    pub(crate) fn sign_out(&mut self, session: &Hash) -> rusqlite::Result<Option<AccountId>> {
        let account = self.account_of(session)?;
        if let Some(account) = account {
            let all = self.0.transaction()?;
            all.execute(sql::END_SESSIONS, [account])?;
            all.execute(sql::COUNT_SIGN_OUT, [account])?;
            all.commit()?;
        }
        Ok(account)
    }

    /// The name of an account, if it has one, and how often it has signed out. `None` if there is no such account.
    pub(crate) fn standing(
        &mut self,
        account: AccountId,
    ) -> rusqlite::Result<Option<(Option<UserName>, i64)>> {
        self.0
            .prepare_cached(sql::STANDING)?
            .query_row([account], |row| Ok((parse(row.get(0)?), row.get(1)?)))
            .optional()
    }

    /// Gives an account that has none this name for good. `false` if it is, or looks like, that of another.
    pub(crate) fn choose(&mut self, account: AccountId, name: &UserName) -> rusqlite::Result<bool> {
        let looks = name.looks();
        let chosen = self.0.execute(
            sql::CHOOSE,
            params![account, name.as_str(), name.key(), looks.small, looks.capitals, looks.title],
        )?;
        Ok(chosen == 1)
    }

    /// Whether this name is, or looks like, that of an account.
    pub(crate) fn is_reserved(&mut self, name: &UserName) -> rusqlite::Result<bool> {
        let looks = name.looks();
        self.0.prepare_cached(sql::IS_RESERVED)?.query_row(
            [name.as_str(), name.key(), &looks.small, &looks.capitals, &looks.title],
            |row| row.get(0),
        )
    }

    /// All accounts, by their names; those without one come last.
    pub(crate) fn all(&mut self, now: i64) -> rusqlite::Result<Vec<Entry>> {
        let mut select = self.0.prepare(
            "SELECT name, issuer, signed_in,
                 (SELECT count(*) FROM sessions WHERE account = accounts.id AND until > ?1)
             FROM accounts ORDER BY name IS NULL, name, signed_in",
        )?;
        let entries = select.query_map([now], |row| {
            let (name, issuer) = (row.get(0)?, row.get(1)?);
            Ok(Entry { name, issuer, signed_in: row.get(2)?, browsers: row.get(3)? })
        })?;
        entries.collect()
    }

    /// How many accounts there are by each issuer.
    pub(crate) fn by_issuer(&mut self) -> rusqlite::Result<Vec<OfIssuer>> {
        let mut select =
            self.0.prepare("SELECT issuer, count(*), count(name) FROM accounts GROUP BY issuer")?;
        let all = select.query_map((), |row| {
            Ok(OfIssuer { issuer: row.get(0)?, accounts: row.get(1)?, names: row.get(2)? })
        })?;
        all.collect()
    }

    /// Takes this name from the account that has it, which is signed out everywhere. `false` if none has it.
    pub(crate) fn free(&mut self, now: i64, name: &str) -> rusqlite::Result<bool> {
        let all = self.0.transaction()?;
        let freed: Option<AccountId> =
            all.query_row(sql::FREE, params![name, now], |row| row.get(0)).optional()?;
        if let Some(account) = freed {
            all.execute(sql::END_SESSIONS, [account])?;
            all.execute(sql::COUNT_SIGN_OUT, [account])?;
        }
        all.commit()?;
        Ok(freed.is_some())
    }
}

fn person(row: &Row<'_>) -> rusqlite::Result<Person> {
    Ok(Person {
        account: row.get(0)?,
        issuer: row.get(1)?,
        name: parse(row.get(2)?),
        suggested: parse(row.get(3)?),
        sign_outs: row.get(4)?,
        prolonged: false,
    })
}

fn parse(name: Option<String>) -> Option<UserName> {
    name.and_then(|name| UserName::kept(&name))
}

#[cfg(test)]
mod tests;
