//! index.html and the code that binds to it say the same.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{cell::RefCell, collections::BTreeSet};

use client_web::{call::Text, ids};
use lol_html::{RewriteStrSettings, element, rewrite_str};

const INDEX: &str = include_str!("../../../index.html");

/// The values of an attribute, in the order in which they stand in index.html.
fn values(attribute: &str) -> Vec<String> {
    let found = RefCell::new(Vec::new());
    let note = element!(format!("[{attribute}]"), |element| {
        found.borrow_mut().extend(element.get_attribute(attribute));
        Ok(())
    });
    rewrite_str(INDEX, RewriteStrSettings::new().append_element_content_handler(note)).unwrap();
    found.into_inner()
}

/// The same as a set, after a check that nothing stands there twice.
fn unique(attribute: &str) -> BTreeSet<String> {
    let all = values(attribute);
    let set: BTreeSet<_> = all.iter().cloned().collect();
    assert_eq!(all.len(), set.len(), "a {attribute} stands twice in index.html");
    set
}

fn set_of<'a>(items: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    items.into_iter().map(ToOwned::to_owned).collect()
}

#[test]
fn the_code_binds_every_id_of_the_page_and_no_other() {
    // Ids that begin with x- are for labels and icons.
    let in_page: BTreeSet<_> =
        unique("id").into_iter().filter(|id| !id.starts_with("x-")).collect();
    assert_eq!(in_page, set_of(ids::ALL.iter().copied()));
}

/// A name keeps its direction from the words around it, and these keep theirs from it.
#[test]
fn every_name_stands_in_an_element_of_its_own_direction() {
    let found = RefCell::new(0);
    let note = element!(
        "[data-slot=name], [data-slot=provider], #selfName, #callerName, #remoteName",
        |element| {
            assert_eq!(element.tag_name(), "bdi", "{:?}", element.get_attribute("id"));
            *found.borrow_mut() += 1;
            Ok(())
        }
    );
    rewrite_str(INDEX, RewriteStrSettings::new().append_element_content_handler(note)).unwrap();
    assert!(found.into_inner() > 40);
    assert_eq!(values("dir"), ["auto", "auto"], "so do the two fields");
}

#[test]
fn the_ids_of_the_tutorial_are_kept() {
    let ids = unique("id");
    for id in [
        "loginPage",
        "usernameInput",
        "loginBtn",
        "callPage",
        "localVideo",
        "remoteVideo",
        "callToUsernameInput",
        "callBtn",
        "hangUpBtn",
        "incomingCall",
        "callerName",
        "acceptBtn",
        "declineBtn",
        "status",
    ] {
        assert!(ids.contains(id), "{id}");
    }
}

#[test]
fn every_word_of_the_check_stands_in_the_page_and_no_other() {
    assert_eq!(unique("data-check"), set_of(client_web::check::KEYS));
}

#[test]
fn every_sentence_that_the_code_shows_stands_in_the_page_and_no_other() {
    assert_eq!(unique("data-text"), set_of(Text::ALL.iter().map(|text| text.key())));
}
