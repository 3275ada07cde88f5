//! `cargo xtask audit`: what the dependencies are, and what is known against them. deny.toml holds the rules.

use std::{
    process::{Command, ExitCode},
    time::Duration,
};

use anyhow::Result;

use crate::{
    child::{self, Wait},
    project::Project,
    tools::Tool,
};

/// The database of advisories is a download of some megabytes; where it cannot be had, that shows sooner.
const FETCH_LIMIT: Duration = Duration::from_secs(120);

pub(crate) fn run(project: &Project) -> Result<ExitCode> {
    let deny = Tool::cargo_deny().ensure()?;
    let command = |arguments: &[&str]| {
        let mut command = Command::new(&deny);
        command.current_dir(&project.root).args(arguments);
        command
    };

    println!("Bans, licences and sources:");
    let rules = ["check", "bans", "licenses", "sources"];
    child::run(&mut command(&rules), Wait::on("cargo-deny"))?;

    println!("Known vulnerabilities:");
    let fetched =
        child::run(&mut command(&["fetch", "db"]), Wait::on("the download").at_most(FETCH_LIMIT));
    if fetched.is_err() {
        println!("Not checked: the database of advisories cannot be had from this machine.");
        return Ok(ExitCode::SUCCESS);
    }
    let advisories = ["check", "advisories"];
    child::run(&mut command(&advisories), Wait::on("cargo-deny"))?;
    Ok(ExitCode::SUCCESS)
}
