//! What comes from the server.

use protocol::{
    CallId, ClientMessage, ErrorCode, Leave, LeaveReason, Refusal, RelayedAnswer, RelayedCandidate,
    RelayedLeave, RelayedOffer, ServerMessage,
    limits::{MAX_MESSAGE_BYTES, MAX_NAME_BYTES},
};

use super::{
    Call, Client, Effect, Millis, PeerOp, Text,
    active::{Active, Path},
};

impl Client {
    pub(super) fn handle_socket_text(&mut self, now: Millis, text: &str) {
        self.heard_server(now);
        self.offline = false;
        // The tutorial's server greets with a text that is not JSON, and newer servers may say more than we know. What is longer
        // than a message may be is none, and would take its time to be read.
        let message = (text.len() <= MAX_MESSAGE_BYTES).then(|| ServerMessage::decode(text));
        if !matches!(&message, Some(Ok(message)) if !message.is_counted()) {
            self.count_received();
        }
        let Some(Ok(message)) = message else { return };
        // Nobody has such a name, and it would take its time to be drawn.
        if name_in(&message).is_some_and(|name| name.len() > MAX_NAME_BYTES) {
            return;
        }
        if let ServerMessage::Login(reply) = message {
            self.handle_login_reply(now, reply);
        } else if self.link.is_up() {
            self.handle_signal(now, message);
        }
    }

    fn handle_signal(&mut self, now: Millis, message: ServerMessage) {
        match message {
            ServerMessage::Login(_) => {}
            ServerMessage::Ice(ice) => self.renew_ice_servers(ice.ice_servers),
            ServerMessage::Pong(pong) => self.handle_pong(pong.received),
            ServerMessage::Offer(offer) => self.handle_offer(now, offer),
            ServerMessage::Ringing(ringing) => {
                if self.is_of_call(ringing.name.as_deref(), ringing.call.as_ref()) {
                    self.handle_ringing(ringing);
                }
            }
            ServerMessage::Answer(answer) => self.handle_answer(now, answer),
            ServerMessage::Candidate(candidate) => self.handle_candidate(candidate),
            ServerMessage::Leave(leave) => self.handle_leave(now, &leave),
            ServerMessage::Error(refusal) => self.handle_error(now, &refusal),
            ServerMessage::Restored(restored) => self.handle_restored(now, restored),
            ServerMessage::Away(away) => self.peer_is_away(&away.name, &away.call, !away.back),
            ServerMessage::Missed(missed) => {
                if !self.is_blocked(&missed.name) {
                    self.note_missed(now, missed.name, missed.guest);
                }
            }
        }
    }

    fn handle_offer(&mut self, now: Millis, offer: RelayedOffer) {
        let renegotiates = matches!(self.call, Call::Active(_))
            && self.is_of_call(Some(&offer.name), offer.call.as_ref());
        let continues = matches!(self.call, Call::Active(_))
            && offer.replaces.is_some()
            && offer.call.is_some()
            && self.is_of_call(Some(&offer.name), offer.replaces.as_ref());
        if renegotiates {
            self.handle_renegotiation(now, offer);
        } else if continues {
            self.handle_replacement(now, offer);
        } else {
            self.handle_new_call(now, offer);
        }
    }

    /// An offer within the call.
    fn handle_renegotiation(&mut self, now: Millis, offer: RelayedOffer) {
        if let Call::Active(Active { next: Some(_), .. }) = &self.call {
            // It is for the peer connection that is still to be built.
            return self.handle_replacement(now, offer);
        }
        if let Call::Active(active) = &mut self.call
            && let Some(ops) = active.leg.negotiation.remote_offer(offer.offer)
        {
            let id = active.leg.id;
            let ops = ops.into_iter().chain([PeerOp::Answer]);
            self.effects.extend(ops.map(|op| Effect::Peer(id, op)));
        }
    }

    fn handle_answer(&mut self, now: Millis, answer: RelayedAnswer) {
        if !self.is_of_call(answer.name.as_deref(), answer.call.as_ref()) {
            return;
        }
        if let Call::Active(active) = &mut self.call {
            if active.next.is_some() {
                return;
            }
            let id = active.leg.id;
            let ops = active.leg.negotiation.remote_answer(answer.answer);
            self.effects.extend(ops.into_iter().map(|op| Effect::Peer(id, op)));
        } else {
            self.handle_first_answer(now, answer);
        }
    }

    fn handle_candidate(&mut self, candidate: RelayedCandidate) {
        if !self.is_of_call(candidate.name.as_deref(), candidate.call.as_ref()) {
            return;
        }
        let leg = match &mut self.call {
            Call::Incoming(_) => return self.keep_candidate(candidate.candidate),
            Call::Idle | Call::Returning(_) => None,
            Call::Outgoing(outgoing) => outgoing.leg_mut(),
            Call::Active(Active { next: Some(next), .. }) => {
                return next.candidates.push(candidate.candidate);
            }
            Call::Active(active) => Some(&mut active.leg),
        };
        if let Some(leg) = leg {
            let op = leg.negotiation.remote_candidate(candidate.candidate);
            self.effects.extend(op.map(|op| Effect::Peer(leg.id, op)));
        }
    }

    fn handle_leave(&mut self, now: Millis, leave: &RelayedLeave) {
        if !self.is_of_call(leave.name.as_deref(), leave.call.as_ref())
            && !self.continues(leave.name.as_deref(), leave.call.as_ref())
        {
            return;
        }
        let text = match (&self.call, leave.reason) {
            (Call::Idle, _) => return,
            (Call::Incoming(_), Some(LeaveReason::AnsweredElsewhere)) => Text::AnsweredElsewhere,
            (Call::Incoming(_), _) => return self.miss_call(now),
            (_, Some(LeaveReason::Gone)) => Text::PeerGone,
            (_, Some(LeaveReason::DeviceFailed)) => Text::PeerFailed,
            (_, Some(LeaveReason::NoPath)) => self.no_path(),
            (_, Some(LeaveReason::RelayRefused)) => Text::RelayRefused,
            (_, Some(LeaveReason::Lost)) => Text::PathLost,
            // Both ends look for a path; whoever gives up first tells the other, who sees what it was.
            (Call::Active(active), Some(LeaveReason::Failed)) => match active.path {
                Path::Connecting { .. } => Text::PathFailed,
                Path::Broken { .. } => Text::PathLost,
                Path::Connected { .. } => Text::PeerFailed,
            },
            (Call::Outgoing(_) | Call::Returning(_), Some(LeaveReason::Failed)) => Text::PeerFailed,
            (_, Some(LeaveReason::Busy)) => Text::Busy,
            (Call::Outgoing(_), Some(LeaveReason::Timeout)) => Text::NoAnswer,
            (Call::Outgoing(outgoing), _) if outgoing.replaces.is_some() => Text::EndedByPeer,
            // The tutorial's server gives no reason: whoever leaves before the answer has declined.
            (Call::Outgoing(_), _) => Text::Declined,
            (Call::Active(_) | Call::Returning(_), _) => Text::EndedByPeer,
        };
        self.end_call(text);
    }

    /// Whether this is the peer and the id of the accepted call that the page continues.
    fn continues(&self, name: Option<&str>, id: Option<&CallId>) -> bool {
        matches!(&self.call, Call::Outgoing(outgoing)
            if id.is_some() && outgoing.replaces.as_ref() == id && name == Some(&*outgoing.peer))
    }

    /// Whether an error is about a message of the current call: it names what that was for only where it matters.
    fn is_about_call(&self, refusal: &Refusal) -> bool {
        let (id, name) = (refusal.call.as_ref(), refusal.name.as_deref());
        !matches!(self.call, Call::Idle)
            && (id.is_none() || id == self.call_id())
            && name.is_none_or(|name| self.is_peer(name, id))
    }

    fn handle_error(&mut self, now: Millis, refusal: &Refusal) {
        let Some(code) = refusal.code else { return };
        if refusal.call.is_none()
            && code == ErrorCode::BadName
            && matches!(self.call, Call::Outgoing(_))
        {
            return self.refuse_callee(refusal);
        }
        if !self.is_about_call(refusal) {
            return;
        }
        self.learn_spelling(refusal.name.clone());
        let names_it = refusal.call.is_some();
        match (&self.call, code) {
            (Call::Outgoing(_), ErrorCode::Offline) => self.end_call(Text::Offline),
            (Call::Outgoing(_), ErrorCode::BadName) => self.refuse_callee(refusal),
            (Call::Outgoing(_), ErrorCode::RateLimited | ErrorCode::Unavailable) => {
                self.end_call(Text::refused(refusal.seconds));
                if let Some(notice) = &mut self.notice {
                    notice.message.seconds = refusal.seconds.map(u64::from);
                }
            }
            // The server has this user in another call, which this page knows nothing of: it is left as well.
            (Call::Outgoing(outgoing), ErrorCode::NotInCall) if outgoing.replaces.is_some() => {
                self.end_call(Text::EndedByPeer);
            }
            (Call::Outgoing(_), ErrorCode::NotInCall) => {
                let leave = Leave { name: None, call: None, reason: Some(LeaveReason::Failed) };
                self.send(ClientMessage::Leave(leave));
                self.end_call(Text::DeviceFailed);
            }
            // This user gave up a call of their own just as the other's came, and the server let that one go for it.
            (Call::Incoming(_), ErrorCode::NotInCall) if names_it => self.miss_call(now),
            (Call::Active(_) | Call::Returning(_), ErrorCode::NotInCall) if names_it => {
                self.end_call(Text::EndedByPeer);
            }
            (Call::Outgoing(_) | Call::Active(_), ErrorCode::TooLarge) => {
                self.fail(Text::DeviceFailed)
            }
            _ => {}
        }
    }

    /// The name that was called is none: said beside the field where it was typed.
    fn refuse_callee(&mut self, refusal: &Refusal) {
        let is_self = refusal.name.is_some() && refusal.name.as_deref() == self.link.name();
        self.end_call(Text::CalleeBad);
        self.notice = None;
        self.bad_character = refusal.fault.and_then(|fault| fault.character);
        self.callee_error = Some(if is_self {
            Text::CalleeSelf
        } else {
            Text::of_fault(refusal.fault, Text::CalleeBad)
        });
    }
}

/// Whom a message names.
fn name_in(message: &ServerMessage) -> Option<&str> {
    match message {
        ServerMessage::Offer(offer) => Some(&offer.name),
        ServerMessage::Answer(answer) => answer.name.as_deref(),
        ServerMessage::Candidate(candidate) => candidate.name.as_deref(),
        ServerMessage::Ringing(ringing) => ringing.name.as_deref(),
        ServerMessage::Leave(leave) => leave.name.as_deref(),
        ServerMessage::Error(refusal) => refusal.name.as_deref(),
        ServerMessage::Restored(restored) => Some(&restored.name),
        ServerMessage::Missed(missed) => Some(&missed.name),
        ServerMessage::Away(away) => Some(&away.name),
        ServerMessage::Login(_) | ServerMessage::Ice(_) | ServerMessage::Pong(_) => None,
    }
}
