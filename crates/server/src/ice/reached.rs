//! As what a client reached this server: the address under which it will find the relay as well.

use std::fmt;

use hyper::{
    HeaderMap,
    header::{FORWARDED, HOST, ORIGIN},
};

use crate::config::PublicHost;

/// A host and port at which a client reaches this server's listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached(Box<str>);

impl fmt::Display for Reached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is known of the listener, to tell clients how to reach it.
#[derive(Clone, Debug)]
pub struct Door {
    /// Its port.
    pub port: u16,
    /// Whether it speaks TLS.
    pub tls: bool,
    /// Whether only this machine reaches it.
    pub on_loopback: bool,
    /// What the operator says people reach it at.
    pub public: Option<PublicHost>,
}

impl Door {
    /// As what the client with this request reached us, if that can be said.
    ///
    /// That is the request's own host and port: the client is there already. But behind a proxy the port is the
    /// proxy's, which passes no TURN on; then it is our own. And who comes through a proxy to a listener on loopback
    /// cannot reach it otherwise, so that there is nothing to tell.
    #[must_use]
    pub fn reached(&self, headers: &HeaderMap) -> Option<Reached> {
        if let Some(public) = &self.public {
            return Some(reached(public.host(), self.public_port(public, headers)));
        }
        let host = asked(headers)?;
        if self.on_loopback && !is_loopback(host.host()) {
            return None;
        }
        Some(reached(host.host(), self.port_of(&host, headers)))
    }

    /// The port at which people find us at what the operator says. If that is a host alone, it is the port of who asks for this very
    /// host, which may be mapped to ours.
    pub(crate) fn public_port(&self, public: &PublicHost, headers: &HeaderMap) -> u16 {
        let asked = asked(headers).filter(|asked| asked.host() == public.host());
        match (public.port(), asked) {
            (Some(port), _) => port,
            (None, Some(asked)) if !self.on_loopback => self.port_of(&asked, headers),
            (None, _) => self.port,
        }
    }

    /// The port of a host that a client asks for.
    fn port_of(&self, host: &PublicHost, headers: &HeaderMap) -> u16 {
        if self.is_proxied(headers) {
            self.port
        } else {
            host.port().unwrap_or(if self.tls { 443 } else { 80 })
        }
    }

    /// Whether a client may call us by this host. If the operator has said what people find us at it is that name, or an
    /// address: no other name is ours, though somebody may have made it resolve to us (DNS rebinding).
    pub(crate) fn may_be_called(&self, host: &str) -> bool {
        let Some(public) = &self.public else { return true };
        host.parse::<PublicHost>().is_ok_and(|host| {
            let bare = host.host().trim_matches(['[', ']']);
            host.host() == public.host()
                || bare.parse::<std::net::IpAddr>().is_ok()
                || is_loopback(host.host())
        })
    }

    /// Proxies say that they are, or take off the TLS that the page came with.
    fn is_proxied(&self, headers: &HeaderMap) -> bool {
        let says_so = headers.contains_key(FORWARDED) || headers.contains_key("x-forwarded-for");
        let page_is_secure =
            headers.get(ORIGIN).is_some_and(|origin| origin.as_bytes().starts_with(b"https:"));
        says_so || page_is_secure && !self.tls
    }
}

/// The host that a client asks for.
fn asked(headers: &HeaderMap) -> Option<PublicHost> {
    headers.get(HOST)?.to_str().ok()?.parse().ok()
}

fn reached(host: &str, port: u16) -> Reached {
    Reached(format!("{host}:{port}").into())
}

/// Whether a host is this machine: one in a URL, so that an IPv6 address is in brackets.
pub(crate) fn is_loopback(host: &str) -> bool {
    match host.trim_matches(['[', ']']).parse::<std::net::IpAddr>() {
        Ok(address) => address.is_loopback(),
        // RFC 6761 section 6.3.
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests {
    use hyper::{HeaderMap, header::HeaderName};

    use super::Door;

    fn door(tls: bool, on_loopback: bool, public: Option<&str>) -> Door {
        Door { port: 9090, tls, on_loopback, public: public.map(|host| host.parse().unwrap()) }
    }

    fn headers(lines: &[(&str, &str)]) -> HeaderMap {
        let parse = |(name, value): &(&str, &str)| {
            (name.parse::<HeaderName>().unwrap(), value.parse().unwrap())
        };
        lines.iter().map(parse).collect()
    }

    fn assert_reached(door: &Door, lines: &[(&str, &str)], as_what: Option<&str>) {
        let reached = door.reached(&headers(lines)).map(|reached| reached.to_string());
        assert_eq!(reached.as_deref(), as_what, "{door:?} {lines:?}");
    }

    #[test]
    fn the_relay_is_where_the_client_is_already() {
        let (plain, tls) = (door(false, false, None), door(true, false, None));
        for (door, host, as_what) in [
            (&plain, "192.168.0.2:9090", "192.168.0.2:9090"),
            (&plain, "talk.example.org", "talk.example.org:80"),
            (&plain, "[2001:db8::1]:9090", "[2001:db8::1]:9090"),
            (&plain, "home.example.org:8000", "home.example.org:8000"),
            (&tls, "talk.example.org", "talk.example.org:443"),
            (&tls, "talk.example.org:8443", "talk.example.org:8443"),
        ] {
            assert_reached(door, &[("host", host)], Some(as_what));
        }
    }

    #[test]
    fn behind_a_proxy_it_is_at_our_own_port() {
        let door = door(false, false, None);
        for sign in [
            ("x-forwarded-for", "192.0.2.1"),
            ("forwarded", "for=192.0.2.1"),
            ("origin", "https://talk.example.org"),
        ] {
            assert_reached(
                &door,
                &[("host", "talk.example.org"), sign],
                Some("talk.example.org:9090"),
            );
        }
    }

    #[test]
    fn a_proxy_before_loopback_lets_nobody_through() {
        let door = door(false, true, None);
        for (host, as_what) in [
            ("localhost:9090", Some("localhost:9090")),
            ("127.0.0.1:9090", Some("127.0.0.1:9090")),
            ("[::1]:9090", Some("[::1]:9090")),
            ("app.localhost:9090", Some("app.localhost:9090")),
            ("talk.example.org", None),
            ("192.168.0.2:9090", None),
        ] {
            assert_reached(&door, &[("host", host)], as_what);
        }
    }

    #[test]
    fn the_operator_knows_best() {
        let lines = [("host", "10.0.0.2:80"), ("x-forwarded-for", "192.0.2.1")];
        for on_loopback in [false, true] {
            let named = door(false, on_loopback, Some("talk.example.org"));
            assert_reached(&named, &lines, Some("talk.example.org:9090"));
            let named = door(false, on_loopback, Some("talk.example.org:3478"));
            assert_reached(&named, &lines, Some("talk.example.org:3478"));
        }
    }

    /// The server listens at 9090, and its users reach it at another port, which somebody maps to that.
    #[test]
    fn behind_a_mapped_port_it_is_where_the_client_is() {
        let public = Some("talk.example.org");
        let (plain, tls) = (door(false, false, public), door(true, false, public));
        for (door, host, as_what) in [
            (&tls, "talk.example.org", "talk.example.org:443"),
            (&tls, "Talk.Example.org:8443", "talk.example.org:8443"),
            (&plain, "talk.example.org", "talk.example.org:80"),
            // Who asks for another host does not say how this one is reached.
            (&tls, "192.0.2.1", "talk.example.org:9090"),
            (&tls, "talk.example.org.evil.example", "talk.example.org:9090"),
        ] {
            assert_reached(door, &[("host", host)], Some(as_what));
        }
        let proxied = [("host", "talk.example.org"), ("x-forwarded-for", "192.0.2.1")];
        assert_reached(&tls, &proxied, Some("talk.example.org:9090"));
        let here = door(true, true, public);
        assert_reached(&here, &[("host", "talk.example.org")], Some("talk.example.org:9090"));
    }

    #[test]
    fn what_is_no_host_is_not_passed_on() {
        let door = door(false, false, None);
        assert_reached(&door, &[], None);
        for bad in ["", "a b", "a?transport=udp", "a/b", "u@a", "a:b", "a,b", "a\"b"] {
            assert_reached(&door, &[("host", bad)], None);
        }
    }
}
