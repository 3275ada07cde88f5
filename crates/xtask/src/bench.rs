//! `cargo xtask bench`: builds the server and the benchmark as they are shipped, and starts the benchmark.

use std::{
    path::PathBuf,
    process::{Command, ExitCode},
    time::Duration,
};

use anyhow::{Context, Result};

use crate::{
    cargo::{self, NATIVE},
    child::{self, Wait},
    project::Project,
};

/// Where the tables go, in the target directory.
const OUTPUT: &str = "bench";
/// Where those of the smoke test go, which mean nothing: they must not replace those that do.
const SMOKE_OUTPUT: &str = "bench-smoke";

pub(crate) fn run(project: &Project, options: &[String]) -> Result<ExitCode> {
    println!("Building the server and the benchmark …");
    let wait = Wait::on("the benchmark").usually(Duration::from_secs(300));
    let bench = ["--release", "-p", "bench", "--bin", "bench"];
    let (bench, server) = build(project, &bench, &["--release"], wait)?;
    let status = command(project, &bench, &server, OUTPUT).args(options).status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs everything in the benchmark once, in small: it only has to work.
pub(crate) fn smoke(project: &Project, wait: Wait<'_>) -> Result<()> {
    // With tests: their dependencies have more features, and are there already.
    let bench = [&NATIVE[..], &["--bin", "bench", "--test", "wire"]].concat();
    let (bench, server) = build(project, &bench, &[], wait)?;
    let mut command = command(project, &bench, &server, SMOKE_OUTPUT);
    child::run(command.args(["--smoke", "--repetitions", "2"]), wait)
}

/// The programs of the benchmark and of the server.
fn build(
    project: &Project,
    bench: &[&str],
    server: &[&str],
    wait: Wait<'_>,
) -> Result<(PathBuf, PathBuf)> {
    let bench = cargo::build(project, bench, wait)?
        .into_iter()
        .find(|file| file.file_stem().is_some_and(|stem| stem == "bench"))
        .context("cargo built no program `bench`: crates/bench/Cargo.toml has to name it.")?;
    Ok((bench, cargo::build_server(project, server, wait)?))
}

fn command(project: &Project, bench: &PathBuf, server: &PathBuf, output: &str) -> Command {
    let mut command = Command::new(bench);
    command
        .current_dir(&project.root)
        .arg("--server")
        .arg(server)
        .arg("--output")
        .arg(project.target.join(output));
    command
}
