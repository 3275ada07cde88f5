//! The scenarios, and which paths will do in each.

use anyhow::Result;

use crate::world::World;

/// A kind of network between two browsers.
pub(crate) struct Scenario {
    /// As it is named on the command line.
    pub(crate) name: &'static str,
    /// Builds it.
    pub(crate) world: fn() -> Result<World>,
    /// The paths that will do at the caller's and at the callee's end: the type of the local candidate (RFC 8445 section
    /// 5.1.1) and the transport to whoever it is seen by, which is the relay for a relayed one.
    pub(crate) paths: [&'static [&'static str]; 2],
    /// Whether the caller's address changes in the call.
    pub(crate) moves: bool,
}

/// Straight from one to the other. Who is behind a NAT sees its own outer address, which it may know from a STUN server
/// (srflx), or only from the peer (prflx).
const HOST: &[&str] = &["host/udp"];
const THROUGH_NAT: &[&str] = &["srflx/udp", "prflx/udp"];
/// By the server.
const RELAY_UDP: &[&str] = &["relay/udp"];
const RELAY_TCP: &[&str] = &["relay/tcp"];
const RELAY_TCP_TLS: &[&str] = &["relay/tcp", "relay/tls"];
const RELAY_TLS: &[&str] = &["relay/tls"];

const fn scenario(
    name: &'static str,
    world: fn() -> Result<World>,
    paths: [&'static [&'static str]; 2],
) -> Scenario {
    Scenario { name, world, paths, moves: false }
}

pub(crate) const ALL: &[Scenario] = &[
    scenario("same-host", World::same_host, [HOST, HOST]),
    scenario("same-lan", World::same_lan, [HOST, HOST]),
    scenario("one-nat", World::one_nat, [THROUGH_NAT, HOST]),
    scenario("two-nats", World::two_nats, [THROUGH_NAT, THROUGH_NAT]),
    scenario("symmetric-nats", World::symmetric_nats, [RELAY_UDP, RELAY_UDP]),
    scenario("udp-blocked", World::udp_blocked, [RELAY_TCP, RELAY_UDP]),
    scenario("only-tcp-443", World::only_tcp_443, [RELAY_TCP_TLS, RELAY_UDP]),
    scenario("only-tls-443", World::only_tls_443, [RELAY_TLS, RELAY_TLS]),
    scenario("ipv6-only", World::ipv6_only, [HOST, HOST]),
    scenario("ipv6-udp-blocked", World::ipv6_udp_blocked, [RELAY_TCP, RELAY_UDP]),
    scenario("bad-line", World::bad_line, [HOST, THROUGH_NAT]),
    Scenario {
        moves: true,
        ..scenario("address-change", World::two_homes, [THROUGH_NAT, THROUGH_NAT])
    },
];
