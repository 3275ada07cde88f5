//! Every message is compared with its file: `tests/golden/<who says it>/<message>.json`, one text frame each.

use std::{collections::BTreeMap, fmt::Debug, fs, path::Path};

use protocol::{ClientMessage, DecodeError, ErrorCode, LoginReply, ServerMessage};

use crate::{client_cases, server_cases, tutorial_cases};

/// The texts of a folder by the names of their files. The newline at a file's end is not part of the message.
pub(crate) fn folder(name: &str) -> BTreeMap<String, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    fs::read_dir(path)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(&path).unwrap().trim_end().to_owned())
        })
        .collect()
}

/// Every file means its case, and there is no file without a case nor a case without a file.
fn assert_means<M: PartialEq + Debug>(
    name: &str,
    cases: Vec<(&str, M)>,
    decode: fn(&str) -> Result<M, DecodeError>,
) {
    let mut files = folder(name);
    for (case, message) in cases {
        let text = files.remove(case).unwrap_or_else(|| panic!("{name}/{case}.json is missing"));
        assert_eq!(decode(&text), Ok(message), "{name}/{case}.json");
    }
    assert!(files.is_empty(), "{name}: no case for {:?}", files.keys());
}

fn assert_written_as<M>(name: &str, cases: Vec<(&str, M)>, encode: fn(&M) -> String) {
    let files = folder(name);
    for (case, message) in cases {
        assert_eq!(Some(&encode(&message)), files.get(case), "{name}/{case}.json");
    }
}

#[test]
fn our_clients_messages_are_read_as_the_files_say() {
    assert_means("client", client_cases::cases(), ClientMessage::decode);
}

#[test]
fn our_clients_messages_are_written_as_the_files_say() {
    assert_written_as("client", client_cases::cases(), ClientMessage::encode);
}

#[test]
fn our_servers_messages_are_read_as_the_files_say() {
    assert_means("server", server_cases::cases(), ServerMessage::decode);
}

#[test]
fn our_servers_messages_are_written_as_the_files_say() {
    assert_written_as("server", server_cases::cases(), ServerMessage::encode);
}

#[test]
fn the_tutorials_clients_messages_are_read() {
    assert_means("tutorial-client", tutorial_cases::client(), ClientMessage::decode);
}

#[test]
fn the_tutorials_servers_messages_are_read() {
    assert_means("tutorial-server", tutorial_cases::server(), ServerMessage::decode);
}

#[test]
fn the_tutorials_greeting_is_an_error_and_no_more() {
    for greeting in ["Hello world", "Hello from server"] {
        let error = ServerMessage::decode(greeting).unwrap_err();
        assert_eq!(error.code(), Some(ErrorCode::BadMessage), "{greeting}");
    }
}

/// Names the variant of a message, and lists all of them. A new variant does not compile until it stands here, and
/// fails the test below until it has a file.
macro_rules! variants {
    ($enum:ident { $($variant:ident $pattern:pat),* $(,)? }) => {{
        let name: fn(&$enum) -> &'static str = |message| match message {
            $($pattern => stringify!($variant),)*
        };
        (name, vec![$(stringify!($variant)),*])
    }};
}

fn assert_all_have_files<M>(
    cases: Vec<(&str, M)>,
    (name, all): (fn(&M) -> &'static str, Vec<&'static str>),
) {
    let have: Vec<_> = cases.iter().map(|(_, message)| name(message)).collect();
    for variant in all {
        assert!(have.contains(&variant), "{variant} has no golden file");
    }
}

#[test]
fn every_message_has_a_file() {
    assert_all_have_files(
        client_cases::cases(),
        variants!(ClientMessage {
            Login ClientMessage::Login(_),
            Offer ClientMessage::Offer(_),
            Answer ClientMessage::Answer(_),
            Candidate ClientMessage::Candidate(_),
            Ringing ClientMessage::Ringing(_),
            Leave ClientMessage::Leave(_),
            Ping ClientMessage::Ping(_),
        }),
    );
    assert_all_have_files(
        server_cases::cases(),
        variants!(ServerMessage {
            Welcome ServerMessage::Login(LoginReply::Welcome(_)),
            Refused ServerMessage::Login(LoginReply::Refused { .. }),
            Offer ServerMessage::Offer(_),
            Answer ServerMessage::Answer(_),
            Candidate ServerMessage::Candidate(_),
            Ringing ServerMessage::Ringing(_),
            Leave ServerMessage::Leave(_),
            Error ServerMessage::Error(_),
            Pong ServerMessage::Pong(_),
            Ice ServerMessage::Ice(_),
            Restored ServerMessage::Restored(_),
            Missed ServerMessage::Missed(_),
            Away ServerMessage::Away(_),
        }),
    );
}
