//! Certificates that somebody else keeps good.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use tokio::time::interval;
use tracing::{info, warn};

use super::{TlsError, certificates, certificates::Certificates};

/// A certificate's and a key's file, which may be replaced at any time.
#[derive(Debug)]
pub(super) struct Files {
    certificate: PathBuf,
    key: PathBuf,
    certificates: Arc<Certificates>,
    /// When both were written that were read last.
    seen: Mutex<[Option<SystemTime>; 2]>,
}

impl Files {
    pub(super) fn open(
        certificate: PathBuf,
        key: PathBuf,
        certificates: Arc<Certificates>,
    ) -> Result<Self, TlsError> {
        let files = Self { certificate, key, certificates, seen: Mutex::default() };
        files.read_if_new()?;
        Ok(files)
    }

    /// Looks again and again whether there is another one. What is not good is not taken: most likely only one of the
    /// two files has been written so far.
    pub(super) async fn watch(&self, every: Duration) {
        let mut interval = interval(every);
        loop {
            interval.tick().await;
            match self.read_if_new() {
                Ok(false) => {}
                Ok(true) => info!("there is another certificate"),
                Err(error) => warn!(%error, "the certificate stays as it was"),
            }
        }
    }

    /// Whether there was another one.
    fn read_if_new(&self) -> Result<bool, TlsError> {
        let written = [&self.certificate, &self.key].map(|path| written(path));
        let is_new = {
            let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            *seen != written || written.contains(&None)
        };
        if !is_new {
            return Ok(false);
        }
        let chain = read(&self.certificate)?;
        let key = read(&self.key)?;
        let parsed = certificates::parse((&chain, &self.certificate), (&key, &self.key))?;
        self.certificates.set(parsed);
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = written;
        Ok(true)
    }
}

fn written(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).ok()?.modified().ok()
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).map_err(|error| TlsError::File { path: path.to_owned(), error })
}
