//! Programs that run beside a test.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::wait::{PATIENCE, until};

/// How many lines of what it printed are told when something fails.
const TAIL: usize = 40;

/// How long a program that is not needed any more may take to stop.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// A program. Dropped, it is stopped.
#[derive(Debug)]
pub(crate) struct Program {
    name: String,
    child: Child,
    printed: Lines,
}

/// What a program has printed.
#[derive(Clone, Debug, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    fn with<T>(&self, act: impl FnOnce(&mut Vec<String>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Collects the lines of a pipe until it is closed.
    fn collect(&self, pipe: Option<impl Read + Send + 'static>) {
        let Some(pipe) = pipe else { return };
        let lines = self.clone();
        thread::spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                lines.with(|lines| lines.push(line));
            }
        });
    }
}

impl Program {
    pub(crate) fn start(mut command: Command) -> Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("{name} cannot be started"))?;
        let printed = Lines::default();
        printed.collect(child.stdout.take());
        printed.collect(child.stderr.take());
        Ok(Self { name, child, printed })
    }

    /// What `find` makes of the first line in which it finds something, waiting for it to be printed.
    pub(crate) async fn printed<T>(&mut self, find: impl Fn(&str) -> Option<T>) -> Result<T> {
        let found = until(PATIENCE, async || {
            let found = self.printed.with(|lines| lines.iter().find_map(|line| find(line)));
            if found.is_none() && self.child.try_wait()?.is_some() {
                bail!("{} has ended:\n{}", self.name, self.tail());
            }
            Ok(found)
        });
        let found = found.await?;
        found.with_context(|| format!("{} does not get ready:\n{}", self.name, self.tail()))
    }

    /// The last lines that it printed.
    pub(crate) fn tail(&self) -> String {
        self.printed.with(|lines| lines[lines.len().saturating_sub(TAIL)..].join("\n"))
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) async fn terminate(&mut self, patience: Duration) -> Result<ExitStatus> {
        self.ask_to_stop()?;
        let ended = until(patience, async || Ok(self.child.try_wait()?)).await?;
        ended.with_context(|| format!("{} does not stop in {patience:?}", self.name))
    }

    /// Kills it, as a crash does.
    pub(crate) fn kill(mut self) {
        // It may have ended by itself, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    fn ask_to_stop(&self) -> Result<()> {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        Ok(kill_process(id.context("a process id is a positive number")?, Signal::TERM)?)
    }
}

impl Drop for Program {
    /// A driver that is asked to stop takes its browsers with it; one that is killed may not.
    fn drop(&mut self) {
        let begin = Instant::now();
        let mut asked = matches!(self.child.try_wait(), Ok(None)) && self.ask_to_stop().is_ok();
        while asked && begin.elapsed() < LAST_WORDS {
            thread::sleep(Duration::from_millis(5));
            asked = matches!(self.child.try_wait(), Ok(None));
        }
        // It may have ended by itself, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
