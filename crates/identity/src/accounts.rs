//! Accounts and browser sessions, in an SQLite database: a thread owns it, and what is asked of it waits in a bounded queue, so
//! that nobody waits for a disk but who asked.

mod book;

use std::{
    fmt, fs, io,
    path::Path,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
};

use tokio::sync::oneshot;
use tracing::warn;

pub(crate) use book::{Book, Person, Subject};

use crate::Unavailable;

/// How many questions may wait for the database. One takes some 50 µs, and a write to a slow disk 20 ms: beyond this the
/// answer would come too late.
const MAX_WAITING: usize = 1024;

/// The database's name in its directory.
const FILE: &str = "accounts.sqlite";

type Question = Box<dyn FnOnce(&mut Book) + Send>;

/// The way to the database. Clones share it.
#[derive(Clone)]
pub(crate) struct Accounts(SyncSender<Question>);

/// Why there is no database.
#[derive(Debug)]
pub enum OpenError {
    /// Its directory or file cannot be made.
    Io(io::Error),
    /// SQLite cannot use it.
    Database(rusqlite::Error),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "{error}"),
            Self::Database(error) => write!(f, "{error}"),
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
        Self::Database(error)
    }
}

impl Accounts {
    /// Opens the database in this directory; without one it is in memory, and forgets everything with the program.
    pub(crate) fn open(state: Option<&Path>) -> Result<Self, OpenError> {
        let book = match state {
            Some(folder) => {
                fs::create_dir_all(folder)?;
                let file = folder.join(FILE);
                for_the_owner_only(&file)?;
                Book::open(&file)?
            }
            None => Book::in_memory()?,
        };
        let (questions, queue) = sync_channel(MAX_WAITING);
        thread::Builder::new().name("accounts".to_owned()).spawn(move || answer(book, &queue))?;
        Ok(Self(questions))
    }

    /// Asks the database. Questions are answered one after the other.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Book) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Unavailable> {
        let (reply, answer) = oneshot::channel();
        let question: Question = Box::new(move |book| {
            // Who asked may have gone.
            let _ = reply.send(question(book));
        });
        if self.0.try_send(question).is_err() {
            warn!("the database of accounts is behind");
            return Err(Unavailable);
        }
        match answer.await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => {
                warn!(%error, "the database of accounts fails");
                Err(Unavailable)
            }
            Err(_) => Err(Unavailable),
        }
    }
}

fn answer(mut book: Book, queue: &Receiver<Question>) {
    while let Ok(question) = queue.recv() {
        question(&mut book);
    }
}

/// SQLite makes its other files with the permissions of this one.
fn for_the_owner_only(file: &Path) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file).map(drop)
}
