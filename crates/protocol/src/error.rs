//! What can be wrong with a message, as stable codes and as sentences.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A stable code for what went wrong, for programs. The message beside it is for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// Not JSON, not an object with a `type`, or a field is missing or of the wrong kind.
    BadMessage,
    /// The name is not one that a user can have.
    BadName,
    /// Somebody is logged in under this name, or under one that looks the same.
    NameTaken,
    /// This needs a login first.
    NotLoggedIn,
    /// This socket is logged in already.
    AlreadyLoggedIn,
    /// Nobody is logged in under the name that was called.
    Offline,
    /// The message is for a call that its sender is not in.
    NotInCall,
    /// The session description or candidate is larger than the limit.
    TooLarge,
    /// Too many of these, too fast.
    RateLimited,
    /// The server cannot do it right now.
    Unavailable,
    /// The ticket is not good, or there is none and guests are refused: the user has to sign in first.
    SignInRequired,
    /// A code that this version does not know.
    #[serde(other)]
    Unknown,
}

impl ErrorCode {
    /// Every code that the server sends.
    pub const ALL: [Self; 11] = [
        Self::BadMessage,
        Self::BadName,
        Self::NameTaken,
        Self::NotLoggedIn,
        Self::AlreadyLoggedIn,
        Self::Offline,
        Self::NotInCall,
        Self::TooLarge,
        Self::RateLimited,
        Self::Unavailable,
        Self::SignInRequired,
    ];

    /// As it goes over the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadMessage => "bad_message",
            Self::BadName => "bad_name",
            Self::NameTaken => "name_taken",
            Self::NotLoggedIn => "not_logged_in",
            Self::AlreadyLoggedIn => "already_logged_in",
            Self::Offline => "offline",
            Self::NotInCall => "not_in_call",
            Self::TooLarge => "too_large",
            Self::RateLimited => "rate_limited",
            Self::Unavailable => "unavailable",
            Self::SignInRequired => "sign_in_required",
            Self::Unknown => "unknown",
        }
    }

    /// What a word of the wire means.
    #[must_use]
    pub fn of_word(word: &str) -> Self {
        Self::ALL.into_iter().find(|code| code.as_str() == word).unwrap_or(Self::Unknown)
    }

    /// Whether the same message, sent again later, may succeed.
    #[must_use]
    pub const fn retry_can_help(self) -> bool {
        match self {
            Self::NameTaken | Self::Offline | Self::RateLimited | Self::Unavailable => true,
            Self::BadMessage
            | Self::BadName
            | Self::NotLoggedIn
            | Self::AlreadyLoggedIn
            | Self::NotInCall
            | Self::TooLarge
            | Self::SignInRequired
            | Self::Unknown => false,
        }
    }
}

/// Why a text is not a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// Not JSON, not an object with a `type`, or a field is missing or of the wrong kind. Says where.
    Malformed(String),
    /// A session description or a candidate is over its limit.
    TooLarge {
        /// The field that is too large.
        field: &'static str,
        /// The limit, in bytes.
        limit: usize,
    },
    /// An object whose `type` this version does not know. To be ignored, so that newer peers can say more.
    UnknownType,
}

impl DecodeError {
    /// The code to answer with, or `None` for what is to be ignored.
    #[must_use]
    pub const fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Malformed(_) => Some(ErrorCode::BadMessage),
            Self::TooLarge { .. } => Some(ErrorCode::TooLarge),
            Self::UnknownType => None,
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(detail) => {
                write!(f, "This is not a message that Pronto understands: {detail}.")
            }
            Self::TooLarge { field, limit } => {
                write!(f, "The {field} is larger than {} KiB.", limit / 1024)
            }
            Self::UnknownType => write!(f, "The message is of a type that is not known here."),
        }
    }
}

impl std::error::Error for DecodeError {}
