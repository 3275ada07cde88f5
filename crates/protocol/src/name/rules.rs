//! What a name may be made of, once it is spelled as the server spells names.

use icu_properties::props::{JoiningType, Script};
use unicode_security::{
    GeneralSecurityProfile, general_security_profile::IdentifierType,
    mixed_script::AugmentedScriptSet, skeleton,
};

use super::{
    bidi,
    normal::{decomposed, is_optional},
    unicode::{
        DOT_ABOVE, Kind, ZWJ, ZWNJ, is_invisible, is_invisible_stacker, is_loose_hangul,
        is_modifier_letter, is_of, is_overlay, is_soft_dotted, is_virama, joining_type, kind,
    },
};
use crate::{
    limits::MAX_NAME_CHARS,
    name_error::{NameError, NameReason},
};

/// How many nonspacing marks may follow each other: four, UTS #39 section 5.4. More paint over the lines above and below.
const MAX_MARKS: usize = 4;

/// Stands between the syllables of Tibetan.
const TSHEG: char = '\u{f0b}';

/// Stands between the words of a foreign name in Japanese.
const KATAKANA_DOT: char = '\u{30fb}';

/// # Errors
/// Tells the first character that is wrong, and why.
pub(super) fn check(name: &str) -> Result<(), NameError> {
    let chars: Vec<char> = name.chars().collect();
    if chars.len() > MAX_NAME_CHARS {
        return Err(NameError::whole(NameReason::TooLong));
    }
    for at in 0..chars.len() {
        let (before, rest) = chars.split_at(at);
        check_character(before, rest[0], &rest[1..])
            .map_err(|reason| NameError::at(reason, rest[0]))?;
    }
    check_marks(name)?;
    check_scripts(&chars)?;
    check_digits(&chars)?;
    bidi::check(&chars)
}

/// Whether an earlier version may have let it in: it has letters, digits and marks, and what stands between them.
pub(super) fn was_allowed(name: &str) -> bool {
    let is_good = |c| kind(c) != Kind::Other && !is_invisible(c) || is_separator(c);
    (1..=MAX_NAME_CHARS).contains(&name.chars().count())
        && name.starts_with(|c| matches!(kind(c), Kind::Letter | Kind::Digit))
        && name.chars().all(is_good)
}

fn check_character(before: &[char], c: char, after: &[char]) -> Result<(), NameReason> {
    let is_inside = !before.is_empty() && !after.is_empty();
    match kind(c) {
        Kind::Letter if is_loose_hangul(c) || is_disallowed(c) => Err(NameReason::Character),
        Kind::Letter | Kind::Digit => Ok(()),
        Kind::Nonspacing | Kind::Spacing if is_invisible(c) => Err(NameReason::Invisible),
        Kind::Nonspacing | Kind::Spacing if is_disallowed(c) => Err(NameReason::Character),
        Kind::Nonspacing | Kind::Spacing if before.last().is_none_or(|c| !carries(*c)) => {
            Err(NameReason::MarkAlone)
        }
        Kind::Nonspacing | Kind::Spacing if is_invisible_stacker(c) => {
            let stacks = after.first().is_some_and(|c| kind(*c) == Kind::Letter);
            if stacks { Ok(()) } else { Err(NameReason::Context) }
        }
        Kind::Nonspacing | Kind::Spacing => Ok(()),
        Kind::Other if is_separator(c) => {
            if is_inside {
                Ok(())
            } else {
                Err(NameReason::Edge)
            }
        }
        Kind::Other => check_context(before, c, after),
    }
}

/// Whether a mark may stand on it, or on what stands on it.
fn carries(c: char) -> bool {
    kind(c) != Kind::Other
}

fn is_separator(c: char) -> bool {
    matches!(c, '.' | '_' | '-' | TSHEG | KATAKANA_DOT)
}

/// Letters and marks that RFC 5892 section 2.6 forbids: they stretch, stress or repeat what stands beside them. And modifiers and
/// marks that UTS #39 section 3.1 leaves to phonetics, to old texts and to specialists, since most are small and are taken for
/// others; but not the marks of the block in which those of living languages stand.
fn is_disallowed(c: char) -> bool {
    use IdentifierType::{Deprecated, Not_XID, Obsolete, Technical, Uncommon_Use};
    match c {
        '\u{640}' | '\u{7fa}' | '\u{302e}' | '\u{302f}' | '\u{3031}'..='\u{3035}' | '\u{303b}' => {
            true
        }
        '\u{300}'..='\u{344}' => false,
        _ if !is_modifier(c) || is_optional(c) => false,
        _ => match c.identifier_type() {
            Some(Deprecated | Not_XID | Technical) => true,
            Some(Obsolete | Uncommon_Use) => {
                is_of(c, Script::Inherited) || is_of(c, Script::Common)
            }
            _ => false,
        },
    }
}

fn is_modifier(c: char) -> bool {
    matches!(kind(c), Kind::Nonspacing | Kind::Spacing) || is_modifier_letter(c)
}

/// What has a place in names, but not in any (RFC 5892 appendix A).
fn check_context(before: &[char], c: char, after: &[char]) -> Result<(), NameReason> {
    let (last, next) = (before.last().copied(), after.first().copied());
    let is_of = |c: Option<char>, script| c.is_some_and(|c| is_of(c, script));
    let (may, otherwise) = match c {
        ZWNJ => (
            last.is_some_and(is_virama) || joins(before.iter().rev(), after.iter()),
            NameReason::Invisible,
        ),
        ZWJ => (last.is_some_and(is_virama), NameReason::Invisible),
        '\u{b7}' => (last == Some('l') && next == Some('l'), NameReason::Context),
        '\u{375}' => (is_of(next, Script::Greek), NameReason::Context),
        '\u{5f3}' | '\u{5f4}' => (is_of(last, Script::Hebrew), NameReason::Context),
        _ if is_invisible(c) => (false, NameReason::Invisible),
        _ => (false, NameReason::Character),
    };
    if may { Ok(()) } else { Err(otherwise) }
}

/// Whether the letters on both sides would join if there was nothing between them (RFC 5892 appendix A.1).
fn joins<'a>(
    mut before: impl Iterator<Item = &'a char>,
    mut after: impl Iterator<Item = &'a char>,
) -> bool {
    let shown = |c: &&char| joining_type(**c) != JoiningType::Transparent;
    let joining = |c: Option<&char>| c.map(|c| joining_type(*c));
    matches!(joining(before.find(shown)), Some(JoiningType::LeftJoining | JoiningType::DualJoining))
        && matches!(
            joining(after.find(shown)),
            Some(JoiningType::RightJoining | JoiningType::DualJoining)
        )
}

/// UTS #39 section 5.4: what cannot be seen beside what is there already.
fn check_marks(name: &str) -> Result<(), NameError> {
    let wrong = |mark| Err(NameError::at(NameReason::Mark, mark));
    let mut marks = 0;
    for c in name.chars() {
        match kind(c) {
            Kind::Nonspacing if marks == MAX_MARKS => return wrong(c),
            Kind::Nonspacing => marks += 1,
            Kind::Spacing => {}
            Kind::Letter | Kind::Digit | Kind::Other => marks = 0,
        }
    }
    let (mut base, mut there) = (None, Vec::new());
    for c in decomposed(name).chars() {
        if kind(c) != Kind::Nonspacing {
            (base, there) = (Some(c), Vec::new());
            continue;
        }
        let is_dot = looks_like(c, |c| c == DOT_ABOVE);
        let has_dot = || base.is_some_and(|base| looks_like(base, is_soft_dotted));
        let is_stroke = is_overlay(c) && is_of(c, Script::Inherited);
        if there.contains(&c) || is_stroke || is_dot && has_dot() {
            return wrong(c);
        }
        there.push(c);
    }
    Ok(())
}

/// Whether it is, or is taken for, a character like this.
fn looks_like(c: char, like: impl Fn(char) -> bool) -> bool {
    like(c) || skeleton(c.encode_utf8(&mut [0; 4])).any(like)
}

/// UTS #39 section 5.1: one script. Common and Inherited go with any; Chinese, Japanese and Korean mix theirs.
fn check_scripts(chars: &[char]) -> Result<(), NameError> {
    let mut scripts = AugmentedScriptSet::default();
    for c in chars {
        scripts.intersect_with((*c).into());
        if scripts.is_empty() {
            return Err(NameError::at(NameReason::Scripts, *c));
        }
    }
    Ok(())
}

/// UTS #39 section 5.3: digits of one kind.
fn check_digits(chars: &[char]) -> Result<(), NameError> {
    let mut digits = chars.iter().filter(|c| kind(**c) == Kind::Digit);
    let Some(zero) = digits.next().map(|c| zero_of(*c)) else { return Ok(()) };
    match digits.find(|c| zero_of(**c) != zero) {
        Some(other) => Err(NameError::at(NameReason::Digits, *other)),
        None => Ok(()),
    }
}

/// The zero of a digit's kind. Digits of a kind follow each other, and kinds are apart: where they are not, in mathematics, a
/// name has plain ones.
fn zero_of(digit: char) -> u32 {
    let is_digit = |code: &u32| char::from_u32(*code).is_some_and(|c| kind(c) == Kind::Digit);
    (0..=u32::from(digit)).rev().take_while(is_digit).last().unwrap_or(u32::from(digit))
}
