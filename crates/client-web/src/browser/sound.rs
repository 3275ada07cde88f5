//! Ringing, made of sine tones: there is nothing to load, and no licence to mind.
//!
//! Where the browser lets no sound be heard, it rings in silence.

use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{AudioContext, GainNode, OscillatorNode};

use crate::call::Ring;

/// How long it may ring, in s: longer than the machine lets it.
const LONGEST: f64 = 65.0;

/// How long a tone takes to swell and to fade, in s: without it, it clicks.
const SWELL: f64 = 0.02;

/// A tone of a ring's pattern.
struct Tone {
    /// When it begins, in s after the pattern begins.
    at: f64,
    /// How long it lasts, in s.
    length: f64,
    /// Its pitch, in Hz.
    pitch: f32,
}

/// What is repeated while it rings.
struct Pattern {
    tones: &'static [Tone],
    /// After how many s it begins anew.
    period: f64,
    /// Its loudness, from 0 to 1.
    volume: f32,
}

/// Somebody calls: to be heard from the next room.
const INCOMING: Pattern = Pattern {
    tones: &[
        Tone { at: 0.0, length: 0.22, pitch: 659.25 },
        Tone { at: 0.22, length: 0.22, pitch: 880.0 },
        Tone { at: 0.55, length: 0.22, pitch: 659.25 },
        Tone { at: 0.77, length: 0.35, pitch: 880.0 },
    ],
    period: 2.6,
    volume: 0.22,
};

/// It rings at the other's: the calm tone that telephones have.
const OUTGOING: Pattern =
    Pattern { tones: &[Tone { at: 0.0, length: 1.0, pitch: 425.0 }], period: 4.0, volume: 0.07 };

/// The page's voice. Its context runs only while something sounds: it costs some of a processor all the time.
#[derive(Debug, Default)]
pub struct Sound {
    context: Option<AudioContext>,
    ringing: Option<Ringing>,
    ring: Option<Ring>,
}

impl Sound {
    /// To be called while the user does something: mostly, only then do browsers let a page begin to sound.
    pub fn wake(&mut self) {
        if let Some(context) = self.context() {
            wait_for(context.resume());
        }
        self.rest();
    }

    fn context(&mut self) -> Option<&AudioContext> {
        if self.context.is_none() {
            self.context = AudioContext::new().ok();
        }
        self.context.as_ref()
    }

    /// Lets it rest, if nothing sounds.
    fn rest(&self) {
        if let (Some(context), None) = (&self.context, &self.ringing) {
            wait_for(context.suspend());
        }
    }

    /// Rings like this from now on.
    pub fn ring(&mut self, ring: Ring) {
        if self.ring == Some(ring) {
            return;
        }
        self.ring = Some(ring);
        let pattern = match ring {
            Ring::Silent => None,
            Ring::Incoming => Some(&INCOMING),
            Ring::Outgoing => Some(&OUTGOING),
        };
        self.ringing = None;
        // Even if nobody has done anything here: some browsers let a page sound that they know well.
        if let Some(pattern) = pattern
            && let Some(context) = self.context()
        {
            wait_for(context.resume());
            self.ringing = Ringing::start(context, pattern).ok();
        }
        self.rest();
    }
}

/// Waits for what the browser may refuse, until there is a gesture, and for which there is nothing to do then.
fn wait_for(promise: Result<Promise, JsValue>) {
    if let Ok(promise) = promise {
        spawn_local(async move {
            let _ = JsFuture::from(promise).await;
        });
    }
}

impl Drop for Sound {
    fn drop(&mut self) {
        self.ringing = None;
        if let Some(context) = &self.context {
            let _ = context.close();
        }
    }
}

/// A ring that is heard. Dropped, it is silent.
#[derive(Debug)]
struct Ringing {
    oscillator: OscillatorNode,
    gain: GainNode,
}

impl Ringing {
    /// Plans the whole ring at once. The browser's own clock then plays it, also in a tab whose timers are slowed down.
    fn start(context: &AudioContext, pattern: &Pattern) -> Result<Self, JsValue> {
        let ringing =
            Self { oscillator: context.create_oscillator()?, gain: context.create_gain()? };
        let (pitch, volume) = (ringing.oscillator.frequency(), ringing.gain.gain());
        volume.set_value(0.0);
        let begin = context.current_time() + SWELL;
        let mut from = begin;
        while from < begin + LONGEST {
            for tone in pattern.tones {
                let (on, off) = (from + tone.at, from + tone.at + tone.length);
                pitch.set_value_at_time(tone.pitch, on)?;
                volume.set_value_at_time(0.0, on)?;
                volume.linear_ramp_to_value_at_time(pattern.volume, on + SWELL)?;
                volume.set_value_at_time(pattern.volume, off - SWELL)?;
                volume.linear_ramp_to_value_at_time(0.0, off)?;
            }
            from += pattern.period;
        }
        ringing.oscillator.connect_with_audio_node(&ringing.gain)?;
        ringing.gain.connect_with_audio_node(&context.destination())?;
        ringing.oscillator.start()?;
        Ok(ringing)
    }
}

impl Drop for Ringing {
    fn drop(&mut self) {
        // An oscillator that was never started refuses to stop, and there is nothing to stop then.
        #[allow(
            deprecated,
            reason = "web-sys marks it so only for the class that it is inherited from"
        )]
        let _ = self.oscillator.stop();
        let _ = self.oscillator.disconnect();
        let _ = self.gain.disconnect();
    }
}
