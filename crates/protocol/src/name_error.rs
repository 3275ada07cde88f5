//! Why a text cannot be a user name.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident = $word:literal,)*) => {
        /// What is wrong with a name. New reasons may be added, so that a client has to know what to say of one that it does
        /// not know.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum NameReason {
            $($(#[$doc])* $variant,)*
            /// A reason that this version does not know.
            #[serde(other)]
            Unknown,
        }

        impl NameReason {
            /// Every reason that the server sends.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// As it goes over the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                    Self::Unknown => "unknown",
                }
            }
        }
    };
}

reasons! {
    /// Nothing was given.
    Empty = "empty",
    /// More than 32 characters.
    TooLong = "too_long",
    /// Neither a letter nor a digit, nor anything else that a name may have.
    Character = "character",
    /// It cannot be seen: a control or formatting character, or one that shapes its neighbours where they do not need it.
    Invisible = "invisible",
    /// A separator, such as `.`, `_` or `-`, at an end of the name.
    Edge = "edge",
    /// A mark that stands on no letter.
    MarkAlone = "mark_alone",
    /// A mark that cannot be seen on its letter, one that stands there already, or more than four of them.
    Mark = "mark",
    /// A letter of another script than those before it, such as a Cyrillic `а` among Latin letters.
    Scripts = "scripts",
    /// A digit of another kind than those before it.
    Digits = "digits",
    /// A character that is written in the other direction, or a digit at the beginning of a name written from right to left.
    Direction = "direction",
    /// A character that has a place in names, but not here: the `·` of Catalan stands between two `l`.
    Context = "context",
}

impl NameReason {
    /// What a word of the wire means.
    #[must_use]
    pub fn of_word(word: &str) -> Self {
        Self::ALL.iter().copied().find(|reason| reason.as_str() == word).unwrap_or(Self::Unknown)
    }
}

/// Why a text cannot be a user name, and which character is to blame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NameError {
    /// What is wrong.
    pub reason: NameReason,
    /// The first character that is wrong, where it is one: as the server reads the name, in small letters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub character: Option<char>,
}

impl NameError {
    #[cfg(feature = "names")]
    pub(crate) const fn whole(reason: NameReason) -> Self {
        Self { reason, character: None }
    }

    #[cfg(feature = "names")]
    pub(crate) const fn at(reason: NameReason, character: char) -> Self {
        Self { reason, character: Some(character) }
    }
}

/// Names the character by its number alone: it may be one that cannot be seen, or that turns the text around it.
impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(character) = self.character {
            write!(f, "U+{:04X}: ", u32::from(character))?;
        }
        f.write_str(match self.reason {
            NameReason::Empty => "A name is needed.",
            NameReason::TooLong => "A name has at most 32 characters.",
            NameReason::Character => {
                "A name is made of letters and digits, with . _ - between them."
            }
            NameReason::Invisible => "A name has no spaces and no invisible characters.",
            NameReason::Edge => "A name begins and ends with a letter or a digit.",
            NameReason::MarkAlone => "This mark needs a letter to stand on.",
            NameReason::Mark => {
                "This mark cannot be seen on its letter, stands there twice, or is one too many."
            }
            NameReason::Scripts => {
                "A name is written in one script: letters of two look alike too easily."
            }
            NameReason::Digits => "A name has digits of one kind.",
            NameReason::Direction => {
                "A name is written in one direction, and begins with a letter if that is from right to left."
            }
            NameReason::Context => "This character may not stand here.",
            NameReason::Unknown => "This cannot be a name.",
        })
    }
}

impl std::error::Error for NameError {}
