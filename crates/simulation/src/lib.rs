//! The whole system in one process and in virtual time: the pages' call machines and the server's sessions, the very
//! ones that ship, over an emulated network, emulated browsers and users who press buttons.
//!
//! Everything follows from a seed. [`run`] plays a schedule. In most, users act and things break for a while; then
//! nothing breaks any more, and within bounded time all must agree, nobody may hang, and a call must work.
//!
//! Emulated are the sockets and their loss, camera and microphone, and the peer connections with their asynchronous
//! operations. Real are `client_web::call`, `server::session` and `protocol`.

mod browser;
mod check;
mod event;
mod page;
mod peer;
mod relay;
mod schedule;
mod world;

pub use schedule::{Network, Plan, Script};

use check::Violation;
use world::World;

/// A schedule that ended badly.
#[derive(Debug)]
pub struct Failure {
    /// The seed that plays it again.
    pub seed: u64,
    /// What is wrong.
    pub violation: String,
    /// What happened, a line for each event.
    pub trace: Vec<String>,
}

/// Plays the schedule that follows from the seed.
///
/// # Errors
/// Says which property did not hold, with everything that happened before.
pub fn run(seed: u64, plan: Plan) -> Result<(), Failure> {
    if play(seed, plan, false).is_ok() {
        return Ok(());
    }
    // Writing the trace takes longer than the run, so it is written for the failing seed only.
    let (violation, trace) = match play(seed, plan, true) {
        Err(failed) => failed,
        Ok(()) => (Violation::new("the same seed played differently"), Vec::new()),
    };
    Err(Failure { seed, violation: violation.to_string(), trace })
}

fn play(seed: u64, plan: Plan, traced: bool) -> Result<(), (Violation, Vec<String>)> {
    let mut world = World::new(seed, plan, traced);
    schedule::play(&mut world).map_err(|violation| (violation, world.into_trace()))
}
