//! What holds for every text that somebody wants as a name. Single names stand beside the code, in `src/name.rs`.

use proptest::{collection::vec, prelude::*, sample::select};
use protocol::UserName;

use crate::{checks, properties::config};

/// Characters that are near something: case, width, composition, direction, script, invisibility, punctuation.
fn tricky() -> impl Strategy<Value = char> {
    let tricky = "aAzZ09._-@ \u{a0}\tßẞſıİiKÅée\u{301}\u{308}\u{345}\u{327}ＡａｱﾞﾊﾟΣσςάΆаАіӀӏאבدا١۱\
        ー々・·\u{b7}\u{375}\u{5f3}가각\u{1100}\u{1161}\u{3164}\u{ffa0}\u{200b}\u{200c}\u{200d}\u{202e}\u{feff}\
        \u{93e}\u{94d}क्ꓟꓮᎠꭰ𐐀𐐨ǅﬁ①Ⅷ😀\u{fe0f}\u{e0061}\u{0}\u{10ffff}";
    select(tricky.chars().collect::<Vec<_>>())
}

fn wanted() -> impl Strategy<Value = String> {
    let of = |one: BoxedStrategy<char>| vec(one, 0..12).prop_map(String::from_iter);
    prop_oneof![
        any::<String>(),
        of(tricky().boxed()),
        of(prop_oneof![tricky(), any::<char>()].boxed()),
        of(prop_oneof!["[a-z0-9]".prop_map(|s| s.chars().next().unwrap_or('a')), tricky()].boxed()),
        "[\\p{Greek}._-]{1,34}",
        "[\\p{Arabic}._-]{1,12}",
        "[\\p{Hangul}\\p{Han}\\p{Hiragana}._-]{1,12}",
        "[\\p{Devanagari}._-]{1,12}",
    ]
}

proptest! {
    #![proptest_config(config(1500))]

    #[test]
    fn any_text_is_a_name_or_is_refused(text in wanted()) {
        checks::user_name(&text);
    }
}

/// Letters whose case maps one to one. `ß`, `ı` or `ς` do not, and `STRASSE` is not `straße`.
#[test]
fn case_does_not_matter_where_it_goes_both_ways() {
    for name in ["alice-2", "zoë", "ærøskøbing", "юлия", "παναγιωτης", "𐐨𐐩", "հայկ"]
    {
        let upper: String = name.to_uppercase();
        assert_eq!(UserName::parse(&upper), UserName::parse(name), "{upper}");
        assert!(UserName::parse(name).is_ok(), "{name}");
    }
}

/// Every character, alone and within a name.
#[test]
fn every_character_is_safe() {
    for c in '\0'..=char::MAX {
        // Ideographs and syllables are all alike, and so are most characters of historic scripts: a part will do.
        let part = match c {
            '\u{3400}'..'\u{a000}' | '\u{ac00}'..'\u{d7a4}' | '\u{20000}'.. => 61,
            '\u{10000}'.. => 7,
            _ => 1,
        };
        if u32::from(c) % part == 0 {
            checks::user_name(c.encode_utf8(&mut [0; 4]));
            checks::user_name(&format!("a{c}"));
        }
    }
}
