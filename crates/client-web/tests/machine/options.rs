//! What the page's own server says of how people sign in, and what follows from it.

use client_web::call::{Effect, Entry, Environment, Input, Page, Text, UserInput};

use crate::{
    account::{PROVIDERS, REFUSED, gets_ticket, is_told, options, says},
    page::{TestPage, WELCOME},
};

#[test]
fn a_server_that_says_nothing_of_providers_is_as_ever() {
    for (status, body) in [
        (404, ""),
        (200, "<!DOCTYPE html><html>"),
        (200, r#"{"guests":true,"providers":[]}"#),
        (200, r#"{"guests":true,"providers":[],"user":null,"suggested":null}"#),
        (500, r#"{"guests":false,"providers":[]}"#),
        (200, "[]"),
    ] {
        let mut page = TestPage::new();
        page.input(Input::OwnServer);
        page.effects.clear();
        says(&mut page, status, body);
        let view = page.view();
        assert_eq!((view.entry, view.providers.len()), (Entry::Open, 0), "{body}");
        assert!(view.can_check && page.effects.is_empty());
        page = page.sign_in_with(WELCOME);
        assert_eq!(page.view().self_note, None);
    }
    let mut page = TestPage::new();
    page.input(Input::OwnServer);
    page.input(Input::Fetched(page.question, None));
    assert_eq!(page.view().entry, Entry::Open);
}

#[test]
fn providers_are_offered_and_guests_are_taken_or_refused() {
    let mut page = TestPage::new();
    is_told(&mut page, &options(""));
    let view = page.view();
    assert_eq!((view.entry, &*view.providers[0].label), (Entry::Guest, "Google"));
    assert!(view.can_check);
    page = page.sign_in_with(WELCOME);
    assert_eq!(page.view().self_note.map(|note| note.text), Some(Text::SelfGuest));

    let mut page = TestPage::new();
    is_told(&mut page, &format!(r#"{{"guests":false,{PROVIDERS}}}"#));
    let view = page.view();
    assert_eq!((view.entry, view.can_check), (Entry::Provider, false));
}

/// To open the page a second time must not end a call in the first.
#[test]
fn who_is_signed_in_elsewhere_is_asked_first() {
    let mut page = TestPage::new();
    let user = r#","user":{"provider":"google","name":"alice","here":true}"#;
    is_told(&mut page, &options(user));
    let view = page.view();
    assert_eq!((view.page, view.entry, page.effects.len()), (Page::Login, Entry::Known, 0));
    let note = view.account.expect("it is said what signing in here does");
    assert_eq!((note.text, note.name.as_deref()), (Text::AccountElsewhere, Some("alice")));

    page.user(UserInput::SignIn { name: String::new() });
    gets_ticket(&mut page);
    page.input(Input::SocketOpened);
    page.server(r#"{"type":"login","success":true,"name":"alice","version":1,"session":"s1"}"#);
    assert_eq!(page.view().page, Page::Call);
    // Whoever went on elsewhere since is told that, and not asked once more.
    page.input(Input::SocketClosed { code: 4003 });
    assert_eq!(page.view().account.map(|note| note.text), Some(Text::AccountKnown));
}

#[test]
fn a_browser_that_cannot_call_is_not_signed_in() {
    let mut page = TestPage::in_environment(Environment::NoWebRtc);
    page.input(Input::OwnServer);
    page.input(Input::NetworkChanged);
    assert_eq!((page.view().page, page.effects.len()), (Page::Unsupported, 0));
    assert_eq!(page.client.next_timeout(), None, "nor is it asked how");
}

#[test]
fn guests_who_are_refused_are_told_how_to_come_in() {
    // The options came late, or were not to be had.
    let mut page = TestPage::new();
    page.input(Input::OwnServer);
    page.user(UserInput::SignIn { name: "alice".to_owned() });
    page.input(Input::SocketOpened);
    page.server(REFUSED);
    assert_eq!(page.view().sign_in_notice, Some(Text::SignInRequired));
    assert!(page.did(&Effect::Fetch(page.question)));
    says(&mut page, 200, &format!(r#"{{"guests":false,{PROVIDERS}}}"#));
    let view = page.view();
    assert_eq!((view.entry, view.sign_in_notice), (Entry::Provider, Some(Text::SignInRequired)));
}
