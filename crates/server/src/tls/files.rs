//! Certificates that somebody else keeps good.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use tokio::{
    task::spawn_blocking,
    time::{interval, timeout},
};
use tracing::{info, warn};

use super::{TlsError, certificates, certificates::Certificates};
use crate::limits::CERTIFICATE_READ_LIMIT;

/// A certificate's and a key's file, which may be replaced at any time.
#[derive(Clone, Debug)]
pub(super) struct Files {
    certificate: PathBuf,
    key: PathBuf,
    certificates: Arc<Certificates>,
    /// When both were written that were read last.
    seen: Arc<Mutex<[Option<SystemTime>; 2]>>,
}

impl Files {
    pub(super) fn open(
        certificate: PathBuf,
        key: PathBuf,
        certificates: Arc<Certificates>,
    ) -> Result<Self, TlsError> {
        let files = Self { certificate, key, certificates, seen: Arc::default() };
        files.read()?;
        Ok(files)
    }

    /// Looks again and again whether there is another one. What is not good is not taken: most likely only one of the
    /// two files has been written so far.
    pub(super) async fn watch(&self, every: Duration) {
        let mut interval = interval(every);
        // On a disk that hangs there is one question under way, and no more with each look.
        let mut reading = None;
        loop {
            interval.tick().await;
            let files = self.clone();
            let question =
                reading.get_or_insert_with(|| spawn_blocking(move || files.read_if_new()));
            let Ok(read) = timeout(CERTIFICATE_READ_LIMIT, &mut *question).await else {
                warn!(path = %self.certificate.display(), "the disk does not answer: the certificate stays as it was");
                continue;
            };
            reading = None;
            match read {
                // It has panicked, or the server stops.
                Ok(Ok(false)) | Err(_) => {}
                Ok(Ok(true)) => info!("there is another certificate"),
                Ok(Err(error)) => warn!(%error, "the certificate stays as it was"),
            }
        }
    }

    /// Whether there was another one.
    fn read_if_new(&self) -> Result<bool, TlsError> {
        let written = self.written();
        let is_new = {
            let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            *seen != written || written.contains(&None)
        };
        if is_new {
            self.read()?;
        }
        Ok(is_new)
    }

    /// Reads both, whether they are new or not.
    pub(super) fn read(&self) -> Result<(), TlsError> {
        // If one is replaced from now on, it is read once more.
        let written = self.written();
        let chain = read(&self.certificate)?;
        let key = read(&self.key)?;
        let parsed = certificates::parse((&chain, &self.certificate), (&key, &self.key))?;
        self.certificates.set(parsed);
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = written;
        Ok(())
    }

    fn written(&self) -> [Option<SystemTime>; 2] {
        [&self.certificate, &self.key].map(|path| fs::metadata(path).ok()?.modified().ok())
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).map_err(|error| TlsError::File { path: path.to_owned(), error })
}
