//! The check of the connection: what it makes of what was tried.
#![cfg(not(target_arch = "wasm32"))]

use client_web::check::{
    Check, Result, Summary,
    Way::{self, Tcp, Tls, Udp},
};

fn check(relays: &[Way], tried: &[(Way, Option<u64>)]) -> Check {
    let mut check = Check::default();
    check.relays_are_known(relays);
    for (way, worked) in tried {
        check.was_tried(*way, *worked);
    }
    check
}

#[test]
fn ways_are_read_off_urls() {
    for (url, way) in [
        ("turn:a:443?transport=udp", Some(Udp)),
        ("turn:a", Some(Udp)),
        ("turn:[::1]:443?transport=tcp", Some(Tcp)),
        ("turns:a:443?transport=tcp", Some(Tls)),
        ("turns:a", Some(Tls)),
        ("stun:a", None),
        ("turns:a?transport=udp", None),
        ("", None),
    ] {
        assert_eq!(Way::of_url(url), way, "{url}");
    }
}

#[test]
fn the_best_way_that_works_counts() {
    let all = &Way::ALL;
    for (relays, tried, summary) in [
        (&all[..], &[(Udp, Some(9)), (Tcp, Some(9)), (Tls, None)][..], Summary::Works(Udp)),
        (all, &[(Udp, None), (Tcp, Some(9)), (Tls, Some(9))], Summary::Works(Tcp)),
        (all, &[(Udp, None), (Tcp, None), (Tls, Some(9))], Summary::Works(Tls)),
        (all, &[(Udp, None), (Tcp, None), (Tls, None)], Summary::Blocked),
        (&[Udp, Tcp], &[(Udp, None), (Tcp, None)], Summary::Blocked),
        (&[Udp, Tcp], &[(Tcp, Some(9))], Summary::Running),
        (&[], &[], Summary::NoRelay),
    ] {
        assert_eq!(check(relays, tried).summary(), summary, "{relays:?} {tried:?}");
    }
    assert_eq!(Check::default().summary(), Summary::Running);
}

#[test]
fn one_relay_that_works_is_enough_for_its_way() {
    let check = check(&[Udp], &[(Udp, None), (Udp, Some(80)), (Udp, Some(60)), (Udp, None)]);
    assert_eq!(check.of(Udp), Result::Works(60));
    assert_eq!(check.of(Tcp), Result::Missing);
}

#[test]
fn a_server_that_is_away_has_no_ways() {
    let mut check = Check::default();
    check.server_is_away();
    assert_eq!(check.summary(), Summary::NoServer);
    assert_eq!(check.of(Udp), Result::Missing);
}

#[test]
fn times_are_said_in_tenths_of_a_second() {
    for (millis, seconds) in [(0, "0.1"), (120, "0.1"), (1260, "1.3")] {
        assert_eq!(Result::Works(millis).seconds().as_deref(), Some(seconds));
    }
    assert_eq!(Result::Blocked.seconds(), None);
}
