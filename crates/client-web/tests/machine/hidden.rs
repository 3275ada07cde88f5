//! An address that is hidden behind the server's relay, or cannot be.

use client_web::call::{Effect, Input, PeerEvent, PhaseView, Text, UserInput};

use crate::{
    page::{TestPage, permitted, raw},
    reload::{reloaded, welcome},
    servers::ICE,
};

/// A page whose user hides their address, at a server with a relay or without one.
fn hiding(relay: bool) -> TestPage {
    let mut page = TestPage::signed_in();
    if relay {
        page.server(ICE);
    }
    assert!(!page.view().hides_in_vain);
    page.input(Input::HidesAddress(true));
    page.effects.clear();
    page
}

/// Whether each peer connection that was built uses relayed paths only.
fn built(page: &TestPage) -> Vec<bool> {
    let relayed = |effect: &Effect| match effect {
        Effect::CreatePeer { relayed, .. } => Some(*relayed),
        _ => None,
    };
    page.effects.iter().filter_map(relayed).collect()
}

#[test]
fn who_hides_their_address_calls_and_answers_by_the_relay_only() {
    let mut page = hiding(true);
    assert!(!page.view().hides_in_vain);
    page.user(UserInput::Call { name: "bob".to_owned() });
    let (request, audio, video) = page.request().unwrap();
    page.input(Input::MediaOpened { request, audio, video });
    assert_eq!(built(&page), [true]);
    page.user(UserInput::HangUp);
    page.effects.clear();
    page.input(permitted(true));
    page.server(r#"{"type":"offer","name":"bob","offer":{"sdp":""},"call":"c0"}"#);
    assert!(!page.view().incoming.unwrap().shows_address);
    assert_eq!(page.notice(), None);
    page.user(UserInput::Accept { camera: true });
    assert_eq!(built(&page), [true], "while it rings");
}

#[test]
fn where_there_is_no_relay_nobody_is_called_and_that_is_said_once() {
    let mut page = hiding(false);
    let said = |page: &TestPage| (page.view().hides_in_vain, page.view().callee_error);
    assert_eq!(said(&page), (true, None), "at the switch");
    page.user(UserInput::Call { name: "bob".to_owned() });
    assert_eq!((page.request(), said(&page)), (None, (false, Some(Text::HiddenNoRelay))));
    // It goes with its cause, and does not wait behind a call that comes.
    page.input(Input::HidesAddress(false));
    assert_eq!(said(&page), (false, None));
    page.input(Input::HidesAddress(true));
    page.server(ICE);
    assert_eq!(said(&page), (false, None));
    let mut page = hiding(false);
    page.user(UserInput::Call { name: "bob".to_owned() });
    page.rung_by_bob("c1");
    page.user(UserInput::Decline);
    assert_eq!(said(&page), (true, None));
    page.user(UserInput::Call { name: String::new() });
    page.rung_by_bob("c2");
    page.user(UserInput::Decline);
    assert_eq!(said(&page), (true, None), "so does whatever else was wrong");
}

#[test]
fn where_there_is_no_relay_to_answer_is_to_show_the_address_in_this_call() {
    let mut page = hiding(false);
    page.input(permitted(true));
    page.rung_by_bob("c1");
    assert_eq!(page.notice(), Some(Text::AnswerShows));
    assert!(page.view().incoming.unwrap().shows_address);
    assert_eq!(built(&page), Vec::<bool>::new(), "nothing is made ready");
    page.user(UserInput::Accept { camera: false });
    assert_eq!(built(&page), [false]);
    page.give_media();
    page.peer(PeerEvent::AnswerReady(raw("{}")));
    assert_eq!((page.view().phase, page.notice()), (PhaseView::Connecting, None));

    // It is the same call after a reload, and over a new peer connection.
    let mut page = reloaded(page);
    page.input(Input::HidesAddress(true));
    page.input(Input::SocketOpened);
    page.server(&welcome("alice", "c1"));
    let (request, audio, video) = page.request().unwrap();
    page.input(Input::MediaOpened { request, audio, video });
    assert_eq!(built(&page), [false]);

    // The next one is another.
    page.user(UserInput::HangUp);
    assert!(page.view().hides_in_vain);
    assert!(!page.kept.as_ref().unwrap().shown);
    page.rung_by_bob("c2");
    assert!(page.view().incoming.unwrap().shows_address);
    page.server(ICE);
    assert!(!page.view().incoming.unwrap().shows_address, "now there is one");
    assert_eq!(page.notice(), None);
    page.user(UserInput::Accept { camera: false });
    page.give_media();
    assert_eq!(built(&page), [true]);
}
