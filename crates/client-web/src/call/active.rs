//! A call that was accepted.

use protocol::{
    Answer, CallId, Candidate, ClientMessage, LeaveReason, Offer, Raw,
    json::{Object, Writer},
};

use super::{
    Call, Client, Effect, Millis, PeerEvent, PeerId, PeerOp, PeerState, Text,
    cause::is_relayed,
    devices::Microphone,
    negotiation::{Description, Negotiation},
    recovery::{Next, Replacements},
};

/// How long the first path for the media may take, in ms. Browsers give up on a check after 15 to 30 s.
pub(super) const CONNECT_TIMEOUT: Millis = 30_000;

/// How long the first path is still waited for, in ms, after the browser says that there is none. Chromium says so as soon
/// as the candidates that it has of the peer lead nowhere, and those of the relay come last.
const LAST_CANDIDATES: Millis = 5_000;

/// How long a path may be gone before a new one is sought, in ms: short breaks mend themselves.
const RESTART_AFTER: Millis = 2_000;

/// How long after an ICE restart the next one follows, in ms, while there is no path. A restart made while the network
/// was away finds nothing, and one that is making its way through a relay must not be cut short.
pub(super) const RESTART_EVERY: Millis = 8_000;

/// How long after a failure the next restart may follow at the earliest, in ms.
const RESTART_SOON: Millis = 1_000;

/// How long a new path is sought, in ms, before the call ends.
pub(super) const RECONNECT_TIMEOUT: Millis = 30_000;

/// One peer connection and the negotiation over it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Leg {
    pub(super) id: PeerId,
    pub(super) negotiation: Negotiation,
    /// Whether a relay refused to serve.
    pub(super) relay_refused: bool,
    /// Whether this side has reached a relay.
    pub(super) has_relay: bool,
    /// Whether relays were named since the path was last asked about.
    pub(super) relays_renewed: bool,
}

impl Leg {
    pub(super) fn new(id: PeerId, caller: bool) -> Self {
        let negotiation = if caller { Negotiation::caller() } else { Negotiation::callee() };
        Self { id, negotiation, relay_refused: false, has_relay: false, relays_renewed: false }
    }

    /// Seeks a new path with the servers that were named last, now or when the exchange under way is over.
    pub(super) fn restart_ice(&mut self) -> Option<Effect> {
        self.relays_renewed = false;
        self.negotiation.offer(true).map(|op| Effect::Peer(self.id, op))
    }
}

/// A call that was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Active {
    pub(super) peer: String,
    pub(super) guest: bool,
    pub(super) call: Option<CallId>,
    pub(super) leg: Leg,
    /// What is missing on this side.
    pub(super) note: Option<Text>,
    /// What the peer says of its devices.
    pub(super) peer_media: PeerMedia,
    /// Whether the server has said that the peer's page is gone: closed, or being reloaded.
    pub(super) peer_away: bool,
    pub(super) path: Path,
    /// What the peer continues the call with, once the page can build a peer connection for it. Until then `leg` is one that
    /// the peer has left.
    pub(super) next: Option<Box<Next>>,
    pub(super) replacements: Replacements,
}

/// The path of the media.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Path {
    /// The first one is being sought.
    Connecting { until: Millis },
    /// It stands; the call has gone on since then.
    Connected { since: Millis },
    /// It broke. An ICE restart follows, and another, until there is a path or the time is up.
    Broken { since: Millis, restart_at: Millis, until: Millis },
}

/// What one side tells the other over the data channel about its devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PeerMedia {
    /// Whether the microphone is on.
    pub audio: bool,
    /// Whether the camera is on.
    pub video: bool,
}

/// A peer that says nothing is taken to have both.
impl Default for PeerMedia {
    fn default() -> Self {
        Self { audio: true, video: true }
    }
}

impl PeerMedia {
    /// The `type` of the text that says it.
    const KIND: &str = "media";

    /// As a text of the data channel.
    fn to_text(self) -> String {
        let media = Writer::new().text("type", Self::KIND);
        media.boolean("audio", self.audio).boolean("video", self.video).finish()
    }

    /// What a text of the data channel says of it. Types that are not known are ignored.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let object = Object::read(text).ok()?;
        if object.must_text("type").ok()? != Self::KIND {
            return None;
        }
        let says = |what| object.boolean(what).ok().flatten();
        Some(Self { audio: says("audio")?, video: says("video")? })
    }
}

impl Active {
    /// `peer` is its name, and whether it is a guest.
    pub(super) fn new(
        now: Millis,
        (peer, guest): (String, bool),
        call: Option<CallId>,
        leg: Leg,
        note: Option<Text>,
    ) -> Self {
        let (peer_media, peer_away) = (PeerMedia::default(), false);
        let path = Path::Connecting { until: now + CONNECT_TIMEOUT };
        let replacements = Replacements::default();
        let next = None;
        Self { peer, guest, call, leg, note, peer_media, peer_away, path, next, replacements }
    }

    /// Whether there has to be a path: both ends have reached a relay. If none is found, the checks got lost on a line that loses
    /// much. Firefox gives a pair of candidates up after seven of them.
    const fn has_relays(&self) -> bool {
        self.leg.has_relay && self.leg.negotiation.peer_has_relay()
    }

    pub(super) fn next_timeout(&self) -> Option<Millis> {
        match (self.path, &self.next) {
            (Path::Connected { .. }, None) => None,
            (Path::Connecting { until }, None) => Some(until),
            (Path::Broken { restart_at, until, .. }, None) => Some(restart_at.min(until)),
            (path, Some(next)) => [path.until(), next.at].into_iter().flatten().min(),
        }
    }
}

impl Path {
    /// Until when one is sought.
    const fn until(self) -> Option<Millis> {
        match self {
            Self::Connecting { until } | Self::Broken { until, .. } => Some(until),
            Self::Connected { .. } => None,
        }
    }

    /// Since when the call stands.
    pub(super) const fn since(self) -> Option<Millis> {
        match self {
            Self::Connecting { .. } => None,
            Self::Connected { since } | Self::Broken { since, .. } => Some(since),
        }
    }
}

impl Client {
    /// The peer connection that there is.
    pub(super) const fn leg_mut(&mut self) -> Option<&mut Leg> {
        match &mut self.call {
            Call::Outgoing(outgoing) => outgoing.leg_mut(),
            Call::Active(active) => Some(&mut active.leg),
            Call::Incoming(incoming) => incoming.leg_mut(),
            Call::Idle | Call::Returning(_) => None,
        }
    }

    pub(super) fn handle_peer(&mut self, now: Millis, id: PeerId, event: PeerEvent) {
        if self.leg_mut().is_none_or(|leg| leg.id != id) {
            return;
        }
        if let Call::Active(Active { next: Some(_), .. }) = &self.call {
            return self.handle_left_peer(now, &event);
        }
        let Some(leg) = self.leg_mut() else { return };
        match &event {
            PeerEvent::RelayRefused(_) => leg.relay_refused = true,
            PeerEvent::Candidate(candidate) => leg.has_relay |= is_relayed(candidate),
            _ => {}
        }
        match event {
            PeerEvent::OfferReady(offer) => match &mut self.call {
                Call::Active(active) => {
                    let description = active.leg.negotiation.offer_ready(offer);
                    self.send_description(description);
                }
                _ => self.send_first_offer(now, offer),
            },
            PeerEvent::AnswerReady(answer) => self.handle_answer_ready(answer),
            PeerEvent::OperationFailed if matches!(self.call, Call::Incoming(_)) => {
                self.forget_ready();
            }
            PeerEvent::OperationFailed => self.fail(Text::DeviceFailed),
            PeerEvent::Candidate(candidate) => self.send_candidate(candidate),
            PeerEvent::State(state) => self.handle_peer_state(now, state),
            PeerEvent::NegotiationNeeded => {
                if let Call::Active(active) = &mut self.call {
                    let op = active.leg.negotiation.needed();
                    self.effects.extend(op.map(|op| Effect::Peer(id, op)));
                }
            }
            PeerEvent::RelayRefused(_) => {}
            PeerEvent::Route { relayed } => self.route_is_known(relayed),
            PeerEvent::ChannelOpen => self.tell_media(),
            PeerEvent::PeerMedia(media) => self.peer_media_changed(media),
        }
    }

    fn handle_answer_ready(&mut self, answer: Raw) {
        if let Call::Incoming(incoming) = &mut self.call {
            incoming.answer_is_set();
        } else if let Call::Active(active) = &mut self.call {
            let (description, ops) = active.leg.negotiation.answer_ready(answer);
            let id = active.leg.id;
            self.send_description(description);
            self.effects.extend(ops.into_iter().map(|op| Effect::Peer(id, op)));
        }
    }

    fn send_description(&mut self, description: Option<Description>) {
        let Call::Active(active) = &self.call else { return };
        let (name, call) = (active.peer.clone(), active.call.clone());
        match description {
            Some(Description::Offer(offer)) => {
                self.send(ClientMessage::Offer(Offer { name, offer, call, replaces: None }));
            }
            Some(Description::Answer(answer)) => {
                self.send(ClientMessage::Answer(Answer { name: Some(name), answer, call }));
            }
            None => {}
        }
    }

    /// The browser has found a candidate. Nobody learns where this user is before the call is accepted.
    pub(super) fn send_candidate(&mut self, candidate: Raw) {
        let (name, call) = match &mut self.call {
            Call::Outgoing(outgoing) => {
                return outgoing.candidates.push(candidate);
            }
            Call::Active(active) => (active.peer.clone(), active.call.clone()),
            Call::Idle | Call::Incoming(_) | Call::Returning(_) => return,
        };
        self.send(ClientMessage::Candidate(Candidate { name: Some(name), candidate, call }));
    }

    fn handle_peer_state(&mut self, now: Millis, state: PeerState) {
        let Call::Active(active) = &mut self.call else { return };
        let until = now + RECONNECT_TIMEOUT;
        match (active.path, state) {
            (Path::Connecting { .. }, PeerState::Connected) => {
                active.path = Path::Connected { since: *self.began.get_or_insert(now) };
                self.ask_for_route();
            }
            (Path::Broken { since, .. }, PeerState::Connected) => {
                active.path = Path::Connected { since };
                self.ask_for_route();
            }
            (Path::Connecting { .. }, PeerState::Failed) if active.has_relays() => {
                self.send_unanswered();
                self.restart_ice();
            }
            (Path::Connecting { until }, PeerState::Failed) => {
                active.path = Path::Connecting { until: until.min(now + LAST_CANDIDATES) };
            }
            (Path::Connected { since }, PeerState::Disconnected) => {
                active.path = Path::Broken { since, restart_at: now + RESTART_AFTER, until };
                // What took the path may have taken the socket as well.
                self.probe(now);
            }
            (Path::Connected { since }, PeerState::Failed) => {
                active.path = Path::Broken { since, restart_at: now, until };
                self.probe(now);
                self.tick_active(now);
            }
            (Path::Broken { since, restart_at, until }, PeerState::Failed) => {
                let restart_at = restart_at.min(now + RESTART_SOON);
                active.path = Path::Broken { since, restart_at, until };
            }
            (Path::Connecting { .. } | Path::Broken { .. }, PeerState::Disconnected)
            | (Path::Connected { .. }, PeerState::Connected) => {}
        }
    }

    pub(super) fn tick_active(&mut self, now: Millis) {
        let Call::Active(active) = &mut self.call else { return };
        match active.path {
            Path::Connecting { until } if until <= now => self.fail_to_connect(),
            Path::Broken { until, .. } if until <= now => self.fail(Text::PathLost),
            _ if active.next.is_some() => {
                if active.next.as_ref().is_some_and(|next| next.at.is_some_and(|at| at <= now)) {
                    self.build_next(now);
                }
            }
            Path::Broken { since, restart_at, until } if restart_at <= now => {
                active.path = Path::Broken { since, restart_at: now + RESTART_EVERY, until };
                // If a restart is under way already, its offer or the answer may be lost.
                self.send_unanswered();
                self.restart_ice();
            }
            Path::Connecting { .. } | Path::Connected { .. } | Path::Broken { .. } => {}
        }
    }

    /// The call cannot go on: the peer is told, and so is the user.
    pub(super) fn fail(&mut self, text: Text) {
        self.leave(match text {
            Text::DeviceFailed => LeaveReason::DeviceFailed,
            Text::PathFailed
            | Text::NoRelay
            | Text::RelayBlockedHere
            | Text::RelayBlockedThere
            | Text::RelayBlockedBoth => LeaveReason::NoPath,
            Text::RelayRefused => LeaveReason::RelayRefused,
            Text::PathLost => LeaveReason::Lost,
            _ => LeaveReason::Failed,
        });
        self.end_call(text);
    }

    fn fail_to_connect(&mut self) {
        self.fail(self.no_path());
    }

    /// Tells the peer whether it can hear and see this user.
    pub(super) fn tell_media(&mut self) {
        // Of devices that are still being opened for the call the peer hears when they are there, or are not to be had.
        if let Call::Active(active) = &self.call
            && !self.devices.are_opening()
        {
            let media = PeerMedia {
                audio: self.devices.microphone == Microphone::On
                    && !self.devices.silenced.microphone,
                video: self.devices.camera && !self.devices.silenced.camera,
            };
            self.effects.push(Effect::Peer(active.leg.id, PeerOp::SendText(media.to_text())));
        }
    }

    /// What came of asking for camera and microphone, in a call that was accepted before.
    pub(super) fn media_came_later(&mut self, note: Option<Text>) {
        if let Call::Active(active) = &mut self.call {
            active.note = note;
        }
        self.tell_media();
    }

    const fn peer_media_changed(&mut self, media: PeerMedia) {
        if let Call::Active(active) = &mut self.call {
            active.peer_media = media;
        }
    }
}
