//! Tickets: one for each socket, and what a page does without one.

use client_web::call::{Effect, Farewell, Found, Input, Kept, Page, PhaseView, Request, Text};
use protocol::ClientMessage;

use crate::{
    account::{
        REFUSED, TICKET, alice, answers, asked, gets_ticket, is_told, signed_in, tries_again,
    },
    page::{TestPage, WELCOME, welcome_back},
};

#[test]
fn each_socket_has_a_ticket_of_its_own() {
    let mut page = signed_in();
    page.in_call();
    page.lose();
    tries_again(&mut page);
    assert!(!page.did(&Effect::OpenSocket), "the ticket comes first");
    assert_eq!(asked(&page), Some(Request::Ticket(2)));
    // What was asked for before does not count.
    answers(&mut page, Request::Ticket(1), 200, TICKET);
    assert!(!page.did(&Effect::OpenSocket));
    gets_ticket(&mut page);
    page.input(Input::SocketOpened);
    let sent = page.sent();
    let [ClientMessage::Login(login)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!((login.ticket.as_deref(), login.session.as_deref()), (Some("t1"), Some("s1")));
    page.server(&welcome_back(9));
    let view = page.view();
    assert_eq!((view.phase, view.server_trouble), (PhaseView::InCall, None));

    // A page that is loaded anew begins with one as well.
    let kept = page.kept.clone().expect("who is signed in is kept");
    assert!(kept.account);
    assert_eq!(Kept::from_json(&kept.to_json(0), 0), Some(Found::Fresh(kept.clone())));
    let mut page = TestPage::new();
    page.input(Input::OwnServer);
    page.input(Input::Reloaded(kept));
    assert_eq!(asked(&page), Some(Request::Ticket(3)));
}

/// The session is taken back by its secret alone.
#[track_caller]
fn comes_back_without_a_ticket(page: &mut TestPage) {
    page.input(Input::SocketOpened);
    let sent = page.sent();
    let [ClientMessage::Login(login)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!((login.ticket.as_deref(), login.session.as_deref()), (None, Some("s1")));
    page.server(&welcome_back(9));
}

/// The answer to the question for a ticket that was asked last: this status, or none at all.
fn gets_no_ticket(page: &mut TestPage, status: Option<u16>) {
    let request = asked(page).expect("a ticket is asked for");
    match status {
        Some(status) => answers(page, request, status, ""),
        None => page.input(Input::Fetched(request, None)),
    }
}

/// A session is taken back by its secret; the ticket is for a server that does not have it any more.
#[test]
fn without_a_ticket_the_session_is_taken_back_all_the_same() {
    for status in [None, Some(500), Some(502), Some(503), Some(429), Some(404), Some(200)] {
        let mut page = signed_in();
        page.in_call();
        page.lose();
        tries_again(&mut page);
        gets_no_ticket(&mut page, status);
        assert!(page.did(&Effect::OpenSocket), "{status:?}");
        comes_back_without_a_ticket(&mut page);
        let view = page.view();
        assert_eq!((view.phase, view.server_trouble), (PhaseView::InCall, None), "{status:?}");
    }
    // Nothing is heard of it at all.
    let mut page = signed_in();
    page.lose();
    tries_again(&mut page);
    let at = page.client.next_timeout().expect("the wait has an end");
    page.wait(at - page.now);
    assert!(page.did(&Effect::OpenSocket));
}

/// Only a ticket that was refused says something of the sign-in.
#[test]
fn an_account_is_not_signed_out_for_what_is_no_refusal_of_a_ticket() {
    let mut page = signed_in();
    page.in_call();
    page.lose();
    // To a server that does not know the session, who has no ticket is a guest, who cannot have the name.
    let taken = r#"{"type":"login","success":false,"code":"name_taken"}"#;
    for refusal in [REFUSED, taken, REFUSED, taken, REFUSED, taken] {
        tries_again(&mut page);
        gets_ticket(&mut page);
        page.input(Input::SocketClosed { code: 1006 });
        // The server has forgotten the session, and gives no tickets yet.
        tries_again(&mut page);
        gets_no_ticket(&mut page, Some(503));
        page.input(Input::SocketOpened);
        page.server(refusal);
    }
    tries_again(&mut page);
    gets_ticket(&mut page);
    page.input(Input::SocketOpened);
    page.server(REFUSED);
    let view = page.view();
    assert_eq!((view.page, view.phase), (Page::Call, PhaseView::InCall));
    tries_again(&mut page);
    gets_ticket(&mut page);
    page.input(Input::SocketOpened);
    page.server(WELCOME);
    assert_eq!(page.view().phase, PhaseView::InCall);
}

/// A first login needs a ticket.
#[test]
fn nobody_signs_in_with_an_account_without_a_ticket() {
    for (status, text) in [
        (None, Text::ServerRetry),
        (Some(502), Text::ServerAnsweredFor),
        (Some(429), Text::ServerBusy),
        (Some(503), Text::ServerBusy),
    ] {
        let mut page = TestPage::new();
        is_told(&mut page, &alice());
        gets_no_ticket(&mut page, status);
        assert!(!page.did(&Effect::OpenSocket), "{status:?}");
        let trouble = page.view().server_trouble.expect("it is shown");
        assert_eq!(trouble.text, text, "{status:?}");
        tries_again(&mut page);
        gets_ticket(&mut page);
        page.input(Input::SocketOpened);
        page.server(WELCOME);
        assert!(page.view().can_call);
    }
}

#[test]
fn a_call_outlives_the_sign_in() {
    let mut page = signed_in();
    let call = page.in_call();
    page.lose();
    tries_again(&mut page);
    let request = asked(&page).expect("a ticket is asked for");
    answers(&mut page, request, 401, "");
    comes_back_without_a_ticket(&mut page);
    let view = page.view();
    let trouble = view.server_trouble.map(|trouble| trouble.text);
    assert_eq!((view.phase, trouble), (PhaseView::InCall, Some(Text::SignInEndedInCall)));
    // It needs no more tickets, over how many sockets whatsoever.
    page.lose();
    tries_again(&mut page);
    assert_eq!((asked(&page), page.did(&Effect::OpenSocket)), (None, true));
    page.input(Input::SocketOpened);
    page.server(&welcome_back(9));
    page.effects.clear();
    page.left_by_bob(&call, "hangup");
    let view = page.view();
    assert_eq!((view.page, view.sign_in_notice), (Page::Login, Some(Text::SignInEnded)));
    assert!(page.did(&Effect::CloseSocket(Farewell::Goodbye)));
}

#[test]
fn a_server_that_has_forgotten_its_tickets_gets_another() {
    let mut page = signed_in();
    page.lose();
    tries_again(&mut page);
    gets_ticket(&mut page);
    page.input(Input::SocketOpened);
    page.server(REFUSED);
    assert_eq!(page.view().page, Page::Call);
    tries_again(&mut page);
    gets_ticket(&mut page);
    page.input(Input::SocketOpened);
    page.server(WELCOME);
    assert!(page.view().can_call);
    // But it is not asked for ever.
    page.lose();
    for _ in 0..4 {
        tries_again(&mut page);
        gets_ticket(&mut page);
        page.input(Input::SocketOpened);
        page.server(REFUSED);
    }
    let view = page.view();
    assert_eq!((view.page, view.sign_in_notice), (Page::Login, Some(Text::SignInEnded)));
    assert_eq!(page.client.next_timeout(), None);
}
