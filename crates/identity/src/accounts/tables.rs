//! The database's tables: made, brought up to date and looked through when the database is opened.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::mpsc::{RecvTimeoutError, channel},
    thread,
    time::Duration,
};

use protocol::UserName;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior, params};
use tracing::{info, warn};

use super::OpenError;

/// The version of the tables that this program makes.
const VERSION: i64 = 3;

/// How long a question waits for another program that has the database, such as `pronto accounts`.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long the database is looked through at the start. A million accounts take some seconds; on a disk that hangs, the server
/// starts without having looked at all of it.
const LOOK_THROUGH: Duration = Duration::from_secs(20);

/// How many names are told in the log of which something is to be told.
const NAMES_TOLD: usize = 20;

/// Accounts. Their numbers are never given again, as tickets and sessions in memory name them. Names are unique as they stand
/// here; what is worked out from them need not be, since two names that were different once may have become the same.
const ACCOUNTS: &str = "
    CREATE TABLE accounts (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        issuer TEXT NOT NULL,
        subject TEXT NOT NULL,
        name TEXT UNIQUE,
        key TEXT,
        small TEXT,
        capitals TEXT,
        title TEXT,
        suggested TEXT,
        signed_in INTEGER NOT NULL,
        sign_outs INTEGER NOT NULL DEFAULT 0,
        UNIQUE (issuer, subject)
    ) STRICT;
    CREATE INDEX accounts_by_key ON accounts (key);
    CREATE INDEX accounts_by_small ON accounts (small);
    CREATE INDEX accounts_by_capitals ON accounts (capitals);
    CREATE INDEX accounts_by_title ON accounts (title);
    CREATE INDEX accounts_without_name ON accounts (signed_in) WHERE name IS NULL;
";

/// The sessions of browsers, as they are since the first version.
const SESSIONS: &str = "
    CREATE TABLE sessions (
        hash BLOB PRIMARY KEY,
        account INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
        until INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX sessions_of_account ON sessions (account, until);
";

/// What the second version added to it.
const SESSIONS_BY_END: &str = "CREATE INDEX sessions_by_end ON sessions (until);";

/// Opens the database, looks through it, and brings its tables up to date.
pub(super) fn open(file: &Path, now: i64) -> Result<Connection, OpenError> {
    prepare(Connection::open(file)?, now).map_err(|error| error.of(file))
}

pub(super) fn in_memory(now: i64) -> Result<Connection, OpenError> {
    prepare(Connection::open_in_memory()?, now)
}

/// Opens it to read, and changes nothing: not even tables that are of an older version.
pub(super) fn open_to_read(file: &Path) -> Result<Connection, OpenError> {
    let open = || {
        let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.busy_timeout(PATIENCE)?;
        match version(&connection)? {
            VERSION => Ok(connection),
            found => Err(OpenError::Version { file: file.to_owned(), found, known: VERSION }),
        }
    };
    open().map_err(|error: OpenError| error.of(file))
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", (), |row| row.get(0))
}

fn prepare(mut connection: Connection, now: i64) -> Result<Connection, OpenError> {
    connection.busy_timeout(PATIENCE)?;
    // A write that begins as a read would fail, and not wait, if another program writes meanwhile.
    connection.set_transaction_behavior(TransactionBehavior::Immediate);
    let found = version(&connection)?;
    if !(0..=VERSION).contains(&found) {
        return Err(OpenError::Version { file: PathBuf::new(), found, known: VERSION });
    }
    look_through(&connection)?;
    // The answer is the mode that it has; one in memory has none to speak of.
    connection.query_row("PRAGMA journal_mode = WAL", (), |_| Ok(()))?;
    // Off while tables take the place of others, of which nothing must be removed.
    connection.execute_batch(
        "PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF; PRAGMA legacy_alter_table = ON;",
    )?;
    let all = connection.transaction()?;
    match found {
        0 => all.execute_batch(&[ACCOUNTS, SESSIONS, SESSIONS_BY_END].concat())?,
        1 => from_first(&all, now)?,
        2 => from_second(&all)?,
        _ => {}
    }
    look_at_names(&all)?;
    all.execute_batch(&format!("PRAGMA user_version = {VERSION}"))?;
    all.commit()?;
    connection.execute_batch("PRAGMA legacy_alter_table = OFF; PRAGMA foreign_keys = ON;")?;
    Ok(connection)
}

/// From the first version, in which skeletons were unique, and nothing said when somebody had signed in.
fn from_first(all: &Connection, now: i64) -> rusqlite::Result<()> {
    all.execute_batch("ALTER TABLE accounts RENAME TO first_accounts;")?;
    all.execute_batch(ACCOUNTS)?;
    all.execute(
        "INSERT INTO accounts (id, issuer, subject, name, suggested, signed_in)
         SELECT id, issuer, subject, name, suggested, ?1 FROM first_accounts",
        [now],
    )?;
    all.execute_batch("DROP TABLE first_accounts;")?;
    all.execute_batch(SESSIONS_BY_END)
}

/// From the second version, which knew of a name only what its small letters look like.
fn from_second(all: &Connection) -> rusqlite::Result<()> {
    all.execute_batch(
        "ALTER TABLE accounts RENAME TO second_accounts;
         DROP INDEX accounts_by_skeleton;
         DROP INDEX accounts_without_name;",
    )?;
    all.execute_batch(ACCOUNTS)?;
    all.execute_batch(
        "INSERT INTO accounts (id, issuer, subject, name, suggested, signed_in, sign_outs)
         SELECT id, issuer, subject, name, suggested, signed_in, sign_outs FROM second_accounts;
         DELETE FROM sqlite_sequence WHERE name = 'accounts';
         UPDATE sqlite_sequence SET name = 'accounts' WHERE name = 'second_accounts';
         DROP TABLE second_accounts;",
    )
}

/// Whether the database's pages are what they should be. What is broken must not decide whose a name is.
fn look_through(connection: &Connection) -> Result<(), OpenError> {
    match text_in_time(connection, "PRAGMA quick_check(1)", LOOK_THROUGH)? {
        Some(said) if said == "ok" => info!("the database of accounts is sound"),
        Some(what) => return Err(OpenError::Damaged { file: PathBuf::new(), what }),
        None => warn!(
            seconds = LOOK_THROUGH.as_secs(),
            "the database of accounts could not be looked through in time"
        ),
    }
    Ok(())
}

/// What this question gives; `None` if it takes longer than so long.
fn text_in_time(
    connection: &Connection,
    question: &str,
    limit: Duration,
) -> Result<Option<String>, OpenError> {
    let handle = connection.get_interrupt_handle();
    let (done, waits) = channel::<()>();
    let watch = move || {
        if waits.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
            handle.interrupt();
        }
    };
    thread::Builder::new().name("accounts-watch".to_owned()).spawn(watch)?;
    let found = connection.query_row(question, (), |row| row.get(0));
    // The watch ends by that.
    drop(done);
    match found {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) => {
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// What is worked out from a name: by which it is found, and what it looks like.
type WorkedOut = [Option<String>; 4];

/// What is worked out from names changes with Unicode and with this program: where it was written down by others it is written
/// again. Two names that are alike by now both stay with their owners, and so does a name that nobody would be given any more.
fn look_at_names(all: &Connection) -> rusqlite::Result<()> {
    let mut alike: BTreeMap<(usize, String), Vec<String>> = BTreeMap::new();
    let (mut changed, mut no_names) = (Vec::new(), Vec::new());
    let mut select = all.prepare(
        "SELECT id, name, key, small, capitals, title FROM accounts WHERE name IS NOT NULL",
    )?;
    let rows = select.query_map((), |row| {
        let before: WorkedOut = [row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?];
        Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, before))
    })?;
    for row in rows {
        let (id, name, before) = row?;
        let Some(kept) = UserName::kept(&name) else {
            no_names.push(name);
            continue;
        };
        let looks = kept.looks();
        let now = [kept.key().to_owned(), looks.small, looks.capitals, looks.title];
        if before.iter().map(Option::as_ref).ne(now.iter().map(Some)) {
            changed.push((id, now.clone()));
        }
        for one in now.into_iter().enumerate() {
            alike.entry(one).or_default().push(name.clone());
        }
    }
    for (id, [key, small, capitals, title]) in &changed {
        all.execute(
            "UPDATE accounts SET key = ?2, small = ?3, capitals = ?4, title = ?5 WHERE id = ?1",
            params![id, key, small, capitals, title],
        )?;
    }
    if !changed.is_empty() {
        info!(names = changed.len(), "what looks like these accounts' names was worked out again");
    }
    alike.retain(|_, names| names.len() > 1);
    // Mostly the same names are alike in each way.
    let collisions: BTreeSet<_> = alike.into_values().collect();
    for names in collisions.iter().take(NAMES_TOLD) {
        warn!(
            ?names,
            "names of several accounts look alike by now: their owners keep them, but only one of them can be signed in at a \
             time; pronto accounts free NAME frees one"
        );
    }
    for name in no_names.iter().take(NAMES_TOLD) {
        warn!(
            ?name,
            "the name of an account is none any more: nobody can sign in with it until pronto accounts free NAME frees it"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rusqlite::Connection;

    use super::text_in_time;

    #[test]
    fn a_question_that_takes_too_long_is_given_up() {
        let connection = Connection::open_in_memory().unwrap();
        let endless = "WITH RECURSIVE numbers (number) AS
             (SELECT 1 UNION ALL SELECT number + 1 FROM numbers)
             SELECT max(number) FROM numbers";
        let given_up = text_in_time(&connection, endless, Duration::from_millis(10)).unwrap();
        assert_eq!(given_up, None);
        // And the next one is answered.
        let answer = text_in_time(&connection, "SELECT 'yes'", Duration::from_secs(60)).unwrap();
        assert_eq!(answer.as_deref(), Some("yes"));
    }
}
