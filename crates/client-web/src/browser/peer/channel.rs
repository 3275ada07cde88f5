//! The data channel, over which the two pages tell each other what they send.

use std::{
    cell::RefCell,
    rc::{Rc, Weak},
};

use gloo_timers::future::TimeoutFuture;
use js_sys::JsString;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Event, MessageEvent, RtcDataChannel, RtcDataChannelState};

use super::{Report, Reporter};
use crate::{
    browser::listener::{self, Listener},
    call::PeerEvent,
    intake::{Intake, MAX_TEXT, PAUSE, Then},
};

/// The channel's label. Channels of other labels are not ours.
pub(super) const LABEL: &str = "pronto";

/// A data channel. Dropped, it is closed.
pub(super) struct Channel {
    channel: RtcDataChannel,
    _opening: Listener,
    /// Nobody else keeps it, so that nothing is told once this is dropped.
    _ear: Rc<RefCell<Ear>>,
}

/// What listens to the peer's texts.
struct Ear {
    channel: RtcDataChannel,
    report: Reporter,
    intake: Intake,
    /// There is none while the peer says too much.
    listener: Option<Listener>,
}

impl Channel {
    pub(super) fn new(channel: RtcDataChannel, report: &Reporter) -> Self {
        let open = report.clone();
        let opening = listener::on::<Event>(&channel, "open", move |_| {
            open(Report::Event(PeerEvent::ChannelOpen));
        });
        let ear = Rc::new(RefCell::new(Ear {
            channel: channel.clone(),
            report: Rc::clone(report),
            intake: Intake::default(),
            listener: None,
        }));
        listen(&ear);
        // The one who did not create it may get it open, and then hears of no opening.
        if channel.ready_state() == RtcDataChannelState::Open {
            report(Report::Event(PeerEvent::ChannelOpen));
        }
        Self { channel, _opening: opening, _ear: ear }
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

fn listen(ear: &Rc<RefCell<Ear>>) {
    let hears = Rc::downgrade(ear);
    let channel = ear.borrow().channel.clone();
    let listener = listener::on::<MessageEvent>(&channel, "message", move |message| {
        if let Some(ear) = hears.upgrade() {
            hear(&ear, &short_text(message));
        }
    });
    ear.borrow_mut().listener = Some(listener);
}

/// The text of a message; nothing of one that is too long or none. Its length is looked at before it is copied.
fn short_text(message: &MessageEvent) -> String {
    let text = message.data().dyn_into::<JsString>().ok();
    text.filter(|text| text.length() <= MAX_TEXT).map(String::from).unwrap_or_default()
}

fn hear(ear: &Rc<RefCell<Ear>>, text: &str) {
    let then = ear.borrow_mut().intake.arrived(text);
    match then {
        Then::Wait => {}
        Then::Ignore => {
            // Browsers hand over in one go all that has come, and what nobody listens to takes no time. It is dropped before
            // the next text, and not in its own call.
            let listener = ear.borrow_mut().listener.take();
            spawn_local(async move { drop(listener) });
        }
        Then::Tell(_) => {
            tell(ear, then);
            spawn_local(pause(Rc::downgrade(ear)));
        }
    }
}

fn tell(ear: &Rc<RefCell<Ear>>, then: Then) {
    if let Then::Tell(Some(media)) = then {
        let report = Rc::clone(&ear.borrow().report);
        report(Report::Event(PeerEvent::PeerMedia(media)));
    }
}

/// Tells what is said meanwhile, for as long as something is.
async fn pause(ear: Weak<RefCell<Ear>>) {
    loop {
        TimeoutFuture::new(PAUSE).await;
        let Some(ear) = ear.upgrade() else { return };
        let then = ear.borrow_mut().intake.pause_is_over();
        tell(&ear, then);
        if ear.borrow().listener.is_none() {
            listen(&ear);
        }
        if then == Then::Wait {
            return;
        }
    }
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
