//! What Unicode says of characters. All tables are those of Unicode 18.

use icu_casemap::{CaseMapper, CaseMapperBorrowed};
use icu_locale_core::LanguageIdentifier;
use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{
        BidiClass, CanonicalCombiningClass, DefaultIgnorableCodePoint, EnumeratedProperty,
        GeneralCategory, HangulSyllableType, IndicSyllabicCategory, JoiningType, Script,
        SoftDotted,
    },
};

pub(super) const ZWNJ: char = '\u{200c}';
pub(super) const ZWJ: char = '\u{200d}';
pub(super) const DOT_ABOVE: char = '\u{307}';

const CASE: CaseMapperBorrowed<'static> = CaseMapper::new();
const ANY_LANGUAGE: LanguageIdentifier = LanguageIdentifier::UNKNOWN;

fn is<P: EnumeratedProperty + PartialEq>(c: char, value: P) -> bool {
    CodePointMapData::<P>::new().get(c) == value
}

pub(super) fn bidi_class(c: char) -> BidiClass {
    CodePointMapData::<BidiClass>::new().get(c)
}

pub(super) fn joining_type(c: char) -> JoiningType {
    CodePointMapData::<JoiningType>::new().get(c)
}

/// Whether it belongs to text that is written from right to left (RFC 5893 section 1.4).
pub(super) fn is_right_to_left(c: char) -> bool {
    matches!(
        bidi_class(c),
        BidiClass::RightToLeft | BidiClass::ArabicLetter | BidiClass::ArabicNumber
    )
}

/// What a character can be in a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A letter, or what is written as one.
    Letter,
    /// A decimal digit.
    Digit,
    /// A mark that takes no room of its own (category Mn).
    Nonspacing,
    /// A mark that takes room (category Mc).
    Spacing,
    /// None of these.
    Other,
}

pub(super) fn kind(c: char) -> Kind {
    match CodePointMapData::<GeneralCategory>::new().get(c) {
        GeneralCategory::LowercaseLetter
        | GeneralCategory::OtherLetter
        | GeneralCategory::ModifierLetter => Kind::Letter,
        // Cherokee alone is written in capitals, see `normal`.
        GeneralCategory::UppercaseLetter if is_of(c, Script::Cherokee) => Kind::Letter,
        GeneralCategory::DecimalNumber => Kind::Digit,
        GeneralCategory::NonspacingMark => Kind::Nonspacing,
        GeneralCategory::SpacingMark => Kind::Spacing,
        // The ideograph for zero, the only letter of its category (RFC 5892 section 2.6).
        _ if c == '\u{3007}' => Kind::Letter,
        _ => Kind::Other,
    }
}

/// A letter that changes the sound of another (category Lm).
pub(super) fn is_modifier_letter(c: char) -> bool {
    is(c, GeneralCategory::ModifierLetter)
}

pub(super) fn is_of(c: char, script: Script) -> bool {
    is(c, script)
}

/// Whether it is to be seen nowhere, or only in what it does to its neighbours (Default_Ignorable_Code_Point, categories Cc,
/// Cf and Z*).
pub(super) fn is_invisible(c: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
        || matches!(
            CodePointMapData::<GeneralCategory>::new().get(c),
            GeneralCategory::Control
                | GeneralCategory::Format
                | GeneralCategory::SpaceSeparator
                | GeneralCategory::LineSeparator
                | GeneralCategory::ParagraphSeparator
        )
}

pub(super) fn is_soft_dotted(c: char) -> bool {
    CodePointSetData::new::<SoftDotted>().contains(c)
}

/// A conjoining letter of Hangul that is part of no syllable (RFC 8264 section 9.9).
pub(super) fn is_loose_hangul(c: char) -> bool {
    matches!(
        CodePointMapData::<HangulSyllableType>::new().get(c),
        HangulSyllableType::LeadingJamo
            | HangulSyllableType::VowelJamo
            | HangulSyllableType::TrailingJamo
    )
}

/// A sign that joins two letters of an Indic script, and is seen where nothing follows it (canonical combining class 9).
pub(super) fn is_virama(c: char) -> bool {
    is(c, CanonicalCombiningClass::Virama)
}

/// The same, but never seen itself.
pub(super) fn is_invisible_stacker(c: char) -> bool {
    is(c, IndicSyllabicCategory::InvisibleStacker)
}

/// A mark that stands above its letter (canonical combining class 230).
pub(super) fn is_above(c: char) -> bool {
    is(c, CanonicalCombiningClass::Above)
}

/// A stroke that lies over its letter (canonical combining class 1).
pub(super) fn is_overlay(c: char) -> bool {
    is(c, CanonicalCombiningClass::Overlay)
}

/// Small letters of the whole text, since those of some letters depend on their neighbours: Σ at the end of a word is ς.
pub(super) fn lower_case(text: &str) -> String {
    CASE.lowercase_to_string(text, &ANY_LANGUAGE).into_owned()
}

pub(super) fn upper_case(text: &str) -> String {
    CASE.uppercase_to_string(text, &ANY_LANGUAGE).into_owned()
}

pub(super) fn title_case(text: &str) -> String {
    CASE.titlecase_segment_with_only_case_data_to_string(text, &ANY_LANGUAGE, Default::default())
        .into_owned()
}

/// What is alike in every case (full case folding).
pub(super) fn fold_case(text: &str) -> String {
    CASE.fold_string(text).into_owned()
}

/// The same for one character, as one.
pub(super) fn fold_simply(c: char) -> char {
    CASE.simple_fold(c)
}
