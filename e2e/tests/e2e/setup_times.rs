//! How long setting up a call takes is measured: by the page itself, and by the command that compares it.

use anyhow::ensure;
use e2e::{
    Join, Person, Played, play,
    scene::{Failure, call},
    setup_times::{Contestant, measure},
};
use tokio::try_join;

use crate::states::Tour;

#[test]
fn set_up_times_are_measured_beside_another_page() -> Result<(), Failure> {
    let page = include_str!("../../src/tutorial/page.html");
    let table = measure(1, Some(page))?;
    assert_eq!((table.calls(Contestant::Pronto), table.calls(Contestant::Tutorial)), (1, 1));
    Ok(())
}

#[test]
fn the_page_measures_itself_and_shows_it_to_who_asks() -> Played {
    play(2, async |scene| {
        let debug = || Join { query: "?debug".to_owned(), ..Join::default() };
        let (alice, bob) = try_join!(scene.join_as("alice", debug()), scene.join("bob"))?;
        try_join!(alice.sign_in(), bob.sign_in())?;
        call(&alice, &bob).await?;
        try_join!(alice.receives_media(), bob.receives_media())?;
        let shown = "return ['debugRinging', 'debugPicture'].every((id) => {
            const slot = document.getElementById(id);
            return slot.checkVisibility() && /^[0-9]+$/.test(slot.textContent);
        })";
        alice.becomes(shown).await?;
        let hidden: bool = bob.value("return document.getElementById('debugPanel').hidden").await?;
        ensure!(hidden, "nobody asked for it");
        let entries = async |person: &Person| {
            let script = "return performance.getEntriesByType('measure').map(({ name }) => name)";
            person.value::<Vec<String>>(script).await
        };
        let (caller, callee) = try_join!(entries(&alice), entries(&bob))?;
        ensure!(caller == ["pronto.ringing", "pronto.picture"], "{caller:?}");
        ensure!(callee == ["pronto.picture"], "{callee:?}");
        let tour = Tour::default();
        tour.look_at(&alice, "in-call-debug").await?;
        tour.is_fine().await?;
        Ok(())
    })
}
