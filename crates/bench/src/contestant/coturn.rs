//! coturn, as it is installed here, with the least that it can do.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    process::{Command, Stdio},
};

use anyhow::{Context, Result};

use super::{SECRET, Server};
use crate::machine::Cores;

const PROGRAM: &str = "turnserver";

/// Finds out whether it is there.
pub(super) fn look_for() -> Result<()> {
    let found = Command::new(PROGRAM)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    found.map(drop).with_context(|| {
        format!("{PROGRAM} cannot be started (on Debian it is in the package coturn)")
    })
}

/// Starts it on a free port of the loopback, for credentials of [`SECRET`].
pub(super) fn start(cores: &Cores) -> Result<Server> {
    let address = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?.local_addr()?;
    let mut command = Command::new(PROGRAM);
    // No configuration of this machine's, no log, no console, no database of users.
    command.args(["-n", "--no-cli", "--no-tls", "--no-dtls", "--log-file", "/dev/null"]);
    command.args(["--no-stdout-log", "--pidfile", "/dev/null", "--allow-loopback-peers"]);
    command.args(["--listening-ip", "127.0.0.1", "--relay-ip", "127.0.0.1"]);
    command.args(["--listening-port", &address.port().to_string(), "--realm", "bench"]);
    command.args(["--use-auth-secret", "--static-auth-secret", SECRET]);
    Server::start_at(address, &mut command, cores)
}
