//! What the server reads. The checks are those of the tests of `protocol`.
#![no_main]

#[allow(dead_code, reason = "each target runs one of the checks")]
#[path = "../../crates/protocol/tests/wire/checks.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|text: &str| checks::client_message(text));
