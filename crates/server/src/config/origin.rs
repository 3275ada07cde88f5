//! Web origins (RFC 6454).

use std::{fmt, net::IpAddr, str::FromStr};

use hyper::http::{Uri, uri::Authority};

use super::PublicHost;

/// The origin of a page: `http` or `https`, a host, and a port unless it is the scheme's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    scheme: Scheme,
    /// In lower case; an IPv6 address in brackets.
    host: Box<str>,
    port: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Http,
    Https,
}

impl Scheme {
    const fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// The text is no origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadOrigin;

impl fmt::Display for BadOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "an origin is http://host or https://host, perhaps with a :port, and nothing after it",
        )
    }
}

impl std::error::Error for BadOrigin {}

impl FromStr for Origin {
    type Err = BadOrigin;

    fn from_str(text: &str) -> Result<Self, BadOrigin> {
        let uri: Uri = text.parse().map_err(|_| BadOrigin)?;
        let scheme = match uri.scheme_str() {
            Some("http") => Scheme::Http,
            Some("https") => Scheme::Https,
            _ => return Err(BadOrigin),
        };
        let authority = uri.authority().ok_or(BadOrigin)?;
        // Uri reads the path of `http://host` as `/`, so the text itself must say that there is none.
        if uri.query().is_some() || text.ends_with('/') || uri.path() != "/" {
            return Err(BadOrigin);
        }
        let (host, port) = host_and_port(authority).ok_or(BadOrigin)?;
        Ok(Self { scheme, host, port: port.unwrap_or(scheme.port()) })
    }
}

impl Origin {
    /// Whether the page came from the server that is addressed as `host`: the `Host` header of its request.
    ///
    /// The scheme is not compared, since a proxy in front may have taken off the TLS.
    #[must_use]
    pub fn is_of_host(&self, host: &str) -> bool {
        let Some((host, port)) =
            host.parse().ok().as_ref().and_then(|authority: &Authority| host_and_port(authority))
        else {
            return false;
        };
        self.host == host && self.port == port.unwrap_or(self.scheme.port())
    }

    /// Whether the page came over HTTPS.
    pub(crate) fn is_secure(&self) -> bool {
        self.scheme == Scheme::Https
    }

    /// Whether the page came from this host, at whatever port.
    pub(crate) fn has_host(&self, host: &PublicHost) -> bool {
        *self.host == *host.host()
    }

    /// Whether the page came from this host and port.
    pub(crate) fn is_at(&self, host: &PublicHost) -> bool {
        self.has_host(host) && self.port == host.port().unwrap_or(self.scheme.port())
    }

    /// Whether the page came from this very machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let bare = self.host.trim_matches(['[', ']']);
        match bare.parse::<IpAddr>() {
            Ok(address) => address.is_loopback(),
            // RFC 6761 section 6.3: these names never leave the machine.
            Err(_) => bare == "localhost" || bare.ends_with(".localhost"),
        }
    }
}

fn host_and_port(authority: &Authority) -> Option<(Box<str>, Option<u16>)> {
    let text = authority.as_str();
    let host = authority.host();
    if host.is_empty() || text.contains('@') {
        return None;
    }
    let port = match text.strip_prefix(host)? {
        "" => None,
        port => Some(port.strip_prefix(':')?.parse().ok()?),
    };
    Some((host.to_ascii_lowercase().into(), port))
}

#[cfg(test)]
mod tests {
    use super::Origin;

    #[test]
    fn only_origins_are_origins() {
        for good in
            ["http://a", "https://a.example:8443", "http://[::1]:9090", "https://EXAMPLE.org"]
        {
            assert!(good.parse::<Origin>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "*",
            "null",
            "a",
            "a:1",
            "http://",
            "http://a/",
            "http://a/b",
            "http://a?b",
            "ftp://a",
            "ws://a",
            "http://u@a",
            "http://a:b",
            "http://a:99999",
            "file:///a",
        ] {
            assert!(bad.parse::<Origin>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_origin_is_compared_with_the_schemes_own_port() {
        for (one, other, same) in [
            ("http://a", "http://a:80", true),
            ("https://a", "https://A:443", true),
            ("http://a", "https://a", false),
            ("http://a", "http://a:8080", false),
        ] {
            assert_eq!(one.parse::<Origin>() == other.parse::<Origin>(), same, "{one} {other}");
        }
    }

    #[test]
    fn the_servers_own_origin_is_the_one_in_the_host_header() {
        for (origin, host, own) in [
            ("http://a:9090", "a:9090", true),
            ("https://a", "a", true),
            ("https://a", "a:443", true),
            ("https://A", "a", true),
            ("http://[::1]:9090", "[::1]:9090", true),
            ("http://a:9090", "a", false),
            ("http://a", "b", false),
            ("http://a", "a:9090", false),
            ("http://a", "a@a", false),
            ("http://a", "", false),
        ] {
            assert_eq!(origin.parse::<Origin>().unwrap().is_of_host(host), own, "{origin} {host}");
        }
    }

    #[test]
    fn loopback_is_this_machine_and_nothing_that_looks_like_it() {
        for (origin, loopback) in [
            ("http://localhost:8080", true),
            ("http://127.0.0.1", true),
            ("http://127.9.9.9:1", true),
            ("http://[::1]:8080", true),
            ("http://app.localhost", true),
            ("http://localhost.example", false),
            ("http://127.0.0.1.example", false),
            ("http://notlocalhost", false),
            ("http://192.168.0.1", false),
        ] {
            assert_eq!(origin.parse::<Origin>().unwrap().is_loopback(), loopback, "{origin}");
        }
    }
}
