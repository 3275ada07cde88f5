//! A model of two users and the server, on the very session and call machines that ship, checked exhaustively with
//! stateright: every order in which frames and envelopes can arrive, sockets break, pages reload, servers die and users
//! press buttons, as often as the plan allows each. The space of each plan closes; no depth is set.
//!
//! `PRONTO_MODEL=full` checks the plans of [`FULL`] too, as `cargo xtask test` does; `deep` all, as `cargo xtask model`
//! does. What is not in the model: candidates (descriptions carry the addresses), devices that fail or take time, more
//! users. The simulation has all of these.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(
    clippy::print_stdout,
    reason = "how large the space was is what one wants to know of a test like this"
)]

mod liar;
mod page;
mod peer;
mod plans;
mod relay;
mod scenes;
mod settle;
mod state;
mod steps;
mod trace;

use std::time::Instant;

use plans::{Depth, Plan};
use settle::Known;
use state::{Action, State};
use stateright::{Checker, Model, Property};

/// A plan, as stateright sees it.
#[derive(Debug)]
struct Calls {
    start: State,
    known: Known,
}

const NEVER: &str = "nothing happens that never may";
const SETTLES: &str = "all settles, and both agree";

impl Model for Calls {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![self.start.clone()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        state.steps(actions);
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        Some(state.after(action))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let always = [
            Property::always(NEVER, |_: &Self, state: &State| state.violation.is_none()),
            Property::always(SETTLES, |model: &Self, state: &State| {
                state.settles(&model.known).is_ok()
            }),
        ];
        let scenes = scenes::of(self.start.left);
        let sometimes = scenes.into_iter().map(|(name, seen)| Property::sometimes(name, seen));
        always.into_iter().chain(sometimes).collect()
    }
}

fn check(plan: &Plan, depth: Depth) {
    let begin = Instant::now();
    let model = Calls { start: plan.start(), known: Known::default() };
    // Breadth first finds the shortest way to what is wrong; depth first holds few of the states at a time.
    match depth {
        Depth::QUICK | Depth::LIAR | Depth::FULL => {
            report(plan, begin, &model.checker().spawn_bfs().join())
        }
        Depth::DEEP => report(plan, begin, &model.checker().spawn_dfs().join()),
    }
}

fn report(plan: &Plan, begin: Instant, checker: &impl Checker<Calls>) {
    let (states, depth) = (checker.unique_state_count(), checker.max_depth());
    println!("{}: {states} states, {depth} steps deep, in {:.1?}", plan.name, begin.elapsed());
    for name in [NEVER, SETTLES] {
        if let Some(path) = checker.discovery(name) {
            panic!("{}: not true that {name}.\n{}", plan.name, trace::of(path.into_vec()));
        }
    }
    for (name, _) in scenes::of(checker.model().start.left) {
        assert!(checker.discovery(name).is_some(), "{}: never seen: {name}", plan.name);
    }
    assert!(states >= plan.at_least, "{}: only {states} states", plan.name);
}

fn check_all(plans: &[Plan], depth: Depth) {
    if depth <= Depth::wanted() {
        plans.iter().for_each(|plan| check(plan, depth));
    }
}

/// One test for each plan, so that they are checked at once.
macro_rules! tests {
    ($($name:ident: $depth:ident $index:literal,)*) => {
        $(#[test]
        fn $name() {
            check_all(&plans::$depth[$index..=$index], Depth::$depth);
        })*

        #[test]
        fn every_plan_is_checked() {
            let of = |depth: Depth| [$(Depth::$depth),*].iter().filter(|d| **d == depth).count();
            assert_eq!(of(Depth::QUICK), plans::QUICK.len());
            assert_eq!(of(Depth::LIAR), plans::LIAR.len());
            assert_eq!(of(Depth::FULL), plans::FULL.len());
            assert_eq!(of(Depth::DEEP), plans::DEEP.len());
        }
    };
}

tests! {
    two_call_and_hang_up: QUICK 0,
    a_socket_breaks_while_one_calls: QUICK 1,
    a_page_reloads_in_a_call: QUICK 2,
    a_page_is_left_in_a_call: QUICK 3,
    the_server_dies_in_a_call: QUICK 4,
    the_path_breaks_in_a_call: QUICK 5,
    a_tab_is_duplicated_in_a_call: QUICK 6,
    the_server_dies_beside_a_liar: LIAR 0,
    the_server_dies_beside_a_liar_and_a_session_runs_out: LIAR 1,
    a_page_is_away_for_too_long_beside_a_liar: LIAR 2,
    a_page_is_left_beside_a_liar: LIAR 3,
    one_calls_beside_a_liar: LIAR 4,
    two_call_and_hang_up_twice: FULL 0,
    a_socket_breaks_while_two_call: FULL 1,
    a_page_reloads_while_two_call: FULL 2,
    the_server_dies_while_two_call: FULL 3,
    the_server_dies_while_two_call_and_a_page_reloads: FULL 4,
    a_session_runs_out_while_two_call: FULL 5,
    sockets_break_in_a_call: FULL 6,
    the_network_changes_in_a_call: FULL 7,
    the_server_dies_in_a_call_that_is_hung_up_and_a_page_reloads: FULL 8,
    the_server_dies_in_a_call_and_a_session_runs_out: FULL 9,
    the_server_dies_while_two_call_and_a_socket_breaks: DEEP 0,
    everything_breaks_while_one_calls: DEEP 1,
    everything_breaks_in_a_call: DEEP 2,
    two_call_twice_and_sockets_break: DEEP 3,
    the_server_dies_in_a_call_and_both_pages_reload: DEEP 4,
}
