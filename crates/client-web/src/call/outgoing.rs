//! A call that this user makes, until it is answered.

use protocol::{
    CallId, ClientMessage, LeaveReason, Offer, Raw, RelayedAnswer, RelayedRinging,
    limits::RING_TIMEOUT,
};

use super::{
    Call, Client, Effect, Link, Millis, PeerId, PeerOp, Text,
    active::{Active, Leg, RECONNECT_TIMEOUT},
    devices::Outcome,
    early::EarlyCandidates,
    negotiation::Description,
};

/// A call that this user makes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Outgoing {
    pub(super) peer: String,
    /// Whether the name is known to be as the server spells it, and not only as it was typed.
    pub(super) spelled: bool,
    /// Whether the peer is a guest, as far as that is known.
    pub(super) guest: bool,
    pub(super) call: CallId,
    pub(super) stage: Stage,
    pub(super) note: Option<Text>,
    /// The accepted call that this one continues, after the page was loaded anew.
    pub(super) replaces: Option<CallId>,
    /// The candidates that the browser found, held back until the callee accepts: nobody learns where this user is by
    /// letting it ring.
    pub(super) candidates: EarlyCandidates,
}

/// How far it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Stage {
    /// Camera and microphone are being opened.
    Media,
    /// The browser makes the offer.
    Offering(Leg),
    /// The offer is sent.
    Sent { leg: Leg, offer: Raw, ringing: bool, until: Millis },
}

impl Stage {
    pub(super) fn into_leg(self) -> Option<Leg> {
        match self {
            Self::Media => None,
            Self::Offering(leg) | Self::Sent { leg, .. } => Some(leg),
        }
    }
}

impl Outgoing {
    pub(super) const fn next_timeout(&self) -> Option<Millis> {
        match self.stage {
            Stage::Media | Stage::Offering(_) => None,
            Stage::Sent { until, .. } => Some(until),
        }
    }

    pub(super) fn is_over(&self, now: Millis) -> bool {
        self.next_timeout().is_some_and(|until| until <= now)
    }

    /// Whether the server has heard of this call.
    pub(super) const fn is_known_to_server(&self) -> bool {
        matches!(self.stage, Stage::Sent { .. })
    }

    pub(super) const fn leg_mut(&mut self) -> Option<&mut Leg> {
        match &mut self.stage {
            Stage::Media => None,
            Stage::Offering(leg) | Stage::Sent { leg, .. } => Some(leg),
        }
    }
}

impl Client {
    pub(super) fn start_call(&mut self, now: Millis, name: &str) {
        let Link::Up(session) = &self.link else { return };
        let own_name = session.name.clone();
        let (name, spelled) = spelling(name.trim(), session.knows_ours);
        if !matches!(self.call, Call::Idle) {
            return;
        }
        self.callee_error = match &*name {
            "" => Some(Text::CalleeEmpty),
            name if name == own_name => Some(Text::CalleeSelf),
            _ if self.hides_in_vain() => Some(Text::HiddenNoRelay),
            _ => None,
        };
        if self.callee_error.is_some() {
            return;
        }
        self.notice = None;
        self.unblock(&name);
        // A preview that is still being asked for would come in the call's way.
        self.devices.pending.clear();
        self.call = Call::Outgoing(Outgoing {
            peer: name,
            spelled,
            guest: false,
            call: self.ids.next(),
            replaces: None,
            stage: Stage::Media,
            note: None,
            candidates: EarlyCandidates::default(),
        });
        self.open_media_for_call(now, true);
    }

    /// What came of asking for camera and microphone for the call.
    pub(super) fn media_is_ready(&mut self, now: Millis, outcome: Outcome) {
        match (&self.call, outcome) {
            (Call::Outgoing(_), Outcome::Go(note)) => self.offer(note),
            // Whoever is in the call already stays in it, if only to listen.
            (Call::Outgoing(_), Outcome::Stop(text)) if self.is_rejoining() => {
                self.offer(Some(text));
            }
            (Call::Outgoing(_), Outcome::Stop(text)) => self.end_call(text),
            (Call::Incoming(_), Outcome::Go(note)) => self.answer(now, note),
            (Call::Incoming(_), Outcome::Stop(text)) => self.cannot_answer_yet(text),
            // The call was accepted before they were there. Whoever is in it stays in it, if only to listen.
            (Call::Active(_), Outcome::Go(note)) => self.media_came_later(note),
            (Call::Active(_), Outcome::Stop(text)) => self.media_came_later(Some(text)),
            (Call::Idle | Call::Returning(_), _) => {}
        }
    }

    fn offer(&mut self, note: Option<Text>) {
        let mut leg = self.new_leg(true);
        let Call::Outgoing(outgoing) = &mut self.call else { return };
        self.effects.push(Effect::Peer(leg.id, PeerOp::AddTransceivers));
        if let Some(op) = leg.negotiation.offer(false) {
            self.effects.push(Effect::Peer(leg.id, op));
        }
        outgoing.note = note;
        outgoing.stage = Stage::Offering(leg);
    }

    /// A new peer connection.
    pub(super) fn new_leg(&mut self, caller: bool) -> Leg {
        let id = PeerId(self.new_id());
        let ice_servers =
            self.link.session().map(|session| session.ice_servers.clone()).unwrap_or_default();
        self.effects.push(Effect::CreatePeer { id, ice_servers, relayed: self.hides() });
        Leg::new(id, caller)
    }

    /// The browser has made the call's offer.
    pub(super) fn send_first_offer(&mut self, now: Millis, raw: Raw) {
        let Call::Outgoing(outgoing) = &mut self.call else { return };
        let (peer, call) = (outgoing.peer.clone(), outgoing.call.clone());
        let replaces = outgoing.replaces.clone();
        let timeout = match replaces {
            Some(_) => RECONNECT_TIMEOUT,
            None => RING_TIMEOUT.as_millis() as Millis,
        };
        let mut message = None;
        outgoing.stage = match std::mem::replace(&mut outgoing.stage, Stage::Media) {
            Stage::Offering(mut leg) => {
                let Some(Description::Offer(offer)) = leg.negotiation.offer_ready(raw) else {
                    outgoing.stage = Stage::Offering(leg);
                    return;
                };
                let until = now + timeout;
                message =
                    Some(Offer { name: peer, offer: offer.clone(), call: Some(call), replaces });
                Stage::Sent { leg, offer, ringing: false, until }
            }
            stage => stage,
        };
        let Some(message) = message else { return };
        self.kept_call = None;
        self.send(ClientMessage::Offer(message));
    }

    /// The callee is being rung.
    pub(super) fn handle_ringing(&mut self, callee: RelayedRinging) {
        self.learn_spelling(callee.name);
        if let Call::Outgoing(Outgoing { guest, stage: Stage::Sent { ringing, .. }, .. }) =
            &mut self.call
        {
            *ringing = true;
            *guest = callee.guest;
        }
    }

    /// The server has named the one who is called. Whoever is called can call back.
    pub(super) fn learn_spelling(&mut self, name: Option<String>) {
        if let Call::Outgoing(outgoing) = &mut self.call
            && let Some(name) = name
            && !outgoing.spelled
        {
            outgoing.peer.clone_from(&name);
            outgoing.spelled = true;
            self.unblock(&name);
        }
    }

    /// The callee accepted.
    pub(super) fn handle_first_answer(&mut self, now: Millis, answer: RelayedAnswer) {
        self.learn_spelling(answer.name);
        let (outgoing, mut leg) = match std::mem::replace(&mut self.call, Call::Idle) {
            Call::Outgoing(Outgoing {
                peer,
                call,
                note,
                candidates,
                stage: Stage::Sent { leg, .. },
                ..
            }) => ((peer, call, note, candidates), leg),
            call => {
                self.call = call;
                return;
            }
        };
        let (peer, call, note, mut candidates) = outgoing;
        for op in leg.negotiation.remote_answer(answer.answer) {
            self.effects.push(Effect::Peer(leg.id, op));
        }
        self.call = Call::Active(Active::new(now, (peer, answer.guest), Some(call), leg, note));
        for candidate in candidates.take() {
            self.send_candidate(candidate);
        }
    }

    /// Nobody answered in time.
    pub(super) fn give_up_ringing(&mut self) {
        self.leave(LeaveReason::Timeout);
        self.end_call(Text::NoAnswer);
    }
}

/// A name that was typed, and whether that is how the server spells it. Ours makes the letters of ASCII small (PROTOCOL.md,
/// "Names"); what it makes of others the page learns from it, and whether somebody writes their `i` without a dot, or `ß` for
/// `ss`. The tutorial's takes names as they are.
fn spelling(typed: &str, server_is_ours: bool) -> (String, bool) {
    if server_is_ours && typed.is_ascii() {
        let name = typed.to_ascii_lowercase();
        let spelled = !name.contains('i') && !name.contains("ss");
        (name, spelled)
    } else {
        (typed.to_owned(), !server_is_ours)
    }
}
