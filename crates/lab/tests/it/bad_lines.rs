//! A bad line delays and loses as much as it says.

use std::{
    net::UdpSocket,
    ops::RangeInclusive,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use lab::{Host, Line, Network};
use tokio::runtime::Runtime;

use crate::common::{A_WHILE, PATIENCE, permitted, seen_from, tcp_echoes, udp};

/// Two hosts, of which one has such a line: sockets on both.
fn sockets(line: Line) -> Result<(Vec<Host>, Network, UdpSocket, UdpSocket)> {
    let network = Network::new("network", "192.0.2.0/24")?;
    let alice = Host::new("alice")?;
    alice.join(&network, "eth0", 2, line)?;
    let bob = Host::within("bob", &network, 3)?;
    let (at_alice, at_bob) = (udp(&alice, network.address(2))?, udp(&bob, network.address(3))?);
    at_alice.connect(at_bob.local_addr()?)?;
    at_bob.connect(at_alice.local_addr()?)?;
    Ok((vec![alice, bob], network, at_alice, at_bob))
}

/// How long one datagram takes to get there.
fn way(from: &UdpSocket, to: &UdpSocket) -> Result<Duration> {
    let begin = Instant::now();
    from.send(b"x")?;
    to.recv(&mut [0; 8])?;
    Ok(begin.elapsed())
}

#[test]
fn each_way_takes_the_delay() -> Result<()> {
    if !permitted() {
        return Ok(());
    }
    let runtime = Runtime::new()?;
    let _guard = runtime.enter();
    let delay = Duration::from_millis(150);
    let (_hosts, _network, alice, bob) = sockets(Line { delay, ..Line::default() })?;
    // The first ones wait for the resolution of addresses.
    way(&alice, &bob)?;
    for (from, to) in [(&alice, &bob), (&bob, &alice)] {
        let took = way(from, to)?;
        assert!(took >= delay && took < PATIENCE, "{took:?}");
    }
    let begin = Instant::now();
    for number in 0..50_u8 {
        alice.send(&[number])?;
    }
    let mut heard = [0];
    for number in 0..50_u8 {
        bob.recv(&mut heard)?;
        assert_eq!(heard, [number], "they arrive in order");
    }
    assert!(begin.elapsed() < 50 * delay, "they are under way at the same time");
    Ok(())
}

#[test]
fn each_way_loses_its_share() -> Result<()> {
    if !permitted() {
        return Ok(());
    }
    // Five standard deviations are 17 and 32 of a thousand.
    loses(Line { loss: 5, ..Line::default() }, 30..=70)?;
    loses(Line { udp_loss: 20, ..Line::default() }, 165..=235)
}

/// Each way of such a line loses so many of a thousand datagrams.
fn loses(line: Line, expected: RangeInclusive<usize>) -> Result<()> {
    const SENT: usize = 4000;
    let (_hosts, _network, alice, bob) = sockets(line)?;
    // Whatever is lost, the address of the other end is known after some attempts.
    for (from, to) in [(alice.try_clone()?, bob.try_clone()?), (bob, alice)] {
        to.set_read_timeout(Some(Duration::from_secs(2)))?;
        while way(&from, &to).is_err() {}
        let receiver = thread::spawn(move || {
            let mut heard = 0;
            while to.recv(&mut [0; 8]).is_ok() {
                heard += 1;
            }
            heard
        });
        for number in 0..SENT {
            from.send(b"x")?;
            if number % 50 == 0 {
                // No more at a time than a socket holds.
                thread::sleep(Duration::from_millis(2));
            }
        }
        let heard: usize = receiver.join().ok().context("the receiver panicked")?;
        let lost = (SENT - heard) * 1000 / SENT;
        assert!(expected.contains(&lost), "{lost} of a thousand");
    }
    Ok(())
}

#[test]
fn what_is_sent_over_tcp_can_be_spared() -> Result<()> {
    if !permitted() {
        return Ok(());
    }
    let line = Line { udp_loss: 100, ..Line::default() };
    let (hosts, network, alice, bob) = sockets(line)?;
    for (from, to) in [(&alice, &bob), (&bob, &alice)] {
        assert_eq!(seen_from(from, to, to.local_addr()?, A_WHILE)?, None);
    }
    let to = (network.address(3), 443);
    assert!(tcp_echoes(&hosts[0], &hosts[1], to, b"spared", PATIENCE)?);
    Ok(())
}
