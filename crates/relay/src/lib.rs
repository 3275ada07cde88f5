//! Pronto's STUN and TURN server (RFC 8489, RFC 8656): for two browsers between which firewalls let nothing through.
//!
//! It knows nothing of the rest of Pronto, and can be used alone. From the outside in:
//!
//! - [`Relay`] has the sockets: one for UDP, and whatever streams (TCP, TLS) are handed to [`Relay::serve`].
//! - [`Hub`] is pure: who has which allocation, what goes where, and what nobody may have.
//! - `gate` lets in what is signed with a good [`Credential`], and answers everyone else without remembering them.
//! - `machine` is the protocol library's server, one for each client, and so never a table of strangers.
//! - [`Policy`] says which peers an allocation may reach: other allocations always, anything else only if allowed.
//!
//! # Allocations without sockets
//!
//! Two clients of one relay need no socket between them: what one sends to the other's relayed address goes from
//! allocation to allocation in memory. So a relayed address is a name that stands for a client, and no port but the
//! listener's has to be open. It also means that the two reach each other wherever the server stands: on loopback, on a
//! private network, behind NAT. Only where the operator allows peers outside of the relay ([`Policy`]) does an
//! allocation get a socket of its own.

mod address;
mod credential;
mod framing;
mod gate;
mod hub;
pub mod limits;
mod machine;
mod network;
mod nonce;
mod outside;
mod own;
mod policy;
mod ports;
mod quota;
mod rate;
mod relay;
mod reply;
mod revoked;
mod strangers;
mod stream;
mod streams;
#[cfg(test)]
mod testing;
mod udp;

pub use address::{RelayAddresses, own_addresses};
pub use credential::{Credential, Secret, session_of};
pub use hub::{Client, Hub, Now, Output, Ports, Transport};
pub use policy::{Policy, is_public};
pub use ports::VirtualPorts;
pub use quota::Carried;
pub use rate::Rate;
pub use relay::{Relay, Settings};

/// The realm of the long-term credentials (RFC 8489 section 9.2). It is part of what is hashed, and no secret.
pub const REALM: &str = "pronto";
