//! Firewalls let through what they say, and nothing else.

use anyhow::Result;
use lab::{Firewall, Host, Nat, Network, Router};

use crate::common::{A_WHILE, PATIENCE, permitted, seen_from, tcp_echoes, udp};

/// A TLS record that holds a handshake, and the head of a STUN request.
const TLS: &[u8] = &[0x16, 3, 1, 0, 4, 1, 0, 0, 0];
const STUN: &[u8] = &[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

#[test]
fn firewalls_let_through_what_they_say() -> Result<()> {
    if !permitted() {
        return Ok(());
    }
    // What gets through: UDP, TCP to some port, STUN to port 443. TLS to port 443 always does.
    for (firewall, udp_gets_through, tcp, stun) in [
        (Firewall::Open, true, true, true),
        (Firewall::NoUdp, false, true, true),
        (Firewall::OnlyTcp443, false, false, true),
        (Firewall::OnlyTls443, false, false, false),
    ] {
        for (inner, outer, nat) in [
            ("192.168.1.0/24", "198.51.100.0/24", Nat::Cone),
            ("2001:db8:1::/64", "2001:db8:2::/64", Nat::None),
        ] {
            let internet = Network::new("internet", outer)?;
            let office = Network::new("office", inner)?;
            let router = Router::new("router", &office, (&internet, 9), nat, firewall)?;
            let alice = router.host("alice", &office, 2)?;
            let server = Host::within("server", &internet, 20)?;
            server.route_by(internet.address(9))?;

            let to = internet.address(20);
            // What always gets through comes first: routers look for their neighbours then, which takes a second of IPv6.
            assert!(
                tcp_echoes(&alice, &server, (to, 443), TLS, PATIENCE)?,
                "{firewall:?}, {nat:?}"
            );
            for (port, words, gets_through) in [(9090, TLS, tcp), (443, STUN, stun)] {
                let echoed = tcp_echoes(&alice, &server, (to, port), words, A_WHILE)?;
                assert_eq!(echoed, gets_through, "port {port}, {firewall:?}, {nat:?}");
            }
            let (at_alice, at_server) = (udp(&alice, office.address(2))?, udp(&server, to)?);
            let seen = seen_from(&at_alice, &at_server, at_server.local_addr()?, A_WHILE)?;
            assert_eq!(seen.is_some(), udp_gets_through, "UDP, {firewall:?}, {nat:?}");
        }
    }
    Ok(())
}
