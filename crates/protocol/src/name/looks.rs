//! What a name looks like (UTS #39 section 4).

use unicode_security::skeleton;

use super::{
    bidi,
    normal::without_optional,
    unicode::{fold_simply, is_right_to_left, title_case, upper_case},
};

/// What a name looks like in each of the ways in which people write it. Of two names that agree in one of them, the one can be
/// taken for the other.
///
/// To compare by, never to show, and never to look a user up by: `rnary` is not `mary`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Looks {
    /// In small letters, as names are shown.
    pub small: String,
    /// In capitals: the Cyrillic `вера` is written like a Latin `bepa`.
    pub capitals: String,
    /// In small letters after a capital.
    pub title: String,
}

impl Looks {
    pub(super) fn of(spelling: &str, key: &str) -> Self {
        let shown = without_optional(spelling);
        let small = small(&bidi::as_seen(&shown));
        let title = title_case(&shown);
        let (capital, rest) = title.split_at(title.chars().next().map_or(0, char::len_utf8));
        let first: String = skeleton(capital).collect();
        Self {
            title: if title == shown {
                small.clone()
            } else if capital.contains(is_right_to_left) {
                self::small(&bidi::as_seen(rest)) + &first
            } else {
                first + &self::small(rest)
            },
            capitals: skeleton(&bidi::as_seen(&upper_case(key))).collect(),
            small,
        }
    }

    /// Each with a word for it, for a table of all that are taken.
    #[must_use]
    pub fn each(&self) -> [(&'static str, &str); 3] {
        [("small", &self.small), ("capitals", &self.capitals), ("title", &self.title)]
    }
}

/// The skeleton of small letters, in small letters: otherwise the prototype of `0`, an `O`, would differ from `o`.
///
/// Made twice, since a prototype may be a capital whose small letter has a prototype of its own: Lisu `ꓟ` looks like `M`, which
/// is `m` in a name, which looks like `rn`.
fn small(text: &str) -> String {
    let once = |text: &str| skeleton(text).map(fold_simply).collect::<String>();
    once(&once(text))
}
