//! `cargo xtask simulate` and `cargo xtask model`: the whole system in virtual time, by chance and exhaustively.

use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::{
    child::{self, Wait},
    project::Project,
};

/// How many seeds of each kind of schedule a test plays: 18 kinds, so that it is more than 100,000 schedules.
const TESTED_SEEDS: &str = "6000";

/// Both run millions of steps: built as it is for tests, that would take an hour.
const PROFILE: [&str; 2] = ["--profile", "simulate"];

/// Plays schedules, as the options of the program `simulate` say.
pub(crate) fn run(project: &Project, options: &[String]) -> Result<ExitCode> {
    let status = simulate(project).args(options).status()?;
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
    child::run(simulate(project).args(["--seeds", TESTED_SEEDS]), wait)
}

/// The tests of the model, with as much of it as `depth` says.
pub(crate) fn checker(project: &Project, depth: &str) -> Command {
    let mut command = project.cargo();
    command
        .args(["test", "-p", "simulation", "--test", "model"])
        .args(PROFILE)
        .env("PRONTO_MODEL", depth);
    command
}

fn simulate(project: &Project) -> Command {
    let mut command = project.cargo();
    command.args(["run", "-p", "simulation", "--bin", "simulate"]).args(PROFILE).arg("--");
    command
}
