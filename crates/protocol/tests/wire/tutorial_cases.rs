//! What each file in `tests/golden/tutorial-client` and `tests/golden/tutorial-server` means: the forms of the tutorial
//! that Pronto starts from. They are read, never written.

use protocol::{
    Answer, Candidate, ClientMessage, Leave, Login, LoginReply, Offer, Refusal, RelayedAnswer,
    RelayedCandidate, RelayedLeave, RelayedOffer, ServerMessage,
};

use crate::{ANSWER, CANDIDATE, OFFER, raw, some};

/// What the tutorial's client sends. It adds `name` last, and leaves it out until it has called or was called.
pub(crate) fn client() -> Vec<(&'static str, ClientMessage)> {
    let candidate =
        |name| ClientMessage::Candidate(Candidate { name, candidate: raw(CANDIDATE), call: None });
    let leave = |name| ClientMessage::Leave(Leave { name, call: None, reason: None });
    vec![
        (
            "login",
            ClientMessage::Login(Box::new(Login { name: "alice".to_owned(), ..Login::default() })),
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
            "answer",
            ClientMessage::Answer(Answer { name: some("alice"), answer: raw(ANSWER), call: None }),
        ),
        ("candidate", candidate(some("bob"))),
        ("candidate-to-nobody", candidate(None)),
        ("leave", leave(some("bob"))),
        ("leave-to-nobody", leave(None)),
    ]
}

/// What the tutorial's server sends, but for its greeting, which is not JSON.
pub(crate) fn server() -> Vec<(&'static str, ServerMessage)> {
    let refused = LoginReply::Refused { code: None, message: None, fault: None, seconds: None };
    vec![
        ("login-welcome", ServerMessage::Login(LoginReply::Welcome(Box::default()))),
        ("login-refused", ServerMessage::Login(refused)),
        (
            "offer",
            ServerMessage::Offer(RelayedOffer {
                name: "alice".to_owned(),
                offer: raw(OFFER),
                call: None,
                replaces: None,
                guest: false,
            }),
        ),
        (
            "answer",
            ServerMessage::Answer(RelayedAnswer {
                name: None,
                answer: raw(ANSWER),
                call: None,
                guest: false,
            }),
        ),
        (
            "candidate",
            ServerMessage::Candidate(RelayedCandidate {
                name: None,
                candidate: raw(CANDIDATE),
                call: None,
            }),
        ),
        ("leave", ServerMessage::Leave(RelayedLeave { name: None, call: None, reason: None })),
        (
            "error",
            ServerMessage::Error(Refusal {
                message: "Command not found: ping".to_owned(),
                code: None,
                name: None,
                call: None,
                fault: None,
                seconds: None,
            }),
        ),
    ]
}
