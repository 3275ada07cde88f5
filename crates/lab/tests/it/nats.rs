//! NATs map and filter as they say.

use std::net::{SocketAddr, UdpSocket};

use anyhow::{Context, Result};
use lab::{Firewall, Host, Nat, Network, Router};

use crate::common::{A_WHILE, PATIENCE, permitted, seen_from, udp};

/// Somebody behind a NAT, and two servers on the internet.
struct Scene {
    alice: UdpSocket,
    servers: [UdpSocket; 2],
    outside: SocketAddr,
    _hosts: Vec<Host>,
    _router: Router,
    _networks: [Network; 2],
}

impl Scene {
    fn new(nat: Nat) -> Result<Self> {
        let internet = Network::new("internet", "198.51.100.0/24")?;
        let home = Network::new("home", "192.168.1.0/24")?;
        let router = Router::new("router", &home, (&internet, 9), nat, Firewall::Open)?;
        let alice = router.host("alice", &home, 2)?;
        let one = Host::within("one", &internet, 20)?;
        let other = Host::within("other", &internet, 30)?;
        Ok(Self {
            alice: udp(&alice, home.address(2))?,
            servers: [udp(&one, internet.address(20))?, udp(&other, internet.address(30))?],
            outside: (internet.address(9), 0).into(),
            _hosts: vec![alice, one, other],
            _router: router,
            _networks: [internet, home],
        })
    }

    /// As whom a server sees her.
    fn seen_by(&self, server: usize) -> Result<SocketAddr> {
        let server = &self.servers[server];
        let seen = seen_from(&self.alice, server, server.local_addr()?, PATIENCE)?;
        seen.context("the server hears nothing of her")
    }
}

#[test]
fn a_cone_shows_everybody_the_same_port_and_answers_come_back() -> Result<()> {
    if !permitted() {
        return Ok(());
    }
    let scene = Scene::new(Nat::Cone)?;
    let seen = scene.seen_by(0)?;
    assert_eq!(seen.ip(), scene.outside.ip());
    assert_eq!(scene.seen_by(1)?, seen);
    let answer = seen_from(&scene.servers[0], &scene.alice, seen, PATIENCE)?;
    assert_eq!(answer, Some(scene.servers[0].local_addr()?));
    Ok(())
}

#[test]
fn a_symmetric_nat_shows_everybody_another_port() -> Result<()> {
    if !permitted() {
        return Ok(());
    }
    // A port drawn by chance may be the same: not four times.
    for _ in 0..4 {
        let scene = Scene::new(Nat::Symmetric)?;
        let (one, other) = (scene.seen_by(0)?, scene.seen_by(1)?);
        assert_eq!([one.ip(), other.ip()], [scene.outside.ip(); 2]);
        let answer = seen_from(&scene.servers[1], &scene.alice, other, PATIENCE)?;
        assert_eq!(answer, Some(scene.servers[1].local_addr()?));
        if one.port() != other.port() && one.port() != scene.alice.local_addr()?.port() {
            return Ok(());
        }
    }
    panic!("its ports are the same again and again");
}

#[test]
fn nobody_gets_in_who_was_not_asked() -> Result<()> {
    if !permitted() {
        return Ok(());
    }
    let scene = Scene::new(Nat::Cone)?;
    let [one, other] = &scene.servers;
    // Whoever knocks first does not take the port from her, either.
    let own = SocketAddr::new(scene.outside.ip(), scene.alice.local_addr()?.port());
    assert_eq!(seen_from(other, &scene.alice, own, A_WHILE)?, None);
    assert_eq!(scene.seen_by(0)?, own);
    assert_eq!(seen_from(other, &scene.alice, own, A_WHILE)?, None, "only those whom she talks to");
    assert_eq!(scene.seen_by(1)?, own);
    assert_eq!(seen_from(other, &scene.alice, own, PATIENCE)?, Some(other.local_addr()?));
    assert_eq!(seen_from(one, &scene.alice, own, PATIENCE)?, Some(one.local_addr()?));
    Ok(())
}
