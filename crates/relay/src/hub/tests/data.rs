//! Data between two clients (RFC 8656 sections 11 and 12).

use std::{net::SocketAddr, time::Duration};

use turn_types::{
    attribute::{Data, XorPeerAddress},
    message::DATA,
    stun::message::Message,
};

use crate::{
    Carried,
    hub::{Client, Output},
    testing::{World, channel_data},
};

/// The one message that was sent, to this client.
fn only(sent: Vec<Output>, to: Client) -> Vec<u8> {
    match <[Output; 1]>::try_from(sent) {
        Ok([Output::ToClient(client, message)]) if client == to => message,
        other => panic!("{other:?}"),
    }
}

fn assert_data(message: &[u8], from: SocketAddr, data: &[u8]) {
    let message = Message::from_bytes(message).unwrap();
    assert_eq!(message.method(), DATA);
    let peer = message.attribute::<XorPeerAddress>().unwrap();
    assert_eq!(peer.addr(message.transaction_id()), from);
    assert_eq!(message.attribute::<Data<'_>>().unwrap().data(), data);
}

#[test]
fn two_clients_reach_each_other_with_indications() {
    let world = World::new();
    let (alice, alices) = world.allocated("alice", 1);
    let (bob, bobs) = world.allocated("bob", 2);
    assert_eq!(alice.permit(&["192.168.0.1"]).code(), 0);
    assert!(alice.indicate(bobs, b"early").is_empty(), "bob has not let anybody in");
    assert_eq!(bob.permit(&["192.168.0.1"]).code(), 0);
    assert_data(&only(alice.indicate(bobs, b"hello"), bob.client), alices, b"hello");
    assert_data(&only(bob.indicate(alices, b""), alice.client), bobs, b"");
}

#[test]
fn two_clients_reach_each_other_on_channels() {
    let world = World::new();
    let (alice, alices) = world.allocated("alice", 1);
    let (bob, bobs) = world.allocated("bob", 2);
    assert_eq!(alice.bind(0x4000, &bobs.to_string()).code(), 0);
    assert_eq!(bob.bind(0x4fff, &alices.to_string()).code(), 0);
    for data in [&b""[..], b"a", b"abc", &[7; 1400]] {
        let heard = only(alice.channel_data(0x4000, data), bob.client);
        assert_eq!(heard, channel_data(0x4fff, data));
        let heard = only(bob.channel_data(0x4fff, data), alice.client);
        assert_eq!(heard, channel_data(0x4000, data));
    }
    // UDP clients may pad.
    let padded = [&channel_data(0x4000, b"abc")[..], &[0]].concat();
    assert_eq!(only(world.send(alice.client, &padded), bob.client), channel_data(0x4fff, b"abc"));
}

#[test]
fn clients_of_either_family_reach_each_other() {
    let world = World::new();
    let (alice, alices) = world.allocated("alice", 1);
    let mut bob = world.tester("bob", 2);
    bob.client.remote = "[2001:db8::2]:5000".parse().unwrap();
    bob.client.local = "[fd00::1]:3478".parse().unwrap();
    let bobs = bob.allocate().relayed();
    alice.permit(&["192.168.0.1"]);
    bob.permit(&["192.168.0.1"]);
    assert_data(&only(alice.indicate(bobs, b"x"), bob.client), alices, b"x");
}

#[test]
fn a_permission_lasts_five_minutes_and_a_channel_ten() {
    let world = World::new();
    let (alice, alices) = world.allocated("alice", 1);
    let (bob, bobs) = world.allocated("bob", 2);
    alice.bind(0x4000, &bobs.to_string());
    bob.permit(&["192.168.0.1"]);
    let minutes = |minutes: u64| world.pass(Duration::from_secs(minutes * 60));
    minutes(4);
    assert_eq!(alice.channel_data(0x4000, b"x").len(), 1);
    minutes(2);
    assert!(alice.channel_data(0x4000, b"x").is_empty(), "alice's permission is over");
    alice.permit(&["192.168.0.1"]);
    bob.permit(&["192.168.0.1"]);
    assert_eq!(alice.channel_data(0x4000, b"x").len(), 1, "her channel is not");
    minutes(3);
    for tester in [&alice, &bob] {
        assert_eq!(tester.refresh(600).code(), 0);
        assert_eq!(tester.permit(&["192.168.0.1"]).code(), 0);
    }
    minutes(2);
    assert!(alice.channel_data(0x4000, b"x").is_empty(), "but is now");
    assert_eq!(alice.indicate(bobs, b"x").len(), 1);
    let _ = alices;
}

#[test]
fn what_is_on_no_channel_goes_nowhere() {
    let world = World::new();
    let (alice, _) = world.allocated("alice", 1);
    let stranger = world.tester("bob", 2);
    for channel in [0x4000, 0x4001, 0x7fff] {
        assert!(alice.channel_data(channel, b"x").is_empty());
        assert!(stranger.channel_data(channel, b"x").is_empty());
    }
    assert!(stranger.indicate("192.168.0.1:50000".parse().unwrap(), b"x").is_empty());
}

#[test]
fn a_channel_is_one_peers_and_a_peer_has_one_channel() {
    let world = World::new();
    let (alice, _) = world.allocated("alice", 1);
    assert_eq!(alice.bind(0x4000, "192.168.0.1:50000").code(), 0);
    assert_eq!(alice.bind(0x4000, "192.168.0.1:50000").code(), 0, "again");
    assert_eq!(alice.bind(0x4000, "192.168.0.1:50001").code(), 400);
    assert_eq!(alice.bind(0x4001, "192.168.0.1:50000").code(), 400);
    assert_eq!(alice.bind(0x4001, "192.168.0.1:50001").code(), 0);
    assert_eq!(alice.bind(0x3fff, "192.168.0.1:50002").code(), 400);
    assert_eq!(alice.bind(0x8000, "192.168.0.1:50003").code(), 400);
}

#[test]
fn an_ended_allocation_is_not_reached() {
    let world = World::new();
    let (alice, _) = world.allocated("alice", 1);
    let (bob, bobs) = world.allocated("bob", 2);
    alice.permit(&["192.168.0.1"]);
    bob.permit(&["192.168.0.1"]);
    assert_eq!(alice.indicate(bobs, b"x").len(), 1);
    bob.refresh(0);
    assert!(alice.indicate(bobs, b"x").is_empty());
}

#[test]
fn what_is_carried_is_counted_for_both_and_for_no_longer_than_their_meters() {
    let world = World::new();
    let (alice, _) = world.allocated("alice", 1);
    let (bob, bobs) = world.allocated("bob", 2);
    alice.bind(0x4000, &bobs.to_string());
    let carried = |user: &str| world.hub.borrow().carried(user);
    assert_eq!(alice.channel_data(0x4000, &[7; 100]), [], "bob has let nobody in");
    bob.permit(&["192.168.0.1"]);
    for _ in 0..2 {
        assert_eq!(alice.channel_data(0x4000, &[7; 100]).len(), 1);
    }
    assert_eq!(carried("alice"), Carried { udp: 300, stream: 0 });
    assert_eq!(carried("bob"), Carried { udp: 200, stream: 0 });
    assert_eq!(carried("carol"), Carried::default());
    bob.refresh(0);
    assert_eq!(carried("bob"), Carried { udp: 200, stream: 0 }, "the call may end after it");
    world.pass(Duration::from_secs(600));
    assert_eq!(carried("bob"), Carried::default());
}
