//! Clients that count, over sockets that break, pages that are loaded anew and servers that start anew, in whatever order:
//! what is said arrives once and in order, and once all is quiet, everybody agrees.

mod client;
#[cfg(test)]
mod property;

use std::collections::VecDeque;

use protocol::{CallId, ClientMessage, LeaveReason, Outbox, Ping, ServerMessage};

use super::{Call, Duration, Input, LIMITS, Loss, Phase, Welcomed, World, bytes::Bytes, call_with};
use client::{Belief, Client, Socket};

pub(super) const USERS: [&str; 3] = ["alice", "bob", "carol"];

#[derive(Clone, Debug)]
pub(super) enum Step {
    Calls(usize, usize),
    Answers(usize),
    SaysSomething(usize),
    HangsUp(usize),
    Acknowledges(usize),
    ClientReads(usize),
    ServerReads(usize),
    Deliver(usize),
    /// The socket breaks, and nobody has noticed.
    Breaks(usize),
    /// The server notices.
    IsLost(usize, Loss),
    /// The client opens another socket, whether or not the old one has broken.
    ComesBack(usize),
    /// The page is loaded anew.
    Reloads(usize),
    /// The server starts anew, with a roster or without.
    Restarts(bool),
    TimePasses(u64),
}

impl Step {
    pub(super) fn read(bytes: &mut Bytes<'_>) -> Self {
        let (kind, user) = (bytes.below(16), bytes.below(USERS.len()));
        match kind {
            0 => Self::Calls(user, bytes.below(USERS.len())),
            1 => Self::Answers(user),
            2 => Self::SaysSomething(user),
            3 => Self::HangsUp(user),
            4 => Self::Acknowledges(user),
            5 => Self::Breaks(user),
            6 => Self::IsLost(user, Loss::Broken),
            7 => Self::IsLost(user, Loss::PageGone),
            8 => Self::ComesBack(user),
            9 => Self::Reloads(user),
            10 => Self::Restarts(bytes.below(2) == 0),
            11 => Self::TimePasses(bytes.below(40) as u64),
            12 | 13 => Self::Deliver(bytes.below(6)),
            14 => Self::ClientReads(user),
            _ => Self::ServerReads(user),
        }
    }
}

pub(super) struct Run {
    pub(super) world: World,
    clients: [Client; 3],
    ids: usize,
}

impl Run {
    pub(super) fn new() -> Self {
        let clients = [Client::new(), Client::new(), Client::new()];
        let mut run = Self { world: World::new(&[]), clients, ids: 0 };
        for user in 0..USERS.len() {
            run.comes_back(user);
        }
        run.settle();
        run
    }

    fn fresh(&mut self, peer: &str) -> Call {
        self.ids += 1;
        call_with(peer, &format!("c{}", self.ids))
    }

    pub(super) fn breaks(&mut self, user: usize) {
        self.clients[user].socket = Socket::Broken;
        self.clients[user].up.clear();
        self.world.heard.remove(USERS[user]);
    }

    pub(super) fn comes_back(&mut self, user: usize) {
        self.breaks(user);
        let back = self.clients[user].presents();
        let presented = back.call.clone();
        self.world.returns(USERS[user], back);
        let welcomed = self.world.welcomed.remove(USERS[user]).unwrap();
        if welcomed.received.is_none() {
            self.clients[user].taken = 0;
        }
        self.clients[user].socket = Socket::Answered { welcomed, presented };
    }

    /// Somebody else has the name: the client has no session, and no call.
    pub(super) fn is_refused(&mut self, user: usize) {
        self.breaks(user);
        self.clients[user] = Client::new();
    }

    /// The client reads the next thing that has come. Gives whether there was one.
    fn client_reads(&mut self, user: usize) -> bool {
        let client = &mut self.clients[user];
        match std::mem::replace(&mut client.socket, Socket::Open) {
            Socket::Broken => {
                client.socket = Socket::Broken;
                self.world.heard.remove(USERS[user]);
                false
            }
            Socket::Answered { welcomed, presented } => {
                self.is_welcomed(user, welcomed, presented);
                true
            }
            Socket::Open => {
                let heard = self.world.heard.get_mut(USERS[user]).and_then(VecDeque::pop_front);
                let Some(message) = heard else { return false };
                if message.is_counted() {
                    let said = &self.world.said[USERS[user]];
                    assert_eq!(said.get(client.received), Some(&message), "{}", USERS[user]);
                    client.received += 1;
                }
                client.on_message(USERS[user], &message);
                if let (Belief::Waiting(call), ServerMessage::Restored(m)) =
                    (&client.belief, &message)
                    && call.key.id() == Some(&m.call)
                {
                    self.rejoin(user, &m.name, m.call.clone());
                }
                true
            }
        }
    }

    fn is_welcomed(&mut self, user: usize, welcomed: Welcomed, presented: Option<Call>) {
        let client = &mut self.clients[user];
        if let Some(received) = welcomed.received
            && client.outbox.acknowledge(received).is_ok()
        {
            client.up.extend(client.outbox.waiting().cloned());
            return;
        }
        let reloaded = std::mem::take(&mut client.reloaded);
        client.received = 0;
        client.sent.clear();
        client.outbox = Outbox::new();
        // Its user has left that call since, and the word of it is dropped with all that was kept.
        let left =
            presented.filter(|call| !reloaded && client.presents().call.as_ref() != Some(call));
        if let Some(call) = left {
            client.send_leave(&call, LeaveReason::Hangup);
        }
        let belief = client.belief.clone();
        match (belief, welcomed.call) {
            (_, Some((peer, id))) if reloaded => self.rejoin(user, &peer, id),
            (_, None) if reloaded => {
                let kept = client.kept.clone();
                client.believe(kept.map_or(Belief::Idle, Belief::Waiting));
            }
            (Belief::Calling(call), _) => client.send_offer(&call, None),
            (Belief::Rejoining(call, old), _) => client.send_offer(&call, Some(old)),
            (Belief::Idle | Belief::Ringing(_) | Belief::InCall(_) | Belief::Waiting(_), _) => {}
        }
    }

    fn rejoin(&mut self, user: usize, peer: &str, old: CallId) {
        let new = self.fresh(peer);
        self.clients[user].believe(Belief::Rejoining(new.clone(), old.clone()));
        self.clients[user].send_offer(&new, Some(old));
    }

    fn server_reads(&mut self, user: usize) -> bool {
        let client = &mut self.clients[user];
        let Some(message) = client.up.pop_front() else { return false };
        if message.is_counted() {
            assert_eq!(client.sent.get(client.taken), Some(&message), "{}", USERS[user]);
            client.taken += 1;
        }
        self.world.input(USERS[user], Input::FromClient(message));
        true
    }

    pub(super) fn take(&mut self, step: Step) {
        match step {
            Step::Calls(user, to) => {
                if user != to
                    && !self.clients[user].reloaded
                    && self.clients[user].belief == Belief::Idle
                {
                    let call = self.fresh(USERS[to]);
                    self.clients[user].believe(Belief::Calling(call.clone()));
                    self.clients[user].send_offer(&call, None);
                }
            }
            Step::Answers(user) => {
                if let Belief::Ringing(call) = self.clients[user].belief.clone() {
                    self.clients[user].believe(Belief::InCall(call.clone()));
                    self.clients[user].send_answer(&call);
                }
            }
            Step::SaysSomething(user) => {
                let client = &mut self.clients[user];
                if let Some(call) = client.belief.call().cloned() {
                    client.send_candidate(&call);
                }
            }
            Step::HangsUp(user) => {
                let client = &mut self.clients[user];
                if let Some(call) = client.belief.call().cloned().filter(|_| !client.reloaded) {
                    client.send_leave(&call, LeaveReason::Hangup);
                    client.believe(Belief::Idle);
                }
            }
            Step::Acknowledges(user) => {
                let received = Some(self.clients[user].received as u64);
                if let Socket::Open = self.clients[user].socket {
                    self.clients[user].send(ClientMessage::Ping(Ping { received }));
                }
            }
            Step::ClientReads(user) => drop(self.client_reads(user)),
            Step::ServerReads(user) => drop(self.server_reads(user)),
            Step::Deliver(n) => {
                let ways: Vec<_> = self.world.on_the_way.keys().cloned().collect();
                if !ways.is_empty() {
                    self.world.deliver(&ways[n % ways.len()]);
                }
            }
            Step::Breaks(user) => self.breaks(user),
            Step::IsLost(user, loss) => {
                self.breaks(user);
                self.world.input(USERS[user], Input::Lost(loss));
            }
            Step::ComesBack(user) => self.comes_back(user),
            Step::Reloads(user) => {
                self.breaks(user);
                let client = &mut self.clients[user];
                client.reloaded = true;
                client.belief = Belief::Idle;
            }
            Step::Restarts(roster) => {
                for user in 0..USERS.len() {
                    self.breaks(user);
                }
                self.world.restart(if roster { &USERS } else { &[] });
            }
            Step::TimePasses(seconds) => self.world.pass(Duration::from_secs(seconds)),
        }
    }

    /// Everything that is on its way arrives.
    pub(super) fn settle(&mut self) {
        for _ in 0..10_000 {
            self.world.settle();
            let mut moved = false;
            for user in 0..USERS.len() {
                moved |= self.client_reads(user);
                moved |= self.server_reads(user);
            }
            if !moved && self.world.on_the_way.is_empty() {
                return;
            }
        }
        panic!("it does not come to rest");
    }

    /// Nobody calls or rings for ever, nor waits so for a peer to come back.
    fn gives_up(&mut self, user: usize) {
        let client = &mut self.clients[user];
        if let Belief::Calling(call)
        | Belief::Ringing(call)
        | Belief::Waiting(call)
        | Belief::Rejoining(call, _) = client.belief.clone()
        {
            client.send_leave(&call, LeaveReason::Timeout);
            client.believe(Belief::Idle);
        }
    }

    /// All are back, and nothing is lost any more. Nobody says anything of their own accord.
    pub(super) fn becomes_fair(&mut self) {
        for (user, name) in USERS.into_iter().enumerate() {
            if !matches!(self.clients[user].socket, Socket::Open)
                || self.world.sessions.get(name).is_none_or(|s| s.phase() == &Phase::Ended)
            {
                self.comes_back(user);
            }
        }
        for _ in 0..3 {
            self.settle();
            self.world.pass(LIMITS.ring);
            self.settle();
            for user in 0..USERS.len() {
                self.gives_up(user);
            }
        }
        self.settle();
    }

    pub(super) fn assert_agreement(&self) {
        self.world.assert_agreement();
        for (user, client) in USERS.into_iter().zip(&self.clients) {
            assert_eq!(client.received, self.world.said[user].len(), "{user} missed something");
            assert_eq!(client.taken, client.sent.len(), "something of {user} was missed");
            let phase = self.world.phase(user);
            let agree = match &client.belief {
                Belief::Idle => *phase == Phase::Idle,
                Belief::InCall(call) => *phase == Phase::InCall(call.clone()),
                _ => false,
            };
            assert!(agree, "{user} takes it to be {:?}, and it is {phase:?}", client.belief);
        }
    }
}

/// Does what the bytes say, and then what must come of it is so.
pub(crate) fn check(bytes: &[u8]) {
    let mut bytes = Bytes::new(bytes);
    let mut run = Run::new();
    while !bytes.is_empty() {
        run.take(Step::read(&mut bytes));
    }
    run.becomes_fair();
    run.assert_agreement();
}
