//! The server of the tutorial, as it stands there. Its port is fixed in its source, so a copy of it is started.

use std::{
    env, fs,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

use super::Server;
use crate::machine::Cores;

/// How the source names its port.
const PORT: &str = "port: 9090";

/// A copy of the tutorial's server that is ready to be started.
#[derive(Debug)]
pub(super) struct Tutorial {
    folder: PathBuf,
    source: String,
}

impl Tutorial {
    /// Copies the server and installs the WebSocket library that it needs.
    pub(super) fn prepare(original: &Path, output: &Path) -> Result<Self> {
        let read = |name: &str| {
            let path = original.join(name);
            fs::read_to_string(&path).with_context(|| format!("{} is not there", path.display()))
        };
        let (source, package) = (read("server.js")?, read("package.json")?);
        if !source.contains(PORT) {
            bail!("its source does not say \"{PORT}\"");
        }
        let folder = output.join("tutorial-server");
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("package.json"), package)?;
        run("node", &["--version"], &folder)?;
        if !folder.join("node_modules").join("ws").is_dir() {
            run("npm", &["install", "--no-audit", "--no-fund", "--ignore-scripts"], &folder)?;
        }
        Ok(Self { folder: env::current_dir()?.join(folder), source })
    }

    /// Starts it on a free port.
    pub(super) fn start(&self, cores: &Cores) -> Result<Server> {
        let address =
            TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?.local_addr()?;
        let source = self.source.replace(PORT, &format!("port: {}", address.port()));
        fs::write(self.folder.join("server.js"), source)?;
        Server::start_at(
            address,
            Command::new("node").arg("server.js").current_dir(&self.folder),
            cores,
        )
    }
}

fn run(program: &str, arguments: &[&str], folder: &Path) -> Result<()> {
    let status = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .with_context(|| format!("it needs {program}, which cannot be started"))?;
    if !status.success() {
        bail!("`{program} {}` failed", arguments.join(" "));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::Tutorial;

    #[test]
    fn what_is_missing_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let prepared = || Tutorial::prepare(folder.path(), &folder.path().join("out"));
        assert!(prepared().unwrap_err().to_string().contains("server.js"));
        fs::write(folder.path().join("server.js"), "a server on some port").unwrap();
        assert!(prepared().unwrap_err().to_string().contains("package.json"));
        fs::write(folder.path().join("package.json"), "{}").unwrap();
        assert!(prepared().unwrap_err().to_string().contains("port: 9090"));
    }
}
