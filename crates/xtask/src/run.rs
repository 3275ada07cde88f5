//! `cargo xtask run`: from the sources to a server that people can call each other through.

use std::{
    env,
    process::{Command, ExitCode},
    time::Duration,
};

use anyhow::{Context, Result};

use crate::{
    cargo,
    child::Wait,
    page::{self, Build},
    project::Project,
    setup,
};

pub(crate) fn run(project: &Project, server_arguments: &[String]) -> Result<ExitCode> {
    setup::wasm_target()?;
    println!("Building the page …");
    let wait = Wait::on("the page").usually(Duration::from_secs(60));
    let page = page::build(project, Build::Quick, wait)?;
    println!("Building the server …");
    let wait = Wait::on("the server").usually(Duration::from_secs(90));
    let program = cargo::build_server(project, &[], wait)?;

    let mut server = Command::new(program);
    if !names(server_arguments, "--web-root") && env::var_os("PRONTO_WEB_ROOT").is_none() {
        server.arg("--web-root").arg(page);
    }
    server.args(server_arguments);
    // Only once it listens does it know its address.
    println!("\nStarting the server; open the address that it prints in two browser windows.\n");
    become_program(&mut server).context("the server cannot be started")
}

/// Whether an option is among the arguments, as `--option value` or `--option=value`.
fn names(arguments: &[String], option: &str) -> bool {
    arguments.iter().any(|argument| {
        argument.strip_prefix(option).is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
    })
}

/// Signals and the exit code are then the server's own business, and no process of ours stands between.
#[cfg(unix)]
fn become_program(command: &mut Command) -> Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    Err(command.exec().into())
}

#[cfg(not(unix))]
fn become_program(command: &mut Command) -> Result<ExitCode> {
    let status = command.status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn options_are_found_in_both_spellings() {
        for (line, found) in [
            ("--limits off --web-root x", true),
            ("--web-root=x", true),
            ("--web-rooted x", false),
            ("web-root", false),
        ] {
            let arguments: Vec<String> = line.split(' ').map(str::to_owned).collect();
            assert_eq!(names(&arguments, "--web-root"), found, "{line}");
        }
    }
}
