//! The wire format, pinned and attacked.
//!
//! `golden` compares every message with the files in `tests/golden`; `codes` pins the strings and numbers; `hostile` and
//! `properties` throw at the decoder what nobody should send; `names` does the same to user names, `people` lets real ones in; `document` keeps
//! PROTOCOL.md true. `checks` holds what must be so whatever comes in: the fuzz targets in `fuzz/` run the same.

#![allow(clippy::panic, clippy::unwrap_used, reason = "all of this is a test, helpers included")]

mod arbitrary;
mod checks;
mod client_cases;
mod codes;
mod document;
mod golden;
mod hostile;
#[cfg(feature = "names")]
mod names;
#[cfg(feature = "names")]
mod people;
mod properties;
mod server_cases;
mod tutorial_cases;

use protocol::{CallId, Raw};

/// A session description, as short as one gets.
const OFFER: &str =
    r#"{"type":"offer","sdp":"v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"}"#;
const ANSWER: &str =
    r#"{"type":"answer","sdp":"v=0\r\no=- 3 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"}"#;
const CANDIDATE: &str = r#"{"candidate":"candidate:1 1 udp 2113937151 192.0.2.1 54400 typ host","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":"EsAw"}"#;

fn raw(json: &str) -> Raw {
    Raw::from_json(json.to_owned()).unwrap()
}

fn call() -> Option<CallId> {
    Some(CallId::try_from("c0ffee-1".to_owned()).unwrap())
}

/// The call that [`call`] continues.
fn earlier_call() -> Option<CallId> {
    Some(CallId::try_from("c0ffee-0".to_owned()).unwrap())
}

#[expect(clippy::unnecessary_wraps, reason = "it fills optional fields")]
fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}
