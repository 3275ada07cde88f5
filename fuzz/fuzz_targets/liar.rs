//! Two clients that follow the protocol, over sockets that break, pages that are reloaded and servers that restart, and somebody
//! who lies. The checks are those of the tests of `server`.
#![no_main]

#[allow(dead_code, reason = "the server uses what no session of a test needs")]
#[path = "../../crates/server/src/session/mod.rs"]
mod session;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| session::tests::liar::check(bytes));
