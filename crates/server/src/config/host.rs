//! Where people find the server.

use std::{fmt, str::FromStr};

use hyper::http::uri::Authority;

/// A host name or address, perhaps with a port, as it stands in a URL: an IPv6 address is in brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicHost {
    host: Box<str>,
    port: Option<u16>,
}

/// How long a host with its port may be, in bytes: a name has 253 (RFC 1035 section 2.3.4). What clients say in `Host` is kept for
/// each sign-in that is under way.
const MAX_HOST_BYTES: usize = 260;

/// The text is no host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadPublicHost;

impl fmt::Display for BadPublicHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a host is a name or an address such as talk.example.org or [2001:db8::1], perhaps with a :port")
    }
}

impl std::error::Error for BadPublicHost {}

impl FromStr for PublicHost {
    type Err = BadPublicHost;

    fn from_str(text: &str) -> Result<Self, BadPublicHost> {
        if text.len() > MAX_HOST_BYTES || !super::turn::is_host_and_port(text) {
            return Err(BadPublicHost);
        }
        let authority: Authority = text.parse().map_err(|_| BadPublicHost)?;
        let host = authority.host();
        // What browsers let stand in a URL of WebRTC is letters, digits, dots and hyphens, or an address.
        let is_name = |host: &str| {
            host.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-')
        };
        let is_v6 = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .is_some_and(|host| host.parse::<std::net::Ipv6Addr>().is_ok());
        if !is_name(host) && !is_v6 {
            return Err(BadPublicHost);
        }
        Ok(Self { host: host.to_ascii_lowercase().into(), port: authority.port_u16() })
    }
}

impl PublicHost {
    /// The host; an IPv6 address in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, if one is named.
    #[must_use]
    pub const fn port(&self) -> Option<u16> {
        self.port
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_HOST_BYTES, PublicHost};

    #[test]
    fn only_hosts_are_hosts() {
        for (good, host, port) in [
            ("talk.example.org", "talk.example.org", None),
            ("Talk.Example.org:8443", "talk.example.org", Some(8443)),
            ("192.0.2.1", "192.0.2.1", None),
            ("[2001:db8::1]:443", "[2001:db8::1]", Some(443)),
            ("localhost", "localhost", None),
        ] {
            let parsed: PublicHost = good.parse().unwrap();
            assert_eq!((parsed.host(), parsed.port()), (host, port), "{good}");
        }
        let long = "a".repeat(MAX_HOST_BYTES + 1);
        for bad in [
            "",
            &long,
            ":1",
            "a:",
            "a:0",
            "a:99999",
            "a b",
            "a/b",
            "a?b",
            "u@a",
            "https://a",
            "a_b",
            "a%41",
            "a,b",
            "2001:db8::1",
            "[::1",
            "[xyz]",
            "a\"b",
            "ä",
        ] {
            assert!(bad.parse::<PublicHost>().is_err(), "{bad}");
        }
    }
}
