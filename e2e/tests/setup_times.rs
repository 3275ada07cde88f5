//! How long it takes until two see each other, beside the tutorial's page. `cargo xtask setup-times` runs it.
#![allow(clippy::print_stdout, reason = "a benchmark talks on its standard output")]

use std::{env, fs, process::ExitCode};

use anyhow::Context;
use e2e::{
    scene::Failure,
    settings::{self, SETUP_TIMES, TUTORIAL},
    setup_times, tutorial,
};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            println!("{failure:?}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Failure> {
    let calls = env::args().nth(1).context("it is to be said how many calls are to be made")?;
    let calls = calls.parse().context("the number of calls is none")?;
    let page = tutorial::original(&settings::path(TUTORIAL)?);
    let page =
        page.inspect_err(|error| println!("Pronto's page is measured alone: {error:#}.")).ok();
    let table = setup_times::measure(calls, page.as_deref())?.to_string();
    println!("\n{table}");
    let file = settings::path(SETUP_TIMES)?;
    fs::write(&file, table).with_context(|| format!("{} cannot be written", file.display()))?;
    Ok(())
}
