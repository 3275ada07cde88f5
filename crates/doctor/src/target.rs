//! What is to be examined.

use std::{error::Error, fmt, str::FromStr};

use tokio_tungstenite::tungstenite::http::Uri;

/// A server of Pronto's, as its address stands in a browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Whether it speaks TLS.
    pub secure: bool,
    /// Its name or address; an address of IPv6 without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Where its WebSocket is.
    pub path: String,
}

/// Not the address of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadTarget {
    /// It is no URL, or has no host.
    NotAUrl,
    /// Its scheme is neither http nor https, ws nor wss.
    Scheme(String),
}

impl fmt::Display for BadTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAUrl => {
                f.write_str("it needs the address of a server, such as https://talk.example.org")
            }
            Self::Scheme(scheme) => {
                write!(f, "{scheme}:// is not how a server is reached: use https:// or http://")
            }
        }
    }
}

impl Error for BadTarget {}

impl FromStr for Target {
    type Err = BadTarget;

    /// A host alone is one that speaks TLS, as in a browser.
    fn from_str(text: &str) -> Result<Self, BadTarget> {
        let whole = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        let uri: Uri = whole.parse().map_err(|_| BadTarget::NotAUrl)?;
        let secure = match uri.scheme_str() {
            Some("https" | "wss") => true,
            Some("http" | "ws") => false,
            other => return Err(BadTarget::Scheme(other.unwrap_or_default().to_owned())),
        };
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        // A port that is none would be left out silently.
        let port_is_good = uri.authority().is_some_and(|authority| {
            let after_host = authority.as_str().rsplit_once(uri.host().unwrap_or_default());
            after_host.is_some_and(|(_, port)| port.is_empty() || uri.port_u16().is_some())
        });
        if host.is_empty() || !port_is_good {
            return Err(BadTarget::NotAUrl);
        }
        let path = match (uri.scheme_str(), uri.path()) {
            // The address of a socket, rather than of a page.
            (Some("ws" | "wss"), path) if path != "/" => path.to_owned(),
            // Beside the page, which a web server may have put under a path.
            (_, path) => format!("{}/ws", path.trim_end_matches('/')),
        };
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        Ok(Self { secure, host, port, path })
    }
}

impl Target {
    /// The host and port as they stand in a URL.
    pub(crate) fn authority(&self) -> String {
        let host =
            if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let usual = if self.secure { 443 } else { 80 };
        if self.port == usual { host } else { format!("{host}:{}", self.port) }
    }

    /// The WebSocket's URL.
    pub(crate) fn socket(&self) -> String {
        let scheme = if self.secure { "wss" } else { "ws" };
        format!("{scheme}://{}{}", self.authority(), self.path)
    }
}

/// As it stands in a browser.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let folder = self.path.strip_suffix("/ws").unwrap_or_default();
        write!(f, "{}://{}{folder}", if self.secure { "https" } else { "http" }, self.authority())
    }
}

#[cfg(test)]
mod tests {
    use super::{BadTarget, Target};

    #[test]
    fn what_stands_in_a_browser_is_understood() {
        for (text, shown, socket) in [
            ("talk.example.org", "https://talk.example.org", "wss://talk.example.org/ws"),
            (
                "https://talk.example.org/?x=1",
                "https://talk.example.org",
                "wss://talk.example.org/ws",
            ),
            ("http://localhost:9090/", "http://localhost:9090", "ws://localhost:9090/ws"),
            (
                "https://[2001:db8::1]:8443",
                "https://[2001:db8::1]:8443",
                "wss://[2001:db8::1]:8443/ws",
            ),
            ("ws://127.0.0.1:9090/", "http://127.0.0.1:9090", "ws://127.0.0.1:9090/ws"),
            ("wss://a/calls/ws", "https://a/calls", "wss://a/calls/ws"),
            ("wss://a/socket", "https://a", "wss://a/socket"),
            ("https://a/calls/", "https://a/calls", "wss://a/calls/ws"),
            ("a/calls?x=1", "https://a/calls", "wss://a/calls/ws"),
            ("http://a:80", "http://a", "ws://a/ws"),
        ] {
            let target: Target = text.parse().unwrap();
            assert_eq!((target.to_string().as_str(), target.socket().as_str()), (shown, socket));
        }
    }

    #[test]
    fn what_is_no_server_is_refused() {
        for text in ["", "https://", "two words", "http://a:99999", "http://a:x", "/path"] {
            assert_eq!(text.parse::<Target>(), Err(BadTarget::NotAUrl), "{text}");
        }
        let scheme = BadTarget::Scheme("ftp".to_owned());
        assert_eq!("ftp://a".parse::<Target>(), Err(scheme));
    }
}
