//! What the users do, what breaks, and what must be true in the end.

mod plan;

use client_web::call::{Millis, PhaseView, UserInput};

pub use self::plan::{Network, Plan, Script};
use crate::{
    browser::DEVICES_WITHIN,
    check::Violation,
    event::{Device, Event, UserId},
    liar::{Lie, LieKind},
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

pub(crate) fn play(world: &mut World) -> Result<(), Violation> {
    match world.plan.script {
        Script::Turmoil => turmoil(world),
        Script::BothCallAtOnce => both_call_at_once(world),
        Script::PathBreaks => path_breaks(world),
        Script::ServerDies => server_dies(world),
        Script::SocketsBreak => sockets_break(world),
        Script::Reload => reload(world),
        Script::Move => moves(world),
        Script::RingingBreaks => ringing_breaks(world),
        Script::LiarBesideCall => liar_beside_call(world),
        Script::LiarInTurmoil => liar_in_turmoil(world),
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

/// Two are in a call, and nothing has broken so far.
fn begin_call(world: &mut World) -> Result<(), Violation> {
    world.calm = true;
    for user in [0, 1] {
        sign_in(world, user, 0);
    }
    world.run_until(2_000)?;
    fair_call_stands(world)
}

fn path_breaks(world: &mut World) -> Result<(), Violation> {
    begin_call(world)?;
    let gone_for = 100 + world.rng.below(25_000);
    world.queue.add(world.now, Event::Path(false));
    world.queue.add(world.now + gone_for, Event::Path(true));
    // The pages look for a path every 8 s, and each attempt takes a moment.
    world.run_until(world.now + gone_for + 10_000)?;
    world.check_in_call(0, 1)
}

fn server_dies(world: &mut World) -> Result<(), Violation> {
    begin_call(world)?;
    let restart = random_restart(world, 60_000);
    let remembers = remembers(&restart);
    let is_remembered = !world.happens(world.now, restart) || remembers;
    // Once it is there again, the longest pause between two attempts of a page passes, and a login.
    let time = 60_000 + 20_000;
    if is_remembered {
        media_goes_on(world, time)?;
        return hang_up_ends_it(world);
    }
    world.run_until(world.now + time)?;
    is_forgotten(world)
}

fn sockets_break(world: &mut World) -> Result<(), Violation> {
    begin_call(world)?;
    for _ in 0..1 + world.rng.below(6) {
        let at = world.now + world.rng.below(20_000);
        let user = world.rng.below(2) as UserId;
        world.happens(at, Event::BreakSocket(user));
    }
    media_goes_on(world, 90_000)?;
    hang_up_ends_it(world)
}

fn reload(world: &mut World) -> Result<(), Violation> {
    begin_call(world)?;
    for _ in 0..1 + world.rng.below(3) {
        let at = world.now + world.rng.below(4_000);
        let user = world.rng.below(2) as UserId;
        world.happens(at, Event::Reload(user));
    }
    let mut is_remembered = true;
    if world.rng.below(3) == 0 {
        let at = world.now + world.rng.below(6_000);
        let restart = random_restart(world, 5_000);
        let remembers = remembers(&restart);
        is_remembered = !world.happens(at, restart) || remembers;
    }
    world.run_until(world.now + 40_000)?;
    if !is_remembered {
        return is_forgotten(world);
    }
    world.check_in_call(0, 1)?;
    hang_up_ends_it(world)
}

fn moves(world: &mut World) -> Result<(), Violation> {
    begin_call(world)?;
    let user = world.rng.below(2) as UserId;
    let back = world.now + world.rng.below(15_000);
    world.queue.add(world.now, Event::Path(false));
    world.queue.add(world.now, Event::BreakSocket(user));
    world.queue.add(back, Event::Path(true));
    if world.rng.below(2) == 0 {
        world.queue.add(back, Event::NetworkChanged(user));
    }
    // The page sees within a few seconds that the socket is dead, and seeks a path every 8 s.
    world.run_until(back + 20_000)?;
    world.check_in_call(0, 1)?;
    hang_up_ends_it(world)
}

fn ringing_breaks(world: &mut World) -> Result<(), Violation> {
    world.calm = true;
    world.whims = false;
    for user in [0, 1] {
        sign_in(world, user, 0);
    }
    world.run_until(2_000)?;
    let name = world.pages[1].name.to_owned();
    world.queue.add(world.now, Event::Act(0, UserInput::Call { name }));
    let at = world.now + world.rng.below(6_000);
    let event = match world.rng.below(4) {
        // Without a roster the caller may come back to a server at which the callee is not signed in yet.
        0 => Event::Restart { killed: true, has_roster: true, down_for: world.rng.below(10_000) },
        1 => Event::BreakSocket(0),
        2 => Event::BreakSocket(1),
        _ => Event::Reload(1),
    };
    world.happens(at, event);
    // A page that heard nothing of it may be without a socket for as long as the server needs to see it.
    let until = world.now + FAIR_CALL;
    while world.now < until && world.view(0).phase != PhaseView::InCall {
        world.run_until(world.now + 100)?;
        if world.view(1).phase == PhaseView::Ringing && world.rng.below(20) == 0 {
            world.queue.add(world.now, Event::Act(1, UserInput::Accept { camera: true }));
        }
    }
    // What breaks may break only now.
    world.run_until(world.now + 30_000)?;
    world.check_in_call(0, 1)?;
    hang_up_ends_it(world)
}

/// How long the liar has, in ms: a session is kept for 30 s, and a server away for 20 s at most.
const LYING: Millis = 90_000;

fn liar_beside_call(world: &mut World) -> Result<(), Violation> {
    begin_call(world)?;
    (world.calm, world.whims) = (false, true);
    let (begin, end) = (world.now, world.now + LYING);
    for _ in 0..2 + world.rng.below(5) {
        let at = begin + world.rng.below(LYING - 30_000);
        loses_something(world, at, end);
    }
    lies(world, begin, end);
    world.run_until(end)?;
    all_is_well_without_liar(world)
}

fn liar_in_turmoil(world: &mut World) -> Result<(), Violation> {
    for user in 0..world.plan.users {
        sign_in(world, user, user as Millis * 200);
    }
    for _ in 0..5 + world.rng.below(15) {
        let at = 500 + world.rng.below(LYING - 500);
        if world.rng.below(2) == 0 {
            loses_something(world, at, LYING);
        } else {
            let event = random_event(world);
            world.happens(at, event);
        }
    }
    lies(world, 0, LYING);
    world.run_until(LYING)?;
    all_is_well_without_liar(world)
}

/// Something by which a name becomes free, or nearly so, or by which somebody has to come back. The liar may be after the name.
fn loses_something(world: &mut World, at: Millis, end: Millis) {
    let user = world.rng.below(2) as UserId;
    let other = world.pages[1 - user].name.to_owned();
    let event = match world.rng.below(12) {
        0..=2 => random_restart(world, 20_000),
        3..=5 => Event::Close(user, world.rng.below(50_000)),
        6..=7 => Event::Act(user, UserInput::SignOut),
        8 => Event::Reload(user),
        9 => Event::BreakSocket(user),
        10 => Event::LeavePage(user),
        _ if world.rng.below(2) == 0 => Event::Act(user, UserInput::HangUp),
        _ => Event::Act(user, UserInput::Call { name: other }),
    };
    world.happens(at, event);
    if world.rng.below(2) == 0 {
        let wanted = world.rng.below(2) as UserId;
        let lie = Lie { kind: LieKind::TakeName(wanted, end), seed: world.rng.bits() };
        world.happens(at, Event::Lie(lie));
    }
}

fn lies(world: &mut World, begin: Millis, end: Millis) {
    for n in 0..10 + world.rng.below(30) {
        let at = begin + world.rng.below(end - begin);
        let kind = match world.rng.below(10) {
            _ if n == 0 => LieKind::SignIn,
            0..=1 => LieKind::LogIn,
            2..=3 => LieKind::Reply,
            4 => LieKind::Close,
            _ => LieKind::Say,
        };
        let seed = world.rng.bits();
        world.happens(at, Event::Lie(Lie { kind, seed }));
    }
}

/// Whatever was said: once the liar has left, the two are as free to call each other as ever.
fn all_is_well_without_liar(world: &mut World) -> Result<(), Violation> {
    world.calm = true;
    world.set_path(true);
    world.liar_goes();
    world.run_until(world.now + SETTLING)?;
    world.check_settled()?;
    fair_call(world)
}

/// For so long, both have the peer connections that they have now, connected.
fn media_goes_on(world: &mut World, time: Millis) -> Result<(), Violation> {
    let until = world.now + time;
    let before = world.connected_peers();
    while world.now < until {
        world.run_until(world.now + 500)?;
        if world.connected_peers() != before {
            return Err(Violation::new("the media noticed"));
        }
    }
    world.check_in_call(0, 1)
}

/// One hangs up, and the call is over for both.
fn hang_up_ends_it(world: &mut World) -> Result<(), Violation> {
    let user = world.rng.below(2) as UserId;
    world.queue.add(world.now, Event::Act(user, UserInput::HangUp));
    // If the socket is broken, its page sees that within 10 s, and then says what it has to say over another.
    world.run_until(world.now + 15_000)?;
    world.check_all_idle()
}

/// Whether a server that is restarted so knows who was there: only then does a call stand again.
const fn remembers(restart: &Event) -> bool {
    matches!(restart, Event::Restart { has_roster: true, .. })
}

/// The server knows nothing of the call, and believes neither of the two. It is over for both, and another one works.
fn is_forgotten(world: &mut World) -> Result<(), Violation> {
    world.check_settled()?;
    if [0, 1].iter().any(|user| world.view(*user).phase != PhaseView::Idle) {
        return Err(Violation::new("a call stands that the server knows nothing of"));
    }
    // A login whose answer was lost has begun a session of which its client knows nothing, and which has the name for a while.
    world.run_until(world.now + 60_000)?;
    fair_call(world)
}

fn random_restart(world: &mut World, longest: Millis) -> Event {
    Event::Restart {
        killed: world.rng.below(2) == 0,
        has_roster: world.rng.below(4) > 0,
        down_for: world.rng.below(longest),
    }
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
            world.happen_together([(at, event), (back, Event::Path(true))]);
        } else {
            world.happens(at, event);
        }
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
    let unblocked = UserInput::Unblock { name: world.pages[0].name.to_owned() };
    world.queue.add(world.now, Event::Act(1, unblocked));
    let name = world.pages[1].name.to_owned();
    world.queue.add(world.now, Event::Act(0, UserInput::Call { name }));
    let until = world.now + FAIR_CALL;
    while world.now < until && world.view(0).phase != PhaseView::InCall {
        world.run_until(world.now + 100)?;
        if world.view(1).phase == PhaseView::Ringing {
            world.queue.add(world.now, Event::Act(1, UserInput::Accept { camera: true }));
        }
    }
    // The call may stand before the callee's devices are open.
    world.run_until(world.now + DEVICES_WITHIN)?;
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
    match world.rng.below(31) {
        0..=8 => Event::Act(user, UserInput::Call { name }),
        9..=11 => Event::Act(user, UserInput::HangUp),
        12 => Event::Act(user, UserInput::ToggleCamera),
        13 => Event::Act(user, UserInput::ToggleMicrophone),
        14 => Event::Act(user, UserInput::TogglePreview),
        15 => Event::Act(user, UserInput::CallAgain),
        16 => Event::Act(user, UserInput::SignOut),
        17 => Event::Act(user, UserInput::SignIn { name: world.pages[user].name.to_owned() }),
        18 => Event::Path(false),
        19 => random_restart(world, 40_000),
        20 => Event::Act(user, UserInput::RetryNow),
        21 => Event::Unplugged(user, Device::Camera),
        22 => Event::Unplugged(user, Device::Microphone),
        23 => Event::NetworkChanged(user),
        24..=25 => Event::Reload(user),
        26 => Event::LeavePage(user),
        _ => Event::BreakSocket(user),
    }
}

impl World {
    /// A user sees that somebody calls.
    pub(crate) fn answer_or_not(&mut self, user: UserId) {
        let input = match self.rng.below(8) {
            0 if self.rng.below(4) == 0 => UserInput::DeclineForGood,
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
