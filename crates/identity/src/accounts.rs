//! Accounts and browser sessions, in an SQLite database: a thread owns it, and what is asked of it waits in a bounded queue, so
//! that nobody waits for a disk but who asked, and nobody for long.

mod book;
mod file;
mod tables;

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use rusqlite::ErrorCode;
use tokio::{
    sync::oneshot,
    time::{interval, timeout},
};
use tracing::warn;

pub use book::Entry;
pub(crate) use book::{Book, Person, Subject};
pub use file::AccountsFile;

use crate::{Unavailable, present::Present, seconds};

/// How many questions may wait for the database. One takes some 50 µs, and a write to a slow disk 20 ms: beyond this the
/// answer would come too late.
const MAX_WAITING: usize = 1024;

/// How long an answer is waited for: more than a write waits for another program, and less than people do.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// How often a sign-out that could not be written is tried again.
const SIGN_OUTS_EVERY: Duration = Duration::from_secs(3);

/// How often it is looked at whether the database is closed: it takes a write at most.
const CLOSED_EVERY: Duration = Duration::from_millis(2);

/// How many issuers without a provider are told in the log.
const ISSUERS_TOLD: usize = 16;

/// The database's name in its directory.
const FILE: &str = "accounts.sqlite";

type Question = Box<dyn FnOnce(&mut Book) + Send>;

/// What the thread is asked. It may be woken without a question.
type Message = Option<Question>;

/// The way to the database. Clones share it.
#[derive(Clone)]
pub(crate) struct Accounts {
    questions: SyncSender<Message>,
    closing: Arc<AtomicBool>,
}

/// Why there is no database.
#[derive(Debug)]
pub enum OpenError {
    /// Its directory or file cannot be made.
    Io(io::Error),
    /// SQLite cannot use it.
    Database(rusqlite::Error),
    /// It is of another version of the program, most likely a newer one.
    Version {
        /// Which file it is.
        file: PathBuf,
        /// The version of its tables.
        found: i64,
        /// The one that this program knows.
        known: i64,
    },
    /// It is not what it should be.
    Damaged {
        /// Which file it is.
        file: PathBuf,
        /// What SQLite says of it.
        what: String,
    },
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "{error}"),
            Self::Database(error) => write!(f, "{error}"),
            Self::Version { file, found, known } if found > known => write!(
                f,
                "{} was written by a newer version of Pronto (version {found} of its tables; this one knows {known}): start \
                 that version, or put a copy from before it back",
                file.display()
            ),
            Self::Version { file, found, known } => write!(
                f,
                "{} is of an older version of Pronto (version {found} of its tables, not {known}): start the server with it once",
                file.display()
            ),
            Self::Damaged { file, what } => write!(
                f,
                "{} is damaged ({what}): put a copy of it back, or move it away to begin without accounts",
                file.display()
            ),
        }
    }
}

impl std::error::Error for OpenError {}

impl From<io::Error> for OpenError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Damaged { file: PathBuf::new(), what: error.to_string() }
            }
            _ => Self::Database(error),
        }
    }
}

impl OpenError {
    /// The same, of this file.
    fn of(self, path: &Path) -> Self {
        let file = path.to_owned();
        match self {
            Self::Version { found, known, .. } => Self::Version { file, found, known },
            Self::Damaged { what, .. } => Self::Damaged { file, what },
            other => other,
        }
    }
}

impl Accounts {
    /// Opens the database in this directory; without one it is in memory, and forgets everything with the program.
    pub(crate) fn open(state: Option<&Path>, present: Present) -> Result<Self, OpenError> {
        let book = match state {
            Some(folder) => Book::open(&file_in(folder)?, seconds())?,
            None => Book::in_memory(seconds())?,
        };
        let (questions, queue) = sync_channel(MAX_WAITING);
        let closing = Arc::new(AtomicBool::new(false));
        let thread = DatabaseThread { book, present, closing: Arc::clone(&closing) };
        thread::Builder::new().name("accounts".to_owned()).spawn(move || thread.run(&queue))?;
        Ok(Self { questions, closing })
    }

    /// Asks the database. Questions are answered one after the other; one that nobody waits for any more is not asked.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Book) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Unavailable> {
        let (reply, answer) = oneshot::channel();
        let question: Question = Box::new(move |book| {
            if !reply.is_closed() {
                // Whoever asked may have gone meanwhile.
                let _ = reply.send(question(book));
            }
        });
        match self.questions.try_send(Some(question)) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => {
                warn!("the database of accounts is behind");
                return Err(Unavailable);
            }
            // It is closed, since the server stops.
            Err(TrySendError::Disconnected(_)) => return Err(Unavailable),
        }
        match timeout(ANSWER_LIMIT, answer).await {
            Ok(Ok(Ok(answer))) => Ok(answer),
            Ok(Ok(Err(error))) => {
                warn!(%error, "the database of accounts fails");
                Err(Unavailable)
            }
            // It was closed before this was asked.
            Ok(Err(_)) => Err(Unavailable),
            Err(_) => {
                warn!(seconds = ANSWER_LIMIT.as_secs(), "the database of accounts does not answer");
                Err(Unavailable)
            }
        }
    }

    /// Has the thread see that somebody has signed out whom it does not know of. If its queue is full, it is awake.
    pub(crate) fn wake(&self) {
        let _ = self.questions.try_send(None);
    }

    /// Answers nothing any more, and closes the database. Resolves once that is done.
    pub(crate) async fn close(&self) {
        self.closing.store(true, Ordering::Release);
        let mut look = interval(CLOSED_EVERY);
        // This also wakes it.
        while !matches!(self.questions.try_send(None), Err(TrySendError::Disconnected(_))) {
            look.tick().await;
        }
    }

    /// Tells the operator of accounts that nobody can sign in with, as no provider has their issuer.
    pub(crate) fn tell_of_strangers(&self, issuers: Vec<String>) {
        let question: Question = Box::new(move |book| match book.by_issuer() {
            Ok(all) => {
                let strangers = all.iter().filter(|of| !issuers.contains(&of.issuer));
                for of in strangers.take(ISSUERS_TOLD) {
                    warn!(
                        issuer = of.issuer,
                        accounts = of.accounts,
                        names = of.names,
                        "no provider has this issuer: nobody can sign in with these accounts, and their names stay taken; name \
                         the provider again, or free names with pronto accounts free"
                    );
                }
            }
            Err(error) => warn!(%error, "the database of accounts fails"),
        });
        // The queue is empty at the start, and this is no reason not to start.
        let _ = self.questions.try_send(Some(question));
    }
}

/// What runs on the database's thread.
struct DatabaseThread {
    book: Book,
    present: Present,
    closing: Arc<AtomicBool>,
}

impl DatabaseThread {
    fn run(mut self, queue: &Receiver<Message>) {
        let mut tried = None::<Instant>;
        while !self.closing.load(Ordering::Acquire) {
            let message = if self.present.has_sign_outs() {
                queue.recv_timeout(SIGN_OUTS_EVERY)
            } else {
                queue.recv().map_err(|_| RecvTimeoutError::Disconnected)
            };
            match message {
                Ok(Some(question)) => question(&mut self.book),
                Ok(None) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            let is_time = tried.is_none_or(|at| at.elapsed() >= SIGN_OUTS_EVERY);
            if self.present.has_sign_outs() && is_time {
                self.write_sign_outs();
                tried = Some(Instant::now());
            }
        }
        // Once more: what is not written now is forgotten.
        self.write_sign_outs();
    }

    fn write_sign_outs(&mut self) {
        if let Err(error) = write_sign_outs(&mut self.book, &self.present) {
            warn!(%error, "somebody has signed out, and it cannot be written down; it is tried again");
        }
    }
}

/// Writes down who has signed out, as far as the database does not know.
pub(crate) fn write_sign_outs(book: &mut Book, present: &Present) -> rusqlite::Result<()> {
    for session in present.to_be_written() {
        let account = book.account_of(&session)?;
        // By now it may be known whose session it was, and who else has to hear of it. It is remembered already, so that there
        // is a place for it.
        let _ = present.sign_out(session, account);
        book.sign_out(&session)?;
        present.is_written(&session);
    }
    Ok(())
}

/// The database's file in this directory. Only its owner may read it, and SQLite makes its other files with the permissions of
/// this one.
fn file_in(folder: &Path) -> io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let file = folder.join(FILE);
    let mut options = fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&file)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc::channel, time::Duration};

    use futures_util::FutureExt;

    use super::{Accounts, MAX_WAITING};
    use crate::{Unavailable, present::Present};

    fn accounts() -> (Accounts, Present) {
        let present = Present::new(Duration::from_secs(60));
        (Accounts::open(None, present.clone()).unwrap(), present)
    }

    /// A disk that hangs. It goes on once what this gives is dropped.
    async fn hang(accounts: &Accounts) -> std::sync::mpsc::Sender<()> {
        let (go_on, waits) = channel::<()>();
        let (hangs, hanging) = tokio::sync::oneshot::channel();
        let accounts = accounts.clone();
        tokio::spawn(async move {
            let question = move |_: &mut _| {
                let _ = hangs.send(());
                let _ = waits.recv();
                Ok(())
            };
            accounts.ask(question).await
        });
        hanging.await.unwrap();
        go_on
    }

    #[tokio::test]
    async fn a_full_queue_is_said_at_once_and_a_disk_that_hangs_in_time() {
        let (accounts, _) = accounts();
        let go_on = hang(&accounts).await;
        tokio::time::pause();
        let start = tokio::time::Instant::now();
        let mut waiting: Vec<_> =
            (0..MAX_WAITING).map(|_| Box::pin(accounts.ask(|_| Ok(())))).collect();
        for question in &mut waiting {
            assert!(question.now_or_never().is_none());
        }
        assert_eq!(accounts.ask(|_| Ok(())).await, Err(Unavailable));
        assert_eq!(start.elapsed(), Duration::ZERO, "at once");
        for question in waiting {
            assert_eq!(question.await, Err(Unavailable));
        }
        assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
        drop(go_on);
        tokio::time::resume();
        // What nobody waited for is not asked.
        while accounts.ask(|_| Ok(())).await.is_err() {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn what_is_asked_of_a_database_that_is_closed_is_refused() {
        let (accounts, _) = accounts();
        let go_on = hang(&accounts).await;
        let waiting = accounts.ask(|_| Ok(()));
        tokio::pin!(waiting);
        assert!((&mut waiting).now_or_never().is_none());
        let closing = accounts.close();
        tokio::pin!(closing);
        assert!((&mut closing).now_or_never().is_none());
        drop(go_on);
        closing.await;
        assert_eq!(waiting.await, Err(Unavailable));
        assert_eq!(accounts.ask(|_| Ok(())).await, Err(Unavailable));
    }
}
