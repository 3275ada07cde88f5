//! The server restarts while Chromium and Firefox are in a call by its relay. Firefox reaches no relay on a machine's loopback,
//! so that this takes a network.

use anyhow::{Context, Result, ensure};
use e2e::{
    Kind,
    scene::{Failure, Scene, call, play_in},
};
use tokio::try_join;

use crate::{
    call::{join_hidden, setting},
    world::World,
};

pub(crate) const NAME: &str = "relay-restart";

pub(crate) fn play() -> Result<(), Failure> {
    let world = World::good_lines().context("the networks cannot be made")?;
    play_in(setting(&world), 2, async |scene| goes_on(scene, &world).await)
}

async fn goes_on(scene: &Scene, world: &World) -> Result<()> {
    let (chromium, firefox) = try_join!(
        join_hidden(Kind::Chromium, scene, "chromium", &world.caller),
        join_hidden(Kind::Firefox, scene, "firefox", &world.callee)
    )?;
    call(&firefox, &chromium).await?;
    try_join!(chromium.receives_media(), firefox.receives_media())?;
    let (at_chromium, at_firefox) = try_join!(chromium.path(), firefox.path())?;
    scene.server().kill().await?;
    scene.server().start_again().await?;
    try_join!(
        chromium.has_another_path_than(&at_chromium),
        firefox.has_another_path_than(&at_firefox)
    )?;
    try_join!(chromium.receives_media(), firefox.receives_media())?;
    for person in [&chromium, &firefox] {
        let route = person.route().await?;
        ensure!(route.starts_with("relay/"), "{}'s path is {route}", person.name());
        let built: usize = person.value("return e2eSpy.connections.length").await?;
        ensure!(built == 1, "{} has built {built} connections", person.name());
    }
    try_join!(chromium.is_in_call_with("firefox"), firefox.is_in_call_with("chromium"))?;
    Ok(())
}
