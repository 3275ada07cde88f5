//! Networks whose clients share limits. Pure.
//!
//! One address is rarely all that somebody has: a home gets a /56 of IPv6, a site a /48, a rack a /24 of IPv4. So what
//! is limited for an address is limited for the networks around it as well, and there it is more, but not as much more as
//! there are addresses.

use std::net::IpAddr;

use crate::limits::{
    ADDRESS_RATES, ALLOCATIONS_PER_ADDRESS, ALLOCATIONS_PER_NETWORK, ALLOCATIONS_PER_SITE,
    NETWORK_RATES, SITE_RATES,
};

/// How large a network is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Size {
    /// An IPv4 address, or a /64 of IPv6, of which any host may take what it likes.
    Address,
    /// A /56 of IPv6.
    Site,
    /// A /24 of IPv4, or a /48 of IPv6.
    Network,
}

/// A network whose clients share limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Network {
    size: Size,
    prefix: u64,
}

impl Network {
    /// The networks around an address, the smallest first.
    pub(crate) fn around(address: IpAddr) -> impl Iterator<Item = Self> + Clone {
        let sizes: &[(Size, u32)] = match address {
            IpAddr::V4(_) => &[(Size::Address, 0), (Size::Network, 8)],
            IpAddr::V6(_) => &[(Size::Address, 0), (Size::Site, 8), (Size::Network, 16)],
        };
        let bits = match address {
            // Below 0:ffff::/32, which nobody has.
            IpAddr::V4(v4) => 0xffff_u64 << 32 | u64::from(v4.to_bits()),
            IpAddr::V6(v6) => (v6.to_bits() >> 64) as u64,
        };
        sizes.iter().map(move |(size, without)| Self { size: *size, prefix: bits >> without })
    }

    /// How many allocations, or streams, its clients may have.
    pub(crate) const fn allocations(self) -> u32 {
        match self.size {
            Size::Address => ALLOCATIONS_PER_ADDRESS,
            Size::Site => ALLOCATIONS_PER_SITE,
            Size::Network => ALLOCATIONS_PER_NETWORK,
        }
    }

    /// How many users' rates its clients have together.
    pub(crate) const fn rates(self) -> u64 {
        match self.size {
            Size::Address => ADDRESS_RATES,
            Size::Site => SITE_RATES,
            Size::Network => NETWORK_RATES,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Network;

    #[test]
    fn neighbours_share_the_networks_around_them() {
        for (one, other, shared) in [
            ("192.0.2.1", "192.0.2.1", 2),
            ("192.0.2.1", "192.0.2.255", 1),
            ("192.0.2.1", "192.0.3.1", 0),
            ("2001:db8::1", "2001:db8::ffff:2", 3),
            ("2001:db8::1", "2001:db8:0:ff::1", 2),
            ("2001:db8::1", "2001:db8:0:100::1", 1),
            ("2001:db8::1", "2001:db8:1::1", 0),
            ("::192.0.2.1", "192.0.2.1", 0),
        ] {
            let of = |address: &str| Network::around(address.parse().unwrap());
            let both = of(one).filter(|network| of(other).any(|other| other == *network)).count();
            assert_eq!(both, shared, "{one} {other}");
        }
    }
}
