//! One server has the state directory at a time: two that write one roster, or give tickets by one database, each know half of
//! who is here.

use std::{
    fmt,
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read, Seek, Write},
    path::{Path, PathBuf},
    process,
};

use tokio::time::{Instant, sleep};
use tracing::info;

use super::{LOCK, prepare};
use crate::limits::{STATE_LOCK_PATIENCE, STATE_LOCK_PAUSE};

/// The state directory is this server's. It is given up when this is dropped, and by the system when the program ends, however it
/// ends.
#[derive(Debug)]
pub struct StateLock(
    #[expect(dead_code, reason = "the lock lasts as long as the file is open")] File,
);

/// Why the state directory is not this server's.
#[derive(Debug)]
pub enum StateError {
    /// Another server has it.
    Taken {
        /// Which directory it is.
        folder: PathBuf,
        /// The other server's process, if it says so.
        pid: Option<u32>,
    },
    /// It cannot be used, or not be locked.
    Unusable {
        /// Which directory it is.
        folder: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken { folder, pid } => {
                write!(f, "the state directory {} is in use by another server", folder.display())?;
                if let Some(pid) = pid {
                    write!(f, " (process {pid})")?;
                }
                f.write_str(": stop that one, or give this one a directory of its own with --state")
            }
            Self::Unusable { folder, error } => {
                write!(f, "the state directory {} cannot be used: {error}", folder.display())
            }
        }
    }
}

impl std::error::Error for StateError {}

impl StateLock {
    /// Takes the directory, which is made if it is not there, and closed to others. A server that is stopping gives it up in a
    /// moment, so that is waited for.
    ///
    /// # Errors
    /// See [`StateError`].
    pub async fn take(folder: &Path) -> Result<Self, StateError> {
        let deadline = Instant::now() + STATE_LOCK_PATIENCE;
        let mut told = false;
        loop {
            match Self::try_take(folder) {
                Err(StateError::Taken { .. }) if Instant::now() < deadline => {}
                taken => return taken,
            }
            if !told {
                info!(folder = %folder.display(), "another server has the state directory: waiting for it to stop");
                told = true;
            }
            sleep(STATE_LOCK_PAUSE).await;
        }
    }

    /// The same, without waiting.
    ///
    /// # Errors
    /// See [`StateError`].
    pub fn try_take(folder: &Path) -> Result<Self, StateError> {
        let unusable = |error| StateError::Unusable { folder: folder.to_owned(), error };
        prepare(folder).map_err(unusable)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(folder.join(LOCK)).map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => {
                // Only said to people: what counts is the lock.
                let _ = write_pid(&mut file);
                Ok(Self(file))
            }
            Err(TryLockError::WouldBlock) => {
                Err(StateError::Taken { folder: folder.to_owned(), pid: read_pid(&mut file) })
            }
            Err(TryLockError::Error(error)) => Err(unusable(error)),
        }
    }
}

fn write_pid(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", process::id())
}

fn read_pid(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{StateError, StateLock};

    #[tokio::test(start_paused = true)]
    async fn one_has_it_at_a_time_and_it_is_free_when_that_one_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let one = StateLock::take(folder.path()).await.unwrap();
        let Err(StateError::Taken { pid, .. }) = StateLock::take(folder.path()).await else {
            panic!("two have it");
        };
        assert_eq!(pid, Some(std::process::id()));
        let waits = tokio::spawn({
            let folder = folder.path().to_owned();
            async move { StateLock::take(&folder).await }
        });
        tokio::task::yield_now().await;
        drop(one);
        waits.await.unwrap().unwrap();
        // What a program that was killed wrote there does not matter.
        std::fs::write(folder.path().join("lock"), "1\n").unwrap();
        StateLock::try_take(folder.path()).unwrap();
    }
}
