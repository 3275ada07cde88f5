//! Operations on a peer connection, each awaited before the next one begins.

use js_sys::{Array, JSON};
use protocol::Raw;
use serde::Deserialize;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    RtcIceCandidateInit, RtcRtpTransceiverDirection, RtcRtpTransceiverInit, RtcSdpType,
    RtcSessionDescription, RtcSessionDescriptionInit,
};

use super::{
    Parts,
    bindings::Transceiver,
    channel::{Channel, LABEL},
    configuration, route,
};
use crate::{
    browser::media::{Kind, Tracks},
    call::{PeerEvent, PeerOp},
};

/// Something to do with the connection.
pub(super) enum Job {
    /// What the machine asks for, with the tracks that there were when it did.
    Op(PeerOp, Tracks),
    /// Send these tracks instead of those before.
    Replace(Tracks),
}

/// A session description as it comes from the peer. Its `type` does not count: what it is for is known already, and
/// one that lies must not roll anything back.
#[derive(Deserialize)]
struct Description {
    sdp: String,
}

type Outcome = Result<Option<PeerEvent>, JsValue>;

impl Job {
    pub(super) async fn carry_out(self, parts: &Parts) -> Outcome {
        match self {
            Self::Replace(tracks) => parts.replace(&tracks).await,
            Self::Op(op, tracks) => parts.operate(op, &tracks).await,
        }
    }
}

impl Parts {
    async fn operate(&self, op: PeerOp, tracks: &Tracks) -> Outcome {
        match op {
            PeerOp::AddTransceivers => self.add_transceivers(tracks),
            PeerOp::AttachTracks => self.attach(tracks),
            PeerOp::Offer { ice_restart } => {
                if ice_restart {
                    self.connection.restart_ice()?;
                }
                self.describe(RtcSdpType::Offer).await.map(|raw| Some(PeerEvent::OfferReady(raw)))
            }
            PeerOp::Answer => {
                self.describe(RtcSdpType::Answer).await.map(|raw| Some(PeerEvent::AnswerReady(raw)))
            }
            PeerOp::ApplyOffer(raw) => self.apply(RtcSdpType::Offer, &raw).await,
            PeerOp::ApplyAnswer(raw) => self.apply(RtcSdpType::Answer, &raw).await,
            PeerOp::AddCandidate(raw) => {
                if let Err(error) = self.add_candidate(&raw).await {
                    crate::browser::note("a candidate is of no use", &error);
                }
                Ok(None)
            }
            PeerOp::UseServers(ice_servers) => {
                let configuration = configuration(&ice_servers, self.paths);
                if let Err(error) = self.connection.try_set_configuration(&configuration) {
                    // The call goes on with those that it has for as long as they are good.
                    crate::browser::note("these STUN and TURN servers cannot be used", &error);
                }
                Ok(None)
            }
            PeerOp::FindRoute => {
                let relayed = route::is_relayed(&self.connection).await;
                Ok(Some(PeerEvent::Route { relayed }))
            }
            PeerOp::SendText(text) => {
                if let Some(channel) = &*self.channel.borrow() {
                    channel.send(&text);
                }
                Ok(None)
            }
        }
    }

    /// The caller's start. Both kinds are offered, also what there is no device for: the other's comes that way, and
    /// a camera that is switched on later needs no new offer.
    fn add_transceivers(&self, tracks: &Tracks) -> Outcome {
        for kind in Kind::ALL {
            let init = RtcRtpTransceiverInit::new();
            init.set_direction(RtcRtpTransceiverDirection::Sendrecv);
            init.set_streams(&Array::of1(&self.local));
            let source = tracks.get(kind).map_or_else(|| kind.name().into(), JsValue::from);
            self.connection.try_add_transceiver(&source, &init)?;
        }
        let channel = self.connection.try_create_data_channel(LABEL)?;
        let channel = Channel::new(channel, &self.report);
        self.channel.replace(Some(channel));
        Ok(None)
    }

    /// The callee's start. A kind that was not offered is not sent; one without a device stays open for it.
    fn attach(&self, tracks: &Tracks) -> Outcome {
        for kind in Kind::ALL {
            let Some(transceiver) = self.transceiver(kind) else { continue };
            if let Some(track) = tracks.get(kind) {
                self.connection.try_add_track(track, &self.local)?;
            } else {
                transceiver.try_set_direction(RtcRtpTransceiverDirection::Sendrecv)?;
            }
        }
        Ok(None)
    }

    async fn replace(&self, tracks: &Tracks) -> Outcome {
        for kind in Kind::ALL {
            let Some(transceiver) = self.transceiver(kind) else { continue };
            let (sender, track) = (transceiver.sender(), tracks.get(kind));
            if sender.track().as_ref() != track {
                JsFuture::from(sender.replace_track(track)).await?;
            }
        }
        Ok(None)
    }

    /// The transceiver for a kind: the first, as in an offer of ours there is no other.
    fn transceiver(&self, kind: Kind) -> Option<Transceiver> {
        self.connection
            .get_transceivers()
            .iter()
            .map(JsCast::unchecked_into::<Transceiver>)
            .find(|transceiver| transceiver.receiver().track().kind() == kind.name())
    }

    /// Sets a local description of this type, and says which.
    async fn describe(&self, wanted: RtcSdpType) -> Result<Raw, JsValue> {
        JsFuture::from(self.connection.set_local_description_implicitly()?).await?;
        let description: RtcSessionDescription =
            self.connection.local_description().ok_or("there is no local description")?;
        if description.type_() != wanted {
            return Err("the connection is in another state than the machine thinks".into());
        }
        let json = JSON::stringify(&description.to_json())?;
        Raw::from_json(json.into()).map_err(|error| error.to_string().into())
    }

    async fn apply(&self, kind: RtcSdpType, raw: &Raw) -> Outcome {
        let Description { sdp } =
            serde_json::from_str(raw.as_json()).map_err(|error| error.to_string())?;
        let description = RtcSessionDescriptionInit::new(kind);
        description.set_sdp(&sdp);
        JsFuture::from(self.connection.set_remote_description(&description)).await?;
        Ok(None)
    }

    async fn add_candidate(&self, raw: &Raw) -> Result<(), JsValue> {
        let candidate: RtcIceCandidateInit = JSON::parse(raw.as_json())?.unchecked_into();
        let added =
            self.connection.add_ice_candidate_with_opt_rtc_ice_candidate_init(Some(&candidate));
        JsFuture::from(added).await.map(drop)
    }
}
