//! A user name made of what a provider says of somebody.

use protocol::{NameError, NameReason, UserName, limits::MAX_NAME_CHARS};

/// The first of these that gives a user name: as it stands, or with what no name has left out. An address of e-mail gives what
/// stands before the `@`.
pub(crate) fn name<'a>(said: impl IntoIterator<Item = &'a str>) -> Option<UserName> {
    said.into_iter().find_map(|said| {
        let local = said.split('@').next().unwrap_or_default().trim();
        UserName::parse(local).ok().or_else(|| plain(local))
    })
}

/// What of it a name can have, with a dot for each gap.
fn plain(text: &str) -> Option<UserName> {
    // Enough for the longest name, whatever stands between its letters.
    let text: String = text.chars().take(4 * MAX_NAME_CHARS).collect();
    let words = text.split(|c: char| c.is_whitespace() || c == '.');
    let words: Vec<_> =
        words.map(without_what_no_name_has).filter(|word| !word.is_empty()).collect();
    let short: String = words.join(".").chars().take(MAX_NAME_CHARS).collect();
    UserName::parse(short.trim_matches(SEPARATORS)).ok()
}

const SEPARATORS: [char; 3] = ['.', '-', '_'];

/// A word without the characters that have no place in it. Where the word as a whole is none, of two scripts for instance, it
/// stays as it is.
fn without_what_no_name_has(word: &str) -> String {
    let mut rest = word.trim_matches(SEPARATORS).to_owned();
    loop {
        let wrong = match UserName::parse(&rest) {
            Err(NameError { reason, character: Some(wrong) }) if may_be_left_out(reason) => wrong,
            _ => return rest,
        };
        // The parser tells it in small letters.
        let kept: String = rest.chars().filter(|c| !c.to_lowercase().any(|c| c == wrong)).collect();
        if kept.len() == rest.len() {
            return rest;
        }
        rest = kept.trim_matches(SEPARATORS).to_owned();
    }
}

const fn may_be_left_out(reason: NameReason) -> bool {
    matches!(reason, NameReason::Character | NameReason::Invisible | NameReason::Context)
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn a_name_is_made_of_the_first_that_gives_one() {
        for (said, suggested) in [
            (&["Alice"][..], Some("alice")),
            (&["alice@example.org"], Some("alice")),
            (&["Alice Smith"], Some("alice.smith")),
            (&["  J. R. (Bob) O'Neil "], Some("j.r.bob.oneil")),
            (&["<script>"], Some("script")),
            (&["???", "", "bob"], Some("bob")),
            (&["\u{202e}ecila"], Some("ecila")),
            (&["a\u{0}b"], Some("ab")),
            (&["Юлия Иванова"], Some("юлия.иванова")),
            // Vowel signs, viramas and joiners are part of names.
            (&["हिन्दी (कुमार)"], Some("हिन्दी.कुमार")),
            (&["ශ්\u{200d}රියානි පෙරේරා"], Some("ශ්\u{200d}රියානි.පෙරේරා")),
            (&["สำราญ!"], Some("สำราญ")),
            (&["محمد (علی\u{200c}رضا)"], Some("محمد.علی\u{200c}رضا")),
            (&["İbrahim Işıl"], Some("ibrahim.işıl")),
            (&["ＡＬＩＣＥ"], Some("alice")),
            (&["!!!", "@x"], None),
            (&["Аlice"], None),
            (&[], None),
        ] {
            let made = name(said.iter().copied());
            assert_eq!(made.as_ref().map(protocol::UserName::as_str), suggested, "{said:?}");
        }
        let long = name(["x".repeat(500).as_str()]).unwrap();
        assert_eq!(long.as_str().len(), 32);
    }
}
