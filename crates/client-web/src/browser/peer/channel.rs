//! The data channel, over which the two pages tell each other what they send.

use std::cell::RefCell;

use wasm_bindgen::JsCast;
use web_sys::{Event, MessageEvent, RtcDataChannel, RtcDataChannelState};

use super::{Report, Reporter};
use crate::{
    browser::listener::{self, Listener},
    call::PeerEvent,
};

/// The channel's label. Channels of other labels are not ours.
pub(super) const LABEL: &str = "pronto";

/// The longest text that is taken, in UTF-16 code units. Ours have less than 100; what is longer is not from our page.
const MAX_TEXT: u32 = 4_096;

/// A data channel. Dropped, it is closed.
pub(super) struct Channel {
    channel: RtcDataChannel,
    _listeners: [Listener; 2],
}

impl Channel {
    pub(super) fn new(channel: RtcDataChannel, report: &Reporter) -> Self {
        let open = report.clone();
        let text = report.clone();
        let listeners = [
            listener::on::<Event>(&channel, "open", move |_| {
                open(Report::Event(PeerEvent::ChannelOpen));
            }),
            listener::on::<MessageEvent>(&channel, "message", move |message| {
                if let Some(received) = short_text(message) {
                    text(Report::Event(PeerEvent::ChannelText(received)));
                }
            }),
        ];
        // The one who did not create it may get it open, and then hears of no opening.
        if channel.ready_state() == RtcDataChannelState::Open {
            report(Report::Event(PeerEvent::ChannelOpen));
        }
        Self { channel, _listeners: listeners }
    }

    pub(super) fn send(&self, text: &str) {
        if self.channel.ready_state() == RtcDataChannelState::Open
            && let Err(error) = self.channel.send_with_str(text)
        {
            crate::browser::note("a text was not sent to the peer", &error);
        }
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.channel.close();
    }
}

/// The text of a message, unless it is too long or none. Its length is looked at before it is copied.
fn short_text(message: &MessageEvent) -> Option<String> {
    let text = message.data().dyn_into::<js_sys::JsString>().ok()?;
    (text.length() <= MAX_TEXT).then(|| String::from(text))
}

/// Takes the peer's channel, unless there is one already.
pub(super) fn take(slot: &RefCell<Option<Channel>>, channel: RtcDataChannel, report: &Reporter) {
    if channel.label() != LABEL || slot.borrow().is_some() {
        channel.close();
        return;
    }
    let channel = Channel::new(channel, report);
    slot.replace(Some(channel));
}
