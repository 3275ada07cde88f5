//! Who is let in, and who is not.

use std::time::Duration;

use turn_types::{
    attribute::RequestedTransport,
    message::{ALLOCATE, REFRESH},
};

use crate::{
    Secret,
    limits::{CREDENTIAL_LIFETIME, NONCE_LIFETIME},
    testing::{BEGIN, World},
};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_good_credential_gets_an_allocation() {
    let world = World::new();
    let mut tester = world.tester("alice", 1);
    let answer = tester.allocate();
    assert_eq!(answer.relayed().ip(), world_address());
    assert_eq!(answer.mapped(), tester.client.remote);
    assert_eq!(answer.lifetime(), 600);
    assert!(answer.is_signed_with(&tester.credential));
}

fn world_address() -> std::net::IpAddr {
    "192.168.0.1".parse().unwrap()
}

#[test]
fn a_user_may_have_any_letters_in_its_name() {
    let world = World::new();
    for user in ["алиса", "ありす", "أليس", "ა", "é", "😀", "a:b", &"ж".repeat(200)]
    {
        let mut tester = world.tester(user, 1);
        let answer = tester.allocate();
        assert_eq!(answer.code(), 0, "{user}");
        assert!(answer.is_signed_with(&tester.credential), "{user}");
        assert_eq!(tester.refresh(0).code(), 0);
    }
}

#[test]
fn what_is_not_signed_with_our_secret_is_refused() {
    let world = World::new();
    let foreign = Secret::new("south").mint("alice", BEGIN, CREDENTIAL_LIFETIME);
    let own = world.secret.mint("alice", BEGIN, CREDENTIAL_LIFETIME);
    let mut bobs = own.clone();
    bobs.username = bobs.username.replace("alice", "bob");
    let mut longer = own.clone();
    longer.username = format!("9{}", longer.username);
    let mut wrong = own.clone();
    wrong.password.insert(0, 'x');
    for credential in [foreign, bobs, longer, wrong] {
        let mut tester = world.tester("alice", 1);
        tester.credential = credential;
        let answer = tester.allocate();
        assert_eq!(answer.code(), 401, "{:?}", tester.credential);
        assert!(answer.has_realm(), "it may try again");
    }
    assert_eq!(world.hub.borrow().clients(), 0);
}

#[test]
fn a_user_name_that_says_no_expiry_is_refused() {
    let world = World::new();
    for username in ["alice", ":alice", "alice:9999999999", "9999999999"] {
        let mut tester = world.tester("alice", 1);
        tester.credential.username = username.to_owned();
        tester.credential.password = world.secret.password(username);
        assert_eq!(tester.allocate().code(), 401, "{username}");
    }
}

#[test]
fn a_credential_is_good_for_ten_minutes() {
    let world = World::new();
    let mut tester = world.tester("alice", 1);
    world.pass(CREDENTIAL_LIFETIME - SECOND);
    assert_eq!(tester.allocate().code(), 0);
    let mut late = world.tester("alice", 2);
    late.credential = tester.credential.clone();
    world.pass(SECOND);
    assert_eq!(late.allocate().code(), 401);
}

#[test]
fn a_running_allocation_is_not_refreshed_with_what_has_expired() {
    let world = World::new();
    let (mut alice, _) = world.allocated("alice", 1);
    world.pass(CREDENTIAL_LIFETIME / 2);
    assert_eq!(alice.refresh(600).code(), 0);
    world.pass(CREDENTIAL_LIFETIME / 2);
    alice.get_nonce();
    assert_eq!(alice.refresh(600).code(), 401);
    assert!(
        world.hub.borrow().has_allocation(&alice.client),
        "it lasts for as long as it was given"
    );
    world.pass(CREDENTIAL_LIFETIME / 2 + SECOND);
    assert!(!world.hub.borrow().has_allocation(&alice.client));
}

#[test]
fn a_nonce_is_its_clients_own() {
    let world = World::new();
    let mut alice = world.tester("alice", 1);
    alice.get_nonce();
    let transport = RequestedTransport::new(RequestedTransport::UDP);
    let recorded = alice.request(ALLOCATE, &[&transport]);
    let thief = world.tester("mallory", 2);
    let answer = thief.ask_bytes(&recorded);
    assert_eq!(answer.code(), 438);
    assert!(answer.has_realm() && !answer.nonce().is_empty());
    assert_eq!(world.hub.borrow().clients(), 0);
    assert_eq!(alice.ask_bytes(&recorded).code(), 0);
}

#[test]
fn a_nonce_ages_and_the_next_one_comes_with_the_refusal() {
    let world = World::new();
    let mut alice = world.tester("alice", 1);
    alice.credential = world.secret.mint("alice", BEGIN, CREDENTIAL_LIFETIME * 10);
    alice.allocate();
    world.pass(NONCE_LIFETIME / 2);
    assert_eq!(alice.refresh(600).code(), 0);
    world.pass(NONCE_LIFETIME / 2);
    let stale = alice.refresh(600);
    assert_eq!(stale.code(), 438);
    alice.nonce = stale.nonce();
    assert_eq!(alice.refresh(600).code(), 0);
}

#[test]
fn nobody_takes_over_somebody_elses_allocation() {
    let world = World::new();
    let (alice, _) = world.allocated("alice", 1);
    let mut mallory = world.tester("mallory", 1);
    assert_eq!(mallory.client, alice.client);
    assert_eq!(mallory.allocate().code(), 437);
    for answer in [
        mallory.ask(REFRESH, &[]),
        mallory.permit(&["192.168.0.1"]),
        mallory.bind(0x4000, "192.168.0.1:50000"),
    ] {
        assert_eq!(answer.code(), 441);
        assert!(answer.is_signed_with(&mallory.credential));
    }
    assert_eq!(alice.refresh(600).code(), 0);
}

#[test]
fn a_session_takes_its_credentials_and_allocations_with_it() {
    let world = World::new();
    let (mut alice, _) = world.allocated("alice.1", 1);
    let (bob, _) = world.allocated("bob.1", 2);
    world.hub.borrow_mut().revoke("alice.1", world.now());
    assert!(!world.hub.borrow().has_allocation(&alice.client));
    assert_eq!(alice.allocate().code(), 401);
    assert!(world.hub.borrow().has_allocation(&bob.client));
    assert_eq!(world.tester("alice.2", 3).allocate().code(), 0, "the next session of that user");
}
