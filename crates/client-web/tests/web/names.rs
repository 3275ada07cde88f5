//! Names of people, wherever the page shows one.

use wasm_bindgen_test::wasm_bindgen_test;

use crate::common::{Bench, document};

/// Lines of a script, a name, and other spellings of the same.
const PEOPLE: &str = include_str!("../../../protocol/tests/people.tsv");

const RIGHT_TO_LEFT: [&str; 6] = ["Hebrew", "Arabic", "Syriac", "Thaana", "NKo", "Adlam"];

/// As they are spelled, in an element that keeps their direction from the text around it, and the text from theirs.
#[wasm_bindgen_test]
fn people_of_all_scripts_are_shown_right() {
    let mut bench = Bench::signed_in();
    for (number, line) in PEOPLE.lines().enumerate() {
        let mut fields = line.split('\t');
        let (script, name) = (fields.next().unwrap(), fields.next().unwrap());
        let turned = RIGHT_TO_LEFT.contains(&script);
        bench.server(&format!(
            r#"{{"type":"offer","name":"{name}","offer":{{}},"call":"c{number}"}}"#
        ));
        shows(&bench, "#callerName", name, turned);
        shows(&bench, "#status [data-slot=name]", name, turned);
        assert_eq!(bench.html.text("status"), format!("{name} is calling you."));
        let isolated =
            if name.is_ascii() { name.to_owned() } else { format!("\u{2068}{name}\u{2069}") };
        assert_eq!(document().title(), format!("{isolated} is calling · Pronto"));
        bench.server(&format!(r#"{{"type":"leave","name":"{name}","call":"c{number}"}}"#));
        shows(&bench, "#noticeText [data-slot=name]", name, turned);
        shows(&bench, "#missedList [data-slot=name]", name, turned);
    }
}

fn shows(bench: &Bench, selector: &str, name: &str, turned: bool) {
    let element = bench.html.find(selector).unwrap();
    assert_eq!(element.tag_name(), "BDI", "{selector}");
    assert_eq!(element.text_content().as_deref(), Some(name), "{selector}");
    let direction = if turned { ":dir(rtl)" } else { ":dir(ltr)" };
    assert_eq!(element.matches(direction), Ok(true), "{selector} {name}");
    let around = element.parent_element().unwrap();
    assert_eq!(around.matches(":dir(ltr)"), Ok(true), "{selector} {name}");
}

/// The sentence for a bad name shows the character, and its number where it cannot be seen.
#[wasm_bindgen_test]
fn a_bad_name_is_answered_with_the_character() {
    let mut bench = Bench::signed_in();
    for (name, fault, sentence) in [
        ("aliсe", r#""reason":"scripts","character":"с""#, "“с” (U+0441) is of another alphabet"),
        ("a b", r#""reason":"invisible","character":"\u200d""#, "(U+200D)"),
        ("jo", r#""reason":"mark","character":"\u0307""#, "“◌\u{307}” (U+0307)"),
        ("a@b", r#""reason":"character","character":"@""#, "“@” cannot be in a name."),
    ] {
        bench.user(client_web::call::UserInput::Call { name: name.to_owned() });
        bench.server(&format!(
            r#"{{"type":"error","message":"","code":"bad_name","fault":{{{fault}}}}}"#
        ));
        let said = bench.html.text("callToUsernameError");
        assert!(said.contains(sentence), "{said}");
        let bdi = bench.html.find("#callToUsernameError bdi");
        assert_eq!(bdi.is_some(), name != "a b");
    }
}
