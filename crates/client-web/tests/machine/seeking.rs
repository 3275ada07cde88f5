//! The first path, on lines that lose much: the browser's checks may all get lost, and a path be there all the same.

use client_web::call::{PeerEvent, PeerOp, PeerState, PhaseView, Text, UserInput};

use crate::{
    page::{TestPage, raw},
    path::{RELAY, bobs_candidate, candidate, connecting},
};

const RESTART: PeerOp = PeerOp::Offer { ice_restart: true };

/// A call for which a path is being sought, of which each end has found candidates of this kind.
fn seeking(caller: bool, here: &str, there: &str) -> (TestPage, String) {
    let (mut page, call) = if caller {
        connecting(RELAY)
    } else {
        let mut page = TestPage::new().sign_in_with(RELAY);
        page.rung_by_bob("c1");
        page.user(UserInput::Accept { camera: true });
        page.give_media();
        page.peer(PeerEvent::AnswerReady(raw("{}")));
        (page, "c1".to_owned())
    };
    page.peer(PeerEvent::Candidate(candidate(here)));
    bobs_candidate(&mut page, &call, there);
    page.effects.clear();
    (page, call)
}

#[test]
fn whoevers_browser_gives_up_two_relays_that_have_not_met_seeks_again() {
    for caller in [true, false] {
        let (mut page, call) = seeking(caller, "relay", "relay");
        for _ in 0..3 {
            page.wait(7_000);
            assert_eq!(page.ops(), [], "it is the browser's, and would only be cut short");
            page.peer(PeerEvent::State(PeerState::Failed));
            assert_eq!(page.ops(), [RESTART], "{caller}");
            page.peer(PeerEvent::OfferReady(raw("{}")));
            page.answered_by_bob(&call);
            page.effects.clear();
        }
        let (mut found, _) = seeking(caller, "relay", "relay");
        found.peer(PeerEvent::State(PeerState::Failed));
        found.peer(PeerEvent::State(PeerState::Connected));
        found.effects.clear();
        found.wait(30_000);
        assert_eq!((found.view().phase, found.ops()), (PhaseView::InCall, vec![]));

        page.wait(8_900);
        assert_eq!(page.view().phase, PhaseView::Connecting, "there is time for it");
        page.wait(200);
        assert_eq!(page.notice(), Some(Text::PathFailed), "but no more than ever");
    }
}

/// Where one has not reached the relay, the checks have not been lost, and who waits wants to know.
#[test]
fn what_cannot_be_there_is_not_sought_again() {
    for (here, there) in [("host", "relay"), ("relay", "host"), ("host", "host")] {
        for caller in [true, false] {
            let (mut page, _) = seeking(caller, here, there);
            page.wait(9_000);
            page.peer(PeerEvent::State(PeerState::Failed));
            page.wait(4_900);
            assert_eq!((page.ops(), page.view().phase), (vec![], PhaseView::Connecting));
            page.wait(200);
            assert_eq!(page.view().phase, PhaseView::Idle, "{here} {there}");
        }
    }
}
