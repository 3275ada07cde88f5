//! Allocations: made, kept and ended (RFC 8656 sections 7 and 8).

use std::time::Duration;

use turn_types::{
    AddressFamily,
    attribute::{
        AdditionalAddressFamily, DontFragment, EvenPort, Lifetime, RequestedAddressFamily,
        RequestedTransport, ReservationToken, XorRelayedAddress,
    },
    message::{ALLOCATE, CONNECT, CONNECTION_BIND, REFRESH},
    stun::{
        message::Message,
        prelude::{Attribute, AttributeFromRaw, AttributeStaticType},
    },
};

use crate::testing::World;

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn an_allocation_lasts_ten_minutes_whatever_is_asked_for() {
    let world = World::new();
    for (asked, host) in [(0, 1), (1, 2), (599, 3), (601, 4), (3600, 5), (u32::MAX, 6)] {
        let mut tester = world.tester("alice", host);
        let answer = tester.allocate_with(&[&Lifetime::new(asked)]);
        assert_eq!(answer.lifetime(), 600, "{asked}");
        if asked > 0 {
            assert_eq!(tester.refresh(asked).lifetime(), 600, "{asked}");
        }
    }
    world.pass(9 * MINUTE);
    assert_eq!(world.hub.borrow().clients(), 6);
    world.pass(2 * MINUTE);
    assert_eq!(world.hub.borrow().clients(), 0);
}

#[test]
fn a_refresh_keeps_it_and_ends_it() {
    let world = World::new();
    let (alice, relayed) = world.allocated("alice", 1);
    world.pass(8 * MINUTE);
    assert_eq!(alice.refresh(600).code(), 0);
    world.pass(MINUTE);
    assert!(world.hub.borrow().has_allocation(&alice.client));
    let answer = alice.refresh(0);
    assert_eq!((answer.code(), answer.lifetime()), (0, 0));
    assert!(answer.is_signed_with(&alice.credential));
    assert!(!world.hub.borrow().has_allocation(&alice.client));
    assert!(!world.hub.borrow().relayed.contains_key(&relayed));
    assert_eq!(alice.refresh(600).code(), 437);
}

#[test]
fn a_client_has_one() {
    let world = World::new();
    let (mut alice, _) = world.allocated("alice", 1);
    assert_eq!(alice.allocate().code(), 437);
    assert_eq!(world.hub.borrow().clients(), 1);
}

#[test]
fn every_allocation_has_an_address_of_its_own() {
    let world = World::new();
    let relayed: std::collections::HashSet<_> =
        (0..200).map(|host| world.allocated(&format!("user{host}"), host).1).collect();
    assert_eq!(relayed.len(), 200);
    assert!(relayed.iter().all(|relayed| relayed.port() >= crate::limits::FIRST_PORT));
}

#[test]
fn either_family_can_be_had_and_both() {
    let world = World::new();
    let v6 = RequestedAddressFamily::new(AddressFamily::IPV6);
    let mut tester = world.tester("alice", 1);
    assert!(tester.allocate_with(&[&v6]).relayed().is_ipv6());
    let v4 = RequestedAddressFamily::new(AddressFamily::IPV4);
    assert!(world.tester("alice", 2).allocate_with(&[&v4]).relayed().is_ipv4());
    let both = AdditionalAddressFamily::new(AddressFamily::IPV6);
    let mut tester = world.tester("alice", 3);
    let answer = tester.allocate_with(&[&both]);
    let message = Message::from_bytes(&answer.0).unwrap();
    let relayed: Vec<_> = message
        .iter_attributes()
        .filter(|(_, attribute)| attribute.get_type() == XorRelayedAddress::TYPE)
        .map(|(_, attribute)| {
            XorRelayedAddress::from_raw(attribute).unwrap().addr(message.transaction_id()).is_ipv4()
        })
        .collect();
    assert!(relayed.contains(&true) && relayed.contains(&false));
    for family in [v4, v6] {
        assert_eq!(tester.ask(REFRESH, &[&family]).code(), 0, "either can be refreshed");
    }
    assert_eq!(world.hub.borrow().relayed.len(), 4);
    tester.refresh(0);
    assert_eq!(world.hub.borrow().relayed.len(), 2);
}

#[test]
fn without_an_address_of_a_family_there_is_no_allocation_of_it() {
    let world = World::new();
    world.hub.borrow_mut().addresses.v6 = None;
    let v6 = RequestedAddressFamily::new(AddressFamily::IPV6);
    assert_eq!(world.tester("alice", 1).allocate_with(&[&v6]).code(), 440);
    let both = AdditionalAddressFamily::new(AddressFamily::IPV6);
    assert!(world.tester("alice", 2).allocate_with(&[&both]).relayed().is_ipv4());
    assert_eq!(world.hub.borrow().clients(), 1);
}

#[test]
fn only_datagrams_are_relayed() {
    let world = World::new();
    let mut tester = world.tester("alice", 1);
    tester.get_nonce();
    let tcp = RequestedTransport::new(RequestedTransport::TCP);
    assert_eq!(tester.ask(ALLOCATE, &[&tcp]).code(), 442);
    assert_eq!(tester.ask(ALLOCATE, &[&RequestedTransport::new(33)]).code(), 442);
    assert_eq!(tester.ask(ALLOCATE, &[]).code(), 400);
    for method in [CONNECT, CONNECTION_BIND] {
        assert_eq!(tester.ask(method, &[]).code(), 400);
    }
    assert_eq!(world.hub.borrow().clients(), 0);
}

#[test]
fn ports_can_be_even_but_not_reserved() {
    let world = World::new();
    let even = world.tester("alice", 1).allocate_with(&[&EvenPort::new(false)]).relayed();
    assert_eq!(even.port() % 2, 0);
    assert_eq!(world.tester("alice", 2).allocate_with(&[&EvenPort::new(true)]).code(), 508);
    assert_eq!(world.tester("alice", 3).allocate_with(&[&ReservationToken::new(7)]).code(), 508);
    assert_eq!(world.tester("alice", 4).allocate_with(&[&DontFragment::new()]).code(), 0);
}

#[test]
fn a_closed_stream_takes_its_allocation_with_it() {
    let world = World::new();
    let (alice, relayed) = world.allocated("alice", 1);
    world.hub.borrow_mut().gone(&alice.client);
    assert_eq!(world.hub.borrow().clients(), 0);
    assert!(!world.hub.borrow().relayed.contains_key(&relayed));
}
