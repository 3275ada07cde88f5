//! Routers: a host between two networks, with a NAT or a firewall.

use std::{net::IpAddr, ops::Deref};

use anyhow::Result;

use crate::{Host, Line, Network};

/// The router's device towards its own network.
const INSIDE: &str = "inside";
/// The router's device towards the internet.
const OUTSIDE: &str = "outside";
/// A router is the first host of its network, as usual.
const NUMBER: u8 = 1;

/// How a router hides its network behind its own address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nat {
    /// It does not: the addresses of its network are known outside.
    None,
    /// One port outside for each port inside, whoever is talked to, and nothing gets in that was not asked for (RFC 4787:
    /// endpoint-independent mapping, address and port-dependent filtering).
    Cone,
    /// Another random port for each that is talked to (RFC 4787: address and port-dependent mapping).
    Symmetric,
}

/// What a router lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Firewall {
    /// Everything that was asked for from inside.
    Open,
    /// No UDP.
    NoUdp,
    /// TCP to port 443 and nothing else.
    OnlyTcp443,
    /// As before, and it looks inside: STUN and TURN that are not within TLS are dropped.
    OnlyTls443,
}

/// A router between a network and the internet.
#[derive(Clone, Debug)]
pub struct Router {
    host: Host,
    inside: IpAddr,
}

impl Deref for Router {
    type Target = Host;

    fn deref(&self) -> &Host {
        &self.host
    }
}

impl Router {
    /// A router of a network that is this host of the internet.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn new(
        name: &str,
        network: &Network,
        (internet, number): (&Network, u8),
        nat: Nat,
        firewall: Firewall,
    ) -> Result<Self> {
        let host = Host::new(name)?;
        let inside = host.join(network, INSIDE, NUMBER, Line::default())?;
        host.join(internet, OUTSIDE, number, Line::default())?;
        let namespace = host.namespace();
        namespace.set("ipv4/ip_forward", "1")?;
        namespace.set("ipv6/conf/all/forwarding", "1")?;
        namespace.nft(&filter(firewall))?;
        if let Some(rules) = translation(nat) {
            namespace.nft(&rules)?;
        }
        Ok(Self { host, inside })
    }

    /// Its address in its own network.
    #[must_use]
    pub const fn inside(&self) -> IpAddr {
        self.inside
    }

    /// A host of its network, which reaches everything else by it.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn host(&self, name: &str, network: &Network, number: u8) -> Result<Host> {
        let host = Host::within(name, network, number)?;
        host.route_by(self.inside)?;
        Ok(host)
    }
}

/// What is for the router itself is dropped without a word, and so never seen by its connection tracking: a peer that
/// knocks before its turn would else have taken the very port that its own packets are about to open.
fn filter(firewall: Firewall) -> String {
    let out = match firewall {
        Firewall::Open => "accept",
        Firewall::NoUdp => "meta l4proto != udp accept",
        Firewall::OnlyTcp443 => "tcp dport 443 accept",
        // The magic cookie in bytes 4 to 7 of every STUN message (RFC 8489 section 5).
        Firewall::OnlyTls443 => {
            "@ih,32,32 0x2112a442 drop
                iifname inside tcp dport 443 accept"
        }
    };
    format!(
        "table inet firewall {{
            chain pass {{
                type filter hook forward priority filter
                policy drop
                icmpv6 type {{ nd-neighbor-solicit, nd-neighbor-advert }} accept
                iifname {OUTSIDE} ct state established,related accept
                iifname {INSIDE} {out}
            }}
            chain own {{
                type filter hook input priority filter
                policy accept
                iifname {OUTSIDE} meta l4proto {{ tcp, udp }} drop
            }}
        }}"
    )
}

fn translation(nat: Nat) -> Option<String> {
    let how = match nat {
        Nat::None => return None,
        Nat::Cone => "",
        Nat::Symmetric => "random,fully-random",
    };
    Some(format!(
        "table inet translation {{
            chain out {{
                type nat hook postrouting priority srcnat
                oifname {OUTSIDE} masquerade {how}
            }}
        }}"
    ))
}
