//! Pronto's chores: everything that has to be done to the sources, as subcommands of `cargo xtask`.
//!
//! They need nothing but Rust; what else is missing they install, or say how to.

#![allow(clippy::print_stdout, reason = "a command-line tool talks on its standard output")]

mod audit;
mod bench;
mod cargo;
mod child;
mod connectivity;
mod dist;
mod npm;
mod page;
mod project;
mod run;
mod setup;
mod setup_times;
mod simulate;
mod tally;
mod test;
mod tools;

use std::process::ExitCode;

use anyhow::Result;
use clap::{CommandFactory, Parser, Subcommand};

use crate::project::Project;

/// Pronto's chores. What they need and is missing, they install.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    chore: Option<Chore>,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Builds the page and the server, and starts the server.
    Run {
        /// Arguments of the server, after `--`: for example `-- --listen 0.0.0.0:9090`.
        #[arg(last = true)]
        server: Vec<String>,
    },
    /// Runs every check and every test; ends with "N passed, N failed".
    Test(test::Selection),
    /// Two browsers call each other over every kind of network; needs root. Prints the paths that they found.
    Connectivity(connectivity::Choice),
    /// Measures how long it takes until two see each other, in real browsers beside the tutorial's page.
    SetupTimes(setup_times::Choice),
    /// Checks the dependencies: bans, licences, sources and known vulnerabilities.
    Audit,
    /// Builds the page and the server as they are shipped, and prints how large the page is.
    Dist,
    #[command(disable_help_flag = true)]
    /// Plays any number of random schedules of pages and server in virtual time.
    Simulate {
        /// How many, and of which kind: `cargo xtask simulate --help` says.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        options: Vec<String>,
    },
    /// Checks a model of two users and the server in every order in which things can happen.
    Model,
    #[command(disable_help_flag = true)]
    /// Measures the server beside others and beside the least that a relay can cost.
    Bench {
        /// What to measure, and how often: `cargo xtask bench --help` says.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        options: Vec<String>,
    },
}

fn main() -> ExitCode {
    let Some(chore) = Cli::parse().chore else {
        // Failing to print the help leaves nothing that could be said about it.
        return Cli::command().print_help().map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS);
    };
    match carry_out(chore) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn carry_out(chore: Chore) -> Result<ExitCode> {
    let project = Project::find()?;
    match chore {
        Chore::Run { server } => run::run(&project, &server),
        Chore::Test(selection) => test::run(&project, &selection),
        Chore::Connectivity(choice) => connectivity::run(&project, &choice),
        Chore::SetupTimes(choice) => setup_times::run(&project, &choice),
        Chore::Audit => audit::run(&project),
        Chore::Dist => dist::run(&project),
        Chore::Simulate { options } => simulate::run(&project, &options),
        Chore::Model => simulate::model(&project),
        Chore::Bench { options } => bench::run(&project, &options),
    }
}
