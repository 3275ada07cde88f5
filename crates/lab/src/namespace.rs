//! A network namespace with a name, as `ip netns` keeps them.

use std::{
    ffi::OsStr,
    fs::{self, File},
    os::fd::AsFd,
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
    thread,
};

use anyhow::{Context, Result, anyhow};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::{leftovers, program::run};

/// Where `ip netns` keeps its namespaces.
pub(crate) const FOLDER: &str = "/run/netns";

/// How many namespaces this process has made.
static MADE: AtomicU32 = AtomicU32::new(0);

/// A network namespace. Dropped, it is removed, with every program that still runs inside.
#[derive(Debug)]
pub(crate) struct Namespace {
    name: String,
}

impl Namespace {
    /// An empty one, but for its loopback. The label only helps who looks at a running test.
    pub(crate) fn new(label: &str) -> Result<Self> {
        leftovers::remove_once();
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}{number}-{label}", leftovers::own_prefix()?);
        run(Command::new("ip").args(["netns", "add", &name]), "")?;
        let namespace = Self { name };
        namespace.ip("link set lo up")?;
        Ok(namespace)
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// A command that runs inside. It replaces the `ip` that starts it, so a signal to the one reaches the other.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name]).arg(program);
        command
    }

    /// `ip` for this namespace; what it printed.
    pub(crate) fn ip(&self, arguments: &str) -> Result<String> {
        let mut command = Command::new("ip");
        command.args(["-n", &self.name]).args(arguments.split(' '));
        run(&mut command, "")
    }

    /// Adds rules of netfilter, one to a line: `nft` is not sure of several in one.
    pub(crate) fn nft(&self, rules: &str) -> Result<()> {
        run(self.command("nft").args(["-f", "-"]), rules).map(drop)
    }

    /// Sets a parameter of the kernel's network, such as `ipv4/ip_forward`.
    pub(crate) fn set(&self, parameter: &str, value: &str) -> Result<()> {
        let file = format!("/proc/sys/net/{parameter}");
        // The kernel shows every thread those of its own namespace.
        self.inside(|| fs::write(&file, value))?.with_context(|| format!("{file} cannot be set"))
    }

    /// Does something inside, in a thread of its own. What it opens there, sockets and devices, stays there.
    pub(crate) fn inside<T: Send>(&self, act: impl FnOnce() -> T + Send) -> Result<T> {
        let path = format!("{FOLDER}/{}", self.name);
        let door = File::open(&path).with_context(|| format!("{path} cannot be opened"))?;
        thread::scope(|scope| {
            let thread = scope.spawn(|| {
                move_into_link_name_space(door.as_fd(), Some(LinkNameSpaceType::Network))?;
                Ok(act())
            });
            thread.join().map_err(|_| anyhow!("what was done inside {path} panicked"))?
        })
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // What is left is removed by the next run.
        let _ = leftovers::remove(&self.name);
    }
}
