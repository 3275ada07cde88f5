//! Who relays media: this server, others, or nobody.

use std::{fmt, net::IpAddr, str::FromStr};

use hyper::http::uri::Authority;
use ipnet::IpNet;
use relay::{Rate, Secret};

/// Who relays media between browsers that cannot reach each other.
#[derive(Clone, Debug)]
pub enum Turn {
    /// Nobody.
    Off,
    /// This server.
    Embedded(Embedded),
    /// Others, such as a fleet of coturn servers.
    Fleet {
        /// Their URLs, in the order in which browsers should try them.
        urls: Vec<TurnUrl>,
        /// The secret that they share with us (coturn's `static-auth-secret`).
        secret: Secret,
    },
}

/// How this server relays.
#[derive(Clone, Debug, Default)]
pub struct Embedded {
    /// The addresses of allocations, one of each family; what is missing is found out.
    pub addresses: Vec<IpAddr>,
    /// Networks outside of the relay that allocations may reach.
    pub allow: Vec<IpNet>,
    /// How much is relayed for a user.
    pub rate: Rate,
    /// What credentials are made with, if something besides this server makes them, too. By default it is drawn anew
    /// with each start.
    pub secret: Option<Secret>,
}

impl Default for Turn {
    fn default() -> Self {
        Self::Embedded(Embedded::default())
    }
}

/// The URL of a TURN server (RFC 7065): `turn:host` or `turns:host`, perhaps with a `:port` and a `?transport=`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TurnUrl(Box<str>);

/// The text is no TURN URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadTurnUrl;

impl fmt::Display for BadTurnUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a TURN server is named as turn:host, turn:host:port?transport=udp or turns:host:port?transport=tcp",
        )
    }
}

impl std::error::Error for BadTurnUrl {}

impl FromStr for TurnUrl {
    type Err = BadTurnUrl;

    fn from_str(text: &str) -> Result<Self, BadTurnUrl> {
        let (scheme, rest) = text.split_once(':').ok_or(BadTurnUrl)?;
        let (server, query) = rest.split_once('?').unzip();
        let server = server.unwrap_or(rest);
        let query_is_good = match query {
            None => true,
            Some("transport=tcp") => true,
            Some("transport=udp") => scheme == "turn",
            Some(_) => false,
        };
        let scheme_is_good = scheme == "turn" || scheme == "turns";
        if scheme_is_good && query_is_good && is_host_and_port(server) {
            Ok(Self(text.into()))
        } else {
            Err(BadTurnUrl)
        }
    }
}

impl fmt::Display for TurnUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether this is a host, perhaps with a port, and nothing else.
pub(crate) fn is_host_and_port(text: &str) -> bool {
    let Ok(server) = text.parse::<Authority>() else { return false };
    let Some(port) = text.strip_prefix(server.host()) else { return false };
    let port_is_good = match port.strip_prefix(':') {
        Some(number) => number.parse::<u16>().is_ok_and(|number| number != 0),
        None => port.is_empty(),
    };
    !server.host().is_empty() && port_is_good
}

#[cfg(test)]
mod tests {
    use super::TurnUrl;

    #[test]
    fn only_turn_urls_are_turn_urls() {
        for good in [
            "turn:a.example",
            "turn:a.example:3478",
            "turn:a.example:3478?transport=udp",
            "turn:a.example?transport=tcp",
            "turns:a.example:443?transport=tcp",
            "turn:[2001:db8::1]:3478",
        ] {
            assert_eq!(good.parse::<TurnUrl>().map(|url| url.to_string()), Ok(good.to_owned()));
        }
        for bad in [
            "",
            "turn",
            "turn:",
            "turn:?transport=udp",
            "turn::3478",
            "turn://a",
            "turn:a:0",
            "turn:a:99999",
            "turn:a b",
            "turn:u@a",
            "turn:a?transport=sctp",
            "turn:a?x",
            "turns:a?transport=udp",
            "stun:a",
            "http://a",
        ] {
            assert!(bad.parse::<TurnUrl>().is_err(), "{bad}");
        }
    }
}
