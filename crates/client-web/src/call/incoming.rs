//! A call that somebody makes to this user, until it is answered.

use protocol::{
    CallId, ClientMessage, Leave, LeaveReason, Raw, RelayedOffer, Ringing, limits::RING_TIMEOUT,
};

use super::{
    Call, Client, Effect, MAX_MISSED, Millis, Missed, Text,
    active::Active,
    negotiation::MAX_EARLY_CANDIDATES,
    outgoing::{Outgoing, Stage},
    prepare::Ready,
    recovery::KeptCall,
    same_name,
};

/// How much longer than the caller the callee waits, in ms: the caller's word that it gave up comes first.
const RING_MARGIN: Millis = 15_000;

/// A call that somebody makes to this user.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Incoming {
    pub(super) peer: String,
    pub(super) guest: bool,
    pub(super) call: Option<CallId>,
    /// The caller's latest offer; `None` while it has to be said again, since the server has started anew.
    pub(super) offer: Option<Raw>,
    pub(super) candidates: Vec<Raw>,
    pub(super) until: Millis,
    pub(super) stage: Ring,
    /// The peer connection that was made ready for the answer; see [`Client::prepare`].
    pub(super) ready: Option<Ready>,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Ring {
    /// The user is asked, and told what came in the way of the last answer.
    Asking(Option<Text>),
    /// The user said yes; camera and microphone are being opened.
    Media,
    /// They are open, and the caller's offer has to be said again.
    Ready(Option<Text>),
}

impl Incoming {
    /// The user has read what came in the way.
    pub(super) fn forget_problem(&mut self) {
        if let Ring::Asking(problem) = &mut self.stage {
            *problem = None;
        }
    }
}

impl Client {
    /// Somebody calls.
    pub(super) fn handle_new_call(&mut self, now: Millis, offer: RelayedOffer) {
        if self.has_left(&offer) {
            return;
        }
        if self.is_blocked(&offer.name) {
            // Nothing tells the caller that nobody was asked.
            return self.refuse(offer, LeaveReason::Declined);
        }
        match &self.call {
            Call::Idle => {
                if self.link.session().is_some_and(|session| session.knows_ours) {
                    let ringing =
                        Ringing { name: Some(offer.name.clone()), call: offer.call.clone() };
                    self.send(ClientMessage::Ringing(ringing));
                }
                self.stop_devices();
                self.notice = None;
                let problem = self.hides_in_vain().then_some(Text::HiddenNoRelay);
                self.ring(now, offer, Ring::Asking(problem));
                self.prepare();
            }
            Call::Outgoing(outgoing) if same_name(&outgoing.peer, &offer.name) => {
                if offer.replaces.as_ref() == Some(&outgoing.call) {
                    // The peer has accepted this call, and continues it already.
                    self.give_way_to(now, offer);
                } else if outgoing.replaces.is_none() {
                    self.resolve_glare(now, offer);
                } else if offer.replaces.is_some() {
                    // Both pages continue the call. Which of the two offers stands the server has decided: this one.
                    self.give_way_to(now, offer);
                }
                // Any other offer is for the peer connection that the page had before it was loaded anew.
            }
            Call::Incoming(incoming)
                if self.is_of_call(Some(&offer.name), offer.call.as_ref())
                    || (offer.replaces.is_some() && offer.replaces == incoming.call) =>
            {
                self.take_latest(now, offer);
            }
            Call::Outgoing(_) | Call::Incoming(_) | Call::Active(_) => {
                self.refuse(offer, LeaveReason::Busy);
            }
        }
    }

    fn refuse(&mut self, offer: RelayedOffer, reason: LeaveReason) {
        let (name, call) = (Some(offer.name), offer.call);
        self.send(ClientMessage::Leave(Leave { name, call, reason: Some(reason) }));
    }

    /// The peer offers anew in a call that this user has left, or continues it over a new peer connection: it has not heard
    /// of that, or will not, since the server has started anew. It is said again, and does not ring.
    fn has_left(&mut self, offer: &RelayedOffer) -> bool {
        let left = self.left.as_ref().filter(|left| {
            let left = Some(&left.call);
            offer.call.as_ref() == left || offer.replaces.as_ref() == left
        });
        let continues_nothing = offer.replaces.is_some() && matches!(self.call, Call::Idle);
        if left.is_none() && !continues_nothing {
            return false;
        }
        let reason = Some(left.map_or(LeaveReason::Hangup, |left| left.reason));
        let (name, call) = (Some(offer.name.clone()), offer.call.clone());
        self.send(ClientMessage::Leave(Leave { name, call, reason }));
        let lost_glare = self.link.name().unwrap_or_default() >= offer.name.as_str();
        if let Call::Outgoing(Outgoing { peer, stage: Stage::Sent { .. }, replaces: None, .. }) =
            &self.call
            && lost_glare
            && same_name(peer, &offer.name)
        {
            // For that offer the server has let go of the call that this user makes now.
            self.call_afresh();
        }
        true
    }

    /// The peer offers anew before there was an answer: the latest offer counts.
    fn take_latest(&mut self, now: Millis, offer: RelayedOffer) {
        let Call::Incoming(incoming) = &mut self.call else { return };
        incoming.call = offer.call;
        incoming.offer = Some(offer.offer);
        incoming.candidates.clear();
        if let (Some(kept), Some(id)) = (&mut self.kept_call, &incoming.call) {
            kept.call.1 = id.clone();
        }
        match incoming.stage {
            Ring::Ready(note) => self.answer(now, note),
            Ring::Asking(_) | Ring::Media => self.prepare(),
        }
    }

    fn ring(&mut self, now: Millis, offer: RelayedOffer, stage: Ring) {
        self.call = Call::Incoming(Incoming {
            peer: offer.name,
            guest: offer.guest,
            call: offer.call,
            offer: Some(offer.offer),
            candidates: Vec::new(),
            until: now + RING_TIMEOUT.as_millis() as Millis + RING_MARGIN,
            stage,
            ready: None,
        });
    }

    /// Both called each other at once. Both want to talk, so that nobody is asked: of two offers that crossed, the one
    /// of the lesser name stands; one that was not sent yet gives way.
    fn resolve_glare(&mut self, now: Millis, offer: RelayedOffer) {
        let Call::Outgoing(outgoing) = &self.call else { return };
        let own_name = self.link.name().unwrap_or_default();
        if !outgoing.is_known_to_server() || own_name >= offer.name.as_str() {
            self.give_way_to(now, offer);
        }
    }

    /// Answers the peer's offer in place of one's own.
    fn give_way_to(&mut self, now: Millis, offer: RelayedOffer) {
        if offer.replaces.is_some() {
            let (camera, muted) = self.switched();
            let call = offer.call.clone().map(|id| (offer.name.clone(), id));
            self.kept_call = call.map(|call| KeptCall { call, camera, muted });
        } else {
            // Mostly the server has seen it as well. But the peer may leave its call before the server hears of ours.
            self.leave(LeaveReason::Cancelled);
        }
        let Call::Outgoing(Outgoing { stage, note, .. }) =
            std::mem::replace(&mut self.call, Call::Idle)
        else {
            return;
        };
        let waits_for_media = matches!(stage, Stage::Media);
        if let Some(leg) = stage.into_leg() {
            self.effects.push(Effect::ClosePeer(leg.id));
        }
        self.ring(now, offer, Ring::Media);
        if !waits_for_media {
            self.answer(now, note);
        }
    }

    pub(super) fn accept(&mut self, now: Millis, camera: bool) {
        let hides_in_vain = self.hides_in_vain();
        if let Call::Incoming(incoming) = &mut self.call
            && let Ring::Asking(_) = incoming.stage
        {
            if hides_in_vain {
                return self.cannot_answer_yet(Text::HiddenNoRelay);
            }
            incoming.stage = Ring::Media;
            // Where the browser asks nobody, the devices will be there in a moment, and the path need not wait for them.
            if self.devices.allowed && incoming.offer.is_some() {
                self.answer(now, None);
            }
            self.open_media_for_call(now, camera);
        }
    }

    pub(super) fn decline(&mut self) {
        if matches!(self.call, Call::Incoming(_)) {
            self.leave(LeaveReason::Declined);
            self.end_call(Text::DeclinedByYou);
        }
    }

    pub(super) fn decline_for_good(&mut self) {
        if let Call::Incoming(incoming) = &self.call {
            let name = incoming.peer.clone();
            self.decline();
            self.block(name);
        }
    }

    /// There can be no call as things are: it goes on ringing, and the user is told what to change.
    pub(super) fn cannot_answer_yet(&mut self, text: Text) {
        if let Call::Incoming(incoming) = &mut self.call {
            incoming.stage = Ring::Asking(Some(text));
        }
        self.stop_devices();
    }

    /// The devices are there, or as good as there: now the call is accepted.
    pub(super) fn answer(&mut self, now: Millis, note: Option<Text>) {
        let Call::Incoming(incoming) = &mut self.call else { return };
        let Some(offer) = incoming.offer.take() else {
            incoming.stage = Ring::Ready(note);
            return;
        };
        let ready = self.take_ready(&offer);
        let Call::Incoming(incoming) = std::mem::replace(&mut self.call, Call::Idle) else {
            return;
        };
        self.kept_call = None;
        let (mut leg, mut ops) = match ready.map(Ready::accept) {
            Some((leg, op)) => (leg, vec![op]),
            None => {
                let mut leg = self.new_leg(false);
                let ops = leg.negotiation.first_answer(offer);
                (leg, ops)
            }
        };
        let candidates = incoming.candidates.into_iter();
        ops.extend(candidates.filter_map(|one| leg.negotiation.remote_candidate(one)));
        for op in ops {
            self.effects.push(Effect::Peer(leg.id, op));
        }
        let peer = (incoming.peer, incoming.guest);
        self.call = Call::Active(Active::new(now, peer, incoming.call, leg, note));
    }

    /// A candidate of the caller, while it rings.
    pub(super) fn keep_candidate(&mut self, candidate: Raw) {
        if let Call::Incoming(incoming) = &mut self.call
            && incoming.candidates.len() < MAX_EARLY_CANDIDATES
        {
            incoming.candidates.push(candidate);
        }
    }

    /// It stopped ringing before this user answered.
    pub(super) fn miss_call(&mut self, now: Millis) {
        let Some(name) = self.call_peer().map(ToOwned::to_owned) else { return };
        let guest = matches!(&self.call, Call::Incoming(incoming) if incoming.guest);
        self.end_call(Text::Missed);
        self.missed.insert(0, Missed { name, at: now, guest });
        self.missed.truncate(MAX_MISSED);
    }
}
