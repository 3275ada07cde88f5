//! `cargo xtask setup-times`: how long it takes from the click to the ringing and from the accepting to the picture, on our
//! page as it is shipped and on the tutorial's, in the same two browsers.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use anyhow::Result;
use clap::Args;

use crate::{
    cargo,
    child::Wait,
    npm,
    page::{self, Build},
    project::Project,
    setup,
};

/// The page and the table, in the target directory.
const PAGE: &str = "page-size";
/// See [`PAGE`].
const TABLE: &str = "setup-times.md";
/// Where the pictures of failures go, in the target directory.
const SCREENSHOTS: &str = "screenshots";

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Choice {
    /// How many calls over each page.
    #[arg(long, default_value_t = 30)]
    calls: usize,
    /// The folder with the text of the tutorial, whose page is taken out of it.
    #[arg(long, value_name = "FOLDER", default_value = "../shared/seeds")]
    tutorial: PathBuf,
}

pub(crate) fn run(project: &Project, choice: &Choice) -> Result<ExitCode> {
    setup::wasm_target()?;
    let (chromium, chromedriver) = setup::chromium()?;
    println!("Building the page and the server as they are shipped …");
    let wasm_opt = npm::wasm_opt();
    let build = Build::Optimised { wasm_opt: wasm_opt.as_deref().ok() };
    let wait = Wait::on("the page").usually(Duration::from_secs(90));
    let page = page::build_into(project, &project.target.join(PAGE), build, wait)?;
    let wait = Wait::on("the server").usually(Duration::from_secs(180));
    let server = cargo::build_server(project, &["--release"], wait)?;
    let table = project.target.join(TABLE);
    let mut command = project.cargo();
    command
        .args(["test", "--quiet", "-p", "e2e", "--test", "setup_times", "--"])
        .arg(choice.calls.to_string())
        .env("PRONTO_BIN", server)
        .env("PRONTO_WEB_ROOT", page)
        .env("PRONTO_SCREENSHOTS", project.target.join(SCREENSHOTS))
        .env("PRONTO_TUTORIAL_TEXT", project.root.join(&choice.tutorial))
        .env("PRONTO_SETUP_TIMES", &table)
        .env("CHROMIUM", chromium)
        .env("CHROMEDRIVER", chromedriver);
    let status = command.status()?;
    if status.success() {
        println!("The table is in {}.", table.display());
    }
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
