//! Camera and microphone: what is open, what was asked for, and what the user switches.

mod fallback;
mod silenced;

pub(super) use self::fallback::Outcome;
use self::fallback::{Attempt, after_failure, camera_problem, microphone_problem, note};
pub use self::fallback::{MediaError, Permission, Permissions};
use super::{
    Call, Client, Effect, Environment, Millis, Notice, RequestId,
    incoming::{Incoming, Ring},
    text::{Message, Text},
};

/// One of this user's devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Device {
    /// The microphone.
    Microphone,
    /// The camera.
    Camera,
}

/// This user's devices.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Devices {
    pub(super) camera: bool,
    pub(super) microphone: Microphone,
    /// What the browser was asked for and has not answered. No two of them ask for the same device.
    pub(super) pending: Vec<Pending>,
    /// What the browser gives without asking.
    pub(super) permissions: Permissions,
    /// What the user has switched off while it was being opened. That may take seconds, or until somebody answers the browser's
    /// prompt, and the call may stand before.
    unwanted: Each,
    /// What is open, and kept silent or dark by the system.
    pub(super) silenced: Each,
}

/// Something that is so of the microphone, of the camera, of both or of neither.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Each {
    pub(super) microphone: bool,
    pub(super) camera: bool,
}

impl Each {
    const fn of(&mut self, device: Device) -> &mut bool {
        match device {
            Device::Microphone => &mut self.microphone,
            Device::Camera => &mut self.camera,
        }
    }
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
        self.pending.iter().any(|pending| pending.purpose == Purpose::Call)
    }

    /// Whether the user has asked for this one alone, and the browser has not answered.
    pub(super) fn is_opening_alone(&self, device: Device) -> bool {
        let alone =
            |pending: &Pending| matches!(pending.purpose, Purpose::Camera | Purpose::Microphone);
        self.pending.iter().any(|pending| alone(pending) && pending.attempt.asks_for(device))
    }

    /// Whether the camera is on, or will be in a moment, for the call.
    pub(super) fn with_camera(&self) -> bool {
        self.camera || self.is_asked_for(Device::Camera) && !self.unwanted.camera
    }

    /// Whether the microphone is on, or will be in a moment, for the call.
    pub(super) fn with_microphone(&self) -> bool {
        match self.microphone {
            Microphone::On => true,
            Microphone::Muted => false,
            Microphone::Off => self.is_asked_for(Device::Microphone) && !self.unwanted.microphone,
        }
    }

    /// Whether the user has silenced the microphone, or will have when it is open.
    pub(super) fn is_muted(&self) -> bool {
        match self.microphone {
            Microphone::On => false,
            Microphone::Muted => true,
            Microphone::Off => self.is_asked_for(Device::Microphone) && self.unwanted.microphone,
        }
    }

    /// Whether it is being opened.
    fn is_asked_for(&self, device: Device) -> bool {
        self.pending.iter().any(|pending| pending.attempt.asks_for(device))
    }
}

impl Client {
    /// Whether the camera is on, and whether the user has silenced the microphone: until the page is back in a call, as it was.
    pub(super) fn switched(&self) -> (bool, bool) {
        match (&self.call, &self.kept_call) {
            (
                Call::Idle | Call::Outgoing(_) | Call::Incoming(_) | Call::Returning(_),
                Some(kept),
            ) => kept.switches(),
            // One that the browser is asking for is not on: after a reload, the way back into the call would wait for its prompt.
            _ => {
                let asks = self.devices.is_opening_alone(Device::Camera);
                (self.devices.with_camera() && !asks, self.devices.is_muted())
            }
        }
    }

    /// Asks for what the call needs and is not open yet.
    pub(super) fn open_media_for_call(&mut self, now: Millis, camera: bool) {
        if self.environment == Environment::Insecure {
            return self.media_is_ready(now, Outcome::Stop(Text::InsecureContext));
        }
        self.devices.unwanted = Each::default();
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
        self.devices.pending.push(Pending { request, purpose, attempt });
        self.effects.push(Effect::OpenMedia { request, audio, video });
    }

    /// The pending request, if this is the answer to it.
    fn take_pending(&mut self, request: RequestId) -> Option<Pending> {
        let at = self.devices.pending.iter().position(|pending| pending.request == request)?;
        Some(self.devices.pending.remove(at))
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
        self.switch_off_what_is_unwanted(audio, video);
        match pending.purpose {
            Purpose::Call => self.media_is_ready(now, Outcome::Go(note(pending.attempt))),
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

    /// Of what has come, before anything of it is sent.
    fn switch_off_what_is_unwanted(&mut self, audio: bool, video: bool) {
        if audio && std::mem::take(&mut self.devices.unwanted.microphone) {
            self.silence();
        }
        if video && std::mem::take(&mut self.devices.unwanted.camera) {
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
            Purpose::Call => {
                match after_failure(pending.attempt, error, self.devices.permissions) {
                    Ok(attempt) => self.ask(Purpose::Call, attempt),
                    Err(missing) => self.media_is_ready(now, Outcome::Go(Some(missing))),
                }
            }
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
            // A press does nothing about the system. What the user has chosen is left as it is, and holds again after that.
            _ if self.devices.silenced.microphone => {
                return self.note_problem(Text::MicSilenced);
            }
            Microphone::On => self.silence(),
            Microphone::Muted => {
                self.devices.microphone = Microphone::On;
                self.effects.push(Effect::EnableMicrophone(true));
            }
            Microphone::Off if self.devices.is_asked_for(Device::Microphone) => {
                self.devices.unwanted.microphone ^= true;
            }
            Microphone::Off => {
                self.devices.unwanted.microphone = false;
                return self.ask(Purpose::Microphone, Attempt::Microphone);
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
        } else if self.devices.is_asked_for(Device::Camera) {
            self.devices.unwanted.camera ^= true;
        } else {
            self.devices.unwanted.camera = false;
            self.ask(Purpose::Camera, Attempt::Camera);
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
        if self.devices.camera || !self.devices.pending.is_empty() {
            self.stop_devices();
        } else if self.environment == Environment::Insecure {
            self.note_problem(Text::InsecureContext);
        } else {
            self.notice = None;
            self.ask(Purpose::Preview, Attempt::Camera);
        }
    }

    fn stop_camera(&mut self) {
        self.devices.camera = false;
        self.forget_silence(Device::Camera);
        self.effects.push(Effect::StopCamera);
    }

    fn stop_microphone(&mut self) {
        self.devices.microphone = Microphone::Off;
        self.forget_silence(Device::Microphone);
        self.effects.push(Effect::StopMicrophone);
    }

    /// Releases everything, so that the camera's light goes out. What was asked for is dropped when it comes.
    pub(super) fn stop_devices(&mut self) {
        self.devices.pending.clear();
        self.devices.unwanted = Each::default();
        if self.devices.camera {
            self.stop_camera();
        }
        if self.devices.microphone != Microphone::Off {
            self.stop_microphone();
        }
    }
}
