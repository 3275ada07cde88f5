//! `pronto doctor` behind firewalls.

use anyhow::{Context, Result, ensure};
use e2e::{
    scene::{Failure, Setting, play_in},
    settings,
};

use crate::{call::setting, world::World};

/// What the doctor is to find somewhere.
pub(crate) struct Finding {
    pub(crate) name: &'static str,
    world: fn() -> Result<World>,
    /// What the server is started with besides.
    options: &'static [&'static str],
    /// What it ends with.
    code: i32,
    /// What it says, among other things.
    says: &'static [&'static str],
}

pub(crate) const ALL: &[Finding] = &[
    Finding {
        name: "doctor-two-nats",
        world: World::two_nats,
        options: &[],
        code: 0,
        says: &[
            "relay over UDP  works",
            "relay over TCP  works",
            "relay over TLS  works",
            "seen as 203.0.113.20: there is a NAT between",
            "Calls work from here. Sound and picture can go by UDP",
        ],
    },
    Finding {
        name: "doctor-udp-blocked",
        world: World::udp_blocked,
        options: &[],
        code: 0,
        says: &[
            "relay over UDP  does not work: nothing comes back within 10 s",
            "relay over TCP  works",
            "relay over TLS  works",
            "UDP does not get through: a firewall on the way drops it.",
        ],
    },
    Finding {
        name: "doctor-only-tls-443",
        world: World::only_tls_443,
        options: &[],
        code: 0,
        says: &[
            "relay over UDP  does not work",
            "relay over TCP  does not work",
            "relay over TLS  works",
            "Within TLS the picture may stand still",
        ],
    },
    Finding {
        name: "doctor-blocked",
        world: World::only_tcp_443,
        options: &["--turn-url", "turn:203.0.113.10:3478?transport=tcp", "--turn-secret", "x"],
        code: 1,
        says: &["relay over TCP  does not work", "Calls do not work from here"],
    },
];

/// Lets the doctor look at a server from where the caller is.
pub(crate) fn examine(finding: &Finding) -> Result<(), Failure> {
    let world = (finding.world)().context("the networks cannot be made")?;
    let state = tempfile::tempdir().map_err(anyhow::Error::from)?;
    let mut setting: Setting = setting(&world, state.path());
    setting.options.extend(finding.options.iter().map(|option| (*option).to_owned()));
    play_in(setting, 0, async |scene| {
        let mut command = world.caller.command(settings::path(settings::SERVER)?);
        command.args(["doctor", &scene.server().origin(None)]);
        let output = tokio::task::spawn_blocking(move || command.output()).await??;
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        for words in finding.says {
            ensure!(said.contains(words), "it does not say {words:?}, but\n{said}");
        }
        ensure!(output.status.code() == Some(finding.code), "{}:\n{said}", output.status);
        Ok(())
    })
}
