//! Clients that count, over sockets that break, pages that are loaded anew and servers that start anew, in whatever order:
//! what is said arrives once and in order, and once all is quiet, everybody agrees.

use std::collections::VecDeque;

use proptest::{collection::vec, prelude::*, sample::select};
use protocol::{
    Answer, CallId, Candidate, ClientMessage, ErrorCode, Leave, LeaveReason, Offer, Outbox, Ping,
    Raw, RelayedOffer, ServerMessage,
};

use super::{Call, Duration, Input, LIMITS, Loss, Phase, Return, Welcomed, World, call_with};

const USERS: [&str; 3] = ["alice", "bob", "carol"];

#[derive(Clone, Debug)]
enum Step {
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

fn step() -> impl Strategy<Value = Step> {
    let user = || 0..USERS.len();
    prop_oneof![
        4 => (user(), user()).prop_map(|(user, to)| Step::Calls(user, to)),
        4 => user().prop_map(Step::Answers),
        3 => user().prop_map(Step::SaysSomething),
        2 => user().prop_map(Step::HangsUp),
        2 => user().prop_map(Step::Acknowledges),
        12 => user().prop_map(Step::ClientReads),
        12 => user().prop_map(Step::ServerReads),
        12 => (0..6_usize).prop_map(Step::Deliver),
        2 => user().prop_map(Step::Breaks),
        2 => (user(), select(&[Loss::Broken, Loss::PageGone][..]))
            .prop_map(|(user, loss)| Step::IsLost(user, loss)),
        4 => user().prop_map(Step::ComesBack),
        2 => user().prop_map(Step::Reloads),
        1 => any::<bool>().prop_map(Step::Restarts),
        1 => (1..40_u64).prop_map(Step::TimePasses),
    ]
}

/// What a client takes itself to be in.
#[derive(Clone, Debug, PartialEq)]
enum Belief {
    Idle,
    Calling(Call),
    Ringing(Call),
    InCall(Call),
    /// It continues the accepted call of the second id under the first.
    Rejoining(Call, CallId),
}

/// A client that follows PROTOCOL.md, and its socket.
struct Client {
    belief: Belief,
    /// What a page finds after it was loaded anew, besides the secret.
    kept: Option<Call>,
    reloaded: bool,
    /// How many messages have come, and what was sent: since both began to count.
    received: usize,
    sent: Vec<ClientMessage>,
    outbox: Outbox<ClientMessage>,
    socket: Socket,
    /// What the server has yet to read.
    up: VecDeque<ClientMessage>,
    /// How many messages the server has read, since both began to count.
    taken: usize,
}

#[derive(Debug)]
enum Socket {
    /// What is sent over it goes nowhere, and nothing comes.
    Broken,
    /// The login is answered, and the client has yet to read that.
    Answered(Welcomed),
    Open,
}

struct Run {
    world: World,
    clients: [Client; 3],
    ids: usize,
}

fn raw() -> Raw {
    Raw::from_json("1".to_owned()).unwrap()
}

impl Belief {
    fn call(&self) -> Option<&Call> {
        match self {
            Self::Idle => None,
            Self::Calling(call)
            | Self::Ringing(call)
            | Self::InCall(call)
            | Self::Rejoining(call, _) => Some(call),
        }
    }

    fn is_in(&self, call: Option<&CallId>) -> bool {
        self.call().is_some_and(|mine| mine.key.id() == call)
    }
}

impl Client {
    fn new() -> Self {
        Self {
            belief: Belief::Idle,
            kept: None,
            reloaded: false,
            received: 0,
            sent: Vec::new(),
            outbox: Outbox::new(),
            socket: Socket::Broken,
            up: VecDeque::new(),
            taken: 0,
        }
    }

    fn believe(&mut self, belief: Belief) {
        self.kept = match &belief {
            Belief::InCall(call) => Some(call.clone()),
            Belief::Rejoining(call, old) => Some(call_with(call.peer.as_str(), old.as_str())),
            _ => None,
        };
        self.belief = belief;
    }

    fn send(&mut self, message: ClientMessage) {
        if self.reloaded {
            // It has nothing to say before it knows where it is.
            return;
        }
        if message.is_counted() {
            self.sent.push(message.clone());
            self.outbox.push(message.clone(), 1).unwrap();
        }
        if let Socket::Open = self.socket {
            self.up.push_back(message);
        }
    }

    fn send_offer(&mut self, call: &Call, replaces: Option<CallId>) {
        let (name, call) = (call.peer.to_string(), call.key.id().cloned());
        self.send(ClientMessage::Offer(Offer { name, offer: raw(), call, replaces }));
    }

    fn send_answer(&mut self, call: &Call) {
        let (name, call) = (Some(call.peer.to_string()), call.key.id().cloned());
        self.send(ClientMessage::Answer(Answer { name, answer: raw(), call }));
    }

    fn send_leave(&mut self, call: &Call, reason: LeaveReason) {
        let (name, call) = (Some(call.peer.to_string()), call.key.id().cloned());
        self.send(ClientMessage::Leave(Leave { name, call, reason: Some(reason) }));
    }

    /// What it says of itself when it logs in.
    fn presents(&self) -> Return {
        let (call, calling) = match &self.belief {
            _ if self.reloaded => (self.kept.clone(), false),
            Belief::Idle => (None, false),
            Belief::Calling(call) => (Some(call.clone()), true),
            Belief::Ringing(call) => (Some(call.clone()), false),
            Belief::InCall(_) | Belief::Rejoining(..) => (self.kept.clone(), false),
        };
        let received = if self.reloaded { 0 } else { self.received as u64 };
        Return { received: Some(received), anew: self.reloaded, call, calling }
    }

    fn on_offer(&mut self, user: &str, offer: &RelayedOffer) {
        let new = call_with(&offer.name, offer.call.as_ref().unwrap().as_str());
        let same_peer = self.belief.call().is_some_and(|call| call.peer == new.peer);
        let again = self.belief.is_in(offer.call.as_ref());
        match &self.belief {
            Belief::Idle => self.believe(Belief::Ringing(new)),
            Belief::Ringing(_) if again => {}
            Belief::InCall(_) if again => self.send_answer(&new),
            Belief::InCall(_) | Belief::Rejoining(..) if same_peer && offer.replaces.is_some() => {
                self.believe(Belief::InCall(new.clone()));
                self.send_answer(&new);
            }
            Belief::Calling(_) if same_peer && user < offer.name.as_str() => {}
            Belief::Calling(_) if same_peer => {
                self.believe(Belief::InCall(new.clone()));
                self.send_answer(&new);
            }
            _ => self.send_leave(&new, LeaveReason::Busy),
        }
    }

    fn on_message(&mut self, user: &str, message: &ServerMessage) {
        match message {
            ServerMessage::Offer(offer) => self.on_offer(user, offer),
            ServerMessage::Answer(answer) if self.belief.is_in(answer.call.as_ref()) => {
                if let Belief::Calling(call) | Belief::Rejoining(call, _) = &self.belief {
                    self.believe(Belief::InCall(call.clone()));
                }
            }
            ServerMessage::Leave(leave) if self.belief.is_in(leave.call.as_ref()) => {
                self.believe(Belief::Idle);
            }
            ServerMessage::Error(error) if self.belief.is_in(error.call.as_ref()) => {
                let over = matches!(error.code, Some(ErrorCode::Offline | ErrorCode::NotInCall));
                if over && matches!(self.belief, Belief::Calling(_) | Belief::Rejoining(..)) {
                    self.believe(Belief::Idle);
                }
            }
            ServerMessage::Pong(pong) => {
                self.outbox.acknowledge(pong.received.unwrap()).unwrap();
            }
            _ => {}
        }
    }
}

impl Run {
    fn new() -> Self {
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

    fn breaks(&mut self, user: usize) {
        self.clients[user].socket = Socket::Broken;
        self.clients[user].up.clear();
        self.world.heard.remove(USERS[user]);
    }

    fn comes_back(&mut self, user: usize) {
        self.breaks(user);
        let back = self.clients[user].presents();
        self.world.returns(USERS[user], back);
        let welcomed = self.world.welcomed.remove(USERS[user]).unwrap();
        if welcomed.received.is_none() {
            self.clients[user].taken = 0;
        }
        self.clients[user].socket = Socket::Answered(welcomed);
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
            Socket::Answered(welcomed) => {
                self.is_welcomed(user, welcomed);
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
                true
            }
        }
    }

    fn is_welcomed(&mut self, user: usize, welcomed: Welcomed) {
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
        let belief = client.belief.clone();
        match (belief, welcomed.call) {
            (_, Some((peer, id))) if reloaded => self.rejoin(user, &peer, id),
            (_, None) if reloaded => client.believe(Belief::Idle),
            (Belief::Calling(call), _) => client.send_offer(&call, None),
            (Belief::Rejoining(call, old), _) => client.send_offer(&call, Some(old)),
            (Belief::Idle | Belief::Ringing(_) | Belief::InCall(_), _) => {}
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

    fn take(&mut self, step: Step) {
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
                if let Some(call) = client.belief.call() {
                    let (name, call) = (Some(call.peer.to_string()), call.key.id().cloned());
                    let candidate = Candidate { name, candidate: raw(), call };
                    client.send(ClientMessage::Candidate(candidate));
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
    fn settle(&mut self) {
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
        if let Belief::Calling(call) | Belief::Ringing(call) | Belief::Rejoining(call, _) =
            client.belief.clone()
        {
            client.send_leave(&call, LeaveReason::Timeout);
            client.believe(Belief::Idle);
        }
    }

    /// All are back, and nothing is lost any more. Nobody says anything of their own accord.
    fn becomes_fair(&mut self) {
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

    fn assert_agreement(&self) {
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

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_000) })]

    /// `check_recipients` watches every step, and every message is compared with what was said.
    #[test]
    fn what_is_said_arrives_once_and_in_order_and_all_agree_in_the_end(
        steps in vec(step(), 0..80)
    ) {
        let mut run = Run::new();
        for step in steps {
            run.take(step);
        }
        run.becomes_fair();
        run.assert_agreement();
    }
}
