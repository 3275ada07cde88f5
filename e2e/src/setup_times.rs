//! How long it takes until two see each other, on our page and on the tutorial's, in the same browsers.
//!
//! The tutorial's page answers every call by itself and opens the camera when it is loaded; ours asks its user, and opens
//! the camera then. So what is compared is the time from the accepting to the first picture here with the time from the
//! offer, as the callee's page gets it, to the first picture there.

mod table;

use std::cell::RefCell;

use anyhow::{Context, Result, ensure};
use tokio::try_join;

pub use table::{Contestant, Setup, Table};

use crate::{
    Browser, Devices, Join, Person, Scene,
    browser::Times,
    scene::{Played, play},
    tutorial::{TutorialPage, TutorialServer},
};

/// How many calls of each are made before browsers are started anew: less than a scene may take.
const CALLS_A_SCENE: usize = 10;

/// Makes so many calls of each, one after the other, and says how long each took.
///
/// # Errors
/// A call did not come about.
pub fn measure(calls: usize, tutorial: Option<&str>) -> Result<Table, crate::scene::Failure> {
    let table = RefCell::new(Table::default());
    let mut made = 0;
    while made < calls {
        let now = CALLS_A_SCENE.min(calls - made);
        played(now, tutorial, &table)?;
        made += now;
    }
    Ok(table.into_inner())
}

fn played(calls: usize, tutorial: Option<&str>, table: &RefCell<Table>) -> Played {
    play(2, async |scene| {
        let how = || Join { devices: Devices::Quick, ..Join::default() };
        let (alice, bob) = try_join!(scene.join_as("alice", how()), scene.join_as("bob", how()))?;
        let theirs = match tutorial {
            Some(page) => {
                let page = TutorialPage::serve(page.to_owned()).await?;
                Some((page, TutorialServer::start().await?))
            }
            None => None,
        };
        for _ in 0..calls {
            let setup = our_call(scene, &alice, &bob).await.context("a call of ours")?;
            table.borrow_mut().add(Contestant::Pronto, setup);
            if let Some((page, server)) = &theirs {
                let url = page.address(&server.url());
                let setup = their_call(&url, &alice, &bob).await.context("a call of theirs")?;
                table.borrow_mut().add(Contestant::Tutorial, setup);
            }
        }
        Ok(())
    })
}

/// A call over pages that were just loaded, as the tutorial's have to be.
async fn our_call(scene: &Scene, alice: &Person, bob: &Person) -> Result<Setup> {
    let url = scene.server().origin(None);
    try_join!(come_in(alice, &url), come_in(bob, &url))?;
    alice.calls(bob.name()).await?;
    bob.is_rung_by(alice.name()).await?;
    bob.answers().await?;
    let (caller, callee) = try_join!(alice.times(), bob.times())?;
    alice.hangs_up().await?;
    let ended = async |person: &Person| person.sees("the end", |look| look.phase() == "idle").await;
    try_join!(ended(alice), ended(bob))?;
    Setup::new(&caller, callee.incoming, callee.accepted, &callee)
}

async fn come_in(person: &Person, url: &str) -> Result<()> {
    person.open(url).await?;
    let look =
        person.sees("the page", |look| look.page() == "loginPage" || look.is_signed_in()).await?;
    if !look.is_signed_in() {
        person.sign_in().await?;
    }
    Ok(())
}

/// The tutorial's page has to be loaded anew for each call. It answers by itself.
async fn their_call(url: &str, alice: &Person, bob: &Person) -> Result<Setup> {
    try_join!(log_in(alice, "alice", url), log_in(bob, "bob", url))?;
    alice.write("callToUsernameInput", "bob").await?;
    alice.click("callBtn").await?;
    let (caller, callee) = try_join!(alice.times(), bob.times())?;
    Setup::new(&caller, callee.offered, callee.offered, &callee)
}

async fn log_in(browser: &Browser, name: &str, url: &str) -> Result<()> {
    browser.open(url).await?;
    let connected = "return typeof conn === 'undefined' || conn.readyState === WebSocket.OPEN";
    browser.becomes(connected).await?;
    browser.write("usernameInput", name).await?;
    browser.click("loginBtn").await?;
    let own_picture = "return document.getElementById('localVideo').videoWidth > 0";
    browser.becomes(own_picture).await
}

impl Setup {
    fn new(
        caller: &Times,
        rung: Option<f64>,
        accepted: Option<f64>,
        callee: &Times,
    ) -> Result<Self> {
        let called = caller.called.context("nobody called")?;
        let (rung, accepted) = rung.zip(accepted).context("it did not ring")?;
        let caller_picture = caller.picture.context("the caller sees nothing")?;
        let callee_picture = callee.picture.context("the callee sees nothing")?;
        let setup = Self {
            ringing: rung - called,
            told: caller.outgoing.map(|told| told - called),
            caller: caller_picture - accepted,
            callee: callee_picture - accepted,
        };
        ensure!(setup.ringing >= 0.0 && setup.caller > 0.0 && setup.callee > 0.0, "{setup:?}");
        Ok(setup)
    }
}
