//! Asking for camera and microphone.

use std::rc::Rc;

use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    ConstrainLongRange, MediaDevices, MediaStream, MediaStreamConstraints, MediaStreamTrack,
    MediaTrackConstraints,
};

use super::track::{Change, Kind, OwnTrack};
use crate::{browser::exception_name, call::MediaError};

/// The picture asked for, in pixels: 720p is what cameras have and what a call between two can carry; a browser takes
/// the nearest it has.
const PICTURE: (i32, i32) = (1280, 720);

/// Which tracks are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The microphone's.
    pub audio: bool,
    /// The camera's.
    pub video: bool,
}

/// The tracks that came.
#[derive(Debug, Default)]
pub struct Opened {
    /// The microphone's.
    pub audio: Option<OwnTrack>,
    /// The camera's.
    pub video: Option<OwnTrack>,
}

/// Asks the browser, and with it the user, for tracks. `answer` is called once, later; `changed` whenever one of the
/// tracks changes by itself.
pub fn open(
    wanted: Wanted,
    changed: impl Fn(Kind, Change) + 'static,
    answer: impl FnOnce(Result<Opened, MediaError>) + 'static,
) {
    spawn_local(async move {
        let opened = get_user_media(wanted).await;
        answer(match opened {
            Ok(stream) => Ok(own(&stream, changed)),
            Err(error) => {
                crate::browser::note("camera or microphone cannot be had", &error);
                Err(reason(&error))
            }
        });
    });
}

/// Has the browser look for devices, of which it opens none. Chromium starts a process for cameras and looks at each for the
/// first who asks; whoever opens one within the next seconds need not wait for that.
pub fn find() {
    if let Ok(found) = devices().and_then(|devices| devices.enumerate_devices()) {
        spawn_local(async move {
            // Nobody wants to know which there are.
            let _ = JsFuture::from(found).await;
        });
    }
}

fn devices() -> Result<MediaDevices, JsValue> {
    web_sys::window().ok_or(JsValue::NULL)?.navigator().media_devices()
}

async fn get_user_media(wanted: Wanted) -> Result<MediaStream, JsValue> {
    let promise = devices()?.get_user_media_with_constraints(&constraints(wanted))?;
    JsFuture::from(promise).await?.dyn_into()
}

fn constraints(wanted: Wanted) -> MediaStreamConstraints {
    let constraints = MediaStreamConstraints::new();
    if wanted.audio {
        let audio = MediaTrackConstraints::new();
        audio.set_echo_cancellation_bool(true);
        audio.set_noise_suppression_bool(true);
        audio.set_auto_gain_control_bool(true);
        constraints.set_audio_media_track_constraints(&audio);
    }
    if wanted.video {
        let video = MediaTrackConstraints::new();
        let (width, height) = PICTURE;
        video.set_width_constrain_long_range(&ideal(width));
        video.set_height_constrain_long_range(&ideal(height));
        video.set_facing_mode_str("user");
        constraints.set_video_media_track_constraints(&video);
    }
    constraints
}

fn ideal(value: i32) -> ConstrainLongRange {
    let range = ConstrainLongRange::new();
    range.set_ideal(value);
    range
}

/// Takes the tracks out of the browser's stream: one of each kind is all that was asked for, any other is stopped.
fn own(stream: &MediaStream, changed: impl Fn(Kind, Change) + 'static) -> Opened {
    let changed = Rc::new(changed);
    let take = |tracks: Array, kind: Kind| {
        let mut first = None;
        for track in tracks.iter().filter_map(|track| track.dyn_into::<MediaStreamTrack>().ok()) {
            let changed = Rc::clone(&changed);
            let track = OwnTrack::new(track, move |change| changed(kind, change));
            first.get_or_insert(track);
        }
        first
    };
    Opened {
        audio: take(stream.get_audio_tracks(), Kind::Audio),
        video: take(stream.get_video_tracks(), Kind::Video),
    }
}

/// The reason, by the exception's name. `OverconstrainedError` is no `DOMException`, but has a name as well.
fn reason(error: &JsValue) -> MediaError {
    match exception_name(error).as_deref() {
        Some("NotAllowedError" | "SecurityError") => MediaError::Denied,
        Some("NotFoundError" | "OverconstrainedError") => MediaError::NotFound,
        Some("NotReadableError" | "AbortError") => MediaError::InUse,
        _ => MediaError::Other,
    }
}
