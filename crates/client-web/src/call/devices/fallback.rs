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
    /// Not like this: the user can mend it and try again.
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

/// The next attempt of a call, or what comes of it when there is none left.
pub(super) fn after_failure(
    attempt: Attempt,
    error: MediaError,
    has_camera: bool,
) -> Result<Attempt, Outcome> {
    match (attempt, error) {
        (Attempt::Both, error) => Ok(Attempt::MicrophoneAfter(error)),
        (Attempt::MicrophoneAfter(_), error) => Ok(Attempt::CameraAfter(error)),
        (Attempt::CameraAfter(MediaError::InUse), _)
        | (Attempt::CameraAfter(_), MediaError::InUse) => Err(Outcome::Stop(Text::MediaNone)),
        (Attempt::CameraAfter(_), MediaError::Denied) => Err(Outcome::Stop(Text::MediaDenied)),
        (Attempt::CameraAfter(_), _) => Err(Outcome::Go(Some(Text::ListenOnly))),
        (Attempt::Microphone, MediaError::Denied) if !has_camera => {
            Err(Outcome::Stop(Text::MediaDenied))
        }
        (Attempt::Microphone, error) => Err(Outcome::Go(Some(microphone_problem(error)))),
        (Attempt::Camera, error) => Err(Outcome::Go(Some(camera_problem(error)))),
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
