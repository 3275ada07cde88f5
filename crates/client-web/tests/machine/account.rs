//! A server where names can be proven: accounts, tickets, and the end of a sign-in.

use client_web::call::{
    Answer, Effect, Entry, Farewell, Input, Page, PhaseView, Request, Text, UserInput,
};
use protocol::{ClientMessage, Login};

use crate::page::{TestPage, WELCOME, raw};

pub(crate) const PROVIDERS: &str = r#""providers":[{"id":"google","label":"Google"}]"#;

pub(crate) const TICKET: &str = r#"{"ticket":"t1"}"#;

pub(crate) const REFUSED: &str = r#"{"type":"login","success":false,"code":"sign_in_required"}"#;

pub(crate) fn options(user: &str) -> String {
    format!(r#"{{"guests":true,{PROVIDERS}{user}}}"#)
}

pub(crate) fn alice() -> String {
    options(r#","user":{"name":"alice","provider":"google"}"#)
}

pub(crate) fn answers(page: &mut TestPage, request: Request, status: u16, body: &str) {
    page.input(Input::Fetched(
        request,
        Some(Answer { status, body: body.to_owned(), ..Answer::default() }),
    ));
}

pub(crate) fn is_told(page: &mut TestPage, options: &str) {
    page.input(Input::OwnServer);
    assert!(page.did(&Effect::Fetch(page.question)));
    page.effects.clear();
    says(page, 200, options);
}

/// The server answers the question how people sign in that it was asked last.
pub(crate) fn says(page: &mut TestPage, status: u16, body: &str) {
    answers(page, page.question, status, body);
}

/// The ticket that was asked for last.
pub(crate) fn asked(page: &TestPage) -> Option<Request> {
    page.effects.iter().rev().find_map(|effect| match effect {
        Effect::Fetch(request @ Request::Ticket(_)) => Some(*request),
        _ => None,
    })
}

pub(crate) fn gets_ticket(page: &mut TestPage) {
    let request = asked(page).expect("a ticket is asked for");
    page.effects.clear();
    answers(page, request, 200, TICKET);
}

/// A page on which alice is signed in with Google.
pub(crate) fn signed_in() -> TestPage {
    let mut page = TestPage::new();
    is_told(&mut page, &alice());
    gets_ticket(&mut page);
    page.input(Input::SocketOpened);
    page.server(WELCOME);
    page.effects.clear();
    page
}

/// The time comes for the next attempt.
pub(crate) fn tries_again(page: &mut TestPage) {
    let at = page.client.next_timeout().expect("it is tried again");
    page.effects.clear();
    page.wait(at.saturating_sub(page.now));
}

#[test]
fn who_is_back_from_the_provider_is_signed_in_at_once() {
    let mut page = TestPage::new();
    is_told(&mut page, &alice());
    assert!(page.view().signing_in);
    gets_ticket(&mut page);
    assert_eq!(page.effects, [Effect::OpenSocket]);
    page.input(Input::SocketOpened);
    let login = Login {
        name: "alice".to_owned(),
        ticket: Some("t1".to_owned()),
        received: Some(0),
        attempt: Some(1),
        ..Login::default()
    };
    assert_eq!(page.sent(), [ClientMessage::Login(Box::new(login))]);
    page.server(WELCOME);
    let view = page.view();
    assert_eq!((view.page, view.self_name.as_deref()), (Page::Call, Some("alice")));
    let note = view.self_note.expect("it is said who has proven the name");
    assert_eq!((note.text, note.provider.as_deref()), (Text::SelfAccount, Some("Google")));
    assert!(!page.did(&Effect::RememberName("alice".to_owned())), "it is no guest's to come back");
}

#[test]
fn a_new_account_chooses_its_name() {
    let mut page = TestPage::new();
    is_told(&mut page, &options(r#","user":{"provider":"google"},"suggested":"alice""#));
    assert_eq!(page.effects, [Effect::SuggestName("alice".to_owned())]);
    let view = page.view();
    assert_eq!((view.entry, view.providers.len()), (Entry::Naming, 0));
    let note = view.account.expect("it is said what the name is for");
    assert_eq!((note.text, note.provider.as_deref()), (Text::AccountNew, Some("Google")));

    page.user(UserInput::SignIn { name: " ".to_owned() });
    assert_eq!(page.view().sign_in_error, Some(Text::NameEmpty));
    page.user(UserInput::SignIn { name: "alice".to_owned() });
    gets_ticket(&mut page);
    page.input(Input::SocketOpened);
    page.server(r#"{"type":"login","success":false,"code":"name_taken"}"#);
    let view = page.view();
    assert_eq!((view.entry, view.sign_in_error), (Entry::Naming, Some(Text::NameTaken)));

    page.effects.clear();
    page.user(UserInput::SignIn { name: "alice2".to_owned() });
    gets_ticket(&mut page);
    page.input(Input::SocketOpened);
    page.server(r#"{"type":"login","success":true,"name":"alice2","version":1,"session":"s1"}"#);
    assert_eq!(page.view().self_name.as_deref(), Some("alice2"));
    // From now on it is not asked for again.
    page.input(Input::SocketClosed { code: 4003 });
    let view = page.view();
    assert_eq!((view.entry, view.sign_in_notice), (Entry::Known, Some(Text::WentOnElsewhere)));
    let note = view.account.expect("it is said whose page this is");
    assert_eq!((note.text, note.name.as_deref()), (Text::AccountKnown, Some("alice2")));
    page.effects.clear();
    page.user(UserInput::SignIn { name: String::new() });
    gets_ticket(&mut page);
    page.input(Input::SocketOpened);
    assert!(matches!(&page.sent()[..], [ClientMessage::Login(login)] if login.name == "alice2"));
}

#[test]
fn a_sign_in_that_has_ended_is_told() {
    let mut page = signed_in();
    page.lose();
    tries_again(&mut page);
    let request = asked(&page).expect("a ticket is asked for");
    answers(&mut page, request, 401, "");
    let view = page.view();
    assert_eq!((view.page, view.sign_in_notice), (Page::Login, Some(Text::SignInEnded)));
    assert_eq!((view.entry, page.kept.is_none()), (Entry::Guest, true));
    assert_eq!(page.client.next_timeout(), None);
}

#[test]
fn who_signs_out_is_signed_out_everywhere() {
    let mut page = signed_in();
    page.in_call();
    page.user(UserInput::SignOut);
    assert!(page.did(&Effect::CloseSocket(Farewell::Goodbye)));
    assert!(page.did(&Effect::Fetch(Request::SignOut)));
    let leaves = |effect: &Effect| matches!(effect, Effect::Send(ClientMessage::Leave(_)));
    assert!(page.effects.iter().any(leaves));
    let view = page.view();
    assert_eq!((view.page, view.entry, view.sign_in_notice), (Page::Login, Entry::Guest, None));
    answers(&mut page, Request::SignOut, 204, "");
    assert_eq!(page.view().sign_in_notice, None);

    let mut page = signed_in();
    page.user(UserInput::SignOut);
    page.effects.clear();
    page.input(Input::Fetched(Request::SignOut, None));
    assert_eq!(page.view().sign_in_notice, Some(Text::SignOutFailed));
    says(&mut page, 200, &alice());
    assert_eq!(page.view().entry, Entry::Known, "nobody is signed in again by that");
    page.effects.clear();
    page.user(UserInput::SignOut);
    assert!(page.did(&Effect::Fetch(Request::SignOut)), "it can be tried again");
}

#[test]
fn a_guest_who_signs_out_leaves_the_account_alone() {
    let mut page = TestPage::signed_in();
    is_told(&mut page, &alice());
    assert_eq!(page.view().self_note.map(|note| note.text), Some(Text::SelfGuest));
    page.user(UserInput::SignOut);
    assert!(!page.did(&Effect::Fetch(Request::SignOut)));
    assert_eq!(page.view().entry, Entry::Known);
}

#[test]
fn an_account_that_was_signed_out_elsewhere_stays_so() {
    let mut page = signed_in();
    page.in_call();
    page.input(Input::SocketClosed { code: 4006 });
    let view = page.view();
    assert_eq!((view.page, view.sign_in_notice), (Page::Login, Some(Text::SignedOutElsewhere)));
    assert_eq!((view.entry, view.phase), (Entry::Guest, PhaseView::Idle));
    assert!(page.did(&Effect::StopCamera) && page.kept.is_none());
    assert_eq!(page.client.next_timeout(), None);
    assert!(!page.did(&Effect::Fetch(Request::SignOut)));
}

#[test]
fn who_comes_back_without_an_account_is_told_why() {
    for (how, text) in [
        ("cancelled", Some(Text::SignInCancelled)),
        ("failed", Some(Text::SignInFailed)),
        ("expired", Some(Text::SignInExpired)),
        ("unavailable", Some(Text::SignInUnavailable)),
        ("<b>else</b>", None),
    ] {
        let mut page = TestPage::new();
        page.input(Input::CameBack(how.to_owned()));
        assert_eq!(page.view().sign_in_notice, text, "{how}");
    }
}

#[test]
fn who_leaves_for_a_provider_leaves_nothing_behind() {
    let mut page = TestPage::new();
    is_told(&mut page, &options(""));
    page.user(UserInput::LeaveForProvider);
    assert_eq!(page.effects, []);
    page.user(UserInput::SignIn { name: "alice".to_owned() });
    page.effects.clear();
    page.user(UserInput::LeaveForProvider);
    assert_eq!(page.effects, [Effect::CloseSocket(Farewell::Goodbye)]);
    assert_eq!(page.client.next_timeout(), None);
}

#[test]
fn guests_are_marked_wherever_they_are_named() {
    let offer = |page: &mut TestPage, guest: &str| {
        page.server(&format!(
            r#"{{"type":"offer","name":"bob","offer":{{"type":"offer"}},"call":"c-1"{guest}}}"#
        ));
    };
    for (json, guest) in [("", false), (r#","guest":true"#, true)] {
        let mut page = signed_in();
        offer(&mut page, json);
        assert_eq!(page.view().incoming.map(|it| it.guest), Some(guest));
        page.left_by_bob("c-1", "cancelled");
        assert_eq!(page.view().missed[0].guest, guest);

        let mut page = signed_in();
        let call = page.call_bob();
        assert_eq!(page.view().remote.map(|it| it.guest), Some(false), "it is not known yet");
        page.server(&format!(r#"{{"type":"ringing","name":"bob","call":"{call}"{json}}}"#));
        assert_eq!(page.view().remote.map(|it| it.guest), Some(guest));
        page.server(&format!(
            r#"{{"type":"answer","name":"bob","answer":{{}},"call":"{call}"{json}}}"#
        ));
        page.peer(client_web::call::PeerEvent::State(client_web::call::PeerState::Connected));
        assert_eq!(
            (page.view().remote.map(|it| it.guest), page.status().guest),
            (Some(guest), guest)
        );

        // The peer's page is loaded anew.
        page.server(&format!(
            r#"{{"type":"offer","name":"bob","offer":{},"call":"c-2","replaces":"{call}"{json}}}"#,
            raw(r#"{"type":"offer"}"#).as_json()
        ));
        assert_eq!(page.view().remote.map(|it| it.guest), Some(guest));
    }
}
