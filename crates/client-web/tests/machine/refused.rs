//! A server that takes something later: it says when, and the page says it.

use client_web::call::{Effect, Input, Text, UserInput};

use crate::page::{TestPage, WELCOME};

fn refusal(kind: &str, seconds: Option<u32>) -> String {
    let seconds = seconds.map_or_else(String::new, |seconds| format!(r#","seconds":{seconds}"#));
    format!(r#"{{{kind},"code":"rate_limited","message":"Later."{seconds}}}"#)
}

#[test]
fn who_signs_in_is_told_for_how_long() {
    for (seconds, text) in [(Some(7), Text::ServerRefusedFor), (None, Text::ServerRefused)] {
        let mut page = TestPage::new();
        page.user(UserInput::SignIn { name: "alice".to_owned() });
        page.input(Input::SocketOpened);
        page.server(&refusal(r#""type":"login","success":false"#, seconds));
        let view = page.view();
        assert_eq!(view.sign_in_notice, Some(text));
        assert_eq!(view.refused_for, seconds.map(u64::from));
    }
}

#[test]
fn who_is_signed_in_comes_back_no_earlier() {
    let mut page = TestPage::signed_in();
    page.input(Input::SocketClosed { code: 1006 });
    page.wait(1_000);
    page.input(Input::SocketOpened);
    page.server(&refusal(r#""type":"login","success":false"#, Some(40)));
    let trouble = page.view().server_trouble.expect("it is shown");
    assert_eq!((trouble.text, trouble.seconds), (Text::ServerBusy, Some(40)));
    page.effects.clear();
    page.wait(39_000);
    assert!(!page.did(&Effect::OpenSocket));
    page.wait(1_100);
    assert!(page.did(&Effect::OpenSocket));
    page.input(Input::SocketOpened);
    page.server(WELCOME);
    assert_eq!(page.view().server_trouble, None);
}

#[test]
fn who_calls_too_often_is_told_for_how_long() {
    for (seconds, text) in [(Some(15), Text::ServerRefusedFor), (None, Text::ServerRefused)] {
        let mut page = TestPage::signed_in();
        page.call_bob();
        page.server(&refusal(r#""type":"error""#, seconds));
        let notice = page.view().notice.expect("it is said").message;
        assert_eq!((notice.text, notice.seconds), (text, seconds.map(u64::from)));
    }
}
