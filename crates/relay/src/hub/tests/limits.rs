//! What nobody may have more of.

use std::{net::SocketAddr, num::NonZeroU64, time::Duration};

use crate::{
    Policy, Rate,
    limits::{
        ADDRESS_RATES, ALLOCATIONS_PER_ADDRESS, ALLOCATIONS_PER_USER, CHANNELS_PER_ALLOCATION,
        NETWORK_RATES, PERMISSIONS_PER_ALLOCATION, SITE_RATES,
    },
    session_of,
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

/// Attacks on the meter of a user: each ends the allocation, and comes back at once.
#[test]
fn a_user_that_makes_its_allocation_again_gets_no_fresh_burst() {
    let world = World::at_rate(Policy::allowing(vec!["8.8.8.8/32".parse().unwrap()]), slow());
    let burst = |user: &str, host| {
        let (alice, _) = world.allocated(user, host);
        assert_eq!(alice.permit(&["8.8.8.8"]).code(), 0);
        let peer = "8.8.8.8:7".parse().unwrap();
        let passed = (0..4).filter(|_| !alice.indicate(peer, &HALF).is_empty()).count();
        (alice, passed)
    };
    let (alice, passed) = burst(&session_of("alice", 1), 1);
    assert_eq!(passed, 2);
    assert_eq!(alice.refresh(0).code(), 0);
    let (alice, passed) = burst(&session_of("alice", 1), 1);
    assert_eq!(passed, 0, "after Refresh(0)");
    world.hub.borrow_mut().gone(&alice.client);
    assert_eq!(
        burst(&session_of("alice", 1), 2).1,
        0,
        "on a stream that was closed, from another address"
    );
    world.hub.borrow_mut().revoke(&session_of("alice", 1), world.now());
    assert_eq!(
        burst(&session_of("alice", 2), 3).1,
        0,
        "with the credential of the user's next session"
    );
    world.pass(Duration::from_millis(500));
    assert_eq!(burst(&session_of("alice", 2), 4).1, 1, "what the rate gives, it gives");
    assert_eq!(burst("bob", 1).1, 2, "and another user is another matter");
}

#[test]
fn a_network_has_so_much_however_many_users_it_has() {
    let world = World::at_rate(Policy::allowing(vec!["8.8.8.8/32".parse().unwrap()]), slow());
    let peer = "8.8.8.8:7".parse().unwrap();
    let passed_from = |user: u32, remote: SocketAddr| {
        let mut tester = world.tester(&format!("user{user}"), 1);
        tester.client.remote = remote;
        tester.allocate().relayed();
        assert_eq!(tester.permit(&["8.8.8.8"]).code(), 0);
        (0..2).filter(|_| !tester.indicate(peer, &HALF).is_empty()).count()
    };
    for (begin, addresses) in
        [(0, ["198.51.100.1"; 100]), (1000, std::array::from_fn(|_| "2001:db8::1"))]
    {
        let passed: usize = addresses
            .iter()
            .zip(begin..)
            .map(|(address, n)| {
                passed_from(n, SocketAddr::new(address.parse().unwrap(), 1000 + n as u16))
            })
            .sum();
        assert_eq!(passed, 2 * ADDRESS_RATES as usize, "{}", addresses[0]);
    }
    // Those of the same /48 who have not sent anything yet have something left, and another network has all of it.
    assert_eq!(passed_from(5000, "[2001:db8:0:1::1]:9".parse().unwrap()), 2);
    assert_eq!(passed_from(5001, "203.0.113.1:9".parse().unwrap()), 2);
}

#[test]
fn a_network_is_not_all_its_smaller_ones_together() {
    let world = World::at_rate(Policy::allowing(vec!["8.8.8.8/32".parse().unwrap()]), slow());
    let peer = "8.8.8.8:7".parse().unwrap();
    for (first, bits, of_network) in [
        ("2001:db8::", 72, NETWORK_RATES),
        ("2001:db8:1::", 64, SITE_RATES),
        ("192.0.2.0", 0, NETWORK_RATES),
    ] {
        let passed: usize = (0..250_u16)
            .map(|n| {
                let address = match first.parse().unwrap() {
                    std::net::IpAddr::V4(v4) => (u32::from(v4) + u32::from(n)).to_be_bytes().into(),
                    std::net::IpAddr::V6(v6) => std::net::IpAddr::from(
                        (u128::from(v6) + (u128::from(n) << bits)).to_be_bytes(),
                    ),
                };
                let mut tester = world.tester(&format!("{first}{n}"), 1);
                tester.client.remote = SocketAddr::new(address, 9);
                tester.allocate().relayed();
                assert_eq!(tester.permit(&["8.8.8.8"]).code(), 0);
                (0..2).filter(|_| !tester.indicate(peer, &HALF).is_empty()).count()
            })
            .sum();
        assert_eq!(passed, 2 * of_network as usize, "{first}");
    }
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
