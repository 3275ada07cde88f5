//! What the users do, what breaks, and what must be true in the end.

use client_web::call::{Millis, PhaseView, UserInput};

use crate::{
    check::Violation,
    event::{Device, Event, UserId},
    world::World,
};

/// The users, in the order of their names' bytes and not.
pub(crate) const NAMES: [&str; 3] = ["bob", "alice", "carol"];

/// How long users act and things break, in ms.
const TURMOIL: Millis = 90_000;

/// How long it may take, in ms, until all is settled after nothing breaks any more. The longest wait is a callee's, who
/// lets it ring for 60 s; then a page may look for a path for 30 s, and its server may know of the loss 35 s later.
const SETTLING: Millis = 180_000;

/// How long a call may take to be set up when nothing breaks, in ms: sockets, two cameras, ringing, a path.
const FAIR_CALL: Millis = 40_000;

/// What kind of schedule is played.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How many users there are: two or three.
    pub users: usize,
    /// The network between pages and server.
    pub network: Network,
    /// What happens.
    pub script: Script,
}

/// What happens in a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script {
    /// Users press whatever they like, and everything breaks.
    Turmoil,
    /// Two call each other at about the same moment, and nothing breaks: they must be in one call.
    BothCallAtOnce,
    /// In a call, the path of the media is gone for some seconds: the call must go on by itself.
    PathBreaks,
}

/// The network between pages and server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// Frames are delayed, sockets break, and the server restarts.
    Breaking,
    /// The same, and frames are repeated and overtake each other: worse than WebSocket can be.
    Reordering,
}

impl Network {
    pub(crate) fn reorders(self) -> bool {
        self == Self::Reordering
    }

    /// The longest a frame takes, in ms.
    pub(crate) const fn delay(self, calm: bool) -> u64 {
        match self {
            _ if calm => 100,
            Self::Breaking => 800,
            Self::Reordering => 3_000,
        }
    }
}

pub(crate) fn play(world: &mut World) -> Result<(), Violation> {
    match world.plan.script {
        Script::Turmoil => turmoil(world),
        Script::BothCallAtOnce => both_call_at_once(world),
        Script::PathBreaks => path_breaks(world),
    }
}

fn both_call_at_once(world: &mut World) -> Result<(), Violation> {
    world.calm = true;
    world.whims = false;
    for (user, other) in [(0, 1), (1, 0)] {
        sign_in(world, user, 0);
        // Opening the devices takes up to 3 s, so that within this time the offers may cross in any way.
        let at = 1_000 + world.rng.below(2_500);
        let name = world.pages[other].name.to_owned();
        world.queue.add(at, Event::Act(user, UserInput::Call { name }));
    }
    world.run_until(FAIR_CALL)?;
    for user in [0, 1] {
        // Whoever was called before pressing the button is rung, and answers.
        world.queue.add(world.now, Event::Act(user, UserInput::Accept { camera: true }));
    }
    world.run_until(2 * FAIR_CALL)?;
    world.check_in_call(0, 1)
}

fn path_breaks(world: &mut World) -> Result<(), Violation> {
    world.calm = true;
    for user in [0, 1] {
        sign_in(world, user, 0);
    }
    world.run_until(2_000)?;
    fair_call_stands(world)?;
    let gone_for = 100 + world.rng.below(25_000);
    world.queue.add(world.now, Event::Path(false));
    world.queue.add(world.now + gone_for, Event::Path(true));
    // The pages look for a path every 8 s, and each attempt takes a moment.
    world.run_until(world.now + gone_for + 10_000)?;
    world.check_in_call(0, 1)
}

fn turmoil(world: &mut World) -> Result<(), Violation> {
    for user in 0..world.plan.users {
        sign_in(world, user, user as Millis * 200);
    }
    for _ in 0..10 + world.rng.below(30) {
        let at = 500 + world.rng.below(TURMOIL - 500);
        let event = random_event(world);
        if let Event::Path(_) = event {
            let back = at + world.rng.below(40_000);
            world.queue.add(back, Event::Path(true));
        }
        world.queue.add(at, event);
    }
    world.run_until(TURMOIL)?;
    world.calm = true;
    world.set_path(true);
    world.run_until(TURMOIL + SETTLING)?;
    world.check_settled()?;
    fair_call(world)
}

/// After everything, the system must be as good as new: two who are free call each other.
fn fair_call(world: &mut World) -> Result<(), Violation> {
    world.whims = false;
    for user in 0..world.plan.users {
        let now = world.now;
        world.queue.add(now, Event::Act(user, UserInput::HangUp));
        sign_in(world, user, now + 1_000);
    }
    world.run_until(world.now + 40_000)?;
    world.check_all_idle()?;
    fair_call_stands(world)?;
    world.queue.add(world.now, Event::Act(1, UserInput::HangUp));
    world.run_until(world.now + 1_000)?;
    world.check_all_idle()
}

/// One calls, the other accepts, and they are connected.
fn fair_call_stands(world: &mut World) -> Result<(), Violation> {
    world.whims = false;
    let name = world.pages[1].name.to_owned();
    world.queue.add(world.now, Event::Act(0, UserInput::Call { name }));
    let until = world.now + FAIR_CALL;
    while world.now < until && world.view(0).phase != PhaseView::InCall {
        world.run_until(world.now + 100)?;
        if world.view(1).phase == PhaseView::Ringing {
            world.queue.add(world.now, Event::Act(1, UserInput::Accept { camera: true }));
        }
    }
    world.run_until(world.now + 1_000)?;
    world.check_in_call(0, 1)
}

fn sign_in(world: &mut World, user: UserId, at: Millis) {
    let name = world.pages[user].name.to_owned();
    world.queue.add(at, Event::Act(user, UserInput::SignIn { name }));
}

fn random_event(world: &mut World) -> Event {
    let user = world.rng.below(world.plan.users as u64) as UserId;
    let other =
        (user + 1 + world.rng.below(world.plan.users as u64 - 1) as usize) % world.plan.users;
    let name = world.pages[other].name.to_owned();
    match world.rng.below(26) {
        0..=8 => Event::Act(user, UserInput::Call { name }),
        9..=11 => Event::Act(user, UserInput::HangUp),
        12 => Event::Act(user, UserInput::ToggleCamera),
        13 => Event::Act(user, UserInput::ToggleMicrophone),
        14 => Event::Act(user, UserInput::TogglePreview),
        15 => Event::Act(user, UserInput::CallAgain),
        16 => Event::Act(user, UserInput::SignOut),
        17 => Event::Act(user, UserInput::SignIn { name: world.pages[user].name.to_owned() }),
        18 => Event::Path(false),
        19 => Event::Restart,
        20 => Event::Act(user, UserInput::RetryNow),
        21 => Event::Unplugged(user, Device::Camera),
        22 => Event::Unplugged(user, Device::Microphone),
        _ => Event::BreakSocket(user),
    }
}

impl World {
    /// A user sees that somebody calls.
    pub(crate) fn answer_or_not(&mut self, user: UserId) {
        let input = match self.rng.below(8) {
            0 => UserInput::Decline,
            1 => UserInput::Accept { camera: false },
            2 => return,
            _ => UserInput::Accept { camera: true },
        };
        if self.whims && self.view(user).incoming.is_some() {
            self.happen_now(user, input);
        }
    }

    fn happen_now(&mut self, user: UserId, input: UserInput) {
        self.queue.add(self.now, Event::Act(user, input));
    }
}
