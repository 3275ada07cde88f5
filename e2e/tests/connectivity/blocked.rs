//! Calls that no path can be found for: each side is told what was in the way, and in whose network.

use std::time::Duration;

use anyhow::{Context, Result};
use e2e::{
    Look, Person, Place,
    scene::{Failure, Scene, Setting, play_in},
};
use tokio::try_join;

use crate::{
    call::{join, setting},
    world::World,
};

/// The port of the relay, which is not the server's: what lets the page through lets nothing through to it.
const RELAY: u16 = 3478;

/// Pages look for a path for half a minute.
const GIVES_UP_WITHIN: Duration = Duration::from_secs(45);

/// Who can reach what, and what they are told.
pub(crate) struct Blocked {
    pub(crate) name: &'static str,
    world: fn() -> Result<World>,
    /// Whether there is a relay where the server says.
    has_relay: bool,
    /// What the caller and the callee are told, without the name.
    told: [&'static str; 2],
    /// The ways that this names.
    ways: [&'static str; 2],
}

const WAYS: &str = ": UDP, TCP, TLS";

pub(crate) const ALL: &[Blocked] = &[
    Blocked {
        name: "blocked-here",
        world: World::only_tcp_443,
        has_relay: true,
        told: ["relay-blocked-here", "relay-blocked-there"],
        ways: [WAYS, ""],
    },
    Blocked {
        name: "blocked-both",
        world: World::only_tls_443,
        has_relay: true,
        told: ["relay-blocked-both"; 2],
        ways: [WAYS; 2],
    },
    Blocked {
        name: "blocked-relay-away",
        world: World::symmetric_nats,
        has_relay: false,
        told: ["relay-blocked-both"; 2],
        ways: [WAYS; 2],
    },
];

/// Plays a call that comes to nothing.
pub(crate) fn play(blocked: &Blocked) -> Result<(), Failure> {
    let world = (blocked.world)().context("the networks cannot be made")?;
    let at = format!("{}:{RELAY}", world.address);
    let relays = [
        format!("turn:{at}?transport=udp"),
        format!("turn:{at}?transport=tcp"),
        format!("turns:{at}?transport=tcp"),
    ];
    let mut main = setting(&world);
    let options = ["--turn-secret", "north", "--turn-url", &relays.join(",")];
    main.options.extend(options.map(str::to_owned));
    play_in(main, 2, async |scene| comes_to_nothing(scene, blocked, &world).await)
}

async fn comes_to_nothing(scene: &Scene, blocked: &Blocked, world: &World) -> Result<()> {
    let options = ["--tls", "self-signed", "--turn-secret", "north"];
    let relay = Setting {
        place: Place::On(world.server.clone()),
        address: world.address,
        port: RELAY,
        options: options.map(str::to_owned).to_vec(),
        ..Setting::default()
    };
    let _relay = if blocked.has_relay { Some(scene.another_server(relay).await?) } else { None };
    let (caller, callee) =
        try_join!(join(scene, "caller", &world.caller), join(scene, "callee", &world.callee))?;
    caller.calls("callee").await?;
    callee.is_rung_by("caller").await?;
    callee.answers().await?;
    let [at_caller, at_callee] = blocked.told;
    let [callers_ways, callees_ways] = blocked.ways;
    let at_caller = format!("{at_caller}: callee{callers_ways}");
    let at_callee = format!("{at_callee}: caller{callees_ways}");
    try_join!(is_told(&caller, &at_caller), is_told(&callee, &at_callee))?;
    Ok(())
}

async fn is_told(person: &Person, why: &str) -> Result<()> {
    let told = |look: &Look| look.phase() == "idle" && look.notice.as_deref() == Some(why);
    person.sees_within(GIVES_UP_WITHIN, &format!("that it is because of {why:?}"), told).await?;
    person.has_let_go().await
}
