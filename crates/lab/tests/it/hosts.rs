//! Hosts, networks, doors, and what is left of them.

use std::{
    fs,
    io::{Read, Write},
    net::{Ipv4Addr, TcpListener},
    process::Stdio,
    thread,
};

use anyhow::{Context, Result};
use lab::{Host, Line, Network};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime::Runtime,
};

use crate::common::{A_WHILE, permitted, seen_from, udp};

#[test]
fn hosts_of_a_network_reach_each_other_and_nobody_else() -> Result<()> {
    if !permitted() {
        return Ok(());
    }
    for addresses in ["192.0.2.0/24", "2001:db8:7::/64"] {
        let (one, other) = (Network::new("one", addresses)?, Network::new("other", addresses)?);
        let alice = Host::within("alice", &one, 2)?;
        let bob = Host::within("bob", &one, 3)?;
        let carol = Host::within("carol", &other, 3)?;
        let (at_alice, at_bob) = (udp(&alice, one.address(2))?, udp(&bob, one.address(3))?);
        let at_carol = udp(&carol, other.address(3))?;
        let seen = seen_from(&at_alice, &at_bob, at_bob.local_addr()?, crate::common::PATIENCE)?;
        assert_eq!(seen, Some(at_alice.local_addr()?));
        let seen = seen_from(&at_alice, &at_carol, at_carol.local_addr()?, A_WHILE)?;
        assert_eq!(seen, None);
    }
    Ok(())
}

#[test]
fn a_host_that_moves_is_reached_at_its_new_address_only() -> Result<()> {
    if !permitted() {
        return Ok(());
    }
    let network = Network::new("network", "192.0.2.0/24")?;
    let bob = Host::within("bob", &network, 3)?;
    let alice = Host::within("alice", &network, 2)?;
    alice.leave("eth0")?;
    assert!(alice.leave("eth0").is_err());
    alice.join(&network, "eth1", 4, Line::default())?;
    assert!(udp(&alice, network.address(2)).is_err(), "the old address is gone");
    let (at_alice, at_bob) = (udp(&alice, network.address(4))?, udp(&bob, network.address(3))?);
    let seen = seen_from(&at_alice, &at_bob, at_bob.local_addr()?, crate::common::PATIENCE)?;
    assert_eq!(seen, Some(at_alice.local_addr()?));
    Ok(())
}

#[test]
fn a_door_leads_to_a_hosts_own_loopback() -> Result<()> {
    if !permitted() {
        return Ok(());
    }
    let host = Host::new("host")?;
    let listener = host.inside(|| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))??;
    let port = listener.local_addr()?.port();
    let answerer = thread::spawn(move || -> Result<String> {
        let (mut stream, _) = listener.accept()?;
        stream.write_all(b"inside")?;
        let mut heard = String::new();
        stream.read_to_string(&mut heard)?;
        Ok(heard)
    });
    Runtime::new()?.block_on(async {
        let door = host.door(port).await?;
        let other = host.door(port).await?;
        assert_ne!(door.address(), other.address(), "a second one leads there as well");
        let mut stream = TcpStream::connect(door.address()).await?;
        stream.write_all(b"outside").await?;
        stream.shutdown().await?;
        let mut heard = String::new();
        stream.read_to_string(&mut heard).await?;
        assert_eq!(heard, "inside");
        anyhow::Ok(())
    })?;
    assert_eq!(answerer.join().ok().context("the answerer panicked")??, "outside");
    Ok(())
}

/// The names of all namespaces of this process that hold a label.
fn namespaces(label: &str) -> Result<Vec<String>> {
    let prefix = format!("pronto-{}-", std::process::id());
    let entries = fs::read_dir("/run/netns")?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    Ok(names.filter(|name| name.starts_with(&prefix) && name.ends_with(label)).collect())
}

#[test]
fn what_was_built_is_gone_with_it_programs_included() -> Result<()> {
    if !permitted() {
        return Ok(());
    }
    let host = Host::new("gone")?;
    let same = host.clone();
    let mut program = host.command("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    // When it answers, `ip` has entered the namespace and become the program.
    program.stdin.as_mut().context("its input is piped")?.write_all(b"x")?;
    program.stdout.as_mut().context("its output is piped")?.read_exact(&mut [0])?;
    drop(host);
    assert_eq!(namespaces("-gone")?.len(), 1, "the other handle still holds it");
    drop(same);
    assert_eq!(namespaces("-gone")?, Vec::<String>::new());
    assert!(!program.wait()?.success(), "it was killed");
    Ok(())
}
