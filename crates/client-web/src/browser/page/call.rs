//! The part of the page that a call is seen in.

use web_sys::HtmlButtonElement;

use super::{
    Elements, clock_face, flag, initial, set_attribute, set_available, set_name, set_text,
    texts::{Texts, find_slot},
    tile,
};
use crate::call::{Controls, IncomingView, Message, RemoteView, Ring, Text, View};

pub(super) fn render(elements: &Elements, texts: &Texts, view: &View) {
    let in_call = view.remote.is_some();
    elements.idle_panel.set_hidden(in_call || view.incoming.is_some());
    render_incoming(elements, view.incoming.as_ref());
    render_remote(elements, texts, view.remote.as_ref());
    elements.local_tile.set_hidden(!view.own_picture);
    set_attribute(&elements.local_tile, "data-corner", Some(tile::key(view.corner)));
    elements.call_controls.set_hidden(view.controls.is_none());
    if let Some(controls) = view.controls {
        render_controls(elements, texts, controls);
    }
    let time = view.duration.map(clock_face).unwrap_or_default();
    set_text(&elements.call_timer, &time);
    let ring = match view.ring {
        Ring::Silent => None,
        Ring::Incoming => Some("incoming"),
        Ring::Outgoing => Some("outgoing"),
    };
    set_attribute(&elements.call_page, "data-ring", ring);
}

fn render_incoming(elements: &Elements, incoming: Option<&IncomingView>) {
    elements.incoming.set_hidden(incoming.is_none());
    let name = incoming.map(|incoming| incoming.name.as_str()).unwrap_or_default();
    set_name(&elements.caller_name, name);
    set_text(&elements.caller_initial, &initial(name));
    elements.caller_guest.set_hidden(!incoming.is_some_and(|incoming| incoming.guest));
    let answering = incoming.is_some_and(|incoming| incoming.answering);
    let shows = incoming.is_some_and(|incoming| incoming.shows_address);
    set_attribute(&elements.incoming, "data-shows-address", shows.then_some(""));
    set_available(&elements.accept, !answering);
    set_available(&elements.accept_audio, !answering);
}

fn render_remote(elements: &Elements, texts: &Texts, remote: Option<&RemoteView>) {
    let picture = remote.is_some_and(|remote| remote.picture);
    elements.remote_video.set_hidden(!picture);
    elements.remote_placeholder.set_hidden(remote.is_none() || picture);
    let name = remote.map(|remote| remote.name.as_str()).unwrap_or_default();
    set_name(&elements.remote_name, name);
    elements.remote_guest.set_hidden(!remote.is_some_and(|remote| remote.guest));
    set_text(&elements.remote_initial, &initial(name));
    texts.show(&elements.remote_status, remote.and_then(|remote| remote.status.as_ref()));
    elements.remote_muted.set_hidden(!remote.is_some_and(|remote| remote.muted));
}

fn render_controls(elements: &Elements, texts: &Texts, controls: Controls) {
    let microphone = match (controls.microphone_silenced, controls.microphone_off) {
        (true, _) => Text::MicBySystem,
        (false, true) => Text::MicUnmute,
        (false, false) => Text::MicMute,
    };
    let camera = match (controls.camera_silenced, controls.camera_off) {
        (true, _) => Text::CameraBySystem,
        (false, true) => Text::CameraStart,
        (false, false) => Text::CameraStop,
    };
    let toggles = [
        (&elements.microphone, controls.microphone_off, controls.microphone_opening, microphone),
        (&elements.camera, controls.camera_off, controls.camera_opening, camera),
    ];
    for (button, off, opening, label) in toggles {
        render_toggle(button, texts, off, label);
        set_attribute(button, "aria-busy", opening.then_some("true"));
        set_available(button, controls.enabled);
    }
}

/// The button's name stays; that it is pressed says that the device is off. Its tooltip says what a click would do.
fn render_toggle(button: &HtmlButtonElement, texts: &Texts, off: bool, label: Text) {
    set_attribute(button, "aria-pressed", Some(flag(off)));
    if let Some(slot) = find_slot(button, "label") {
        texts.show(&slot, Some(&Message::plain(label)));
    }
}
