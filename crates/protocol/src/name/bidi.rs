//! Names that are written from right to left.

use icu_properties::{CodePointMapData, props::BidiClass};
use unicode_bidi::{BidiInfo, Level};
use unicode_security::skeleton;

use super::unicode::{Kind, bidi_class, is_right_to_left, kind};
use crate::name_error::{NameError, NameReason};

/// The Bidi Rule, RFC 5893 section 2: a name is read in the order in which it is written, also beside others.
pub(super) fn check(chars: &[char]) -> Result<(), NameError> {
    if !chars.iter().copied().any(is_right_to_left) {
        return Ok(());
    }
    let wrong = |c: Option<&char>| match c {
        Some(c) => Err(NameError::at(NameReason::Direction, *c)),
        None => Ok(()),
    };
    let is = |c: char, classes: &[BidiClass]| classes.contains(&bidi_class(c));
    let first = chars.first();
    let right_to_left =
        first.is_some_and(|c| is(*c, &[BidiClass::RightToLeft, BidiClass::ArabicLetter]));
    if !right_to_left && !first.is_some_and(|c| is(*c, &[BidiClass::LeftToRight])) {
        return wrong(first);
    }
    // What a name has at all, for either direction.
    let neutral = [
        BidiClass::EuropeanNumber,
        BidiClass::EuropeanSeparator,
        BidiClass::CommonSeparator,
        BidiClass::EuropeanTerminator,
        BidiClass::OtherNeutral,
        BidiClass::BoundaryNeutral,
        BidiClass::NonspacingMark,
    ];
    let directed: &[BidiClass] = if right_to_left {
        &[BidiClass::RightToLeft, BidiClass::ArabicLetter, BidiClass::ArabicNumber]
    } else {
        &[BidiClass::LeftToRight]
    };
    wrong(chars.iter().find(|c| !is(**c, &neutral) && !is(**c, directed)))?;
    let last = chars.iter().rev().find(|c| !is(**c, &[BidiClass::NonspacingMark]));
    wrong(last.filter(|c| !is(**c, directed) && !is(**c, &[BidiClass::EuropeanNumber])))?;
    if chars.iter().any(|c| is(*c, &[BidiClass::EuropeanNumber])) {
        wrong(chars.iter().find(|c| is(**c, &[BidiClass::ArabicNumber])))?;
    }
    Ok(())
}

/// The characters in the order in which they are seen from left to right, each with its marks behind it (UAX #9, and UTS #39
/// section 4 for rule L3). Where they are written from right to left, they are mapped to what they look like before they are
/// turned round: to what one of them looks like may be two.
pub(super) fn as_seen(name: &str) -> String {
    if !name.chars().any(is_right_to_left) {
        return name.to_owned();
    }
    let classes = CodePointMapData::<BidiClass>::new();
    let bidi = BidiInfo::new_with_data_source(&classes, name, Some(Level::rtl()));
    let mut seen = String::with_capacity(name.len());
    for paragraph in &bidi.paragraphs {
        let (levels, runs) = bidi.visual_runs(paragraph, paragraph.range.clone());
        for run in runs {
            let text = &name[run.clone()];
            if levels[run.start].is_rtl() {
                let text = skeleton(text).collect::<String>();
                seen.extend(letters(&text).iter().rev().copied());
            } else {
                seen.push_str(text);
            }
        }
    }
    seen
}

/// The text, cut before each character that is no mark.
fn letters(text: &str) -> Vec<&str> {
    let is_mark = |c| matches!(kind(c), Kind::Nonspacing | Kind::Spacing);
    let starts = text.char_indices().filter(|(at, c)| *at == 0 || !is_mark(*c)).map(|(at, _)| at);
    let mut ends: Vec<_> = starts.clone().skip(1).collect();
    ends.push(text.len());
    starts.zip(ends).map(|(start, end)| &text[start..end]).collect()
}
