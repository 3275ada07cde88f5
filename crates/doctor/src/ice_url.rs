//! The URLs of STUN and TURN servers (RFC 7064, RFC 7065).

use crate::Transport;

/// The port without TLS, and with it.
const PORT: u16 = 3478;
const TLS_PORT: u16 = 5349;

/// A STUN or TURN server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IceUrl {
    pub(crate) relays: bool,
    pub(crate) transport: Transport,
    /// A name or an address; one of IPv6 without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl IceUrl {
    /// `None` if it is none, or for a transport that there is not.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once(':')?;
        let (relays, secure) = match scheme {
            "stun" => (false, false),
            "turn" => (true, false),
            "turns" => (true, true),
            _ => return None,
        };
        let (server, query) = rest.split_once('?').unwrap_or((rest, ""));
        let transport = match (secure, query) {
            (false, "" | "transport=udp") => Transport::Udp,
            (false, "transport=tcp") => Transport::Tcp,
            (true, "" | "transport=tcp") => Transport::Tls,
            _ => return None,
        };
        let (host, port) = match server.strip_prefix('[') {
            Some(bracketed) => {
                let (host, port) = bracketed.split_once(']')?;
                (host, port.strip_prefix(':').filter(|port| !port.is_empty()))
            }
            None => match server.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (server, None),
            },
        };
        let usual = if secure { TLS_PORT } else { PORT };
        let port = port.map_or(Some(usual), |port| port.parse().ok())?;
        (!host.is_empty()).then(|| Self { relays, transport, host: host.to_owned(), port })
    }
}

#[cfg(test)]
mod tests {
    use super::IceUrl;
    use crate::Transport::{Tcp, Tls, Udp};

    #[test]
    fn urls_are_read_as_browsers_read_them() {
        for (text, relays, transport, host, port) in [
            ("stun:a", false, Udp, "a", 3478),
            ("turn:a:443?transport=udp", true, Udp, "a", 443),
            ("turn:[2001:db8::1]:443?transport=tcp", true, Tcp, "2001:db8::1", 443),
            ("turns:[::1]", true, Tls, "::1", 5349),
            ("turns:a:443?transport=tcp", true, Tls, "a", 443),
        ] {
            let url = IceUrl { relays, transport, host: host.to_owned(), port };
            assert_eq!(IceUrl::parse(text), Some(url), "{text}");
        }
        for text in ["", "http://a", "turn:", "turn:a:x", "turns:a?transport=udp", "turn:[::1"] {
            assert_eq!(IceUrl::parse(text), None, "{text}");
        }
    }
}
