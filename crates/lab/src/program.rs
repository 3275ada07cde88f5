//! The programs that do the work: `ip` and `nft`.

use std::{
    io::Write,
    process::{Command, Output, Stdio},
};

use anyhow::{Context, Result, bail};

/// Runs a command to its end, with this on its standard input, and returns what it printed.
///
/// # Errors
/// It cannot be started, or fails; what it complained of is told.
pub(crate) fn run(command: &mut Command, input: &str) -> Result<String> {
    let words = shown(command);
    let output = output(command, input).with_context(|| format!("`{words}` cannot be run"))?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        bail!("`{words}` failed: {}\n{input}", complaint.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn output(command: &mut Command, input: &str) -> Result<Output> {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let mut stdin = child.stdin.take().context("a child's input was not piped")?;
    // A program that wants no input may have closed it already.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    Ok(child.wait_with_output()?)
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
