//! Three clients that say what they like to the sessions of the server, frame by frame. The checks are those
//! of the tests of `server`.
#![no_main]

#[allow(dead_code, reason = "the server uses what no session of a test needs")]
#[path = "../../crates/server/src/session/mod.rs"]
mod session;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| session::tests::hostile::check(bytes));
