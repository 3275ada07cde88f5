//! STUN and TURN servers whose credentials expire while there is a call.

use client_web::call::{Effect, Input, PeerEvent, PeerOp, PeerState, PhaseView, UserInput};
use protocol::IceServer;

use crate::page::{TestPage, raw, welcome_back};

const RESTART: PeerOp = PeerOp::Offer { ice_restart: true };

pub(crate) const ICE: &str =
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

/// A call that is connected, as the caller or as the callee.
fn in_call(caller: bool) -> TestPage {
    let mut page = TestPage::signed_in();
    if caller {
        page.in_call();
    } else {
        page.rung_by_bob("c1");
        page.user(UserInput::Accept { camera: true });
        page.give_media();
        page.peer(PeerEvent::AnswerReady(raw("{}")));
        page.peer(PeerEvent::State(PeerState::Connected));
    }
    page.effects.clear();
    page
}

/// The relay takes each side's own credentials, so each sees to its own end.
#[test]
fn whoevers_end_is_relayed_restarts_ice_before_the_credentials_expire() {
    for caller in [true, false] {
        let mut page = in_call(caller);
        page.server(ICE);
        assert_eq!(page.ops(), [PeerOp::UseServers(renewed()), PeerOp::FindRoute]);
        page.effects.clear();
        page.peer(PeerEvent::Route { relayed: true });
        assert_eq!(page.ops(), [RESTART]);
        assert_eq!(page.view().phase, PhaseView::InCall);
    }
}

#[test]
fn a_path_that_needs_no_relay_is_left_alone() {
    for caller in [true, false] {
        let mut page = in_call(caller);
        page.server(ICE);
        page.effects.clear();
        page.peer(PeerEvent::Route { relayed: false });
        assert_eq!(page.ops(), []);
        // When it breaks, the servers that were named are used, as the connection has them already.
        page.peer(PeerEvent::State(PeerState::Failed));
        assert_eq!(page.ops(), [RESTART]);
    }
}

#[test]
fn a_path_that_is_still_sought_is_asked_about_when_it_is_found() {
    let mut page = TestPage::signed_in();
    let call = page.call_bob();
    page.answered_by_bob(&call);
    page.effects.clear();
    page.server(ICE);
    assert_eq!(page.ops(), [PeerOp::UseServers(renewed())]);
    page.effects.clear();
    page.peer(PeerEvent::State(PeerState::Connected));
    assert_eq!(page.ops(), [PeerOp::FindRoute]);
    page.effects.clear();
    page.peer(PeerEvent::State(PeerState::Disconnected));
    page.peer(PeerEvent::Route { relayed: true });
    assert_eq!(page.ops(), [], "it is sought anew in any case");
    page.peer(PeerEvent::State(PeerState::Connected));
    assert_eq!(page.ops(), [], "it is asked about once");
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

#[test]
fn who_is_not_signed_in_hides_from_nobody() {
    let mut page = TestPage::new();
    page.input(Input::HidesAddress(true));
    assert!(!page.view().hides_in_vain);
}

/// A server may name any address: each that is tried is a connection which this browser makes.
#[test]
fn few_servers_are_used_and_none_but_those_of_stun_and_turn() {
    let long = format!("turn:{}", "x".repeat(600));
    let named = format!(
        r#"[{{"urls":["http://a","turn:b","javascript:c","","d","{long}"]}},{{"urls":["https:e"]}},{{"urls":[{}]}},{{"urls":["stun:f"]}}]"#,
        ["\"turns:g\""; 1_000].join(",")
    );
    for ice in [
        format!(r#"{{"type":"ice","iceServers":{named}}}"#),
        format!(r#"{{"type":"login","success":true,"version":1,"iceServers":{named}}}"#),
    ] {
        let mut page = TestPage::signed_in();
        if ice.contains("login") {
            page = TestPage::new().sign_in_with(&ice);
        } else {
            page.server(&ice);
        }
        page.user(UserInput::Call { name: "bob".to_owned() });
        page.give_media();
        let created = page.effects.iter().find_map(|effect| match effect {
            Effect::CreatePeer { ice_servers, .. } => Some(ice_servers.clone()),
            _ => None,
        });
        let urls: Vec<_> = created.unwrap().into_iter().map(|server| server.urls).collect();
        assert_eq!(urls, [vec!["turn:b"], vec!["turns:g"; 15]]);
    }
}
