//! A machine that sleeps, and a page that the browser lets rest.

use client_web::call::{Effect, Farewell, Input, PeerEvent, PeerOp, PeerState, PhaseView};
use protocol::ClientMessage;

use crate::page::TestPage;

#[test]
fn whether_the_socket_lives_is_asked_as_soon_as_the_page_is_awake() {
    for asleep in [0, 10_000, 3_600_000] {
        let mut page = TestPage::signed_in();
        page.now += asleep;
        page.input(Input::Awake);
        assert!(matches!(&page.sent()[..], [ClientMessage::Ping(_)]), "{asleep}");
        page.input(Input::Awake);
        assert_eq!(page.effects, [], "once is enough");
        page.silent = true;
        page.wait(2_900);
        assert_eq!(page.effects, []);
        page.wait(200);
        assert!(page.did(&Effect::CloseSocket(Farewell::GivenUp)), "not after 35 s");
    }
}

#[test]
fn who_is_away_from_the_server_asks_for_it_at_once() {
    let mut page = TestPage::signed_in();
    page.lose();
    while page.view().server_trouble.is_none() {
        page.wait(100);
        if page.did(&Effect::OpenSocket) {
            page.effects.clear();
            page.lose();
        }
    }
    page.effects.clear();
    page.input(Input::Awake);
    assert_eq!(page.effects, [Effect::OpenSocket]);
    // Every look at the page would otherwise begin it anew.
    page.effects.clear();
    page.input(Input::Awake);
    assert_eq!(page.effects, []);
}

#[test]
fn a_path_that_broke_in_sleep_is_sought_at_once() {
    let mut page = TestPage::signed_in();
    page.in_call();
    page.peer(PeerEvent::State(PeerState::Disconnected));
    page.effects.clear();
    page.input(Input::Awake);
    page.input(Input::Tick);
    assert_eq!(page.ops(), [PeerOp::Offer { ice_restart: true }]);
    assert_eq!(page.view().phase, PhaseView::Reconnecting);
}

#[test]
fn the_length_of_a_call_and_the_time_of_a_missed_one_count_the_sleep() {
    let mut page = TestPage::signed_in();
    page.in_call();
    page.now += 600_000;
    page.input(Input::Awake);
    assert_eq!(page.view().duration, Some(600));

    let mut page = TestPage::signed_in();
    page.rung_by_bob("c1");
    page.left_by_bob("c1", "cancelled");
    let at = page.view().missed[0].at;
    page.now += 7_200_000;
    page.input(Input::Awake);
    assert_eq!(page.now - page.view().missed[0].at, page.now - at);
}
