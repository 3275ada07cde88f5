//! A track that its owner stops by dropping it.

use std::rc::Rc;

use web_sys::{Event, MediaStreamTrack};

use crate::{
    browser::listener::{self, Listener},
    call::Device,
};

/// Sound or picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Sound.
    Audio,
    /// Picture.
    Video,
}

impl Kind {
    /// Both, in the order in which they stand in an offer.
    pub const ALL: [Self; 2] = [Self::Audio, Self::Video];

    /// The device that it comes from.
    #[must_use]
    pub const fn device(self) -> Device {
        match self {
            Self::Audio => Device::Microphone,
            Self::Video => Device::Camera,
        }
    }

    /// The kind's name (W3C Media Capture and Streams, `MediaStreamTrack.kind`).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Audio => "audio",
            Self::Video => "video",
        }
    }
}

/// The tracks to send at some moment. They stay [`Media`](super::Media)'s, which may stop them any time.
#[derive(Clone, Debug, Default)]
pub struct Tracks {
    /// The microphone's.
    pub audio: Option<MediaStreamTrack>,
    /// The camera's.
    pub video: Option<MediaStreamTrack>,
}

impl Tracks {
    /// The track of a kind.
    #[must_use]
    pub const fn get(&self, kind: Kind) -> Option<&MediaStreamTrack> {
        match kind {
            Kind::Audio => self.audio.as_ref(),
            Kind::Video => self.video.as_ref(),
        }
    }
}

/// What a track does by itself, and never by a doing of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It stops, for good.
    Ended,
    /// The system silences it, or does not any more.
    Silenced(bool),
}

/// A track of this user's devices. Dropped, it is stopped.
#[derive(Debug)]
pub struct OwnTrack {
    track: MediaStreamTrack,
    _listeners: [Listener; 3],
}

impl OwnTrack {
    /// Takes a track; `changed` is called with what it does by itself.
    #[must_use]
    pub fn new(track: MediaStreamTrack, changed: impl Fn(Change) + 'static) -> Self {
        let changed = Rc::new(changed);
        let listeners = [
            ("ended", Change::Ended),
            ("mute", Change::Silenced(true)),
            ("unmute", Change::Silenced(false)),
        ]
        .map(|(kind, change)| {
            let changed = Rc::clone(&changed);
            listener::on::<Event>(&track, kind, move |_| changed(change))
        });
        Self { track, _listeners: listeners }
    }

    /// The browser's track.
    #[must_use]
    pub const fn track(&self) -> &MediaStreamTrack {
        &self.track
    }
}

impl Drop for OwnTrack {
    fn drop(&mut self) {
        self.track.stop();
    }
}
