//! There are two ways to build the page, and both give one that works.

use e2e::{
    Played,
    scene::{Setting, play_in},
    settings::{PAGE, TRUNK_PAGE},
};

#[test]
fn our_build_gives_a_page_that_signs_in() -> Played {
    signs_in(PAGE)
}

#[test]
fn trunk_builds_a_page_that_signs_in() -> Played {
    signs_in(TRUNK_PAGE)
}

fn signs_in(page: &'static str) -> Played {
    play_in(Setting { page, ..Setting::default() }, 1, async |scene| {
        let alice = scene.signed_in("alice").await?;
        let look = alice.look().await?;
        assert_eq!((look.page(), look.self_name.as_deref()), ("callPage", Some("alice")));
        let errors = alice.console_errors().await?;
        assert!(errors.is_empty(), "{errors:#?}");
        Ok(())
    })
}
