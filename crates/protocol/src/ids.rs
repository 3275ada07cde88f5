//! The id of a call.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize, Serializer};

use crate::limits::MAX_CALL_ID_BYTES;

/// Tells one call from the next between the same two, so that what comes late can be recognised and dropped.
///
/// The caller chooses it: 1 to 64 bytes of ASCII letters, digits, `-` and `_`. It is not a secret. Shared, since every
/// message of a call has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct CallId(Arc<str>);

impl CallId {
    /// An id made of 128 bits, which the caller draws at random.
    #[must_use]
    pub fn from_bits(bits: u128) -> Self {
        Self(format!("{bits:032x}").into())
    }

    /// The id as it goes over the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a byte may stand in a call id. A table, since every message of a call has an id to look through.
const ALLOWED: [bool; 256] = {
    let mut allowed = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        let ascii = byte as u8;
        allowed[byte] = ascii.is_ascii_alphanumeric() || ascii == b'-' || ascii == b'_';
        byte += 1;
    }
    allowed
};

/// A call id must be 1 to 64 bytes of ASCII letters, digits, `-` and `_`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadCallId;

impl fmt::Display for BadCallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a call id is 1 to 64 ASCII letters, digits, - and _")
    }
}

impl std::error::Error for BadCallId {}

impl TryFrom<&str> for CallId {
    type Error = BadCallId;

    fn try_from(text: &str) -> Result<Self, BadCallId> {
        let allowed = |byte: u8| ALLOWED[usize::from(byte)];
        if (1..=MAX_CALL_ID_BYTES).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.into()))
        } else {
            Err(BadCallId)
        }
    }
}

impl TryFrom<String> for CallId {
    type Error = BadCallId;

    fn try_from(text: String) -> Result<Self, BadCallId> {
        text.as_str().try_into()
    }
}

impl From<CallId> for String {
    fn from(id: CallId) -> Self {
        id.as_str().to_owned()
    }
}

impl Serialize for CallId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
