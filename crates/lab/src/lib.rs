//! Networks to test in: hosts, switches, routers, NATs, firewalls and bad lines, made of the network namespaces of Linux.
//!
//! ```text
//!    Host ── Network ── Host          a host joins a network under an address
//!               │
//!            Router                   a host that passes on, behind a NAT or a firewall
//!               │
//!    Host ── Network
//! ```
//!
//! Nothing of it touches the machine's own network: every interface lies in a namespace, and no namespace is linked with
//! the one that the test runs in. The test starts programs inside ([`Host::command`]), and reaches what listens on their
//! loopback through a [`Door`].
//!
//! Every value frees in `Drop` what it made, programs that still run inside included. What a killed run leaves is removed
//! when the next one begins. Names hold the process's id and start, so that runs beside each other do not meet.
#![cfg(target_os = "linux")]

mod door;
mod host;
mod leftovers;
mod line;
mod namespace;
mod network;
mod permission;
mod program;
mod router;

pub use door::Door;
pub use host::Host;
pub use line::Line;
pub use network::Network;
pub use permission::{Missing, missing};
pub use router::{Firewall, Nat, Router};
