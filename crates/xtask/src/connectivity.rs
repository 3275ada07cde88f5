//! `cargo xtask connectivity`: two browsers call each other over every kind of network, and a table of the paths they found.

use std::process::{Command, ExitCode};

use anyhow::{Result, bail};
use clap::Args;

use crate::{
    cargo,
    child::{self, Wait},
    page::{self, Build},
    project::Project,
    setup,
    tally::Tally,
    tools::Tool,
};

/// What the harness says first where it may not make network namespaces.
const NOT_HERE: &str = "Connectivity is not tested here";

/// Where the pictures of failures go, in the target directory.
const SCREENSHOTS: &str = "screenshots";

/// Which scenarios to play.
#[derive(Debug, Args)]
pub(crate) struct Choice {
    /// Plays only this scenario.
    #[arg(long, value_name = "SCENARIO", conflicts_with = "list")]
    only: Option<String>,
    /// How many calls are made on the lines that lose one datagram in five.
    #[arg(long, value_name = "NUMBER")]
    calls: Option<u32>,
    /// Names the scenarios, and plays none.
    #[arg(long)]
    list: bool,
}

/// What came of the scenarios.
pub(crate) enum Played {
    /// They were played.
    Here(Tally),
    /// Network namespaces are not permitted here; the harness has said so.
    NotHere,
}

pub(crate) fn run(project: &Project, choice: &Choice) -> Result<ExitCode> {
    let wait = Wait::on("connectivity");
    if choice.list {
        let mut command = harness(project);
        child::run(command.arg("--list"), wait)?;
        return Ok(ExitCode::SUCCESS);
    }
    let only = choice.only.as_deref();
    let arguments: Vec<&str> = only.map_or_else(Vec::new, |only| vec!["--exact", only]);
    match play(project, &arguments, choice.calls, wait)? {
        Played::Here(tally) if tally == Tally::default() => {
            let only = only.unwrap_or_default();
            bail!("There is no scenario \"{only}\": `cargo xtask connectivity --list` names them.")
        }
        Played::Here(tally) if tally.failed == 0 => Ok(ExitCode::SUCCESS),
        _ => Ok(ExitCode::FAILURE),
    }
}

/// Builds what is tested, and plays the scenarios that the harness's arguments choose.
pub(crate) fn play(
    project: &Project,
    arguments: &[&str],
    calls: Option<u32>,
    wait: Wait<'_>,
) -> Result<Played> {
    setup::wasm_target()?;
    setup::network_tools()?;
    let browsers = setup::browsers()?;
    let geckodriver = Tool::geckodriver().ensure()?;
    let page = page::build(project, Build::Quick, wait)?;
    let server = cargo::build_server(project, &[], wait)?;
    let mut command = harness(project);
    command
        .args(arguments)
        .env("PRONTO_BIN", server)
        .env("PRONTO_WEB_ROOT", page)
        .env("PRONTO_SCREENSHOTS", project.target.join(SCREENSHOTS))
        .env("CHROMIUM", browsers.chromium)
        .env("CHROMEDRIVER", browsers.chromedriver)
        .env("FIREFOX", browsers.firefox)
        .env("GECKODRIVER", geckodriver);
    command.envs(calls.map(|calls| ("PRONTO_LOSSY_CALLS", calls.to_string())));
    let (mut counted, mut not_here) = (Tally::default(), false);
    let status = child::listen(&mut command, wait, &mut |line| {
        println!("{line}");
        not_here |= line.starts_with(NOT_HERE);
        if let Some(tally) = Tally::of_line(line) {
            counted += tally;
        }
    })?;
    Ok(if not_here {
        Played::NotHere
    } else {
        Played::Here(Tally::of_run(counted, status.success()))
    })
}

/// The harness, as far as its own arguments.
fn harness(project: &Project) -> Command {
    let mut command = project.cargo();
    command.args(["test", "--quiet", "-p", "e2e", "--test", "connectivity", "--"]);
    command
}
