//! The tests that the documents name are there.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{fs, path::Path};

/// What names tests, as `file::name`.
const DOCUMENTS: [&str; 2] = ["SECURITY.md", "docs/threats.md"];

/// The folders by their short names. Both documents say them, too.
const FOLDERS: [(&str, &str); 18] = [
    ("it", "crates/server/tests/it"),
    ("session", "crates/server/src/session/tests"),
    ("edge", "crates/server/src/edge"),
    ("tls", "crates/server/src/tls"),
    ("http", "crates/server/src/http"),
    ("server", "crates/server/src"),
    ("machine", "crates/client-web/tests/machine"),
    ("web", "crates/client-web/tests/web"),
    ("client-web", "crates/client-web/tests"),
    ("call", "crates/client-web/src/call"),
    ("src", "crates/client-web/src"),
    ("identity", "crates/identity/src"),
    ("relay", "crates/relay/src"),
    ("doctor", "crates/doctor/src"),
    ("simulation", "crates/simulation/tests"),
    ("e2e", "e2e/tests/e2e"),
    ("interop", "interop/tests/interop"),
    ("wire", "crates/protocol/tests/wire"),
];

/// Whether the file has a test of this name; some are made by a macro that is given it.
fn has(root: &Path, file: &str, name: &str) -> bool {
    let (short, rest) = file.split_once('/').unwrap_or_default();
    let folder = FOLDERS.iter().find(|(folder, _)| *folder == short);
    let text = folder.and_then(|(_, folder)| fs::read_to_string(root.join(folder).join(rest)).ok());
    let is_word = |char: char| char.is_alphanumeric() || char == '_';
    text.is_some_and(|text| text.split(|char| !is_word(char)).any(|word| word == name))
}

#[test]
fn every_test_that_a_promise_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut named = 0;
    let mut missing = Vec::new();
    for document in DOCUMENTS {
        let text = fs::read_to_string(root.join(document)).unwrap();
        // What stands in backticks is every second part.
        let tests = text.split('`').skip(1).step_by(2).filter_map(|code| code.split_once("::"));
        for (file, name) in tests.filter(|(file, _)| file.ends_with(".rs")) {
            named += 1;
            if !has(&root, file, name) {
                missing.push(format!("{document}: {file}::{name}"));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
    assert!(named > 200, "only {named} are named");
}
