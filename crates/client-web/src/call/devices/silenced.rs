//! A microphone or camera that the system keeps silent or dark: by a key of the keyboard, for a phone call, or for another program.
//! Its track lives on, and comes back by itself (W3C Media Capture and Streams section 4.3.1, `muted`).

use super::{Call, Client, Device, Microphone, Text};

impl Device {
    /// What is said of it meanwhile.
    const fn silence(self) -> Text {
        match self {
            Self::Microphone => Text::MicSilenced,
            Self::Camera => Text::CameraSilenced,
        }
    }
}

impl Client {
    /// The system silences a device, or does not any more. What the user has chosen stays as it was.
    pub(in crate::call) fn handle_silenced(&mut self, device: Device, silenced: bool) {
        let is_open = match device {
            Device::Microphone => self.devices.microphone != Microphone::Off,
            Device::Camera => self.devices.camera,
        };
        if !is_open || *self.devices.silenced.of(device) == silenced {
            return;
        }
        if silenced {
            *self.devices.silenced.of(device) = true;
            // Users who have muted themselves need no message.
            if device == Device::Camera || self.devices.microphone == Microphone::On {
                self.note_problem(device.silence());
            }
        } else {
            self.forget_silence(device);
        }
        self.tell_media();
    }

    /// The system does not silence it any more, and so it is said no longer.
    pub(super) fn forget_silence(&mut self, device: Device) {
        *self.devices.silenced.of(device) = false;
        let text = device.silence();
        match &mut self.call {
            Call::Active(active) => drop(active.note.take_if(|note| *note == text)),
            Call::Outgoing(outgoing) => drop(outgoing.note.take_if(|note| *note == text)),
            Call::Idle | Call::Incoming(_) | Call::Returning(_) => {
                self.notice.take_if(|notice| notice.message.text == text);
            }
        }
    }
}
