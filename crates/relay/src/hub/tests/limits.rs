//! What nobody may have more of.

use std::{net::SocketAddr, num::NonZeroU64, time::Duration};

use crate::{
    Policy, Rate,
    limits::{
        ALLOCATIONS_PER_ADDRESS, ALLOCATIONS_PER_USER, CHANNELS_PER_ALLOCATION,
        PERMISSIONS_PER_ALLOCATION,
    },
    testing::World,
};

#[test]
fn a_user_has_so_many_allocations() {
    let world = World::new();
    let count = u8::try_from(ALLOCATIONS_PER_USER).unwrap();
    for host in 0..count {
        assert_eq!(world.tester("alice", host).allocate().code(), 0);
    }
    let mut one_more = world.tester("alice", count);
    let answer = one_more.allocate();
    assert_eq!(answer.code(), 486);
    assert!(answer.is_signed_with(&one_more.credential));
    assert_eq!(world.tester("bob", count + 1).allocate().code(), 0);
    let mut first = world.tester("alice", 0);
    first.get_nonce();
    assert_eq!(first.refresh(0).code(), 0);
    assert_eq!(one_more.allocate().code(), 0);
}

#[test]
fn an_address_has_so_many_allocations() {
    let world = World::new();
    let at = |n: u32, host| {
        let mut tester = world.tester(&format!("user{n}"), host);
        tester.client.remote.set_port(u16::try_from(n + 1).unwrap());
        tester
    };
    for n in 0..ALLOCATIONS_PER_ADDRESS {
        assert_eq!(at(n, 1).allocate().code(), 0);
    }
    assert_eq!(at(ALLOCATIONS_PER_ADDRESS, 1).allocate().code(), 486);
    assert_eq!(at(ALLOCATIONS_PER_ADDRESS, 2).allocate().code(), 0);
}

#[test]
fn an_allocation_has_so_many_permissions() {
    let world = World::with(Policy::allowing(vec!["0.0.0.0/0".parse().unwrap()]));
    let (alice, _) = world.allocated("alice", 1);
    for last in 0..PERMISSIONS_PER_ALLOCATION {
        assert_eq!(alice.permit(&[&format!("8.8.8.{last}")]).code(), 0);
    }
    assert_eq!(alice.permit(&["8.8.9.1"]).code(), 508);
    assert_eq!(alice.permit(&["8.8.8.1"]).code(), 0, "one that it has");
}

#[test]
fn an_allocation_has_so_many_channels() {
    let world = World::new();
    let (alice, _) = world.allocated("alice", 1);
    let bind = |n: usize| {
        let n = u16::try_from(n).unwrap();
        let peer = SocketAddr::from(([192, 168, 0, 1], 50_000 + n));
        alice.bind(0x4000 + n, &peer.to_string()).code()
    };
    for n in 0..CHANNELS_PER_ALLOCATION {
        assert_eq!(bind(n), 0);
    }
    assert_eq!(bind(CHANNELS_PER_ALLOCATION), 508);
    assert_eq!(bind(1), 0, "one that it has");
}

/// Data of half a burst at this rate, which a user may send and be sent twice at once.
const HALF: [u8; 1000] = [7; 1000];

fn slow() -> Rate {
    Rate::bits_per_second(NonZeroU64::new(2 * 8 * 1000).unwrap())
}

#[test]
fn a_user_sends_so_much_over_all_allocations() {
    let world = World::at_rate(Policy::default(), slow());
    let peers = [1, 2, 3].map(|n| world.allocated(&format!("peer{n}"), n));
    let (one, _) = world.allocated("alice", 4);
    let (other, _) = world.allocated("alice", 5);
    let (bob, _) = world.allocated("bob", 6);
    for tester in peers.iter().map(|(peer, _)| peer).chain([&one, &other, &bob]) {
        assert_eq!(tester.permit(&["192.168.0.1"]).code(), 0);
    }
    // Each to a peer of its own, who may be sent that much.
    let [first, second, third] = peers.each_ref().map(|(_, relayed)| *relayed);
    assert_eq!(one.indicate(first, &HALF).len(), 1);
    assert_eq!(other.indicate(second, &HALF).len(), 1);
    assert!(one.indicate(third, &HALF).is_empty(), "it is dropped");
    assert!(other.indicate(third, &HALF).is_empty(), "from whichever allocation");
    assert_eq!(bob.indicate(third, &HALF).len(), 1, "somebody else has a rate of their own");
    assert_eq!(one.refresh(600).code(), 0, "requests are answered all the same");
    world.pass(Duration::from_millis(500));
    assert_eq!(one.indicate(third, &HALF).len(), 1);
}

#[test]
fn a_user_is_sent_so_much_by_all_peers() {
    let world = World::at_rate(Policy::allowing(vec!["8.8.8.8/32".parse().unwrap()]), slow());
    let (alice, alices) = world.allocated("alice", 1);
    assert_eq!(alice.permit(&["192.168.0.1", "8.8.8.8"]).code(), 0);
    let peers = [2, 3, 4].map(|n| world.allocated(&format!("peer{n}"), n).0);
    for peer in &peers {
        assert_eq!(peer.permit(&["192.168.0.1"]).code(), 0);
    }
    assert_eq!(peers[0].indicate(alices, &HALF).len(), 1);
    assert_eq!(peers[1].indicate(alices, &HALF).len(), 1);
    assert!(peers[2].indicate(alices, &HALF).is_empty());
    let from_outside = || {
        let mut out = Vec::new();
        let (now, peer) = (world.now(), "8.8.8.8:7".parse().unwrap());
        world.hub.borrow_mut().receive_from_peer(now, alices, peer, &HALF, &mut out);
        out
    };
    assert!(from_outside().is_empty(), "nor by one outside of the relay");
    world.pass(Duration::from_millis(500));
    assert_eq!(from_outside().len(), 1);
}

#[test]
fn no_port_left_is_said() {
    struct None;
    impl crate::Ports for None {
        fn open(
            &mut self,
            _: std::net::IpAddr,
            _: bool,
            _: &dyn Fn(SocketAddr) -> bool,
        ) -> Option<u16> {
            Option::None
        }
        fn close(&mut self, _: SocketAddr) {}
    }
    let world = World::new();
    world.hub.borrow_mut().ports = Box::new(None);
    assert_eq!(world.tester("alice", 1).allocate().code(), 508);
    assert_eq!(world.hub.borrow().clients(), 0);
}
