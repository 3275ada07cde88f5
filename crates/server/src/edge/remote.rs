//! Who a request is of: the address at the other end of its connection, or the one that a trusted proxy tells.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use hyper::{HeaderMap, header::FORWARDED};
use ipnet::IpNet;

use crate::limits::{NETWORKS_V4, NETWORKS_V6};

/// Whom a request is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remote {
    /// The client's address.
    pub ip: IpAddr,
    /// Whether the client's own connection is encrypted: ours is, or a trusted proxy says so.
    pub secure: bool,
    /// Whether it came through a trusted proxy.
    pub proxied: bool,
    /// Whether it is the client's own address, and not that of a proxy which does not tell whom it speaks for.
    pub own: bool,
}

/// A network that is counted: that of one customer, or one around it. Half of the internet's customers have one address of IPv4 or
/// a /64 of IPv6, and others have more: see [`NETWORKS_V4`] and [`NETWORKS_V6`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Network {
    /// The first bits of its addresses: 32 of IPv4, or 64 of IPv6.
    bits: u64,
    /// How many of them are the network's. At most 32 for IPv4, and at least 48 for IPv6.
    length: u8,
}

impl Network {
    /// For clients whose address is not known: in tests, and in no server.
    pub(crate) const NOWHERE: Self = Self { bits: 0, length: 0 };

    /// The narrowest one.
    pub(crate) fn of(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V4(ip) => Self { bits: u64::from(ip.to_bits()), length: 32 },
            IpAddr::V6(ip) => Self { bits: (ip.to_bits() >> 64) as u64, length: 64 },
        }
    }

    /// It and those around it, the narrowest first, with how many times as much as a single customer each may have.
    pub(crate) fn around(self) -> impl Iterator<Item = (Self, u32)> + Clone {
        let levels: &[(u8, u32)] = match self.length {
            0 => &[(0, 1)],
            1..=32 => &NETWORKS_V4,
            _ => &NETWORKS_V6,
        };
        let not_narrower = move |(length, _): &&(u8, u32)| *length <= self.length;
        levels
            .iter()
            .filter(not_narrower)
            .map(move |(length, shares)| (self.of_length(*length), *shares))
    }

    /// The widest one around it that is counted.
    pub(crate) fn widest(self) -> Self {
        self.around().last().map_or(self, |(network, _)| network)
    }

    fn of_length(self, length: u8) -> Self {
        let all: u32 = if self.length <= 32 { 32 } else { 64 };
        let rest = all.saturating_sub(length.into());
        let bits =
            self.bits.checked_shr(rest).unwrap_or_default().checked_shl(rest).unwrap_or_default();
        Self { bits, length }
    }
}

/// As a prefix, which names no customer if the network is a wide one.
impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bits, length } = self;
        match u32::try_from(*bits) {
            Ok(bits) if *length <= 32 => write!(f, "{}/{length}", Ipv4Addr::from_bits(bits)),
            _ => write!(f, "{}/{length}", Ipv6Addr::from_bits(u128::from(*bits) << 64)),
        }
    }
}

/// The header in which proxies tell whom they speak for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProxyHeader {
    /// `X-Forwarded-For`, with `X-Forwarded-Proto`.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// Which proxies are believed, and which header: any other is the client's own, and may say anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies {
    /// Their networks.
    pub trusted: Vec<IpNet>,
    /// What they set.
    pub header: ProxyHeader,
}

impl Proxies {
    /// Whether this address is a trusted proxy's.
    #[must_use]
    pub fn trusts(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        self.trusted.iter().any(|network| network.contains(&ip))
    }

    /// Whom a request is of that came over a connection from `peer`.
    ///
    /// Each proxy adds whom it heard the request from at the end, so that the list is read from there: the first address
    /// that is no trusted proxy's is the client's, and what stands before it is what that client says. An entry that is no
    /// address ends it: then the last proxy that is known stands for whoever is behind it.
    #[must_use]
    pub fn remote(&self, peer: IpAddr, tls: bool, headers: &HeaderMap) -> Remote {
        let peer = peer.to_canonical();
        let mut remote = Remote { ip: peer, secure: tls, proxied: false, own: true };
        if !self.trusts(peer) {
            return remote;
        }
        (remote.proxied, remote.own) = (true, false);
        let (hops, proto) = match self.header {
            ProxyHeader::XForwardedFor => x_forwarded(headers),
            ProxyHeader::Forwarded => forwarded(headers),
        };
        remote.secure = tls || proto.is_some_and(|proto| proto.eq_ignore_ascii_case("https"));
        for hop in hops.into_iter().rev() {
            let Some(ip) = hop.and_then(address) else {
                tracing::debug!(entry = ?hop.unwrap_or_default(), "a proxy's header cannot be read");
                break;
            };
            remote.ip = ip;
            remote.own = !self.trusts(ip);
            if remote.own {
                break;
            }
        }
        remote
    }
}

impl fmt::Display for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.ip.fmt(f)
    }
}

/// The entries in order, and the last one's scheme.
type Hops<'a> = (Vec<Option<&'a str>>, Option<&'a str>);

fn x_forwarded(headers: &HeaderMap) -> Hops<'_> {
    let proto = last(headers, "x-forwarded-proto");
    let lines = headers.get_all("x-forwarded-for").iter();
    let hops = lines.flat_map(|line| match line.to_str() {
        Ok(line) => line.split(',').map(|hop| Some(hop.trim())).collect(),
        Err(_) => vec![None],
    });
    (hops.collect(), proto)
}

fn last<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let line = headers.get_all(name).iter().next_back()?.to_str().ok()?;
    line.rsplit(',').next().map(str::trim)
}

fn forwarded(headers: &HeaderMap) -> Hops<'_> {
    let (mut hops, mut proto) = (Vec::new(), None);
    for line in headers.get_all(FORWARDED) {
        let Ok(line) = line.to_str() else {
            hops.push(None);
            continue;
        };
        for element in parts(line, ',').into_iter().rev() {
            let pairs = parts(element, ';');
            let parameter = |name: &str| {
                pairs.iter().rev().find_map(|pair| {
                    let (key, value) = pair.trim().split_once('=')?;
                    key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"'))
                })
            };
            hops.push(parameter("for"));
            proto = parameter("proto");
        }
    }
    (hops, proto)
}

/// What stands between separators, the last first. One in quotes separates nothing: a proxy may add what the client says, such as
/// its `Host`, in quotes.
///
/// It is read from the end, as what the proxy adds is well-formed, and what stands before that need not be.
fn parts(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut end, mut is_quoted) = (Vec::new(), text.len(), false);
    for (at, char) in text.char_indices().rev() {
        let before = &text[..at];
        if char == '"' {
            let escapes = before.len() - before.trim_end_matches('\\').len();
            is_quoted ^= escapes.is_multiple_of(2);
        } else if char == separator && !is_quoted {
            parts.push(&text[at + 1..end]);
            end = at;
        }
    }
    parts.push(&text[..end]);
    parts
}

/// An address, perhaps with a port; one of IPv6 may be in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let ip = bare.parse().ok().or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()))?;
    Some(ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use hyper::{HeaderMap, header::HeaderName};

    use super::{Network, Proxies, ProxyHeader};

    fn ip_of(header: ProxyHeader, peer: &str, lines: &[(&str, &str)]) -> (String, bool) {
        let trusted = ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()].to_vec();
        let parse = |(name, value): &(&str, &str)| {
            (name.parse::<HeaderName>().unwrap(), value.parse().unwrap())
        };
        let headers: HeaderMap = lines.iter().map(parse).collect();
        let proxies = Proxies { trusted, header };
        let remote = proxies.remote(peer.parse().unwrap(), false, &headers);
        (remote.to_string(), remote.secure)
    }

    #[test]
    fn the_rightmost_that_is_no_proxy_is_the_client() {
        let header = ProxyHeader::XForwardedFor;
        for (peer, line, client) in [
            ("192.0.2.9", "198.51.100.1", "192.0.2.9"),
            ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
            ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
            ("10.0.0.1", "203.0.113.5, 198.51.100.1", "198.51.100.1"),
            ("10.0.0.1", "203.0.113.5, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
            ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
            ("10.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
            ("10.0.0.1", "[2001:db8::1]:4711", "2001:db8::1"),
            ("10.0.0.1", "[2001:db8::1]", "2001:db8::1"),
            ("fd00::1", "2001:db8::1", "2001:db8::1"),
            ("10.0.0.1", "198.51.100.1, nonsense", "10.0.0.1"),
            ("10.0.0.1", "198.51.100.1, unknown, 10.0.0.2", "10.0.0.2"),
            ("10.0.0.1", "", "10.0.0.1"),
            ("10.0.0.1", ",,,", "10.0.0.1"),
        ] {
            let (found, _) = ip_of(header, peer, &[("x-forwarded-for", line)]);
            assert_eq!(found, client, "{peer} {line}");
        }
        let lines = [("x-forwarded-for", "203.0.113.5"), ("x-forwarded-for", "198.51.100.1")];
        assert_eq!(ip_of(header, "10.0.0.1", &lines).0, "198.51.100.1", "lines are one list");
        let (found, _) = ip_of(header, "10.0.0.1", &[("forwarded", "for=198.51.100.1")]);
        assert_eq!(found, "10.0.0.1", "the other header is the client's own");
    }

    #[test]
    fn the_standard_header_is_read_when_it_is_the_one() {
        for (line, client, secure) in [
            ("for=198.51.100.1", "198.51.100.1", false),
            ("For=198.51.100.1;Proto=https", "198.51.100.1", true),
            ("for=203.0.113.5, for=\"[2001:db8::1]:99\";proto=https", "2001:db8::1", true),
            ("for=203.0.113.5;proto=https, for=198.51.100.1;proto=http", "198.51.100.1", false),
            ("for=198.51.100.1, for=_hidden", "10.0.0.1", false),
            ("by=198.51.100.1", "10.0.0.1", false),
            // What a client calls us is not whom the proxy speaks for, nor can it hide that.
            (r#"for=198.51.100.1;host="a, for=203.0.113.5""#, "198.51.100.1", false),
            (r#"for=198.51.100.1;host="a;for=203.0.113.5;proto=https""#, "198.51.100.1", false),
            (r#"host="a, for=203.0.113.5\\";for=198.51.100.1"#, "198.51.100.1", false),
            (r#"host="a\", for=203.0.113.5";for=198.51.100.1"#, "198.51.100.1", false),
            (r#"for="203.0.113.5, for=198.51.100.1"#, "198.51.100.1", false),
            (r#"for="\, for=198.51.100.1;proto=https"#, "198.51.100.1", true),
        ] {
            let found = ip_of(ProxyHeader::Forwarded, "10.0.0.1", &[("forwarded", line)]);
            assert_eq!(found, (client.to_owned(), secure), "{line}");
        }
    }

    #[test]
    fn the_scheme_is_believed_from_a_proxy_only() {
        let header = ProxyHeader::XForwardedFor;
        let https = [("x-forwarded-proto", "https")];
        assert!(ip_of(header, "10.0.0.1", &https).1);
        assert!(!ip_of(header, "192.0.2.9", &https).1);
        assert!(!ip_of(header, "10.0.0.1", &[("x-forwarded-proto", "https, http")]).1);
    }

    #[test]
    fn a_customer_counts_as_one() {
        let of = |ip: &str| Network::of(ip.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("192.0.2.1"), of("::ffff:192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }

    #[test]
    fn a_customer_of_many_networks_counts_in_those_around_them() {
        let around = |ip: &str| {
            let around = Network::of(ip.parse().unwrap()).around();
            around.map(|(network, shares)| format!("{network} × {shares}")).collect::<Vec<_>>()
        };
        assert_eq!(
            around("2001:db8:1:234::1"),
            ["2001:db8:1:234::/64 × 1", "2001:db8:1:200::/56 × 2", "2001:db8:1::/48 × 4"]
        );
        assert_eq!(around("192.0.2.1"), ["192.0.2.1/32 × 1", "192.0.2.0/24 × 4"]);
        assert_eq!(around("::ffff:192.0.2.1"), around("192.0.2.1"));
        assert_eq!(Network::NOWHERE.around().count(), 1);
        assert_eq!(Network::of("192.0.2.1".parse().unwrap()).widest().to_string(), "192.0.2.0/24");
        let widest = Network::of("192.0.2.1".parse().unwrap()).widest();
        assert_eq!(widest.around().map(|(network, _)| network).collect::<Vec<_>>(), [widest]);
    }
}
