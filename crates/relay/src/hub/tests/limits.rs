//! What nobody may have more of.

use std::net::SocketAddr;

use crate::{
    Policy,
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
