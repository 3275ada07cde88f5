//! The server over real sockets: one file for each theme. Nothing sleeps; everything waits for a
//! condition, and what must not happen in a given time has that time in virtual time.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod call_log;
mod calls;
mod certificates;
mod common;
mod cost;
mod deadlines;
mod doctor;
mod edge;
mod fairness;
mod garbage;
mod hostile;
mod ice;
mod identity;
mod login;
mod memory;
mod names;
mod origins;
mod outsiders;
mod page;
mod program;
mod reload;
mod resume;
mod shutdown;
mod slow;
mod state;
mod threats;
mod tls;
mod tutorial;
