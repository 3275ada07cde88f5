//! Other people's programs against the real server.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod acme;
mod conformance;
mod refused;
mod relayed;
