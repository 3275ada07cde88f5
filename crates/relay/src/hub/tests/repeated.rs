//! Over UDP a request or its answer may be lost. The client sends the very same request again, for up to 40 s (RFC 8489
//! section 6.2.1), and has to be answered as if nothing had happened.

use std::{cell::Cell, time::Duration};

use turn_types::{
    attribute::{Lifetime, RequestedTransport},
    message::{ALLOCATE, REFRESH},
};

use crate::{
    limits::{CREDENTIAL_LIFETIME, NONCE_LIFETIME},
    testing::{Answer, Tester, World},
};

/// How long a client sends a request again: RTO of 500 ms, Rc of 7 and Rm of 16 (RFC 8489 section 6.2.1).
const REPEATED_FOR: Duration = Duration::from_millis(39_500);

fn allocate(tester: &Tester<'_>) -> Vec<u8> {
    tester.request(ALLOCATE, &[&RequestedTransport::new(RequestedTransport::UDP)])
}

/// A refresh that keeps the allocation, or with 0 ends it.
fn refresh(tester: &Tester<'_>, seconds: u32) -> Vec<u8> {
    tester.request(REFRESH, &[&Lifetime::new(seconds)])
}

#[test]
fn whatever_is_asked_twice_is_answered_twice() {
    let world = World::new();
    let mut alice = world.tester("alice", 1);
    alice.get_nonce();
    let allocate = allocate(&alice);
    let first = alice.ask_bytes(&allocate);
    assert_eq!(first.code(), 0);
    let requests = [
        refresh(&alice, 600),
        alice.permit_request(&["192.168.0.1"]),
        alice.bind_request(0x4000, "192.168.0.1:49200"),
    ];
    for request in requests {
        let once = alice.ask_bytes(&request);
        for _ in 0..3 {
            assert_eq!(alice.ask_bytes(&request).0, once.0);
            assert_eq!(alice.ask_bytes(&allocate).0, first.0);
        }
        assert_eq!(once.code(), 0);
    }
    assert_eq!((world.hub.borrow().clients(), world.hub.borrow().relayed.len()), (1, 1));

    // What was not asked by this client, or not for this, is not answered so.
    let mut mallory = world.tester("mallory", 1);
    assert_eq!(mallory.allocate().code(), 437);
    let other = world.tester("alice", 2);
    assert_eq!(other.ask_bytes(&allocate).code(), 438, "it is another client");
    assert_eq!(alice.allocate().code(), 437, "it is another request");
}

/// "The client will treat this as equivalent to a success response" (RFC 8656 section 8.2): the allocation is gone.
#[test]
fn an_end_that_is_asked_for_twice_has_come() {
    let world = World::new();
    let (alice, _) = world.allocated("alice", 1);
    let end = refresh(&alice, 0);
    let answer = alice.ask_bytes(&end);
    assert_eq!((answer.code(), answer.lifetime()), (0, 0));
    for _ in 0..3 {
        let answer = alice.ask_bytes(&end);
        assert_eq!(answer.code(), 437);
        assert!(answer.is_signed_with(&alice.credential));
    }
    // The request that made it is one like any other now, and makes another.
    let (mut bob, relayed) = world.allocated("bob", 2);
    assert_eq!(bob.refresh(0).code(), 0);
    assert_ne!(bob.allocate().relayed(), relayed);
}

/// A nonce and a credential that were good when the request first came are good when it comes again: any other answer would
/// have the client ask anew, and be told that it has an allocation already.
#[test]
fn what_expires_between_two_tries_expires_for_new_requests_only() {
    for expires in ["the nonce", "the credential"] {
        let world = World::new();
        let mut alice = world.tester("alice", 1);
        if expires == "the nonce" {
            alice.get_nonce();
            world.pass(NONCE_LIFETIME - Duration::from_secs(1));
            alice.credential = world.secret.mint("alice", world.now().unix, CREDENTIAL_LIFETIME);
        } else {
            world.pass(CREDENTIAL_LIFETIME - Duration::from_secs(1));
            alice.get_nonce();
        }
        let allocate = allocate(&alice);
        let first = alice.ask_bytes(&allocate);
        assert_eq!(first.code(), 0);
        world.pass(REPEATED_FOR);
        assert_eq!(alice.ask_bytes(&allocate).0, first.0, "{expires}");
        let expected = if expires == "the nonce" { 438 } else { 401 };
        assert_eq!(alice.permit(&["192.168.0.1"]).code(), expected);
    }
}

/// A line that loses any datagram, of either direction, with a chance of one in two.
struct Lossy<'a> {
    tester: Tester<'a>,
    chance: Cell<u64>,
}

impl Lossy<'_> {
    fn loses(&self) -> bool {
        // xorshift64 (Marsaglia, 2003).
        let mut chance = self.chance.get();
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        self.chance.set(chance);
        chance.is_multiple_of(2)
    }

    /// Sends the request until its answer arrives.
    fn ask(&self, request: &[u8]) -> Answer {
        loop {
            if self.loses() {
                continue;
            }
            let answer = self.tester.ask_bytes(request);
            if !self.loses() {
                return answer;
            }
        }
    }

    /// Does all that a browser does to be reached by the relay. Gives its address there.
    fn allocates(&mut self) -> std::net::SocketAddr {
        let challenge = self.ask(&allocate(&self.tester));
        assert_eq!(challenge.code(), 401);
        self.tester.nonce = challenge.nonce();
        self.ask(&allocate(&self.tester)).relayed()
    }
}

#[test]
fn whatever_is_lost_in_either_direction_two_reach_each_other() {
    for seed in 1..=500 {
        let world = World::new();
        let on_line = |user, host: u8| {
            let chance = Cell::new(seed * 2 + u64::from(host));
            Lossy { tester: world.tester(user, host), chance }
        };
        let (mut alice, mut bob) = (on_line("alice", 1), on_line("bob", 2));
        let (alices, bobs) = (alice.allocates(), bob.allocates());
        for (one, other) in [(&alice, bobs), (&bob, alices)] {
            let tester = &one.tester;
            assert_eq!(one.ask(&tester.permit_request(&["192.168.0.1"])).code(), 0, "{seed}");
            assert_eq!(one.ask(&tester.bind_request(0x4000, &other.to_string())).code(), 0);
            assert_eq!(one.ask(&refresh(tester, 600)).code(), 0);
        }
        assert_eq!(alice.tester.channel_data(0x4000, b"x").len(), 1);
        assert_eq!(bob.tester.channel_data(0x4000, b"x").len(), 1);
        for one in [&alice, &bob] {
            assert!([0, 437].contains(&one.ask(&refresh(&one.tester, 0)).code()));
        }
        assert_eq!((world.hub.borrow().clients(), world.hub.borrow().relayed.len()), (0, 0));
    }
}
