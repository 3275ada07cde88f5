//! Where something runs.

use std::{ffi::OsStr, process::Command};

use anyhow::Result;

/// Where something runs: on this machine, or on a host of a lab.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// On this machine.
    #[default]
    Here,
    /// On a host of a lab.
    #[cfg(target_os = "linux")]
    On(lab::Host),
}

/// A way from the test to a port of a place's loopback; it lasts as long as this does.
#[derive(Debug)]
pub(crate) struct Way {
    port: u16,
    #[cfg(target_os = "linux")]
    _door: Option<lab::Door>,
}

impl Place {
    /// A command that runs there.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        match self {
            Self::Here => Command::new(program),
            #[cfg(target_os = "linux")]
            Self::On(host) => host.command(program),
        }
    }

    /// A way to what listens there, on the loopback.
    pub(crate) async fn way(&self, port: u16) -> Result<Way> {
        match self {
            Self::Here => Ok(Way {
                port,
                #[cfg(target_os = "linux")]
                _door: None,
            }),
            #[cfg(target_os = "linux")]
            Self::On(host) => {
                let door = host.door(port).await?;
                Ok(Way { port: door.address().port(), _door: Some(door) })
            }
        }
    }
}

impl Way {
    /// The port of this machine's loopback that leads there.
    pub(crate) const fn port(&self) -> u16 {
        self.port
    }
}
