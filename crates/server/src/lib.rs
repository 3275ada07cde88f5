//! Pronto's relay: brings two browsers together, and serves them the page.
//!
//! From the outside in:
//!
//! - [`run()`] owns the listener, the accept loop and the shutdown.
//! - [`http`] speaks HTTP: the built page, and the upgrade to WebSocket with its origin check. The accept loop tells it
//!   from TLS, and from STUN and TURN, which share the port and go to the [`relay`].
//! - [`tls`] has the certificates: from files, from an ACME authority, or signed by ourselves.
//! - [`ice`] tells clients of STUN and TURN servers, with credentials of their own.
//! - [`connection`] drives one WebSocket: decode, bounded queue, heartbeat, deadlines, batched writes.
//! - [`session`] is pure: one state machine for each logged-in user decides what its user may send and what may
//!   reach its user. There is no table of calls: a call is two sessions, each guarding its own side.
//! - [`roster`] writes down who is there, for the next start.
//! - [`state`] is the directory of what outlives the server, which one server has at a time.
//! - [`reload`] reads certificate and providers again while the server runs.
//! - [`directory`] brings envelopes from one session to another, by name.

pub mod config;
pub mod connection;
pub mod directory;
pub mod edge;
pub mod http;
pub mod ice;
pub mod limits;
pub mod reload;
pub mod roster;
mod run;
pub mod session;
mod sockets;
pub mod state;
pub mod tls;

pub use config::{Config, Timing};
pub use run::run;
pub use sockets::Sockets;
pub use tls::Tls;
