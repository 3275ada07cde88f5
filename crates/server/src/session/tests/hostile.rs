//! Clients that say whatever they like, in text frames as the server reads them, while sockets break, sessions are taken
//! back with any count and any call, servers start anew and time passes: nothing panics, nothing reaches anybody but the
//! peer of a call, what is kept is bounded, and once it is quiet nobody is in a call with nobody.

use protocol::{
    ClientMessage, Refusal,
    limits::{MAX_CANDIDATE_BYTES, MAX_UNACKNOWLEDGED_BYTES, MAX_UNACKNOWLEDGED_MESSAGES},
};

use super::super::{
    Held,
    link::{Link, MAX_ASKED, Stream, size},
    phase::MAX_OLDER,
};
use super::{
    Body, Duration, Input, LIMITS, Loss, MAX_PAST, Phase, Return, Ringing, Session, World,
    bytes::Bytes, call_with,
};

const USERS: [&str; 3] = ["alice", "bob", "carol"];

/// Whom a message may name: nobody, somebody, oneself, somebody in another spelling, and nobody who is there.
const NAMES: [&str; 8] = ["alice", "bob", "carol", "BOB", "dave", "__proto__", "", "\u{202e}bob"];

/// How many ids of calls there are: few, so that they are used twice.
const IDS: usize = 6;

/// The kinds of messages, with the field that each needs.
const KINDS: [(&str, &str); 8] = [
    ("offer", r#","offer":1"#),
    ("answer", r#","answer":{"sdp":"v=0"}"#),
    ("candidate", r#","candidate":null"#),
    ("ringing", ""),
    ("leave", r#","reason":"declined""#),
    ("leave", ""),
    ("ping", ""),
    ("login", ""),
];

/// More than envelopes can be on the way for good reasons: sessions that answer each other for ever would exceed it.
const MANY: usize = 10_000;

/// Does what the bytes say, and checks what comes of it at every step.
pub(crate) fn check(bytes: &[u8]) {
    let mut bytes = Bytes::new(bytes);
    let mut world = World::new(&USERS);
    while !bytes.is_empty() {
        step(&mut world, &mut bytes);
        world.heard.clear();
        world.sessions.values().for_each(assert_bounded);
    }
    becomes_quiet(&mut world);
    assert_nobody_is_left(&world);
}

fn step(world: &mut World, bytes: &mut Bytes<'_>) {
    let (kind, user) = (bytes.below(20), USERS[bytes.below(USERS.len())]);
    match kind {
        0..=7 => {
            let frame = message(bytes);
            world.input(user, read(&frame));
        }
        8 => {
            let frame = bytes.text(200);
            world.input(user, read(&frame));
        }
        9 => {
            let (id, size) = (bytes.below(IDS), bytes.below(2) * (MAX_CANDIDATE_BYTES - 2));
            let long = "x".repeat(size);
            let frame = format!(r#"{{"type":"candidate","candidate":"{long}","call":"c{id}"}}"#);
            (0..bytes.below(64)).for_each(|_| world.input(user, read(&frame)));
        }
        10..=13 => deliver(world, bytes.below(6)),
        14 => world.input(user, Input::Lost(Loss::Broken)),
        15 => world.input(user, Input::Lost(Loss::PageGone)),
        16 | 17 => {
            let back = comes_back(user, bytes);
            world.returns(user, back);
        }
        18 if bytes.below(4) == 0 => {
            world.restart(if bytes.below(2) == 0 { &USERS } else { &[] });
        }
        18 => world.input(user, Input::Left),
        _ => world.pass(Duration::from_secs(bytes.below(70) as u64)),
    }
}

fn message(bytes: &mut Bytes<'_>) -> String {
    let (kind, rest) = KINDS[bytes.below(KINDS.len())];
    let name = NAMES.get(bytes.below(NAMES.len() + 2));
    let name = name.map(|name| format!(r#","name":"{name}""#)).unwrap_or_default();
    let mut id = |field| match bytes.below(IDS + 2) {
        n if n < IDS => format!(r#","{field}":"c{n}""#),
        _ => String::new(),
    };
    let (call, old) = (id("call"), if kind == "offer" { id("replaces") } else { String::new() });
    format!(r#"{{"type":"{kind}"{name}{call}{old}{rest}}}"#)
}

/// Reads a text frame as a connection does.
fn read(frame: &str) -> Input {
    match ClientMessage::decode(frame) {
        Ok(message) => Input::FromClient(message),
        Err(error) => Input::Unreadable(error.code().map(|code| Refusal {
            message: error.to_string(),
            code: Some(code),
            name: None,
            call: None,
            fault: None,
            seconds: None,
        })),
    }
}

fn comes_back(user: &str, bytes: &mut Bytes<'_>) -> Return {
    let peer = USERS[bytes.below(USERS.len())];
    let call = bytes.below(IDS + 2);
    Return {
        received: Some(bytes.below(8) as u64).filter(|count| *count < 7),
        anew: bytes.below(2) == 1,
        // A login lets nobody name themselves as their peer.
        call: (call < IDS && peer != user).then(|| call_with(peer, &format!("c{call}"))),
        calling: bytes.below(2) == 1,
        // Another than that, or the same.
        continued: (call % 3 == 2).then(|| call_with(peer, &format!("c{}", call / 2)).key),
        guest: bytes.below(2) == 1,
    }
}

fn deliver(world: &mut World, n: usize) {
    let ways: Vec<_> = world.on_the_way.keys().cloned().collect();
    if !ways.is_empty() {
        world.deliver(&ways[n % ways.len()]);
    }
}

/// Everything arrives, and whoever was away for too long is gone.
fn becomes_quiet(world: &mut World) {
    for _ in 0..3 {
        for n in 0.. {
            let Some(way) = world.on_the_way.keys().next().cloned() else { break };
            assert!(n < MANY, "it does not come to rest");
            world.deliver(&way);
        }
        world.pass(LIMITS.ring);
    }
}

/// What one session holds.
fn assert_bounded(session: &Session) {
    assert!(session.past.len() <= MAX_PAST);
    if let Link::Expected { asked, .. } = &session.link {
        assert!(asked.len() <= MAX_ASKED);
    }
    if let Link::Attached(stream) | Link::Away { stream, .. } = &session.link
        && let Stream::Counted { outbox: Some(outbox), .. } = stream
    {
        assert!(outbox.waiting().count() <= MAX_UNACKNOWLEDGED_MESSAGES);
        assert!(outbox.waiting().map(size).sum::<usize>() <= MAX_UNACKNOWLEDGED_BYTES);
    }
    match &session.phase {
        Phase::Calling { sent: held, .. } | Phase::Restoring { held, .. } => {
            assert_held(held, Body::size);
        }
        Phase::Rejoining { sent: held, older, .. } => {
            assert!((1..=MAX_OLDER).contains(&older.len()));
            assert_held(held, Body::size);
        }
        Phase::Ringing(Ringing { candidates, .. }) => {
            assert_held(candidates, |raw| raw.as_json().len());
        }
        Phase::Recalling { .. } | Phase::Idle | Phase::InCall(_) | Phase::Ended => {}
    }
}

fn assert_held<T>(held: &Held<T>, size: impl Fn(&T) -> usize) {
    assert!(held.iter().count() <= 128);
    assert!(held.iter().map(size).sum::<usize>() <= 128 * 1024);
}

/// Clients that use an id twice may confuse their own calls. But whoever is in a call has a peer that is there.
fn assert_nobody_is_left(world: &World) {
    for (user, session) in &world.sessions {
        if let Some(call) = session.phase().call() {
            let peer = world.sessions.get(call.peer.as_str());
            assert!(peer.is_some(), "{user} is left alone: {:?}", session.phase());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::super::{Body, Envelope, Input, World, call_with, name};

    /// Each of these may be a lie.
    #[test]
    fn of_those_who_say_to_be_in_a_call_with_an_expected_user_few_are_remembered() {
        let mut world = World::new(&[]);
        world.expect("alice");
        for n in 0..100 {
            let (from, call) = (name(&format!("liar{n}")), call_with("alice", "c1").key);
            let envelope = Envelope { from, guest: false, call, body: Body::Restore };
            world.input("alice", Input::FromPeer(envelope));
        }
        super::assert_bounded(&world.sessions["alice"]);
    }

    #[test]
    fn the_seeds_of_the_fuzz_target_hold() {
        super::super::bytes::check_seeds("session", super::check);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_000) })]

        #[test]
        fn whatever_clients_say_harms_nobody_else(bytes in vec(any::<u8>(), 0..300)) {
            super::check(&bytes);
        }
    }
}
