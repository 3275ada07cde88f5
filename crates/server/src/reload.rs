//! Reads files again while the server runs: the certificate, and the providers that people sign in with. What cannot be used is
//! refused with its reason, and what was there before stays in force.

use std::sync::Arc;

use identity::{Identity, SettingsSource};
use tokio::{sync::Notify, task::spawn_blocking, time::timeout};
use tracing::{info, warn};

use crate::{Tls, limits::RELOAD_LIMIT};

/// Asks a server to read its files again.
#[derive(Clone, Debug, Default)]
pub struct Reload(Arc<Notify>);

impl Reload {
    /// Asks once. If the server is reading, it reads once more afterwards.
    pub fn ask(&self) {
        self.0.notify_one();
    }
}

/// What can be read again.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    pub(crate) tls: Option<Tls>,
    pub(crate) providers: Option<(Arc<Identity>, SettingsSource)>,
}

impl Files {
    /// Reads everything again whenever it is asked to, forever.
    pub(crate) async fn read_on(self, reload: Reload) {
        let mut providers_are_new = false;
        loop {
            tokio::select! {
                () = reload.0.notified() => {
                    self.read_in_time().await;
                    providers_are_new = true;
                }
                () = self.look_around(), if providers_are_new => providers_are_new = false,
            }
        }
    }

    async fn look_around(&self) {
        if let Some((identity, _)) = &self.providers {
            identity.look_around().await;
        }
    }

    /// On a disk that hangs there is one reader, and no more with each time that somebody asks.
    async fn read_in_time(&self) {
        let files = self.clone();
        let mut reading = spawn_blocking(move || files.read());
        if timeout(RELOAD_LIMIT, &mut reading).await.is_err() {
            warn!(
                "the disk does not answer: certificate and providers stay as they were until it does"
            );
            // It cannot be ended, and has nothing to say.
            let _ = reading.await;
        }
    }

    fn read(&self) {
        let mut read = Vec::new();
        match self.tls.as_ref().map(Tls::read_again) {
            Some(Ok(true)) => read.push("the certificate"),
            Some(Err(error)) => warn!(%error, "the certificate stays as it was"),
            Some(Ok(false)) | None => {}
        }
        match self.providers.as_ref().map(|(identity, source)| read_providers(identity, source)) {
            Some(Ok(())) => read.push("the providers"),
            Some(Err(error)) => warn!(error, "the providers stay as they were"),
            None => {}
        }
        let read = if read.is_empty() { "nothing".to_owned() } else { read.join(" and ") };
        info!(
            "read again: {read}; options and environment variables take effect at the next start"
        );
    }
}

fn read_providers(identity: &Identity, source: &SettingsSource) -> Result<(), String> {
    let settings = source.read().map_err(|bad| bad.to_string())?;
    identity.replace_providers(settings).map_err(|error| error.to_string())
}
