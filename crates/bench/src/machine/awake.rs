//! Keeps cores awake. A virtual processor that goes idle is given back to its host, and to get it again takes longer
//! than most of what is measured.

use std::process::{Child, Command, ExitCode, Stdio};

use anyhow::Result;

use super::Cores;
use crate::contestant::ourselves;

/// Keeps both cores awake until it is dropped.
#[derive(Debug)]
pub(crate) struct Awake(Vec<Child>);

impl Awake {
    /// Starts a program on each core that does nothing, of the class that the scheduler runs only if nobody else wants
    /// to. `None` if that cannot be had: what would compete with the servers is worse than nothing.
    pub(crate) fn start(cores: Cores) -> Option<Self> {
        let mut awake = Self(Vec::new());
        awake.0.push(idle_class(&mut ourselves("spin").ok()?)?);
        awake.0.push(cores.on_the_servers(|| idle_class(&mut ourselves("spin").ok()?)).ok()??);
        // `chrt` becomes what it starts, unless it could not.
        let alive = awake.0.iter_mut().all(|child| matches!(child.try_wait(), Ok(None)));
        alive.then_some(awake)
    }

    pub(crate) fn processes(&self) -> impl Iterator<Item = u32> {
        self.0.iter().map(Child::id)
    }
}

/// Starts a program in the scheduler's class SCHED_IDLE.
fn idle_class(program: &mut Command) -> Option<Child> {
    let mut command = Command::new("chrt");
    command.args(["--idle", "0"]).arg(program.get_program()).args(program.get_args());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()
}

impl Drop for Awake {
    fn drop(&mut self) {
        for child in &mut self.0 {
            // It may have ended already, in which case there is nothing to do.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// What such a program does.
pub(crate) fn spin() -> Result<ExitCode> {
    loop {
        std::hint::spin_loop();
    }
}
