//! Two users who follow the protocol, over all that can be lost, and somebody who lies in every field of every message, under
//! names that become free: nothing that the liar does touches a call of the two, and once the liar is gone they agree.

use protocol::{CallId, ClientMessage, LoginReply, ServerMessage};

use super::{
    Call, CallKey, Input, Loss, Return,
    bytes::Bytes,
    call_id,
    losses::{Run, Step, USERS},
    name,
    witness::{Cause, MARK, Person, Witness},
};

/// Whom a lie may name, besides the one that is the other of the two for whoever has the name under which it is said.
const NAMES: [&str; 6] = ["alice", "bob", "carol", "BOB", "dave", ""];

/// The kinds of messages, with what each needs.
const KINDS: [&str; 8] =
    ["offer", "offer", "offer", "answer", "candidate", "ringing", "leave", "ping"];

const REASONS: [&str; 4] = ["hangup", "gone", "answered_elsewhere", "busy"];

/// Does what the bytes say, and checks what comes of it at every step.
pub(crate) fn check(bytes: &[u8]) {
    let mut bytes = Bytes::new(bytes);
    let mut beside = Beside::new();
    if bytes.below(4) > 0 {
        beside.begin_call();
    }
    while !bytes.is_empty() {
        beside.step(&mut bytes);
    }
    beside.liar_leaves();
    beside.run.world.watch = None;
    beside.run.becomes_fair();
    beside.run.assert_agreement();
}

/// What the world looks through at each step of a session.
#[derive(Clone)]
pub(super) struct Watch {
    witness: Witness,
    /// Who has each name, or had it last.
    owners: std::collections::BTreeMap<String, Person>,
    /// Whether the next login begins a session.
    is_first: bool,
}

impl Watch {
    fn owner(&self, name: &str) -> Option<Person> {
        self.owners.get(name).copied()
    }

    /// Takes the session of this name through a step.
    pub(super) fn watch(
        &mut self,
        user: &str,
        session: &mut super::Session,
        input: Input,
        step: impl FnOnce(&mut super::Session, Input) -> super::Effects,
    ) -> super::Effects {
        let person = self.owners[user];
        let cause = match &input {
            Input::FromPeer(envelope) => Cause::From(self.owners[envelope.from.as_str()]),
            Input::Return(_) if std::mem::take(&mut self.is_first) => Cause::FirstLogin,
            _ => Cause::Own,
        };
        if let Input::FromClient(message) = &input {
            self.witness.says(person, message);
        }
        let (effects, held) = self.witness.watch(person, cause, session, input, step);
        assert_eq!(held, Ok(()), "{user}");
        for effect in &effects {
            if let super::Effect::ToClient(message) = effect {
                assert_eq!(self.witness.hears(person, message), Ok(()), "{user}: {message:?}");
            }
        }
        effects
    }
}

/// The two, and the liar beside them.
struct Beside {
    run: Run,
    /// The ids of calls that the liar has heard.
    heard: Vec<CallId>,
}

impl Beside {
    fn new() -> Self {
        let mut run = Run::new();
        let owners = USERS.iter().enumerate().map(|(user, name)| {
            let person = if user == LIAR { Person::Liar } else { Person::Honest(user) };
            ((*name).to_owned(), person)
        });
        run.world.watch =
            Some(Watch { witness: Witness::default(), owners: owners.collect(), is_first: false });
        Self { run, heard: Vec::new() }
    }

    /// The two are in a call.
    fn begin_call(&mut self) {
        for step in [Step::Calls(0, 1), Step::Answers(1)] {
            self.run.take(step);
            self.run.settle();
        }
    }

    fn step(&mut self, bytes: &mut Bytes<'_>) {
        match bytes.below(4) {
            0 | 1 => self.lie(bytes),
            _ => self.honest(Step::read(bytes)),
        }
        self.liar_hears();
    }

    /// A step of the two, or of what lies between them.
    fn honest(&mut self, step: Step) {
        match step {
            Step::Calls(LIAR, _)
            | Step::Answers(LIAR)
            | Step::SaysSomething(LIAR)
            | Step::HangsUp(LIAR)
            | Step::Acknowledges(LIAR)
            | Step::ClientReads(LIAR)
            | Step::ServerReads(LIAR)
            | Step::Breaks(LIAR)
            | Step::IsLost(LIAR, _)
            | Step::ComesBack(LIAR)
            | Step::Reloads(LIAR) => {}
            Step::ComesBack(user) => self.comes_back(user),
            // What is lost is lost by the session that the user has, if they have one.
            Step::IsLost(user, _) if !self.has(user) => {}
            Step::Restarts(has_roster) => self.restarts(has_roster),
            step => self.run.take(step),
        }
    }

    /// The roster has those who are there, whoever they are.
    fn restarts(&mut self, has_roster: bool) {
        self.watch().witness.restarts();
        let sessions = &self.run.world.sessions;
        let here: Vec<_> = sessions.keys().filter(|_| has_roster).cloned().collect();
        (0..USERS.len()).for_each(|user| self.run.breaks(user));
        self.run.world.restart(&here.iter().map(String::as_str).collect::<Vec<_>>());
    }

    fn watch(&mut self) -> &mut Watch {
        self.run.world.watch.as_mut().unwrap()
    }

    fn has(&mut self, user: usize) -> bool {
        let is_owner = self.watch().owner(USERS[user]) == Some(Person::Honest(user));
        is_owner && self.run.world.sessions.contains_key(USERS[user])
    }

    fn comes_back(&mut self, user: usize) {
        if self.has(user) {
            return self.run.comes_back(user);
        }
        if self.takes(USERS[user], Person::Honest(user)) {
            self.run.comes_back(user);
        } else {
            self.run.is_refused(user);
        }
    }

    /// Whether a name is free; then it is this person's.
    fn takes(&mut self, name: &str, person: Person) -> bool {
        if self.run.world.sessions.contains_key(name) {
            return false;
        }
        // What was said under this name before is said before what is said under it now.
        let ways: Vec<_> = self.run.world.on_the_way.keys().cloned().collect();
        for way in ways.into_iter().filter(|(from, _)| from == name) {
            while self.run.world.on_the_way.contains_key(&way) {
                self.run.world.deliver(&way);
            }
        }
        let watch = self.watch();
        watch.owners.insert(name.to_owned(), person);
        watch.is_first = true;
        true
    }

    /// The names that are the liar's now.
    fn lines(&mut self) -> Vec<String> {
        let owners = self.watch().owners.clone();
        let world = &self.run.world;
        owners
            .into_iter()
            .filter(|(name, owner)| *owner == Person::Liar && world.sessions.contains_key(name))
            .map(|(name, _)| name)
            .collect()
    }

    fn lie(&mut self, bytes: &mut Bytes<'_>) {
        let kind = bytes.below(8);
        if kind < 3 {
            let wanted = ["alice", "bob", "carol"][bytes.below(3)];
            let back = self.comes_back_as(wanted, bytes);
            let is_own = self.lines().iter().any(|name| name == wanted);
            if is_own || self.takes(wanted, Person::Liar) {
                self.run.world.returns(wanted, back);
            }
            return;
        }
        let lines = self.lines();
        let line = bytes.below(3);
        if lines.is_empty() {
            return;
        }
        let user = &lines[line % lines.len()];
        let input = match kind {
            7 => match bytes.below(3) {
                0 => Input::Lost(Loss::Broken),
                1 => Input::Lost(Loss::PageGone),
                _ => Input::Left,
            },
            _ => Input::FromClient(ClientMessage::decode(&self.message(user, bytes)).unwrap()),
        };
        self.run.world.input(user, input);
    }

    fn id(&self, bytes: &mut Bytes<'_>) -> Option<CallId> {
        match bytes.below(9) {
            0 => None,
            1..=3 => Some(call_id("guess")),
            4 => Some(call_id("another")),
            n => self.heard.iter().nth_back(n - 5).cloned(),
        }
    }

    fn comes_back_as(&self, user: &str, bytes: &mut Bytes<'_>) -> Return {
        let peer = [other(user), other(user), "carol", user][bytes.below(4)];
        // A login lets nobody name themselves as their peer.
        let id = self.id(bytes).filter(|_| peer != user);
        Return {
            received: Some(bytes.below(4) as u64).filter(|count| *count < 3),
            anew: bytes.below(2) == 1,
            call: id.map(|id| Call { peer: name(peer), key: CallKey::Given(id) }),
            calling: bytes.below(3) == 0,
            continued: self.id(bytes).map(CallKey::Given),
            guest: false,
        }
    }

    fn message(&self, user: &str, bytes: &mut Bytes<'_>) -> String {
        let kind = KINDS[bytes.below(KINDS.len())];
        let name = match bytes.below(16) {
            n if n < NAMES.len() => format!(r#","name":"{}""#, NAMES[n]),
            n if n < 12 || kind == "offer" => format!(r#","name":"{}""#, other(user)),
            _ => String::new(),
        };
        let mut id = |field| match self.id(bytes) {
            Some(id) => format!(r#","{field}":"{}""#, id.as_str()),
            None => String::new(),
        };
        let call = id("call");
        let rest = match kind {
            "offer" => format!(r#","offer":"{MARK}"{}"#, id("replaces")),
            "answer" => format!(r#","answer":"{MARK}""#),
            "candidate" => format!(r#","candidate":"{MARK}""#),
            "leave" => format!(r#","reason":"{}""#, REASONS[bytes.below(REASONS.len())]),
            _ => String::new(),
        };
        format!(r#"{{"type":"{kind}"{name}{call}{rest}}}"#)
    }

    fn liar_hears(&mut self) {
        for name in self.lines() {
            let welcomed = self.run.world.welcomed.remove(&name);
            let told = welcomed.and_then(|welcomed| welcomed.call).map(|(_, id)| id);
            let messages = self.run.world.heard.remove(&name).unwrap_or_default();
            let ids = messages.into_iter().filter_map(|message| match message {
                ServerMessage::Login(LoginReply::Welcome(welcome)) => welcome.call,
                ServerMessage::Offer(offer) => offer.call,
                ServerMessage::Answer(answer) => answer.call,
                ServerMessage::Candidate(candidate) => candidate.call,
                ServerMessage::Leave(leave) => leave.call,
                _ => None,
            });
            self.heard.extend(told.into_iter().chain(ids));
            self.heard.dedup();
        }
    }

    fn liar_leaves(&mut self) {
        for name in self.lines() {
            self.run.world.input(&name, Input::Left);
        }
    }
}

/// The other of the two, for whoever has this name.
fn other(user: &str) -> &'static str {
    if user == "alice" { "bob" } else { "alice" }
}

/// Whose part in [`Run`] the liar has.
const LIAR: usize = 2;

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    #[test]
    fn the_seeds_of_the_fuzz_target_hold() {
        super::super::bytes::check_seeds("liar", super::check);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_000) })]

        #[test]
        fn nothing_that_a_liar_does_touches_a_call_of_others(bytes in vec(any::<u8>(), 0..600)) {
            super::check(&bytes);
        }
    }
}
