//! What each file in `tests/golden/server` means.

use protocol::{
    Away, CallId, ErrorCode, Ice, IceServer, LeaveReason, LoginReply, Missed, NameError,
    NameReason, Pong, Refusal, RelayedAnswer, RelayedCandidate, RelayedLeave, RelayedOffer,
    RelayedRinging, Restored, ServerMessage, Welcome,
};

use crate::{ANSWER, CANDIDATE, OFFER, call, earlier_call, raw, some};

/// Our own server writes exactly these. Of each message: with the fewest fields, and with all.
pub(crate) fn cases() -> Vec<(&'static str, ServerMessage)> {
    let mut cases = logins();
    cases.extend(relayed());
    cases.extend([
        (
            "error",
            ServerMessage::Error(Refusal {
                message: "This needs a login first.".to_owned(),
                code: None,
                name: None,
                call: None,
                fault: None,
                seconds: None,
            }),
        ),
        (
            "error-full",
            ServerMessage::Error(Refusal {
                message: "bob is not here.".to_owned(),
                code: Some(ErrorCode::Offline),
                name: some("bob"),
                call: call(),
                fault: None,
                seconds: Some(15),
            }),
        ),
        (
            "error-bad-name",
            ServerMessage::Error(Refusal {
                message: "U+0441: A name is written in one script.".to_owned(),
                code: Some(ErrorCode::BadName),
                name: None,
                call: call(),
                fault: Some(NameError { reason: NameReason::Scripts, character: Some('с') }),
                seconds: None,
            }),
        ),
        ("ice", ServerMessage::Ice(Ice { ice_servers: vec![] })),
        ("ice-full", ServerMessage::Ice(Ice { ice_servers: ice_servers() })),
        ("missed", ServerMessage::Missed(missed(None, false))),
        ("missed-full", ServerMessage::Missed(missed(call(), true))),
        ("pong", ServerMessage::Pong(Pong::default())),
        ("pong-full", ServerMessage::Pong(Pong { received: Some(7) })),
    ]);
    let away = |back| call().map(|call| Away { name: "bob".to_owned(), call, back });
    cases.extend(away(false).map(|away| ("away", ServerMessage::Away(away))));
    cases.extend(away(true).map(|away| ("away-full", ServerMessage::Away(away))));
    let restored = call().map(|call| Restored { name: "bob".to_owned(), call });
    cases.extend(restored.map(|restored| ("restored", ServerMessage::Restored(restored))));
    cases
}

fn missed(call: Option<CallId>, guest: bool) -> Missed {
    Missed { name: "carol".to_owned(), call, guest }
}

fn ice_servers() -> Vec<IceServer> {
    vec![
        IceServer {
            urls: vec!["stun:stun.example.org".to_owned()],
            username: None,
            credential: None,
        },
        IceServer {
            urls: vec![
                "turn:turn.example.org".to_owned(),
                "turns:turn.example.org:443?transport=tcp".to_owned(),
            ],
            username: some("1767225600:alice"),
            credential: some("aGVsbG8="),
        },
    ]
}

fn logins() -> Vec<(&'static str, ServerMessage)> {
    let reply = ServerMessage::Login;
    vec![
        ("login-welcome", reply(LoginReply::Welcome(Box::default()))),
        (
            "login-welcome-full",
            reply(LoginReply::Welcome(Box::new(Welcome {
                name: some("alice"),
                session: some("s3cret"),
                received: Some(7),
                peer: some("bob"),
                call: call(),
                ice_servers: ice_servers(),
                version: Some(1),
                grace: Some(30),
            }))),
        ),
        (
            "login-refused",
            reply(LoginReply::Refused { code: None, message: None, fault: None, seconds: None }),
        ),
        (
            "login-refused-full",
            reply(LoginReply::Refused {
                code: Some(ErrorCode::NameTaken),
                message: some("Somebody else has this name."),
                fault: None,
                seconds: Some(7),
            }),
        ),
        (
            "login-bad-name",
            reply(LoginReply::Refused {
                code: Some(ErrorCode::BadName),
                message: some("A name has at most 32 characters."),
                fault: Some(NameError { reason: NameReason::TooLong, character: None }),
                seconds: None,
            }),
        ),
    ]
}

fn relayed() -> Vec<(&'static str, ServerMessage)> {
    let name = || some("alice");
    let offer = |call, replaces, guest| {
        let name = "alice".to_owned();
        RelayedOffer { name, offer: raw(OFFER), call, replaces, guest }
    };
    let answer = |name, call, guest| RelayedAnswer { name, answer: raw(ANSWER), call, guest };
    let candidate = |name: Option<String>, call| {
        let name = name.map(Into::into);
        RelayedCandidate { name, candidate: raw(CANDIDATE), call }
    };
    let ringing = |name, call, guest| RelayedRinging { name, call, guest };
    let leave = |name, call, reason| RelayedLeave { name, call, reason };
    vec![
        ("offer", ServerMessage::Offer(offer(None, None, false))),
        ("offer-full", ServerMessage::Offer(offer(call(), earlier_call(), true))),
        ("answer", ServerMessage::Answer(answer(None, None, false))),
        ("answer-full", ServerMessage::Answer(answer(name(), call(), true))),
        ("candidate", ServerMessage::Candidate(candidate(None, None))),
        ("candidate-full", ServerMessage::Candidate(candidate(name(), call()))),
        ("ringing", ServerMessage::Ringing(ringing(None, None, false))),
        ("ringing-full", ServerMessage::Ringing(ringing(name(), call(), true))),
        ("leave", ServerMessage::Leave(leave(None, None, None))),
        ("leave-full", ServerMessage::Leave(leave(name(), call(), Some(LeaveReason::Gone)))),
    ]
}
