//! What must be so for every text there is. Shared with the fuzz targets, so that they cannot drift apart.

use std::fmt::Debug;

use protocol::{ClientMessage, DecodeError, ServerMessage};

/// Reads a text as the server does.
pub(crate) fn client_message(text: &str) {
    // What begins with a space is not read in one pass. It must mean the same.
    assert_eq!(ClientMessage::decode(text).ok(), ClientMessage::decode(&format!(" {text}")).ok());
    decoded(ClientMessage::decode(text), ClientMessage::decode, ClientMessage::encode);
}

/// Reads a text as a client does.
pub(crate) fn server_message(text: &str) {
    decoded(ServerMessage::decode(text), ServerMessage::decode, ServerMessage::encode);
}

/// A message means the same after it was written and read again. A refusal can be shown to people.
fn decoded<M: PartialEq + Debug>(
    read: Result<M, DecodeError>,
    decode: fn(&str) -> Result<M, DecodeError>,
    encode: fn(&M) -> String,
) {
    match read {
        Ok(message) => assert_eq!(decode(&encode(&message)).as_ref(), Ok(&message)),
        Err(error) => {
            let words = error.to_string();
            assert!(words.chars().count() <= 200, "too long for an error: {words:?}");
            assert!(!words.chars().any(|c| c.is_control() || is_invisible(c)), "{words:?}");
            assert_eq!(error.code().is_none(), error == DecodeError::UnknownType);
        }
    }
}

/// Takes a text as the name that somebody wants.
#[cfg(feature = "names")]
pub(crate) fn user_name(text: &str) {
    use protocol::{NameReason, UserName, limits::MAX_NAME_CHARS};

    let parsed = UserName::parse(text);
    assert_eq!(UserName::parse(&text.to_ascii_uppercase()), parsed, "case matters: {text:?}");
    let name = match parsed {
        Ok(name) => name,
        Err(error) => {
            let whole = matches!(error.reason, NameReason::Empty | NameReason::TooLong);
            assert_eq!(error.character.is_none(), whole, "{text:?}: {error:?}");
            let words = error.to_string();
            assert!(!words.chars().any(|c| c.is_control() || is_invisible(c)), "{words:?}");
            return;
        }
    };
    assert!((1..=MAX_NAME_CHARS).contains(&name.as_str().chars().count()), "{name:?}");
    let bad = |c: char| {
        c.is_control()
            || c.is_whitespace()
            || c.is_uppercase() && !('\u{13a0}'..='\u{13f5}').contains(&c)
            || is_invisible(c) && !matches!(c, '\u{200c}' | '\u{200d}')
    };
    assert!(!name.as_str().contains(bad), "{name:?}");
    let again = UserName::parse(name.as_str());
    assert_eq!(again.as_ref(), Ok(&name), "a name must mean itself");
    let again = again.as_ref().map(UserName::as_str);
    assert_eq!(again, Ok(name.as_str()), "a spelling must be that of itself");
    assert_eq!(UserName::kept(name.as_str()).as_ref().map(UserName::as_str), Some(name.as_str()));
    for (case, look) in name.looks().each() {
        assert!(!look.is_empty(), "{name:?} in {case}");
    }
}

/// Characters of category Cf (format), and the others that Unicode calls default ignorable.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}'
        | '\u{890}'..='\u{891}' | '\u{8e2}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}
