//! A page that uses another server than its own: what it keeps and asks is of one server, and no other ever hears of it.

use client_web::call::{Effect, Found, Input, Kept, Text, UserInput};
use protocol::{ClientMessage, Login};

use crate::{
    account::{REFUSED, alice, answers, is_told},
    page::{TestPage, WELCOME},
};

/// What was kept of somebody who was signed in with an account.
fn kept_of_an_account() -> Kept {
    let json = r#"{"name":"alice","session":"s1","sockets":1,"at":0,"grace":30,"camera":false,"account":true}"#;
    let Some(Found::Fresh(kept)) = Kept::from_json(json, 0) else { panic!("it is fresh") };
    kept
}

fn asks_its_own_server(page: &TestPage) -> bool {
    page.effects.iter().any(|effect| matches!(effect, Effect::Fetch(_)))
}

/// Its own server was asked how people sign in, and gave tickets for it.
#[test]
fn another_server_that_wants_a_ticket_gets_none() {
    let mut page = TestPage::new();
    for _ in 0..5 {
        page.user(UserInput::SignIn { name: "alice".to_owned() });
        page.input(Input::SocketOpened);
        page.server(REFUSED);
        page.wait(60_000);
        page.input(Input::NetworkChanged);
        assert_eq!(page.view().sign_in_notice, Some(Text::SignInRequired));
    }
    page.user(UserInput::SignOut);
    assert!(!asks_its_own_server(&page), "{:?}", page.effects);
}

/// A ticket was fetched from its own server and sent to the other.
#[test]
fn what_is_kept_of_an_account_fetches_no_ticket_for_another_server() {
    let mut page = TestPage::new();
    page.input(Input::Reloaded(kept_of_an_account()));
    assert_eq!(page.effects, [Effect::OpenSocket]);
    page.input(Input::SocketOpened);
    let sent = page.sent();
    let [ClientMessage::Login(login)] = &sent[..] else { panic!("{sent:?}") };
    assert!(matches!(&**login, Login { ticket: None, .. }), "{login:?}");
    page.server(REFUSED);
    page.wait(60_000);
    assert!(!asks_its_own_server(&page), "{:?}", page.effects);
}

/// What comes too late, or for no question, makes nobody of an account either.
#[test]
fn an_answer_that_was_not_asked_for_is_none() {
    let mut page = TestPage::new();
    let question = page.question;
    answers(&mut page, question, 200, &alice());
    page.user(UserInput::SignIn { name: "alice".to_owned() });
    assert_eq!(page.effects, [Effect::OpenSocket]);
}

#[test]
fn at_its_own_server_the_page_asks() {
    let mut page = TestPage::new();
    page.input(Input::OwnServer);
    page.input(Input::Reloaded(kept_of_an_account()));
    assert!(page.effects.iter().filter(|effect| matches!(effect, Effect::Fetch(_))).count() == 2);
    let mut page = TestPage::new();
    is_told(&mut page, &alice());
    assert!(asks_its_own_server(&page));
    let mut page = TestPage::signed_in();
    page.server(WELCOME);
    assert!(!asks_its_own_server(&page));
}
