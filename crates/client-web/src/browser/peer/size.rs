//! How large the picture is that is sent.
//!
//! A browser begins with 300 kbit/s, whatever the network can do, and the first picture has to come through whole: in its
//! full size it takes a fifth of a second longer. So calls begin with a small one, and by the time that somebody looks at it
//! the browser knows how much it may send.

use std::{cell::RefCell, rc::Rc};

use futures_channel::mpsc;
use gloo_timers::callback::Timeout;
use js_sys::{Array, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Event, RtcPeerConnection, RtcPeerConnectionState};

use super::{Parts, bindings::Sender, job::Job};
use crate::browser::{
    listener::{self, Listener},
    media::Kind,
};

/// By how much the sides of the first pictures are shorter than the camera's.
pub(super) const FIRST: u8 = 4;

/// Nothing is left out.
pub(super) const FULL: u8 = 1;

/// How long after there is a path the picture is sent in full, in ms: the browser has tried within this how much it may send.
const FULL_AFTER: u32 = 1_000;

/// Has the picture sent in full a while after there is a path.
pub(super) fn grow(connection: &RtcPeerConnection, jobs: mpsc::Sender<Job>) -> Listener {
    let (source, timer) = (connection.clone(), Rc::new(RefCell::new(None)));
    listener::on::<Event>(connection, "connectionstatechange", move |_| {
        if source.connection_state() == RtcPeerConnectionState::Connected {
            let mut jobs = jobs.clone();
            let full = Timeout::new(FULL_AFTER, move || {
                // In a queue that is full of others, this one is missed least.
                let _ = jobs.try_send(Job::Scale(FULL));
            });
            timer.replace(Some(full));
        }
    })
}

impl Parts {
    /// Sends the picture with its sides so many times shorter. Browsers that cannot do it send it in full.
    pub(super) async fn scale(&self, by: u8) {
        if let Some(transceiver) = self.transceiver(Kind::Video)
            && let Err(error) = scale(&transceiver.sender().unchecked_into(), by).await
        {
            crate::browser::note("the picture keeps its size", &error);
        }
    }
}

async fn scale(sender: &Sender, by: u8) -> Result<(), JsValue> {
    let parameters = sender.parameters()?;
    let encodings: Array = Reflect::get(&parameters, &"encodings".into())?.dyn_into()?;
    let encoding: Object = encodings.get(0).dyn_into()?;
    Reflect::set(&encoding, &"scaleResolutionDownBy".into(), &by.into())?;
    let set: Promise = sender.set_parameters(&parameters)?;
    JsFuture::from(set).await.map(drop)
}
