//! Camera and microphone: what is open, what was asked for, and what the user switches.

mod fallback;

pub use self::fallback::MediaError;
pub(super) use self::fallback::Outcome;
use self::fallback::{Attempt, after_failure, camera_problem, microphone_problem, note};
use super::{
    Call, Client, Effect, Environment, Millis, Notice, RequestId,
    incoming::{Incoming, Ring},
    text::{Message, Text},
};

/// This user's devices.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Devices {
    pub(super) camera: bool,
    pub(super) microphone: Microphone,
    pub(super) pending: Option<Pending>,
    /// Whether the browser gives both without asking.
    pub(super) allowed: bool,
    /// What the user has switched off while it was being opened for the call. Opening a camera may take seconds, and the call
    /// may stand before.
    unwanted: Unwanted,
}

/// Devices that are to be off as soon as they are open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Unwanted {
    microphone: bool,
    camera: bool,
}

/// The microphone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Microphone {
    /// Not open.
    #[default]
    Off,
    /// Open and heard.
    On,
    /// Open and silenced by the user.
    Muted,
}

/// A request to the browser that has not been answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Pending {
    request: RequestId,
    pub(super) purpose: Purpose,
    attempt: Attempt,
}

/// What the devices are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Purpose {
    /// The call that is being set up.
    Call,
    /// The own picture outside of a call.
    Preview,
    /// The camera, in a call.
    Camera,
    /// The microphone, in a call.
    Microphone,
}

impl Devices {
    /// Whether what the call needs is being opened.
    pub(super) fn are_opening(&self) -> bool {
        self.opening().is_some()
    }

    /// Whether the camera is on, or will be in a moment, for the call.
    pub(super) fn with_camera(&self) -> bool {
        self.camera || self.is_opening_camera() && !self.unwanted.camera
    }

    /// Whether the microphone is on, or will be in a moment, for the call.
    pub(super) fn with_microphone(&self) -> bool {
        match self.microphone {
            Microphone::On => true,
            Microphone::Muted => false,
            Microphone::Off => self.is_opening_microphone() && !self.unwanted.microphone,
        }
    }

    fn is_opening_microphone(&self) -> bool {
        self.opening().is_some_and(|(audio, _)| audio)
    }

    fn is_opening_camera(&self) -> bool {
        self.opening().is_some_and(|(_, video)| video)
    }

    /// Which of microphone and camera are being opened for the call.
    fn opening(&self) -> Option<(bool, bool)> {
        let pending = self.pending.filter(|pending| pending.purpose == Purpose::Call)?;
        Some(pending.attempt.devices())
    }
}

impl Client {
    /// Asks for what the call needs and is not open yet.
    pub(super) fn open_media_for_call(&mut self, now: Millis, camera: bool) {
        if self.environment == Environment::Insecure {
            return self.media_is_ready(now, Outcome::Stop(Text::InsecureContext));
        }
        self.devices.unwanted = Unwanted::default();
        let attempt = match (camera && !self.devices.camera, self.devices.microphone) {
            (true, Microphone::Off) => Attempt::Both,
            (true, _) => Attempt::Camera,
            (false, Microphone::Off) => Attempt::Microphone,
            (false, _) => return self.media_is_ready(now, Outcome::Go(None)),
        };
        if !camera && self.devices.camera {
            self.stop_camera();
        }
        self.ask(Purpose::Call, attempt);
    }

    fn ask(&mut self, purpose: Purpose, attempt: Attempt) {
        let request = RequestId(self.new_id());
        let (audio, video) = attempt.devices();
        self.devices.pending = Some(Pending { request, purpose, attempt });
        self.effects.push(Effect::OpenMedia { request, audio, video });
    }

    /// The pending request, if this is the answer to it.
    fn take_pending(&mut self, request: RequestId) -> Option<Pending> {
        self.devices.pending.take_if(|pending| pending.request == request)
    }

    pub(super) fn handle_media_opened(
        &mut self,
        now: Millis,
        request: RequestId,
        audio: bool,
        video: bool,
    ) {
        let Some(pending) = self.take_pending(request) else {
            self.effects.push(Effect::DropMedia(request));
            return;
        };
        self.effects.push(Effect::KeepMedia(request));
        if video {
            self.devices.camera = true;
        }
        if audio {
            self.devices.microphone = Microphone::On;
        }
        match pending.purpose {
            Purpose::Call => {
                self.switch_off_what_is_unwanted();
                self.media_is_ready(now, Outcome::Go(note(pending.attempt)));
            }
            Purpose::Camera | Purpose::Microphone => {
                self.forget_note(audio, video);
                self.tell_media();
            }
            Purpose::Preview => {}
        }
    }

    /// What was said to be missing is there, so that it is said no longer.
    fn forget_note(&mut self, audio: bool, video: bool) {
        let note = match &mut self.call {
            Call::Active(active) => &mut active.note,
            Call::Outgoing(outgoing) => &mut outgoing.note,
            Call::Idle | Call::Incoming(_) | Call::Returning(_) => return,
        };
        note.take_if(|text| text.is_answered_by(audio, video));
    }

    /// Before anything of it is sent.
    fn switch_off_what_is_unwanted(&mut self) {
        let unwanted = std::mem::take(&mut self.devices.unwanted);
        if unwanted.microphone && self.devices.microphone == Microphone::On {
            self.silence();
        }
        if unwanted.camera && self.devices.camera {
            self.stop_camera();
        }
    }

    fn silence(&mut self) {
        self.devices.microphone = Microphone::Muted;
        self.effects.push(Effect::EnableMicrophone(false));
    }

    pub(super) fn handle_media_failed(
        &mut self,
        now: Millis,
        request: RequestId,
        error: MediaError,
    ) {
        let Some(pending) = self.take_pending(request) else { return };
        match pending.purpose {
            Purpose::Call => match after_failure(pending.attempt, error) {
                Ok(attempt) => self.ask(Purpose::Call, attempt),
                Err(missing) => self.media_is_ready(now, Outcome::Go(Some(missing))),
            },
            Purpose::Preview | Purpose::Camera => self.note_problem(camera_problem(error)),
            Purpose::Microphone => self.note_problem(microphone_problem(error)),
        }
    }

    /// The camera or microphone that was wanted in between cannot be had; whatever goes on, goes on.
    fn note_problem(&mut self, text: Text) {
        match &mut self.call {
            Call::Active(active) => active.note = Some(text),
            Call::Outgoing(outgoing) => outgoing.note = Some(text),
            Call::Incoming(Incoming { stage: Ring::Asking(problem), .. }) => *problem = Some(text),
            Call::Idle | Call::Incoming(_) | Call::Returning(_) => {
                self.notice = Some(Notice { message: Message::plain(text), call_again: None })
            }
        }
    }

    pub(super) fn handle_camera_ended(&mut self) {
        if self.devices.camera {
            self.stop_camera();
            self.note_problem(Text::CameraStopped);
            self.tell_media();
        }
    }

    pub(super) fn handle_microphone_ended(&mut self) {
        if self.devices.microphone != Microphone::Off {
            self.stop_microphone();
            self.note_problem(Text::MicStopped);
            self.tell_media();
        }
    }

    pub(super) fn toggle_microphone(&mut self) {
        if !matches!(self.call, Call::Active(_) | Call::Outgoing(_)) {
            return;
        }
        match self.devices.microphone {
            Microphone::On => self.silence(),
            Microphone::Muted => {
                self.devices.microphone = Microphone::On;
                self.effects.push(Effect::EnableMicrophone(true));
            }
            Microphone::Off if self.devices.is_opening_microphone() => {
                self.devices.unwanted.microphone ^= true;
            }
            Microphone::Off => {
                return self.ask_unless_pending(Purpose::Microphone, Attempt::Microphone);
            }
        }
        self.tell_media();
    }

    pub(super) fn toggle_camera(&mut self) {
        if !matches!(self.call, Call::Active(_) | Call::Outgoing(_)) {
            return;
        }
        if self.devices.camera {
            self.stop_camera();
            self.tell_media();
        } else if self.devices.is_opening_camera() {
            self.devices.unwanted.camera ^= true;
        } else {
            self.ask_unless_pending(Purpose::Camera, Attempt::Camera);
        }
    }

    /// Whether the user may look at their own picture before anybody else sees it.
    pub(super) const fn may_look_at_oneself(&self) -> bool {
        matches!(&self.call, Call::Idle | Call::Incoming(Incoming { stage: Ring::Asking(_), .. }))
    }

    pub(super) fn toggle_preview(&mut self) {
        if !self.may_look_at_oneself() {
            return;
        }
        if self.devices.camera || self.devices.pending.is_some() {
            self.stop_devices();
        } else if self.environment == Environment::Insecure {
            self.note_problem(Text::InsecureContext);
        } else {
            self.notice = None;
            self.ask(Purpose::Preview, Attempt::Camera);
        }
    }

    fn ask_unless_pending(&mut self, purpose: Purpose, attempt: Attempt) {
        if self.devices.pending.is_none() {
            self.ask(purpose, attempt);
        }
    }

    fn stop_camera(&mut self) {
        self.devices.camera = false;
        self.effects.push(Effect::StopCamera);
    }

    fn stop_microphone(&mut self) {
        self.devices.microphone = Microphone::Off;
        self.effects.push(Effect::StopMicrophone);
    }

    /// Releases everything, so that the camera's light goes out. What was asked for is dropped when it comes.
    pub(super) fn stop_devices(&mut self) {
        self.devices.pending = None;
        self.devices.unwanted = Unwanted::default();
        if self.devices.camera {
            self.stop_camera();
        }
        if self.devices.microphone != Microphone::Off {
            self.stop_microphone();
        }
    }
}
