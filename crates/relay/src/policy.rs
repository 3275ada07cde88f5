//! Which peers an allocation may reach. Pure.
//!
//! A relay that sends anywhere is a way into the network that it stands in, and a cloak for whoever uses it. So an
//! allocation reaches other allocations of this relay, and nothing else, unless the operator allows it. Where public
//! addresses are allowed at large, those that are special stay closed: loopback, private and link-local networks,
//! carriers' shared addresses, unique local ones, multicast, IPv4 in disguise, documentation and reserved ones
//! (the special-purpose registries of RFC 6890). Only an operator who names such a network opens it.
//!
//! The addresses of this machine are special one by one: services there often trust whatever comes from the machine itself.

use std::{
    collections::HashSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::LazyLock,
};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Which addresses outside of the relay an allocation may reach. By default none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    allowed: Vec<IpNet>,
    /// The addresses of this machine; `None` as long as nobody knows them.
    own: Option<HashSet<IpAddr>>,
}

impl Policy {
    /// Allows these networks, once it is known which addresses are our own. A special address is reached only by a network
    /// that lies in the same special block: `0.0.0.0/0` is all that is public, and `10.1.0.0/16` is a private network
    /// that somebody chose to name. An address of our own is reached only if it is named itself, or lies in a block that
    /// is always our own (loopback) and was named.
    #[must_use]
    pub const fn allowing(allowed: Vec<IpNet>) -> Self {
        Self { allowed, own: None }
    }

    /// The addresses of this machine are these.
    pub fn know_own(&mut self, own: HashSet<IpAddr>) {
        self.own = Some(own);
    }

    /// Whether anything outside of the relay may be reached at all.
    #[must_use]
    pub const fn allows_anything(&self) -> bool {
        !self.allowed.is_empty()
    }

    /// Whether a peer outside of the relay may be reached.
    #[must_use]
    pub fn allows(&self, peer: IpAddr) -> bool {
        let Some(own) = &self.own else { return false };
        let block = block(peer, own);
        self.allowed
            .iter()
            .filter(|network| network.contains(&peer))
            .any(|network| block.is_none_or(|block| block.contains(network)))
    }

    /// Whether an address, in whatever disguise, is this machine.
    pub(crate) fn is_own(&self, address: IpAddr) -> bool {
        let bare = embedded(address).map_or(address, |(v4, _)| IpAddr::V4(v4));
        bare.is_loopback()
            || bare.is_unspecified()
            || self.own.as_ref().is_none_or(|own| own.contains(&bare) || own.contains(&address))
    }
}

/// Whether an address is for everyone: in no special block, nor standing for an IPv4 address that is in one.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    block(address, &HashSet::new()).is_none()
}

/// The block that an address is in and that has to be named: the smallest, where one lies in another.
fn block(address: IpAddr, own: &HashSet<IpAddr>) -> Option<IpNet> {
    let special = SPECIAL.iter().filter(|block| block.contains(&address)).copied();
    let itself = (own.contains(&address) && !address.is_loopback()).then(|| IpNet::from(address));
    special.chain(itself).chain(block_within(address, own)).max_by_key(IpNet::prefix_len)
}

/// The block of the IPv4 address that one of IPv6 stands for, as it looks in IPv6.
fn block_within(address: IpAddr, own: &HashSet<IpAddr>) -> Option<IpNet> {
    let (v4, bits) = embedded(address)?;
    let block = block(IpAddr::V4(v4), own)?;
    Some(IpNet::new(address, bits + block.prefix_len()).ok()?.trunc())
}

/// The IPv4 address that one of IPv6 stands for, and after how many bits it comes: mapped and compatible (RFC 4291), NAT64
/// (RFC 6052, RFC 8215) and 6to4 (RFC 3056).
fn embedded(address: IpAddr) -> Option<(Ipv4Addr, u8)> {
    const AT_THE_END: [Ipv6Net; 3] = [
        Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 96),
        Ipv6Net::new_assert(Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96),
        Ipv6Net::new_assert(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96),
    ];
    /// Where a network's own NAT64 has its addresses: usually at the end, as in the one above.
    const LOCAL: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, 0, 0), 48);
    const SIX_TO_FOUR: Ipv6Net =
        Ipv6Net::new_assert(Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16);
    let IpAddr::V6(v6) = address else { return None };
    let at = |bits: u8| Some((Ipv4Addr::from_bits((v6.to_bits() >> (96 - bits)) as u32), bits));
    if SIX_TO_FOUR.contains(&v6) {
        at(16)
    } else if LOCAL.contains(&v6) || AT_THE_END.iter().any(|block| block.contains(&v6)) {
        at(96)
    } else {
        None
    }
}

/// What is not for everyone. For IPv6 that is all but 2000::/3, the global unicast addresses, and some within them.
static SPECIAL: LazyLock<Vec<IpNet>> = LazyLock::new(|| {
    let v4 = [
        ([0, 0, 0, 0], 8),       // this host on this network
        ([10, 0, 0, 0], 8),      // private
        ([100, 64, 0, 0], 10),   // shared: carrier-grade NAT
        ([127, 0, 0, 0], 8),     // loopback
        ([169, 254, 0, 0], 16),  // link-local, and where clouds keep their secrets
        ([172, 16, 0, 0], 12),   // private
        ([192, 0, 0, 0], 24),    // protocol assignments
        ([192, 0, 2, 0], 24),    // documentation
        ([192, 88, 99, 0], 24),  // relays of 6to4
        ([192, 168, 0, 0], 16),  // private
        ([198, 18, 0, 0], 15),   // benchmarks
        ([198, 51, 100, 0], 24), // documentation
        ([203, 0, 113, 0], 24),  // documentation
        ([224, 0, 0, 0], 4),     // multicast
        ([240, 0, 0, 0], 4),     // reserved, and broadcast
    ];
    let v6 = [
        ([0; 8], 3),                         // all that is below 2000::/3, some of it named below
        ([0; 8], 128),                       // unspecified
        ([0, 0, 0, 0, 0, 0, 0, 1], 128),     // loopback
        ([0, 0, 0, 0, 0, 0xffff, 0, 0], 96), // IPv4-mapped
        ([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96), // IPv4 behind NAT64
        ([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48), // the same, locally
        ([0x100, 0, 0, 0, 0, 0, 0, 0], 64),  // discard
        ([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), // protocol assignments, Teredo among them
        ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), // documentation
        ([0x2002, 0, 0, 0, 0, 0, 0, 0], 16), // 6to4, which holds an IPv4 address
        ([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), // documentation
        ([0x4000, 0, 0, 0, 0, 0, 0, 0], 2),  // reserved
        ([0x8000, 0, 0, 0, 0, 0, 0, 0], 1),  // reserved, some of it named below
        ([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7),  // unique local
        ([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10), // link-local
        ([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10), // site-local
        ([0xff00, 0, 0, 0, 0, 0, 0, 0], 8),  // multicast
    ];
    let v4 =
        v4.map(|(address, bits)| IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::from(address), bits)));
    let v6 =
        v6.map(|(address, bits)| IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::from(address), bits)));
    v4.into_iter().chain(v6).collect()
});

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::Policy;

    fn policy(networks: &[&str]) -> Policy {
        policy_of(networks, &[])
    }

    fn policy_of(networks: &[&str], own: &[&str]) -> Policy {
        let allowed = networks.iter().map(|network| network.parse().unwrap()).collect();
        let mut policy = Policy::allowing(allowed);
        policy.know_own(own.iter().map(|address| parse(address)).collect());
        policy
    }

    const PUBLIC: [&str; 14] = [
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.167.255.255",
        "223.255.255.255",
        "2606:4700::1111",
        "2a00::1",
    ];

    const SPECIAL: [&str; 60] = [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.0",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.0",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.0",
        "127.0.0.1",
        "127.1.2.3",
        "127.255.255.255",
        "169.254.0.1",
        "169.254.169.254",
        "172.16.0.0",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.0",
        "192.168.1.1",
        "192.168.255.255",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::2",
        "::127.0.0.1",
        "::ffff:0:0",
        "::ffff:8.8.8.8",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::8.8.8.8",
        "64:ff9b::127.0.0.1",
        "64:ff9b:1::1",
        "100::1",
        "1fff:ffff::1",
        "2001::1",
        "2001:0:53aa::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "2002:808:808::1",
        "3fff::1",
        "4000::1",
        "5f00::1",
        "8000::1",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
    ];

    fn parse(address: &str) -> IpAddr {
        address.parse().unwrap()
    }

    #[test]
    fn nothing_outside_is_reached_by_default() {
        for address in PUBLIC.iter().chain(&SPECIAL) {
            assert!(!Policy::default().allows(parse(address)), "{address}");
        }
    }

    #[test]
    fn everything_public_is_no_more_than_that() {
        let everything = policy(&["0.0.0.0/0", "::/0"]);
        for address in PUBLIC {
            assert!(everything.allows(parse(address)), "{address}");
        }
        for address in SPECIAL {
            assert!(!everything.allows(parse(address)), "{address}");
        }
    }

    #[test]
    fn half_of_everything_is_no_way_in_either() {
        let halves = policy(&["0.0.0.0/1", "128.0.0.0/1", "64.0.0.0/2", "::/1", "8000::/1"]);
        // This one's block is that half itself.
        for address in SPECIAL.into_iter().filter(|address| *address != "8000::1") {
            assert!(!halves.allows(parse(address)), "{address}");
        }
        assert!(halves.allows(parse("8.8.8.8")));
    }

    #[test]
    fn a_special_network_is_reached_if_it_is_named() {
        for address in SPECIAL {
            let only =
                policy(&[&format!("{address}/{}", if address.contains(':') { 128 } else { 32 })]);
            assert!(only.allows(parse(address)), "{address}");
        }
        for (network, inside, outside) in [
            ("10.0.0.0/8", "10.9.9.9", "11.0.0.1"),
            ("10.1.0.0/16", "10.1.0.1", "10.2.0.1"),
            ("127.0.0.0/8", "127.0.0.1", "128.0.0.1"),
            ("fd00::/8", "fd00::1", "fc00::1"),
            ("fc00::/7", "fd00::1", "fe80::1"),
            ("::1/128", "::1", "::2"),
            ("8.8.8.0/24", "8.8.8.8", "8.8.9.8"),
        ] {
            assert!(policy(&[network]).allows(parse(inside)), "{network} {inside}");
            assert!(!policy(&[network]).allows(parse(outside)), "{network} {outside}");
        }
    }

    #[test]
    fn a_network_around_a_special_one_does_not_name_it() {
        for (network, special) in [
            ("192.0.0.0/8", "192.168.1.1"),
            ("172.0.0.0/8", "172.16.0.1"),
            ("8.0.0.0/6", "10.0.0.1"),
            ("::/3", "::1"),
            ("::/3", "::ffff:127.0.0.1"),
            ("8000::/1", "fe80::1"),
            ("::/96", "::1"),
        ] {
            assert!(!policy(&[network]).allows(parse(special)), "{network} {special}");
        }
    }

    /// Addresses of this machine, and every disguise in which they can be written.
    const OWN: [&str; 2] = ["8.8.8.8", "2a00::1"];
    const DISGUISED: [&str; 6] = [
        "::ffff:8.8.8.8",
        "::8.8.8.8",
        "64:ff9b::8.8.8.8",
        "64:ff9b:1::8.8.8.8",
        "2002:808:808::1",
        "2002:808:808:ffff::1",
    ];

    #[test]
    fn this_machine_is_not_reached_unless_it_is_named() {
        for networks in [
            &["0.0.0.0/0", "::/0"][..],
            &["8.8.8.0/24", "8.8.8.8/31", "2a00::/16", "2a00::/127"],
            &["::ffff:0:0/96", "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16"],
            &["::ffff:8.8.8.0/120", "64:ff9b::808:800/120", "2002:808::/32"],
        ] {
            let policy = policy_of(networks, &OWN);
            for own in OWN.iter().chain(&DISGUISED) {
                assert!(!policy.allows(parse(own)), "{networks:?} {own}");
                assert!(policy.is_own(parse(own)), "{own}");
            }
        }
        let named = policy_of(&["8.8.8.8/32", "2a00::1/128"], &OWN);
        assert!(OWN.iter().all(|own| named.allows(parse(own))));
        let neighbour = policy_of(&["8.8.8.0/24", "64:ff9b::/96"], &OWN);
        assert!(neighbour.allows(parse("8.8.8.9")) && neighbour.allows(parse("64:ff9b::808:809")));
    }

    /// An operator who names a way to all of IPv4 has not named the special addresses behind it.
    #[test]
    fn a_special_address_is_special_in_disguise() {
        let ways = policy(&["::ffff:0:0/96", "64:ff9b::/96", "2002::/16"]);
        for special in ["127.0.0.1", "10.0.0.1", "169.254.169.254", "192.168.1.1", "0.0.0.0"] {
            let std::net::IpAddr::V4(v4) = parse(special) else { unreachable!() };
            let [a, b] = [v4.to_bits() >> 16, v4.to_bits() & 0xffff];
            for disguised in [
                format!("::ffff:{a:x}:{b:x}"),
                format!("64:ff9b::{a:x}:{b:x}"),
                format!("2002:{a:x}:{b:x}::1"),
            ] {
                assert!(!ways.allows(parse(&disguised)), "{disguised}");
            }
        }
        assert!(ways.allows(parse("64:ff9b::808:808")), "what is public is what it is for");
        let named = policy(&["64:ff9b::a00:0/104"]);
        assert!(named.allows(parse("64:ff9b::a00:1")), "and a special one can be named");
    }

    #[test]
    fn nothing_is_reached_while_nobody_knows_what_is_our_own() {
        let everything = ["0.0.0.0/0", "::/0", "127.0.0.0/8"];
        let policy = Policy::allowing(everything.map(|network| network.parse().unwrap()).into());
        for address in PUBLIC.iter().chain(&["127.0.0.1"]) {
            assert!(!policy.allows(parse(address)), "{address}");
            assert!(policy.is_own(parse(address)), "{address}");
        }
    }
}
