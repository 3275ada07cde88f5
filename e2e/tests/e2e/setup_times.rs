//! The command that measures set-up times works. How long they are is none of a test's business.

use e2e::{
    scene::Failure,
    setup_times::{Contestant, measure},
};

#[test]
fn set_up_times_are_measured_beside_another_page() -> Result<(), Failure> {
    let page = include_str!("../../src/tutorial/page.html");
    let table = measure(1, Some(page))?;
    assert_eq!((table.calls(Contestant::Pronto), table.calls(Contestant::Tutorial)), (1, 1));
    Ok(())
}
