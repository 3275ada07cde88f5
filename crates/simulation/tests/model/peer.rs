//! A simplified `RTCPeerConnection`: what is asked of it is done at once. Its descriptions carry the addresses, so that
//! there are no candidates.

use client_web::call::{PeerOp, PeerState};
use protocol::Raw;
use serde_json::{Value, json};

/// One side's half of a path: whose, and the how manyeth ICE credentials of that peer connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Half {
    pub(crate) pc: u64,
    pub(crate) credentials: u64,
}

/// The signaling state (W3C WebRTC section 4.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Signaling {
    Stable,
    HaveLocalOffer { credentials: u64 },
    HaveRemoteOffer,
}

/// What came of an operation.
pub(crate) enum Done {
    Nothing,
    Offer(Raw),
    Answer(Raw),
    Failed,
}

/// A peer connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Pc {
    pub(crate) id: u64,
    signaling: Signaling,
    /// The credentials of the description that was agreed on last; 0 before there was one.
    credentials: u64,
    last_credentials: u64,
    remote: Option<Half>,
    /// Whether `remote` is not answered yet, so that the answer needs credentials of its own.
    is_new: bool,
    /// What it last said of its path.
    pub(crate) state: Option<PeerState>,
    /// The path that was cut: both halves must be others before there is one again.
    cut: Option<(Half, Half)>,
}

impl Pc {
    pub(crate) const fn new(id: u64) -> Self {
        Self {
            id,
            signaling: Signaling::Stable,
            credentials: 0,
            last_credentials: 0,
            remote: None,
            is_new: false,
            state: None,
            cut: None,
        }
    }

    /// Does what a browser would.
    pub(crate) fn perform(&mut self, op: PeerOp) -> Done {
        match (op, self.signaling) {
            (
                PeerOp::AddTransceivers
                | PeerOp::AttachTracks
                | PeerOp::SendText(_)
                | PeerOp::UseServers(_)
                | PeerOp::FindRoute,
                _,
            ) => Done::Nothing,
            (PeerOp::Offer { ice_restart }, Signaling::Stable) => {
                let credentials = if ice_restart || self.credentials == 0 {
                    self.draw()
                } else {
                    self.credentials
                };
                self.signaling = Signaling::HaveLocalOffer { credentials };
                Done::Offer(self.describe("offer", credentials))
            }
            (PeerOp::ApplyOffer(offer), _) => self.apply(&offer, "offer"),
            (PeerOp::Answer, Signaling::HaveRemoteOffer) => {
                if std::mem::take(&mut self.is_new) {
                    self.credentials = self.draw();
                }
                self.signaling = Signaling::Stable;
                Done::Answer(self.describe("answer", self.credentials))
            }
            (PeerOp::TellAnswer, Signaling::Stable) => {
                Done::Answer(self.describe("answer", self.credentials))
            }
            (PeerOp::ApplyAnswer(answer), Signaling::HaveLocalOffer { credentials }) => {
                self.credentials = credentials;
                self.apply(&answer, "answer")
            }
            _ => Done::Failed,
        }
    }

    const fn draw(&mut self) -> u64 {
        self.last_credentials += 1;
        self.last_credentials
    }

    fn describe(&self, kind: &str, credentials: u64) -> Raw {
        let description =
            json!({ "type": kind, "sdp": "", "pc": self.id, "credentials": credentials });
        Raw::from_json(description.to_string()).expect("a JSON value is JSON")
    }

    fn apply(&mut self, raw: &Raw, kind: &str) -> Done {
        let description: Value = serde_json::from_str(raw.as_json()).unwrap_or_default();
        let (Some(pc), Some(credentials)) =
            (description["pc"].as_u64(), description["credentials"].as_u64())
        else {
            return Done::Failed;
        };
        if description["type"] != kind {
            return Done::Failed;
        }
        let remote = Some(Half { pc, credentials });
        if kind == "offer" {
            self.is_new |= self.remote != remote;
            self.signaling = Signaling::HaveRemoteOffer;
        } else {
            self.signaling = Signaling::Stable;
        }
        self.remote = remote;
        Done::Nothing
    }

    fn local(&self) -> Half {
        Half { pc: self.id, credentials: self.credentials }
    }

    /// The peer connection that this one is with.
    pub(crate) fn other(&self) -> Option<u64> {
        self.remote.map(|remote| remote.pc)
    }

    /// Whether the two know each other's halves of a path.
    pub(crate) fn reaches(&self, other: &Self) -> bool {
        let knows = |one: &Self, other: &Self| {
            one.signaling == Signaling::Stable && one.remote == Some(other.local())
        };
        let path = (self.local(), other.local());
        let is_fresh = self.cut.is_none_or(|(local, remote)| local != path.0 && remote != path.1);
        knows(self, other) && knows(other, self) && is_fresh
    }

    /// The path breaks, for good.
    pub(crate) fn cut(&mut self) {
        self.cut = self.remote.map(|remote| (self.local(), remote));
    }
}
