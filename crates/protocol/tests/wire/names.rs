//! What holds for every text that somebody wants as a name, and for every letter and mark that Unicode has. Single names stand
//! beside the code, in `src/name/tests.rs`; names of real people in `people.rs`.

use std::collections::BTreeMap;

use proptest::{collection::vec, prelude::*, sample::select};
use protocol::{NameReason, UserName};
use unicode_security::skeleton;

use crate::{checks, properties::config};

/// Characters that are near something: case, width, composition, direction, script, invisibility, punctuation.
fn tricky() -> impl Strategy<Value = char> {
    let tricky = "aAzZ09._-@ \u{a0}\tßẞſıİiKÅée\u{301}\u{308}\u{345}\u{327}\u{307}jΊΐＡａｱﾞﾊﾟΣσςάΆаАіӀӏאבدا١۱\
        ー々・·\u{b7}\u{375}\u{5f3}가각\u{1100}\u{1161}\u{3164}\u{ffa0}\u{200b}\u{200c}\u{200d}\u{202e}\u{feff}\
        \u{93e}\u{94d}क्ꓟꓮᎠꭰ𐐀𐐨ǅﬁ①Ⅷ😀\u{fe0f}\u{e0061}\u{0}\u{10ffff}ำ\u{e4d}ໜևԵՎ་";
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
        "[\\p{Hebrew}0-9._-]{1,12}",
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

/// Every letter, mark, digit and sign there is.
fn characters() -> impl Iterator<Item = char> {
    ('\0'..=char::MAX).filter(|c| {
        // Ideographs and syllables are all alike, and most of the rest is not assigned: a part will do.
        let part = match c {
            '\u{3400}'..'\u{a000}' | '\u{ac00}'..'\u{d7a4}' | '\u{20000}'.. => 61,
            '\u{13000}'..'\u{1b000}' => 7,
            '\u{e000}'..'\u{f900}' => 61,
            _ => 1,
        };
        u32::from(*c) % part == 0
    })
}

/// The characters that are a name by themselves, with that name.
fn letters() -> impl Iterator<Item = (char, UserName)> {
    characters().filter_map(|c| Some((c, UserName::parse(c.encode_utf8(&mut [0; 4])).ok()?)))
}

/// Whether nobody can have the one while somebody else has the other.
fn exclude_each_other(one: &UserName, other: &UserName) -> bool {
    let (looks, others) = (one.looks(), other.looks());
    one == other || looks.each().iter().zip(others.each()).any(|(look, other)| *look == other)
}

/// Every character, alone and within a name.
#[test]
fn every_character_is_safe() {
    for c in characters() {
        checks::user_name(c.encode_utf8(&mut [0; 4]));
        checks::user_name(&format!("a{c}"));
    }
}

/// A name means the same in capitals, in small letters and with a capital first.
#[test]
fn case_does_not_matter() {
    for (c, name) in letters() {
        for written in [c.to_uppercase().to_string(), c.to_lowercase().to_string()] {
            assert_eq!(UserName::parse(&written).as_ref(), Ok(&name), "{c:?} {written:?}");
        }
        for written in [name.as_str().to_uppercase(), name.as_str().to_lowercase()] {
            assert_eq!(UserName::parse(&written).as_ref(), Ok(&name), "{c:?} {written:?}");
        }
    }
}

/// What Unicode's table of confusables calls the same, in small letters or in capitals, is not let in beside each other.
#[test]
fn letters_that_look_alike_exclude_each_other() {
    let mut alike: BTreeMap<String, Vec<UserName>> = BTreeMap::new();
    for (_, name) in letters() {
        for (case, shown) in
            [("small", name.as_str().to_owned()), ("capital", name.as_str().to_uppercase())]
        {
            let look = skeleton(&shown).collect::<String>();
            alike.entry(format!("{case} {look}")).or_default().push(name.clone());
        }
    }
    alike.retain(|_, names| names.iter().any(|name| name != &names[0]));
    assert!(alike.len() > 500, "{}", alike.len());
    for (look, names) in alike {
        let mut others = names.iter().skip(1);
        let other = others.find(|name| !exclude_each_other(name, &names[0]));
        assert_eq!(other, None, "{look}: {names:?}");
    }
}

/// The same within a name, and where capitals look alike though small letters do not.
#[test]
fn names_that_look_alike_exclude_each_other() {
    for (one, other) in [
        ("paypal", "раураӏ"),
        ("mary", "rnary"),
        ("o0", "oo"),
        ("mary", "ꓟꓮꓣꓬ"),
        ("bepa", "вера"),
        ("abe", "αβε"),
        ("bv", "βν"),
        ("oto", "ότο"),
        ("straße", "strasse"),
        ("ß", "β"),
        ("ol", "اه"),
        // In Hebrew the numbers stand as they are written, after an Arabic letter they change places.
        ("ו1-2", "ا2-1"),
        ("محمد", "مُحَمَّد"),
        ("ibrahim", "ıbrahim"),
        ("\u{13aa}\u{13de}\u{13a2}", "alt"),
        ("น้ำ", "น้ํา"),
    ] {
        let (one, other) = (UserName::parse(one).unwrap(), UserName::parse(other).unwrap());
        assert!(exclude_each_other(&one, &other), "{one} {other}");
    }
    for (one, other) in [("alice", "alicia"), ("ian", "lan"), ("nina", "vina"), ("zoë", "zoe")] {
        let (one, other) = (UserName::parse(one).unwrap(), UserName::parse(other).unwrap());
        assert!(!exclude_each_other(&one, &other), "{one} {other}");
    }
}

/// A mark is seen on its letter, or is not let in, or makes no other name.
#[test]
fn no_mark_hides_on_a_letter() {
    let is_dotted = |name: &str| skeleton(name).any(|c| matches!(c, 'i' | 'j'));
    let dotted: Vec<char> = letters()
        .map(|(_, name)| name)
        .filter(|name| name.as_str().chars().count() == 1 && is_dotted(name.as_str()))
        .filter_map(|name| name.as_str().chars().next())
        .collect();
    assert!(dotted.len() > 50, "{}", dotted.len());
    for c in dotted {
        for marks in ["\u{307}", "\u{323}\u{307}", "\u{327}\u{307}"] {
            if let Ok(name) = UserName::parse(&format!("{c}{marks}")) {
                assert!(!name.as_str().contains('\u{307}'), "{c:?} {marks:?}: {name:?}");
            }
        }
    }
    for (c, name) in letters() {
        for stroke in '\u{334}'..='\u{338}' {
            let written = format!("{name}{stroke}");
            let refused = UserName::parse(&written).map_err(|error| error.reason);
            assert_eq!(refused, Err(NameReason::Mark), "{c:?} {stroke:?}");
        }
        // Twice the same is one too many, also if the letter has it already.
        for mark in ["\u{301}", "\u{308}", "\u{323}"] {
            assert!(UserName::parse(&format!("{name}{mark}{mark}")).is_err(), "{c:?} {mark:?}");
        }
    }
}

/// Nothing in a name is invisible, but what keeps letters apart or joins them; and that makes no other name.
#[test]
fn nothing_invisible_makes_another_name() {
    for c in characters().filter(|c| checks::is_invisible(*c)) {
        for (before, after) in [("a", "b"), ("ی", "ر"), ("क्", "ष"), ("ශ්", "ර"), ("가", "가")]
        {
            let with = UserName::parse(&format!("{before}{c}{after}"));
            let without = UserName::parse(&format!("{before}{after}")).unwrap();
            if let Ok(with) = with {
                assert!(matches!(c, '\u{200c}' | '\u{200d}'), "{c:?} {before} {after}");
                assert_eq!(with, without, "{c:?} {before} {after}");
            }
        }
    }
}

/// A name has digits of one kind.
#[test]
fn digits_are_of_one_kind() {
    let zeros = ['0', '٠', '۰', '०', '০', '๐', '០', '\u{a620}', '\u{1d7ce}'];
    for zero in zeros {
        for other in zeros {
            let written = format!("{zero}{other}");
            let plain = |c| if c == '\u{1d7ce}' { '0' } else { c };
            if plain(zero) != plain(other) {
                assert!(UserName::parse(&written).is_err(), "{written}");
            }
        }
    }
}
