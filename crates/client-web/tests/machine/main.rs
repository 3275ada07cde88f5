//! What the page does, one theme a file, told to the pure machine and read from its effects and its view.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod accepted;
mod account;
mod anew;
mod asleep;
mod away;
mod begun;
mod blocked;
mod calls;
mod crossing;
mod devices;
mod fallback;
mod hidden;
mod hostile;
mod kept;
mod missed;
mod never;
mod options;
mod other_server;
mod page;
mod path;
mod prepared;
mod prompts;
mod question;
mod refused;
mod regressions;
mod reload;
mod resume;
mod seeking;
mod server;
mod servers;
mod silenced;
mod threats;
mod tickets;
mod tutorial;
mod unopened;
