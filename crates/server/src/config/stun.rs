//! STUN URLs (RFC 7064).

use std::{fmt, str::FromStr};

use hyper::http::uri::Authority;

/// The URL of a STUN server: `stun:host` or `stuns:host`, perhaps with a `:port` (RFC 7064 section 3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StunUrl(Box<str>);

/// The text is no STUN URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadStunUrl;

impl fmt::Display for BadStunUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a STUN server is named as stun:host, stun:host:port or stuns:host:port")
    }
}

impl std::error::Error for BadStunUrl {}

impl FromStr for StunUrl {
    type Err = BadStunUrl;

    fn from_str(text: &str) -> Result<Self, BadStunUrl> {
        let (scheme, rest) = text.split_once(':').ok_or(BadStunUrl)?;
        if scheme != "stun" && scheme != "stuns" {
            return Err(BadStunUrl);
        }
        let server: Authority = rest.parse().map_err(|_| BadStunUrl)?;
        let port = rest.strip_prefix(server.host()).ok_or(BadStunUrl)?;
        let port_is_good = match port.strip_prefix(':') {
            Some(number) => number.parse::<u16>().is_ok_and(|number| number != 0),
            None => port.is_empty(),
        };
        if server.host().is_empty() || !port_is_good {
            return Err(BadStunUrl);
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for StunUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::StunUrl;

    #[test]
    fn only_stun_urls_are_stun_urls() {
        for good in [
            "stun:a.example",
            "stun:a.example:3478",
            "stuns:a.example:5349",
            "stun:[2001:db8::1]:3478",
        ] {
            assert_eq!(good.parse::<StunUrl>().map(|url| url.to_string()), Ok(good.to_owned()));
        }
        for bad in [
            "",
            "stun",
            "stun:",
            "stun::3478",
            "stun://a",
            "stun:a:",
            "stun:a:0",
            "stun:a:99999",
            "stun:a b",
            "stun:a/b",
            "stun:a?b",
            "stun:u@a",
            "turn:a",
            "http://a",
            "stun:a,stun:b",
        ] {
            assert!(bad.parse::<StunUrl>().is_err(), "{bad}");
        }
    }
}
