//! How a name is spelled once it has been read, and which spellings are one name.

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use icu_properties::props::Script;

use super::unicode::{
    DOT_ABOVE, Kind, ZWJ, ZWNJ, fold_case, fold_simply, is_above, is_of, kind, lower_case,
};

const NFC: ComposingNormalizerBorrowed<'static> = ComposingNormalizerBorrowed::new_nfc();
const NFKC: ComposingNormalizerBorrowed<'static> = ComposingNormalizerBorrowed::new_nfkc();
const NFD: DecomposingNormalizerBorrowed<'static> = DecomposingNormalizerBorrowed::new_nfd();

/// Letters of living languages that Unicode would write as two, which few people would read: the am of Thai and Lao, ho no and
/// ho mo of Lao, and the ech-yiwn of Armenian.
const LETTERS: [char; 5] = ['\u{e33}', '\u{eb3}', '\u{edc}', '\u{edd}', '\u{587}'];

/// The two that keyboards write apart: a small circle and a letter.
const AM: [(&str, &str); 2] = [("\u{e4d}\u{e32}", "\u{e33}"), ("\u{ecd}\u{eb2}", "\u{eb3}")];

/// How often the mapping is applied to what it made, before a name that still changes is refused: three times,
/// RFC 8264 section 7. No single character is known to need more than two.
const MAX_ROUNDS: usize = 3;

/// The spelling of a name: small letters, in compatibility composition, so that wide forms, ligatures and presentation forms are
/// the letters that they stand for. `None` if it does not come to rest.
pub(super) fn spelling(written: &str) -> Option<String> {
    let mut name = once(written);
    for _ in 0..MAX_ROUNDS {
        let again = once(&name);
        if again == name {
            return Some(name);
        }
        name = again;
    }
    None
}

fn once(written: &str) -> String {
    let mut name = String::with_capacity(written.len());
    let mut rest = written;
    while let Some(at) = rest.find(LETTERS) {
        let letter = rest[at..].chars().next().map_or(0, char::len_utf8);
        name.push_str(&NFKC.normalize(&rest[..at]));
        name.push_str(&rest[at..at + letter]);
        rest = &rest[at + letter..];
    }
    name.push_str(&NFKC.normalize(rest));
    for (apart, letter) in AM {
        name = name.replace(apart, letter);
    }
    let name = apostrophes(&name);
    let name = capitals_of_cherokee(&without_dots_of_i(&lower_case(&name)));
    NFC.normalize(&name).into_owned()
}

/// Hebrew and Cyrillic names have apostrophes, for which keyboards write quotation marks.
fn apostrophes(name: &str) -> String {
    let mut before = None;
    let letter = |c| {
        let script = |script| before.is_some_and(|before| is_of(before, script));
        let letter = match c {
            '\'' | '\u{2019}' if script(Script::Hebrew) => '\u{5f3}',
            '"' | '\u{201d}' if script(Script::Hebrew) => '\u{5f4}',
            '\'' | '\u{2019}' if script(Script::Cyrillic) => '\u{2bc}',
            other => other,
        };
        before = Some(c);
        letter
    };
    name.chars().map(letter).collect()
}

/// `İ` is an `i` in small letters. Unicode writes it with a second dot, which cannot be seen.
fn without_dots_of_i(name: &str) -> String {
    if !name.contains(DOT_ABOVE) {
        return name.to_owned();
    }
    let mut base = None;
    let mut dotless = String::with_capacity(name.len());
    // Decomposed, since a mark below would hide that it is an `i`.
    for c in NFD.normalize(name).chars() {
        if c == DOT_ABOVE && base == Some('i') {
            continue;
        }
        // Whatever stands above takes the dot's place, so that it can be seen again.
        if kind(c) != Kind::Nonspacing || is_above(c) {
            base = Some(c);
        }
        dotless.push(c);
    }
    dotless
}

/// Cherokee is written in capitals; its small letters are new, and few fonts have them. Unicode folds them likewise.
fn capitals_of_cherokee(name: &str) -> String {
    let capital = |c| if is_of(c, Script::Cherokee) { fold_simply(c) } else { c };
    name.chars().map(capital).collect()
}

/// What all usual spellings of a name have in common, by which it is found.
///
/// Capitals and small letters are one, `ß` is `ss`, and all letters `i` with and without a dot are one, since a Turkish name is
/// written with either elsewhere. Marks that are mostly left out count for nothing: the vowels of Arabic and Hebrew, the accents
/// of Greek, which capitals do not have, and the invisible characters that join letters or keep them apart.
pub(super) fn key(spelling: &str) -> String {
    let folded = fold_case(&NFKC.normalize(spelling));
    let mut key = String::with_capacity(folded.len());
    let mut base = None;
    for c in NFD.normalize(&folded).chars() {
        let is_mark = kind(c) == Kind::Nonspacing;
        let is_greek = base.is_some_and(|base| is_of(base, Script::Greek));
        if is_optional(c) || is_mark && is_greek {
            continue;
        }
        if !is_mark {
            base = Some(c);
        }
        key.push(same_letter(c));
    }
    // Capitals of the Armenian ech-yiwn are written with either letter.
    let key = key.replace("\u{565}\u{57e}", "\u{565}\u{582}");
    NFC.normalize(&fold_case(&key)).into_owned()
}

/// One for letters and marks of which keyboards write now the one and now the other.
const fn same_letter(c: char) -> char {
    match c {
        // With a dot and without: see above.
        '\u{131}' => 'i',
        // The comma below of Romanian and Latvian, and the cedilla.
        '\u{326}' => '\u{327}',
        // Arabic yeh and kaf, as in Persian.
        '\u{649}' | '\u{64a}' => '\u{6cc}',
        '\u{643}' => '\u{6a9}',
        other => other,
    }
}

/// Whether most people leave it out.
pub(super) fn is_optional(c: char) -> bool {
    matches!(c,
        ZWNJ | ZWJ
        | '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}'..='\u{5c2}' | '\u{5c4}'..='\u{5c5}' | '\u{5c7}'
        | '\u{64b}'..='\u{652}' | '\u{670}'
        | '\u{730}'..='\u{74a}')
}

/// The same without what is mostly left out.
pub(super) fn without_optional(spelling: &str) -> String {
    spelling.chars().filter(|c| !is_optional(*c)).collect()
}

pub(super) fn decomposed(text: &str) -> String {
    NFD.normalize(text).into_owned()
}
