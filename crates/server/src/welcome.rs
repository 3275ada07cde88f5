//! What the program says when it is ready.

use std::{
    io::{self, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use qrcode::{QrCode, render::unicode::Dense1x2};
use server::{Config, config::Origins};

/// Says where the server is; for a certificate that a phone has to be told to trust, also as a picture for its camera.
pub(crate) fn say(
    to: &mut impl Write,
    address: SocketAddr,
    config: &Config,
    is_self_signed: bool,
) -> io::Result<()> {
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    let here = match &config.public_host {
        // Certificates are for names.
        Some(public) if config.tls.is_some() => {
            with_port(public.host(), public.port().unwrap_or(address.port()), scheme)
        }
        _ => to_open(address),
    };
    writeln!(to, "Pronto is at {scheme}://{here}")?;
    if is_self_signed {
        match from_elsewhere(address) {
            Some(there) => say_to_phones(to, &format!("{scheme}://{there}"))?,
            None => writeln!(
                to,
                "Only this machine reaches it there. For a phone in the same network: --listen {}",
                SocketAddr::new(everywhere(address.ip()), address.port())
            )?,
        }
        writeln!(to, "A browser warns of the certificate, which nobody has vouched for: go on.")?;
    }
    if is_in_vain(address, config) {
        writeln!(
            to,
            "Browsers on other machines give no camera to a page that comes by plain HTTP: README.md says how to call them (--tls)."
        )?;
    }
    to.flush()
}

/// Says where phones in the same network find it, also as a picture for their cameras.
fn say_to_phones(to: &mut impl Write, there: &str) -> io::Result<()> {
    writeln!(to, "On a phone in the same network: {there}")?;
    let Ok(code) = QrCode::new(there) else { return Ok(()) };
    // Cameras want dark on light, terminals are mostly the other way round.
    let mut picture = code.render::<Dense1x2>();
    let picture = picture.dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build();
    writeln!(to, "{picture}")
}

/// The address to listen at on all networks.
const fn everywhere(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    }
}

/// Whether other machines reach a server that their browsers will not make a call with: over plain HTTP, and nothing is said of
/// a web server before it that speaks HTTPS.
fn is_in_vain(address: SocketAddr, config: &Config) -> bool {
    config.tls.is_none()
        && !address.ip().is_loopback()
        && config.proxies.trusted.is_empty()
        && config.origins == Origins::default()
}

/// The address for a browser on this machine: a server that listens everywhere is also at localhost.
fn to_open(address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        format!("localhost:{}", address.port())
    } else {
        address.to_string()
    }
}

/// The address for a browser on another machine in the same network; `None` if it cannot be reached from there.
fn from_elsewhere(address: SocketAddr) -> Option<String> {
    let ip = match address.ip() {
        ip if ip.is_loopback() => return None,
        ip if ip.is_unspecified() => {
            relay::own_addresses().find(|own| ip.is_ipv6() || own.is_ipv4())?
        }
        ip => ip,
    };
    Some(SocketAddr::new(ip, address.port()).to_string())
}

fn with_port(host: &str, port: u16, scheme: &str) -> String {
    let is_usual = matches!((scheme, port), ("https", 443) | ("http", 80));
    if is_usual { host.to_owned() } else { format!("{host}:{port}") }
}

#[cfg(test)]
mod tests {
    use server::{Config, config::Origins};

    use super::{from_elsewhere, say};

    fn said_of(address: &str, config: &Config, self_signed: bool) -> String {
        let mut said = Vec::new();
        say(&mut said, address.parse().unwrap(), config, self_signed).unwrap();
        String::from_utf8(said).unwrap()
    }

    fn said(address: &str, self_signed: bool) -> String {
        said_of(address, &Config::default(), self_signed)
    }

    #[test]
    fn the_first_line_is_the_address_to_open() {
        assert_eq!(said("127.0.0.1:9090", false), "Pronto is at http://127.0.0.1:9090\n");
        for everywhere in ["0.0.0.0:9090", "[::]:9090"] {
            let said = said(everywhere, false);
            assert!(said.starts_with("Pronto is at http://localhost:9090\n"), "{said}");
        }
    }

    #[test]
    fn who_listens_to_other_machines_by_plain_http_hears_that_it_is_in_vain() {
        let warns =
            |address: &str, config: &Config| said_of(address, config, false).contains("no camera");
        let alone = Config::default();
        assert!(warns("0.0.0.0:9090", &alone) && warns("192.0.2.1:9090", &alone));
        assert!(!warns("127.0.0.1:9090", &alone) && !warns("[::1]:9090", &alone));
        let mut behind_another = Config::default();
        behind_another.proxies.trusted.push("10.0.0.0/8".parse().unwrap());
        assert!(!warns("0.0.0.0:9090", &behind_another));
        let named = Config { origins: Origins::Any, ..Config::default() };
        assert!(!warns("0.0.0.0:9090", &named));
    }

    #[test]
    fn a_phone_is_shown_where_to_go() {
        let said = said("192.0.2.1:9090", true);
        assert!(said.contains("://192.0.2.1:9090\n"), "{said}");
        assert!(said.contains('█') || said.contains('▀'), "a picture: {said}");
        assert_eq!(from_elsewhere("127.0.0.1:9090".parse().unwrap()), None);
        for (address, listen) in
            [("127.0.0.1:9090", "--listen 0.0.0.0:9090\n"), ("[::1]:8443", "--listen [::]:8443\n")]
        {
            let said = self::said(address, true);
            assert!(said.contains(listen) && !said.contains("On a phone"), "{said}");
            assert!(!said.contains('█') && !said.contains('▀'), "no picture leads there: {said}");
        }
    }
}
