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
    Text(String),
    Failed,
}

/// A peer connection.
pub(crate) struct Pc {
    pub(crate) id: PcId,
    pub(crate) ops: VecDeque<PeerOp>,
    pub(crate) signaling: Signaling,
    /// The peer connection whose description was set last.
    pub(crate) remote: Option<PcId>,
    pub(crate) ice: Ice,
    /// Grows with each change of `ice`, so that an older "give up" is known to be stale.
    pub(crate) ice_changes: u32,
    pub(crate) channel_open: bool,
    descriptions: u32,
}

impl Pc {
    pub(crate) const fn new(id: PcId) -> Self {
        Self {
            id,
            ops: VecDeque::new(),
            signaling: Signaling::Stable,
            remote: None,
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
            (PeerOp::AddTransceivers | PeerOp::AttachTracks, _) => Done::Nothing,
            (PeerOp::Offer { .. }, Signaling::Stable | Signaling::HaveLocalOffer) => {
                self.signaling = Signaling::HaveLocalOffer;
                Done::Offer(self.describe("offer"))
            }
            (PeerOp::ApplyOffer(offer), Signaling::Stable | Signaling::HaveLocalOffer) => {
                self.apply(&offer, "offer", Signaling::HaveRemoteOffer)
            }
            (PeerOp::Answer, Signaling::HaveRemoteOffer) => {
                self.signaling = Signaling::Stable;
                Done::Answer(self.describe("answer"))
            }
            (PeerOp::ApplyAnswer(answer), Signaling::HaveLocalOffer) => {
                self.apply(&answer, "answer", Signaling::Stable)
            }
            (PeerOp::AddCandidate(_), _) if self.remote.is_some() => Done::Nothing,
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

    fn describe(&mut self, kind: &str) -> Raw {
        self.descriptions += 1;
        let description = json!({ "type": kind, "pc": self.id, "n": self.descriptions });
        Raw::from_json(description.to_string()).expect("a JSON value is JSON")
    }

    fn apply(&mut self, raw: &Raw, kind: &str, next: Signaling) -> Done {
        let description: Value = serde_json::from_str(raw.as_json()).unwrap_or_default();
        if description["type"] != kind {
            return Done::Failed;
        }
        self.remote = description["pc"].as_u64();
        self.signaling = next;
        Done::Nothing
    }
}
