//! What the database holds, and what can be asked of it. Time is handed in, as seconds since 1970.

use std::{path::Path, time::Duration};

use protocol::UserName;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{present::AccountId, secret::Hash};

/// For how long a browser stays signed in after it was last used: 30 days, in seconds.
pub(crate) const SESSION_SECONDS: i64 = 30 * DAY;

/// A session is written anew at most once a day, in seconds: that it is used costs a write.
const DAY: i64 = 24 * 3_600;

/// How many browsers one account may be signed in with. The one that was used least gives way.
const MAX_SESSIONS: i64 = 50;

/// How long a question waits for another program that has the database: two servers may share it.
const PATIENCE: Duration = Duration::from_secs(2);

/// The first version of the tables, and how they are made.
const TABLES: &str = "
    CREATE TABLE accounts (
        id INTEGER PRIMARY KEY,
        issuer TEXT NOT NULL,
        subject TEXT NOT NULL,
        name TEXT UNIQUE,
        skeleton TEXT UNIQUE,
        suggested TEXT,
        UNIQUE (issuer, subject)
    ) STRICT;
    CREATE TABLE sessions (
        hash BLOB PRIMARY KEY,
        account INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
        until INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX sessions_of_account ON sessions (account, until);
    PRAGMA user_version = 1;
";

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
    /// Whether the session was prolonged, which the browser has to be told.
    pub(crate) prolonged: bool,
}

impl Book {
    pub(crate) fn open(file: &Path) -> rusqlite::Result<Self> {
        Self::prepare(Connection::open(file)?)
    }

    pub(crate) fn in_memory() -> rusqlite::Result<Self> {
        Self::prepare(Connection::open_in_memory()?)
    }

    fn prepare(mut connection: Connection) -> rusqlite::Result<Self> {
        connection.busy_timeout(PATIENCE)?;
        // The answer is the mode that it has; one in memory has none to speak of.
        connection.query_row("PRAGMA journal_mode = WAL", (), |_| Ok(()))?;
        connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;")?;
        let all = connection.transaction()?;
        let version: i64 = all.query_row("PRAGMA user_version", (), |row| row.get(0))?;
        if version == 0 {
            all.execute_batch(TABLES)?;
        }
        all.commit()?;
        Ok(Self(connection))
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
        let account: AccountId = all.query_row(
            "INSERT INTO accounts (issuer, subject, suggested) VALUES (?1, ?2, ?3)
             ON CONFLICT (issuer, subject) DO UPDATE SET suggested = iif(name IS NULL, ?3, NULL)
             RETURNING id",
            params![who.issuer, who.subject, suggested],
            |row| row.get(0),
        )?;
        let replaced = match before {
            Some(hash) => {
                let delete = "DELETE FROM sessions WHERE hash = ?1 RETURNING account";
                all.query_row(delete, [hash], |row| row.get(0)).optional()?
            }
            None => None,
        };
        all.execute("DELETE FROM sessions WHERE until <= ?1", [now])?;
        all.execute(
            "DELETE FROM sessions WHERE account = ?1 AND hash NOT IN
             (SELECT hash FROM sessions WHERE account = ?1 ORDER BY until DESC LIMIT ?2)",
            params![account, MAX_SESSIONS - 1],
        )?;
        all.execute(
            "INSERT INTO sessions (hash, account, until) VALUES (?1, ?2, ?3)",
            params![session, account, now + SESSION_SECONDS],
        )?;
        all.commit()?;
        Ok(replaced)
    }

    /// Who is signed in with this session, which is prolonged by that.
    pub(crate) fn person(&mut self, now: i64, session: &Hash) -> rusqlite::Result<Option<Person>> {
        let found = self
            .0
            .prepare_cached(
                "SELECT account, issuer, name, suggested, until FROM sessions
                 JOIN accounts ON accounts.id = account WHERE hash = ?1 AND until > ?2",
            )?
            .query_row(params![session, now], |row| Ok((person(row)?, row.get::<_, i64>(4)?)))
            .optional()?;
        let Some((mut person, until)) = found else { return Ok(None) };
        if until < now + SESSION_SECONDS - DAY {
            let prolong = "UPDATE sessions SET until = ?2 WHERE hash = ?1";
            self.0.execute(prolong, params![session, now + SESSION_SECONDS])?;
            person.prolonged = true;
        }
        Ok(Some(person))
    }

    /// Signs out whoever this session is of, everywhere.
    pub(crate) fn sign_out(&mut self, session: &Hash) -> rusqlite::Result<Option<AccountId>> {
        let all = self.0.transaction()?;
        let account: Option<AccountId> = all
            .query_row("SELECT account FROM sessions WHERE hash = ?1", [session], |row| row.get(0))
            .optional()?;
        if let Some(account) = account {
            all.execute("DELETE FROM sessions WHERE account = ?1", [account])?;
        }
        all.commit()?;
        Ok(account)
    }

    /// The name of an account, if it has one.
    pub(crate) fn name(&mut self, account: AccountId) -> rusqlite::Result<Option<UserName>> {
        let select = "SELECT name FROM accounts WHERE id = ?1";
        let name = self
            .0
            .prepare_cached(select)?
            .query_row([account], |row| row.get::<_, Option<String>>(0))
            .optional()?;
        Ok(parse(name.flatten()))
    }

    /// Gives an account that has none this name for good. `false` if it is, or looks like, that of another.
    pub(crate) fn choose(&mut self, account: AccountId, name: &UserName) -> rusqlite::Result<bool> {
        let chosen = self.0.execute(
            "UPDATE OR IGNORE accounts SET name = ?2, skeleton = ?3, suggested = NULL
             WHERE id = ?1 AND name IS NULL",
            params![account, name.as_str(), name.skeleton()],
        )?;
        Ok(chosen == 1)
    }

    /// Whether this name is, or looks like, that of an account.
    pub(crate) fn is_reserved(&mut self, name: &UserName) -> rusqlite::Result<bool> {
        let exists = "SELECT EXISTS (SELECT 1 FROM accounts WHERE skeleton = ?1)";
        self.0.prepare_cached(exists)?.query_row([name.skeleton()], |row| row.get(0))
    }
}

fn person(row: &Row<'_>) -> rusqlite::Result<Person> {
    Ok(Person {
        account: row.get(0)?,
        issuer: row.get(1)?,
        name: parse(row.get(2)?),
        suggested: parse(row.get(3)?),
        prolonged: false,
    })
}

fn parse(name: Option<String>) -> Option<UserName> {
    name.and_then(|name| UserName::parse(&name).ok())
}

#[cfg(test)]
mod tests {
    use super::{Book, DAY, MAX_SESSIONS, SESSION_SECONDS, Subject};
    use protocol::UserName;

    const NOW: i64 = 1_800_000_000;

    fn name(text: &str) -> UserName {
        UserName::parse(text).unwrap()
    }

    fn subject(subject: &str, suggested: Option<&str>) -> Subject {
        let suggested = suggested.map(name);
        Subject { issuer: "https://a.example".to_owned(), subject: subject.to_owned(), suggested }
    }

    fn hash(number: u8) -> [u8; 32] {
        [number; 32]
    }

    #[test]
    fn the_same_person_has_the_same_account_and_keeps_the_name() {
        let mut book = Book::in_memory().unwrap();
        book.sign_in(NOW, &subject("1", Some("alice")), &hash(1), None).unwrap();
        let person = book.person(NOW, &hash(1)).unwrap().unwrap();
        assert_eq!((person.name, person.suggested), (None, Some(name("alice"))));
        assert!(book.choose(person.account, &name("ally")).unwrap());
        assert!(!book.choose(person.account, &name("other")).unwrap(), "for good");
        book.sign_in(NOW, &subject("1", Some("alice")), &hash(2), None).unwrap();
        let again = book.person(NOW, &hash(2)).unwrap().unwrap();
        assert_eq!((again.account, again.name), (person.account, Some(name("ally"))));
        assert_eq!(again.suggested, None, "nothing more is kept than what is needed");
        assert_eq!(book.name(person.account).unwrap(), Some(name("ally")));
        // Another subject, or the same one of another issuer, is another person.
        for (number, other) in [
            (3, subject("2", None)),
            (4, Subject { issuer: "https://b.example".to_owned(), ..subject("1", None) }),
        ] {
            book.sign_in(NOW, &other, &hash(number), None).unwrap();
            let stranger = book.person(NOW, &hash(number)).unwrap().unwrap();
            assert_ne!(stranger.account, person.account);
            assert!(!book.choose(stranger.account, &name("a11y")).unwrap(), "it looks the same");
        }
    }

    #[test]
    fn what_looks_like_an_accounts_name_is_reserved() {
        let mut book = Book::in_memory().unwrap();
        book.sign_in(NOW, &subject("1", None), &hash(1), None).unwrap();
        let account = book.person(NOW, &hash(1)).unwrap().unwrap().account;
        assert!(!book.is_reserved(&name("mary")).unwrap());
        assert!(book.choose(account, &name("mary")).unwrap());
        for (wanted, reserved) in [("mary", true), ("rnary", true), ("martha", false)] {
            assert_eq!(book.is_reserved(&name(wanted)).unwrap(), reserved, "{wanted}");
        }
    }

    #[test]
    fn a_session_lasts_for_30_days_after_its_last_use() {
        let mut book = Book::in_memory().unwrap();
        book.sign_in(NOW, &subject("1", None), &hash(1), None).unwrap();
        let mut at = |now| book.person(now, &hash(1)).unwrap().map(|person| person.prolonged);
        assert_eq!(at(NOW + DAY), Some(false));
        assert_eq!(at(NOW + SESSION_SECONDS - 1), Some(true));
        assert_eq!(at(NOW + 2 * SESSION_SECONDS - 2), Some(true));
        assert_eq!(at(NOW + 4 * SESSION_SECONDS), None);
    }

    #[test]
    fn a_browser_has_one_session_and_an_account_a_few() {
        let mut book = Book::in_memory().unwrap();
        book.sign_in(NOW, &subject("1", None), &hash(1), None).unwrap();
        let account = book.person(NOW, &hash(1)).unwrap().unwrap().account;
        let replaced = book.sign_in(NOW, &subject("2", None), &hash(2), Some(&hash(1))).unwrap();
        assert_eq!(replaced, Some(account));
        assert_eq!(book.person(NOW, &hash(1)).unwrap(), None);
        let all = u8::try_from(MAX_SESSIONS).unwrap() + 10;
        for number in 10..10 + all {
            let now = NOW + i64::from(number);
            book.sign_in(now, &subject("1", None), &hash(number), None).unwrap();
        }
        let there = (10..10 + all).filter(|n| book.person(NOW, &hash(*n)).unwrap().is_some());
        let there: Vec<_> = there.collect();
        assert_eq!(there, (20..10 + all).collect::<Vec<_>>(), "the latest");
    }

    #[test]
    fn a_sign_out_ends_all_sessions_of_the_account_and_no_other() {
        let mut book = Book::in_memory().unwrap();
        for (session, who) in [(1, "1"), (2, "1"), (3, "2")] {
            book.sign_in(NOW, &subject(who, None), &hash(session), None).unwrap();
        }
        assert_eq!(book.sign_out(&hash(9)).unwrap(), None);
        assert!(book.sign_out(&hash(1)).unwrap().is_some());
        let mut is_in = |number| book.person(NOW, &hash(number)).unwrap().is_some();
        assert_eq!([1, 2, 3].map(&mut is_in), [false, false, true]);
    }

    #[test]
    fn it_is_all_there_after_it_was_closed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("accounts.sqlite");
        let mut book = Book::open(&file).unwrap();
        book.sign_in(NOW, &subject("1", None), &hash(1), None).unwrap();
        let account = book.person(NOW, &hash(1)).unwrap().unwrap().account;
        book.choose(account, &name("alice")).unwrap();
        drop(book);
        let mut book = Book::open(&file).unwrap();
        let person = book.person(NOW, &hash(1)).unwrap().unwrap();
        assert_eq!(person.name, Some(name("alice")));
    }
}
