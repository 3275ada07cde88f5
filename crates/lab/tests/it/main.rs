//! What is built is what it says it is. Where namespaces are not permitted there is nothing to test: `cargo xtask
//! connectivity`, which needs them, says so.
#![cfg(target_os = "linux")]

mod bad_lines;
mod common;
mod firewalls;
mod hosts;
mod nats;
