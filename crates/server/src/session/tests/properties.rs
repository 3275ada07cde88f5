//! Whatever three users do, and in whatever order it arrives: once it is quiet, they agree.

use proptest::{collection::vec, prelude::*};

use super::{Input, LIMITS, World};

const USERS: [&str; 3] = ["alice", "bob", "carol"];

#[derive(Clone, Debug)]
enum Step {
    Offer {
        user: usize,
        to: usize,
        id: Id,
    },
    Answer {
        user: usize,
        to: Option<usize>,
        id: Id,
    },
    Candidate {
        user: usize,
        to: Option<usize>,
        id: Id,
    },
    Ringing {
        user: usize,
        to: Option<usize>,
        id: Id,
    },
    Leave {
        user: usize,
        to: Option<usize>,
        id: Id,
    },
    /// Brings over the first envelope of the nth way that has any.
    Deliver(usize),
    TimeIsUp(usize),
    LogOut(usize),
    LogIn(usize),
}

#[derive(Clone, Debug)]
enum Id {
    None,
    /// One that nobody has used.
    Fresh,
    /// One that somebody has used.
    Used(usize),
}

fn steps(offer_id: impl Strategy<Value = Id> + 'static) -> impl Strategy<Value = Vec<Step>> {
    let user = || 0..USERS.len();
    let to = || prop_oneof![1 => Just(None), 2 => (0..USERS.len()).prop_map(Some)];
    let id = || prop_oneof![4 => Just(Id::None), 1 => (0..4_usize).prop_map(Id::Used)];
    let step = prop_oneof![
        6 => (user(), user(), offer_id).prop_map(|(user, to, id)| Step::Offer { user, to, id }),
        4 => (user(), to(), id()).prop_map(|(user, to, id)| Step::Answer { user, to, id }),
        1 => (user(), to(), id()).prop_map(|(user, to, id)| Step::Candidate { user, to, id }),
        1 => (user(), to(), id()).prop_map(|(user, to, id)| Step::Ringing { user, to, id }),
        3 => (user(), to(), id()).prop_map(|(user, to, id)| Step::Leave { user, to, id }),
        12 => (0..6_usize).prop_map(Step::Deliver),
        1 => user().prop_map(Step::TimeIsUp),
        1 => user().prop_map(Step::LogOut),
        2 => user().prop_map(Step::LogIn),
    ];
    vec(step, 0..60)
}

/// The world, and the ids that were used in it.
struct Run {
    world: World,
    ids: usize,
}

impl Run {
    fn id(&mut self, id: &Id) -> String {
        match id {
            Id::None => String::new(),
            Id::Fresh => {
                self.ids += 1;
                format!(r#","call":"c{}""#, self.ids)
            }
            // One of the latest: those of long ago are all alike.
            Id::Used(back) => format!(r#","call":"c{}""#, self.ids.saturating_sub(*back)),
        }
    }

    fn says(&mut self, user: usize, kind: &str, to: Option<usize>, id: &Id, rest: &str) {
        let name = to.map(|to| format!(r#","name":"{}""#, USERS[to])).unwrap_or_default();
        let id = self.id(id);
        self.world.says(USERS[user], &format!(r#"{{"type":"{kind}"{name}{id}{rest}}}"#));
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Offer { user, to, id } => {
                self.says(user, "offer", Some(to), &id, r#","offer":1"#)
            }
            Step::Answer { user, to, id } => self.says(user, "answer", to, &id, r#","answer":1"#),
            Step::Candidate { user, to, id } => {
                self.says(user, "candidate", to, &id, r#","candidate":1"#);
            }
            Step::Ringing { user, to, id } => self.says(user, "ringing", to, &id, ""),
            Step::Leave { user, to, id } => self.says(user, "leave", to, &id, ""),
            Step::Deliver(n) => {
                let ways: Vec<_> = self.world.on_the_way.keys().cloned().collect();
                if !ways.is_empty() {
                    self.world.deliver(&ways[n % ways.len()]);
                }
            }
            Step::TimeIsUp(user) => {
                self.world.now += LIMITS.ring / 2;
                self.world.input(USERS[user], Input::TimeIsUp);
            }
            Step::LogOut(user) => self.world.input(USERS[user], Input::Left),
            Step::LogIn(user) => self.world.log_in(USERS[user]),
        }
    }
}

fn run(steps: Vec<Step>) -> World {
    let mut run = Run { world: World::new(&USERS), ids: 0 };
    for step in steps {
        run.take(step);
    }
    run.world.settle();
    run.world
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// `check_recipients` watches every step: nothing reaches anybody but the peer of a call.
    #[test]
    fn both_sides_agree_once_it_is_quiet(
        steps in steps(prop_oneof![Just(Id::None), Just(Id::Fresh)])
    ) {
        run(steps).assert_agreement();
    }

    /// Clients that use an id twice may confuse their own calls, but neither the sessions nor anybody else's calls.
    #[test]
    fn ids_that_are_used_twice_do_no_harm_to_others(
        steps in steps((0..4_usize).prop_map(Id::Used))
    ) {
        let _ = run(steps);
    }
}
