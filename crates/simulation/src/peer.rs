//! An emulated `RTCPeerConnection`: its operations take time and are done one after the other, and it is as strict
//! about their order as a browser.

use std::collections::VecDeque;

use client_web::call::{PeerOp, PeerState};
use protocol::Raw;
use serde_json::{Value, json};

/// Which peer connection, of all in the world.
pub(crate) type PcId = u64;

/// The signaling state (W3C WebRTC section 4.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signaling {
    Stable,
    HaveLocalOffer,
    HaveRemoteOffer,
}

/// What ICE has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ice {
    New,
    Connected,
    Disconnected,
    Failed,
}

impl Ice {
    pub(crate) const fn state(self) -> Option<PeerState> {
        match self {
            Self::New => None,
            Self::Connected => Some(PeerState::Connected),
            Self::Disconnected => Some(PeerState::Disconnected),
            Self::Failed => Some(PeerState::Failed),
        }
    }
}

/// What came of an operation.
pub(crate) enum Done {
    Nothing,
    Offer(Raw),
    Answer(Raw),
    Told(Raw),
    Text(String),
    NegotiationNeeded,
    Failed,
}

/// A peer connection.
pub(crate) struct Pc {
    pub(crate) id: PcId,
    pub(crate) ops: VecDeque<PeerOp>,
    pub(crate) signaling: Signaling,
    /// The peer connection whose description was set last.
    pub(crate) remote: Option<PcId>,
    /// The number of that description: only candidates that belong to it are of use.
    remote_description: u64,
    /// Whether one of them came, so that there is an address to try.
    pub(crate) has_candidate: bool,
    pub(crate) ice: Ice,
    /// Grows with each change of `ice`, so that an older "give up" is known to be stale.
    pub(crate) ice_changes: u32,
    pub(crate) channel_open: bool,
    pub(crate) descriptions: u64,
}

impl Pc {
    pub(crate) const fn new(id: PcId) -> Self {
        Self {
            id,
            ops: VecDeque::new(),
            signaling: Signaling::Stable,
            remote: None,
            remote_description: 0,
            has_candidate: false,
            ice: Ice::New,
            ice_changes: 0,
            channel_open: false,
            descriptions: 0,
        }
    }

    pub(crate) const fn enter(&mut self, ice: Ice) {
        self.ice = ice;
        self.ice_changes += 1;
    }

    /// Does what a browser would.
    pub(crate) fn perform(&mut self, op: PeerOp) -> Done {
        match (op, self.signaling) {
            (PeerOp::AddTransceivers, _) => Done::NegotiationNeeded,
            (PeerOp::AttachTracks | PeerOp::UseServers(_) | PeerOp::FindRoute, _) => Done::Nothing,
            (PeerOp::Offer { .. }, Signaling::Stable | Signaling::HaveLocalOffer) => {
                self.signaling = Signaling::HaveLocalOffer;
                Done::Offer(self.describe("offer"))
            }
            (PeerOp::ApplyOffer(offer), _) => {
                self.apply(&offer, "offer", Signaling::HaveRemoteOffer)
            }
            (PeerOp::Answer, Signaling::HaveRemoteOffer) => {
                self.signaling = Signaling::Stable;
                Done::Answer(self.describe("answer"))
            }
            (PeerOp::TellAnswer, Signaling::Stable) => Done::Told(self.description("answer", true)),
            (PeerOp::ApplyAnswer(answer), Signaling::HaveLocalOffer) => {
                self.apply(&answer, "answer", Signaling::Stable)
            }
            (PeerOp::AddCandidate(candidate), _) if self.remote.is_some() => {
                self.add(&candidate);
                Done::Nothing
            }
            (PeerOp::SendText(text), _) => {
                if self.channel_open {
                    Done::Text(text)
                } else {
                    Done::Nothing
                }
            }
            _ => Done::Failed,
        }
    }

    /// A candidate of another description, one that was ignored or is old, is of no use and does no harm.
    fn add(&mut self, raw: &Raw) {
        let candidate: Value = serde_json::from_str(raw.as_json()).unwrap_or_default();
        let of = (candidate["pc"].as_u64(), candidate["n"].as_u64());
        self.has_candidate |= of == (self.remote, Some(self.remote_description));
    }

    fn describe(&mut self, kind: &str) -> Raw {
        self.descriptions += 1;
        self.description(kind, false)
    }

    /// The description that was made last, with the address that was found since or without.
    fn description(&self, kind: &str, address: bool) -> Raw {
        let number = self.descriptions;
        let description =
            json!({ "type": kind, "sdp": "", "pc": self.id, "n": number, "address": address });
        Raw::from_json(description.to_string()).expect("a JSON value is JSON")
    }

    fn apply(&mut self, raw: &Raw, kind: &str, next: Signaling) -> Done {
        let description: Value = serde_json::from_str(raw.as_json()).unwrap_or_default();
        if description["type"] != kind {
            return Done::Failed;
        }
        self.remote = description["pc"].as_u64();
        let number = description["n"].as_u64().unwrap_or_default();
        if number != self.remote_description {
            self.has_candidate = false;
        }
        self.has_candidate |= description["address"] == true;
        self.remote_description = number;
        self.signaling = next;
        Done::Nothing
    }
}
