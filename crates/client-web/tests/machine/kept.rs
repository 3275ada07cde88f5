//! What a tab keeps of a call, and what a reloaded page does with it, also against an attacker.

use client_web::call::{Found, Input, Kept, PeerEvent, PhaseView, Text, UserInput};
use protocol::ClientMessage;

use crate::{
    page::{TestPage, WELCOME, raw},
    reload::{reloaded, welcome},
    threats::{built, offer, only_refuses, replacing, restored},
};

#[test]
fn a_page_that_is_reloaded_opens_no_device_before_the_server_says_that_the_call_stands() {
    let mut page = TestPage::signed_in();
    let old = page.in_call();
    let mut page = reloaded(page);
    let quiet = |page: &TestPage| {
        assert_eq!((page.request(), built(page), page.ops()), (None, 0, vec![]));
        assert_eq!(page.view().phase, PhaseView::Reconnecting);
        assert_eq!(page.status().text, Text::Rejoining);
    };
    page.input(Input::SocketOpened);
    page.server(WELCOME);
    page.effects.clear();
    // Whatever comes before that is for nobody, or for a page that there is no more.
    page.server(&restored("bob", "guess"));
    page.server(&restored("mallory", &old));
    page.server(&format!(r#"{{"type":"answer","name":"bob","answer":{{}},"call":"{old}"}}"#));
    page.server(&format!(r#"{{"type":"candidate","name":"bob","candidate":1,"call":"{old}"}}"#));
    assert_eq!(page.effects, []);
    for replaces in [&*old, "guess"] {
        page.server(&replacing("bob", "new", replaces));
        only_refuses(&mut page, "bob", "new");
    }
    page.server(&offer("mallory", "m1", "{}"));
    only_refuses(&mut page, "mallory", "m1");
    // Nor is a press on a switch one for this call.
    for press in [UserInput::ToggleMicrophone, UserInput::ToggleCamera, UserInput::TogglePreview] {
        page.user(press);
    }
    quiet(&page);

    page.server(&restored("bob", &old));
    assert_eq!(page.request().map(|(_, audio, video)| (audio, video)), Some((true, true)));
    page.give_media();
    page.effects.clear();
    page.peer(PeerEvent::OfferReady(raw("{}")));
    let sent = page.sent();
    let [ClientMessage::Offer(offer)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(offer.replaces.as_ref().map(|call| call.as_str()), Some(&*old));
    // Once is enough.
    page.server(&restored("bob", &old));
    assert_eq!(page.effects, []);
}

/// It has offered to continue the call, is reloaded again, and the server restarts: the peer may know it by either id.
#[test]
fn a_page_that_is_reloaded_twice_finds_its_call_by_either_id() {
    for by_the_new_id in [false, true] {
        let mut page = TestPage::signed_in();
        let old = page.in_call();
        let mut page = reloaded(page);
        page.input(Input::SocketOpened);
        page.server(&welcome("alice", &old));
        page.give_media();
        page.effects.clear();
        page.peer(PeerEvent::OfferReady(raw("{}")));
        let sent = page.sent();
        let [ClientMessage::Offer(offer)] = &sent[..] else { panic!("{sent:?}") };
        let new = offer.call.clone().unwrap().to_string();

        let mut page = reloaded(page);
        page.effects.clear();
        page.input(Input::SocketOpened);
        let sent = page.sent();
        let [ClientMessage::Login(login)] = &sent[..] else { panic!("{sent:?}") };
        let named = [&login.call, &login.continued].map(|id| id.as_ref().unwrap().to_string());
        assert_eq!(named, [old.clone(), new.clone()]);
        page.server(WELCOME);
        page.effects.clear();
        let id = if by_the_new_id { new } else { old };
        page.server(&restored("bob", &id));
        page.give_media();
        page.effects.clear();
        page.peer(PeerEvent::OfferReady(raw("{}")));
        let sent = page.sent();
        let [ClientMessage::Offer(offer)] = &sent[..] else { panic!("{sent:?}") };
        assert_eq!(offer.replaces.as_ref().map(|call| call.as_str()), Some(&*id));
    }
}

/// After a reload the page would go back into it, and open the devices.
#[test]
fn a_call_that_nobody_has_accepted_is_not_kept_as_one() {
    let mut page = TestPage::signed_in();
    page.rung_by_bob("c1");
    let kept = |page: &TestPage| page.kept.clone().unwrap().call;
    assert_eq!(kept(&page), None);
    page.user(UserInput::Accept { camera: true });
    assert_eq!(kept(&page), None, "the devices are not open, and nothing is answered");
    let mut back = reloaded(page);
    back.input(Input::SocketOpened);
    back.server(&welcome("alice", "c1"));
    assert_eq!((back.request(), built(&back)), (None, 0));
    let mut page = TestPage::signed_in();
    page.call_bob();
    assert_eq!(kept(&page), None);
}

#[test]
fn a_server_that_names_another_peer_opens_no_device() {
    let mut page = TestPage::signed_in();
    let old = page.in_call();
    let mut page = reloaded(page);
    page.input(Input::SocketOpened);
    page.effects.clear();
    page.server(&welcome("alice", &old).replace("bob", "mallory"));
    assert_eq!((page.request(), built(&page)), (None, 0));
    page.server(&restored("mallory", &old));
    assert_eq!((page.request(), built(&page)), (None, 0));
}

#[test]
fn a_call_that_is_not_restored_is_over_and_says_so() {
    let waiting = || {
        let mut page = TestPage::signed_in();
        let old = page.in_call();
        let mut page = reloaded(page);
        page.input(Input::SocketOpened);
        page.server(WELCOME);
        page.effects.clear();
        (page, old)
    };
    let (mut page, old) = waiting();
    page.left_by_bob(&old, "hangup");
    assert_eq!((page.view().phase, page.notice()), (PhaseView::Idle, Some(Text::EndedByPeer)));
    assert_eq!(page.kept.as_ref().and_then(|kept| kept.call.clone()), None);

    let (mut page, _) = waiting();
    page.wait(29_000);
    assert_eq!(page.view().phase, PhaseView::Reconnecting);
    page.wait(2_000);
    assert_eq!((page.view().phase, page.notice()), (PhaseView::Idle, Some(Text::PathLost)));
    assert_eq!((page.request(), built(&page)), (None, 0));

    // Nor is a server waited for that is away for longer.
    let mut page = TestPage::signed_in();
    let old = page.in_call();
    let mut page = reloaded(page);
    page.wait(29_000);
    assert_eq!(page.view().phase, PhaseView::Reconnecting);
    page.wait(2_000);
    assert_eq!((page.view().phase, page.notice()), (PhaseView::Idle, Some(Text::PathLost)));
    page.come_back(&welcome("alice", &old));
    only_refuses(&mut page, "bob", &old);

    let (mut page, old) = waiting();
    page.user(UserInput::HangUp);
    assert_eq!((page.view().phase, page.notice()), (PhaseView::Idle, Some(Text::EndedByYou)));
    only_refuses(&mut page, "bob", &old);
    page.server(&restored("bob", &old));
    assert_eq!((page.request(), built(&page)), (None, 0), "it was left");
}

#[test]
fn what_a_tab_keeps_expires_with_the_session() {
    let mut page = TestPage::new()
        .sign_in_with(&WELCOME.replace(r#""version":1"#, r#""version":1,"grace":7"#));
    page.in_call();
    let kept = page.kept.clone().unwrap();
    let json = kept.to_json(1_000_000);
    let stale = Found::Stale { name: "alice".to_owned() };
    for (now, found) in [
        (1_000_000, Found::Fresh(kept.clone())),
        (1_007_000, Found::Fresh(kept)),
        (1_007_001, stale.clone()),
        (90_000_000, stale.clone()),
        // The clock was set in between.
        (900_000, stale),
    ] {
        assert_eq!(Kept::from_json(&json, now), Some(found), "{now}");
    }
}

/// What a tab keeps outlives the browser, which opens the tab again: a camera would come on years after a call.
#[test]
fn a_server_that_keeps_sessions_for_years_has_no_call_gone_back_into_after_an_hour() {
    const HOUR: u64 = 3_600_000;
    let years = WELCOME.replace(r#""version":1"#, r#""version":1,"grace":4294967295"#);
    let mut page = TestPage::new().sign_in_with(&years);
    let old = page.in_call();
    let json = page.kept.clone().unwrap().to_json(0);
    assert!(matches!(Kept::from_json(&json, HOUR), Some(Found::Fresh(_))));
    assert_eq!(Kept::from_json(&json, HOUR + 1), Some(Found::Stale { name: "alice".to_owned() }));
    // Nor does a page wait for longer, that it may be told so at any time.
    let mut page = reloaded(page);
    page.input(Input::SocketOpened);
    page.server(&years);
    page.wait(HOUR + 1);
    assert_eq!(page.view().phase, PhaseView::Idle);
    page.effects.clear();
    page.server(&restored("bob", &old));
    assert_eq!((page.request(), built(&page)), (None, 0));
}

/// Its time begins when the page goes away, however long ago the call began.
#[test]
fn what_is_kept_is_written_once_more_when_the_page_goes_away() {
    for goes in [Input::PageCloses, Input::PageLeft] {
        let mut page = TestPage::signed_in();
        page.in_call();
        let kept = page.kept.take();
        page.wait(600_000);
        assert_eq!(page.kept, None);
        page.input(goes);
        assert_eq!(page.kept, kept);
    }
    let mut page = TestPage::new();
    assert_eq!(page.client.handle(1, Input::PageCloses), []);
}
