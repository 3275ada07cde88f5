//! PROTOCOL.md says what the code does.

use protocol::{
    ClientMessage, DecodeError, ErrorCode, LeaveReason, ServerMessage, close::CloseCode, limits,
};

const DOCUMENT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../PROTOCOL.md"));

/// The lines of the code blocks in this language.
fn blocks(language: &str) -> Vec<&'static str> {
    let start = format!("```{language}\n");
    DOCUMENT
        .split(&start)
        .skip(1)
        .flat_map(|rest| rest.split("```").next().unwrap_or_default().lines())
        .collect()
}

fn assert_are_messages<M>(
    side: &str,
    decode: fn(&str) -> Result<M, DecodeError>,
    encode: fn(&M) -> String,
) {
    let examples = blocks(&format!("json {side}"));
    assert!(!examples.is_empty(), "no examples for the {side}");
    for example in examples {
        let written = decode(example).map(|message| encode(&message));
        assert_eq!(written.as_deref(), Ok(example));
    }
}

#[test]
fn the_examples_are_messages() {
    assert_are_messages("client", ClientMessage::decode, ClientMessage::encode);
    assert_are_messages("server", ServerMessage::decode, ServerMessage::encode);
}

#[test]
fn every_code_and_limit_is_there() {
    let json = |code| serde_json::to_string(&code).unwrap().replace('"', "`");
    let mut words: Vec<String> = ErrorCode::ALL
        .iter()
        .map(|code| format!("| {} | {} |", json(*code), yes_or_no(code.retry_can_help())))
        .collect();
    words.extend(
        LeaveReason::ALL
            .iter()
            .map(|reason| serde_json::to_string(reason).unwrap().replace('"', "`"))
            .map(|reason| format!("| {reason} |")),
    );
    words.extend(
        CloseCode::ALL.iter().map(|code| format!("| {} | {} |", code.as_u16(), code.reason())),
    );
    words.extend([
        format!("| a message or frame | {} KiB |", limits::MAX_MESSAGE_BYTES / 1024),
        format!("| a session description | {} KiB |", limits::MAX_DESCRIPTION_BYTES / 1024),
        format!("| a candidate | {} KiB |", limits::MAX_CANDIDATE_BYTES / 1024),
        format!("| a name, normalised | {} characters |", limits::MAX_NAME_CHARS),
        format!("| a name, as sent | {} bytes |", limits::MAX_NAME_BYTES),
        format!("| a call id | {} bytes |", limits::MAX_CALL_ID_BYTES),
        format!("| until the login | {} s |", limits::LOGIN_DEADLINE.as_secs()),
        format!("| between two pings of the server | {} s |", limits::PING_INTERVAL.as_secs()),
        format!("| from a ping to a sign of life | {} s |", limits::PONG_DEADLINE.as_secs()),
        format!("| ringing | {} s |", limits::RING_TIMEOUT.as_secs()),
        format!("| away, socket lost | {} s |", limits::GRACE_PERIOD.as_secs()),
        format!("| away, page gone | {} s |", limits::RELOAD_PERIOD.as_secs()),
        format!("| between two acknowledgements | {} messages |", limits::ACKNOWLEDGE_EVERY),
        format!(
            "| not acknowledged | {} messages, {} KiB |",
            limits::MAX_UNACKNOWLEDGED_MESSAGES,
            limits::MAX_UNACKNOWLEDGED_BYTES / 1024
        ),
    ]);
    for word in words {
        assert!(DOCUMENT.contains(&word), "PROTOCOL.md does not say: {word}");
    }
}

fn yes_or_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}
