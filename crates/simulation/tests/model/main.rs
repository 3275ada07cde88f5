//! A model of two users and the server, checked exhaustively with stateright.
mod page;
mod peer;
mod relay;
mod settle;
mod state;
mod steps;

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use client_web::call::{PhaseView, UserInput};
use settle::Known;
use stateright::{Checker, Model, Property};
use state::{Action, Budget, NAMES, Page, State};

#[derive(Debug)]
struct Calls {
    start: State,
    known: Known,
}

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
        vec![
            Property::always("nothing happens that never may", |_, state: &State| state.violation.is_none()),
            Property::always("settles", |model: &Self, state: &State| state.settles(&model.known).is_ok()),
            Property::sometimes("in call", |_, state: &State| (0..2).all(|p| state.view(p).phase == PhaseView::InCall)),
        ]
    }
}

fn signed_in() -> State {
    let mut state = State {
        clock: 0,
        pages: (0..2).map(|user| Arc::new(Page::new(user, user, 0))).collect(),
        sessions: BTreeMap::new(),
        sockets: BTreeMap::new(),
        left: Budget::default(),
        logins: 0,
        violation: None,
    };
    for user in 0..2 {
        state.press(user, UserInput::SignIn { name: NAMES[user].to_owned() });
    }
    state.arrive();
    state
}

fn in_call(caller: usize) -> State {
    let mut state = signed_in();
    state.call_other(caller);
    state.arrive();
    state.press(1 - caller, UserInput::Accept { camera: true });
    state.arrive();
    state
}

fn check(name: &str, start: State, left: Budget) {
    let begin = Instant::now();
    let depth = std::env::var("DEPTH").ok().and_then(|d| d.parse().ok()).unwrap_or(0);
    let model = Calls { start: State { left, ..start }, known: Known::default() };
    let checker = model.checker().threads(2).target_max_depth(depth).timeout(std::time::Duration::from_secs(300)).spawn_bfs().join();
    println!("{name}: {} states, depth {}, {:?}, done {}", checker.unique_state_count(), checker.max_depth(), begin.elapsed(), checker.is_done());
    let mut bad = false;
    for (name, path) in checker.discoveries() {
        if name == "in call" { continue }
        bad = true;
        println!("VIOLATED {name}");
        let steps = path.into_vec();
        for (state, action) in &steps {
            println!("  {}  -> {action:?}", state.summary());
        }
        let last = &steps.last().unwrap().0;
        println!("{:?} {:?}", last.violation, last.settles(&Known::default()));
        let mut state = last.clone();
        println!("fair:");
        for _ in 0..200 {
            let before = state.summary();
            let Some(action) = state.fair_step() else { break };
            println!("  {before} -> {action:?}");
        }
        println!("  {}", state.summary());
    }
    assert!(!bad);
}

#[test]
fn explore() {
    let get = |name: &str| std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(0u8);
    let left = Budget { calls: [get("C0"), get("C1")], leaves: get("L"), breaks: get("B"), reloads: get("R"), restarts: get("X"), timeouts: get("T"), ticks: get("K"), moves: get("M"), cuts: get("U"), doubles: get("D") };
    let start = match get("IN") { 0 => signed_in(), 1 => in_call(0), _ => in_call(1) };
    println!("{}", start.summary());
    check("explore", start, left);
}
