//! The check of the connection: what it makes of what was tried.
#![cfg(not(target_arch = "wasm32"))]

use client_web::check::{
    Check,
    Outcome::{self, Blocked, Refused, Works},
    Refusal, Result, Summary,
    Way::{self, Tcp, Tls, Udp},
    Ways,
};

fn check(relays: &[Way], tried: &[(Way, Outcome)]) -> Check {
    let mut check = Check::default();
    check.relays_are_known(relays);
    for (way, outcome) in tried {
        check.was_tried(*way, *outcome);
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
        (&all[..], &[(Udp, Works(9)), (Tcp, Works(9)), (Tls, Blocked)][..], Summary::Works(Udp)),
        (all, &[(Udp, Blocked), (Tcp, Works(9)), (Tls, Works(9))], Summary::Works(Tcp)),
        (all, &[(Udp, Blocked), (Tcp, Blocked), (Tls, Works(9))], Summary::Works(Tls)),
        (all, &[(Udp, Blocked), (Tcp, Blocked), (Tls, Blocked)], Summary::Blocked),
        (&[Udp, Tcp], &[(Udp, Blocked), (Tcp, Blocked)], Summary::Blocked),
        (&[Udp, Tcp], &[(Tcp, Works(9))], Summary::Running),
        (all, &[(Udp, Blocked), (Tcp, Refused(401)), (Tls, Blocked)], Summary::Refused),
        (all, &[(Udp, Refused(486)), (Tcp, Works(9)), (Tls, Blocked)], Summary::Works(Tcp)),
        (&[], &[], Summary::NoRelay),
    ] {
        assert_eq!(check(relays, tried).summary(), summary, "{relays:?} {tried:?}");
    }
    assert_eq!(Check::default().summary(), Summary::Running);
}

#[test]
fn one_relay_that_works_is_enough_for_its_way() {
    let check =
        check(&[Udp], &[(Udp, Blocked), (Udp, Works(80)), (Udp, Works(60)), (Udp, Blocked)]);
    assert_eq!(check.of(Udp), Result::Works(60));
    assert_eq!(check.of(Tcp), Result::Missing);
}

#[test]
fn a_relay_that_refuses_is_not_one_that_is_blocked() {
    for (code, refusal, key) in [
        (401, Refusal::Credentials, "way-refused-credentials"),
        (438, Refusal::Credentials, "way-refused-credentials"),
        (486, Refusal::Quota, "way-refused-quota"),
        (508, Refusal::Full, "way-refused-full"),
        (403, Refusal::Other(403), "way-refused"),
    ] {
        let refused = Result::Refused(refusal);
        assert_eq!(refused.key(), key);
        // Another relay that is not reached does not hide it, and one that works does.
        for (tried, result) in [
            (&[(Udp, Refused(code))][..], refused),
            (&[(Udp, Refused(code)), (Udp, Blocked)], refused),
            (&[(Udp, Blocked), (Udp, Refused(code))], refused),
            (&[(Udp, Works(9)), (Udp, Refused(code))], Result::Works(9)),
            (&[(Udp, Refused(code)), (Udp, Works(9))], Result::Works(9)),
        ] {
            assert_eq!(check(&[Udp], tried).of(Udp), result, "{tried:?}");
        }
    }
    assert_eq!(Result::Refused(Refusal::Other(403)).number().as_deref(), Some("403"));
    assert_eq!(Result::Refused(Refusal::Quota).number(), None);
}

#[test]
fn ways_are_named_in_the_order_in_which_they_are_tried() {
    for (ways, named) in
        [(&[][..], ""), (&[Tcp], "TCP"), (&[Tls, Udp], "UDP, TLS"), (&Way::ALL, "UDP, TCP, TLS")]
    {
        let ways: Ways = ways.iter().copied().collect();
        assert_eq!(ways.to_string(), named);
        assert_eq!(ways.is_none(), named.is_empty());
    }
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
        assert_eq!(Result::Works(millis).number().as_deref(), Some(seconds));
    }
    assert_eq!(Result::Blocked.number(), None);
}
