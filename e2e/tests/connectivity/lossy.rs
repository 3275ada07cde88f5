//! Calls over the relay, and nothing but UDP, on lines that lose one datagram in five.
//!
//! Each request to the relay, and each answer, may get lost: both browsers have to get their allocations, permissions and
//! channels all the same, and each other's picture and sound through two such lines.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use e2e::{
    Kind, Person, Place,
    scene::{Failure, Scene, Setting, call, play_in},
};
use tokio::{time::timeout, try_join};

use crate::{
    call::{join_hidden, setting},
    world::World,
};

pub(crate) const NAME: &str = "lossy-relay";

/// The variable that says how many calls are made, one after the other.
const CALLS: &str = "PRONTO_LOSSY_CALLS";
/// How many calls are made if it is not set: what fits into a minute.
const SOME: u32 = 6;

/// The port of the relay, which is not the server's, so that it can be named for UDP alone.
const RELAY: u16 = 3478;

/// How long a call may take to find the relay, or not: pages look for a path for 30 s.
const FOUND_WITHIN: Duration = Duration::from_secs(40);

/// How long the scene may take besides, and for each call.
const AROUND: Duration = Duration::from_secs(90);
const EACH: Duration = Duration::from_secs(50);

/// What the browser has tried, of the last connection that it opened.
const PATHS: &str = "(async () => {
    const connection = e2eSpy.connections.at(-1);
    const entries = connection ? [...(await connection.getStats()).values()] : [];
    const states = connection ? [`${connection.connectionState} ${connection.iceConnectionState} ${connection.iceGatheringState} ${connection.signalingState}`] : [];
    return [...states, JSON.stringify(await e2eSpy.received()), ...entries.filter(({ type }) => ['candidate-pair', 'local-candidate', 'remote-candidate', 'transport'].includes(type)).map((entry) => JSON.stringify(entry))];
})()";

pub(crate) fn play() -> Result<(), Failure> {
    let calls = calls()?;
    let world = World::lossy_lines().context("the networks cannot be made")?;
    let relay = format!("turn:{}:{RELAY}?transport=udp", world.address);
    let mut main = setting(&world);
    main.options.extend(["--turn-secret", "north", "--turn-url", &relay].map(str::to_owned));
    main.longest = AROUND + EACH * calls;
    play_in(main, 2, async |scene| all_find_it(scene, &world, calls).await)
}

fn calls() -> Result<u32> {
    let Ok(calls) = std::env::var(CALLS) else { return Ok(SOME) };
    calls.parse().with_context(|| format!("{CALLS} is no number: {calls}"))
}

/// How many calls may miss it: one in ten does, all of them Firefox's. Of what one sends to the other 36 % is lost, and both
/// browsers send again after pauses that double. Firefox's checks may take 6 or 13 s so, and Chromium, which begins with DTLS as soon
/// as its own checks are answered, then makes its next attempt after 25 s: pages wait for 30 s. Of six calls three miss it by chance
/// once in a hundred runs.
const fn may_miss(calls: u32) -> u32 {
    calls / 3 + 1
}

async fn all_find_it(scene: &Scene, world: &World, calls: u32) -> Result<()> {
    let relay = Setting {
        place: Place::On(world.server.clone()),
        address: world.address,
        port: RELAY,
        options: ["--turn-secret", "north"].map(str::to_owned).to_vec(),
        ..Setting::default()
    };
    let _relay = scene.another_server(relay).await?;
    let (chromium, firefox) = try_join!(
        join_hidden(Kind::Chromium, scene, "chromium", &world.caller),
        join_hidden(Kind::Firefox, scene, "firefox", &world.callee)
    )?;
    let mut found = 0;
    for number in 1..=calls {
        let (caller, callee) =
            if number % 2 == 1 { (&chromium, &firefox) } else { (&firefox, &chromium) };
        let begin = Instant::now();
        let outcome = timeout(FOUND_WITHIN, finds_it(caller, callee)).await;
        let outcome = outcome.map_err(anyhow::Error::from).and_then(|outcome| outcome);
        let (from, took) = (caller.name(), begin.elapsed());
        match outcome {
            Ok(()) => found += 1,
            Err(error) => {
                println!("{NAME}: call {number}, from {from}, {took:.1?}: {error:#}");
                for person in [caller, callee] {
                    println!("    {} sees {}", person.name(), person.look().await?);
                    let paths: Vec<String> = person.promised(PATHS).await?;
                    println!("    {}: {paths:#?}", person.name());
                }
            }
        }
        if number < calls {
            ends(caller, callee).await?;
        }
    }
    println!("{NAME}: {found} of {calls} calls found the relay");
    ensure!(found + may_miss(calls) >= calls, "{found} of {calls} calls found the relay");
    Ok(())
}

/// The first calls the second, and both see and hear each other by the relay.
async fn finds_it(caller: &Person, callee: &Person) -> Result<()> {
    call(caller, callee).await?;
    try_join!(caller.receives_media(), callee.receives_media())?;
    for person in [caller, callee] {
        let route = person.route().await?;
        ensure!(route == "relay/udp", "{}'s path is {route}", person.name());
    }
    Ok(())
}

/// Whatever came of it, both are free for the next call.
async fn ends(caller: &Person, callee: &Person) -> Result<()> {
    if caller.look().await?.phase() != "idle" {
        caller.hangs_up().await?;
    }
    try_join!(
        caller.sees("that it is over", |look| look.phase() == "idle"),
        callee.sees("that it is over", |look| look.phase() == "idle")
    )?;
    Ok(())
}
