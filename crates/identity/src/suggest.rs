//! A user name made of what a provider says of somebody.

use protocol::{UserName, limits::MAX_NAME_CHARS};

/// The first of these that gives a user name: as it stands, or with what no name has left out. An address of e-mail gives what
/// stands before the `@`.
pub(crate) fn name<'a>(said: impl IntoIterator<Item = &'a str>) -> Option<UserName> {
    said.into_iter().find_map(|said| {
        let local = said.split('@').next().unwrap_or_default().trim();
        UserName::parse(local).ok().or_else(|| UserName::parse(&plain(local)).ok())
    })
}

/// The letters and digits, with a dot for each gap.
fn plain(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c == '.').map(|word| {
        let kept = word.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
        kept.collect::<String>()
    });
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    let short: String = words.join(".").chars().take(MAX_NAME_CHARS).collect();
    short.trim_matches(['.', '-', '_']).to_owned()
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
