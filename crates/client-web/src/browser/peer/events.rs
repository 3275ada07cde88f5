//! What the browser tells of a peer connection.

use std::{cell::RefCell, rc::Rc};

use js_sys::{JSON, Reflect};
use protocol::Raw;
use wasm_bindgen::JsValue;
use web_sys::{
    Event, MediaStream, RtcDataChannelEvent, RtcIceCandidate, RtcPeerConnection,
    RtcPeerConnectionIceEvent, RtcPeerConnectionState, RtcTrackEvent,
};

use super::{
    Report, Reporter,
    channel::{self, Channel},
};
use crate::{
    browser::listener::{self, Listener},
    call::{PeerEvent, PeerState},
};

pub(super) fn listen(
    connection: &RtcPeerConnection,
    remote: &MediaStream,
    channel: &Rc<RefCell<Option<Channel>>>,
    report: &Reporter,
) -> Vec<Listener> {
    let (candidate, state, needed) = (report.clone(), report.clone(), report.clone());
    let (track, taken, refused) = (report.clone(), report.clone(), report.clone());
    let (source, channel) = (connection.clone(), Rc::clone(channel));
    // Not `.clone()`: that is the browser's method, and makes another stream.
    let remote = Clone::clone(remote);
    vec![
        listener::on::<RtcPeerConnectionIceEvent>(connection, "icecandidate", move |event| {
            if let Some(found) = event.candidate().as_ref().and_then(to_raw) {
                candidate(Report::Event(PeerEvent::Candidate(found)));
            }
        }),
        listener::on::<Event>(connection, "icecandidateerror", move |event| {
            if let Some(code) = refusal(event) {
                refused(Report::Event(PeerEvent::RelayRefused(code)));
            }
        }),
        listener::on::<Event>(connection, "connectionstatechange", move |_| {
            if let Some(new) = state_of(&source) {
                state(Report::Event(PeerEvent::State(new)));
            }
        }),
        listener::on::<Event>(connection, "negotiationneeded", move |_| {
            needed(Report::Event(PeerEvent::NegotiationNeeded));
        }),
        listener::on::<RtcTrackEvent>(connection, "track", move |event| {
            // Peers need not name streams, and ours may send a track that they name none for.
            remote.add_track(&event.track());
            track(Report::Track);
        }),
        listener::on::<RtcDataChannelEvent>(connection, "datachannel", move |event| {
            channel::take(&channel, event.channel(), &taken);
        }),
    ]
}

/// The candidate as it is sent. An empty one says that there are no more, which nobody needs to hear: whoever checks
/// paths stops by itself, and older peers stumble over it.
fn to_raw(candidate: &RtcIceCandidate) -> Option<Raw> {
    if candidate.candidate().is_empty() {
        return None;
    }
    let json = JSON::stringify(&candidate.to_json()).ok()?;
    Raw::from_json(json.into()).ok()
}

/// The code with which a relay refused to serve: an error of its own (RFC 8489 section 14.8, RFC 8656 section 18). From 701 on the codes
/// mean that it was not reached (W3C WebRTC section 4.8.3).
fn refusal(event: &Event) -> Option<u16> {
    let field = |name: &str| Reflect::get(event, &name.into()).unwrap_or(JsValue::UNDEFINED);
    let is_relay = field("url").as_string().is_none_or(|url| url.starts_with("turn"));
    let code = field("errorCode").as_f64().filter(|code| (300.0..700.0).contains(code));
    code.filter(|_| is_relay).map(|code| code as u16)
}

fn state_of(connection: &RtcPeerConnection) -> Option<PeerState> {
    match connection.connection_state() {
        RtcPeerConnectionState::Connected => Some(PeerState::Connected),
        RtcPeerConnectionState::Disconnected => Some(PeerState::Disconnected),
        RtcPeerConnectionState::Failed => Some(PeerState::Failed),
        _ => None,
    }
}
