//! A tool that is a Python package, installed into the same folder as the others, in an environment of its own.

use std::{path::PathBuf, process::Command, time::Duration};

use anyhow::{Context, Result};

use crate::{
    child::{self, Wait},
    setup,
    tools::folder,
};

/// Downloading a package takes seconds; a registry that hangs is given up on.
const LIMIT: Duration = Duration::from_secs(180);

/// The Autobahn cases, which say whether somebody's WebSocket is one.
const KOSOKU: &str = "kosoku";
const VERSION: &str = "0.1.0";

/// Plays the Autobahn cases against a WebSocket server.
pub(crate) fn kosoku() -> Result<PathBuf> {
    let root = folder()?.join(format!("{KOSOKU}-{VERSION}"));
    let folder = root.join(if cfg!(windows) { "Scripts" } else { "bin" });
    let program = folder.join(format!("{KOSOKU}{}", std::env::consts::EXE_SUFFIX));
    if program.is_file() {
        return Ok(program);
    }
    let python = setup::python_installed().context("kosoku is a Python package")?;
    let mut environment = Command::new(python);
    environment.args(["-m", "venv"]).arg(&root);
    child::run(&mut environment, Wait::on("python -m venv").at_most(LIMIT)).context(
        "Python has to have its module venv; Debian has that in the package python3-venv",
    )?;
    let mut install = Command::new(folder.join(format!("python{}", std::env::consts::EXE_SUFFIX)));
    install
        .args(["-m", "pip", "install", "--disable-pip-version-check", "--quiet"])
        .arg(format!("{KOSOKU}=={VERSION}"));
    child::run(&mut install, Wait::on("pip install").at_most(LIMIT))?;
    program.is_file().then_some(program).context("pip installed kosoku, but not its program.")
}
