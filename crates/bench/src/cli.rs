//! The command line.

use std::{path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use crate::{
    contestant::Contestant,
    floor, machine, run,
    workload::{Size, Workload},
};

/// The environment variable that names the folder of the tutorial's server.
const TUTORIAL: &str = "PRONTO_TUTORIAL_SERVER";

/// What `cargo xtask bench` starts, and what it starts itself as: a floor, or what keeps a core awake.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench", bin_name = "cargo xtask bench")]
struct Cli {
    #[command(subcommand)]
    part: Option<Part>,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, Subcommand)]
enum Part {
    /// The bare WebSocket relay.
    #[command(hide = true)]
    FloorWebsocket,
    /// The bare TCP relay.
    #[command(hide = true)]
    FloorTcp,
    /// Does nothing, without pause.
    #[command(hide = true)]
    Spin,
}

/// What to measure, and how often.
#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    /// Measures only this workload; may be given several times.
    #[arg(long, value_name = "WORKLOAD")]
    only: Vec<Workload>,
    /// Measures only this contestant; may be given several times. Ratios need two.
    #[arg(long, value_name = "CONTESTANT")]
    contestant: Vec<Contestant>,
    /// How often everything is measured; the medians of it are shown.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) repetitions: u32,
    /// Measures for a shorter time and with fewer users: to try something out.
    #[arg(long, conflicts_with = "smoke")]
    quick: bool,
    /// Only shows that everything still works; what it prints means nothing.
    #[arg(long)]
    smoke: bool,
    /// Pronto's server.
    #[arg(long, value_name = "PROGRAM", env = "PRONTO_BIN", default_value = "pronto", hide = true)]
    pub(crate) server: PathBuf,
    /// Where the table goes.
    #[arg(long, value_name = "FOLDER", default_value = "target/bench", hide = true)]
    pub(crate) output: PathBuf,
    /// The folder of the tutorial's server, with its server.js; needs Node.
    #[arg(long, value_name = "FOLDER", env = TUTORIAL, default_value = "../shared/peers/tutorial-server")]
    pub(crate) tutorial: PathBuf,
}

impl Options {
    pub(crate) const fn size(&self) -> Size {
        match (self.smoke, self.quick) {
            (true, _) => Size::SMOKE,
            (false, true) => Size::QUICK,
            (false, false) => Size::FULL,
        }
    }

    pub(crate) fn workloads(&self) -> Vec<Workload> {
        if self.only.is_empty() { Workload::ALL.to_vec() } else { self.only.clone() }
    }

    pub(crate) fn contestants(&self) -> Vec<Contestant> {
        if self.contestant.is_empty() { Contestant::ALL.to_vec() } else { self.contestant.clone() }
    }

    /// What to type to get this run again.
    pub(crate) fn command(&self) -> String {
        let mut words = vec!["cargo xtask bench".to_owned()];
        words.extend(self.only.iter().map(|one| format!("--only {}", one.option())));
        words.extend(self.contestant.iter().map(|one| format!("--contestant {}", one.option())));
        if self.repetitions != 5 {
            words.push(format!("--repetitions {}", self.repetitions));
        }
        words.extend(self.quick.then(|| "--quick".to_owned()));
        words.extend(self.smoke.then(|| "--smoke".to_owned()));
        words.join(" ")
    }
}

pub(crate) fn start() -> Result<ExitCode> {
    let Cli { part, options } = Cli::parse();
    match part {
        Some(Part::FloorWebsocket) => floor::websocket::run(),
        Some(Part::FloorTcp) => floor::tcp::run(),
        Some(Part::Spin) => machine::awake::spin(),
        None => run::run(&options),
    }
}
