//! `pronto doctor` and the page's own check of the connection, behind firewalls.

use anyhow::{Context, Result, ensure};
use e2e::{
    scene::{Failure, Scene, play_in},
    settings,
};

use tokio::try_join;

use crate::{
    call::{open, setting},
    world::World,
};

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
    /// What the page's check comes to: its sentence, and what it says of UDP, TCP and TLS.
    page: [&'static str; 4],
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
        page: ["check-udp", "way-works", "way-works", "way-works"],
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
        page: ["check-tcp", "way-blocked", "way-works", "way-works"],
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
        page: ["check-tls", "way-blocked", "way-blocked", "way-works"],
    },
    Finding {
        name: "doctor-blocked",
        world: World::only_tcp_443,
        options: &["--turn-url", "turn:203.0.113.10:3478?transport=tcp", "--turn-secret", "x"],
        code: 1,
        says: &["relay over TCP  does not work", "Calls do not work from here"],
        page: ["check-blocked", "way-missing", "way-blocked", "way-missing"],
    },
];

/// Lets the doctor look at a server from where the caller is.
pub(crate) fn examine(finding: &Finding) -> Result<(), Failure> {
    let world = (finding.world)().context("the networks cannot be made")?;
    let mut setting = setting(&world);
    setting.options.extend(finding.options.iter().map(|option| (*option).to_owned()));
    play_in(setting, 1, async |scene| {
        let person = open(scene, "somebody", &world.caller).await?;
        let page = person.checks_connection(finding.page);
        try_join!(page, doctor_says(scene, &world, finding))?;
        Ok(())
    })
}

async fn doctor_says(scene: &Scene, world: &World, finding: &Finding) -> Result<()> {
    let mut command = world.caller.command(settings::path(settings::SERVER)?);
    command.args(["doctor", &scene.server().origin(None)]);
    let output = tokio::task::spawn_blocking(move || command.output()).await??;
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    for words in finding.says {
        ensure!(said.contains(words), "it does not say {words:?}, but\n{said}");
    }
    ensure!(output.status.code() == Some(finding.code), "{}:\n{said}", output.status);
    Ok(())
}
