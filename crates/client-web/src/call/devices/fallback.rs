//! What a call asks for, and what it goes on with when a device cannot be had.

use crate::call::Text;

/// Why `getUserMedia` failed, by the name of its exception (W3C Media Capture and Streams section 10.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MediaError {
    /// `NotAllowedError`, `SecurityError`: the user or the browser's settings refused.
    Denied,
    /// `NotFoundError`, `OverconstrainedError`: there is no such device.
    NotFound,
    /// `NotReadableError`, `AbortError`: another program has it.
    InUse,
    /// Anything else.
    Other,
}

/// Which devices are asked for. Browsers give both or neither, so that one that is missing hides the other: after a
/// failure each is asked for alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Attempt {
    Both,
    /// The microphone alone, after both failed.
    MicrophoneAfter(MediaError),
    /// The camera alone, after both failed and then the microphone.
    CameraAfter(MediaError),
    Microphone,
    Camera,
}

/// What came of it in the end.
pub(in crate::call) enum Outcome {
    /// The call can go on, with a note about what is missing.
    Go(Option<Text>),
    /// Not on this page, whatever the user has or allows.
    Stop(Text),
}

impl Attempt {
    /// Whether the microphone is asked for, and whether the camera is.
    pub(super) const fn devices(self) -> (bool, bool) {
        match self {
            Self::Both => (true, true),
            Self::Microphone | Self::MicrophoneAfter(_) => (true, false),
            Self::Camera | Self::CameraAfter(_) => (false, true),
        }
    }
}

/// What is missing when this attempt succeeded.
pub(super) const fn note(attempt: Attempt) -> Option<Text> {
    match attempt {
        Attempt::Both | Attempt::Microphone | Attempt::Camera => None,
        Attempt::MicrophoneAfter(error) => Some(camera_problem(error)),
        Attempt::CameraAfter(error) => Some(microphone_problem(error)),
    }
}

/// The next attempt of a call; or, when there is none left, what is missing in it. The call goes on in any case, if only to
/// watch and listen.
pub(super) const fn after_failure(attempt: Attempt, error: MediaError) -> Result<Attempt, Text> {
    use MediaError::{Denied, InUse};
    match (attempt, error) {
        (Attempt::Both, error) => Ok(Attempt::MicrophoneAfter(error)),
        (Attempt::MicrophoneAfter(_), error) => Ok(Attempt::CameraAfter(error)),
        (Attempt::CameraAfter(Denied), _) | (Attempt::CameraAfter(_), Denied) => {
            Err(Text::MediaDenied)
        }
        (Attempt::CameraAfter(InUse), _) | (Attempt::CameraAfter(_), InUse) => Err(Text::MediaNone),
        (Attempt::CameraAfter(_), _) => Err(Text::ListenOnly),
        (Attempt::Microphone, error) => Err(microphone_problem(error)),
        (Attempt::Camera, error) => Err(camera_problem(error)),
    }
}

pub(super) const fn camera_problem(error: MediaError) -> Text {
    match error {
        MediaError::Denied => Text::CameraDenied,
        MediaError::NotFound => Text::CameraMissing,
        MediaError::InUse => Text::CameraBusy,
        MediaError::Other => Text::MediaOther,
    }
}

pub(super) const fn microphone_problem(error: MediaError) -> Text {
    match error {
        MediaError::Denied => Text::MicDenied,
        MediaError::NotFound => Text::MicMissing,
        MediaError::InUse => Text::MicBusy,
        MediaError::Other => Text::MediaOther,
    }
}
