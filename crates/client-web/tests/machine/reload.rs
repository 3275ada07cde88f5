//! A page that is loaded anew in the middle of a session.

use client_web::call::{
    Client, Effect, Environment, Found, Input, Kept, MissedCalls, Page, PeerEvent, PeerOp,
    PeerState, PhaseView, Text, UserInput,
};
use protocol::{ClientMessage, LeaveReason, Login, Offer};

use crate::page::{TestPage, raw};

/// What our server says to a user in a call whose page was loaded anew.
pub(crate) fn welcome(name: &str, call: &str) -> String {
    format!(
        r#"{{"type":"login","success":true,"name":"{name}","version":1,"session":"s1","peer":"bob","call":"{call}"}}"#
    )
}

/// The same tab, loaded anew.
pub(crate) fn reloaded(page: TestPage) -> TestPage {
    let kept = page.kept.expect("something was kept");
    // Through the text that the browser keeps.
    let read = Kept::from_json(&kept.to_json(1_000), 2_000);
    assert_eq!(read, Some(Found::Fresh(kept.clone())));
    let (now, missed) = (page.now, page.kept_missed.write());
    let mut page = TestPage::new();
    page.now = now;
    page.client = Client::new(Environment::Capable, 2);
    if let Some(missed) = missed.as_deref().and_then(MissedCalls::read) {
        page.input(Input::MissedBefore(missed));
    }
    page.input(Input::Reloaded(kept));
    page
}

fn offered(page: &mut TestPage) -> Offer {
    let sent = page.sent();
    let [ClientMessage::Offer(offer)] = &sent[..] else { panic!("{sent:?}") };
    offer.clone()
}

/// A page that was loaded anew in a call, and has offered to go on with it. Gives the old call and the offer.
pub(crate) fn rejoining() -> (TestPage, String, Offer) {
    let mut page = TestPage::signed_in();
    let old = page.in_call();
    let mut page = reloaded(page);
    page.input(Input::SocketOpened);
    page.server(&welcome("alice", &old));
    page.give_media();
    page.effects.clear();
    page.peer(PeerEvent::OfferReady(raw("{}")));
    let offer = offered(&mut page);
    (page, old, offer)
}

#[test]
fn nothing_is_kept_of_who_is_not_signed_in() {
    let mut page = TestPage::new();
    page.user(UserInput::SignIn { name: "alice".to_owned() });
    assert_eq!(page.kept, None);
    let mut page = TestPage::signed_in();
    let kept = page.kept.clone().expect("who is signed in is kept");
    assert_eq!((&*kept.name, &*kept.session, &kept.call), ("alice", "s1", &None));
    assert!(!format!("{kept:?}").contains("s1"), "the secret must not end in a log");
    page.user(UserInput::SignOut);
    assert_eq!(page.kept, None);
}

#[test]
fn the_page_goes_back_to_where_it_was_signed_in() {
    let page = TestPage::signed_in();
    let mut page = reloaded(page);
    assert_eq!(page.effects, [Effect::OpenSocket]);
    assert_eq!(page.view().page, Page::Call);
    page.effects.clear();
    page.input(Input::SocketOpened);
    let login = Login {
        name: "alice".to_owned(),
        session: Some("s1".to_owned()),
        received: Some(0),
        anew: true,
        attempt: Some(2),
        ..Login::default()
    };
    assert_eq!(page.sent(), [ClientMessage::Login(Box::new(login))]);
    page.server(r#"{"type":"login","success":true,"name":"alice","version":1,"session":"s2"}"#);
    assert!(page.view().can_call);
    assert_eq!(page.kept.as_ref().map(|kept| &*kept.session), Some("s2"));
    assert_eq!(page.request(), None);
}

#[test]
fn a_server_that_is_away_is_waited_for() {
    let page = TestPage::signed_in();
    let mut page = reloaded(page);
    page.lose();
    assert!(page.kept.is_some(), "it may be loaded anew once more");
    assert!(page.come_back(crate::page::WELCOME).anew);
    assert!(page.view().can_call);
}

#[test]
fn a_name_that_has_gone_to_somebody_else_is_told() {
    let page = TestPage::signed_in();
    let mut page = reloaded(page);
    page.input(Input::SocketOpened);
    page.server(r#"{"type":"login","success":false,"code":"name_taken"}"#);
    let view = page.view();
    assert_eq!((view.page, view.sign_in_error), (Page::Login, Some(Text::NameTaken)));
    assert_eq!(page.kept, None);
}

#[test]
fn a_browser_that_will_not_do_stays_signed_out() {
    let kept = TestPage::signed_in().kept.unwrap();
    let mut page = TestPage::in_environment(Environment::NoWebRtc);
    page.input(Input::Reloaded(kept));
    assert_eq!((page.effects.len(), page.view().page), (0, Page::Unsupported));
}

#[test]
fn it_goes_back_into_its_call_by_itself() {
    let mut page = TestPage::signed_in();
    let old = page.in_call();
    let mut page = reloaded(page);
    page.input(Input::SocketOpened);
    let sent = page.sent();
    let [ClientMessage::Login(login)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(login.peer.as_deref(), Some("bob"));
    assert_eq!(login.call.as_ref().map(|call| call.as_str()), Some(&*old));

    page.server(&welcome("alice", &old));
    assert_eq!(page.request().map(|(_, audio, video)| (audio, video)), Some((true, true)));
    page.give_media();
    assert_eq!(page.ops(), [PeerOp::AddTransceivers, PeerOp::Offer { ice_restart: false }]);
    assert_eq!((page.view().phase, page.status().text), (PhaseView::Reconnecting, Text::Rejoining));
    page.effects.clear();
    page.peer(PeerEvent::OfferReady(raw("{}")));
    let offer = offered(&mut page);
    assert_eq!(offer.replaces.as_ref().map(|call| call.as_str()), Some(&*old));
    let new = offer.call.unwrap().to_string();
    assert_ne!(new, old);

    page.answered_by_bob(&new);
    page.peer(PeerEvent::State(PeerState::Connected));
    assert_eq!(page.view().phase, PhaseView::InCall);
    let kept = page.kept.as_ref().and_then(|kept| kept.call.clone());
    assert_eq!(kept.map(|(_, call)| call.to_string()), Some(new), "and back again, if need be");
}

#[test]
fn the_camera_is_as_it_was() {
    let mut page = TestPage::signed_in();
    let old = page.in_call();
    page.user(UserInput::ToggleCamera);
    let mut page = reloaded(page);
    assert_eq!(page.kept.as_ref().map(|kept| kept.camera), Some(false));
    page.input(Input::SocketOpened);
    page.server(&welcome("alice", &old));
    assert_eq!(page.request().map(|(_, audio, video)| (audio, video)), Some((true, false)));
}

#[test]
fn a_microphone_that_was_silenced_stays_silent() {
    let mut page = TestPage::signed_in();
    let old = page.in_call();
    page.user(UserInput::ToggleMicrophone);
    // Also over a second reload, before the page is back in the call.
    let mut page = reloaded(reloaded(page));
    page.input(Input::SocketOpened);
    page.server(&welcome("alice", &old));
    assert!(page.view().controls.is_some_and(|controls| controls.microphone_off));
    page.give_media();
    let silenced = page.effects.iter().position(|one| *one == Effect::EnableMicrophone(false));
    let sent = page.effects.iter().position(|one| matches!(one, Effect::CreatePeer { .. }));
    assert!(silenced.is_some() && silenced < sent, "before anything is sent: {:?}", page.effects);
    page.peer(PeerEvent::OfferReady(raw("{}")));
    assert_eq!(page.kept.as_ref().map(|kept| kept.muted), Some(true));
    assert!(page.view().controls.is_some_and(|controls| controls.microphone_off));
    page.user(UserInput::ToggleMicrophone);
    assert!(page.did(&Effect::EnableMicrophone(true)), "and is heard again when its user wants");
    assert_eq!(page.kept.as_ref().map(|kept| kept.muted), Some(false));
}

#[test]
fn a_call_that_ended_meanwhile_is_over() {
    let mut page = TestPage::signed_in();
    let old = page.in_call();
    let mut page = reloaded(page);
    page.input(Input::SocketOpened);
    page.server(r#"{"type":"login","success":true,"name":"alice","version":1,"session":"s1"}"#);
    // The server knows of no such call, and says so.
    page.left_by_bob(&old, "hangup");
    assert_eq!((page.view().phase, page.request()), (PhaseView::Idle, None));
    assert_eq!(page.notice(), Some(Text::EndedByPeer));
    assert_eq!(page.kept.and_then(|kept| kept.call), None);
}

#[test]
fn the_peer_may_hang_up_before_it_is_back() {
    for id in ["old", "new"] {
        let (mut page, old, offer) = rejoining();
        let call = if id == "old" { old } else { offer.call.unwrap().to_string() };
        page.left_by_bob(&call, "hangup");
        assert_eq!((page.view().phase, page.notice()), (PhaseView::Idle, Some(Text::EndedByPeer)));
        assert!(page.did(&Effect::StopCamera), "{id}");
    }
}

#[test]
fn it_can_be_hung_up_before_it_is_back() {
    let (mut page, _, offer) = rejoining();
    page.user(UserInput::HangUp);
    let Some(ClientMessage::Leave(leave)) = page.sent().pop() else { panic!("nothing is said") };
    assert_eq!((leave.reason, leave.call), (Some(LeaveReason::Hangup), offer.call));
    assert_eq!(page.notice(), Some(Text::EndedByYou));

    // The camera is not even open yet.
    let mut page = TestPage::signed_in();
    let old = page.in_call();
    let mut page = reloaded(page);
    page.input(Input::SocketOpened);
    page.server(&welcome("alice", &old));
    page.user(UserInput::HangUp);
    let Some(ClientMessage::Leave(leave)) = page.sent().pop() else { panic!("nothing is said") };
    assert_eq!(leave.reason, Some(LeaveReason::Hangup));
    assert_eq!(leave.call.map(|call| call.to_string()), Some(old));
}

#[test]
fn a_peer_that_does_not_answer_is_not_waited_for_for_ever() {
    let (mut page, _, _) = rejoining();
    page.wait(29_000);
    assert_eq!(page.view().phase, PhaseView::Reconnecting);
    page.wait(2_000);
    assert_eq!((page.view().phase, page.notice()), (PhaseView::Idle, Some(Text::PathLost)));
    assert!(page.sent().iter().any(
        |message| matches!(message, ClientMessage::Leave(leave) if leave.reason == Some(LeaveReason::Lost))
    ));
}

#[test]
fn who_cannot_be_seen_or_heard_any_more_still_goes_back() {
    let mut page = TestPage::signed_in();
    let old = page.in_call();
    let mut page = reloaded(page);
    page.input(Input::SocketOpened);
    page.server(&welcome("alice", &old));
    while page.request().is_some() {
        page.refuse_media(client_web::call::MediaError::Denied);
    }
    assert_eq!(page.ops().first(), Some(&PeerOp::AddTransceivers));
    assert_eq!(
        (page.view().phase, page.notice()),
        (PhaseView::Reconnecting, Some(Text::MediaDenied))
    );
}

#[test]
fn the_peer_takes_the_new_connection_without_asking_its_user() {
    let mut page = TestPage::signed_in();
    let old = page.in_call();
    let first = page.last_peer();
    page.wait(5_000);
    page.server(&format!(
        r#"{{"type":"offer","name":"bob","offer":{{}},"call":"new","replaces":"{old}"}}"#
    ));
    assert_eq!(page.effects[0], Effect::ClosePeer(first));
    assert_eq!(page.ops(), [PeerOp::ApplyOffer(raw("{}")), PeerOp::AttachTracks, PeerOp::Answer]);
    assert!(!page.did(&Effect::StopCamera) && page.request().is_none());
    page.effects.clear();
    page.peer(PeerEvent::AnswerReady(raw("{}")));
    let sent = page.sent();
    let [ClientMessage::Answer(answer)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(answer.call.as_ref().map(|call| call.as_str()), Some("new"));
    page.peer(PeerEvent::State(PeerState::Connected));
    assert_eq!((page.view().phase, page.view().duration), (PhaseView::InCall, Some(5)));
    page.left_by_bob("new", "hangup");
    assert_eq!(page.notice(), Some(Text::EndedByPeer));
}

#[test]
fn an_offer_that_continues_another_call_is_not_taken() {
    let mut page = TestPage::signed_in();
    page.in_call();
    page.server(r#"{"type":"offer","name":"bob","offer":{},"call":"new","replaces":"another"}"#);
    assert_eq!(page.ops(), []);
    assert_eq!(page.view().phase, PhaseView::InCall);
}

#[test]
fn when_both_are_loaded_anew_the_offer_that_the_server_passes_on_stands() {
    let (mut page, old, _) = rejoining();
    // For the connection that there was before.
    page.server(&format!(r#"{{"type":"offer","name":"bob","offer":{{}},"call":"{old}"}}"#));
    assert_eq!(page.effects, []);
    page.server(&format!(
        r#"{{"type":"offer","name":"bob","offer":{{}},"call":"his","replaces":"{old}"}}"#
    ));
    // Taken at once, with the devices that are open already.
    assert!(matches!(page.effects[0], Effect::ClosePeer(_)));
    assert_eq!(page.ops().last(), Some(&PeerOp::Answer));
    assert!(!page.did(&Effect::StopCamera));
    page.peer(PeerEvent::State(PeerState::Connected));
    page.left_by_bob("his", "hangup");
    assert_eq!(page.notice(), Some(Text::EndedByPeer));
}

#[test]
fn one_who_is_still_opening_the_camera_takes_the_others_offer_when_it_is_open() {
    let mut page = TestPage::signed_in();
    let old = page.in_call();
    let mut page = reloaded(page);
    page.input(Input::SocketOpened);
    page.server(&welcome("alice", &old));
    page.server(&format!(
        r#"{{"type":"offer","name":"bob","offer":{{}},"call":"his","replaces":"{old}"}}"#
    ));
    page.give_media();
    assert_eq!(page.ops().last(), Some(&PeerOp::Answer));
    assert_eq!(page.view().phase, PhaseView::Connecting);
}

#[test]
fn what_was_kept_is_read_as_other_versions_wrote_it_or_not_at_all() {
    let whole = r#"{"name":"a","session":"s","sockets":1,"at":5,"grace":30,"call":null,"left":["b","c"],"camera":true}"#;
    let Some(Found::Fresh(kept)) = Kept::from_json(whole, 5) else { panic!("it is fresh") };
    assert_eq!((kept.call, kept.left.map(|(peer, _)| peer)), (None, Some("b".to_owned())));
    assert!(Kept::from_json(&whole.replace(r#""left":["b","c"],"#, ""), 5).is_some());
    for (from, to) in [
        (r#""name":"a","#, ""),
        (r#""sockets":1"#, r#""sockets":-1"#),
        (r#""at":5,"#, ""),
        (r#""grace":30,"#, ""),
        (r#""grace":30"#, r#""grace":5000000000"#),
        (r#""camera":true"#, r#""camera":1"#),
        (r#"["b","c"]"#, r#"["b"]"#),
        (r#"["b","c"]"#, r#"["b","no id!"]"#),
        ("}", ""),
    ] {
        assert_eq!(Kept::from_json(&whole.replace(from, to), 5), None, "{from} → {to}");
    }
}
