//! A server that has started anew, and knows nothing of what was said to the one before.

use client_web::call::{PeerEvent, PeerOp, PeerState, PhaseView, Ring, Text, UserInput};
use protocol::{ClientMessage, LeaveReason, Login};

use crate::page::{TestPage, WELCOME, raw};

const RESTART: PeerOp = PeerOp::Offer { ice_restart: true };

/// The server is killed, and another one takes its place.
fn restart(page: &mut TestPage) -> Login {
    page.lose();
    page.come_back(WELCOME)
}

#[test]
fn a_call_is_made_known_to_it_and_goes_on() {
    let mut page = TestPage::signed_in();
    let call = page.in_call();
    let login = restart(&mut page);
    assert_eq!(login.peer.as_deref(), Some("bob"));
    assert_eq!(login.call.map(|call| call.to_string()), Some(call.clone()));
    assert!(!login.anew);
    assert_eq!(page.effects, [], "nothing has to be mended");
    assert_eq!(page.view().phase, PhaseView::InCall);
    page.left_by_bob(&call, "hangup");
    assert_eq!(page.notice(), Some(Text::EndedByPeer));
}

#[test]
fn a_call_that_nobody_has_accepted_is_made_known_as_what_it_is() {
    let known = |login: Login| (login.peer, login.call.map(|call| call.to_string()), login.calling);
    let bob = || Some("bob".to_owned());
    let mut page = TestPage::signed_in();
    let call = page.call_bob();
    assert_eq!(known(restart(&mut page)), (bob(), Some(call), true));
    let mut page = TestPage::signed_in();
    page.rung_by_bob("c1");
    assert_eq!(known(restart(&mut page)), (bob(), Some("c1".to_owned()), false));
    // Of this one the server has not heard.
    let mut page = TestPage::signed_in();
    page.user(UserInput::Call { name: "bob".to_owned() });
    assert_eq!(known(restart(&mut page)), (None, None, false));
}

#[test]
fn a_path_is_sought_anew_only_if_there_is_none() {
    for state in [None, Some(PeerState::Disconnected), Some(PeerState::Connected)] {
        let mut page = TestPage::signed_in();
        let call = page.call_bob();
        page.answered_by_bob(&call);
        if let Some(state) = state {
            page.peer(PeerEvent::State(PeerState::Connected));
            page.peer(PeerEvent::State(state));
        }
        restart(&mut page);
        let expected: &[PeerOp] =
            if state == Some(PeerState::Connected) { &[] } else { &[RESTART] };
        assert_eq!(page.ops(), expected, "{state:?}");
    }
}

/// A server with a relay takes the place of the one before: that one's relay is gone, and what it gave with it.
fn restart_with_relay(page: &mut TestPage) {
    let ice =
        r#""iceServers":[{"urls":["turn:192.0.2.1:3478"],"username":"u","credential":"new"}]"#;
    let welcome = WELCOME.replace(r#""version":1"#, &format!(r#""version":1,{ice}"#));
    page.lose();
    page.come_back(&welcome);
}

/// What is done with the peer connection after it has been told of the new server's relay.
fn after_new_servers(page: &TestPage) -> Vec<PeerOp> {
    let mut ops = page.ops();
    let PeerOp::UseServers(servers) = ops.remove(0) else { panic!("{ops:?}") };
    assert_eq!(servers[0].credential.as_deref(), Some("new"));
    ops
}

#[test]
fn a_path_that_broke_is_sought_with_the_servers_of_the_new_server() {
    let mut page = TestPage::signed_in();
    page.in_call();
    page.peer(PeerEvent::State(PeerState::Disconnected));
    restart_with_relay(&mut page);
    assert_eq!(after_new_servers(&page), [RESTART]);
    page.effects.clear();
    page.peer(PeerEvent::State(PeerState::Connected));
    assert_eq!(page.ops(), [], "it was found with them");
}

/// Nobody need wait until the browser sees, after some seconds, that nothing comes any more.
#[test]
fn a_relayed_path_is_sought_at_once_with_the_servers_of_the_new_server() {
    for relayed in [true, false] {
        let mut page = TestPage::signed_in();
        page.in_call();
        restart_with_relay(&mut page);
        assert_eq!(after_new_servers(&page), [PeerOp::FindRoute]);
        page.effects.clear();
        page.peer(PeerEvent::Route { relayed });
        assert_eq!(page.ops() == [RESTART], relayed);
    }
}

#[test]
fn a_path_that_is_being_sought_with_the_old_servers_is_sought_again_with_the_new_ones() {
    let mut page = TestPage::signed_in();
    let call = page.in_call();
    page.peer(PeerEvent::State(PeerState::Disconnected));
    page.effects.clear();
    page.wait(2_000);
    assert_eq!(page.ops(), [RESTART]);
    page.peer(PeerEvent::OfferReady(raw("{}")));
    restart_with_relay(&mut page);
    assert_eq!(after_new_servers(&page), []);
    let said = page.sent();
    assert!(matches!(&said[..], [ClientMessage::Offer(_)]), "it is said again: {said:?}");
    page.effects.clear();
    page.answered_by_bob(&call);
    assert!(page.ops().ends_with(&[RESTART]), "{:?}", page.ops());
}

#[test]
fn a_call_that_rang_meanwhile_seeks_its_path_with_the_new_servers() {
    let mut page = TestPage::signed_in();
    let call = page.call_bob();
    restart_with_relay(&mut page);
    assert_eq!(after_new_servers(&page), []);
    page.effects.clear();
    page.answered_by_bob(&call);
    assert!(page.ops().ends_with(&[RESTART]), "{:?}", page.ops());
}

#[test]
fn an_offer_within_the_call_that_is_not_answered_is_sent_again() {
    let mut page = TestPage::signed_in();
    page.in_call();
    page.peer(PeerEvent::NegotiationNeeded);
    page.peer(PeerEvent::OfferReady(raw("{}")));
    let sent = page.sent();
    assert!(matches!(&sent[..], [ClientMessage::Offer(_)]), "{sent:?}");
    restart(&mut page);
    assert_eq!(page.sent(), sent);
}

#[test]
fn a_call_that_is_not_answered_yet_is_offered_again_and_keeps_its_candidates() {
    let mut page = TestPage::signed_in();
    page.user(UserInput::Call { name: "bob".to_owned() });
    page.give_media();
    page.peer(PeerEvent::Candidate(raw("1")));
    page.peer(PeerEvent::OfferReady(raw("{}")));
    page.peer(PeerEvent::Candidate(raw("2")));
    let sent = page.sent();
    let [ClientMessage::Offer(offer)] = &sent[..] else { panic!("{sent:?}") };
    restart(&mut page);
    assert_eq!(page.sent(), sent);
    page.answered_by_bob(offer.call.as_ref().unwrap().as_str());
    assert_eq!(page.view().phase, PhaseView::Connecting);
    let candidates = page.sent().into_iter().filter_map(|message| match message {
        ClientMessage::Candidate(candidate) => Some(candidate.candidate),
        _ => None,
    });
    assert_eq!(candidates.collect::<Vec<_>>(), ["1", "2"].map(raw));
}

#[test]
fn who_is_rung_waits_for_the_offer_to_be_said_again() {
    let mut page = TestPage::signed_in();
    page.rung_by_bob("c1");
    restart(&mut page);
    assert_eq!((page.view().ring, page.effects.len()), (Ring::Incoming, 0));
    page.user(UserInput::Accept { camera: true });
    page.give_media();
    assert_eq!((page.ops(), page.status().text), (vec![], Text::Connecting));
    page.rung_by_bob("c1");
    assert_eq!(page.ops().last(), Some(&PeerOp::Answer), "the user has accepted already");
    assert_eq!(page.view().phase, PhaseView::Connecting);
}

#[test]
fn an_offer_that_is_said_again_before_the_user_accepts_is_the_one_that_counts() {
    let mut page = TestPage::signed_in();
    page.rung_by_bob("c1");
    page.server(r#"{"type":"candidate","name":"bob","candidate":1,"call":"c1"}"#);
    restart(&mut page);
    page.server(r#"{"type":"offer","name":"bob","offer":"again","call":"c1"}"#);
    page.server(r#"{"type":"candidate","name":"bob","candidate":1,"call":"c1"}"#);
    page.user(UserInput::Accept { camera: true });
    page.give_media();
    let offer = PeerOp::ApplyOffer(raw(r#""again""#));
    let expected = [offer, PeerOp::AttachTracks, PeerOp::Answer, PeerOp::AddCandidate(raw("1"))];
    assert_eq!(page.ops(), expected);
}

#[test]
fn who_is_rung_does_not_wait_for_ever() {
    let mut page = TestPage::signed_in();
    page.rung_by_bob("c1");
    restart(&mut page);
    page.wait(29_000);
    assert_eq!(page.view().phase, PhaseView::Ringing);
    page.wait(2_000);
    assert_eq!((page.view().phase, page.view().missed.len()), (PhaseView::Idle, 1));
}

#[test]
fn a_call_that_was_left_meanwhile_is_made_known_and_left_again() {
    for (reason, leave) in [
        (LeaveReason::Hangup, UserInput::HangUp),
        (LeaveReason::Cancelled, UserInput::HangUp),
        (LeaveReason::Declined, UserInput::Decline),
    ] {
        let mut page = TestPage::signed_in();
        let call = match reason {
            LeaveReason::Hangup => page.in_call(),
            LeaveReason::Cancelled => page.call_bob(),
            _ => {
                page.rung_by_bob("c1");
                "c1".to_owned()
            }
        };
        page.lose();
        page.user(leave);
        let login = page.come_back(WELCOME);
        assert_eq!((login.peer.as_deref(), login.calling), (Some("bob"), false), "{reason:?}");
        assert_eq!(login.call.map(|call| call.to_string()).as_ref(), Some(&call), "{reason:?}");
        let sent = page.sent();
        let [ClientMessage::Leave(said)] = &sent[..] else { panic!("{sent:?}") };
        assert_eq!(said.reason, Some(reason));
        assert_eq!(said.call.as_ref().map(|call| call.as_str()), Some(&*call));
    }
}

#[test]
fn a_call_that_was_left_before_the_server_knew_is_past() {
    let mut page = TestPage::signed_in();
    page.in_call();
    page.user(UserInput::HangUp);
    page.server(r#"{"type":"pong","received":2}"#);
    page.effects.clear();
    assert_eq!(restart(&mut page).call, None);
    assert_eq!(page.sent(), []);
}
