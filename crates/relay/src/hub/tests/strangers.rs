//! Those who have not shown who they are: they get an answer, and are forgotten.

use std::net::SocketAddr;

use proptest::proptest;
use turn_types::{
    attribute::{Lifetime, RequestedTransport, XorPeerAddress},
    message::{ALLOCATE, REFRESH},
    stun::{
        attribute::{Fingerprint, Realm, Username},
        message::{BINDING, Message, MessageWriteVec, TransactionId},
        prelude::{Attribute, AttributeStaticType, AttributeWrite, MessageWrite, MessageWriteExt},
    },
};

use crate::{
    hub::{Output, Transport},
    limits::{ADDRESS_ANSWERS, NETWORK_ANSWERS},
    testing::World,
};

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
            let answer = world.tester("alice", host).ask(method, &[&Lifetime::new(600)]);
            assert_eq!(answer.code(), 401);
            assert!(answer.has_realm() && !answer.nonce().is_empty());
        }
    }
    assert_eq!(world.hub.borrow().clients(), 0);
}

/// The bytes of an IP and a UDP header, which a datagram has besides its content.
const HEADERS: [(&str, usize); 2] = [("198.51.100.1:5000", 20 + 8), ("[2001:db8::1]:5000", 40 + 8)];

/// A flood in somebody's name does not become a much larger one, whatever is asked: 1.6 times at most, with headers.
#[test]
fn the_answer_to_a_stranger_is_not_much_larger_than_its_question() {
    let world = World::new();
    let mut tester = world.tester("alice", 1);
    tester.get_nonce();
    let signed = tester.request(REFRESH, &[]);
    let mut unknown = Vec::new();
    for kind in 0x7000_u16..0x7040 {
        unknown.extend_from_slice(&kind.to_be_bytes());
        unknown.extend_from_slice(&[0, 0]);
    }
    let mut worst = [0.0_f64; 2];
    for method in 0..16 {
        for attributes in [
            &b""[..],
            b"\x00\x19\x00\x04\x11\x00\x00\x00", // REQUESTED-TRANSPORT: UDP
            b"\x00\x06\x00\x01a\x00\x00\x00",    // USERNAME
            &[&b"\x00\x08\x00\x14"[..], &[0; 20]].concat(), // MESSAGE-INTEGRITY
            &unknown[..4],
            &unknown,
            &signed[20..],
            &signed[20..signed.len() - 8],
        ] {
            let length = u16::try_from(attributes.len()).unwrap().to_be_bytes();
            let request = [&[0, method], &length[..], b"\x21\x12\xa4\x42transaction!", attributes];
            let request = request.concat();
            for (remote, headers) in HEADERS {
                // The answer to somebody with a credential is signed, and goes to where they are.
                tester.client.remote = remote.parse().unwrap();
                tester.client.remote.set_port(7);
                for output in world.send(tester.client, &request) {
                    let Output::ToClient(_, answer) = output else { panic!("{output:?}") };
                    let (asked, answered) = (request.len() + headers, answer.len() + headers);
                    let ratio = answered as f64 / asked as f64;
                    assert!(
                        ratio <= 1.6,
                        "{request:?}: {answered} bytes for {asked}, {ratio:.2} times"
                    );
                    let worst = &mut worst[usize::from(headers > 28)];
                    *worst = worst.max(ratio);
                }
            }
        }
    }
    assert!(worst.iter().all(|worst| *worst > 1.3), "something was answered: {worst:?}");
}

/// Browsers are still answered: Chromium's Binding requests have no attributes, and an Allocate names its transport.
#[test]
fn what_browsers_ask_is_answered_in_as_few_bytes_as_it_can() {
    let world = World::new();
    let mut tester = world.tester("alice", 1);
    let transport = RequestedTransport::new(RequestedTransport::UDP);
    for (remote, mapped) in [(HEADERS[0].0, 32), (HEADERS[1].0, 44)] {
        tester.client.remote = remote.parse().unwrap();
        let binding = Message::builder_request(BINDING, MessageWriteVec::new()).finish();
        let answer = tester.ask_bytes(&binding);
        assert_eq!((binding.len(), answer.code(), answer.0.len()), (20, 0, mapped));
        assert_eq!(answer.mapped(), tester.client.remote);
        let mut allocate = Message::builder_request(ALLOCATE, MessageWriteVec::new());
        allocate.add_attribute(&transport as &dyn AttributeWrite).unwrap();
        let allocate = allocate.finish();
        let answer = tester.ask_bytes(&allocate);
        assert_eq!((allocate.len(), answer.code(), answer.0.len()), (28, 401, 60));
    }
    // A fingerprint is for those who use one.
    let answer = tester.ask(BINDING, &[]);
    assert!(answer.has(Fingerprint::TYPE) && answer.mapped() == tester.client.remote);
}

/// Datagrams may lie about where they come from: the network that they name gets so many answers and no more.
#[test]
fn a_network_is_not_flooded_with_answers_to_what_others_send_in_its_name() {
    let world = World::new();
    let binding = Message::builder_request(BINDING, MessageWriteVec::new()).finish();
    let flood = |first: [u8; 3], each: fn(u32) -> u8, count: u32| {
        let mut tester = world.tester("alice", 1);
        let answered = (0..count).filter(|n| {
            let [a, b, c] = first;
            tester.client.remote = SocketAddr::from(([a, b, c, each(*n)], 9));
            !world.send(tester.client, &binding).is_empty()
        });
        answered.count() as u32
    };
    let passed = flood([192, 0, 2], |_| 1, 20_000);
    assert_eq!(passed, ADDRESS_ANSWERS.burst, "one address");
    let passed = passed + flood([192, 0, 2], |n| n as u8, 20_000);
    assert_eq!(passed, NETWORK_ANSWERS.burst, "its network");
    assert_eq!(flood([198, 51, 100], |_| 1, 100), 100, "another network notices nothing");
    world.pass(std::time::Duration::from_secs(1));
    let passed = flood([192, 0, 2], |_| 1, 20_000);
    assert_eq!(passed, ADDRESS_ANSWERS.per_second, "and then so many a second");
    // Those with a credential are served all the same, and so is a stream, whose address is no lie.
    let mut tester = world.tester("alice", 1);
    tester.get_nonce();
    assert_eq!(tester.allocate().code(), 0);
    let mut stream = world.tester("alice", 1);
    stream.client.remote = "192.0.2.1:9".parse().unwrap();
    stream.client.transport = Transport::Stream;
    assert!(!world.send(stream.client, &binding).is_empty());
}

/// A flood that names a new address with each datagram takes up no memory, and does not silence the relay for others.
#[test]
fn strangers_are_not_remembered_however_many_there_are() {
    let world = World::new();
    let binding = Message::builder_request(BINDING, MessageWriteVec::new()).finish();
    let mut tester = world.tester("alice", 1);
    for n in 0..200_000_u32 {
        tester.client.remote = SocketAddr::from(((n << 8).to_be_bytes(), 9));
        world.send(tester.client, &binding);
    }
    tester.client.remote = "203.0.113.7:9".parse().unwrap();
    assert!(!world.send(tester.client, &binding).is_empty(), "and another one is answered");
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
