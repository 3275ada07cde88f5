//! Who is measured, and how each is started.

mod coturn;
mod server;
mod tutorial;

use std::{env, fs, net::Ipv4Addr, path::PathBuf, process::Command};

use anyhow::{Context, Result};
use clap::ValueEnum;

use crate::{cli::Options, machine::Cores};

pub(crate) use server::Server;
use tutorial::Tutorial;

/// A server to be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Contestant {
    /// Ours.
    Pronto,
    /// The bare WebSocket relay.
    Websocket,
    /// The bare TCP relay.
    Tcp,
    /// The server of the tutorial that Pronto started from.
    Tutorial,
    /// A relay of media that many use.
    Coturn,
}

/// Where those come from who flood a server through a proxy that it trusts, from networks of IPv6.
pub(crate) const PROXY: Ipv4Addr = Ipv4Addr::new(127, 200, 0, 1);

/// What TURN credentials are made with.
pub(crate) const SECRET: &str = "bench";

/// What a server expects of those who connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// A WebSocket handshake, and a login that counts messages, as our page's does: what it got, it acknowledges.
    Counting,
    /// A WebSocket handshake, and a login.
    Users,
    /// A WebSocket handshake.
    Pairs,
    /// Nothing. It is sent the same frames as the others, and does not know it.
    Bytes,
    /// Requests of TURN, and nothing of the above.
    Turn,
}

impl Dialect {
    /// Whether users have names, and log in.
    pub(crate) const fn has_users(self) -> bool {
        matches!(self, Self::Counting | Self::Users)
    }
}

impl Contestant {
    pub(crate) const ALL: [Self; 5] =
        [Self::Pronto, Self::Websocket, Self::Tcp, Self::Tutorial, Self::Coturn];

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Pronto => "Pronto",
            Self::Websocket => "bare WebSocket",
            Self::Tcp => "raw TCP",
            Self::Tutorial => "tutorial's",
            Self::Coturn => "coturn",
        }
    }

    /// As it is named on the command line.
    pub(crate) fn option(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    pub(crate) const fn dialect(self) -> Dialect {
        match self {
            Self::Pronto => Dialect::Counting,
            Self::Tutorial => Dialect::Users,
            Self::Websocket => Dialect::Pairs,
            Self::Tcp => Dialect::Bytes,
            Self::Coturn => Dialect::Turn,
        }
    }
}

/// Those that can be started here.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) contestants: Vec<Contestant>,
    /// Who is missing, and why.
    pub(crate) missing: Vec<String>,
    pronto: PathBuf,
    /// Where Pronto writes down who is there: somewhere new each time, or the next one would wait for them.
    state: PathBuf,
    tutorial: Option<Tutorial>,
}

impl Field {
    /// Finds out who can be started.
    pub(crate) fn assemble(options: &Options) -> Self {
        let mut contestants = options.contestants();
        let mut missing = Vec::new();
        let mut tutorial = None;
        if contestants.contains(&Contestant::Tutorial) {
            match Tutorial::prepare(&options.tutorial, &options.output) {
                Ok(prepared) => tutorial = Some(prepared),
                Err(why) => {
                    missing.push(format!("The tutorial's server is left out: {why:#}"));
                    contestants.retain(|one| *one != Contestant::Tutorial);
                }
            }
        }
        if contestants.contains(&Contestant::Coturn)
            && let Err(why) = coturn::look_for()
        {
            missing.push(format!("coturn is left out: {why:#}"));
            contestants.retain(|one| *one != Contestant::Coturn);
        }
        let state = options.output.join("state");
        Self { contestants, missing, pronto: options.server.clone(), state, tutorial }
    }

    /// Starts a contestant on a core of its own. Pronto holds its clients to limits only if it is to be flooded.
    pub(crate) fn start(
        &self,
        contestant: Contestant,
        flooded: bool,
        cores: &Cores,
    ) -> Result<Server> {
        match contestant {
            Contestant::Pronto => {
                self.pronto(flooded).and_then(|mut pronto| Server::start(&mut pronto, cores))
            }
            Contestant::Websocket => Server::start(&mut ourselves("floor-websocket")?, cores),
            Contestant::Tcp => Server::start(&mut ourselves("floor-tcp")?, cores),
            Contestant::Tutorial => {
                let tutorial = self.tutorial.as_ref().context("it was not prepared")?;
                tutorial.start(cores)
            }
            Contestant::Coturn => coturn::start(cores),
        }
        .with_context(|| format!("{} does not start", contestant.title()))
    }

    fn pronto(&self, flooded: bool) -> Result<Command> {
        if self.state.exists() {
            fs::remove_dir_all(&self.state)?;
        }
        let mut command = Command::new(&self.pronto);
        command.args(["--listen", "127.0.0.1:0", "--turn-secret", SECRET]);
        if flooded {
            command.args(["--trusted-proxy", &PROXY.to_string()]);
        } else {
            // One machine that logs in thousands of users is what the limits are there to stop.
            command.args(["--limits", "off"]);
        }
        command.arg("--state").arg(&self.state);
        Ok(command)
    }
}

pub(crate) fn ourselves(part: &str) -> Result<Command> {
    let program = env::current_exe().context("this program does not know where it lies")?;
    let mut command = Command::new(program);
    command.arg(part);
    Ok(command)
}
