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
    pub(super) const CHOOSE: &str = "UPDATE accounts SET name = ?2, skeleton = ?3, suggested = NULL
         WHERE id = ?1 AND name IS NULL
         AND NOT EXISTS (SELECT 1 FROM accounts WHERE name = ?2 OR skeleton = ?3)";
    pub(super) const IS_RESERVED: &str =
        "SELECT EXISTS (SELECT 1 FROM accounts WHERE name = ?1 OR skeleton = ?2)";
    pub(super) const FREE: &str =
        "UPDATE accounts SET name = NULL, skeleton = NULL, signed_in = ?2 WHERE name = ?1
         RETURNING id";
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
        let chosen =
            self.0.execute(sql::CHOOSE, params![account, name.as_str(), name.skeleton()])?;
        Ok(chosen == 1)
    }

    /// Whether this name is, or looks like, that of an account.
    pub(crate) fn is_reserved(&mut self, name: &UserName) -> rusqlite::Result<bool> {
        self.0
            .prepare_cached(sql::IS_RESERVED)?
            .query_row([name.as_str(), &name.skeleton()], |row| row.get(0))
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
    name.and_then(|name| UserName::parse(&name).ok())
}

#[cfg(test)]
mod tests {
    use super::{Book, DAY, MAX_SESSIONS, NAMELESS_SECONDS, SESSION_SECONDS, Subject, sql};
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
        let mut book = Book::in_memory(NOW).unwrap();
        book.sign_in(NOW, &subject("1", Some("alice")), &hash(1), None).unwrap();
        let person = book.person(NOW, &hash(1)).unwrap().unwrap();
        assert_eq!((person.name, person.suggested), (None, Some(name("alice"))));
        assert!(book.choose(person.account, &name("ally")).unwrap());
        assert!(!book.choose(person.account, &name("other")).unwrap(), "for good");
        book.sign_in(NOW, &subject("1", Some("alice")), &hash(2), None).unwrap();
        let again = book.person(NOW, &hash(2)).unwrap().unwrap();
        assert_eq!((again.account, again.name), (person.account, Some(name("ally"))));
        assert_eq!(again.suggested, None, "nothing more is kept than what is needed");
        assert_eq!(book.standing(person.account).unwrap(), Some((Some(name("ally")), 0)));
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
        let mut book = Book::in_memory(NOW).unwrap();
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
        let mut book = Book::in_memory(NOW).unwrap();
        book.sign_in(NOW, &subject("1", None), &hash(1), None).unwrap();
        let mut at = |now| book.person(now, &hash(1)).unwrap().map(|person| person.prolonged);
        assert_eq!(at(NOW + DAY), Some(false));
        assert_eq!(at(NOW + SESSION_SECONDS - 1), Some(true));
        assert_eq!(at(NOW + 2 * SESSION_SECONDS - 2), Some(true));
        assert_eq!(at(NOW + 4 * SESSION_SECONDS), None);
    }

    #[test]
    fn a_browser_has_one_session_and_an_account_a_few() {
        let mut book = Book::in_memory(NOW).unwrap();
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
        let mut book = Book::in_memory(NOW).unwrap();
        for (session, who) in [(1, "1"), (2, "1"), (3, "2")] {
            book.sign_in(NOW, &subject(who, None), &hash(session), None).unwrap();
        }
        assert_eq!(book.sign_out(&hash(9)).unwrap(), None);
        assert!(book.sign_out(&hash(1)).unwrap().is_some());
        let mut is_in = |number| book.person(NOW, &hash(number)).unwrap().is_some();
        assert_eq!([1, 2, 3].map(&mut is_in), [false, false, true]);
    }

    #[test]
    fn no_question_looks_at_a_whole_table() {
        let book = Book::in_memory(NOW).unwrap();
        for question in sql::ALL {
            let mut explain = book.0.prepare(&format!("EXPLAIN QUERY PLAN {question}")).unwrap();
            let nothing = vec![rusqlite::types::Null; explain.parameter_count()];
            let nothing = rusqlite::params_from_iter(nothing);
            let steps = explain.query_map(nothing, |row| row.get::<_, String>(3)).unwrap();
            for step in steps {
                let step = step.unwrap();
                assert!(
                    !step.starts_with("SCAN") || step == "SCAN CONSTANT ROW",
                    "{question}: {step}"
                );
            }
        }
    }

    #[test]
    fn an_account_that_never_chose_a_name_is_forgotten_and_its_number_not_given_again() {
        let mut book = Book::in_memory(NOW).unwrap();
        for (number, who) in [(1, "1"), (2, "2"), (3, "3")] {
            book.sign_in(NOW, &subject(who, None), &hash(number), None).unwrap();
        }
        let mut account = |number| book.account_of(&hash(number)).unwrap().unwrap();
        let (named, used, unused) = (account(1), account(2), account(3));
        assert!(book.choose(named, &name("alice")).unwrap());
        // The second one's browser comes back now and then.
        book.person(NOW + 15 * DAY, &hash(2)).unwrap().unwrap();
        let later = NOW + NAMELESS_SECONDS;
        book.sign_in(later, &subject("4", None), &hash(4), None).unwrap();
        let mut is_there = |account| book.standing(account).unwrap().is_some();
        assert_eq!([named, used, unused].map(&mut is_there), [true, true, false]);
        assert!(book.account_of(&hash(4)).unwrap().unwrap() > unused);
    }

    #[test]
    fn a_name_that_is_freed_is_anybodys() {
        let mut book = Book::in_memory(NOW).unwrap();
        for (number, who) in [(1, "1"), (2, "2")] {
            book.sign_in(NOW, &subject(who, None), &hash(number), None).unwrap();
        }
        let mut account = |number| book.account_of(&hash(number)).unwrap().unwrap();
        let (one, other) = (account(1), account(2));
        assert!(book.choose(one, &name("alice")).unwrap());
        assert!(!book.choose(other, &name("alice")).unwrap());
        assert!(!book.free(NOW, "bob").unwrap());
        assert!(book.free(NOW, "alice").unwrap());
        assert_eq!(book.person(NOW, &hash(1)).unwrap(), None, "and its owner is signed out");
        assert_eq!(book.standing(one).unwrap(), Some((None, 1)));
        assert!(book.choose(other, &name("alice")).unwrap());
        let entries = book.all(NOW).unwrap();
        let entries = entries.iter().map(|one| (one.name.as_deref(), one.browsers));
        assert_eq!(entries.collect::<Vec<_>>(), [(Some("alice"), 1), (None, 0)]);
    }

    #[test]
    fn a_name_is_reserved_by_itself_and_by_what_it_looks_like() {
        let mut book = Book::in_memory(NOW).unwrap();
        book.sign_in(NOW, &subject("1", None), &hash(1), None).unwrap();
        let account = book.account_of(&hash(1)).unwrap().unwrap();
        assert!(book.choose(account, &name("mary")).unwrap());
        book.0.execute("UPDATE accounts SET skeleton = 'of other tables'", ()).unwrap();
        assert!(book.is_reserved(&name("mary")).unwrap());
        book.sign_in(NOW, &subject("2", None), &hash(2), None).unwrap();
        let other = book.account_of(&hash(2)).unwrap().unwrap();
        assert!(!book.choose(other, &name("mary")).unwrap());
    }

    /// As on a disk that is full: all that can be read is still said.
    #[test]
    fn who_is_signed_in_is_known_though_nothing_can_be_written() {
        let mut book = Book::in_memory(NOW).unwrap();
        book.sign_in(NOW, &subject("1", None), &hash(1), None).unwrap();
        book.0.execute_batch("PRAGMA query_only = ON").unwrap();
        let person = book.person(NOW + 10 * DAY, &hash(1)).unwrap().unwrap();
        assert!(!person.prolonged);
        assert!(book.sign_out(&hash(1)).is_err());
    }

    /// A sign-in needs room, and changes nothing if there is none; to sign out needs none.
    #[test]
    fn a_sign_in_on_a_full_disk_leaves_all_as_it_was() {
        let mut book = Book::in_memory(NOW).unwrap();
        book.sign_in(NOW, &subject("1", None), &hash(1), None).unwrap();
        let account = book.account_of(&hash(1)).unwrap().unwrap();
        assert!(book.choose(account, &name("alice")).unwrap());
        let room = |book: &Book, pages: u32| {
            let question = format!("PRAGMA max_page_count = {pages}");
            book.0.query_row(&question, (), |row| row.get::<_, u32>(0)).unwrap()
        };
        assert!(room(&book, 1) > 1, "as many as there are");
        // More than a page holds.
        let other = subject(&"x".repeat(10_000), None);
        let full = book.sign_in(NOW, &other, &hash(2), Some(&hash(1))).unwrap_err();
        assert_eq!(full.sqlite_error_code(), Some(rusqlite::ErrorCode::DiskFull));
        assert_eq!(book.person(NOW, &hash(2)).unwrap(), None);
        assert_eq!(book.all(NOW).unwrap().len(), 1);
        let alice = book.person(NOW, &hash(1)).unwrap().unwrap();
        assert_eq!(alice.name, Some(name("alice")));
        assert_eq!(book.sign_out(&hash(1)).unwrap(), Some(account));
        assert_eq!(book.person(NOW, &hash(1)).unwrap(), None);
        room(&book, u32::MAX - 1);
        book.sign_in(NOW, &other, &hash(2), None).unwrap();
        assert!(book.person(NOW, &hash(2)).unwrap().is_some());
    }

    #[test]
    fn it_is_all_there_after_it_was_closed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("accounts.sqlite");
        let mut book = Book::open(&file, NOW).unwrap();
        book.sign_in(NOW, &subject("1", None), &hash(1), None).unwrap();
        let account = book.person(NOW, &hash(1)).unwrap().unwrap().account;
        book.choose(account, &name("alice")).unwrap();
        drop(book);
        let mut book = Book::open(&file, NOW).unwrap();
        let person = book.person(NOW, &hash(1)).unwrap().unwrap();
        assert_eq!(person.name, Some(name("alice")));
    }
}
