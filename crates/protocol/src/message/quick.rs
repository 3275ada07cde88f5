//! What makes up almost all of what is said, descriptions and candidates, read and written at once.
//!
//! A message can be read in one pass only by guessing its fields before its type is known, and quickly only by expecting
//! JSON as browsers write it. Where the guess is wrong, or anything is amiss or merely unusual, [`decode`] gives up, and
//! the message is read by serde in two passes, which decide what is right. So does [`encode`], for serde.

mod scan;

use scan::Scanner;

use super::{Answer, Candidate, ClientMessage, Offer, Raw, ServerMessage};
use crate::{ids::CallId, limits::MAX_CANDIDATE_BYTES};

/// The fields of all the messages that are read here.
#[derive(Default)]
struct Fields<'a> {
    kind: Option<&'a str>,
    name: Option<&'a str>,
    call: Option<&'a str>,
    replaces: Option<&'a str>,
    offer: Option<&'a str>,
    answer: Option<&'a str>,
    candidate: Option<&'a str>,
}

impl<'a> Fields<'a> {
    /// Reads an object; `None` if it is not one, or not a usual one.
    fn read(text: &'a str) -> Option<Self> {
        let mut fields = Self::default();
        let mut scanner = Scanner::new(text);
        scanner.object(|scanner, key| {
            let (field, value) = match key {
                "type" => (&mut fields.kind, scanner.text()?),
                "name" => (&mut fields.name, scanner.text()?),
                "call" => (&mut fields.call, scanner.text()?),
                "replaces" => (&mut fields.replaces, scanner.text()?),
                "offer" => (&mut fields.offer, some(scanner.value()?)?),
                "answer" => (&mut fields.answer, some(scanner.value()?)?),
                "candidate" => (&mut fields.candidate, some(scanner.value()?)?),
                _ => return scanner.value().map(|_| ()),
            };
            // A field that stands twice is for serde to refuse.
            field.replace(value).is_none().then_some(())
        })?;
        scanner.is_done().then_some(fields)
    }
}

/// Reads a description or a candidate, as [`ClientMessage::decode_in_two_passes`] does; `None` for anything else.
pub(super) fn decode(text: &str) -> Option<ClientMessage> {
    let Fields { kind, name, call, replaces, offer, answer, candidate } = Fields::read(text)?;
    let name = name.map(str::to_owned);
    let call = id(call)?;
    Some(match kind? {
        "offer" => ClientMessage::Offer(Offer {
            name: name?,
            offer: raw(offer)?,
            call,
            replaces: id(replaces)?,
        }),
        "answer" => ClientMessage::Answer(Answer { name, answer: raw(answer)?, call }),
        "candidate" => {
            ClientMessage::Candidate(Candidate { name, candidate: raw(candidate)?, call })
        }
        _ => return None,
    })
}

/// See [`ClientMessage::candidate_for`].
pub(super) fn candidate_for(text: &str, name: &str, call: Option<&CallId>) -> Option<Raw> {
    let rest = text.strip_prefix(r#"{"type":"candidate","name":""#)?.strip_prefix(name)?;
    let rest = rest.strip_prefix(r#"","candidate":"#)?.strip_suffix('}')?;
    let json = match call {
        Some(call) => {
            rest.strip_suffix('"')?.strip_suffix(call.as_str())?.strip_suffix(r#","call":""#)?
        }
        None => rest,
    };
    let mut scanner = Scanner::new(json);
    some(scanner.value()?)?;
    (scanner.is_done() && json.len() <= MAX_CANDIDATE_BYTES).then(|| Raw(json.into()))
}

/// A value that is not `null`, which may mean that it is absent.
fn some(json: &str) -> Option<&str> {
    (json != "null").then_some(json)
}

/// An id, if there is one; `None` if it is bad.
fn id(text: Option<&str>) -> Option<Option<CallId>> {
    text.map(CallId::try_from).transpose().ok()
}

fn raw(json: Option<&str>) -> Option<Raw> {
    json.map(|json| Raw(json.into()))
}

/// Writes a description or a candidate, as serde does; `None` for anything else. What is passed on is copied once, into
/// a text that has room for it.
pub(super) fn encode(message: &ServerMessage) -> Option<String> {
    let (open, name, field, opaque, call, replaces, guest) = match message {
        ServerMessage::Offer(m) => {
            let (open, field) = (r#"{"type":"offer""#, r#","offer":"#);
            (open, Some(&*m.name), field, &m.offer, &m.call, m.replaces.as_ref(), m.guest)
        }
        ServerMessage::Answer(m) => {
            let (open, field) = (r#"{"type":"answer""#, r#","answer":"#);
            (open, m.name.as_deref(), field, &m.answer, &m.call, None, m.guest)
        }
        ServerMessage::Candidate(m) => {
            let (open, field) = (r#"{"type":"candidate""#, r#","candidate":"#);
            (open, m.name.as_deref(), field, &m.candidate, &m.call, None, false)
        }
        _ => return None,
    };
    if name.is_some_and(needs_escapes) {
        return None;
    }
    let (opaque, call) = (opaque.as_json(), call.as_ref().map(CallId::as_str));
    let texts = [(NAME, name), (CALL, call), (REPLACES, replaces.map(CallId::as_str))];
    let guest = if guest { GUEST } else { "" };
    let added = texts.iter().filter_map(|(key, text)| text.map(|text| key.len() + text.len() + 1));
    let around = open.len() + field.len() + guest.len() + 1;
    // Exactly as long as it gets: what has room for more would be moved once more on its way to the socket.
    let mut json = String::with_capacity(around + opaque.len() + added.sum::<usize>());
    let [name, behind @ ..] = texts;
    json.push_str(open);
    push_text(&mut json, name);
    json.push_str(field);
    json.push_str(opaque);
    for text in behind {
        push_text(&mut json, text);
    }
    json.push_str(guest);
    json.push('}');
    Some(json)
}

const NAME: &str = r#","name":""#;
const CALL: &str = r#","call":""#;
const REPLACES: &str = r#","replaces":""#;
const GUEST: &str = r#","guest":true"#;

/// Writes a field with its text, if it has one.
fn push_text(json: &mut String, (key, text): (&str, Option<&str>)) {
    if let Some(text) = text {
        json.push_str(key);
        json.push_str(text);
        json.push('"');
    }
}

/// Whether a text is not the same within quotes (RFC 8259 section 7). Call ids never need escapes, and user names none
/// either; but this type does not say so.
fn needs_escapes(text: &str) -> bool {
    text.bytes().any(|byte| byte < b' ' || byte == b'"' || byte == b'\\')
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::select};

    use super::{
        ClientMessage, MAX_CANDIDATE_BYTES, Raw, ServerMessage, candidate_for, decode, encode,
    };
    use crate::{CallId, RelayedAnswer, RelayedCandidate, RelayedOffer};

    /// Messages that are read in one pass.
    const QUICK: [&str; 5] = [
        r#"{"type":"offer","name":"bob","offer":{"type":"offer","sdp":"a\r\n"},"call":"c-1"}"#,
        r#"{"call":"c-1","offer":"\\","replaces":"c-0","name":"bob","type":"offer"}"#,
        r#"{"type":"answer","name":"bob","answer":{"a":{"b":"}"}}}"#,
        r#"{"type":"candidate","candidate":{"candidate":"x","more":{}},"unknown":{"type":2}}"#,
        r#"{"type":"candidate","candidate":1,"offer":2,"other":null}"#,
    ];

    /// Messages that are not: other types, and whatever is unusual or wrong.
    const SLOW: [&str; 18] = [
        r#"["candidate"]"#,
        r#" {"type":"candidate","candidate":1}"#,
        r#"{"type":"ping"}"#,
        r#"{"type":"leave","name":"bob"}"#,
        r#"{"type":"later","name":5}"#,
        r#"{"type":"candidate","candidate":1,"offer":2,"offer":3}"#,
        r#"{"type":"candidate","candidate":1,"candidate":2}"#,
        r#"{"type":"candidate","candidate":null}"#,
        r#"{"type":"candidate","candidate":1,"name":"b\u006fb"}"#,
        r#"{"type":"candidate","candidate":1,"call":"not one"}"#,
        r#"{"type":"candidate","candidate":1,"replaces":5}"#,
        r#"{"type":"candidate","candidate":1"#,
        r#"{"type":"candidate","candidate":[1]}"#,
        r#"{"type":"candidate", "candidate":1}"#,
        r#"{"type":"candidate","candidate":1} "#,
        r#"{"type":"candidate","candidate":1,"call":null}"#,
        r#"{"type":"offer","offer":1}"#,
        r#"{"type":"offer","name":"bob","offer":1,"replaces":""}"#,
    ];

    #[test]
    fn one_pass_reads_what_two_read() {
        for text in QUICK {
            let quick = decode(text);
            assert!(quick.is_some(), "{text}");
            assert_eq!(quick, ClientMessage::decode_in_two_passes(text).ok(), "{text}");
        }
    }

    #[test]
    fn the_unusual_is_left_to_two_passes() {
        for text in SLOW {
            assert_eq!(decode(text), None, "{text}");
        }
        let read = |text: &str| ClientMessage::decode(text).is_ok();
        let read: Vec<bool> = SLOW.into_iter().map(read).collect();
        let (yes, no) = (true, false);
        assert_eq!(
            read,
            [no, yes, yes, yes, no, yes, no, yes, yes, no, yes, no, yes, yes, yes, yes, no, no]
        );
    }

    #[test]
    fn a_candidate_for_somebody_is_read_at_once() {
        let id = CallId::try_from("c-1").unwrap();
        let read =
            |text: &str, call| candidate_for(text, "bob", call).map(|raw| raw.as_json().to_owned());
        let with = |json: &str| {
            format!(r#"{{"type":"candidate","name":"bob","candidate":{json},"call":"c-1"}}"#)
        };
        for json in [r#"{"candidate":"a \\ b","sdpMLineIndex":0}"#, "\"\"", "1"] {
            assert_eq!(read(&with(json), Some(&id)).as_deref(), Some(json));
        }
        let tutorials = r#"{"type":"candidate","name":"bob","candidate":{}}"#;
        assert_eq!(read(tutorials, None).as_deref(), Some("{}"));
        assert_eq!(read(tutorials, Some(&id)), None);
        assert_eq!(read(&with("{}"), None), None);
        let large = format!("\"{}\"", "a".repeat(MAX_CANDIDATE_BYTES - 1));
        for json in ["null", "", "{}}", "{},\"call\":\"c-2\"", "1,\"guest\":true", " {}", &large] {
            assert_eq!(read(&with(json), Some(&id)), None, "{json}");
        }
        for other in [
            r#"{"type":"candidate","name":"bobby","candidate":{},"call":"c-1"}"#,
            r#"{"type":"candidate","name":"bob","candidate":{},"call":"c-12"}"#,
            r#"{"type":"candidate","name":"bob","candidate":{},"call":"1c-1"}"#,
            r#"{"type":"candidate","candidate":{},"call":"c-1"}"#,
            r#"{"type":"answer","name":"bob","answer":{},"call":"c-1"}"#,
        ] {
            assert_eq!(read(other, Some(&id)), None, "{other}");
        }
    }

    /// Objects made of the fields that mean something, with values that are right for some of them.
    fn objects() -> impl Strategy<Value = String> {
        const KEYS: [&str; 8] =
            ["type", "name", "call", "replaces", "offer", "answer", "candidate", "other"];
        const VALUES: [&str; 9] = [
            "\"offer\"",
            "\"answer\"",
            "\"candidate\"",
            "\"leave\"",
            "\"\\n\"",
            "\"\"",
            "null",
            "1",
            "{\"a\":[]}",
        ];
        vec((select(&KEYS[..]), select(&VALUES[..])), 0..8).prop_map(|fields| {
            let fields: Vec<String> =
                fields.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
            format!("{{{}}}", fields.join(","))
        })
    }

    /// Names as they may stand here, with what has to be escaped and what has not.
    fn names() -> impl Strategy<Value = Option<String>> {
        const NAMES: [Option<&str>; 6] =
            [None, Some("bob"), Some("юлия"), Some("\u{7f}"), Some("a\"b"), Some("\u{1}")];
        select(&NAMES[..]).prop_map(|name| name.map(str::to_owned))
    }

    fn relayed() -> impl Strategy<Value = ServerMessage> {
        let raw = select(&["1", "null", "{\"a\":\"\\n\"}"][..])
            .prop_map(|json| Raw::from_json(json.to_owned()).unwrap());
        let id = || {
            select(&[None, Some("c-1")][..])
                .prop_map(|id| id.map(|id| CallId::try_from(id).unwrap()))
        };
        let any = (0..3, names(), raw, id(), id(), any::<bool>());
        any.prop_map(|(kind, name, raw, call, replaces, guest)| match kind {
            0 => ServerMessage::Answer(RelayedAnswer { name, answer: raw, call, guest }),
            1 => {
                let name = name.map(Into::into);
                ServerMessage::Candidate(RelayedCandidate { name, candidate: raw, call })
            }
            _ => {
                let name = name.unwrap_or_default();
                ServerMessage::Offer(RelayedOffer { name, offer: raw, call, replaces, guest })
            }
        })
    }

    proptest! {
        #[test]
        fn what_is_written_at_once_is_what_serde_writes(message in relayed()) {
            if let Some(text) = encode(&message) {
                prop_assert_eq!(text.capacity(), text.len());
                prop_assert_eq!(text, crate::message::encode(&message));
            }
        }

        #[test]
        fn one_pass_never_reads_anything_else_than_two(text in objects()) {
            if let Some(quick) = decode(&text) {
                prop_assert_eq!(Some(quick), ClientMessage::decode_in_two_passes(&text).ok());
            }
        }
    }
}
