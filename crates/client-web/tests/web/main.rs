//! The shell in a real browser, with its fake camera and microphone.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "clippy knows `#[test]` only, and these are `#[wasm_bindgen_test]`"
)]

mod app;
mod common;
mod fetch;
mod hidden;
mod inputs;
mod media;
mod names;
mod network;
mod other_server;
mod page;
mod peer;
mod socket;
mod storage;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
