//! A running server, and what it costs.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use crate::machine::{Cores, cpu_time};

/// How long a server may take to listen.
const START: Duration = Duration::from_secs(20);
/// How long to wait between two looks at whether it listens.
const GLANCE: Duration = Duration::from_millis(20);

/// A running server. Dropped, it is killed.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts a server whose first line of output ends with its address.
    pub(crate) fn start(command: &mut Command, cores: &Cores) -> Result<Self> {
        let mut child = spawn(command.stdout(Stdio::piped()), cores)?;
        let output = child.stdout.take().context("its output is piped")?;
        // Held by the value from here on, which kills it whatever happens.
        let mut server = Self { child, address: SocketAddr::from(([127, 0, 0, 1], 0)) };
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let address = line.trim().rsplit("http://").next().and_then(|text| text.parse().ok());
        server.address = address.with_context(|| format!("it names no address: {line:?}"))?;
        Ok(server)
    }

    /// Starts a server that listens on `address` some time later, and says what does not matter.
    pub(crate) fn start_at(
        address: SocketAddr,
        command: &mut Command,
        cores: &Cores,
    ) -> Result<Self> {
        let child = spawn(command.stdout(Stdio::null()), cores)?;
        let mut server = Self { child, address };
        let until = Instant::now() + START;
        while TcpStream::connect(address).is_err() {
            server.check()?;
            if Instant::now() > until {
                bail!("it does not listen on {address}");
            }
            // Another program's listener says nothing when it is there: it can only be tried, until the deadline.
            thread::sleep(GLANCE);
        }
        Ok(server)
    }

    /// The CPU time that it has used so far, in user and kernel mode.
    pub(crate) fn cpu_time(&self) -> Result<Duration> {
        cpu_time(self.child.id())
    }

    /// Its proportional share of memory, in bytes: what is shared with other processes counts in part.
    pub(crate) fn memory(&self) -> Result<u64> {
        let path = format!("/proc/{}/smaps_rollup", self.child.id());
        let text = fs::read_to_string(path)?;
        let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
        let kib = line.and_then(|rest| rest.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
        Ok(1024 * kib.context("smaps_rollup has no Pss")?)
    }

    /// Whether it still runs.
    pub(crate) fn check(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("it has ended: {status}"),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already, in which case there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts a program on the core that is for servers. What it logs, everybody throws away alike.
fn spawn(command: &mut Command, cores: &Cores) -> Result<Child> {
    command.stdin(Stdio::null()).stderr(Stdio::null());
    cores.on_the_servers(|| command.spawn())?.context("it cannot be started")
}
