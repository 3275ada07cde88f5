//! Tests of the session machine: real machines, and a network in memory that keeps the order within each pair.
//!
//! `hostile`, `liar` and `losses` read what happens from bytes as well: the fuzz target `session` runs them without the rest.

#![cfg_attr(fuzzing, allow(dead_code, unused_imports, reason = "the fuzz target runs some of it"))]

#[cfg(test)]
mod away;
mod bytes;
#[cfg(test)]
mod calls;
mod checks;
#[cfg(test)]
mod expected;
#[cfg(test)]
mod glare;
pub(crate) mod hostile;
pub(crate) mod liar;
pub(crate) mod losses;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod regressions;
#[cfg(test)]
mod rejoin;
#[cfg(test)]
mod restore;
#[cfg(test)]
mod resume;
#[cfg(test)]
mod ringing;
#[cfg(test)]
mod spelling;
#[cfg(test)]
mod strangers;
mod witness;

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use protocol::{CallId, ClientMessage, ServerMessage, UserName};

use super::{
    Body, Call, CallKey, Effect, Effects, Envelope, Input, Limits, Loss, MAX_PAST, Phase, Return,
    Ringing, Session, Welcomed,
};
use checks::checked;

const LIMITS: Limits = Limits {
    ring: Duration::from_secs(60),
    grace: Duration::from_secs(30),
    reload: Duration::from_secs(10),
};

/// Users with their sessions, and what is on its way between these.
#[derive(Clone)]
struct World {
    now: Instant,
    sessions: BTreeMap<String, Session>,
    on_the_way: BTreeMap<(String, String), VecDeque<Envelope>>,
    /// What clients were told and have not looked at yet.
    heard: BTreeMap<String, VecDeque<ServerMessage>>,
    /// What the answer to each client's latest login said.
    welcomed: BTreeMap<String, Welcomed>,
    /// What each session has said to its client since both began to count, also while nobody was there.
    said: BTreeMap<String, Vec<ServerMessage>>,
    logins: u64,
    /// Who looks on, where there is somebody who lies.
    watch: Option<liar::Watch>,
}

impl World {
    fn new(users: &[&str]) -> Self {
        let mut world = Self {
            // Where virtual time begins; no clock is read after this.
            now: Instant::now(),
            sessions: BTreeMap::new(),
            on_the_way: BTreeMap::new(),
            heard: BTreeMap::new(),
            welcomed: BTreeMap::new(),
            said: BTreeMap::new(),
            logins: 0,
            watch: None,
        };
        for user in users {
            world.log_in(user);
        }
        world
    }

    /// A client that does not count its messages logs in, such as the tutorial's.
    fn log_in(&mut self, user: &str) {
        if !self.sessions.contains_key(user) {
            self.returns(user, Return::default());
        }
    }

    /// The session of a user who was here when the server stopped.
    fn expect(&mut self, user: &str) {
        let number = self.number();
        let session = Session::expected(name(user), number, LIMITS, self.now);
        self.sessions.insert(user.to_owned(), session);
    }

    /// Far enough from the last that no two sessions number their calls alike.
    fn number(&mut self) -> u64 {
        self.logins += 1;
        self.logins << 32
    }

    /// A client comes back to its session, or logs in to a new one if there is none.
    fn returns(&mut self, user: &str, back: Return) {
        if !self.sessions.contains_key(user) {
            let session = Session::new(name(user), self.number(), LIMITS);
            self.sessions.insert(user.to_owned(), session);
        }
        self.input(user, Input::Return(back));
    }

    fn lose(&mut self, user: &str) {
        self.input(user, Input::Lost(Loss::Broken));
    }

    /// The server starts anew. It remembers whom to expect.
    fn restart(&mut self, expected: &[&str]) {
        self.sessions.clear();
        self.on_the_way.clear();
        self.said.clear();
        for user in expected {
            self.expect(user);
        }
    }

    /// Time passes, and all that is due in it happens.
    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        loop {
            let due = |session: &Session| session.next_timeout().filter(|due| *due <= until);
            let next = self
                .sessions
                .iter()
                .filter_map(|(user, session)| due(session).map(|due| (due, user.clone())));
            let Some((due, user)) = next.min() else { break };
            self.now = self.now.max(due);
            self.input(&user, Input::TimeIsUp);
            self.settle();
        }
        self.now = until;
    }

    fn phase(&self, user: &str) -> &Phase {
        self.sessions[user].phase()
    }

    /// A client says something; nothing is delivered yet.
    fn says(&mut self, user: &str, json: &str) {
        let message = ClientMessage::decode(json).unwrap();
        self.input(user, Input::FromClient(message));
    }

    /// A client says something, and everything that follows happens.
    fn tells(&mut self, user: &str, json: &str) {
        self.says(user, json);
        self.settle();
    }

    fn input(&mut self, user: &str, input: Input) {
        let Some(session) = self.sessions.get_mut(user) else { return };
        let mut said = Vec::new();
        let now = self.now;
        let mut step = |session: &mut Session, input| {
            let (effects, new) = checked(session, now, input);
            said = new;
            effects
        };
        let effects = match &mut self.watch {
            Some(watch) => watch.watch(user, session, input, step),
            None => step(session, input),
        };
        let all_said = self.said.entry(user.to_owned()).or_default();
        if let Some(Effect::Welcome(Welcomed { received: None, .. })) = effects.first() {
            all_said.clear();
        }
        all_said.extend(said.into_iter().filter(ServerMessage::is_counted));
        // As in the shell: what follows from an effect is done after all that were there before it.
        let mut undeliverable = Vec::new();
        for effect in effects {
            match effect {
                Effect::Welcome(welcomed) => {
                    self.welcomed.insert(user.to_owned(), welcomed);
                }
                Effect::ToClient(message) => {
                    self.heard.entry(user.to_owned()).or_default().push_back(message);
                }
                Effect::ToPeer(to, envelope) => {
                    undeliverable.extend(self.send(user, &to, envelope));
                }
                Effect::End => self.end(user),
            }
        }
        for input in undeliverable {
            self.input(user, input);
        }
    }

    /// Gives what to hand in if there is nobody of that name.
    fn send(&mut self, user: &str, to: &UserName, envelope: Envelope) -> Option<Input> {
        // A name is found under every usual spelling.
        if let Some(found) = self.sessions.values().map(Session::user).find(|user| *user == to) {
            let way = (user.to_owned(), found.to_string());
            self.on_the_way.entry(way).or_default().push_back(envelope);
            return None;
        }
        Some(Input::Undeliverable { to: to.clone(), call: envelope.call })
    }

    /// The name is released, and then the session finds what is left in its mailbox.
    fn end(&mut self, user: &str) {
        let mut ended = self.sessions.remove(user).unwrap();
        self.said.remove(user);
        let ways: Vec<_> = self.on_the_way.keys().filter(|(_, to)| to == user).cloned().collect();
        for way in ways {
            for envelope in self.on_the_way.remove(&way).unwrap() {
                for effect in ended.handle(self.now, Input::FromPeer(envelope)) {
                    let Effect::ToPeer(to, answer) = effect else { panic!("{effect:?}") };
                    // It is over, and does not mind whether that arrives.
                    let _ = self.send(user, &to, answer);
                }
            }
        }
    }

    /// Delivers the first envelope on a way.
    fn deliver(&mut self, way: &(String, String)) {
        let envelope = self.on_the_way.get_mut(way).and_then(VecDeque::pop_front);
        self.on_the_way.retain(|_, envelopes| !envelopes.is_empty());
        if let Some(envelope) = envelope {
            self.input(&way.1, Input::FromPeer(envelope));
        }
    }

    fn settle(&mut self) {
        while let Some(way) = self.on_the_way.keys().next().cloned() {
            self.deliver(&way);
        }
    }

    /// What a client was told since it was last asked, as JSON.
    fn hears(&mut self, user: &str) -> Vec<String> {
        self.heard.remove(user).unwrap_or_default().iter().map(ServerMessage::encode).collect()
    }

    fn hears_nothing(&mut self, user: &str) {
        assert_eq!(self.hears(user), Vec::<String>::new(), "{user}");
    }

    /// Nothing is on its way: whoever is in a call is in it together with its peer.
    fn assert_agreement(&self) {
        assert!(self.on_the_way.is_empty());
        for (user, session) in &self.sessions {
            let Some(call) = session.phase().call() else { continue };
            let peer = self.sessions.get(call.peer.as_str());
            let theirs = peer.map(Session::phase);
            let agree = match (session.phase(), theirs) {
                (Phase::Calling { .. }, Some(Phase::Ringing(Ringing { call: other, .. })))
                | (Phase::Ringing(_), Some(Phase::Calling { call: other, .. }))
                | (Phase::InCall(_), Some(Phase::InCall(other))) => {
                    other.peer.as_str() == user && other.key == call.key
                }
                _ => false,
            };
            assert!(agree, "{user}: {:?}, but {}: {theirs:?}", session.phase(), call.peer);
        }
    }
}

fn name(text: &str) -> UserName {
    UserName::parse(text).unwrap()
}

fn call_id(text: &str) -> CallId {
    CallId::try_from(text.to_owned()).unwrap()
}

fn call_with(peer: &str, id: &str) -> Call {
    Call { peer: name(peer), key: CallKey::Given(call_id(id)) }
}
