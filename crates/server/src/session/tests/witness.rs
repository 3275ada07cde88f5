//! A witness of calls: who is in which call, whatever names they have. It knows what no server can know, and says when
//! somebody who is not in a call touches it.
//!
//! The tests of the sessions, the simulation and the model look through the same eyes: this file is a module of each.

#![allow(
    unreachable_pub,
    reason = "the model sees what is public here, and nobody what is in the tests of the sessions"
)]

use std::collections::{BTreeMap, BTreeSet};

use protocol::{CallId, ClientMessage, LoginReply, Raw, ServerMessage, UserName};

use super::{Body, Effect, Effects, Envelope, Input, Phase, Return, Session, Welcomed};

/// What stands in every description and candidate of somebody who lies, so that it is known wherever it comes out.
pub const MARK: &str = "liar";

/// A person, whatever their name is now. A name is theirs for as long as their session lives, and may be another's then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Person {
    /// A user whose client follows the protocol.
    Honest(usize),
    /// One who says whatever they like.
    Liar,
}

/// Why something happens to a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Its own client, its socket or its deadline.
    Own,
    /// The login that it was made for: neither did its client bring its token, nor did the server remember it.
    FirstLogin,
    /// The session of this person has sent something.
    From(Person),
}

/// The calls that there were, as they really are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Witness {
    calls: BTreeMap<CallId, Parties>,
    /// Who has named which call in a login since the server's last start.
    named: BTreeSet<(CallId, Person)>,
    /// Whom the liar has called under an id that it knows, whosever it is.
    lent: BTreeSet<(CallId, Person)>,
}

/// The two of a call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Parties {
    caller: Person,
    /// The one whom the caller's offer reached last; the one who answered it, once it is answered.
    callee: Option<Person>,
    answered: bool,
    /// The caller's client has said since that it has heard no answer.
    recalled: bool,
    /// All whom the offer has reached. They may know the id.
    reached: BTreeSet<Person>,
    /// One of the two has left.
    over: bool,
}

impl Parties {
    fn has(&self, person: Person) -> bool {
        self.caller == person || self.callee == Some(person)
    }

    fn two(&self) -> [Option<Person>; 2] {
        let mut two = [Some(self.caller), self.callee];
        two.sort();
        two
    }

    fn may_know(&self, person: Person) -> bool {
        self.has(person) || self.reached.contains(&person)
    }
}

impl Witness {
    /// Somebody's client says this to the server.
    pub fn says(&mut self, person: Person, message: &ClientMessage) {
        let ClientMessage::Offer(offer) = message else { return };
        let Some(id) = &offer.call else { return };
        if offer.replaces.is_some() {
            // It stands for the call that is continued.
            self.named.insert((id.clone(), person));
        }
        if self.calls.contains_key(id) {
            return;
        }
        let continued = offer.replaces.as_ref().and_then(|old| self.calls.get(old));
        let parties = match continued.filter(|parties| parties.has(person)) {
            Some(parties) => parties.clone(),
            None => Parties {
                caller: person,
                callee: None,
                answered: false,
                recalled: false,
                reached: BTreeSet::new(),
                over: false,
            },
        };
        self.calls.insert(id.clone(), parties);
    }

    /// Takes the session of `person` through a step, and looks at what comes of it.
    ///
    /// # Errors
    /// Says what happened that never may.
    pub fn watch(
        &mut self,
        person: Person,
        cause: Cause,
        session: &mut Session,
        input: Input,
        step: impl FnOnce(&mut Session, Input) -> Effects,
    ) -> (Effects, Result<(), &'static str>) {
        if let Input::Return(Return { call: Some(call), continued, calling, .. }) = &input {
            if let Some(parties) = call.key.id().and_then(|id| self.calls.get_mut(id))
                && parties.caller == person
            {
                parties.recalled |= calling;
            }
            let keys = [Some(&call.key), continued.as_ref()].into_iter().flatten();
            self.named.extend(keys.filter_map(|key| Some((key.id()?.clone(), person))));
        }
        let guard = match (&input, cause) {
            (Input::FromPeer(envelope), Cause::From(from)) => {
                self.guard(person, from, session, envelope)
            }
            _ => None,
        };
        let before = session.phase().call().and_then(|call| call.key.id()).cloned();
        let stood = matches!(session.phase(), Phase::InCall(_) | Phase::Rejoining { .. });
        let effects = step(session, input);
        let held = guard
            .map_or(Ok(()), |guard| guard.check(session, &effects))
            .and_then(|()| self.is_confirmed(person, before.as_ref().filter(|_| stood), &effects))
            .and_then(|()| speaks_to_nobody(cause, &effects));
        self.was_in(person, before.as_ref(), session);
        for effect in &effects {
            if let Effect::ToClient(ServerMessage::Leave(leave)) = effect {
                // Also where the session knew nothing of the call: whatever its client takes itself to be in, it is told.
                self.was_in(person, leave.call.as_ref(), session);
            }
        }
        if effects.contains(&Effect::End) {
            self.is_gone(person);
        }
        (effects, held)
    }

    /// What the session of `from` has sent is about to reach the session of `person`. It may be about a call whose other end was
    /// there under this name before: then the session drops it, and its client never hears of it.
    fn guard(
        &mut self,
        person: Person,
        from: Person,
        session: &Session,
        envelope: &Envelope,
    ) -> Option<Guard> {
        if let Some(parties) = envelope.call.id().and_then(|id| self.calls.get_mut(id)) {
            let both = [Some(parties.caller), parties.callee];
            if both.into_iter().flatten().all(|person| person == Person::Liar) {
                // One with itself is none: the liar may give its id to another.
                (parties.callee, parties.answered, parties.over) = (None, false, false);
            }
            match &envelope.body {
                // Whoever has the name now, as long as the caller's client has heard no answer.
                Body::Offer(_)
                    if parties.caller == from && (!parties.answered || parties.recalled) =>
                {
                    parties.callee = Some(person);
                    (parties.answered, parties.recalled) = (false, false);
                    parties.reached.insert(person);
                }
                Body::Answer(_) if parties.has(person) && parties.has(from) => {
                    parties.answered = true;
                }
                _ => {}
            }
        }
        if let (Person::Liar, Body::Offer(_) | Body::Replace { .. }, Some(id)) =
            (from, &envelope.body, envelope.call.id())
        {
            self.lent.insert((id.clone(), person));
        }
        let call = session.phase().call()?;
        let parties = self.calls.get(call.key.id()?)?;
        if person == Person::Liar || !parties.has(person) || parties.has(from) {
            return None;
        }
        // What the other has left can be ended by anybody, but not taken up.
        if parties.over && matches!(envelope.body, Body::Offer(_) | Body::Leave(_)) {
            return None;
        }
        // A call that has reached nobody is one to whoever has the name, under its id.
        if parties.callee.is_none() && call.is(&envelope.from, &envelope.call) {
            return None;
        }
        // They may call as well, also if it has no answer yet: the offers of the two may cross.
        let is_open = parties.callee.is_none()
            || matches!(session.phase(), Phase::Calling { .. } | Phase::Recalling { .. });
        let by_name = is_open && call.peer == envelope.from;
        let what = match &envelope.body {
            Body::Offer(_) if by_name => return None,
            Body::Offer(_) => "a stranger's call ends a call",
            Body::Reoffer(_) => "a stranger offers within a call",
            Body::Ringing | Body::Candidate(_) => "a stranger is heard within a call",
            Body::Answer(_) => "a stranger answers a call",
            Body::Leave(_) => "a stranger ends a call",
            Body::Restore | Body::Restored => "a stranger restores a call",
            Body::Replace { .. } => "a stranger continues a call",
            Body::Away { .. } => "a stranger goes away from a call",
        };
        Some(Guard { before: session.phase().clone(), stranger: envelope.from.clone(), what })
    }

    /// The session of `person` was in this call before the last step.
    fn was_in(&mut self, person: Person, before: Option<&CallId>, session: &Session) {
        let after = session.phase().call().and_then(|call| call.key.id());
        let Some(before) = before.filter(|before| after != Some(before)) else { return };
        let Some(parties) = self.calls.get(before) else { return };
        let goes_on = after.and_then(|after| self.calls.get(after)).map(Parties::two);
        if parties.has(person)
            && goes_on != Some(parties.two())
            && let Some(parties) = self.calls.get_mut(before)
        {
            parties.over = true;
        }
    }

    /// The session of `person` has ended, and so have their calls.
    fn is_gone(&mut self, person: Person) {
        self.calls.values_mut().filter(|parties| parties.has(person)).for_each(|parties| {
            parties.over = true;
        });
    }

    /// The server has been restarted.
    pub fn restarts(&mut self) {
        self.named.clear();
    }

    /// A client is told that a call stands only if it stood in its session all the while, or both clients have named it.
    fn is_confirmed(
        &self,
        person: Person,
        stood: Option<&CallId>,
        effects: &[Effect],
    ) -> Result<(), &'static str> {
        let confirmed = effects.iter().find_map(|effect| match effect {
            Effect::Welcome(Welcomed { call: Some((_, id)), .. }) => Some(id),
            Effect::ToClient(ServerMessage::Restored(restored)) => Some(&restored.call),
            _ => None,
        });
        match confirmed {
            // Who has both names restores what they like.
            _ if person == Person::Liar => Ok(()),
            Some(id) if stood != Some(id) && !self.both_named(id, person) => {
                Err("a call is confirmed that only its own client has named")
            }
            _ => Ok(()),
        }
    }

    fn both_named(&self, id: &CallId, person: Person) -> bool {
        let Some(parties) = self.calls.get(id) else { return false };
        let other = if parties.caller == person { parties.callee } else { Some(parties.caller) };
        parties.has(person) && other.is_some_and(|other| self.named.contains(&(id.clone(), other)))
    }

    /// Somebody's client is told this.
    ///
    /// # Errors
    /// Says that it is of a call of others, or comes from outside the call.
    pub fn hears(&self, person: Person, message: &ServerMessage) -> Result<(), &'static str> {
        let (ids, raw) = told(message);
        for id in ids.into_iter().flatten() {
            let Some(parties) = self.calls.get(id) else { continue };
            // The liar may give an id that it knows to calls with others.
            let is_lent = self.lent.contains(&(id.clone(), person));
            let may_hear = match raw {
                Some(raw) if is_marked(raw) => is_lent || parties.has(person),
                Some(_) => parties.has(person),
                None => is_lent || parties.may_know(person),
            };
            if !may_hear {
                return Err("a stranger hears of a call");
            }
            if raw.is_some_and(is_marked) && !is_lent && !parties.has(Person::Liar) {
                return Err("a stranger is heard in a call");
            }
        }
        Ok(())
    }
}

/// Whether somebody who lies has made it.
pub fn is_marked(raw: &Raw) -> bool {
    raw.as_json().contains(MARK)
}

/// A login that begins a session speaks to nobody: it would tell its client who is there, or touch the calls of others.
fn speaks_to_nobody(cause: Cause, effects: &[Effect]) -> Result<(), &'static str> {
    let speaks = effects.iter().any(|effect| matches!(effect, Effect::ToPeer(..)));
    match cause {
        Cause::FirstLogin if speaks => Err("a login without a session is heard by others"),
        _ => Ok(()),
    }
}

/// A session to which somebody says something who is not in its call: nothing may come of that.
struct Guard {
    before: Phase,
    stranger: UserName,
    what: &'static str,
}

impl Guard {
    /// At most the stranger is told that there is no such call, and the user that somebody else has called.
    fn check(&self, after: &Session, effects: &[Effect]) -> Result<(), &'static str> {
        let is_harmless = |effect: &Effect| match effect {
            Effect::ToPeer(to, envelope) => {
                *to == self.stranger && matches!(envelope.body, Body::Leave(_))
            }
            Effect::ToClient(message) => matches!(message, ServerMessage::Missed(_)),
            Effect::Welcome(_) | Effect::End => false,
        };
        let is_unmoved = *after.phase() == self.before && effects.iter().all(is_harmless);
        if is_unmoved { Ok(()) } else { Err(self.what) }
    }
}

/// The calls that a message is of, and what it brings from a peer.
fn told(message: &ServerMessage) -> ([Option<&CallId>; 2], Option<&Raw>) {
    match message {
        ServerMessage::Login(LoginReply::Welcome(welcome)) => ([welcome.call.as_ref(), None], None),
        ServerMessage::Offer(m) => ([m.call.as_ref(), m.replaces.as_ref()], Some(&m.offer)),
        ServerMessage::Answer(m) => ([m.call.as_ref(), None], Some(&m.answer)),
        ServerMessage::Candidate(m) => ([m.call.as_ref(), None], Some(&m.candidate)),
        ServerMessage::Ringing(m) => ([m.call.as_ref(), None], None),
        ServerMessage::Leave(m) => ([m.call.as_ref(), None], None),
        ServerMessage::Error(m) => ([m.call.as_ref(), None], None),
        ServerMessage::Restored(m) => ([Some(&m.call), None], None),
        ServerMessage::Away(m) => ([Some(&m.call), None], None),
        ServerMessage::Missed(m) => ([m.call.as_ref(), None], None),
        ServerMessage::Login(LoginReply::Refused { .. })
        | ServerMessage::Pong(_)
        | ServerMessage::Ice(_) => ([None, None], None),
    }
}
