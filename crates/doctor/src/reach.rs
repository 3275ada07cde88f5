//! Which addresses a server may send its examiner to.

use std::net::IpAddr;

use relay::is_public;

/// How far an address is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reach {
    /// Everywhere.
    Public,
    /// In a network of somebody's own, or another that is not for everyone.
    Private,
    /// On one machine, or one cable: where machines keep what is for nobody else.
    Local,
}

impl Reach {
    pub(crate) fn of(address: IpAddr) -> Self {
        let address = address.to_canonical();
        let is_link_local = match address {
            IpAddr::V4(v4) => v4.is_link_local(),
            IpAddr::V6(v6) => v6.is_unicast_link_local(),
        };
        if address.is_loopback() || address.is_unspecified() || is_link_local {
            Self::Local
        } else if is_public(address) {
            Self::Public
        } else {
            Self::Private
        }
    }

    /// Whether a server with this reach may name an address: one that is known as far as its own. A server on the Internet has
    /// no business in the network of whoever examines it.
    pub(crate) fn may_name(self, address: IpAddr) -> bool {
        Self::of(address) <= self
    }
}

#[cfg(test)]
mod tests {
    use super::Reach;

    #[test]
    fn a_server_names_what_is_known_as_far_as_itself() {
        for (server, named, may) in [
            ("8.8.8.8", "9.9.9.9", true),
            ("8.8.8.8", "2a00::1", true),
            ("8.8.8.8", "192.168.0.1", false),
            ("8.8.8.8", "10.0.0.1", false),
            ("8.8.8.8", "127.0.0.1", false),
            ("8.8.8.8", "169.254.169.254", false),
            ("8.8.8.8", "0.0.0.0", false),
            ("8.8.8.8", "::1", false),
            ("8.8.8.8", "::ffff:192.168.0.1", false),
            ("8.8.8.8", "64:ff9b::c0a8:1", false),
            ("8.8.8.8", "2002:c0a8:1::1", false),
            ("8.8.8.8", "fd00::1", false),
            ("8.8.8.8", "fe80::1", false),
            ("8.8.8.8", "224.0.0.1", false),
            ("2a00::1", "fd00::1", false),
            ("192.168.0.2", "192.168.0.1", true),
            ("192.168.0.2", "8.8.8.8", true),
            ("192.168.0.2", "127.0.0.1", false),
            ("192.168.0.2", "169.254.169.254", false),
            ("127.0.0.1", "127.0.0.2", true),
            ("127.0.0.1", "192.168.0.1", true),
            ("::1", "8.8.8.8", true),
        ] {
            let reach = Reach::of(server.parse().unwrap());
            assert_eq!(reach.may_name(named.parse().unwrap()), may, "{server} {named}");
        }
    }
}
