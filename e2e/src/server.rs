//! Pronto's server, as a program of its own.

use std::{net::SocketAddr, path::PathBuf, process::Command, time::Duration};

use anyhow::{Context, Result, ensure};
use tokio::sync::Mutex;

use crate::{
    program::Program,
    settings::{self, foreign_to_the_server},
};

/// Within what time the server promises to have stopped after SIGTERM.
const STOPS_WITHIN: Duration = Duration::from_secs(5);

/// The server. It can be stopped, and started again at the same address.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    page: PathBuf,
    running: Mutex<Option<Program>>,
}

impl Server {
    /// Starts it on a free port of this machine, with the page of this folder.
    pub(crate) async fn start(page: PathBuf) -> Result<Self> {
        let mut program = run("127.0.0.1:0", &page)?;
        let address = program.printed(address).await?;
        Ok(Self { address, page, running: Mutex::new(Some(program)) })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address of its page.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Stops it as a system does that restarts it, by SIGTERM.
    ///
    /// # Errors
    /// It does not stop in time, or says that it failed.
    pub async fn stop(&self) -> Result<()> {
        let mut program = self.running.lock().await.take().context("the server does not run")?;
        let status = program.terminate(STOPS_WITHIN).await?;
        ensure!(status.success(), "the server stopped with {status}:\n{}", program.tail());
        Ok(())
    }

    /// Kills it, as a crash does.
    ///
    /// # Errors
    /// It does not run.
    pub async fn kill(&self) -> Result<()> {
        self.running.lock().await.take().map(drop).context("the server does not run")
    }

    /// Starts it again where it was.
    ///
    /// # Errors
    /// It does not start.
    pub async fn start_again(&self) -> Result<()> {
        let mut program = run(&self.address.to_string(), &self.page)?;
        program.printed(address).await?;
        *self.running.lock().await = Some(program);
        Ok(())
    }

    /// The end of what it logged.
    pub(crate) async fn log(&self) -> String {
        self.running.lock().await.as_ref().map_or_else(|| "(stopped)".to_owned(), Program::tail)
    }
}

fn run(listen: &str, page: &PathBuf) -> Result<Program> {
    let mut command = Command::new(settings::path(settings::SERVER)?);
    for name in foreign_to_the_server() {
        command.env_remove(name);
    }
    command.args(["--listen", listen, "--web-root"]).arg(page);
    Program::start(command)
}

/// The address in the line that it prints when it is ready.
fn address(line: &str) -> Option<SocketAddr> {
    line.split_once("http://")?.1.trim_end_matches('/').parse().ok()
}
