//! What each file in `tests/golden/client` means.

use protocol::{Answer, Candidate, ClientMessage, Leave, LeaveReason, Login, Offer, Ping, Ringing};

use crate::{ANSWER, CANDIDATE, OFFER, call, earlier_call, raw, some};

/// Our own clients write exactly these. Of each message: with the fewest fields, and with all.
pub(crate) fn cases() -> Vec<(&'static str, ClientMessage)> {
    let alice = || "alice".to_owned();
    let login = |login| ClientMessage::Login(Box::new(login));
    vec![
        ("login", login(Login { name: alice(), ..Login::default() })),
        (
            "login-full",
            login(Login {
                name: alice(),
                session: some("s3cret"),
                ticket: some("t1cket"),
                received: Some(7),
                anew: true,
                attempt: Some(3),
                peer: some("bob"),
                call: call(),
                calling: true,
                continued: earlier_call(),
            }),
        ),
        (
            "offer",
            ClientMessage::Offer(Offer {
                name: "bob".to_owned(),
                offer: raw(OFFER),
                call: None,
                replaces: None,
            }),
        ),
        (
            "offer-full",
            ClientMessage::Offer(Offer {
                name: "bob".to_owned(),
                offer: raw(OFFER),
                call: call(),
                replaces: earlier_call(),
            }),
        ),
        ("answer", ClientMessage::Answer(Answer { name: None, answer: raw(ANSWER), call: None })),
        (
            "answer-full",
            ClientMessage::Answer(Answer {
                name: some("alice"),
                answer: raw(ANSWER),
                call: call(),
            }),
        ),
        (
            "candidate",
            ClientMessage::Candidate(Candidate {
                name: None,
                candidate: raw(CANDIDATE),
                call: None,
            }),
        ),
        (
            "candidate-full",
            ClientMessage::Candidate(Candidate {
                name: some("bob"),
                candidate: raw(CANDIDATE),
                call: call(),
            }),
        ),
        ("ringing", ClientMessage::Ringing(Ringing { name: None, call: None })),
        ("ringing-full", ClientMessage::Ringing(Ringing { name: some("alice"), call: call() })),
        ("leave", ClientMessage::Leave(Leave { name: None, call: None, reason: None })),
        (
            "leave-full",
            ClientMessage::Leave(Leave {
                name: some("alice"),
                call: call(),
                reason: Some(LeaveReason::Declined),
            }),
        ),
        ("ping", ClientMessage::Ping(Ping::default())),
        ("ping-full", ClientMessage::Ping(Ping { received: Some(7) })),
    ]
}
