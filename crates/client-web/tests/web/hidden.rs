//! Who is reached by relays only.

use std::{cell::Cell, rc::Rc};

use client_web::{
    browser::{
        media::Tracks,
        peer::{Paths, Peer, Report},
    },
    call::{PeerEvent, PeerOp},
};
use protocol::IceServer;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::common::{a_while, until};

/// Nobody relays at this address, so that there is nothing to be told.
fn relay() -> IceServer {
    IceServer {
        urls: vec!["turn:127.0.0.1:9?transport=udp".to_owned()],
        username: Some("u".to_owned()),
        credential: Some("c".to_owned()),
    }
}

#[wasm_bindgen_test]
async fn no_other_candidate_is_told_whatever_servers_come() {
    for (paths, tells) in [(Paths::All, true), (Paths::Relayed, false)] {
        let (described, told) = (Rc::new(Cell::new(false)), Rc::new(Cell::new(false)));
        let (offer, candidate) = (Rc::clone(&described), Rc::clone(&told));
        let report = move |report| match report {
            Report::Event(PeerEvent::OfferReady(_)) => offer.set(true),
            Report::Event(PeerEvent::Candidate(_)) => candidate.set(true),
            _ => {}
        };
        let mut peer = Peer::new(&[], paths, report).unwrap();
        for op in [
            PeerOp::AddTransceivers,
            PeerOp::UseServers(vec![relay()]),
            PeerOp::Offer { ice_restart: false },
        ] {
            peer.carry_out(op, Tracks::default());
        }
        until("there is an offer", || described.get()).await;
        if tells {
            until("a candidate is told", || told.get()).await;
        } else {
            a_while().await;
            assert!(!told.get());
        }
    }
}
