//! A call that somebody makes to this user, until it is answered.
//!
//! What a caller can make the page and its devices do before the user accepts, and which of `tests/machine/threats.rs` plays it:
//!
//! | | at most | test |
//! | --- | --- | --- |
//! | devices opened | none | `a_caller_who_only_rings_makes_the_page_build_one_peer_connection` |
//! | looks for devices | one a ring, repeated while it rings | the same |
//! | peer connections built | one a ring; over all rings [`Preparations`](super::Preparations) | the same; `callers_who_ring_again_and_again_make_the_page_build_no_more_than_a_few` |
//! | descriptions kept | the latest, and the one that was made ready | the same |
//! | candidates kept | 64, and 64 KiB of them; none is given to the browser | `a_caller_who_is_not_answered_can_make_the_page_keep_no_more_than_64_candidates` |
//! | names looked up, packets sent | none: an offer that names addresses is not looked at | `an_offer_that_names_addresses_is_not_looked_at_before_it_is_accepted` (`prepared.rs`) |
//! | messages sent | one `ringing` a ring; a `leave` for each offer that is refused | `a_caller_who_is_not_answered_can_replace_nothing` |
//! | candidates sent | none | `while_it_rings_the_answer_is_made_and_nothing_is_told` (`prepared.rs`) |
//! | missed calls in the list | one a name, of ten names | `one_caller_cannot_push_the_others_out_of_the_missed_calls` |
//! | shown and heard | one card and one tone, for 60 s | `whatever_ends_a_call_before_it_is_answered_it_was_missed` |
//!
//! Nothing is answered, in any order of things: `never.rs`.

use protocol::{
    CallId, ClientMessage, Leave, LeaveReason, Raw, RelayedOffer, Ringing, limits::RING_TIMEOUT,
};

use super::{
    Call, Client, Effect, Millis, Text,
    active::Active,
    early::EarlyCandidates,
    outgoing::{Outgoing, Stage},
    prepare::{Preparation, Ready},
    recovery::{KeptCall, Left},
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
    pub(super) candidates: EarlyCandidates,
    pub(super) until: Millis,
    pub(super) stage: Ring,
    /// What was done for the answer already; see [`Client::prepare`].
    pub(super) preparation: Preparation,
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
        if offer.replaces.is_some() && !self.may_continue(&offer) {
            return self.refuse(&offer, LeaveReason::Hangup);
        }
        if self.is_blocked(&offer.name) {
            // Nothing tells the caller that nobody was asked.
            return self.refuse(&offer, LeaveReason::Declined);
        }
        let id = offer.call.as_ref();
        match &self.call {
            Call::Idle => self.be_asked(now, offer),
            // Whichever of the two continues the call, and if both do: which of the offers stands the server has decided.
            Call::Outgoing(_) if offer.replaces.is_some() => self.give_way_to(now, offer),
            // The id alone shows nothing here: whoever is called knows it, and can tell others.
            Call::Outgoing(outgoing) if outgoing.peer == offer.name => {
                if outgoing.replaces.is_none() {
                    self.resolve_glare(now, offer);
                }
                // Any other offer is for the peer connection that the page had before it was loaded anew.
            }
            // Our server passes on the offer of the one who is called, or of somebody who came first: for either it has let go
            // of this user's call. Which of the two it is cannot be told, so that the user is asked.
            Call::Outgoing(outgoing)
                if !outgoing.spelled
                    && outgoing.is_known_to_server()
                    && self.loses_to(&offer.name) =>
            {
                self.leave(LeaveReason::Cancelled);
                self.drop_own_call();
                self.be_asked(now, offer);
            }
            Call::Incoming(incoming)
                if self.is_of_call(Some(&offer.name), id)
                    || (offer.replaces.is_some() && offer.replaces == incoming.call) =>
            {
                self.take_latest(now, offer);
            }
            // The call that this user is in is one that the caller has had no answer to: the server has lost it.
            Call::Returning(_) if self.is_of_call(Some(&offer.name), id) => {
                self.kept_call = None;
                self.be_asked(now, offer);
            }
            Call::Outgoing(_) | Call::Incoming(_) | Call::Active(_) | Call::Returning(_) => {
                self.refuse(&offer, LeaveReason::Busy);
            }
        }
    }

    /// It rings, and nothing is answered before the user accepts.
    fn be_asked(&mut self, now: Millis, offer: RelayedOffer) {
        if self.link.session().is_some_and(|session| session.knows_ours) {
            let ringing = Ringing { name: Some(offer.name.clone()), call: offer.call.clone() };
            self.send(ClientMessage::Ringing(ringing));
        }
        self.stop_devices();
        (self.notice, self.callee_error) = (None, None);
        (self.began, self.shows_address) = (None, false);
        let problem = self.hides_in_vain().then_some(Text::AnswerShows);
        self.ring(now, offer, Ring::Asking(problem));
        self.prepare(now);
    }

    /// Whether an offer continues the current call, under a new id: by the id that this page knows it by, or one that the page
    /// itself has told the server.
    fn may_continue(&self, offer: &RelayedOffer) -> bool {
        let (Some(_), Some(old)) = (&offer.call, &offer.replaces) else { return false };
        let id_is_ours = match &self.call {
            Call::Idle | Call::Active(_) | Call::Returning(_) => false,
            Call::Incoming(incoming) => incoming.call.as_ref() == Some(old),
            Call::Outgoing(outgoing) => {
                let before = outgoing.replaces.is_some().then_some(self.kept_call.as_ref());
                outgoing.call == *old
                    || outgoing.replaces.as_ref() == Some(old)
                    || before.flatten().is_some_and(|kept| kept.call.1 == *old)
            }
        };
        id_is_ours && self.is_peer(&offer.name, Some(old))
    }

    fn refuse(&mut self, offer: &RelayedOffer, reason: LeaveReason) {
        let (name, call) = (Some(offer.name.clone()), offer.call.clone());
        self.send(ClientMessage::Leave(Leave { name, call, reason: Some(reason) }));
    }

    /// The peer offers anew in a call that this user has left, or continues it over a new peer connection: it has not heard
    /// of that, or will not, since the server has started anew. It is said again, and does not ring.
    fn has_left(&mut self, offer: &RelayedOffer) -> bool {
        let is_left = |left: &&Left| {
            let id = Some(&left.call);
            offer.call.as_ref() == id || offer.replaces.as_ref() == id
        };
        let Some(left) = self.left.as_ref().filter(is_left) else { return false };
        let reason = left.reason;
        self.refuse(offer, reason);
        if let Call::Outgoing(Outgoing { peer, stage: Stage::Sent { .. }, replaces: None, .. }) =
            &self.call
            && *peer == offer.name
            && self.loses_to(&offer.name)
        {
            // For that offer the server has let go of the call that this user makes now.
            self.call_afresh();
        }
        true
    }

    /// The peer offers anew before there was an answer: the latest offer counts. Nothing more is made ready for it.
    fn take_latest(&mut self, now: Millis, offer: RelayedOffer) {
        let Call::Incoming(incoming) = &mut self.call else { return };
        incoming.call = offer.call;
        incoming.offer = Some(offer.offer);
        incoming.candidates = EarlyCandidates::default();
        if let (Some(kept), Some(id)) = (&mut self.kept_call, &incoming.call) {
            kept.call.1 = id.clone();
        }
        if let Ring::Ready(note) = incoming.stage {
            self.answer(now, note);
        }
    }

    fn ring(&mut self, now: Millis, offer: RelayedOffer, stage: Ring) {
        self.call = Call::Incoming(Incoming {
            peer: offer.name,
            guest: offer.guest,
            call: offer.call,
            offer: Some(offer.offer),
            candidates: EarlyCandidates::default(),
            until: now + RING_TIMEOUT.as_millis() as Millis + RING_MARGIN,
            stage,
            preparation: Preparation::None,
        });
    }

    /// Both called each other at once. If the offers crossed, that of the lesser name stands, and nobody is asked: both have
    /// called. Before this user's was sent, nobody knows that they were about to; they are asked.
    fn resolve_glare(&mut self, now: Millis, offer: RelayedOffer) {
        let Call::Outgoing(outgoing) = &self.call else { return };
        if !outgoing.is_known_to_server() {
            self.drop_own_call();
            self.be_asked(now, offer);
        } else if self.loses_to(&offer.name) {
            self.give_way_to(now, offer);
        }
    }

    /// Whether this user's call gives way to one of this name when they cross.
    fn loses_to(&self, name: &str) -> bool {
        self.link.name().unwrap_or_default() >= name
    }

    /// Another call takes the place of the one that this user makes.
    fn drop_own_call(&mut self) {
        if let Call::Outgoing(outgoing) = std::mem::replace(&mut self.call, Call::Idle)
            && let Some(leg) = outgoing.stage.into_leg()
        {
            self.effects.push(Effect::ClosePeer(leg.id));
        }
    }

    /// Answers the peer's offer in place of one's own. To have called is to have accepted, and so is to have been in the call.
    fn give_way_to(&mut self, now: Millis, offer: RelayedOffer) {
        let Call::Outgoing(outgoing) = &self.call else { return };
        let (waits_for_media, note) = (matches!(outgoing.stage, Stage::Media), outgoing.note);
        if offer.replaces.is_some() {
            let (camera, muted) = self.switched();
            let call = offer.call.clone().map(|id| (offer.name.clone(), id));
            self.kept_call = call.map(|call| KeptCall { call, camera, muted });
        } else {
            // Mostly the server has seen it as well. But the peer may leave its call before the server hears of ours.
            self.leave(LeaveReason::Cancelled);
        }
        self.drop_own_call();
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
            incoming.stage = Ring::Media;
            // The buttons say so.
            self.shows_address |= hides_in_vain;
            // Where the browser asks nobody, the devices will be there in a moment, and the path need not wait for them.
            if self.devices.permissions.are_granted() && incoming.offer.is_some() {
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
        let mut candidates = incoming.candidates;
        let candidates = candidates.take().into_iter();
        ops.extend(candidates.filter_map(|one| leg.negotiation.remote_candidate(one)));
        for op in ops {
            self.effects.push(Effect::Peer(leg.id, op));
        }
        let peer = (incoming.peer, incoming.guest);
        self.call = Call::Active(Active::new(now, peer, incoming.call, leg, note));
    }

    /// A candidate of the caller, while it rings.
    pub(super) fn keep_candidate(&mut self, candidate: Raw) {
        if let Call::Incoming(incoming) = &mut self.call {
            incoming.candidates.push(candidate);
        }
    }

    /// It stopped ringing before this user answered.
    pub(super) fn miss_call(&mut self, now: Millis) {
        let Some(name) = self.call_peer().map(ToOwned::to_owned) else { return };
        let guest = matches!(&self.call, Call::Incoming(incoming) if incoming.guest);
        self.end_call(Text::Missed);
        self.note_missed(now, name, guest);
    }
}
