//! Plays any number of schedules: `cargo xtask simulate`.

#![allow(clippy::print_stdout, reason = "a command-line tool talks on its standard output")]

use std::{
    collections::BTreeSet,
    num::NonZero,
    process::ExitCode,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use clap::Parser;
use simulation::{Failure, Network, Plan, Schedule, Script, run};

/// How often it is said how far it is.
const PROGRESS: Duration = Duration::from_secs(5);

/// Plays schedules of pages and server over an emulated network, in virtual time. All that is random in one follows
/// from its seed.
#[derive(Debug, Parser)]
#[command(name = "simulate", bin_name = "cargo xtask simulate")]
struct Options {
    /// How many seeds are played with each kind of schedule.
    #[arg(long, default_value_t = 10_000, conflicts_with = "seed")]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 0, conflicts_with = "seed")]
    from: u64,
    /// Plays this seed only, and shows what happens.
    #[arg(long)]
    seed: Option<u64>,
    /// Only schedules of this kind.
    #[arg(long, value_parser = script)]
    script: Option<Script>,
    /// Only with so many users: 2 or 3.
    #[arg(long)]
    users: Option<usize>,
    /// Only over this network.
    #[arg(long, value_parser = network)]
    network: Option<Network>,
    /// Leaves these of the schedule's events out.
    #[arg(long, value_delimiter = ',', requires = "seed")]
    without: Vec<usize>,
}

fn script(name: &str) -> Result<Script, String> {
    let names = Script::ALL.map(Script::name).join(", ");
    let found = Script::ALL.into_iter().find(|script| script.name() == name);
    found.ok_or_else(|| format!("one of {names}"))
}

fn network(name: &str) -> Result<Network, String> {
    let networks = [Network::Quick, Network::Slow];
    networks.into_iter().find(|network| network.name() == name).ok_or("quick or slow".to_owned())
}

impl Options {
    fn plans(&self) -> Vec<Plan> {
        let wanted = |plan: &Plan| {
            self.script.is_none_or(|script| script == plan.script)
                && self.users.is_none_or(|users| users == plan.users)
                && self.network.is_none_or(|network| network == plan.network)
        };
        Plan::all().into_iter().filter(wanted).collect()
    }
}

fn main() -> ExitCode {
    let options = Options::parse();
    let plans = options.plans();
    if plans.is_empty() {
        eprintln!(
            "error: there is no such kind of schedule. Three users there are in turmoil only."
        );
        return ExitCode::FAILURE;
    }
    let failure = match options.seed {
        Some(seed) => play_one(&plans, seed, options.without.iter().copied().collect()),
        None => play_all(&plans, options.from, options.seeds),
    };
    let Some(failure) = failure else { return ExitCode::SUCCESS };
    println!("{failure}");
    ExitCode::FAILURE
}

fn play_one(plans: &[Plan], seed: u64, without: BTreeSet<usize>) -> Option<Failure> {
    for plan in plans {
        let schedule = Schedule { plan: *plan, seed, without: without.clone() };
        if let Err(failure) = run(&schedule) {
            return Some(failure);
        }
        println!("{schedule}: all is well");
    }
    None
}

/// Plays them on all cores, until one fails.
fn play_all(plans: &[Plan], from: u64, seeds: u64) -> Option<Failure> {
    let total = seeds * plans.len() as u64;
    println!("{total} schedules: {} kinds, {seeds} seeds each", plans.len());
    let begin = Instant::now();
    let (next, played) = (AtomicU64::new(0), AtomicU64::new(0));
    let failed = Mutex::new(None);
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let number = next.fetch_add(1, Ordering::Relaxed)
                    && number < total
                {
                    let plan = plans[(number % plans.len() as u64) as usize];
                    let seed = from + number / plans.len() as u64;
                    if let Err(failure) = run(&Schedule::new(plan, seed)) {
                        next.store(total, Ordering::Relaxed);
                        failed
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .get_or_insert(failure);
                    }
                    played.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let mut said = Instant::now();
        while next.load(Ordering::Relaxed) < total {
            thread::sleep(Duration::from_millis(20));
            if said.elapsed() >= PROGRESS {
                said = Instant::now();
                let played = played.load(Ordering::Relaxed);
                println!("{played} of {total}, after {} s", begin.elapsed().as_secs());
            }
        }
    });
    let played = played.into_inner();
    println!("{played} schedules played in {:.1} s", begin.elapsed().as_secs_f64());
    failed.into_inner().unwrap_or_else(PoisonError::into_inner)
}
