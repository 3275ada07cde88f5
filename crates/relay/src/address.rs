//! Addresses, as the relay compares them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

/// The address that stands for "no address" where IPv4 has none (RFC 7600).
const DUMMY: Ipv4Addr = Ipv4Addr::new(192, 0, 0, 8);

/// The addresses of allocations, one of each family.
///
/// Clients ask for IPv4 unless they say otherwise (RFC 8656 section 7.1), and browsers never do, so that there always
/// is an address of IPv4: on a machine without one it is a name that only this relay understands, which is enough for
/// its clients to reach each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelayAddresses {
    /// The address of allocations that IPv4 is asked for.
    pub v4: Ipv4Addr,
    /// The address of allocations that IPv6 is asked for; without one they are refused.
    pub v6: Option<std::net::Ipv6Addr>,
}

impl RelayAddresses {
    /// Takes the chosen addresses; else, by family, the listener's own; else the one that this machine would send
    /// from, which is what its clients reach it at.
    #[must_use]
    pub fn find(chosen: &[IpAddr], listener: IpAddr) -> Self {
        let listener = Some(listener.to_canonical()).filter(|address| !address.is_unspecified());
        let candidates = || chosen.iter().copied().chain(listener);
        let v4 = candidates().find_map(|address| match address {
            IpAddr::V4(v4) => Some(v4),
            IpAddr::V6(_) => None,
        });
        let v6 = candidates().find_map(|address| match address {
            IpAddr::V4(_) => None,
            IpAddr::V6(v6) => Some(v6),
        });
        let homes = homes();
        Self { v4: v4.or(homes.0).unwrap_or(DUMMY), v6: v6.or(homes.1) }
    }

    /// Whether an address is that of allocations.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(v4) => v4 == self.v4,
            IpAddr::V6(v6) => Some(v6) == self.v6,
        }
    }
}

/// The addresses that this machine sends from to the Internet, as far as it has some.
pub fn own_addresses() -> impl Iterator<Item = IpAddr> {
    let (v4, v6) = homes();
    v4.map(IpAddr::V4).into_iter().chain(v6.map(IpAddr::V6))
}

/// The addresses that this machine would send to the Internet from, by family. Nothing is sent to find out.
fn homes() -> (Option<Ipv4Addr>, Option<std::net::Ipv6Addr>) {
    let from = |own: &str, to: &str| {
        let socket = UdpSocket::bind(own).ok()?;
        socket.connect(to).ok()?;
        Some(socket.local_addr().ok()?.ip())
    };
    // Any public address does: these are the root name server K's.
    let v4 = match from("0.0.0.0:0", "193.0.14.129:53") {
        Some(IpAddr::V4(v4)) => Some(v4),
        _ => None,
    };
    let v6 = match from("[::]:0", "[2001:7fd::1]:53") {
        Some(IpAddr::V6(v6)) => Some(v6),
        _ => None,
    };
    (v4, v6)
}

/// An address as it is compared: a socket for both families names IPv4 addresses as IPv6 ones.
pub(crate) fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::{RelayAddresses, canonical};

    #[test]
    fn what_is_chosen_comes_first_and_the_listener_next() {
        let parse = |text: &str| text.parse::<IpAddr>().unwrap();
        let chosen = [parse("198.51.100.1"), parse("2001:db8::1")];
        let found = RelayAddresses::find(&chosen, parse("127.0.0.1"));
        assert_eq!(IpAddr::V4(found.v4), chosen[0]);
        assert_eq!(found.v6.map(IpAddr::V6), Some(chosen[1]));
        let found = RelayAddresses::find(&[], parse("127.0.0.1"));
        assert_eq!(IpAddr::V4(found.v4), parse("127.0.0.1"));
        let found = RelayAddresses::find(&[], parse("::ffff:127.0.0.1"));
        assert_eq!(IpAddr::V4(found.v4), parse("127.0.0.1"));
        let found = RelayAddresses::find(&[], parse("::1"));
        assert_eq!(found.v6.map(IpAddr::V6), Some(parse("::1")));
    }

    #[test]
    fn a_listener_on_every_address_is_none_of_them() {
        for every in ["0.0.0.0", "::"] {
            let found = RelayAddresses::find(&[], every.parse().unwrap());
            assert!(!found.v4.is_unspecified());
            assert!(found.v6.is_none_or(|v6| !v6.is_unspecified()));
        }
    }

    #[test]
    fn an_address_has_one_spelling() {
        let mapped = "[::ffff:192.0.2.1]:7".parse().unwrap();
        assert_eq!(canonical(mapped), "192.0.2.1:7".parse().unwrap());
    }
}
