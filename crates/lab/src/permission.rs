//! Whether namespaces can be had here.

use std::{error::Error, fmt, fs::File, process::Command};

use crate::{namespace::Namespace, program::run};

/// What keeps a lab from being built on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Network namespaces may not be made: the process is neither root's nor has CAP_SYS_ADMIN and CAP_NET_ADMIN.
    Privileges(String),
    /// A program is not installed; its name.
    Program(&'static str),
    /// The kernel lends no TAP devices, of which delayed lines are made.
    Taps,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Privileges(complaint) => {
                write!(
                    f,
                    "network namespaces are for root or CAP_SYS_ADMIN and CAP_NET_ADMIN ({complaint})"
                )
            }
            Self::Program(name) => write!(f, "the program `{name}` is not there"),
            Self::Taps => f.write_str("/dev/net/tun cannot be opened"),
        }
    }
}

impl Error for Missing {}

/// What is missing here for a lab; `None` if one can be built.
#[must_use]
pub fn missing() -> Option<Missing> {
    for (name, version) in [("ip", "-V"), ("nft", "-v")] {
        if run(Command::new(name).arg(version), "").is_err() {
            return Some(Missing::Program(name));
        }
    }
    if let Err(error) = Namespace::new("trial").and_then(|namespace| namespace.nft("list ruleset"))
    {
        return Some(Missing::Privileges(
            format!("{error:#}").replace('\n', " ").trim().to_owned(),
        ));
    }
    File::options().read(true).write(true).open("/dev/net/tun").is_err().then_some(Missing::Taps)
}
