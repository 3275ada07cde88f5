//! The server over real sockets: one file for each theme. Nothing sleeps; everything waits for a condition.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod calls;
mod common;
mod cost;
mod deadlines;
mod garbage;
mod login;
mod memory;
mod origins;
mod outsiders;
mod page;
mod program;
mod shutdown;
mod slow;
mod tutorial;
