//! A track that its owner stops by dropping it.

use web_sys::{Event, MediaStreamTrack};

use crate::browser::listener::{self, Listener};

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

/// A track of this user's devices. Dropped, it is stopped.
#[derive(Debug)]
pub struct OwnTrack {
    track: MediaStreamTrack,
    _ended: Listener,
}

impl OwnTrack {
    /// Takes a track; `ended` is called if it stops by itself, never for a stop of ours.
    #[must_use]
    pub fn new(track: MediaStreamTrack, ended: impl Fn() + 'static) -> Self {
        let listener = listener::on::<Event>(&track, "ended", move |_| ended());
        Self { track, _ended: listener }
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
