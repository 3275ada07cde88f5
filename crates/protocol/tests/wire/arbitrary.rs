//! Arbitrary messages of both directions.

use proptest::{collection::vec, option, prelude::*};
use protocol::{
    Answer, CallId, Candidate, ClientMessage, ErrorCode, IceServer, Leave, LeaveReason, Login,
    LoginReply, Offer, Raw, Refusal, RelayedAnswer, RelayedCandidate, RelayedLeave, RelayedOffer,
    RelayedRinging, Ringing, ServerMessage, Welcome,
};

/// Text as people and attackers write it: any characters, the ones that JSON escapes more often than chance has it.
pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), r#"[a-z"\\/\x00-\x1f\u{7f}-\u{9f}\u{2028}\u{202e}é😀]{0,20}"#]
}

/// JSON as nobody would write it, but may: odd numbers, escapes without need, lone surrogates, space everywhere.
pub(crate) fn json() -> impl Strategy<Value = String> {
    let string = vec(
        prop_oneof![
            Just(r"\u0074"),
            Just(r"\ud800"),
            Just(r"\ud83d\ude00"),
            Just(r"\/"),
            Just(r#"\""#),
            Just(r"\r\n"),
            Just("a"),
            Just("é"),
            Just("\u{2028}"),
            Just("type"),
            Just("{"),
        ],
        0..5,
    )
    .prop_map(|parts| format!("\"{}\"", parts.concat()));
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,5})?([eE][+-]?[0-9]{1,4})?",
        string.clone(),
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        let member =
            (string.clone(), space(), inner.clone()).prop_map(|(k, s, v)| format!("{k}{s}:{s}{v}"));
        prop_oneof![
            (vec(inner, 0..4), space())
                .prop_map(|(v, s)| format!("[{s}{}{s}]", v.join(&format!("{s},{s}")))),
            (vec(member, 0..4), space())
                .prop_map(|(v, s)| format!("{{{s}{}{s}}}", v.join(&format!("{s},{s}")))),
        ]
    })
}

/// What JSON calls whitespace.
pub(crate) fn space() -> impl Strategy<Value = String> {
    "[ \t\r\n]{0,2}"
}

fn raw() -> impl Strategy<Value = Raw> {
    json().prop_map(|json| Raw::from_json(json).unwrap())
}

fn call_id() -> impl Strategy<Value = CallId> {
    prop_oneof![
        any::<u128>().prop_map(CallId::from_bits),
        "[A-Za-z0-9_-]{1,64}".prop_map(|id| CallId::try_from(id).unwrap()),
    ]
}

fn reason() -> impl Strategy<Value = LeaveReason> {
    proptest::sample::select(&LeaveReason::ALL[..])
}

fn code() -> impl Strategy<Value = ErrorCode> {
    prop_oneof![proptest::sample::select(&ErrorCode::ALL[..]), Just(ErrorCode::Unknown)]
}

pub(crate) fn client_message() -> impl Strategy<Value = ClientMessage> {
    let (name, call) = (|| option::of(text()), || option::of(call_id()));
    prop_oneof![
        (text(), option::of(text()))
            .prop_map(|(name, session)| ClientMessage::Login(Login { name, session })),
        (text(), raw(), call()).prop_map(|(name, offer, call)| ClientMessage::Offer(Offer {
            name,
            offer,
            call
        })),
        (name(), raw(), call()).prop_map(|(name, answer, call)| ClientMessage::Answer(Answer {
            name,
            answer,
            call
        })),
        (name(), raw(), call()).prop_map(|(name, candidate, call)| {
            ClientMessage::Candidate(Candidate { name, candidate, call })
        }),
        (name(), call()).prop_map(|(name, call)| ClientMessage::Ringing(Ringing { name, call })),
        (name(), call(), option::of(reason()))
            .prop_map(|(name, call, reason)| ClientMessage::Leave(Leave { name, call, reason })),
        Just(ClientMessage::Ping),
    ]
}

pub(crate) fn server_message() -> impl Strategy<Value = ServerMessage> {
    let (name, call) = (|| option::of(text()), || option::of(call_id()));
    prop_oneof![
        login_reply().prop_map(ServerMessage::Login),
        (text(), raw(), call()).prop_map(|(name, offer, call)| {
            ServerMessage::Offer(RelayedOffer { name, offer, call })
        }),
        (name(), raw(), call()).prop_map(|(name, answer, call)| {
            ServerMessage::Answer(RelayedAnswer { name, answer, call })
        }),
        (name(), raw(), call()).prop_map(|(name, candidate, call)| {
            ServerMessage::Candidate(RelayedCandidate { name, candidate, call })
        }),
        (name(), call())
            .prop_map(|(name, call)| ServerMessage::Ringing(RelayedRinging { name, call })),
        (name(), call(), option::of(reason())).prop_map(|(name, call, reason)| {
            ServerMessage::Leave(RelayedLeave { name, call, reason })
        }),
        (text(), option::of(code()), name(), call()).prop_map(|(message, code, name, call)| {
            ServerMessage::Error(Refusal { message, code, name, call })
        }),
        Just(ServerMessage::Pong),
    ]
}

fn login_reply() -> impl Strategy<Value = LoginReply> {
    let ice_server = (vec(text(), 0..3), option::of(text()), option::of(text()))
        .prop_map(|(urls, username, credential)| IceServer { urls, username, credential });
    let welcome =
        (option::of(text()), option::of(text()), vec(ice_server, 0..3), option::of(any::<u32>()))
            .prop_map(|(name, session, ice_servers, version)| {
                LoginReply::Welcome(Welcome { name, session, ice_servers, version })
            });
    let refused = (option::of(code()), option::of(text()))
        .prop_map(|(code, message)| LoginReply::Refused { code, message });
    prop_oneof![welcome, refused]
}
