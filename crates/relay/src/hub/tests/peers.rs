//! Who may be reached.

use std::net::SocketAddr;

use crate::{Policy, hub::Output, testing::World};

/// Every kind of address that is not for everyone; one of each is in the policy's own tests by its edges.
const NEVER: [&str; 21] = [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.8",
    "192.168.0.2",
    "198.18.0.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:192.168.0.1",
    "64:ff9b::7f00:1",
    "fd00::2",
    "fe80::1",
    "ff02::1",
];

fn with_both_families(world: &World) -> crate::testing::Tester<'_> {
    let both = turn_types::attribute::AdditionalAddressFamily::new(turn_types::AddressFamily::IPV6);
    let mut tester = world.tester("alice", 1);
    assert_eq!(tester.allocate_with(&[&both]).code(), 0);
    tester
}

#[test]
fn by_default_only_other_allocations_are_reached() {
    let world = World::new();
    let tester = with_both_families(&world);
    for peer in NEVER.iter().chain(&["8.8.8.8", "2606:4700::1111"]) {
        let answer = tester.permit(&[peer]);
        assert_eq!(answer.code(), 403, "{peer}");
        assert!(answer.is_signed_with(&tester.credential), "{peer}");
        let peer = SocketAddr::new(peer.parse().unwrap(), 7);
        assert_eq!(tester.bind(0x4000, &peer.to_string()).code(), 403, "{peer}");
        assert!(tester.indicate(peer, b"x").is_empty(), "{peer}");
    }
    assert_eq!(tester.permit(&["192.168.0.1"]).code(), 0, "the relay's own");
    assert_eq!(tester.permit(&["fd00::1"]).code(), 0, "the relay's own");
}

#[test]
fn where_the_public_is_allowed_the_special_is_not() {
    let everything = vec!["0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap()];
    let world = World::with(Policy::allowing(everything));
    let tester = with_both_families(&world);
    for peer in NEVER {
        assert_eq!(tester.permit(&[peer]).code(), 403, "{peer}");
    }
    for peer in ["8.8.8.8:53", "[2606:4700::1111]:53"] {
        assert_eq!(tester.permit(&[peer]).code(), 0);
        let peer = peer.parse().unwrap();
        let sent = tester.indicate(peer, b"hello");
        assert!(
            matches!(&sent[..], [Output::ToPeer { peer: to, data, .. }] if *to == peer && data == b"hello"),
            "{sent:?}"
        );
    }
}

#[test]
fn one_bad_peer_among_many_refuses_them_all() {
    let world = World::new();
    let (alice, _) = world.allocated("alice", 1);
    let (_bob, bobs) = world.allocated("bob", 2);
    assert_eq!(alice.permit(&["192.168.0.1", "127.0.0.1"]).code(), 403);
    assert!(alice.indicate(bobs, b"x").is_empty(), "no permission came of it");
}

/// A permission is for an address, and the relay's is shared by all allocations and whatever else listens there.
#[test]
fn at_the_relays_own_address_there_are_allocations_and_nothing_else() {
    let world = World::with(Policy::allowing(vec!["192.168.0.0/16".parse().unwrap()]));
    let (alice, _) = world.allocated("alice", 1);
    assert_eq!(alice.permit(&["192.168.0.1"]).code(), 0);
    for port in [22, 53, 3478, 5432, 50_000] {
        assert!(alice.indicate(SocketAddr::from(([192, 168, 0, 1], port)), b"x").is_empty());
    }
    assert_eq!(alice.bind(0x4000, "192.168.0.1:5432").code(), 0);
    assert!(alice.channel_data(0x4000, b"x").is_empty());
}

/// Services on a machine often trust whatever comes from that machine.
#[test]
fn this_machines_other_addresses_are_reached_only_if_they_are_named() {
    let everything = ["0.0.0.0/0", "::/0", "8.8.4.0/24", "64:ff9b::/96", "2002::/16"];
    let world = World::with(Policy::allowing(everything.map(|net| net.parse().unwrap()).into()));
    let tester = with_both_families(&world);
    for own in ["8.8.4.4", "2a00::4", "::ffff:8.8.4.4", "64:ff9b::808:404", "2002:808:404::1"] {
        let peer = SocketAddr::new(own.parse().unwrap(), 53);
        assert_eq!(tester.permit(&[own]).code(), 403, "{own}");
        assert_eq!(tester.bind(0x4000, &peer.to_string()).code(), 403, "{own}");
        assert!(tester.indicate(peer, b"x").is_empty(), "{own}");
    }
    let named = World::with(Policy::allowing(vec!["8.8.4.4/32".parse().unwrap()]));
    let (alice, _) = named.allocated("alice", 1);
    assert_eq!(alice.permit(&["8.8.4.4"]).code(), 0);
    assert_eq!(alice.indicate("8.8.4.4:53".parse().unwrap(), b"x").len(), 1);
    // An address that becomes ours later is ours from then on, whatever was permitted before.
    let world = World::with(Policy::allowing(vec!["0.0.0.0/0".parse().unwrap()]));
    let (alice, relayed) = world.allocated("alice", 1);
    let peer: SocketAddr = "9.9.9.9:53".parse().unwrap();
    assert_eq!(alice.permit(&["9.9.9.9"]).code(), 0);
    assert_eq!(alice.indicate(peer, b"x").len(), 1);
    world.hub.borrow_mut().know_own([peer.ip()].into());
    assert!(alice.indicate(peer, b"x").is_empty());
    let mut out = Vec::new();
    world.hub.borrow_mut().receive_from_peer(world.now(), relayed, peer, b"x", &mut out);
    assert!(out.is_empty());
}

#[test]
fn the_relays_own_sockets_are_never_reached_from_within() {
    let named = ["127.0.0.0/8", "8.8.4.4/32"].map(|network| network.parse().unwrap());
    let world = World::with(Policy::allowing(named.into()));
    world.hub.borrow_mut().listens_on(3478);
    let (alice, relayed) = world.allocated("alice", 1);
    assert_eq!(alice.permit(&["127.0.0.1", "127.0.0.2", "8.8.4.4"]).code(), 0);
    for ip in ["127.0.0.1", "127.0.0.2", "8.8.4.4"] {
        let at = |port| SocketAddr::new(ip.parse().unwrap(), port);
        assert!(alice.indicate(at(3478), b"x").is_empty(), "{ip}: the listener");
        assert!(alice.indicate(at(relayed.port()), b"x").is_empty(), "{ip}: an allocation");
        assert_eq!(alice.indicate(at(53), b"x").len(), 1, "{ip}: what the operator named");
    }
}

#[test]
fn a_peer_outside_is_heard_only_with_a_permission() {
    let world = World::with(Policy::allowing(vec!["0.0.0.0/0".parse().unwrap()]));
    let (alice, relayed) = world.allocated("alice", 1);
    let peer: SocketAddr = "8.8.8.8:53".parse().unwrap();
    let hear = |peer| {
        let mut out = Vec::new();
        world.hub.borrow_mut().receive_from_peer(world.now(), relayed, peer, b"x", &mut out);
        out
    };
    assert!(hear(peer).is_empty());
    assert_eq!(alice.permit(&["8.8.8.8"]).code(), 0);
    assert_eq!(hear(peer).len(), 1);
    assert!(hear("9.9.9.9:53".parse().unwrap()).is_empty());
    // The permission for other allocations lets in no socket of this machine.
    assert_eq!(alice.permit(&["192.168.0.1"]).code(), 0);
    assert!(hear("192.168.0.1:50000".parse().unwrap()).is_empty());
}
