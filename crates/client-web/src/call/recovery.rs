//! How a call outlives its connection: what is done about it when signaling comes back, when the page is loaded anew, and
//! when the network changes.

use protocol::{CallId, ClientMessage, Leave, LeaveReason, Offer, Raw, RelayedOffer, Restored};

use super::{
    Call, Client, Effect, Environment, Kept, Message, Millis, Notice, PeerEvent, Text,
    account::Right,
    active::{Active, CONNECT_TIMEOUT, Path, PeerMedia, RECONNECT_TIMEOUT, RESTART_EVERY},
    allowance::Allowance,
    early::EarlyCandidates,
    outgoing::{Outgoing, Stage},
};

/// How long a caller has, in ms, to offer its call again after the server has started anew. Its page does so as soon as it is
/// there, and it is there within the time after which the server would give it up.
const OFFER_AGAIN_WITHIN: Millis = 30_000;

impl Client {
    /// The call that the page is in, as it tells a server that may have forgotten it; and whether it is about to offer it
    /// again, since it is not answered yet.
    pub(super) fn presented_call(&self) -> (Option<(String, CallId)>, bool) {
        match &self.call {
            Call::Outgoing(Outgoing {
                replaces: None,
                stage: Stage::Sent { .. },
                peer,
                call,
                ..
            }) => (Some((peer.clone(), call.clone())), true),
            Call::Incoming(incoming) => {
                let call = incoming.call.clone().map(|id| (incoming.peer.clone(), id));
                (call, false)
            }
            _ => (self.continuing(), false),
        }
    }

    /// The accepted call that the page goes back into when it is loaded anew.
    fn continuing(&self) -> Option<(String, CallId)> {
        match &self.call {
            Call::Active(active) => Some((active.peer.clone(), active.call.clone()?)),
            Call::Outgoing(outgoing) => Some((outgoing.peer.clone(), outgoing.replaces.clone()?)),
            Call::Returning(returning) => Some((returning.peer.clone(), returning.call.clone())),
            Call::Idle | Call::Incoming(_) => self.kept_call.as_ref().map(|kept| kept.call.clone()),
        }
    }

    /// The id under which the page has offered to continue that call, as long as it is not answered.
    pub(super) fn continued(&self) -> Option<CallId> {
        match &self.call {
            Call::Outgoing(Outgoing {
                replaces: Some(_), stage: Stage::Sent { .. }, call, ..
            }) => Some(call.clone()),
            Call::Returning(returning) => returning.continued.clone(),
            _ => None,
        }
    }

    /// What a page that is loaded anew needs.
    pub(super) fn to_keep(&self) -> Option<Kept> {
        let session = self.link.session()?;
        let secret = session.ticket.as_ref()?.secret.clone();
        let (camera, muted) = self.switched();
        let (name, call) = (session.name.clone(), self.continuing());
        let continued = self.continued();
        let (sockets, camera) = (self.sockets, camera && call.is_some());
        let left = self.left_unheard();
        let account = self.account.right != Right::Guest;
        let calling = match &self.call {
            Call::Outgoing(Outgoing { replaces: None, peer, .. }) => Some(peer.clone()),
            _ => None,
        };
        let began = self.began.filter(|_| call.is_some());
        let grace = session.grace;
        let session = secret;
        Some(Kept {
            name,
            session,
            sockets,
            camera,
            muted,
            call,
            calling,
            began,
            continued,
            left,
            account,
            shown: self.shows_address,
            grace,
        })
    }

    /// The page was loaded anew, and this was kept.
    pub(super) fn reloaded(&mut self, now: Millis, kept: Kept) {
        // Nobody is to be called who can see nothing but that this browser will not do.
        if self.environment == Environment::NoWebRtc {
            return;
        }
        self.sockets = kept.sockets;
        let reason = LeaveReason::Hangup;
        self.left = kept.left.map(|(peer, call)| Left { peer, call, reason });
        let (camera, muted) = (kept.camera, kept.muted);
        // No device is opened unasked, so that such a call is not made again.
        self.notice = kept.calling.map(|peer| Notice {
            message: Message::about(Text::CallDropped, &peer),
            call_again: Some(peer),
        });
        if let Some((peer, call)) = kept.call {
            let until = now + grace_of(kept.grace);
            self.kept_call = Some(KeptCall { call: (peer.clone(), call.clone()), camera, muted });
            // The clock may have been set since.
            self.shows_address = kept.shown;
            self.began = kept.began.map(|at| at.min(now));
            let continued = kept.continued;
            self.call = Call::Returning(Returning { peer, call, continued, until });
        }
        self.account.had(kept.account);
        self.reload(now, kept.name, kept.session, kept.grace);
    }

    /// The server has forgotten what was said, or what it said was lost. What it must know of the call is said again.
    /// `told` is the call that it takes the page to be in, since the login said so; that may be over by now.
    pub(super) fn begin_again(&mut self, now: Millis, told: Option<(String, CallId)>) {
        let (current, _) = self.presented_call();
        if let Some((peer, call)) = told.filter(|told| current.as_ref() != Some(told)) {
            self.leave_again(peer, call);
        }
        match &mut self.call {
            Call::Idle | Call::Returning(_) => {}
            Call::Outgoing(_) => {
                self.restart_once_answered();
                self.offer_again();
            }
            Call::Incoming(incoming) => {
                incoming.offer = None;
                incoming.until = incoming.until.min(now + OFFER_AGAIN_WITHIN);
            }
            Call::Active(active) => {
                // A callee that was never connected waits for its caller, who may not have had the answer.
                let restarts = match active.path {
                    Path::Connecting { .. } => active.leg.negotiation.is_caller(),
                    Path::Connected { .. } => false,
                    Path::Broken { .. } => true,
                };
                self.send_unanswered();
                if restarts {
                    self.restart_ice();
                }
            }
        }
    }

    /// The call that this user has left, as long as it is not known that the server has heard of that.
    pub(super) fn left_unheard(&self) -> Option<(String, CallId)> {
        let Left { peer, call, .. } = self.left.as_ref()?;
        let ticket = self.link.session()?.ticket.as_ref()?;
        let unheard = ticket.unheard().is_none_or(|mut sent| {
            sent.any(|sent| matches!(sent, ClientMessage::Leave(leave) if leave.call.as_ref() == Some(call)))
        });
        unheard.then(|| (peer.clone(), call.clone()))
    }

    /// The server thinks that the page is in a call that it has left.
    fn leave_again(&mut self, peer: String, call: CallId) {
        let left = self.left.as_ref().filter(|left| left.call == call);
        let reason = Some(left.map_or(LeaveReason::Hangup, |left| left.reason));
        self.send(ClientMessage::Leave(Leave { name: Some(peer), call: Some(call), reason }));
    }

    /// A call that is not answered yet is made again, as another one.
    pub(super) fn call_afresh(&mut self) {
        let id = self.ids.next();
        if let Call::Outgoing(outgoing) = &mut self.call {
            outgoing.call = id;
        }
        self.offer_again();
    }

    /// A call that is not answered yet is offered again, as it was.
    fn offer_again(&mut self) {
        let Call::Outgoing(outgoing) = &self.call else { return };
        let Stage::Sent { offer, .. } = &outgoing.stage else { return };
        let message = Offer {
            name: outgoing.peer.clone(),
            offer: offer.clone(),
            call: Some(outgoing.call.clone()),
            replaces: outgoing.replaces.clone(),
        };
        self.send(ClientMessage::Offer(message));
    }

    /// An offer within the call that is not answered is sent again.
    pub(super) fn send_unanswered(&mut self) {
        if let Call::Active(active) = &self.call
            && active.next.is_none()
            && let Some(offer) = active.leg.negotiation.unanswered()
        {
            let (name, call) = (active.peer.clone(), active.call.clone());
            self.send(ClientMessage::Offer(Offer { name, offer, call, replaces: None }));
        }
    }

    /// The page was loaded anew, and is signed in again. `told` is the accepted call that the server knows the user to be in;
    /// `presented` is the one that the login named.
    pub(super) fn is_back(
        &mut self,
        now: Millis,
        told: Option<(String, CallId)>,
        presented: Option<(String, CallId)>,
    ) {
        match (&mut self.call, told) {
            (Call::Returning(returning), Some((peer, call))) if returning.peer == peer => {
                self.rejoin(now, call);
            }
            // A call that the page was not in when it was loaded anew is one that its user had left: the word of it was lost.
            (_, Some((peer, call))) => self.leave_again(peer, call),
            // The server does not know of it: it has started anew, or the call is over. It will say which.
            (Call::Returning(returning), None) => {
                let grace = self.link.session().map_or(0, |session| session.grace);
                returning.until = now + grace_of(grace);
            }
            (_, None) => {
                if let Some((peer, call)) = presented {
                    self.leave_again(peer, call);
                }
            }
        }
    }

    /// The server has started anew, and both have told it of the same call: it stands again.
    pub(super) fn handle_restored(&mut self, now: Millis, restored: Restored) {
        if let Call::Returning(returning) = &self.call
            && returning.peer == restored.name
            && [Some(&returning.call), returning.continued.as_ref()].contains(&Some(&restored.call))
        {
            self.rejoin(now, restored.call);
        } else {
            self.peer_is_away(&restored.name, &restored.call, false);
        }
    }

    /// The peer's page is gone, and nothing comes from it any more; or it is there again.
    pub(super) fn peer_is_away(&mut self, name: &str, call: &CallId, away: bool) {
        let is_of_call = self.is_of_call(Some(name), Some(call));
        if let Call::Active(active) = &mut self.call
            && is_of_call
        {
            active.peer_away = away;
        }
    }

    /// The server says that the call stands which the page was in: it goes on over a new peer connection.
    fn rejoin(&mut self, now: Millis, old: CallId) {
        let Call::Returning(returning) = std::mem::replace(&mut self.call, Call::Idle) else {
            return;
        };
        let (camera, muted) = self.kept_call.as_ref().map_or((false, true), KeptCall::switches);
        self.notice = None;
        self.devices.pending.clear();
        self.call = Call::Outgoing(Outgoing {
            peer: returning.peer,
            spelled: true,
            guest: false,
            call: self.ids.next(),
            replaces: Some(old),
            stage: Stage::Media,
            note: None,
            candidates: EarlyCandidates::default(),
        });
        self.open_media_for_call(now, camera);
        if muted {
            // It is being opened.
            self.toggle_microphone();
        }
    }

    /// The peer continues the call over a new peer connection. Nobody is asked: the call was accepted.
    pub(super) fn handle_replacement(&mut self, now: Millis, offer: RelayedOffer) {
        let Call::Active(active) = &mut self.call else { return };
        (active.call, active.guest) = (offer.call, offer.guest);
        active.peer_away = false;
        active.path = match active.path.since() {
            None => Path::Connecting { until: now + CONNECT_TIMEOUT },
            Some(since) => {
                let (restart_at, until) = (now + RESTART_EVERY, now + RECONNECT_TIMEOUT);
                Path::Broken { since, restart_at, until }
            }
        };
        let before = active.next.take();
        let (waits, at) = (before.is_some(), before.and_then(|next| next.at));
        let candidates = EarlyCandidates::default();
        active.next = Some(Box::new(Next { offer: offer.offer, candidates, at }));
        if !waits && !active.leg.negotiation.is_busy_answering() {
            self.build_next(now);
        }
    }

    /// Builds the peer connection that the peer continues the call with, now or when its time has come.
    pub(super) fn build_next(&mut self, now: Millis) {
        let Call::Active(Active { leg, next, replacements, .. }) = &mut self.call else { return };
        let Some(mut waiting) = next.take() else { return };
        if let Err(at) = replacements.take(now) {
            waiting.at = Some(at);
            *next = Some(waiting);
            return;
        }
        self.effects.push(Effect::ClosePeer(leg.id));
        let Next { offer, mut candidates, .. } = *waiting;
        let mut leg = self.new_leg(false);
        let mut ops = leg.negotiation.first_answer(offer);
        let candidates = candidates.take().into_iter();
        ops.extend(candidates.filter_map(|one| leg.negotiation.remote_candidate(one)));
        self.effects.extend(ops.into_iter().map(|op| Effect::Peer(leg.id, op)));
        if let Call::Active(active) = &mut self.call {
            (active.leg, active.peer_media) = (leg, PeerMedia::default());
        }
    }

    /// Something happened to a peer connection that the peer has left. Only that it is done with its last answer matters.
    pub(super) fn handle_left_peer(&mut self, now: Millis, event: &PeerEvent) {
        if let PeerEvent::AnswerReady(_) | PeerEvent::OperationFailed = event {
            self.build_next(now);
        }
    }

    /// Whether the call is an accepted one that this page continues.
    pub(super) const fn is_rejoining(&self) -> bool {
        matches!(
            &self.call,
            Call::Outgoing(Outgoing { replaces: Some(_), .. }) | Call::Returning(_)
        )
    }

    /// The peer did not answer that, or the server did not say that the call stands.
    pub(super) fn give_up_rejoining(&mut self) {
        self.leave(LeaveReason::Lost);
        self.end_call(Text::PathLost);
    }
}

/// How long a session is kept, in ms.
fn grace_of(seconds: u32) -> Millis {
    Millis::from(seconds) * 1_000
}

/// How many new peer connections the peer may have the page build in a call: so many at once, and then one in so many ms, which
/// is six a minute. Nobody reloads a page more often, and one that waits is there before the peer gives up.
pub(super) type Replacements = Allowance<3, 20_000>;

/// The peer's latest offer over a new peer connection, while that is not built.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Next {
    offer: Raw,
    pub(super) candidates: EarlyCandidates,
    /// When it may be built; `None` while the answer to the offer before is being made.
    pub(super) at: Option<Millis>,
}

/// The accepted call that the page was in when it was loaded anew, while the server has not said that it stands. Until then no
/// device is opened, no peer connection built, and nothing offered or answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Returning {
    pub(super) peer: String,
    pub(super) call: CallId,
    /// The id under which the page had offered to continue it before it was reloaded. Nobody knows whether the peer has got that.
    pub(super) continued: Option<CallId>,
    /// When it is given up.
    pub(super) until: Millis,
}

/// An accepted call from before the page was loaded anew, until the page is back in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct KeptCall {
    pub(super) call: (String, CallId),
    pub(super) camera: bool,
    pub(super) muted: bool,
}

impl KeptCall {
    /// Whether the camera is on, and whether the microphone is silenced.
    pub(super) const fn switches(&self) -> (bool, bool) {
        (self.camera, self.muted)
    }
}

/// A call that this user has left.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Left {
    pub(super) peer: String,
    pub(super) call: CallId,
    pub(super) reason: LeaveReason,
}
