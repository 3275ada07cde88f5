//! What holds for every message and for every text.

use proptest::{prelude::*, sample::Index};
use protocol::{CallId, ClientMessage, DecodeError, Raw, ServerMessage};
use serde::Deserialize;

use crate::{
    arbitrary::{client_message, json, server_message, space, text},
    checks,
};

/// A failure prints its smallest case, to be copied into a table; nothing is written into the source tree.
pub(crate) fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// A change to a text, somewhere in it.
#[derive(Clone, Debug)]
enum Mutation {
    Insert(Index, String),
    Remove(Index, Index),
    Repeat(Index, Index),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let index = any::<Index>;
    let piece = prop_oneof![
        any::<char>().prop_map(String::from),
        proptest::sample::select(vec![
            "{",
            "}",
            "[",
            "]",
            "\"",
            ",",
            ":",
            "\\",
            "\\u",
            "\\ud800",
            "null",
            "1e999",
            "-",
            "0",
            "\"type\":",
            "\"type\":\"ping\",",
            "\"name\":null,",
            "\u{feff}",
            "\u{0}",
        ])
        .prop_map(str::to_owned),
    ];
    prop_oneof![
        (index(), piece).prop_map(|(at, piece)| Mutation::Insert(at, piece)),
        (index(), index()).prop_map(|(from, to)| Mutation::Remove(from, to)),
        (index(), index()).prop_map(|(from, to)| Mutation::Repeat(from, to)),
    ]
}

fn mutate(text: &str, mutations: &[Mutation]) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for mutation in mutations {
        let range = |from: &Index, to: &Index| {
            let (one, other) = (from.index(chars.len() + 1), to.index(chars.len() + 1));
            one.min(other)..one.max(other)
        };
        match mutation {
            Mutation::Insert(at, piece) => {
                let at = at.index(chars.len() + 1);
                chars.splice(at..at, piece.chars());
            }
            Mutation::Remove(from, to) => drop(chars.drain(range(from, to))),
            Mutation::Repeat(from, to) => {
                let range = range(from, to);
                let piece = chars[range.clone()].to_vec();
                chars.splice(range.start..range.start, piece);
            }
        }
    }
    chars.into_iter().collect()
}

/// A server's message as serde reads it.
fn by_serde(text: &str) -> Option<ServerMessage> {
    fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Option<T> {
        serde_json::from_str(text).ok()
    }
    #[derive(Deserialize)]
    struct Tag {
        #[serde(rename = "type")]
        kind: String,
    }

    // serde also reads structs from arrays.
    if !text.trim_start().starts_with('{') {
        return None;
    }
    Some(match &*parse::<Tag>(text)?.kind {
        "login" => ServerMessage::Login(parse(text)?),
        "offer" => ServerMessage::Offer(parse(text)?),
        "answer" => ServerMessage::Answer(parse(text)?),
        "candidate" => ServerMessage::Candidate(parse(text)?),
        "ringing" => ServerMessage::Ringing(parse(text)?),
        "leave" => ServerMessage::Leave(parse(text)?),
        "error" => ServerMessage::Error(parse(text)?),
        "pong" => ServerMessage::Pong(parse(text)?),
        "ice" => ServerMessage::Ice(parse(text)?),
        "restored" => ServerMessage::Restored(parse(text)?),
        "missed" => ServerMessage::Missed(parse(text)?),
        "away" => ServerMessage::Away(parse(text)?),
        _ => return None,
    })
}

proptest! {
    #![proptest_config(config(1000))]

    #[test]
    fn a_clients_message_survives_the_wire(message in client_message()) {
        prop_assert_eq!(ClientMessage::decode(&message.encode()), Ok(message));
    }

    #[test]
    fn a_servers_message_survives_the_wire(message in server_message()) {
        prop_assert_eq!(ServerMessage::decode(&message.encode()), Ok(message));
    }

    #[test]
    fn a_client_writes_what_serde_writes(message in client_message()) {
        prop_assert_eq!(message.encode(), serde_json::to_string(&message).unwrap());
    }

    #[test]
    fn a_client_reads_what_serde_reads(
        message in server_message(),
        key in text(),
        value in json(),
        mutations in proptest::collection::vec(mutation(), 0..3),
    ) {
        let key = serde_json::to_string(&key).unwrap();
        let text = message.encode().replacen('{', &format!("{{{key}:{value},"), 1);
        let text = mutate(&text, &mutations);
        prop_assert_eq!(ServerMessage::decode(&text).ok(), by_serde(&text), "{}", text);
    }

    #[test]
    fn a_client_takes_for_json_what_serde_does(
        json in json(),
        mutations in proptest::collection::vec(mutation(), 0..3),
    ) {
        let json = mutate(&json, &mutations);
        let by_serde = serde_json::from_str::<&serde_json::value::RawValue>(&json);
        let raw = Raw::from_json(json.clone());
        prop_assert_eq!(
            raw.as_ref().map(Raw::as_json).ok(),
            by_serde.map(serde_json::value::RawValue::get).ok()
        );
        // Of a number out of range and of a lone surrogate it is not said that they are no JSON.
        prop_assert!(raw.is_ok() || serde_json::from_str::<serde_json::Value>(&json).is_err());
    }

    #[test]
    fn a_string_says_what_serde_says(json in json()) {
        prop_assert_eq!(
            protocol::json::string(&json).ok().map(std::borrow::Cow::into_owned),
            serde_json::from_str::<String>(&json).ok()
        );
    }

    #[test]
    fn any_text_is_a_message_or_an_error(text in text()) {
        checks::client_message(&text);
        checks::server_message(&text);
    }

    #[test]
    fn any_json_is_a_message_or_an_error(json in json()) {
        checks::client_message(&json);
        checks::server_message(&json);
    }

    #[test]
    fn a_damaged_message_is_a_message_or_an_error(
        text in prop_oneof![
            client_message().prop_map(|message| message.encode()),
            server_message().prop_map(|message| message.encode()),
        ],
        mutations in proptest::collection::vec(mutation(), 1..6),
    ) {
        let text = mutate(&text, &mutations);
        checks::client_message(&text);
        checks::server_message(&text);
    }

    #[test]
    fn unknown_fields_are_ignored(
        message in client_message(),
        reply in server_message(),
        key in "x[a-z\u{e9}]{0,9}",
        value in json(),
    ) {
        let with_field = |text: String| text.replacen('{', &format!("{{\"{key}\":{value},"), 1);
        prop_assert_eq!(ClientMessage::decode(&with_field(message.encode())), Ok(message));
        prop_assert_eq!(ServerMessage::decode(&with_field(reply.encode())), Ok(reply));
    }

    #[test]
    fn unknown_types_are_told_apart_from_mistakes(kind in text(), value in json()) {
        // No type that is known starts so.
        let kind = serde_json::to_string(&format!("x{kind}")).unwrap();
        let text = format!("{{\"name\":{value},\"type\":{kind}}}");
        prop_assert_eq!(ClientMessage::decode(&text), Err(DecodeError::UnknownType));
        prop_assert_eq!(ServerMessage::decode(&text), Err(DecodeError::UnknownType));
    }

    #[test]
    fn raw_json_passes_byte_for_byte(json in json(), space in space()) {
        let raw = Raw::from_json(format!("{space}{json}{space}")).unwrap();
        prop_assert_eq!(raw.as_json(), &json);

        let text = format!("{{\"type\":\"offer\",\"name\":\"bob\",\"offer\":{space}{json}{space}}}");
        let Ok(ClientMessage::Offer(offer)) = ClientMessage::decode(&text) else {
            panic!("not read as an offer: {text}");
        };
        prop_assert_eq!(offer.offer.as_json(), &json);
        prop_assert!(ClientMessage::Offer(offer).encode().contains(&json));
    }

    #[test]
    fn a_call_id_is_1_to_64_harmless_bytes(
        id in prop_oneof![text(), "[a-zA-Z0-9_-]{0,70}", "[a-z0-9]{0,3}[\\x00-\\x7f]?[a-z0-9]{0,3}"],
    ) {
        let harmless = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        let good = (1..=64).contains(&id.len()) && id.bytes().all(harmless);
        prop_assert_eq!(CallId::try_from(id.clone()).map(String::from).ok(), good.then_some(id));
    }

    #[test]
    fn drawn_call_ids_are_call_ids_and_differ_when_the_bits_do(one: u128, other: u128) {
        let (a, b) = (CallId::from_bits(one), CallId::from_bits(other));
        prop_assert_eq!(CallId::try_from(a.as_str().to_owned()), Ok(a.clone()));
        prop_assert_eq!(a == b, one == other);
    }
}
