//! Arbitrary messages of both directions.

use proptest::{collection::vec, option, prelude::*};
use protocol::{
    Answer, Away, CallId, Candidate, ClientMessage, ErrorCode, Ice, IceServer, Leave, LeaveReason,
    Login, LoginReply, Missed, NameError, NameReason, Offer, Ping, Pong, Raw, Refusal,
    RelayedAnswer, RelayedCandidate, RelayedLeave, RelayedOffer, RelayedRinging, Restored, Ringing,
    ServerMessage, Welcome,
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

fn raw() -> BoxedStrategy<Raw> {
    json().prop_map(|json| Raw::from_json(json).unwrap()).boxed()
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

/// Boxed, as what is below: the trees of so many fields side by side would not fit a test's stack.
pub(crate) fn client_message() -> BoxedStrategy<ClientMessage> {
    let (name, call) = (|| option::of(text()), || option::of(call_id()));
    prop_oneof![
        login().prop_map(|login| ClientMessage::Login(Box::new(login))),
        (text(), raw(), call(), call()).prop_map(|(name, offer, call, replaces)| {
            ClientMessage::Offer(Offer { name, offer, call, replaces })
        }),
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
        count().prop_map(|received| ClientMessage::Ping(Ping { received })),
    ]
    .boxed()
}

fn login() -> BoxedStrategy<Login> {
    let call = (option::of(call_id()), option::of(call_id()));
    let booleans = (any::<bool>(), any::<bool>());
    let secrets = (option::of(text()), option::of(text()));
    (text(), secrets, count(), count(), option::of(text()), call, booleans)
        .prop_map(|(name, (session, ticket), received, attempt, peer, calls, (anew, calling))| {
            let (call, continued) = calls;
            Login { name, session, ticket, received, anew, attempt, peer, call, calling, continued }
        })
        .boxed()
}

fn count() -> impl Strategy<Value = Option<u64>> {
    option::of(prop_oneof![0..40_u64, any::<u64>()])
}

pub(crate) fn server_message() -> BoxedStrategy<ServerMessage> {
    let (name, call) = (|| option::of(text()), || option::of(call_id()));
    prop_oneof![
        login_reply().prop_map(ServerMessage::Login),
        (text(), raw(), call(), call(), any::<bool>()).prop_map(
            |(name, offer, call, replaces, guest)| {
                ServerMessage::Offer(RelayedOffer { name, offer, call, replaces, guest })
            }
        ),
        (name(), raw(), call(), any::<bool>()).prop_map(|(name, answer, call, guest)| {
            ServerMessage::Answer(RelayedAnswer { name, answer, call, guest })
        }),
        (name(), raw(), call()).prop_map(|(name, candidate, call)| {
            let name = name.map(Into::into);
            ServerMessage::Candidate(RelayedCandidate { name, candidate, call })
        }),
        (name(), call(), any::<bool>()).prop_map(|(name, call, guest)| {
            ServerMessage::Ringing(RelayedRinging { name, call, guest })
        }),
        (name(), call(), option::of(reason())).prop_map(|(name, call, reason)| {
            ServerMessage::Leave(RelayedLeave { name, call, reason })
        }),
        (text(), option::of(code()), name(), call(), option::of(fault()), any::<Option<u32>>())
            .prop_map(|(message, code, name, call, fault, seconds)| {
                ServerMessage::Error(Refusal { message, code, name, call, fault, seconds })
            }),
        count().prop_map(|received| ServerMessage::Pong(Pong { received })),
        vec(ice_server(), 0..3).prop_map(|ice_servers| ServerMessage::Ice(Ice { ice_servers })),
        (text(), call_id())
            .prop_map(|(name, call)| { ServerMessage::Restored(Restored { name, call }) }),
        (text(), call(), any::<bool>()).prop_map(|(name, call, guest)| {
            ServerMessage::Missed(Missed { name, call, guest })
        }),
        (text(), call_id(), any::<bool>())
            .prop_map(|(name, call, back)| ServerMessage::Away(Away { name, call, back })),
    ]
    .boxed()
}

fn fault() -> impl Strategy<Value = NameError> {
    let reason = prop_oneof![proptest::sample::select(NameReason::ALL), Just(NameReason::Unknown)];
    (reason, option::of(any::<char>()))
        .prop_map(|(reason, character)| NameError { reason, character })
}

fn ice_server() -> impl Strategy<Value = IceServer> {
    (vec(text(), 0..3), option::of(text()), option::of(text()))
        .prop_map(|(urls, username, credential)| IceServer { urls, username, credential })
}

fn login_reply() -> BoxedStrategy<LoginReply> {
    let session = (option::of(text()), count(), option::of(text()), option::of(call_id()));
    let numbers = (option::of(any::<u32>()), option::of(any::<u32>()));
    let welcome = (option::of(text()), session, vec(ice_server(), 0..3), numbers).prop_map(
        |(name, (session, received, peer, call), ice_servers, (version, grace))| {
            LoginReply::Welcome(Box::new(Welcome {
                name,
                session,
                received,
                peer,
                call,
                ice_servers,
                version,
                grace,
            }))
        },
    );
    let refused =
        (option::of(code()), option::of(text()), option::of(fault()), any::<Option<u32>>())
            .prop_map(|(code, message, fault, seconds)| LoginReply::Refused {
                code,
                message,
                fault,
                seconds,
            });
    prop_oneof![welcome, refused].boxed()
}
