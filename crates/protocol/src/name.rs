//! User names.

use std::{fmt, sync::Arc};

use precis_core::profile::PrecisFastInvocation;
use precis_profiles::UsernameCaseMapped;
use unicode_normalization::char::is_combining_mark;
use unicode_security::{MixedScript, confusable_detection::skeleton};

use crate::limits::{MAX_NAME_BYTES, MAX_NAME_CHARS};

/// The name of a user, valid by construction.
///
/// Normalised by PRECIS UsernameCaseMapped (RFC 8265 section 3.3): lower case, NFC, no wide forms. 1 to 32 characters:
/// letters and digits of one script (Common and Inherited aside, UTS #39 section 5.1), each with up to four combining
/// marks, and `.`, `_` and `-` between them. Shared, since it stands in every message of its user.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserName(Arc<str>);

/// Why a text cannot be a user name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameError {
    /// Nothing was given.
    Empty,
    /// More than 32 characters.
    TooLong,
    /// A character that is no letter and no digit, a combining mark without a letter, or `.`, `_`, `-` at an end.
    BadCharacter,
    /// Letters of more than one script, such as a Cyrillic `а` among Latin letters.
    MixedScripts,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "A name is needed.",
            Self::TooLong => "A name has at most 32 characters.",
            Self::BadCharacter => "A name is made of letters and digits, with . _ - only inside.",
            Self::MixedScripts => {
                "A name is written in one script: letters of two look alike too easily."
            }
        })
    }
}

impl std::error::Error for NameError {}

impl UserName {
    /// Normalises and checks a name as somebody wrote it.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(written: &str) -> Result<Self, NameError> {
        if written.is_empty() {
            return Err(NameError::Empty);
        }
        if written.len() > MAX_NAME_BYTES {
            return Err(NameError::TooLong);
        }
        // Almost every name is plain lower-case ASCII, which PRECIS maps to itself.
        let name = if written.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()) {
            written.into()
        } else {
            let name = enforce_until_stable(written)?;
            check_characters(&name)?;
            name
        };
        if name.chars().count() > MAX_NAME_CHARS {
            return Err(NameError::TooLong);
        }
        Ok(Self(name.into()))
    }

    /// The name, normalised.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the name looks like (UTS #39 section 4): two names with the same skeleton cannot be told apart by eye.
    ///
    /// A key to compare by, never to show, and never to look a user up by: `rnary` is not `mary`. In lower case, since
    /// names are: otherwise the prototype of `0`, an `O`, would differ from `o`.
    #[must_use]
    pub fn skeleton(&self) -> String {
        let lower_case =
            |name: &str| skeleton(name).flat_map(char::to_lowercase).collect::<String>();
        // Twice, since a prototype may be a capital whose small letter has a prototype of its own: Lisu `ꓟ` looks like
        // `M`, which is `m` in a name, which looks like `rn`.
        lower_case(&lower_case(&self.0))
    }
}

/// How often the mapping is applied again to what it made, before a name that still changes is refused: three times,
/// RFC 8264 section 7. No single character is known to need more than one.
const MAX_ROUNDS: usize = 3;

/// Maps a name until it stays as it is, so that a name which has been through here means itself for ever.
fn enforce_until_stable(written: &str) -> Result<String, NameError> {
    let mut name = enforce(written)?;
    for _ in 0..MAX_ROUNDS {
        let again = enforce(&name)?;
        if again == name {
            return Ok(name);
        }
        name = again;
    }
    Err(NameError::BadCharacter)
}

fn enforce(written: &str) -> Result<String, NameError> {
    let mapped = UsernameCaseMapped::prepare(written).and_then(|prepared| {
        // Lower case over the whole name: PRECIS's library maps each character alone, and so gets the Σ at the end of
        // a Greek name wrong (Unicode section 3.13, Final_Sigma). `ΓΙΑΝΝΗΣ` is `γιαννης`.
        UsernameCaseMapped::enforce(prepared.to_lowercase())
    });
    match mapped {
        Ok(name) => Ok(name.into_owned()),
        Err(_) => Err(NameError::BadCharacter),
    }
}

/// How many combining marks may follow each other: four, UTS #39 section 5.4. More paint over the lines above and below.
const MAX_MARKS: usize = 4;

fn check_characters(name: &str) -> Result<(), NameError> {
    let separator = |c: char| matches!(c, '.' | '_' | '-');
    // Marks that count as letters are marks here: at the start of a name they would combine with what stands before it.
    let letter_or_digit = |c: char| c.is_alphanumeric() && !is_combining_mark(c);
    let mut marks_allowed = 0;
    for c in name.chars() {
        if letter_or_digit(c) {
            marks_allowed = MAX_MARKS;
        } else if separator(c) {
            marks_allowed = 0;
        } else if is_combining_mark(c) && marks_allowed > 0 {
            marks_allowed -= 1;
        } else {
            return Err(NameError::BadCharacter);
        }
    }
    if name.starts_with(separator) || name.ends_with(separator) {
        return Err(NameError::BadCharacter);
    }
    if !name.is_single_script() {
        return Err(NameError::MixedScripts);
    }
    Ok(())
}

/// The name as it stands in a message, without a copy of it.
impl From<&UserName> for Arc<str> {
    fn from(name: &UserName) -> Self {
        Self::clone(&name.0)
    }
}

impl From<UserName> for Arc<str> {
    fn from(name: UserName) -> Self {
        name.0
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{NameError, UserName};

    #[test]
    fn names_are_normalised() {
        for (written, name) in [
            ("alice", "alice"),
            ("Alice", "alice"),
            ("ＡＬＩＣＥ", "alice"),
            ("anna-maria_2.0", "anna-maria_2.0"),
            ("42", "42"),
            ("ΠΑΝΑΓΙΩΤΗΣ", "παναγιωτης"),
            ("παναγιωτης", "παναγιωτης"),
            ("ΣΟΦΙΑ", "σοφια"),
            ("Юлия", "юлия"),
            ("Zoe\u{308}", "zoë"),
            ("田中さくら", "田中さくら"),
            ("हिन्दी", "हिन्दी"),
            ("a\u{323}\u{330}\u{331}\u{303}\u{304}", "ạ\u{330}\u{331}\u{303}\u{304}"),
            ("דוד", "דוד"),
        ] {
            assert_eq!(
                UserName::parse(written).map(|n| n.to_string()),
                Ok(name.to_owned()),
                "{written}"
            );
        }
    }

    #[test]
    fn bad_names_are_refused_with_the_reason() {
        use NameError::{BadCharacter, Empty, MixedScripts, TooLong};
        let long = "a".repeat(33);
        let huge = "a".repeat(100_000);
        for (written, reason) in [
            ("", Empty),
            (" ", BadCharacter),
            ("a b", BadCharacter),
            (".a", BadCharacter),
            ("a-", BadCharacter),
            ("__proto__", BadCharacter),
            ("a\u{0}", BadCharacter),
            ("a\u{202e}b", BadCharacter),
            ("a\u{200b}b", BadCharacter),
            ("<b>", BadCharacter),
            // The Kelvin sign: its small letter is a plain `k`, but PRECIS does not let it in.
            ("\u{212a}", BadCharacter),
            ("al@home", BadCharacter),
            ("😀", BadCharacter),
            ("\u{308}a", BadCharacter),
            // Vowel sign AA of Devanagari: a mark, and a letter by its Alphabetic property.
            ("\u{93e}", BadCharacter),
            ("a.\u{308}b", BadCharacter),
            ("g\u{308}\u{308}\u{308}\u{308}\u{308}", BadCharacter),
            ("Аlice", MixedScripts),
            (&long, TooLong),
            (&huge, TooLong),
        ] {
            assert_eq!(UserName::parse(written), Err(reason), "{written:?}");
        }
    }

    #[test]
    fn names_that_look_alike_have_one_skeleton() {
        let skeleton = |name: &str| UserName::parse(name).map(|n| n.skeleton());
        for (one, other) in
            [("paypal", "раураӏ"), ("mary", "rnary"), ("o0", "oo"), ("mary", "ꓟꓮꓣꓬ")]
        {
            assert_eq!(skeleton(one), skeleton(other), "{one} {other}");
        }
        assert_ne!(skeleton("alice"), skeleton("alicia"));
    }

    #[test]
    fn the_longest_name_is_32_characters_not_bytes() {
        let name = "ю".repeat(32);
        assert_eq!(UserName::parse(&name).map(|n| n.to_string()), Ok(name));
    }
}
