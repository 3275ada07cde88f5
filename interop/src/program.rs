//! Other people's programs.

use std::{env, path::PathBuf, process::Stdio, time::Duration};

use anyhow::{Context, Result};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};

use crate::{PATIENCE, soon};

/// What became of a program that ended.
#[derive(Debug)]
pub struct Finished {
    /// Whether it says that all went well.
    pub success: bool,
    /// All that it wrote.
    pub text: String,
}

/// A program that runs on. Dropped, it is killed.
#[derive(Debug)]
pub struct Program {
    _child: Child,
}

/// The command of the program that this environment variable names.
fn command(variable: &str) -> Result<Command> {
    let path = env::var_os(variable).map(PathBuf::from).with_context(|| {
        format!("{variable} has to name a program; `cargo xtask test --step interop` sees to it")
    })?;
    let mut command = Command::new(path);
    command.stdin(Stdio::null()).kill_on_drop(true);
    Ok(command)
}

/// Runs a program to its end.
///
/// # Errors
/// It cannot be started.
pub async fn run(variable: &str, arguments: &[&str]) -> Result<Finished> {
    run_within(PATIENCE, variable, arguments).await
}

/// The same for one that takes longer.
///
/// # Errors
/// It cannot be started, or takes longer than that.
pub async fn run_within(
    patience: Duration,
    variable: &str,
    arguments: &[&str],
) -> Result<Finished> {
    let output = timeout(patience, command(variable)?.args(arguments).output());
    let output =
        output.await.with_context(|| format!("{variable} takes longer than {patience:?}"))??;
    let text = [output.stdout, output.stderr].concat();
    Ok(Finished {
        success: output.status.success(),
        text: String::from_utf8_lossy(&text).into_owned(),
    })
}

impl Program {
    /// Starts a program, and waits until it writes a line that holds `ready`.
    ///
    /// # Errors
    /// It cannot be started, or ends before it is ready.
    pub async fn start(
        variable: &str,
        arguments: &[&str],
        environment: &[(&str, &str)],
        ready: &str,
    ) -> Result<Self> {
        let mut command = command(variable)?;
        command.args(arguments).envs(environment.iter().copied());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let output = child.stdout.take().context("it was asked for")?;
        let mut lines = BufReader::new(output).lines();
        let until_ready = async {
            while let Some(line) = lines.next_line().await? {
                if line.contains(ready) {
                    return Ok(());
                }
            }
            anyhow::bail!("{variable} ended before it was ready")
        };
        soon(until_ready).await?;
        // What it writes from now on nobody reads, but it must not wait for that.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self { _child: child })
    }
}
