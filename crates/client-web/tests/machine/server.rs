//! Signing in, and a server that is lost.

use client_web::call::{Effect, Environment, Farewell, Input, Page, PhaseView, Text, UserInput};
use protocol::{ClientMessage, Login, NameReason, Ping};

use crate::page::{TestPage, WELCOME};

const PING: ClientMessage = ClientMessage::Ping(Ping { received: Some(0) });

fn sign_in(page: &mut TestPage, name: &str) {
    page.user(UserInput::SignIn { name: name.to_owned() });
}

#[test]
fn signing_in_opens_a_socket_logs_in_and_remembers_the_name() {
    let mut page = TestPage::new();
    assert_eq!(page.view().page, Page::Login);
    sign_in(&mut page, " Alice ");
    assert_eq!(page.effects, [Effect::OpenSocket]);
    assert_eq!(page.status().text, Text::ConnectingServer);
    page.input(Input::SocketOpened);
    let login =
        Login { name: "Alice".to_owned(), received: Some(0), attempt: Some(1), ..Login::default() };
    assert_eq!(page.sent(), [ClientMessage::Login(Box::new(login))]);
    page.server(WELCOME);
    assert_eq!(page.effects, [Effect::RememberName("alice".to_owned())]);
    let view = page.view();
    assert_eq!(
        (view.page, view.self_name.as_deref(), view.can_call),
        (Page::Call, Some("alice"), true)
    );
}

#[test]
fn names_that_cannot_be_had_are_answered_beside_the_field() {
    let mut page = TestPage::new();
    sign_in(&mut page, "  ");
    assert_eq!((page.view().sign_in_error, page.effects.len()), (Some(Text::NameEmpty), 0));
    for (code, text) in [
        (r#","code":"name_taken""#, Text::NameTaken),
        (r#","code":"bad_name""#, Text::NameBad),
        (r#","code":"rate_limited""#, Text::ServerRefused),
        (r#","code":"sign_in_required""#, Text::SignInRequired),
        (r#","code":"of_a_later_version""#, Text::ServerRefused),
        ("", Text::NameTaken),
    ] {
        sign_in(&mut page, "alice");
        page.input(Input::SocketOpened);
        page.server(&format!(r#"{{"type":"login","success":false{code}}}"#));
        let view = page.view();
        let said = view.sign_in_error.or(view.sign_in_notice);
        assert_eq!((view.page, said), (Page::Login, Some(text)), "{code}");
        assert!(page.did(&Effect::CloseSocket(Farewell::Goodbye)));
        assert!(!view.signing_in);
    }
}

/// The server says which character is wrong, and why: the page says both, beside the field where the name was typed.
#[test]
fn what_is_wrong_with_a_name_is_said_beside_the_field() {
    for reason in NameReason::ALL {
        let fault = format!(
            r#""code":"bad_name","fault":{{"reason":"{}","character":"с"}}"#,
            reason.as_str()
        );
        let mut page = TestPage::new();
        sign_in(&mut page, "aliсe");
        page.input(Input::SocketOpened);
        page.server(&format!(r#"{{"type":"login","success":false,{fault}}}"#));
        let view = page.view();
        assert_eq!(view.bad_character, Some('с'));
        let text = view.sign_in_error.unwrap();
        assert_eq!(text == Text::NameBad, *reason == NameReason::Empty, "{reason:?}");

        let mut page = TestPage::signed_in();
        page.call_whom("aliсe");
        page.server(&format!(r#"{{"type":"error","message":"",{fault}}}"#));
        let view = page.view();
        let otherwise = if text == Text::NameBad { Text::CalleeBad } else { text };
        assert_eq!((view.callee_error, view.bad_character), (Some(otherwise), Some('с')));
    }
}

#[test]
fn a_browser_that_is_offline_says_so_at_once() {
    let mut page = TestPage::signed_in();
    assert!(page.view().can_call);
    page.silent = true;
    page.input(Input::Offline);
    let said = |page: &TestPage| page.view().server_trouble.map(|trouble| trouble.text);
    assert_eq!((said(&page), page.status().text), (Some(Text::DeviceOffline), Text::DeviceOffline));
    assert!(!page.view().can_call);
    // It stays so while nothing is heard, whatever is tried.
    page.wait(60_000);
    assert_eq!(said(&page), Some(Text::DeviceOffline));
    page.effects.clear();
    page.input(Input::NetworkChanged);
    assert!(page.did(&Effect::OpenSocket), "it is tried at once");
    assert_ne!(said(&page), Some(Text::DeviceOffline));

    // What browsers say may be wrong: they do not count a machine's own network.
    let mut page = TestPage::signed_in();
    page.input(Input::Offline);
    assert_eq!(page.sent().last(), Some(&PING));
    page.server(r#"{"type":"pong","received":0}"#);
    assert_eq!((said(&page), page.view().can_call), (None, true));

    // Nobody is told of a server who has none.
    let mut page = TestPage::new();
    page.input(Input::Offline);
    assert_eq!(said(&page), None);
}

const TAKEN: &str = r#"{"type":"login","success":false,"code":"name_taken"}"#;

/// Tries to be alice until the page stops trying. Gives for how long it has.
fn tries_to_be_alice(page: &mut TestPage) -> u64 {
    let begin = page.now;
    sign_in(page, "alice");
    loop {
        page.input(Input::SocketOpened);
        page.server(TAKEN);
        let view = page.view();
        if view.sign_in_error.is_some() {
            assert_eq!((view.sign_in_error, view.signing_in), (Some(Text::NameTaken), false));
            return page.now - begin;
        }
        let trouble = view.server_trouble.expect("it is said why they wait");
        assert_eq!((view.page, trouble.text), (Page::Login, Text::NameMayBeHeld));
        assert_eq!(view.status.text, Text::SigningIn, "the server is there");
        let at = page.client.next_timeout().expect("it is tried again");
        page.wait(at - page.now);
    }
}

/// A tab of theirs was killed, and the server does not know that yet; or they have another tab.
#[test]
fn who_has_the_name_that_this_browser_had_may_be_its_user() {
    let mut page = TestPage::new();
    page.input(Input::Remembered("alice".to_owned()));
    // Long enough for a socket that is dead, and what the server keeps of it.
    assert!((65_000..100_000).contains(&tries_to_be_alice(&mut page)));
    // It comes in by itself when the name is free.
    sign_in(&mut page, "alice");
    for answer in [TAKEN, TAKEN, WELCOME] {
        page.input(Input::SocketOpened);
        page.server(answer);
        if answer == TAKEN {
            let at = page.client.next_timeout().expect("it is tried again");
            page.wait(at - page.now);
        }
    }
    assert!(page.view().can_call);

    let mut page = TestPage::new();
    assert_eq!(tries_to_be_alice(&mut page), 0, "this browser has never had it");
    page.input(Input::Remembered("alicia".to_owned()));
    assert_eq!(tries_to_be_alice(&mut page), 0);
    // While the page waits, its user can choose another name.
    page.input(Input::Remembered("alice".to_owned()));
    sign_in(&mut page, "alice");
    page.input(Input::SocketOpened);
    page.server(TAKEN);
    assert!(!page.view().signing_in);
    page.effects.clear();
    sign_in(&mut page, "alice2");
    assert!(page.did(&Effect::OpenSocket));
}

#[test]
fn a_server_that_cannot_be_reached_is_tried_again_and_again() {
    let mut page = TestPage::new();
    sign_in(&mut page, "alice");
    let mut pauses = Vec::new();
    for _ in 0..10 {
        page.effects.clear();
        page.input(Input::SocketClosed { code: 1006 });
        let trouble = page.view().server_trouble.expect("it is shown");
        assert_eq!(trouble.text, Text::ServerRetry);
        let seconds = trouble.seconds.expect("it is said when");
        let at = page.client.next_timeout().expect("it is tried again");
        assert_eq!(seconds, (at - page.now).div_ceil(1_000));
        pauses.push(at - page.now);
        page.wait(at - page.now);
        assert_eq!(page.effects, [Effect::OpenSocket]);
    }
    assert!(pauses[9] > pauses[0], "{pauses:?}");
    assert!(pauses.iter().all(|pause| (500..=15_000).contains(pause)), "{pauses:?}");
    page.input(Input::SocketOpened);
    page.server(WELCOME);
    assert_eq!(page.view().server_trouble, None);
}

#[test]
fn whoever_does_not_want_to_wait_need_not() {
    let mut page = TestPage::new();
    sign_in(&mut page, "alice");
    page.input(Input::SocketClosed { code: 1006 });
    assert!(page.view().can_retry);
    page.effects.clear();
    page.user(UserInput::RetryNow);
    assert_eq!(page.effects, [Effect::OpenSocket]);
    assert_eq!(page.view().server_trouble.map(|trouble| trouble.text), Some(Text::ServerRetryNow));
}

#[test]
fn a_socket_that_does_not_open_in_time_is_given_up() {
    let mut page = TestPage::new();
    sign_in(&mut page, "alice");
    page.wait(10_100);
    assert!(page.did(&Effect::CloseSocket(Farewell::GivenUp)));
    assert!(page.view().server_trouble.is_some());
}

#[test]
fn a_user_who_was_signed_in_comes_back_without_a_question() {
    let mut page = TestPage::signed_in();
    page.input(Input::SocketClosed { code: 1012 });
    let view = page.view();
    assert_eq!((view.page, view.can_call), (Page::Call, false));
    page.wait(2_000);
    assert_eq!(page.effects, [Effect::OpenSocket]);
    page.input(Input::SocketOpened);
    page.server(WELCOME);
    assert!(page.view().can_call);
}

#[test]
fn a_short_break_is_not_spoken_of_and_a_longer_one_is() {
    let mut page = TestPage::signed_in();
    page.input(Input::SocketClosed { code: 1006 });
    for step in [Input::Tick, Input::SocketOpened] {
        let view = page.view();
        assert_eq!((view.status.text, view.server_trouble), (Text::Ready, None));
        page.wait(500);
        page.input(step);
    }
    page.input(Input::SocketClosed { code: 1006 });
    assert_eq!(page.view().status.text, Text::ServerAway);
    assert!(page.view().server_trouble.is_some());
}

#[test]
fn a_server_that_is_too_busy_is_asked_again() {
    let mut page = TestPage::signed_in();
    page.input(Input::SocketClosed { code: 1006 });
    page.wait(15_000);
    page.input(Input::SocketOpened);
    page.server(r#"{"type":"login","success":false,"code":"unavailable"}"#);
    assert_eq!(page.view().server_trouble.map(|trouble| trouble.text), Some(Text::ServerBusy));
    assert_eq!(page.view().page, Page::Call);
}

#[test]
fn a_silent_server_is_pinged_and_then_given_up() {
    let mut page = TestPage::signed_in();
    page.silent = true;
    page.wait(25_100);
    assert_eq!(page.sent(), [PING]);
    page.server(r#"{"type":"pong"}"#);
    page.wait(25_100);
    assert_eq!(page.sent(), [PING]);
    page.wait(10_000);
    assert!(page.did(&Effect::CloseSocket(Farewell::GivenUp)));
    assert!(!page.view().can_call);
}

#[test]
fn signing_out_frees_everything_and_forgets_who_called() {
    let mut page = TestPage::signed_in();
    page.rung_by_bob("c1");
    page.user(UserInput::SignOut);
    assert!(page.did(&Effect::CloseSocket(Farewell::Goodbye)));
    let view = page.view();
    assert_eq!((view.page, view.notice, view.missed), (Page::Login, None, vec![]));
    assert_eq!(page.client.next_timeout(), None);
}

#[test]
fn nothing_from_the_server_is_fatal() {
    let long = "x".repeat(10_000);
    for text in [
        "",
        "Hello world",
        "null",
        "[]",
        "{}",
        "0",
        r#"{"type":null}"#,
        r#"{"type":"later"}"#,
        r#"{"type":"offer"}"#,
        r#"{"type":"offer","name":"bob"}"#,
        r#"{"type":"answer","answer":1}"#,
        r#"{"type":"candidate","candidate":null}"#,
        r#"{"type":"leave"}"#,
        r#"{"type":"pong"}"#,
        r#"{"type":"error"}"#,
        r#"{"type":"error","message":"No."}"#,
        r#"{"type":"ringing"}"#,
        &long,
    ] {
        let mut page = TestPage::signed_in();
        page.server(text);
        assert_eq!(page.effects, [], "{text}");
        assert_eq!(page.view().phase, PhaseView::Idle, "{text}");
    }
}

#[test]
fn a_browser_without_webrtc_is_told_so() {
    let page = TestPage::in_environment(Environment::NoWebRtc);
    assert_eq!(page.view().page, Page::Unsupported);
}
