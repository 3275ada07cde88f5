//! Camera and microphone.

mod request;
mod track;

pub use request::{Opened, Wanted, find, open};
pub use track::{Change, Kind, OwnTrack, Tracks};

use web_sys::MediaStream;

use crate::call::RequestId;

/// This user's tracks. They are stopped when they are dropped, and the camera's light goes out.
#[derive(Debug, Default)]
pub struct Media {
    /// What came and waits for the machine's word: at most one for each request under way, which are one or two.
    pending: Vec<(RequestId, Opened)>,
    audio: Option<OwnTrack>,
    video: Option<OwnTrack>,
    picture: Option<MediaStream>,
}

impl Media {
    /// Tracks came; they wait for [`keep`](Self::keep) or [`discard`](Self::discard).
    pub fn arrived(&mut self, request: RequestId, opened: Opened) {
        self.pending.push((request, opened));
    }

    /// The tracks of this request are the user's from now on. Gives those of them that the system silences already.
    pub fn keep(&mut self, request: RequestId) -> Vec<Kind> {
        let mut silenced = Vec::new();
        if let Some(Opened { audio, video }) = self.take(request) {
            for (kind, track) in Kind::ALL.into_iter().zip([&audio, &video]) {
                silenced.extend(track.as_ref().filter(|own| own.track().muted()).map(|_| kind));
            }
            if audio.is_some() {
                self.audio = audio;
            }
            if video.is_some() {
                self.picture = video.as_ref().and_then(picture_of);
                self.video = video;
            }
        }
        silenced
    }

    /// The tracks of this request are not wanted any more.
    pub fn discard(&mut self, request: RequestId) {
        self.take(request);
    }

    fn take(&mut self, request: RequestId) -> Option<Opened> {
        let at = self.pending.iter().position(|(of, _)| *of == request)?;
        Some(self.pending.swap_remove(at).1)
    }

    /// Releases the camera.
    pub fn stop_camera(&mut self) {
        self.picture = None;
        self.video = None;
    }

    /// Releases the microphone.
    pub fn stop_microphone(&mut self) {
        self.audio = None;
    }

    /// Whether the microphone sends sound or silence.
    pub fn enable_microphone(&self, enabled: bool) {
        if let Some(audio) = &self.audio {
            audio.track().set_enabled(enabled);
        }
    }

    /// What there is to send.
    #[must_use]
    pub fn tracks(&self) -> Tracks {
        // Not `.clone()`: that is the browser's method, and its copy would keep the camera on after ours is stopped.
        let track = |own: &Option<OwnTrack>| own.as_ref().map(|own| Clone::clone(own.track()));
        Tracks { audio: track(&self.audio), video: track(&self.video) }
    }

    /// The own picture, without the own voice.
    #[must_use]
    pub const fn picture(&self) -> Option<&MediaStream> {
        self.picture.as_ref()
    }
}

fn picture_of(video: &OwnTrack) -> Option<MediaStream> {
    let stream = MediaStream::new().ok()?;
    stream.add_track(video.track());
    Some(stream)
}
