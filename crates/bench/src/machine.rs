//! The machine: its cores, and who else uses it.

pub(crate) mod awake;
mod others;

use std::{fs, io, thread, time::Duration};

use anyhow::{Context, Result};
use rustix::{
    process::{Resource, Rlimit, getrlimit, setrlimit},
    thread::{CpuSet, sched_getaffinity, sched_setaffinity},
};

pub(crate) use others::Busy;

/// Which core is for whom. The server has one, and the load the other, so that neither takes time from the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cores {
    Apart {
        server: usize,
        load: usize,
    },
    /// There is only one, or the system does not let us choose.
    Together,
}

impl Cores {
    /// Chooses two of the cores that we may use, and goes to the one for the load.
    pub(crate) fn choose() -> Self {
        let allowed = sched_getaffinity(None).unwrap_or_default();
        let mut free = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core));
        match (free.next(), free.next()) {
            (Some(load), Some(server)) if go_to(load).is_ok() => Self::Apart { server, load },
            _ => Self::Together,
        }
    }

    /// Does something on the core for servers. A program that is started there stays there.
    pub(crate) fn on_the_servers<T: Send>(self, act: impl FnOnce() -> T + Send) -> Result<T> {
        let Self::Apart { server, .. } = self else { return Ok(act()) };
        thread::scope(|scope| {
            let there = scope.spawn(|| go_to(server).map(|()| act()));
            there.join().expect("a thread that starts programs does not panic")
        })
        .context("a core cannot be chosen")
    }

    pub(crate) fn describe(self) -> String {
        match self {
            Self::Apart { server, load } => {
                format!("the server on core {server}, the load on core {load}")
            }
            Self::Together => "the server and the load on the same core".to_owned(),
        }
    }
}

/// Binds the calling thread, and those that it starts, to a core.
fn go_to(core: usize) -> io::Result<()> {
    let mut set = CpuSet::new();
    set.set(core);
    Ok(sched_setaffinity(None, &set)?)
}

/// Lets this process and those that it starts open as many files as the system allows; returns how many those are.
pub(crate) fn raise_file_limit() -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).is_ok() {
        maximum.map_or(usize::MAX, as_count)
    } else {
        current.map_or(usize::MAX, as_count)
    }
}

fn as_count(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The CPU time that a process has used so far, as the scheduler counts it: in nanoseconds, and not in ticks of the
/// clock. Threads that have ended are not in it; the servers here end none.
pub(crate) fn cpu_time(process: u32) -> Result<Duration> {
    let mut nanoseconds = 0;
    for thread in fs::read_dir(format!("/proc/{process}/task"))? {
        // A thread that ends in this very moment is no mistake.
        let Ok(text) = fs::read_to_string(thread?.path().join("schedstat")) else { continue };
        let first = text.split_whitespace().next().and_then(|word| word.parse::<u64>().ok());
        nanoseconds += first.context("schedstat begins with a number")?;
    }
    Ok(Duration::from_nanos(nanoseconds))
}

/// What the processor calls itself.
pub(crate) fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    name.map_or_else(|| "an unknown processor".to_owned(), |(_, name)| name.to_owned())
}
