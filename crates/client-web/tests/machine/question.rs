//! Asking the page's own server how people sign in, until it has said so.

use client_web::call::{
    Answer, Effect, Entry, Input, Kept, Millis, Page, Request, Text, UserInput,
};

use crate::{
    account::{alice, answers, gets_ticket, is_told, options, says},
    page::{TestPage, WELCOME, welcome_back},
};

/// For long enough that whatever is done again and again is.
const LONG: Millis = 3_600_000;

/// A page that has asked its server in vain.
fn asked_in_vain() -> TestPage {
    let mut page = TestPage::new();
    page.input(Input::OwnServer);
    fails(&mut page, None);
    page
}

/// What was asked is not answered, or not by the server.
fn fails(page: &mut TestPage, status: Option<u16>) {
    assert_eq!(times_asked(page), 1);
    match status {
        Some(status) => says(page, status, "<h1>Not now</h1>"),
        None => page.input(Input::Fetched(page.question, None)),
    }
}

/// How often it was asked since this was last looked at.
fn times_asked(page: &mut TestPage) -> usize {
    let asked = page
        .effects
        .iter()
        .filter(|effect| matches!(effect, Effect::Fetch(Request::Options(_))))
        .count();
    page.effects.clear();
    asked
}

/// Lets time pass until something is due. Gives how long it was.
fn waits(page: &mut TestPage) -> Millis {
    let at = page.client.next_timeout().expect("it is asked again");
    let wait = at.saturating_sub(page.now);
    page.wait(wait);
    wait
}

#[test]
fn what_was_asked_in_vain_is_asked_again_with_growing_waits() {
    let mut page = asked_in_vain();
    let failures = [None, Some(503), Some(502), Some(429), Some(500), Some(408), Some(521), None];
    let mut longest = 500;
    for status in failures {
        longest = (longest * 2).min(15_000);
        let wait = waits(&mut page);
        assert!((longest / 2..=longest).contains(&wait), "{status:?}: {wait} of {longest}");
        assert_eq!(page.view().entry, Entry::Open);
        fails(&mut page, status);
    }
    waits(&mut page);
    page.effects.clear();
    says(&mut page, 200, &options(""));
    let view = page.view();
    assert_eq!((view.entry, &*view.providers[0].label), (Entry::Guest, "Google"));
    assert!(view.late, "they push nothing aside");
    assert_eq!(page.client.next_timeout(), None);
    page.input(Input::NetworkChanged);
    assert_eq!(page.effects, []);
    page = page.sign_in_with(WELCOME);
    page.user(UserInput::SignOut);
    assert!(!page.view().late, "they are known when the sign-in is shown again");
}

#[test]
fn ways_that_come_while_somebody_is_let_in_push_nothing_aside() {
    let mut page = asked_in_vain();
    waits(&mut page);
    page.user(UserInput::SignIn { name: "alice".to_owned() });
    says(&mut page, 200, &options(""));
    let view = page.view();
    assert_eq!((view.page, view.providers.len(), view.late), (Page::Login, 1, true));
}

#[test]
fn who_was_answered_at_once_is_asked_nothing_more() {
    let mut page = TestPage::new();
    is_told(&mut page, &options(""));
    assert!(!page.view().late);
    page.input(Input::NetworkChanged);
    page.wait(LONG);
    page = page.sign_in_with(WELCOME);
    page.lose();
    page.come_back(WELCOME);
    page.user(UserInput::SignOut);
    page.wait(LONG);
    assert_eq!(times_asked(&mut page), 0);
}

#[test]
fn it_is_not_asked_more_often_than_every_few_seconds() {
    let mut page = TestPage::new();
    page.input(Input::OwnServer);
    page.wait(LONG);
    let hung = times_asked(&mut page);
    assert!((LONG / 25_000..LONG / 15_000).contains(&(hung as u64)), "never answered: {hung}");

    let mut page = asked_in_vain();
    let (end, mut refused) = (page.now + LONG, 0_u64);
    while page.now < end {
        waits(&mut page);
        fails(&mut page, None);
        refused += 1;
    }
    assert!((LONG / 15_000..LONG / 7_000).contains(&refused), "refused: {refused}");
}

#[test]
fn only_the_newest_question_is_answered() {
    let mut page = TestPage::new();
    page.input(Input::OwnServer);
    let first = page.question;
    let wait = waits(&mut page);
    assert!((10_000..12_000).contains(&wait), "{wait}");
    assert_eq!(times_asked(&mut page), 2);
    let again = page.client.next_timeout();
    for status in [None, Some(503), Some(404), Some(200)] {
        let late = status.map(|status| Answer { status, body: options(""), ..Answer::default() });
        page.input(Input::Fetched(first, late));
        page.input(Input::NetworkChanged);
        assert_eq!(times_asked(&mut page), 0, "{status:?}: the second is on its way");
        assert_eq!((page.view().entry, page.client.next_timeout()), (Entry::Open, again));
    }
    says(&mut page, 200, &options(""));
    assert_eq!((page.view().entry, page.client.next_timeout()), (Entry::Guest, None));
}

/// A page that was loaded anew while alice was signed in with Google, and has not heard yet how people sign in.
fn loaded_anew() -> TestPage {
    let mut page = TestPage::new();
    page.input(Input::OwnServer);
    page.input(Input::Reloaded(Kept {
        name: "alice".to_owned(),
        session: "s1".to_owned(),
        sockets: 1,
        call: None,
        calling: None,
        began: None,
        left: None,
        camera: false,
        muted: false,
        account: true,
        shown: false,
        continued: None,
        grace: 30,
    }));
    gets_ticket(&mut page);
    page.input(Input::SocketOpened);
    page.server(&welcome_back(0));
    page.effects.clear();
    page
}

/// Else it would be offered to sign in as somebody who has just signed out.
#[test]
fn what_is_answered_after_the_end_of_a_sign_in_is_of_before() {
    // By the user: it is asked when the server has done it, or has not.
    for (done, entry) in [(Some(204), Entry::Guest), (None, Entry::Known)] {
        let mut page = loaded_anew();
        let before = page.question;
        page.user(UserInput::SignOut);
        answers(&mut page, before, 200, &alice());
        page.input(Input::NetworkChanged);
        page.wait(LONG);
        assert_eq!((page.view().entry, times_asked(&mut page)), (Entry::Open, 0));
        let answer = done.map(|status| Answer { status, body: String::new(), ..Answer::default() });
        page.input(Input::Fetched(Request::SignOut, answer));
        assert_eq!(times_asked(&mut page), 1);
        says(&mut page, 200, &if done.is_some() { options("") } else { alice() });
        let view = page.view();
        assert_eq!((view.entry, view.late, view.signing_in), (entry, true, false), "{done:?}");
    }
    // By the server: it is asked at once.
    let mut page = loaded_anew();
    let before = page.question;
    page.input(Input::SocketClosed { code: 4006 });
    answers(&mut page, before, 200, &alice());
    assert_eq!((page.view().entry, waits(&mut page)), (Entry::Open, 0));
    assert_eq!(times_asked(&mut page), 1);
}

#[test]
fn a_server_that_has_no_such_thing_is_not_asked_again() {
    for status in [200, 204, 400, 401, 403, 404, 405, 410, 501] {
        let mut page = asked_in_vain();
        waits(&mut page);
        fails(&mut page, Some(status));
        assert_eq!(page.client.next_timeout(), None, "{status}");
        page.input(Input::NetworkChanged);
        page = page.sign_in_with(WELCOME);
        assert_eq!((times_asked(&mut page), page.view().self_note), (0, None), "{status}");
    }
}

#[test]
fn a_network_that_is_back_is_used_at_once() {
    let mut page = asked_in_vain();
    for _ in 0..8 {
        waits(&mut page);
        fails(&mut page, None);
    }
    page.input(Input::NetworkChanged);
    assert_eq!(page.effects, [Effect::Fetch(page.question)]);
    // What is on its way is waited for, unless it is for long; so that many changes in a row are one.
    page.input(Input::NetworkChanged);
    fails(&mut page, None);
    // Should it fail, the waits are short again.
    assert!(waits(&mut page) <= 2_000);
    assert_eq!(times_asked(&mut page), 1);
    page.wait(2_999);
    page.input(Input::NetworkChanged);
    assert_eq!(times_asked(&mut page), 0);
    page.wait(1);
    page.input(Input::NetworkChanged);
    assert_eq!(times_asked(&mut page), 1);
}

#[test]
fn guests_sign_in_meanwhile_and_the_question_is_asked_when_the_socket_opens() {
    let mut page = asked_in_vain();
    page.user(UserInput::SignIn { name: "alice".to_owned() });
    assert_eq!(page.effects, [Effect::OpenSocket]);
    page.effects.clear();
    page.input(Input::SocketOpened);
    fails(&mut page, Some(503));
    page.server(WELCOME);
    assert_eq!(page.view().page, Page::Call);
    page.effects.clear();
    // Who is signed in can do without.
    page.wait(LONG);
    assert_eq!(times_asked(&mut page), 0);
    page.lose();
    waits(&mut page);
    assert_eq!(times_asked(&mut page), 0);
    page.input(Input::SocketOpened);
    assert_eq!(times_asked(&mut page), 1);
    page.server(&welcome_back(0));
    says(&mut page, 200, &options(""));
    assert_eq!(page.view().self_note.map(|note| note.text), Some(Text::SelfGuest));
    page.lose();
    page.come_back(&welcome_back(0));
    page.user(UserInput::SignOut);
    let view = page.view();
    assert_eq!((view.entry, view.late), (Entry::Guest, false), "they were not at the sign-in");
    assert_eq!(times_asked(&mut page), 0);
}

#[test]
fn who_signs_out_is_shown_the_ways_in_and_not_signed_in_again() {
    let mut page = asked_in_vain().sign_in_with(WELCOME);
    page.input(Input::Fetched(page.question, None));
    page.wait(LONG);
    page.user(UserInput::SignOut);
    page.effects.clear();
    page.wait(0);
    assert_eq!(page.effects, [Effect::Fetch(page.question)], "it is overdue");
    page.effects.clear();
    says(&mut page, 200, &alice());
    assert_eq!((page.view().entry, page.effects.len()), (Entry::Known, 0));
}

#[test]
fn who_has_an_account_is_signed_in_when_the_server_is_back() {
    let mut page = asked_in_vain();
    waits(&mut page);
    page.effects.clear();
    says(&mut page, 200, &alice());
    assert!(page.view().signing_in);
    gets_ticket(&mut page);
    page.input(Input::SocketOpened);
    page.server(WELCOME);
    assert_eq!(page.view().page, Page::Call);
}

/// The rest of a name would be typed into the next page, and somebody called by it.
#[test]
fn nobody_is_signed_in_while_they_type() {
    for late in [false, true] {
        let mut page = TestPage::new();
        page.input(Input::OwnServer);
        if late {
            fails(&mut page, None);
            waits(&mut page);
        }
        page.user(UserInput::Begin);
        page.effects.clear();
        says(&mut page, 200, &alice());
        let view = page.view();
        assert_eq!((view.page, view.entry), (Page::Login, Entry::Known), "{late}");
        assert!(!view.signing_in && page.effects.is_empty(), "{late}");
        page.user(UserInput::SignIn { name: "al".to_owned() });
        gets_ticket(&mut page);
        page.user(UserInput::SignOut);
        let view = page.view();
        assert_eq!((view.providers.len(), view.late), (1, false), "it was their own wish");
    }
}
