//! A socket that does not open: browsers do not tell why, and the page's own server is asked over HTTP.

use client_web::call::{Answer, Effect, Input, Request, Text, UserInput};

use crate::page::{TestPage, WELCOME};

/// A page of its own server, at which alice tries to sign in.
fn signing_in() -> TestPage {
    let mut page = TestPage::new();
    page.input(Input::OwnServer);
    page.user(UserInput::SignIn { name: "alice".to_owned() });
    page
}

/// The socket does not open, and the page waits until it tries again.
fn fails(page: &mut TestPage) {
    page.effects.clear();
    page.input(Input::SocketClosed { code: 1006 });
}

fn tries_again(page: &mut TestPage) {
    let at = page.client.next_timeout().expect("it is tried again");
    page.wait(at - page.now);
    assert!(page.did(&Effect::OpenSocket));
}

fn answers(page: &mut TestPage, socket: u64, status: u16, retry_after: Option<u32>) {
    let answer = Answer { status, retry_after, ..Answer::default() };
    page.input(Input::Fetched(Request::Socket(socket), Some(answer)));
}

fn said(page: &TestPage) -> Option<Text> {
    page.view().server_trouble.map(|trouble| trouble.text)
}

#[test]
fn why_a_socket_does_not_open_is_asked_and_said() {
    for (status, text) in [
        (426, Text::ServerNoWebSocket),
        (403, Text::ServerForbids),
        (404, Text::ServerAnsweredFor),
        (502, Text::ServerAnsweredFor),
        (200, Text::ServerAnsweredFor),
        (429, Text::ServerBusy),
        (503, Text::ServerBusy),
    ] {
        let mut page = signing_in();
        fails(&mut page);
        assert!(!page.did(&Effect::Fetch(Request::Socket(1))), "it may be about to start");
        tries_again(&mut page);
        fails(&mut page);
        assert!(page.did(&Effect::Fetch(Request::Socket(2))));
        assert_eq!(said(&page), Some(Text::ServerRetry));
        answers(&mut page, 2, status, None);
        assert_eq!(said(&page), Some(text), "{status}");
        let number = page.view().server_trouble.and_then(|trouble| trouble.status);
        assert_eq!(number, (text == Text::ServerAnsweredFor).then_some(status));
        // It stands there until something else is told.
        if status != 429 && status != 503 {
            tries_again(&mut page);
            assert_eq!(said(&page), Some(text), "{status}");
            fails(&mut page);
            assert_eq!(said(&page), Some(text), "{status}");
            page.input(Input::Fetched(Request::Socket(3), None));
            assert_eq!(said(&page), Some(Text::ServerRetry), "{status}");
        }
        tries_again(&mut page);
        page.input(Input::SocketOpened);
        page.server(WELCOME);
        assert_eq!(said(&page), None, "{status}");
    }
}

#[test]
fn what_is_told_of_an_earlier_socket_does_not_count() {
    let mut page = signing_in();
    for _ in 0..2 {
        fails(&mut page);
        tries_again(&mut page);
    }
    answers(&mut page, 2, 426, None);
    fails(&mut page);
    answers(&mut page, 2, 426, None);
    assert_eq!(said(&page), Some(Text::ServerRetry));
    page.input(Input::User(UserInput::RetryNow));
    page.input(Input::SocketOpened);
    page.server(WELCOME);
    answers(&mut page, 4, 426, Some(60));
    assert_eq!(said(&page), None);
}

#[test]
fn a_socket_that_hangs_is_asked_about_as_well() {
    let mut page = signing_in();
    fails(&mut page);
    tries_again(&mut page);
    page.effects.clear();
    page.wait(10_100);
    assert!(page.did(&Effect::Fetch(Request::Socket(2))));
}

#[test]
fn another_server_is_not_asked() {
    let mut page = TestPage::new();
    page.user(UserInput::SignIn { name: "alice".to_owned() });
    for _ in 0..4 {
        fails(&mut page);
        assert!(!page.effects.iter().any(|effect| matches!(effect, Effect::Fetch(_))));
        tries_again(&mut page);
    }
}

/// Its user may not have that patience.
#[test]
fn the_next_attempt_waits_for_as_long_as_the_server_asks() {
    for (asked, waited) in [(40, 40_000), (4_000_000_000, 120_000)] {
        let mut page = signing_in();
        fails(&mut page);
        tries_again(&mut page);
        fails(&mut page);
        answers(&mut page, 2, 429, Some(asked));
        let trouble = page.view().server_trouble.expect("it is shown");
        assert_eq!((trouble.text, trouble.seconds), (Text::ServerBusy, Some(waited / 1_000)));
        page.effects.clear();
        page.wait(waited - 1_000);
        assert!(!page.did(&Effect::OpenSocket));
        page.user(UserInput::RetryNow);
        assert!(page.did(&Effect::OpenSocket));
    }
}
