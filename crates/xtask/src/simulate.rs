//! `cargo xtask simulate` and `cargo xtask model`: the whole system in virtual time, by chance and exhaustively.

use std::{
    process::{Command, ExitCode},
    time::Duration,
};

use anyhow::{Context, Result};

use crate::{
    cargo::{self, NATIVE},
    child::{self, Wait},
    project::Project,
};

/// How many seeds of each kind of schedule a test plays: 22 kinds, so that it is more than 100,000 schedules.
const TESTED_SEEDS: &str = "5000";

/// Both run millions of steps: built as it is for tests, that would take an hour.
const OPTIMISED: [&str; 2] = ["--config", "crates/simulation/optimised.toml"];

/// Plays schedules, as the options of the program `simulate` say.
pub(crate) fn run(project: &Project, options: &[String]) -> Result<ExitCode> {
    let wait = Wait::on("the simulation").usually(Duration::from_secs(120));
    let status = simulate(project, wait)?.args(options).status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Checks every plan of the model there is.
pub(crate) fn model(project: &Project) -> Result<ExitCode> {
    println!("Some plans take an hour, and some GB of memory.");
    let status = checker(project, "deep").args(["--", "--nocapture"]).status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Plays what a test plays.
pub(crate) fn check(project: &Project, wait: Wait<'_>) -> Result<()> {
    child::run(simulate(project, wait)?.args(["--seeds", TESTED_SEEDS]), wait)
}

/// The tests of the model, with as much of it as `depth` says.
pub(crate) fn checker(project: &Project, depth: &str) -> Command {
    let mut command = project.cargo();
    command
        .arg("test")
        .args(OPTIMISED)
        .args(NATIVE)
        .args(["--test", "model"])
        .env("PRONTO_MODEL", depth);
    command
}

/// Builds the program `simulate`, and the model with it: that lets its dependencies be the ones that tests have.
fn simulate(project: &Project, wait: Wait<'_>) -> Result<Command> {
    let arguments = [&OPTIMISED[..], &NATIVE, &["--bin", "simulate", "--test", "model"]].concat();
    let program = cargo::build(project, &arguments, wait)?
        .into_iter()
        .find(|file| file.file_stem().is_some_and(|stem| stem == "simulate"))
        .context(
            "cargo built no program `simulate`: crates/simulation/Cargo.toml has to name it.",
        )?;
    let mut command = Command::new(program);
    command.current_dir(&project.root);
    Ok(command)
}
