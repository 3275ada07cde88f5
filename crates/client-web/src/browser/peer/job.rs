//! Operations on a peer connection, each awaited before the next one begins.

use js_sys::{Array, JSON, Promise};
use protocol::Raw;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    RtcIceCandidateInit, RtcRtpTransceiverDirection, RtcRtpTransceiverInit, RtcSdpType,
    RtcSessionDescription, RtcSessionDescriptionInit,
};

use super::{
    Parts,
    bindings::{Sender, Transceiver},
    channel::{Channel, LABEL},
    configuration, route,
    size::FIRST,
};
use crate::{
    browser::media::{Kind, Tracks},
    call::{PeerEvent, PeerOp, sdp},
};

/// Something to do with the connection.
pub(super) enum Job {
    /// What the machine asks for, with the tracks that there were when it did.
    Op(PeerOp, Tracks),
    /// Send these tracks instead of those before.
    Replace(Tracks),
    /// Send the picture with its sides so many times shorter.
    Scale(u8),
}

type Outcome = Result<Option<PeerEvent>, JsValue>;

impl Job {
    pub(super) async fn carry_out(self, parts: &Parts) -> Outcome {
        match self {
            Self::Replace(tracks) => {
                if let Err(error) = parts.replace(&tracks).await {
                    // The connection is closed, or does not take them: the call goes on with what it sends.
                    crate::browser::note("these tracks cannot be sent", &error);
                }
                Ok(None)
            }
            Self::Scale(by) => {
                parts.scale(by).await;
                Ok(None)
            }
            Self::Op(op, tracks) => parts.operate(op, &tracks).await,
        }
    }
}

impl Parts {
    async fn operate(&self, op: PeerOp, tracks: &Tracks) -> Outcome {
        match op {
            PeerOp::AddTransceivers => self.add_transceivers(tracks).await,
            PeerOp::AttachTracks => self.attach(tracks).await,
            PeerOp::Offer { ice_restart } => {
                if ice_restart {
                    self.connection.restart_ice()?;
                }
                self.describe(RtcSdpType::Offer).await.map(|raw| Some(PeerEvent::OfferReady(raw)))
            }
            PeerOp::Answer => {
                self.describe(RtcSdpType::Answer).await.map(|raw| Some(PeerEvent::AnswerReady(raw)))
            }
            PeerOp::TellAnswer => {
                self.description(RtcSdpType::Answer).map(|raw| Some(PeerEvent::AnswerReady(raw)))
            }
            PeerOp::ApplyOffer(raw) => self.apply(RtcSdpType::Offer, &raw).await,
            PeerOp::ApplyAnswer(raw) => self.apply(RtcSdpType::Answer, &raw).await,
            PeerOp::AddCandidate(raw) => {
                self.add_candidate(&raw);
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
    async fn add_transceivers(&self, tracks: &Tracks) -> Outcome {
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
        self.scale(FIRST).await;
        Ok(None)
    }

    /// The callee's start. A kind that was not offered is not sent; one without a device stays open for it.
    async fn attach(&self, tracks: &Tracks) -> Outcome {
        for kind in Kind::ALL {
            let Some(transceiver) = self.transceiver(kind) else { continue };
            transceiver.try_set_direction(RtcRtpTransceiverDirection::Sendrecv)?;
            let sender: Sender = transceiver.sender().unchecked_into();
            if let Err(error) = sender.try_set_streams(&self.local) {
                // Only peers that look for streams, and not for tracks, miss them.
                crate::browser::note("the tracks are of no stream", &error);
            }
        }
        self.scale(FIRST).await;
        self.replace(tracks).await
    }

    /// Both at once: the picture need not wait for the sound.
    async fn replace(&self, tracks: &Tracks) -> Outcome {
        let replaced = Array::new();
        for kind in Kind::ALL {
            let Some(transceiver) = self.transceiver(kind) else { continue };
            let (sender, track) = (transceiver.sender(), tracks.get(kind));
            if sender.track().as_ref() != track {
                replaced.push(&sender.replace_track(track));
            }
        }
        JsFuture::from(Promise::all(&replaced)).await?;
        Ok(None)
    }

    /// The transceiver for a kind: the first, as in an offer of ours there is no other.
    pub(super) fn transceiver(&self, kind: Kind) -> Option<Transceiver> {
        self.connection
            .get_transceivers()
            .iter()
            .map(JsCast::unchecked_into::<Transceiver>)
            .find(|transceiver| transceiver.receiver().track().kind() == kind.name())
    }

    /// Sets a local description of this type, and says which.
    async fn describe(&self, wanted: RtcSdpType) -> Result<Raw, JsValue> {
        JsFuture::from(self.connection.set_local_description_implicitly()?).await?;
        self.description(wanted)
    }

    /// The local description, which is to be of this type, with the candidates that were found by now.
    fn description(&self, wanted: RtcSdpType) -> Result<Raw, JsValue> {
        let description: RtcSessionDescription =
            self.connection.local_description().ok_or("there is no local description")?;
        if description.type_() != wanted {
            return Err("the connection is in another state than the machine thinks".into());
        }
        let mut json = String::from(JSON::stringify(&description.to_json())?);
        if wanted == RtcSdpType::Offer
            && let Some(part) = self.part_in_dtls()
        {
            json = json.replace("a=setup:actpass", part);
        }
        Raw::from_json(json).map_err(|error| error.to_string().into())
    }

    /// The part in DTLS that this side has (RFC 8842 section 5), once an offer was answered. Firefox answers an ICE restart that
    /// leaves it the choice as the active one, whatever it was before, and Chromium refuses the change: so it gets no choice.
    fn part_in_dtls(&self) -> Option<&'static str> {
        let ours = self.connection.current_local_description()?;
        let theirs = self.connection.current_remote_description()?;
        let is_answerer = ours.type_() == RtcSdpType::Answer;
        let answer = if is_answerer { ours } else { theirs };
        let is_active = answer.sdp().contains("a=setup:active") == is_answerer;
        Some(if is_active { "a=setup:active" } else { "a=setup:passive" })
    }

    async fn apply(&self, kind: RtcSdpType, raw: &Raw) -> Outcome {
        let sdp = sdp(raw).ok_or("this is no session description")?;
        let description = RtcSessionDescriptionInit::new(kind);
        description.set_sdp(&sdp);
        JsFuture::from(self.connection.set_remote_description(&description)).await?;
        Ok(None)
    }

    /// Nothing waits for it: the browser keeps the order of what it is asked, and takes its time where there are many.
    fn add_candidate(&self, raw: &Raw) {
        let added = JSON::parse(raw.as_json()).map(|candidate| {
            let candidate: RtcIceCandidateInit = candidate.unchecked_into();
            self.connection.add_ice_candidate_with_opt_rtc_ice_candidate_init(Some(&candidate))
        });
        spawn_local(async move {
            let added = async { JsFuture::from(added?).await };
            if let Err(error) = added.await {
                crate::browser::note("a candidate is of no use", &error);
            }
        });
    }
}
