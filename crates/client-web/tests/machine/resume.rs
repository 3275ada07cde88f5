//! A socket that is lost and comes back, at a server that gives the session back.

use std::time::Duration;

use client_web::call::{
    Client, Effect, Environment, Farewell, Input, Page, PeerEvent, PhaseView, Text, UserInput,
};
use protocol::{
    ClientMessage, LeaveReason, Login, Ping,
    limits::{ACKNOWLEDGE_EVERY, GRACE_PERIOD, MAX_UNACKNOWLEDGED_MESSAGES},
};

use crate::page::{TestPage, raw, welcome_back};

fn reason(message: &ClientMessage) -> Option<LeaveReason> {
    match message {
        ClientMessage::Leave(leave) => leave.reason,
        _ => None,
    }
}

#[test]
fn a_call_goes_on_while_the_server_is_away() {
    for code in [1006, 1012, 4001, 4002] {
        let mut page = TestPage::signed_in();
        let call = page.in_call();
        page.input(Input::SocketClosed { code });
        assert_eq!(page.effects, [], "{code}");
        assert_eq!(page.view().phase, PhaseView::InCall, "{code}");
        assert_eq!(page.view().server_trouble, None, "the first attempt follows at once");
        let login = page.come_back(&welcome_back(1));
        let expected = Login {
            name: "alice".to_owned(),
            session: Some("s1".to_owned()),
            received: Some(1),
            attempt: Some(2),
            peer: Some("bob".to_owned()),
            ..Login::default()
        };
        assert_eq!(login.call.as_ref().map(|call| call.as_str()), Some(&*call));
        assert_eq!(Login { call: None, ..login }, expected, "{code}");
        assert_eq!(page.effects, [], "{code}");
        page.user(UserInput::HangUp);
        assert_eq!(page.sent().iter().find_map(reason), Some(LeaveReason::Hangup));
    }
}

#[test]
fn what_was_said_to_a_server_that_is_away_is_said_when_it_is_back() {
    let mut page = TestPage::signed_in();
    page.in_call();
    page.lose();
    page.user(UserInput::HangUp);
    assert_eq!(page.sent(), []);
    assert_eq!((page.view().phase, page.notice()), (PhaseView::Idle, Some(Text::EndedByYou)));
    page.come_back(&welcome_back(1));
    assert_eq!(page.sent().iter().map(reason).collect::<Vec<_>>(), [Some(LeaveReason::Hangup)]);
    // It is not said a third time.
    page.lose();
    page.come_back(&welcome_back(2));
    assert_eq!(page.sent(), []);
}

#[test]
fn what_was_on_its_way_is_said_again_once_and_in_order() {
    let mut page = TestPage::signed_in();
    page.in_call();
    for candidate in ["1", "2", "3"] {
        page.peer(PeerEvent::Candidate(raw(candidate)));
    }
    let sent = page.sent();
    page.lose();
    page.peer(PeerEvent::Candidate(raw("4")));
    // The offer and the first candidate have arrived.
    page.come_back(&welcome_back(2));
    let again = page.sent();
    assert_eq!(again[..2], sent[1..]);
    assert_eq!(again.len(), 3);
    assert!(matches!(&again[2], ClientMessage::Candidate(last) if last.candidate == raw("4")));
}

#[test]
fn everything_that_comes_is_counted_whether_it_is_understood_or_not() {
    let mut page = TestPage::signed_in();
    for text in ["not JSON", "[]", r#"{"type":"later"}"#, r#"{"type":"offer"}"#, ""] {
        page.server(text);
    }
    page.rung_by_bob("c1");
    page.left_by_bob("c1", "cancelled");
    // These manage the socket, and are not of the session.
    page.server(r#"{"type":"pong"}"#);
    page.server(r#"{"type":"login","success":true}"#);
    page.lose();
    assert_eq!(page.come_back(&welcome_back(1)).received, Some(7));
    page.server("not JSON");
    page.lose();
    assert_eq!(page.come_back(&welcome_back(1)).received, Some(8));
}

#[test]
fn the_server_is_told_of_every_32_messages_that_they_arrived() {
    let mut page = TestPage::signed_in();
    for count in 1..=3 * ACKNOWLEDGE_EVERY {
        page.server(r#"{"type":"later"}"#);
        let told = page.sent();
        if count % ACKNOWLEDGE_EVERY == 0 {
            assert_eq!(told, [ClientMessage::Ping(Ping { received: Some(count) })]);
        } else {
            assert_eq!(told, [], "{count}");
        }
    }
}

#[test]
fn what_the_server_says_to_have_got_is_not_kept_for_it() {
    let mut page = TestPage::signed_in();
    page.in_call();
    page.peer(PeerEvent::Candidate(raw("1")));
    for received in [3, u64::MAX, 2] {
        // No more than two were sent.
        page.server(&format!(r#"{{"type":"pong","received":{received}}}"#));
    }
    page.lose();
    // As many as are kept.
    for _ in 0..MAX_UNACKNOWLEDGED_MESSAGES {
        page.peer(PeerEvent::Candidate(raw("2")));
    }
    assert!(!page.come_back(&welcome_back(2)).anew);
    assert_eq!(page.sent().len(), MAX_UNACKNOWLEDGED_MESSAGES);
}

#[test]
fn who_says_more_than_is_kept_begins_again() {
    let mut page = TestPage::signed_in();
    page.in_call();
    page.lose();
    for _ in 0..=MAX_UNACKNOWLEDGED_MESSAGES {
        page.peer(PeerEvent::Candidate(raw("{}")));
    }
    let login = page.come_back(r#"{"type":"login","success":true,"version":1,"session":"s1"}"#);
    assert_eq!((login.received, login.anew, login.peer.as_deref()), (Some(0), true, Some("bob")));
    assert_eq!(page.effects, [], "there is nothing to mend in a call that is connected");
    assert_eq!(page.view().phase, PhaseView::InCall);
    // From here on both count from 0.
    page.peer(PeerEvent::Candidate(raw("1")));
    page.server("");
    page.effects.clear();
    page.lose();
    assert_eq!(page.come_back(&welcome_back(0)).received, Some(1));
    assert_eq!(page.sent().len(), 1);
}

#[test]
fn it_rings_on_while_the_server_is_away() {
    let mut page = TestPage::signed_in();
    page.rung_by_bob("c1");
    page.lose();
    assert_eq!(page.view().phase, PhaseView::Ringing);
    page.user(UserInput::Accept { camera: true });
    page.give_media();
    page.peer(PeerEvent::AnswerReady(raw("{}")));
    page.come_back(&welcome_back(1));
    assert!(matches!(&page.sent()[..], [ClientMessage::Answer(_)]));
    assert_eq!(page.view().phase, PhaseView::Connecting);
}

#[test]
fn a_session_that_went_on_in_another_tab_is_left_alone() {
    let mut page = TestPage::signed_in();
    page.in_call();
    assert!(page.kept.is_some());
    page.input(Input::SocketClosed { code: 4003 });
    let view = page.view();
    assert_eq!((view.page, view.sign_in_notice), (Page::Login, Some(Text::SignedInElsewhere)));
    assert!(matches!(page.effects[0], Effect::ClosePeer(_)));
    assert!(page.did(&Effect::StopCamera) && page.did(&Effect::StopMicrophone));
    assert_eq!(page.client.next_timeout(), None, "it does not come back in a loop");
    assert!(page.kept.is_none(), "nor when it is loaded anew");
    assert_eq!(page.sent(), [], "the call is not this page's to end");

    page.user(UserInput::SignIn { name: "alice".to_owned() });
    assert_eq!(page.view().sign_in_notice, None);
    page.input(Input::SocketOpened);
    assert!(matches!(&page.sent()[..], [ClientMessage::Login(login)] if login.session.is_none()));
}

#[test]
fn a_name_that_went_to_somebody_else_ends_everything() {
    let mut page = TestPage::signed_in();
    page.in_call();
    page.lose();
    page.come_back(r#"{"type":"login","success":false,"code":"name_taken"}"#);
    let view = page.view();
    assert_eq!((view.page, view.sign_in_error), (Page::Login, Some(Text::NameTaken)));
    assert!(page.did(&Effect::StopCamera) && page.did(&Effect::CloseSocket(Farewell::Goodbye)));
    assert!(page.kept.is_none());
}

#[test]
fn pages_that_were_lost_together_do_not_come_back_together() {
    for (code, within) in [(1006, 200), (1012, 2_000)] {
        let back = |seed| {
            let mut page = TestPage::signed_in();
            page.client = Client::new(Environment::Capable, seed);
            page = page.sign_in_with(&welcome_back(0));
            page.input(Input::SocketClosed { code });
            page.client.next_timeout().expect("it comes back") - page.now
        };
        let pauses: Vec<_> = (0..100).map(back).collect();
        assert!(pauses.iter().all(|pause| *pause < within), "{code}: {pauses:?}");
        let early = pauses.iter().filter(|pause| **pause < within / 2).count();
        assert!((25..75).contains(&early), "{code}: {pauses:?}");
    }
}

/// The server keeps a session for `GRACE_PERIOD`: a way that is back in that time has to be found in that time.
#[test]
fn while_a_session_is_kept_it_is_asked_for_every_few_seconds() {
    for seed in 0..100 {
        let mut page = TestPage::signed_in();
        page.client = Client::new(Environment::Capable, seed);
        page = page.sign_in_with(&welcome_back(0));
        let lost = page.now;
        let mut longest = 0;
        for _ in 0..60 {
            page.input(Input::SocketClosed { code: 1006 });
            let pause = page.client.next_timeout().expect("it comes back") - page.now;
            if Duration::from_millis(page.now - lost) <= GRACE_PERIOD {
                assert!(pause <= 4_000, "{seed}: {pause} ms after {} ms", page.now - lost);
            }
            longest = longest.max(pause);
            page.wait(pause);
        }
        assert!(
            (7_500..=15_000).contains(&longest),
            "{seed}: the server is spared later: {longest} ms"
        );
    }
}
