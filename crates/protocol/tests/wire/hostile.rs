//! What an attacker sends: each line a known trick, with what becomes of it.

use std::thread;

use protocol::{
    ClientMessage, DecodeError, ErrorCode, Login, LoginReply, Offer, Ping, ServerMessage,
    limits::{MAX_CANDIDATE_BYTES, MAX_DESCRIPTION_BYTES, MAX_MESSAGE_BYTES},
};

use crate::{OFFER, checks, golden, raw, some};

#[test]
fn what_is_not_a_message_is_refused_with_the_reason() {
    for (text, reason) in [
        ("", "it is not a JSON object"),
        ("null", "it is not a JSON object"),
        ("\"login\"", "it is not a JSON object"),
        (r#"["login","alice"]"#, "it is not a JSON object"),
        ("\u{feff}{\"type\":\"ping\"}", "it is not a JSON object"),
        ("{}", "missing field `type`"),
        ("{", "EOF"),
        (r#"{"type":null}"#, "invalid type: null"),
        (r#"{"type":7}"#, "invalid type: integer"),
        (r#"{"type":["ping"]}"#, "invalid type: sequence"),
        (r#"{"Type":"ping"}"#, "missing field `type`"),
        (r#"{"type":"\ud800"}"#, "unexpected end of hex escape"),
        (r#"{"\ud800":1,"type":"ping"}"#, "unexpected end of hex escape"),
        (r#"{"type":"ping"}{"type":"ping"}"#, "trailing characters"),
        (r#"{"type":"ping","type":"ping"}"#, "duplicate field `type`"),
        (r#"{"type":"ping","\u0074ype":"login"}"#, "duplicate field `type`"),
        (r#"{"type":"login"}"#, "missing field `name`"),
        (r#"{"type":"login","name":null}"#, "invalid type: null"),
        (r#"{"type":"login","name":"\ud800"}"#, "unexpected end of hex escape"),
        (r#"{"type":"login","name":1e999}"#, "number out of range"),
        (r#"{"type":"login","name":"a","n\u0061me":"b"}"#, "duplicate field `name`"),
        (r#"{"type":"offer","offer":{}}"#, "missing field `name`"),
        (r#"{"type":"answer","name":"a"}"#, "missing field `answer`"),
        (r#"{"type":"leave","call":""}"#, "a call id is"),
        (r#"{"type":"leave","call":"../../x"}"#, "a call id is"),
        (r#"{"type":"leave","reason":5}"#, "expected value"),
        (r#"{"type":"ping","received":-1}"#, "invalid value"),
        (r#"{"type":"ping","received":1.0}"#, "invalid type: floating point"),
        (r#"{"type":"ping","received":18446744073709551616}"#, "invalid type: floating point"),
        (r#"{"type":"ping","received":"7"}"#, "invalid type: string"),
        (r#"{"type":"login","name":"a","anew":1}"#, "invalid type: integer"),
        (r#"{"type":"login","name":"a","session":7}"#, "invalid type: integer"),
        (r#"{"type":"login","name":"a","call":"no id !"}"#, "a call id is"),
        (r#"{"type":"offer","name":"a","offer":1,"replaces":"no id !"}"#, "a call id is"),
    ] {
        let error = ClientMessage::decode(text).unwrap_err();
        assert!(error.to_string().contains(reason), "{text}: {error}");
        assert_eq!(error.code(), Some(ErrorCode::BadMessage), "{text}");
        checks::client_message(text);
    }
}

#[test]
fn what_only_looks_odd_is_read() {
    let ping = || Ok(ClientMessage::Ping(Ping::default()));
    let alice = || Login { name: "alice".to_owned(), ..Login::default() };
    let login = || Ok(ClientMessage::Login(Box::new(alice())));
    for (text, message) in [
        (r#"{"\u0074ype":"p\u0069ng"}"#, ping()),
        (" \t\r\n{ \"type\" : \"ping\" } \n", ping()),
        (r#"{"x":"\ud800","y":1e999,"z":-0.0E-0,"type":"ping"}"#, ping()),
        (r#"{"x":1,"x":2,"type":"ping"}"#, ping()),
        (r#"{"name":"alice","type":"login"}"#, login()),
        (r#"{"type":"login","name":"alice","session":null}"#, login()),
        (r#"{"type":"login","name":"\u0061lice"}"#, login()),
        (r#"{"type":"login","name":"alice","anew":false,"calling":false}"#, login()),
        (
            r#"{"type":"login","name":"alice","received":18446744073709551615}"#,
            Ok(ClientMessage::Login(Box::new(Login { received: Some(u64::MAX), ..alice() }))),
        ),
        (r#"{"type":"ping","received":null}"#, ping()),
        (r#"{"type":"Ping"}"#, Err(DecodeError::UnknownType)),
        (r#"{"type":""}"#, Err(DecodeError::UnknownType)),
        (r#"{"type":"__proto__"}"#, Err(DecodeError::UnknownType)),
        // What the other direction says is unknown in this one.
        (r#"{"type":"pong"}"#, Err(DecodeError::UnknownType)),
    ] {
        assert_eq!(ClientMessage::decode(text), message, "{text}");
    }
}

/// `RTCIceServer` may have a string where there usually is a list (W3C WebRTC section 4.2.2).
#[test]
fn one_url_of_an_ice_server_may_stand_without_a_list() {
    let login =
        |urls| format!(r#"{{"type":"login","success":true,"iceServers":[{{"urls":{urls}}}]}}"#);
    let one = ServerMessage::decode(&login(r#""stun:stun.example.org""#));
    assert!(one.is_ok());
    assert_eq!(one, ServerMessage::decode(&login(r#"["stun:stun.example.org"]"#)));
    for urls in ["7", "null", "[7]", "{}"] {
        assert!(ServerMessage::decode(&login(urls)).is_err(), "{urls}");
    }
}

/// A field that stands twice could mean one thing to us and another to the next reader.
#[test]
fn a_field_that_stands_twice_is_refused() {
    for (direction, decode) in [
        ("client", (|text| ClientMessage::decode(text).map(drop)) as fn(&str) -> _),
        ("server", |text| ServerMessage::decode(text).map(drop)),
    ] {
        for (name, text) in golden::folder(direction) {
            let fields: serde_json::Map<String, serde_json::Value> =
                serde_json::from_str(&text).unwrap();
            for (key, value) in fields {
                let twice = text.replacen('{', &format!("{{\"{key}\":{value},"), 1);
                let Err(DecodeError::Malformed(reason)) = decode(&twice) else {
                    panic!("{direction}/{name}: {key} may stand twice");
                };
                assert!(reason.contains("duplicate field"), "{direction}/{name} {key}: {reason}");
            }
        }
    }
}

/// Nesting costs no stack where nobody looks, and is bounded where somebody does: a message as large as one can be is
/// read within a stack of 256 KiB. Recursion would take some 50 bytes of stack and more for each of 64 Ki brackets.
#[test]
fn deep_nesting_does_not_exhaust_the_stack() {
    let nests = |open: &str, leaf: &str, close: &str| {
        let levels = (MAX_MESSAGE_BYTES - 100) / (open.len() + close.len());
        format!("{}{leaf}{}", open.repeat(levels), close.repeat(levels))
    };
    let nested: Vec<String> = [
        nests("[", "", "]"),
        nests("{\"type\":", "1", "}"),
        "[".repeat(MAX_MESSAGE_BYTES - 100),
        "{\"a\":".repeat(13_000),
    ]
    .into_iter()
    .flat_map(|nested| {
        [
            format!(r#"{{"type":{nested}}}"#),
            format!(r#"{{"type":"ping","x":{nested}}}"#),
            format!(r#"{{"type":"login","name":{nested}}}"#),
            format!(r#"{{"type":"login","success":true,"iceServers":{nested}}}"#),
            format!(r#"{{"type":"login","success":true,"iceServers":[{{"urls":{nested}}}]}}"#),
            format!(r#"{{"type":"offer","name":"bob","offer":{nested}}}"#),
            format!(r#"{{"type":"leave","call":{nested}}}"#),
            format!(r#"{{"type":"leave","reason":{nested}}}"#),
            nested,
        ]
    })
    .collect();
    thread::Builder::new()
        .stack_size(256 * 1024)
        .spawn(move || {
            for text in &nested {
                checks::client_message(text);
                checks::server_message(text);
            }
        })
        .unwrap()
        .join()
        .unwrap();
}

/// JSON of exactly so many bytes.
fn json_of(bytes: usize) -> String {
    format!("\"{}\"", "x".repeat(bytes - 2))
}

#[test]
fn descriptions_and_candidates_have_limits() {
    for (kind, limit) in [
        ("offer", MAX_DESCRIPTION_BYTES),
        ("answer", MAX_DESCRIPTION_BYTES),
        ("candidate", MAX_CANDIDATE_BYTES),
    ] {
        let text = |bytes| {
            format!("{{\"type\":\"{kind}\",\"name\":\"bob\",\"{kind}\":{}}}", json_of(bytes))
        };
        assert!(ClientMessage::decode(&text(limit)).is_ok(), "{kind}");
        let error = ClientMessage::decode(&text(limit + 1)).unwrap_err();
        assert_eq!(error, DecodeError::TooLarge { field: kind, limit });
        assert_eq!(error.code(), Some(ErrorCode::TooLarge));
        assert_eq!(error.to_string(), format!("The {kind} is larger than {} KiB.", limit / 1024));
    }
    let largest = ClientMessage::Offer(Offer {
        name: "x".repeat(256),
        offer: raw(&json_of(MAX_DESCRIPTION_BYTES)),
        call: crate::call(),
        replaces: crate::earlier_call(),
    });
    assert!(largest.encode().len() <= MAX_MESSAGE_BYTES);
}

#[test]
fn what_is_shown_for_debugging_holds_no_secret_and_no_address() {
    let welcome = golden::folder("server").remove("login-welcome-full").unwrap();
    let shown = [
        format!("{:?}", ServerMessage::decode(&welcome).unwrap()),
        format!("{:?}", ServerMessage::Login(LoginReply::Welcome(Box::default()))),
        format!(
            "{:?}",
            Login {
                name: "alice".to_owned(),
                session: some("s3cret"),
                ticket: some("t1cket"),
                ..Login::default()
            }
        ),
        format!("{:?}", raw(OFFER)),
    ];
    for shown in shown {
        for secret in ["s3cret", "t1cket", "aGVsbG8=", "127.0.0.1"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
