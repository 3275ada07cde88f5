//! What holds for every message and for every text.

use proptest::{prelude::*, sample::Index};
use protocol::{CallId, ClientMessage, DecodeError, Raw, ServerMessage};

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
