//! Ringing. What it sounds like is for people; here it must not fail.

use client_web::{browser::sound::Sound, call::Ring};
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
fn it_rings_with_and_without_a_voice() {
    let mut sound = Sound::default();
    sound.ring(Ring::Incoming);
    sound.wake();
    for ring in [Ring::Incoming, Ring::Outgoing, Ring::Outgoing, Ring::Silent, Ring::Incoming] {
        sound.ring(ring);
    }
    sound.wake();
}
