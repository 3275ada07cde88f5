//! Thousands of schedules, each from its seed.

use simulation::{Network, Plan, Schedule, Script, run};

/// How many seeds each kind of schedule is played with, unless `PRONTO_SEEDS` says otherwise. `cargo xtask test` plays
/// more, and optimised.
const SEEDS: u64 = 500;

#[expect(clippy::panic, reason = "a test fails by panicking")]
fn play_all(plan: Plan) {
    let seeds = std::env::var("PRONTO_SEEDS")
        .map_or(SEEDS, |seeds| seeds.parse().expect("PRONTO_SEEDS is a number of seeds"));
    for seed in 0..seeds {
        if let Err(failure) = run(&Schedule::new(plan, seed)) {
            panic!("{failure}");
        }
    }
}

fn turmoil(users: usize, network: Network) {
    play_all(Plan { users, network, script: Script::Turmoil });
}

fn two(script: Script) {
    for network in [Network::Quick, Network::Slow] {
        play_all(Plan { users: 2, network, script });
    }
}

#[test]
fn two_users_over_sockets_that_break() {
    turmoil(2, Network::Quick);
}

#[test]
fn three_users_over_sockets_that_break() {
    turmoil(3, Network::Quick);
}

#[test]
fn two_users_over_a_slow_network() {
    turmoil(2, Network::Slow);
}

#[test]
fn three_users_over_a_slow_network() {
    turmoil(3, Network::Slow);
}

#[test]
fn two_who_call_each_other_at_once_are_in_one_call() {
    two(Script::BothCallAtOnce);
}

#[test]
fn a_call_outlives_a_path_that_breaks() {
    two(Script::PathBreaks);
}

#[test]
fn a_call_outlives_its_server() {
    two(Script::ServerDies);
}

#[test]
fn a_call_outlives_its_sockets() {
    two(Script::SocketsBreak);
}

#[test]
fn a_call_outlives_its_pages() {
    two(Script::Reload);
}

#[test]
fn a_call_moves_to_another_network() {
    two(Script::Move);
}

#[test]
fn a_call_that_rings_outlives_what_breaks() {
    two(Script::RingingBreaks);
}

/// Nobody but a call's two hears, ends, continues or answers it, whatever somebody says who takes names as they become free.
#[test]
fn a_liar_touches_no_call_of_others() {
    two(Script::LiarBesideCall);
    two(Script::LiarInTurmoil);
}
