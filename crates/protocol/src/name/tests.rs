//! Single names. What holds for every text stands in `tests/wire/names.rs`.

use super::UserName;
use crate::name_error::{NameError, NameReason};

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
    use NameReason::{
        Character, Context, Digits, Direction, Edge, Empty, Invisible, Mark, MarkAlone, Scripts,
        TooLong,
    };
    let long = "a".repeat(33);
    let huge = "a".repeat(100_000);
    for (written, reason, character) in [
        ("", Empty, None),
        (" ", Invisible, Some(' ')),
        ("a b", Invisible, Some(' ')),
        (".a", Edge, Some('.')),
        ("a-", Edge, Some('-')),
        ("__proto__", Edge, Some('_')),
        ("a\u{0}", Invisible, Some('\0')),
        ("a\u{202e}b", Invisible, Some('\u{202e}')),
        ("a\u{200b}b", Invisible, Some('\u{200b}')),
        // Neither joins letters that do not join by themselves.
        ("a\u{200c}b", Invisible, Some('\u{200c}')),
        ("دا\u{200c}د", Invisible, Some('\u{200c}')),
        ("सु\u{200d}", Invisible, Some('\u{200d}')),
        ("<b>", Character, Some('<')),
        ("al@home", Character, Some('@')),
        ("😀", Character, Some('😀')),
        ("محـمد", Character, Some('\u{640}')),
        ("ㅋㅋ", Character, Some('\u{110f}')),
        ("a\u{20e3}", Character, Some('\u{20e3}')),
        ("\u{308}a", MarkAlone, Some('\u{308}')),
        // Vowel sign AA of Devanagari: a mark, and a letter by its Alphabetic property.
        ("\u{93e}", MarkAlone, Some('\u{93e}')),
        ("a.\u{308}b", MarkAlone, Some('\u{308}')),
        ("q\u{301}\u{302}\u{303}\u{304}\u{306}", Mark, Some('\u{306}')),
        ("g\u{308}\u{308}", Mark, Some('\u{308}')),
        ("é\u{301}", Mark, Some('\u{301}')),
        ("j\u{307}ohn", Mark, Some('\u{307}')),
        ("і\u{307}", Mark, Some('\u{307}')),
        ("ı\u{307}pek", Mark, Some('\u{307}')),
        ("o\u{338}", Mark, Some('\u{338}')),
        ("ក្", Context, Some('\u{17d2}')),
        ("Аlice", Scripts, Some('l')),
        ("aliсe", Scripts, Some('с')),
        ("٢۲", Digits, Some('۲')),
        ("1محمد", Direction, Some('1')),
        ("محمد١2", Digits, Some('2')),
        ("a·b", Context, Some('·')),
        ("a\u{5f3}", Context, Some('\u{5f3}')),
        (&long, TooLong, None),
        (&huge, TooLong, None),
    ] {
        let refused = Err(NameError { reason, character });
        assert_eq!(UserName::parse(written), refused, "{written:?}");
    }
}

/// An earlier version let it in: it stays its owner's, though nobody would get it now.
#[test]
fn a_name_of_an_earlier_version_stays_one() {
    for name in ["o\u{338}le", "a1٢"] {
        assert!(UserName::parse(name).is_err(), "{name:?}");
        let kept = UserName::kept(name).unwrap();
        assert_eq!(kept.as_str(), name);
        assert_eq!(UserName::of_other(name), Ok(kept));
    }
    for none in ["", "no name", "a\u{202e}b", "<b>", "\u{308}a", &"a".repeat(33)] {
        assert_eq!(UserName::kept(none), None, "{none:?}");
        assert_eq!(UserName::of_other(none), UserName::parse(none));
    }
    // What is spelled otherwise by now is spelled so.
    assert_eq!(UserName::kept("i\u{307}brahim").unwrap().as_str(), "ibrahim");
}

#[test]
fn the_longest_name_is_32_characters_not_bytes() {
    let name = "ю".repeat(32);
    assert_eq!(UserName::parse(&name).map(|n| n.to_string()), Ok(name));
}
