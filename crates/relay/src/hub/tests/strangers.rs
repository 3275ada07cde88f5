//! Those who have not shown who they are: they get an answer, and are forgotten.

use proptest::proptest;
use turn_types::{
    attribute::{RequestedTransport, XorPeerAddress},
    message::{ALLOCATE, REFRESH},
    stun::{
        attribute::{Realm, Username},
        message::{BINDING, Message, MessageWriteVec, TransactionId},
        prelude::{Attribute, AttributeStaticType, AttributeWrite, MessageWrite, MessageWriteExt},
    },
};

use crate::testing::World;

#[test]
fn whoever_asks_is_told_its_address() {
    let world = World::new();
    let tester = world.tester("alice", 1);
    let answer = tester.ask(BINDING, &[]);
    assert_eq!(answer.code(), 0);
    assert_eq!(answer.mapped(), tester.client.remote);
}

#[test]
fn an_address_of_either_family_is_told() {
    let world = World::new();
    let mut tester = world.tester("alice", 1);
    tester.client.remote = "[2001:db8::1]:5000".parse().unwrap();
    assert_eq!(tester.ask(BINDING, &[]).mapped(), tester.client.remote);
}

#[test]
fn what_has_to_be_understood_and_is_not_is_refused() {
    let world = World::new();
    let tester = world.tester("alice", 1);
    let odd = XorPeerAddress::new(tester.client.remote, TransactionId::generate());
    let answer = tester.ask(BINDING, &[&odd]);
    assert_eq!(answer.code(), 420);
}

#[test]
fn an_unsigned_request_is_challenged_and_nothing_is_kept_of_it() {
    let world = World::new();
    for host in 0..=255 {
        for method in [ALLOCATE, REFRESH] {
            let answer = world.tester("alice", host).ask(method, &[]);
            assert_eq!(answer.code(), 401);
            assert!(answer.has_realm() && !answer.nonce().is_empty());
        }
    }
    assert_eq!(world.hub.borrow().clients(), 0);
}

/// So that a flood in somebody's name does not become a larger one.
#[test]
fn the_answer_to_a_stranger_is_not_much_larger_than_its_question() {
    let world = World::new();
    let tester = world.tester("alice", 1);
    let binding = tester.request(BINDING, &[]);
    assert!(tester.ask_bytes(&binding).0.len() <= binding.len() + 16);
    // As browsers ask: 28 bytes. Without the attribute these are 20, the least that gets an answer.
    let transport = RequestedTransport::new(RequestedTransport::UDP);
    let mut allocate = Message::builder_request(ALLOCATE, MessageWriteVec::new());
    allocate.add_attribute(&transport as &dyn AttributeWrite).unwrap();
    let answer = tester.ask_bytes(&allocate.finish());
    assert_eq!((answer.code(), answer.0.len()), (401, 60));
}

#[test]
fn a_signature_without_a_name_or_a_realm_is_malformed() {
    let world = World::new();
    let mut tester = world.tester("alice", 1);
    tester.get_nonce();
    let whole = tester.request(ALLOCATE, &[]);
    let whole = Message::from_bytes(&whole).unwrap();
    for left_out in [Username::TYPE, Realm::TYPE] {
        let mut message = Message::builder_request(ALLOCATE, MessageWriteVec::new());
        for (_, attribute) in whole.iter_attributes().take(3) {
            if attribute.get_type() != left_out {
                message.add_attribute(&attribute).unwrap();
            }
        }
        let key = crate::gate::key("x", "y");
        let algorithm = turn_types::stun::message::IntegrityAlgorithm::Sha1;
        message.add_message_integrity_with_key(&key, algorithm).unwrap();
        assert_eq!(tester.ask_bytes(&message.finish()).code(), 400);
    }
}

#[test]
fn what_is_no_request_gets_no_answer() {
    let world = World::new();
    let tester = world.tester("alice", 1);
    let mut wrong_fingerprint = tester.request(BINDING, &[]);
    *wrong_fingerprint.last_mut().unwrap() ^= 1;
    let indication = Message::builder_indication(BINDING, MessageWriteVec::new()).finish();
    let request = tester.request(BINDING, &[]);
    let response = tester.ask_bytes(&request).0;
    let long = [&[0, 1, 0x10, 0][..], &request[4..], &[0; 5000]].concat();
    for bytes in [
        &b""[..],
        b"GET / HTTP/1.1",
        b"\0",
        &request[..19],
        &wrong_fingerprint,
        &indication,
        &response,
        &long,
    ] {
        assert!(world.send(tester.client, bytes).is_empty(), "{bytes:?}");
    }
}

proptest! {
    #[test]
    fn nothing_panics_it(bytes: Vec<u8>) {
        let world = World::new();
        let (tester, _) = world.allocated("alice", 1);
        world.send(tester.client, &bytes);
        world.send(world.tester("bob", 2).client, &bytes);
    }

    /// What begins as a request does, goes on as anything, and is signed.
    #[test]
    fn nothing_signed_panics_it(
        method in proptest::sample::select(vec![1_u16, 3, 4, 8, 9, 10, 11]),
        kinds in proptest::collection::vec(proptest::sample::select(vec![
            0x0C_u16, 0x0D, 0x12, 0x13, 0x17, 0x18, 0x19, 0x1A, 0x22, 0x2A, 0x8000, 0x8022, 0x06, 0x15,
        ]), 0..8),
        values in proptest::collection::vec(proptest::collection::vec(proptest::num::u8::ANY, 0..24), 8),
    ) {
        let world = World::new();
        let (tester, _) = world.allocated("alice", 1);
        let method = turn_types::stun::message::Method::new(method);
        let mut message = Message::builder_request(method, MessageWriteVec::new());
        for (kind, value) in kinds.iter().zip(&values) {
            let kind = turn_types::stun::attribute::AttributeType::new(*kind);
            let attribute = turn_types::stun::attribute::RawAttribute::new(kind, value);
            message.add_attribute(&attribute).unwrap();
        }
        tester.sign_and_ask(message);
        let mut bob = world.tester("bob", 2);
        bob.get_nonce();
        let mut message = Message::builder_request(method, MessageWriteVec::new());
        for (kind, value) in kinds.iter().zip(&values) {
            let kind = turn_types::stun::attribute::AttributeType::new(*kind);
            let attribute = turn_types::stun::attribute::RawAttribute::new(kind, value);
            message.add_attribute(&attribute).unwrap();
        }
        bob.sign_and_ask(message);
    }
}
