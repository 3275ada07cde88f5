//! What comes over a socket, before it is a message. The checks are those of the tests of `server`.
#![no_main]

#[allow(dead_code, reason = "the server has more limits than these")]
#[path = "../../crates/server/src/limits.rs"]
mod limits;

/// What the limits are made of.
mod edge {
    #[allow(dead_code, reason = "nobody is held to them here")]
    pub struct Rate {
        pub burst: u32,
        pub every: std::time::Duration,
    }
}

#[path = "../../crates/server/src/connection/frames.rs"]
mod frames;
#[path = "../../crates/server/src/connection/reader.rs"]
mod reader;
#[path = "../../crates/server/src/connection/websocket.rs"]
mod websocket;

use {reader::ReadOnDemand, websocket::websocket_config};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| frames::check(bytes));
