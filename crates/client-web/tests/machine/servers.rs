//! STUN and TURN servers whose credentials expire while there is a call.

use client_web::call::{Effect, PeerEvent, PeerOp, PeerState, UserInput};
use protocol::IceServer;

use crate::page::{TestPage, raw, welcome_back};

const RESTART: PeerOp = PeerOp::Offer { ice_restart: true };

const ICE: &str =
    r#"{"type":"ice","iceServers":[{"urls":["turn:b"],"username":"2:alice","credential":"y"}]}"#;

fn renewed() -> Vec<IceServer> {
    vec![IceServer {
        urls: vec!["turn:b".to_owned()],
        username: Some("2:alice".to_owned()),
        credential: Some("y".to_owned()),
    }]
}

#[test]
fn the_next_call_uses_the_servers_that_were_named_last() {
    let mut page = TestPage::signed_in();
    page.server(ICE);
    assert!(page.ops().is_empty());
    page.user(UserInput::Call { name: "bob".to_owned() });
    page.give_media();
    let created = page.effects.iter().find_map(|effect| match effect {
        Effect::CreatePeer { ice_servers, .. } => Some(ice_servers.clone()),
        _ => None,
    });
    assert_eq!(created, Some(renewed()));
}

#[test]
fn the_caller_restarts_ice_with_other_servers_before_those_it_has_expire() {
    let mut page = TestPage::signed_in();
    page.in_call();
    page.effects.clear();
    page.server(ICE);
    assert_eq!(page.ops(), [PeerOp::UseServers(renewed()), RESTART]);
}

#[test]
fn the_callee_leaves_that_to_the_caller() {
    let mut page = TestPage::signed_in();
    page.rung_by_bob("c1");
    page.user(UserInput::Accept { camera: true });
    page.give_media();
    page.peer(PeerEvent::AnswerReady(raw("{}")));
    page.peer(PeerEvent::State(PeerState::Connected));
    page.effects.clear();
    page.server(ICE);
    assert_eq!(page.ops(), [PeerOp::UseServers(renewed())]);
}

#[test]
fn a_path_that_is_still_sought_is_not_sought_anew() {
    let mut page = TestPage::signed_in();
    let call = page.call_bob();
    page.answered_by_bob(&call);
    page.effects.clear();
    page.server(ICE);
    assert_eq!(page.ops(), [PeerOp::UseServers(renewed())]);
}

#[test]
fn a_call_that_goes_on_over_another_socket_has_the_servers_named_there() {
    let mut page = TestPage::signed_in();
    page.in_call();
    page.lose();
    page.effects.clear();
    let servers =
        r#""iceServers":[{"urls":["turn:b"],"username":"2:alice","credential":"y"}],"version""#;
    let reply = welcome_back(1).replacen(r#""version""#, servers, 1);
    page.come_back(&reply);
    assert!(page.ops().contains(&PeerOp::UseServers(renewed())));
}

/// It is about the socket, and not one of the session's messages: to count it would lose one of those.
#[test]
fn what_names_servers_is_not_counted() {
    let counted = |first: &str| {
        let mut page = TestPage::signed_in();
        page.server(first);
        page.server(r#"{"type":"error","message":"No."}"#);
        page.lose();
        page.come_back(&welcome_back(0)).received
    };
    assert_eq!(counted(ICE), counted(r#"{"type":"pong"}"#));
    assert!(counted(ICE).is_some());
}
