//! A web server before Pronto's, as operators have one: nginx.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    process::Command,
};

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::{
    program::Program,
    settings::{self, NGINX},
    wait::{PATIENCE, until},
};

/// What has it pass WebSockets on, and say what it was asked for: as README.md has it.
pub const PASSES_WEBSOCKETS: &str = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; \
     proxy_set_header Connection \"upgrade\"; proxy_set_header Host $http_host;";

/// A web server. It ends when it is dropped.
#[derive(Debug)]
pub struct WebServer {
    address: SocketAddr,
    _program: Program,
    _folder: TempDir,
}

impl WebServer {
    /// Starts one with this in its `server` block.
    pub(crate) async fn start(locations: &str) -> Result<Self> {
        let folder = TempDir::new()?;
        // It takes none that the system would choose.
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let file = folder.path().join("nginx.conf");
        fs::write(&file, configuration(address, locations))?;
        let mut command = Command::new(settings::path(NGINX)?);
        command.arg("-e").arg("stderr").arg("-p").arg(folder.path()).arg("-c").arg(file);
        let program = Program::start(command)?;
        let is_there = until(PATIENCE, async || Ok(TcpStream::connect(address).ok())).await?;
        is_there.with_context(|| format!("nginx does not get ready:\n{}", program.tail()))?;
        Ok(Self { address, _program: program, _folder: folder })
    }

    /// The origin of its pages.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// It writes nothing outside of its folder.
fn configuration(address: SocketAddr, locations: &str) -> String {
    let folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let folders = folders.map(|of| format!("{of}_temp_path {of};\n")).concat();
    format!(
        "daemon off;\nmaster_process off;\npid nginx.pid;\nevents {{}}\nhttp {{\naccess_log off;\n{folders}\
         server {{\nlisten {address};\n{locations}\n}}\n}}\n"
    )
}
