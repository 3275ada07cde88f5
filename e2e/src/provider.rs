//! OpenID Connect providers, as programs of their own: other people's, who know nothing of Pronto.

use std::{fmt::Write as _, path::PathBuf, process::Command};

use anyhow::{Context, Result};
use tempfile::TempDir;
use tokio::sync::Mutex;

use crate::{
    program::Program,
    settings::{self, NODE, PROVIDER, PROVIDER_MODULES},
};

/// A provider: whoever types a name there is signed in under it. It can be stopped, and started again at the same address.
#[derive(Debug)]
pub struct Provider {
    id: &'static str,
    label: &'static str,
    port: u16,
    running: Mutex<Option<Program>>,
}

/// The providers of a scene, and the file that names them to the server.
#[derive(Debug, Default)]
pub(crate) struct Providers {
    pub(crate) all: Vec<Provider>,
    /// It is there for as long as the server may be started again.
    file: Option<TempDir>,
}

impl Provider {
    async fn start(id: &'static str, label: &'static str) -> Result<Self> {
        let (program, port) = run(id, 0).await?;
        Ok(Self { id, label, port, running: Mutex::new(Some(program)) })
    }

    /// Stops it.
    ///
    /// # Errors
    /// It does not run.
    pub async fn stop(&self) -> Result<()> {
        let program = self.running.lock().await.take();
        program.map(Program::kill).context("the provider does not run")
    }

    /// Starts it again where it was. It has forgotten everybody.
    ///
    /// # Errors
    /// It does not start.
    pub async fn start_again(&self) -> Result<()> {
        let (program, _) = run(self.id, self.port).await?;
        *self.running.lock().await = Some(program);
        Ok(())
    }
}

impl Providers {
    /// Starts these, each an id and a label.
    pub(crate) async fn start(wanted: &[(&'static str, &'static str)]) -> Result<Self> {
        if wanted.is_empty() {
            return Ok(Self::default());
        }
        let mut all = Vec::new();
        let mut config = String::new();
        for (id, label) in wanted {
            let provider = Provider::start(id, label).await?;
            let Provider { id, label, port, .. } = &provider;
            write!(
                config,
                "[[provider]]\nid = \"{id}\"\nlabel = \"{label}\"\nissuer = \"http://127.0.0.1:{port}\"\n\
                 client_id = \"pronto\"\nclient_secret = \"pronto-secret\"\n\n"
            )?;
            all.push(provider);
        }
        let folder = TempDir::new()?;
        std::fs::write(folder.path().join("providers.toml"), config)?;
        Ok(Self { all, file: Some(folder) })
    }

    /// What the server is started with.
    pub(crate) fn options(&self) -> Vec<String> {
        let file = |folder: &TempDir| folder.path().join("providers.toml").display().to_string();
        let file = self.file.as_ref().map(file);
        file.map(|file| vec!["--oidc-config".to_owned(), file]).unwrap_or_default()
    }
}

async fn run(id: &str, port: u16) -> Result<(Program, u16)> {
    let mut command = Command::new(settings::path(NODE)?);
    let modules: PathBuf = settings::path(PROVIDER_MODULES)?;
    command.arg(settings::path(PROVIDER)?).arg(modules).args([&port.to_string(), id]);
    let mut program = Program::start(command)?;
    let port =
        program.printed(|line| line.strip_prefix("provider at ")?.rsplit_once(':')?.1.parse().ok());
    let port = port.await?;
    Ok((program, port))
}
