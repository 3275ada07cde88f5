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
mod liar;
mod page;
mod peer;
mod relay;
mod schedule;
mod tell;
#[path = "../../server/src/session/tests/witness.rs"]
pub mod witness;
mod world;

use std::{collections::BTreeSet, fmt};

pub use schedule::{Network, Plan, Script};

use check::Violation;
// The witness has the session's types from here.
use server::session::{Body, Effect, Effects, Envelope, Input, Phase, Return, Session, Welcomed};
use world::World;

/// A schedule to be played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// What kind of schedule.
    pub plan: Plan,
    /// All that is random in it follows from this.
    pub seed: u64,
    /// Which of the things that users do and that break are left out, by their numbers.
    pub without: BTreeSet<usize>,
}

/// A schedule that ended badly.
#[derive(Debug)]
pub struct Failure {
    /// What plays it again: with as much left out as it fails without.
    pub schedule: Schedule,
    /// What is wrong.
    pub violation: String,
    /// What happened, a line for each event.
    pub trace: Vec<String>,
}

impl Schedule {
    /// The whole of it.
    #[must_use]
    pub const fn new(plan: Plan, seed: u64) -> Self {
        Self { plan, seed, without: BTreeSet::new() }
    }
}

/// Plays a schedule.
///
/// # Errors
/// Says which property did not hold, with everything that happened before, in a schedule that was made as short as it
/// still fails.
pub fn run(schedule: &Schedule) -> Result<(), Failure> {
    let Err(failed) = play(schedule, false) else { return Ok(()) };
    let schedule = shrink(schedule.clone(), failed.events);
    // Writing the trace takes longer than the run, so it is written for the failing schedule only.
    let (violation, trace) = match play(&schedule, true) {
        Err(failed) => (failed.violation.to_string(), failed.trace),
        Ok(()) => ("the same schedule played differently".to_owned(), Vec::new()),
    };
    Err(Failure { schedule, violation, trace })
}

/// Leaves out one event after the other, as long as it fails without.
fn shrink(mut schedule: Schedule, events: usize) -> Schedule {
    loop {
        let before = schedule.without.len();
        for event in 0..events {
            if schedule.without.insert(event) && play(&schedule, false).is_ok() {
                schedule.without.remove(&event);
            }
        }
        // What seemed to matter may not, once something else is left out.
        if schedule.without.len() == before {
            return schedule;
        }
    }
}

struct Failed {
    violation: Violation,
    events: usize,
    trace: Vec<String>,
}

fn play(schedule: &Schedule, traced: bool) -> Result<(), Failed> {
    let mut world = World::new(schedule, traced);
    schedule::play(&mut world).map_err(|violation| {
        let events = world.events();
        Failed { violation, events, trace: world.into_trace() }
    })
}

/// As arguments of `cargo xtask simulate`.
impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { plan: Plan { users, network, script }, seed, without } = self;
        let (script, network) = (script.name(), network.name());
        write!(f, "--script {script} --users {users} --network {network} --seed {seed}")?;
        if !without.is_empty() {
            let without: Vec<_> = without.iter().map(ToString::to_string).collect();
            write!(f, " --without {}", without.join(","))?;
        }
        Ok(())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.trace {
            writeln!(f, "{line}")?;
        }
        writeln!(f, "\nWrong: {}\nTo play it again:", self.violation)?;
        write!(f, "    cargo xtask simulate {}", self.schedule)
    }
}

#[cfg(test)]
mod tests {
    use super::{Network, Plan, Schedule, Script, play};

    /// An event that is left out takes nothing else with it: the events before it stay the same.
    #[test]
    fn what_a_schedule_is_made_of_can_be_left_out_one_by_one() {
        let plan = Plan { users: 2, network: Network::Quick, script: Script::Turmoil };
        let mut schedule = Schedule::new(plan, 5);
        assert!(play(&schedule, false).is_ok());
        schedule.without.extend(0..100);
        assert!(play(&schedule, false).is_ok());
    }

    #[test]
    fn the_arguments_name_all_that_plays_it_again() {
        let plan = Plan { users: 3, network: Network::Slow, script: Script::Turmoil };
        let schedule = Schedule { plan, seed: 7, without: [2, 5].into() };
        let expected = "--script turmoil --users 3 --network slow --seed 7 --without 2,5";
        assert_eq!(schedule.to_string(), expected);
    }
}
