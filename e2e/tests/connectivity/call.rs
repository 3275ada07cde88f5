//! The call that is made in every scenario.

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use e2e::{
    Join, Kind, Person, Place,
    scene::{Failure, Scene, Setting, play_in},
};
use tokio::{time::sleep, try_join};

use crate::{scenarios::Scenario, world::World};

/// The server's port.
const PORT: u16 = 443;

/// Within what time the picture has to be back after a change of address, on both sides.
const BACK_WITHIN: Duration = Duration::from_secs(10);
/// How often it is looked.
const GLANCE: Duration = Duration::from_millis(50);
/// How many pictures more are taken for a picture that is back: those that were under way may still come.
const BACK: u64 = 10;

/// What came of a call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    /// The paths at the caller's and at the callee's end.
    pub(crate) paths: [String; 2],
    /// How long after the callee accepted each saw the first picture.
    pub(crate) first_picture: [Duration; 2],
    /// How long after the caller's address changed both saw a picture again.
    pub(crate) back_after: Option<Duration>,
}

/// Plays a scenario in a world that is built for it.
pub(crate) fn play(scenario: &Scenario) -> Result<Outcome, Failure> {
    let runtime = tokio::runtime::Runtime::new().map_err(anyhow::Error::from)?;
    // Delayed lines need one.
    let _guard = runtime.enter();
    let world = (scenario.world)().context("the networks cannot be made")?;
    let setting = setting(&world);
    let outcome = Mutex::new(Outcome::default());
    play_in(setting, 2, async |scene| {
        let result = call(scene, scenario, &world).await?;
        *outcome.lock().ok().context("nobody panics with it")? = result;
        Ok(())
    })?;
    Ok(outcome.into_inner().unwrap_or_default())
}

/// The server as people have it: TLS and the relay, on the one port that is open everywhere.
pub(crate) fn setting(world: &World) -> Setting {
    let options = ["--tls", "self-signed"];
    Setting {
        place: Place::On(world.server.clone()),
        address: world.address,
        port: PORT,
        options: options.map(str::to_owned).to_vec(),
        ..Setting::default()
    }
}

async fn call(scene: &Scene, scenario: &Scenario, world: &World) -> Result<Outcome> {
    let (caller, callee) =
        try_join!(join(scene, "caller", &world.caller), join(scene, "callee", &world.callee))?;
    caller.calls("callee").await?;
    callee.is_rung_by("caller").await?;
    callee.answers().await?;
    let first_picture = try_join!(caller.first_picture(), callee.first_picture())?;
    let accepted = callee.answered_at().await?;
    try_join!(caller.receives_media(), callee.receives_media())?;
    let mut outcome = Outcome {
        paths: paths(&caller, &callee).await?,
        first_picture: [first_picture.0, first_picture.1].map(|at| at.saturating_sub(accepted)),
        back_after: None,
    };
    will_do(scenario, &outcome)?;
    if scenario.moves {
        outcome.back_after = Some(moves(&caller, &callee, world).await?);
        try_join!(caller.receives_media(), callee.receives_media())?;
        outcome.paths = paths(&caller, &callee).await?;
        will_do(scenario, &outcome)?;
    }
    caller.hangs_up().await?;
    callee.is_idle_because("ended-by-peer: caller").await?;
    Ok(outcome)
}

pub(crate) async fn join(scene: &Scene, name: &str, host: &lab::Host) -> Result<Person> {
    let person = open(scene, name, host).await?;
    person.sign_in().await?;
    Ok(person)
}

/// Somebody opens the page on a host.
pub(crate) async fn open(scene: &Scene, name: &str, host: &lab::Host) -> Result<Person> {
    open_in(Kind::Chromium, scene, name, host).await
}

/// The same in this browser.
pub(crate) async fn open_in(
    kind: Kind,
    scene: &Scene,
    name: &str,
    host: &lab::Host,
) -> Result<Person> {
    // The certificate is signed by nobody whom a browser knows.
    let arguments = vec!["--ignore-certificate-errors".to_owned()];
    let how = Join { place: Place::On(host.clone()), kind, arguments, ..Join::default() };
    scene.join_as(name, how).await
}

/// Somebody signs in in this browser, and is reached by the relay only.
pub(crate) async fn join_hidden(
    kind: Kind,
    scene: &Scene,
    name: &str,
    host: &lab::Host,
) -> Result<Person> {
    let person = open_in(kind, scene, name, host).await?;
    person.sign_in().await?;
    person.click("relayOnlyBtn").await?;
    Ok(person)
}

async fn paths(caller: &Person, callee: &Person) -> Result<[String; 2]> {
    let (at_caller, at_callee) = try_join!(caller.route(), callee.route())?;
    Ok([at_caller, at_callee])
}

fn will_do(scenario: &Scenario, outcome: &Outcome) -> Result<()> {
    for ((end, path), will_do) in
        ["caller", "callee"].iter().zip(&outcome.paths).zip(scenario.paths)
    {
        ensure!(will_do.contains(&path.as_str()), "the {end}'s path is {path}, not {will_do:?}");
    }
    Ok(())
}

/// The caller's address changes, and nobody touches anything until both see a picture again.
async fn moves(caller: &Person, callee: &Person, world: &World) -> Result<Duration> {
    world.caller_moves()?;
    let begin = Instant::now();
    let (at_caller, at_callee) = try_join!(caller.received(), callee.received())?;
    loop {
        let (now_caller, now_callee) = try_join!(caller.received(), callee.received())?;
        let back = now_caller.frames >= at_caller.frames + BACK
            && now_callee.frames >= at_callee.frames + BACK;
        if back {
            return Ok(begin.elapsed());
        }
        ensure!(
            begin.elapsed() < BACK_WITHIN,
            "no picture within {BACK_WITHIN:?}: {at_caller:?} became {now_caller:?} at the caller's, \
             {at_callee:?} became {now_callee:?} at the callee's"
        );
        sleep(GLANCE).await;
    }
}
