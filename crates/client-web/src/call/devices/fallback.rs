//! What a call asks for, and what it goes on with when a device cannot be had.

use super::Device;
use crate::call::Text;

/// What the browser does when it is asked for a device (W3C Permissions section 3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Permission {
    /// It does not say.
    #[default]
    Unknown,
    /// It gives it.
    Granted,
    /// It asks the user.
    Prompt,
    /// It refuses it.
    Denied,
}

/// The same for both devices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Permissions {
    /// Of the microphone.
    pub microphone: Permission,
    /// Of the camera.
    pub camera: Permission,
}

impl Permissions {
    /// The same permission for both.
    #[must_use]
    pub const fn both(permission: Permission) -> Self {
        Self { microphone: permission, camera: permission }
    }

    /// Whether the browser gives both without asking.
    pub(in crate::call) fn are_granted(self) -> bool {
        self == Self::both(Permission::Granted)
    }

    /// Whether to ask for this device alone when both together were not allowed. Not if the browser has just asked the user for it,
    /// which it does unless it refuses the other: they have said no, and browsers block a page for long that asks again and again.
    fn may_give(self, device: Device) -> bool {
        let (wanted, other) = match device {
            Device::Microphone => (self.microphone, self.camera),
            Device::Camera => (self.camera, self.microphone),
        };
        match wanted {
            Permission::Unknown | Permission::Granted => true,
            Permission::Prompt => other == Permission::Denied,
            Permission::Denied => false,
        }
    }
}

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

    /// Whether this device is asked for.
    pub(super) const fn asks_for(self, device: Device) -> bool {
        let (microphone, camera) = self.devices();
        match device {
            Device::Microphone => microphone,
            Device::Camera => camera,
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
pub(super) fn after_failure(
    attempt: Attempt,
    error: MediaError,
    permissions: Permissions,
) -> Result<Attempt, Text> {
    use MediaError::{Denied, InUse};
    match (attempt, error) {
        (Attempt::Both, Denied) if permissions.may_give(Device::Microphone) => {
            Ok(Attempt::MicrophoneAfter(Denied))
        }
        (Attempt::Both | Attempt::MicrophoneAfter(Denied), Denied)
            if !permissions.may_give(Device::Camera) =>
        {
            Err(Text::MediaDenied)
        }
        (Attempt::Both, Denied) => Ok(Attempt::CameraAfter(Denied)),
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
