//! Pronto's server, as a program of its own.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;
use tokio::sync::Mutex;

use crate::{
    Place,
    program::Program,
    scene::Setting,
    settings::{self, foreign_to_the_server},
};

/// Within what time the server promises to have stopped after SIGTERM.
const STOPS_WITHIN: Duration = Duration::from_secs(5);

/// The server. It can be stopped, and started again at the same address.
#[derive(Debug)]
pub struct Server {
    listens: SocketAddr,
    scheme: String,
    setting: Setting,
    /// What outlives it.
    state: TempDir,
    running: Mutex<Option<Program>>,
}

impl Server {
    /// Starts it in this setting.
    pub(crate) async fn start(setting: Setting) -> Result<Self> {
        let state = TempDir::new()?;
        let listen = SocketAddr::new(setting.address, setting.port);
        let mut program = run(listen, &setting, state.path())?;
        let (scheme, port) = program.printed(printed).await?;
        let listens = SocketAddr::new(setting.address, port);
        Ok(Self { listens, scheme, setting, state, running: Mutex::new(Some(program)) })
    }

    /// Where people reach it who are in the same place, or on the same networks.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        match self.setting.place {
            Place::Here => (Ipv4Addr::LOCALHOST, self.listens.port()).into(),
            #[cfg(target_os = "linux")]
            Place::On(_) => self.listens,
        }
    }

    /// The origin of its page for who reaches it by this name, or by its address.
    #[must_use]
    pub fn origin(&self, host: Option<&str>) -> String {
        let address = self.address();
        let host =
            host.map_or_else(|| address.to_string(), |host| format!("{host}:{}", address.port()));
        format!("{}://{host}", self.scheme)
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
        self.running.lock().await.take().map(Program::kill).context("the server does not run")
    }

    /// Takes from it, while it does not run, all that it would know again.
    ///
    /// # Errors
    /// It cannot be taken.
    pub fn forget(&self) -> Result<()> {
        for entry in self.state.path().read_dir()? {
            std::fs::remove_file(entry?.path())?;
        }
        Ok(())
    }

    /// Starts it again where it was.
    ///
    /// # Errors
    /// It does not start.
    pub async fn start_again(&self) -> Result<()> {
        let mut program = run(self.listens, &self.setting, self.state.path())?;
        program.printed(printed).await?;
        *self.running.lock().await = Some(program);
        Ok(())
    }

    /// The end of what it logged.
    pub(crate) async fn log(&self) -> String {
        self.running.lock().await.as_ref().map_or_else(|| "(stopped)".to_owned(), Program::tail)
    }
}

fn run(listen: SocketAddr, setting: &Setting, state: &Path) -> Result<Program> {
    let mut command = setting.place.command(settings::path(settings::SERVER)?);
    for name in foreign_to_the_server() {
        command.env_remove(name);
    }
    command.args(["--listen", &listen.to_string(), "--web-root"]);
    command.arg(settings::path(setting.page)?).arg("--state").arg(state).args(&setting.options);
    Program::start(command)
}

/// The scheme and the port in the line that it prints when it is ready.
fn printed(line: &str) -> Option<(String, u16)> {
    let (before, address) = line.split_once("://")?;
    let scheme = before.rsplit(' ').next()?.to_owned();
    let port = match address.trim_end_matches('/').rsplit_once(':') {
        Some((_, port)) if !port.ends_with(']') => port.parse().ok()?,
        _ if scheme == "https" => 443,
        _ => 80,
    };
    Some((scheme, port))
}

#[cfg(test)]
mod tests {
    use super::printed;

    #[test]
    fn scheme_and_port_are_read_from_what_the_server_prints() {
        for (line, expected) in [
            ("Pronto is at http://127.0.0.1:9090", Some(("http", 9090))),
            ("Pronto is at http://localhost:9090/", Some(("http", 9090))),
            ("Pronto is at http://[::1]:9090", Some(("http", 9090))),
            ("Pronto is at https://203.0.113.10", Some(("https", 443))),
            ("Pronto is at https://[2001:db8::1]", Some(("https", 443))),
            ("INFO server: logged in", None),
        ] {
            let expected = expected.map(|(scheme, port)| (scheme.to_owned(), port));
            assert_eq!(printed(line), expected, "{line}");
        }
    }
}
