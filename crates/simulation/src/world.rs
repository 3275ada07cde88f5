//! All of it together, and the network between.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use client_web::call::{Input, Millis, Rng};
use server::session::{Envelope, Input as SessionInput};

use crate::{
    Schedule,
    check::Violation,
    event::{Device, Event, News, Queue, UserId},
    liar::Liar,
    page::Page,
    peer::{Ice, PcId},
    relay::{Relay, SessionId, SocketId},
    schedule::{NAMES, Plan},
    tell,
    witness::{Cause, Person, Witness},
};

/// The world.
pub(crate) struct World {
    pub(crate) now: Millis,
    pub(crate) rng: Rng,
    pub(crate) plan: Plan,
    pub(crate) queue: Queue,
    pub(crate) pages: Vec<Page>,
    pub(crate) relay: Relay,
    pub(crate) liar: Liar,
    pub(crate) witness: Witness,
    pub(crate) last_pc: u64,
    /// Whether media can flow.
    pub(crate) path_open: bool,
    /// Nothing breaks any more.
    pub(crate) calm: bool,
    /// Users answer or decline by chance.
    pub(crate) whims: bool,
    last_socket: SocketId,
    /// When the last thing that was sent along each way arrives: TCP keeps the order.
    ways: BTreeMap<Way, Millis>,
    /// The sockets that are broken, though the ends may not know it: what is sent over them is lost.
    broken: BTreeSet<SocketId>,
    violation: Option<Violation>,
    traced: Option<Vec<String>>,
    /// How many of the schedule's events there were so far: those that can be left out to see whether they matter.
    events: usize,
    /// Those that are left out, by their numbers.
    without: BTreeSet<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    ToServer(SocketId),
    ToClient(SocketId),
    Mail(SessionId, SessionId),
}

impl World {
    pub(crate) fn new(schedule: &Schedule, traced: bool) -> Self {
        let plan = schedule.plan;
        let mut rng = Rng::new(schedule.seed);
        let pages = NAMES[..plan.users].iter().map(|name| Page::new(name, rng.bits())).collect();
        Self {
            now: 0,
            rng,
            plan,
            queue: Queue::default(),
            pages,
            relay: Relay::new(),
            liar: Liar::default(),
            witness: Witness::default(),
            last_pc: 0,
            path_open: true,
            calm: false,
            whims: true,
            last_socket: 0,
            ways: BTreeMap::new(),
            broken: BTreeSet::new(),
            violation: None,
            traced: traced.then(Vec::new),
            events: 0,
            without: schedule.without.clone(),
        }
    }

    /// How many of the schedule's events could have been left out.
    pub(crate) const fn events(&self) -> usize {
        self.events
    }

    /// An event of the schedule, unless it is left out. Returns whether it is not.
    pub(crate) fn happens(&mut self, at: Millis, event: Event) -> bool {
        self.happen_together([(at, event)])
    }

    /// Events of the schedule that are left out together or not at all.
    pub(crate) fn happen_together<const N: usize>(&mut self, events: [(Millis, Event); N]) -> bool {
        let happen = !self.without.contains(&self.events);
        if happen {
            for (at, event) in events {
                self.queue.add(at, event);
            }
        }
        self.events += 1;
        happen
    }

    pub(crate) fn into_trace(self) -> Vec<String> {
        self.traced.unwrap_or_default()
    }

    /// Notes a line of the trace, if one is written.
    pub(crate) fn trace(&mut self, line: impl FnOnce(&Self) -> String) {
        if self.traced.is_some() {
            let line = line(self);
            if line.is_empty() {
                return;
            }
            let line = format!("{:>8.3} s  {line}", Duration::from_millis(self.now).as_secs_f64());
            if let Some(lines) = &mut self.traced {
                lines.push(line);
            }
        }
    }

    /// Something happened that never may.
    pub(crate) fn violate(&mut self, what: &str) {
        self.trace(|_| format!("VIOLATION: {what}"));
        self.violation.get_or_insert_with(|| Violation::new(what));
    }

    /// What must hold at every step.
    pub(crate) fn must(&mut self, held: Result<(), &'static str>) {
        if let Err(what) = held {
            self.violate(what);
        }
    }

    /// Lets time pass.
    pub(crate) fn run_until(&mut self, until: Millis) -> Result<(), Violation> {
        while let Some((at, event)) = self.queue.next_until(until) {
            self.now = at;
            self.trace(|world| tell::event(world, &event));
            self.happen(event);
            if let Some(violation) = self.violation.take() {
                return Err(violation);
            }
        }
        self.now = until;
        Ok(())
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Act(user, input) => self.act(user, input),
            Event::Notice(user) => self.answer_or_not(user),
            Event::Timer(tab) => {
                if let Some(user) = self.user_of(tab) {
                    self.page_timer(user);
                }
            }
            Event::AtPage(user, socket, news) => self.page_hears(user, socket, news),
            Event::AtServer(socket, news) => self.server_hears(socket, news),
            Event::AtLiar(socket, news) => self.liar_hears(socket, news),
            Event::Mail(session, from, envelope) => {
                let input = SessionInput::FromPeer(*envelope);
                self.session_takes(session, Cause::From(from), input);
            }
            Event::SessionTimer(session) => self.session_input(session, SessionInput::TimeIsUp),
            Event::Fetched(tab, request, answer) => {
                if let Some(user) = self.user_of(tab) {
                    self.page_input(user, Input::Fetched(request, answer));
                }
            }
            Event::Media(tab, request, result) => match (self.user_of(tab), result) {
                (Some(user), Ok((audio, video))) => {
                    self.pages[user].pending.insert(request, (audio, video));
                    self.page_input(user, Input::MediaOpened { request, audio, video });
                }
                (Some(user), Err(error)) => {
                    self.page_input(user, Input::MediaFailed { request, error });
                }
                (None, _) => {}
            },
            Event::OpDone(tab, peer) => {
                if let Some(user) = self.user_of(tab) {
                    self.finish_op(user, peer);
                }
            }
            Event::Peer(tab, peer, event) => {
                if let Some(user) = self.user_of(tab)
                    && self.pages[user].peers.contains_key(&peer)
                {
                    self.page_input(user, Input::Peer(peer, event));
                }
            }
            Event::Check(one, other) => self.check_path(one, other),
            Event::GiveUp(pc, change) => self.give_up(pc, change),
            Event::Unplugged(user, Device::Camera) if self.pages[user].camera => {
                self.page_input(user, Input::CameraEnded);
            }
            Event::Unplugged(user, Device::Microphone) if self.pages[user].microphone => {
                self.page_input(user, Input::MicrophoneEnded);
            }
            Event::Unplugged(..) => {}
            Event::BreakSocket(user) => self.break_socket(user),
            Event::Reload(user) => {
                self.close_page(user);
                self.load(user);
            }
            Event::Close(user, time) => {
                self.close_page(user);
                let tab = self.tab(user);
                self.queue.add(self.now + time, Event::Load(tab));
            }
            Event::Load(tab) => {
                if let Some(user) = self.user_of(tab) {
                    self.load(user);
                }
            }
            Event::LeavePage(user) => self.page_input(user, Input::PageLeft),
            Event::NetworkChanged(user) => self.page_input(user, Input::NetworkChanged),
            Event::Restart { killed, has_roster, down_for } => {
                self.server_restarts(killed, has_roster, down_for);
            }
            Event::Path(open) => self.set_path(open),
            Event::Lie(lie) => self.lie(lie),
        }
    }

    /// The peer connections that stand.
    pub(crate) fn connected_peers(&self) -> Vec<PcId> {
        let peers = self.pages.iter().flat_map(|page| page.peers.values());
        peers.filter(|pc| pc.ice == Ice::Connected).map(|pc| pc.id).collect()
    }

    /// A socket is opened; the server hears of it first, as in a TCP handshake.
    pub(crate) fn connect(&mut self, user: UserId) -> SocketId {
        let socket = self.new_socket();
        let down = self.relay.is_down(self.now);
        if down || !self.calm && self.rng.below(8) == 0 {
            let at = self.now + 1 + self.rng.below(if down { 20 } else { 5_000 });
            self.queue.add(at, Event::AtPage(user, socket, News::Closed(1006)));
        } else {
            let person = Person::Honest(user);
            self.server_accepts(person, socket);
            self.carry_down(person, socket, News::Opened);
        }
        socket
    }

    pub(crate) const fn new_socket(&mut self) -> SocketId {
        self.last_socket += 1;
        self.last_socket
    }

    pub(crate) fn carry_to_server(&mut self, socket: SocketId, news: News) {
        if self.broken.contains(&socket) {
            return;
        }
        self.carry(Way::ToServer(socket), Event::AtServer(socket, news));
    }

    pub(crate) fn carry_down(&mut self, person: Person, socket: SocketId, news: News) {
        if self.broken.contains(&socket) {
            return;
        }
        let event = match person {
            Person::Honest(user) => Event::AtPage(user, socket, news),
            Person::Liar => Event::AtLiar(socket, news),
        };
        self.carry(Way::ToClient(socket), event);
    }

    pub(crate) fn carry_mail(
        &mut self,
        (from, person): (SessionId, Person),
        to: SessionId,
        envelope: Envelope,
    ) {
        self.carry(Way::Mail(from, to), Event::Mail(to, person, Box::new(envelope)));
    }

    fn carry(&mut self, way: Way, event: Event) {
        let delay = match way {
            Way::Mail(..) => self.rng.below(20),
            Way::ToServer(_) | Way::ToClient(_) => {
                1 + self.rng.below(self.plan.network.delay(self.calm))
            }
        };
        let at = (self.now + delay).max(self.ways.get(&way).copied().unwrap_or_default());
        self.ways.insert(way, at);
        self.queue.add(at, event);
    }

    /// The connection breaks: each end learns of it in its own time, and what is on its way may be lost.
    fn break_socket(&mut self, user: UserId) {
        let Some(socket) = self.pages[user].socket else { return };
        let page_learns = self.now + self.rng.below(10_000);
        let server_learns = self.now + self.rng.below(35_000);
        self.broken.insert(socket);
        self.queue.add(page_learns, Event::AtPage(user, socket, News::Closed(1006)));
        self.queue.add(server_learns, Event::AtServer(socket, News::Closed(1006)));
    }
}
