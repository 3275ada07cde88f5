//! What a session does about what its user's client says.

use std::time::Instant;

use protocol::{
    CallId, ClientMessage, ErrorCode, LeaveReason, Offer, Ping, Pong, Raw, Refusal, ServerMessage,
    UserName,
};

use super::{
    Body, Call, CallKey, Continued, Effect, Effects, Held, Phase, Ringing, Session, link::Link,
    over, phase::MAX_OLDER, ringing::Spent,
};

impl Session {
    pub(super) fn on_client(&mut self, now: Instant, message: ClientMessage) -> Effects {
        if message.is_counted() {
            self.count();
        }
        match message {
            ClientMessage::Login(_) => vec![self.already_logged_in()],
            ClientMessage::Ping(Ping { received }) => self.ping(received),
            ClientMessage::Offer(offer) => self.offer(now, offer),
            ClientMessage::Answer(m) => {
                self.within_call(m.name.as_deref(), m.call, |session, call| {
                    session.answer(call, m.answer)
                })
            }
            ClientMessage::Candidate(m) => {
                self.within_call(m.name.as_deref(), m.call, |session, call| {
                    session.candidate(call, m.candidate)
                })
            }
            ClientMessage::Ringing(m) => self.within_call(m.name.as_deref(), m.call, Self::ringing),
            ClientMessage::Leave(m) => {
                let reason = said_by_client(m.reason);
                self.within_call(m.name.as_deref(), m.call, |session, call| {
                    session.leave(call, reason)
                })
            }
        }
    }

    /// It counts all the same, or the two sides would disagree about what was sent.
    pub(super) fn on_unreadable(&mut self, refusal: Option<Refusal>) -> Effects {
        self.count();
        refusal.map(|refusal| Effect::ToClient(ServerMessage::Error(refusal))).into_iter().collect()
    }

    const fn count(&mut self) {
        if let Link::Attached(stream) = &mut self.link {
            stream.count();
        }
    }

    fn ping(&mut self, count: Option<u64>) -> Effects {
        let Link::Attached(stream) = &mut self.link else { return Effects::new() };
        stream.hear();
        if let Some(count) = count {
            stream.acknowledge(count);
        }
        vec![Effect::ToClient(ServerMessage::Pong(Pong { received: stream.received() }))]
    }

    fn offer(&mut self, now: Instant, offer: Offer) -> Effects {
        let Offer { name, offer, call: id, replaces } = offer;
        let peer = match UserName::of_other(&name) {
            Ok(peer) if peer == self.user => {
                let message = "You cannot call yourself.";
                return vec![Effect::error(ErrorCode::BadName, message, Some(&peer), id)];
            }
            Ok(peer) => peer,
            Err(fault) => return vec![Effect::bad_name(fault, id)],
        };
        if self.is_over(&peer, id.as_ref()) {
            return vec![not_in_call("That call is over.", Some(&peer), id)];
        }
        if let Some(old) = replaces {
            return self.rejoin(now, peer, id, &old, offer);
        }
        match &self.phase {
            Phase::Idle => self.call(now, peer, id, offer),
            Phase::Recalling { call, .. } if call.peer == peer && id.as_ref() == call.key.id() => {
                self.call(now, peer, id, offer)
            }
            Phase::Calling { call, .. }
            | Phase::InCall(call)
            | Phase::Restoring { call, .. }
            | Phase::Rejoining { call, .. }
                if call.peer == peer && self.may_mean(id.as_ref()) =>
            {
                let call = call.clone();
                self.reoffer(&call, offer)
            }
            // The offers crossed on their way: glare, see the module. Here our user is the caller of the one call, and
            // the peer of the other.
            Phase::Ringing(Ringing { call, .. })
                if call.peer == peer && (id.is_none() || id.as_ref() != call.key.id()) =>
            {
                self.glare(now, peer, id, offer)
            }
            Phase::Calling { call, .. }
            | Phase::Recalling { call, .. }
            | Phase::Ringing(Ringing { call, .. })
            | Phase::InCall(call)
            | Phase::Restoring { call, .. }
            | Phase::Rejoining { call, .. } => {
                let message =
                    format!("You are in a call with {} already: leave it first.", call.peer);
                vec![Effect::error(ErrorCode::NotInCall, message, Some(&peer), id)]
            }
            Phase::Ended => Effects::new(),
        }
    }

    /// Our user's client offers again within its call.
    fn reoffer(&mut self, call: &Call, offer: Raw) -> Effects {
        if let Phase::Calling { spent, .. } = &mut self.phase
            && !spent.offer()
        {
            let message = "The call was offered too often: wait until it is answered.";
            return vec![rate_limited(message, call)];
        }
        self.say(call, Body::Reoffer(offer))
    }

    /// Our user's client has found a candidate.
    fn candidate(&mut self, call: &Call, candidate: Raw) -> Effects {
        let may = match &mut self.phase {
            Phase::Calling { spent, .. } | Phase::Ringing(Ringing { spent, .. }) => {
                spent.candidate(candidate.as_json().len())
            }
            Phase::Recalling { .. } => {
                let message = "Offer the call first.";
                return vec![not_in_call(message, Some(&call.peer), call.key.id().cloned())];
            }
            _ => true,
        };
        if !may {
            let message = "These were too many candidates: wait until the call is answered.";
            return vec![rate_limited(message, call)];
        }
        self.say(call, Body::Candidate(candidate))
    }

    fn is_over(&self, peer: &UserName, id: Option<&CallId>) -> bool {
        self.past.iter().any(|past| past.peer == *peer && past.key.id() == id)
    }

    /// Our user's client continues an accepted call over a new peer connection.
    fn rejoin(
        &mut self,
        now: Instant,
        peer: UserName,
        id: Option<CallId>,
        old: &CallId,
        offer: Raw,
    ) -> Effects {
        // Said twice, since the client could not know that it had arrived.
        if let Some(call) = self.phase.call().filter(|call| call.peer == peer)
            && id.is_some()
            && call.key.id() == id.as_ref()
            && id.as_ref() != Some(old)
            && self.is_accepted()
        {
            let call = call.clone();
            return self.say(&call, Body::Reoffer(offer));
        }
        let continues = match &self.phase {
            // Our user had accepted it already, and the server has forgotten that.
            Phase::Ringing(Ringing { call, .. })
            | Phase::InCall(call)
            | Phase::Restoring { call, .. }
            | Phase::Rejoining { call, .. } => call.peer == peer && call.key.id() == Some(old),
            Phase::Idle | Phase::Calling { .. } | Phase::Recalling { .. } | Phase::Ended => false,
        };
        let Some(new) = id.clone().filter(|new| continues && new != old) else {
            let message = "There is no such call to continue.";
            return vec![not_in_call(message, Some(&peer), id)];
        };
        let call = Call { peer, key: CallKey::Given(new) };
        if let Err(wait) = self.rejoins.take(now) {
            let seconds = wait.as_secs().max(1);
            let message = format!("The call was continued too often: try again in {seconds} s.");
            return vec![rate_limited(message, &call).after(seconds)];
        }
        if let Phase::Restoring { continued, held, .. } = &mut self.phase {
            // What was said before was for the peer connection that is left now.
            *held = Held::new();
            *continued = Some(Box::new(Continued { key: call.key.clone(), offer: Some(offer) }));
            // The peer may know it by this id already.
            return vec![self.to_peer(&call, Body::Restore)];
        }
        let mut older = vec![CallKey::Given(old.clone())];
        if let Phase::Rejoining { older: before, .. } = &mut self.phase {
            older.append(before);
            older.truncate(MAX_OLDER);
        }
        self.continue_as(now, call, older, offer)
    }

    /// The call goes on under a new id, once the peer answers.
    pub(super) fn continue_as(
        &mut self,
        now: Instant,
        call: Call,
        older: Vec<CallKey>,
        offer: Raw,
    ) -> Effects {
        let Some(old) = older.first().cloned().map(Box::new) else { return Effects::new() };
        let body = Body::Replace { offer, old };
        let effects = vec![self.to_peer(&call, body.clone())];
        let (until, sent) = (now + self.limits.grace, Held::with(body));
        self.enter(Phase::Rejoining { call, older, until, sent }, "our user continues it");
        effects
    }

    fn glare(&mut self, now: Instant, peer: UserName, id: Option<CallId>, offer: Raw) -> Effects {
        // The peer as it spells itself: our client may not know that yet.
        if self.phase.call().is_some_and(|theirs| !self.is_before(&theirs.peer)) {
            return Effects::new();
        }
        // Our client ignores that call. But if it has left its own before it heard of that one, it rings for it, or has even
        // accepted it. Clients that know no ids would take this for the end of their own.
        let dropped = self
            .phase
            .call()
            .filter(|call| call.key.id().is_some() && self.link.is_counted())
            .map(|call| over(call, LeaveReason::Cancelled));
        dropped.into_iter().chain(self.call(now, peer, id, offer)).collect()
    }

    fn call(&mut self, now: Instant, peer: UserName, id: Option<CallId>, offer: Raw) -> Effects {
        let key = id.map_or_else(|| CallKey::Numbered(self.number()), CallKey::Given);
        let call = Call { peer, key };
        let body = Body::Offer(offer);
        let effects = vec![self.to_peer(&call, body.clone())];
        let until = now + self.limits.ring;
        let sent = Held::with(body);
        let spent = Spent::default();
        self.enter(Phase::Calling { call, until, sent, spent }, "our user calls");
        effects
    }

    fn number(&mut self) -> u64 {
        let number = self.next_number;
        self.next_number = number.wrapping_add(1);
        number
    }

    /// Sends something within the call; where the peer may not be there yet, it is held for it.
    pub(super) fn say(&mut self, call: &Call, body: Body) -> Effects {
        match &mut self.phase {
            Phase::Restoring { held, .. } => {
                let bytes = body.size();
                held.push(body, bytes);
                return Effects::new();
            }
            Phase::Calling { sent, .. } | Phase::Rejoining { sent, .. } => {
                sent.push(body.clone(), body.size());
            }
            _ => {}
        }
        vec![self.to_peer(call, body)]
    }

    fn answer(&mut self, call: &Call, answer: Raw) -> Effects {
        self.unanswered = None;
        match self.phase {
            Phase::Ringing(_) => self.enter(Phase::InCall(call.clone()), "our user answers"),
            Phase::InCall(_) | Phase::Restoring { .. } => {}
            Phase::Calling { .. }
            | Phase::Recalling { .. }
            | Phase::Rejoining { .. }
            | Phase::Idle
            | Phase::Ended => {
                let message = "You called: there is nothing to answer yet.";
                return vec![not_in_call(message, Some(&call.peer), call.key.id().cloned())];
            }
        }
        self.say(call, Body::Answer(answer))
    }

    fn ringing(&mut self, call: &Call) -> Effects {
        if matches!(self.phase, Phase::Ringing(_)) {
            vec![self.to_peer(call, Body::Ringing)]
        } else {
            let message = "Nobody is calling you.";
            vec![not_in_call(message, Some(&call.peer), call.key.id().cloned())]
        }
    }

    pub(super) fn leave(&mut self, call: &Call, reason: LeaveReason) -> Effects {
        let mut effects = self.farewell(call, reason);
        effects.extend(self.refuse_beaten());
        self.enter(Phase::Idle, "our user leaves");
        effects
    }

    /// Our user's call is over before it was offered again, and so is the one that it has won over.
    pub(super) fn refuse_beaten(&self) -> Option<Effect> {
        let Phase::Recalling { beaten, .. } = &self.phase else { return None };
        beaten.as_ref().map(|call| self.to_peer(call, Body::Leave(LeaveReason::Declined)))
    }

    fn already_logged_in(&self) -> Effect {
        let message = format!("You are logged in already, as {}.", self.user);
        Effect::error(ErrorCode::AlreadyLoggedIn, message, Some(&self.user), None)
    }

    /// Does what is to be done about a message that must be within the call that the user is in.
    fn within_call(
        &mut self,
        name: Option<&str>,
        id: Option<CallId>,
        act: impl FnOnce(&mut Self, &Call) -> Effects,
    ) -> Effects {
        let Some(call) = self.phase.call().cloned() else {
            let name = name.and_then(|name| UserName::of_other(name).ok());
            return vec![not_in_call("You are not in a call.", name.as_ref(), id)];
        };
        // Most clients write the name as the server does, which spares the parsing.
        if let Some(name) = name.filter(|name| *name != call.peer.as_str()) {
            let name = UserName::of_other(name).ok();
            if name.as_ref() != Some(&call.peer) {
                let message = format!("Your call is with {}.", call.peer);
                return vec![not_in_call(message, name.as_ref(), id)];
            }
        }
        if !self.may_mean(id.as_ref()) {
            return vec![not_in_call("That call is over.", Some(&call.peer), id)];
        }
        act(self, &call)
    }

    /// Whether a message with this id can be meant for the call that our user is in. One without an id is for whatever call
    /// there is.
    fn may_mean(&self, id: Option<&CallId>) -> bool {
        let Some(call) = self.phase.call() else { return false };
        id.is_none_or(|id| self.phase.admits(&call.peer, &CallKey::Given(id.clone())))
    }
}

/// Why a client leaves. What only a server can know, a client cannot say: it would let the peer believe that its session is
/// gone, or that the call went on at another device of its own.
fn said_by_client(reason: Option<LeaveReason>) -> LeaveReason {
    match reason {
        None | Some(LeaveReason::Gone | LeaveReason::AnsweredElsewhere) => LeaveReason::Hangup,
        Some(reason) => reason,
    }
}

fn rate_limited(message: impl Into<String>, call: &Call) -> Effect {
    Effect::error(ErrorCode::RateLimited, message, Some(&call.peer), call.key.id().cloned())
}

fn not_in_call(
    message: impl Into<String>,
    name: Option<&UserName>,
    call: Option<CallId>,
) -> Effect {
    Effect::error(ErrorCode::NotInCall, message, name, call)
}
