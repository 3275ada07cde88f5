//! What a caller, a peer, a server or somebody under another's name tries to make the page do: every attack by its name.

use client_web::call::{
    Effect, Input, PeerEvent, PeerOp, PeerState, PhaseView, Ring, Rng, Text, UserInput,
};
use protocol::ClientMessage;

use crate::{
    page::{TestPage, WELCOME, permitted, raw},
    reload::rejoining,
};

/// A page whose browser gives camera and microphone without asking: where most is done before the accept.
fn allowed() -> TestPage {
    let mut page = TestPage::signed_in();
    page.input(permitted(true));
    page
}

fn signed_in_as(name: &str) -> TestPage {
    TestPage::new().sign_in_with(&WELCOME.replace("alice", name))
}

fn description(n: usize) -> String {
    format!(r#"{{"type":"offer","sdp":"v=0\r\na=ice-ufrag:{n:04}\r\n"}}"#)
}

pub(crate) fn offer(name: &str, call: &str, offer: &str) -> String {
    format!(r#"{{"type":"offer","name":"{name}","offer":{offer},"call":"{call}"}}"#)
}

pub(crate) fn replacing(name: &str, call: &str, replaces: &str) -> String {
    format!(
        r#"{{"type":"offer","name":"{name}","offer":{},"call":"{call}","replaces":"{replaces}"}}"#,
        description(7)
    )
}

pub(crate) fn restored(name: &str, call: &str) -> String {
    format!(r#"{{"type":"restored","name":"{name}","call":"{call}"}}"#)
}

/// How many peer connections were built.
pub(crate) fn built(page: &TestPage) -> usize {
    page.effects.iter().filter(|effect| matches!(effect, Effect::CreatePeer { .. })).count()
}

/// What was sent is one `leave` in this call, and nothing else was done.
#[track_caller]
pub(crate) fn only_refuses(page: &mut TestPage, name: &str, call: &str) {
    let effects = std::mem::take(&mut page.effects);
    let [Effect::Send(ClientMessage::Leave(leave))] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(leave.name.as_deref(), Some(name));
    assert_eq!(leave.call.as_ref().map(|call| call.as_str()), Some(call));
}

#[test]
fn a_caller_who_only_rings_makes_the_page_build_one_peer_connection() {
    let mut page = allowed();
    for n in 0..600 {
        page.server(&offer("bob", "c1", &description(n)));
    }
    assert_eq!(built(&page), 1);
    assert_eq!(page.request(), None, "no device is opened");
    assert_eq!(page.effects.iter().filter(|one| **one == Effect::FindDevices).count(), 1);
    page.effects.clear();
    page.user(UserInput::Accept { camera: true });
    assert_eq!(built(&page), 1, "the one for the offer that stands");
    assert_eq!(page.ops().first(), Some(&PeerOp::ApplyOffer(raw(&description(599)))));
    assert_eq!(page.view().phase, PhaseView::Connecting);
    page.peer(PeerEvent::AnswerReady(raw("{}")));
    assert!(page.sent().iter().any(|sent| matches!(sent, ClientMessage::Answer(_))));
}

#[test]
fn callers_who_ring_again_and_again_make_the_page_build_no_more_than_a_few() {
    let mut page = allowed();
    for n in 0..300 {
        let call = format!("c{n}");
        page.server(&offer("bob", &call, &description(n)));
        page.left_by_bob(&call, "cancelled");
    }
    assert_eq!(built(&page), 12);
    page.effects.clear();
    // A call that is not made ready is answered all the same.
    page.server(&offer("carol", "d1", &description(1)));
    assert_eq!(built(&page), 0);
    page.user(UserInput::Accept { camera: true });
    assert_eq!((built(&page), page.view().phase), (1, PhaseView::Connecting));
    page.user(UserInput::HangUp);
    page.wait(60_000);
    page.effects.clear();
    page.server(&offer("bob", "c900", &description(1)));
    assert_eq!(built(&page), 1, "a minute later they are made ready again");
}

#[test]
fn a_caller_who_is_not_answered_can_make_the_page_keep_no_more_than_64_candidates() {
    let mut page = TestPage::signed_in();
    let sizes = |page: &TestPage| -> Vec<usize> {
        let size = |op: &PeerOp| match op {
            PeerOp::AddCandidate(raw) => Some(raw.as_json().len()),
            _ => None,
        };
        page.ops().iter().filter_map(size).collect()
    };
    for (bytes, kept) in [(100, 64), (4_000, 16)] {
        page.rung_by_bob("c1");
        let filler = "x".repeat(bytes - 2);
        for _ in 0..1_000 {
            page.server(&format!(
                r#"{{"type":"candidate","name":"bob","candidate":"{filler}","call":"c1"}}"#
            ));
        }
        page.user(UserInput::Accept { camera: true });
        page.give_media();
        assert_eq!(sizes(&page), vec![bytes; kept]);
        page.left_by_bob("c1", "hangup");
    }
}

#[test]
fn a_stranger_cannot_continue_a_call() {
    let mut page = TestPage::signed_in();
    let call = page.in_call();
    for (name, replaces) in [("bob", "guess"), ("mallory", &call), ("mallory", "guess")] {
        page.server(&replacing(name, "new", replaces));
        only_refuses(&mut page, name, "new");
        assert_eq!(page.view().phase, PhaseView::InCall);
    }
    // Nor speak in it.
    for (name, id) in [("bob", "guess"), ("mallory", &call)] {
        page.server(&format!(r#"{{"type":"answer","name":"{name}","answer":1,"call":"{id}"}}"#));
        page.server(&format!(r#"{{"type":"leave","name":"{name}","call":"{id}"}}"#));
        page.server(&format!(r#"{{"type":"leave","name":"{name}"}}"#));
        page.server(&format!(r#"{{"type":"leave","call":"{call}"}}"#));
        page.server(&format!(
            r#"{{"type":"candidate","name":"{name}","candidate":1,"call":"{id}"}}"#
        ));
        assert_eq!((&page.effects, page.view().phase), (&vec![], PhaseView::InCall));
        page.server(&offer(name, id, "{}"));
        only_refuses(&mut page, name, id);
        // What the server says to that is not about the call.
        page.server(&format!(
            r#"{{"type":"error","message":"","code":"not_in_call","name":"{name}","call":"{id}"}}"#
        ));
        assert_eq!((&page.effects, page.view().phase), (&vec![], PhaseView::InCall));
    }
}

#[test]
fn a_stranger_cannot_continue_a_call_that_a_reloaded_page_goes_back_into() {
    let (mut page, old, mine) = rejoining();
    let mine = mine.call.unwrap().to_string();
    for (name, replaces) in [("bob", "guess"), ("mallory", &*old), ("mallory", &mine)] {
        page.server(&replacing(name, "new", replaces));
        only_refuses(&mut page, name, "new");
        page.server(&format!(r#"{{"type":"leave","name":"{name}","call":"{replaces}"}}"#));
        assert_eq!(page.view().phase, PhaseView::Reconnecting);
    }
    page.server(&replacing("bob", "new", &mine));
    assert_eq!(page.ops().last(), Some(&PeerOp::Answer), "the peer continues it already");
}

/// An attack: ids came from SplitMix64, whose state follows from one of its numbers. So a callee could compute the ids of all later
/// calls.
#[test]
fn nobody_can_tell_the_id_of_a_call_from_that_of_one_before() {
    // The inverse of its last step: multiplied by the inverse of an odd number, and shifted back.
    let back = |mut z: u64| {
        for (shift, factor) in [(31, 0x3196_42B2_D24D_8EC3), (27, 0x96DE_1B17_3F11_9089), (30, 1)] {
            let mut unshifted = z;
            (0..64 / shift).for_each(|_| unshifted = z ^ (unshifted >> shift));
            z = unshifted.wrapping_mul(factor);
        }
        z
    };
    let mut known = Rng::new(7);
    let mut told = Rng::new(back(known.bits()));
    assert_eq!(told.bits(), known.bits(), "that is how");
    let mut page = TestPage::signed_in();
    let first = u128::from_str_radix(&page.call_bob(), 16).unwrap();
    page.user(UserInput::HangUp);
    let second = u128::from_str_radix(&page.call_bob(), 16).unwrap();
    for half in [first as u64, (first >> 64) as u64] {
        let mut told = Rng::new(back(half));
        let next: Vec<_> = (0..16).map(|_| told.bits()).collect();
        assert!(!next.contains(&(second as u64)), "{first:032x} {second:032x}");
    }
}

#[test]
fn a_caller_who_is_not_answered_can_replace_nothing() {
    let mut page = TestPage::signed_in();
    page.call_bob();
    page.server(&replacing("bob", "new", "guess"));
    only_refuses(&mut page, "bob", "new");
    let mut page = TestPage::signed_in();
    page.rung_by_bob("c1");
    page.effects.clear();
    for (name, replaces) in [("bob", "guess"), ("mallory", "c1")] {
        page.server(&replacing(name, "new", replaces));
        only_refuses(&mut page, name, "new");
    }
}

#[test]
fn another_spelling_is_not_answered_unasked() {
    for (called, offers) in [("νίκος", "νίκοσ"), ("νίκοσ", "νίκος"), ("bob", "Bob"), ("Bob", "ВОВ")]
    {
        // The prompt for the camera is still open; or the offer was sent already.
        for sent in [false, true] {
            let mut page = signed_in_as("ωmega");
            if sent {
                page.call_whom(called);
            } else {
                page.user(UserInput::Call { name: called.to_owned() });
            }
            page.effects.clear();
            page.server(&offer(offers, "c1", "{}"));
            assert_eq!(page.ops(), [], "{called} {offers} {sent}");
            let answers = |sent: &ClientMessage| matches!(sent, ClientMessage::Answer(_));
            assert!(!page.sent().iter().any(answers), "{called} {offers} {sent}");
        }
    }
}

#[test]
fn a_callee_who_calls_before_ones_own_offer_is_sent_rings() {
    for (name, open) in [("alice", false), ("carol", false), ("carol", true)] {
        let mut page = signed_in_as(name);
        page.user(UserInput::Call { name: "bob".to_owned() });
        let (request, audio, video) = page.request().unwrap();
        if open {
            page.give_media();
        }
        page.effects.clear();
        page.rung_by_bob("his");
        assert_eq!((page.view().ring, page.ops()), (Ring::Incoming, vec![]), "{name}");
        assert_eq!(page.did(&Effect::StopCamera), open, "nobody sees it while it rings");
        if !open {
            // The prompt is answered later: by then it is for nothing.
            page.effects.clear();
            page.input(Input::MediaOpened { request, audio, video });
            assert_eq!(page.effects, [Effect::DropMedia(request)]);
        }
        assert!(!page.sent().iter().any(|sent| matches!(sent, ClientMessage::Answer(_))));
        page.user(UserInput::Accept { camera: true });
        page.give_media();
        assert_eq!(page.ops().last(), Some(&PeerOp::Answer));
    }
}

/// Their buttons are hidden, or said to be of no use; a press that was on its way comes all the same.
#[test]
fn a_switch_opens_no_device_without_a_call_that_was_accepted() {
    let switches = [UserInput::ToggleMicrophone, UserInput::ToggleCamera];
    let mut page = TestPage::signed_in();
    switches.iter().for_each(|press| page.user(press.clone()));
    assert_eq!(page.effects, []);
    page.rung_by_bob("c1");
    page.effects.clear();
    switches.into_iter().for_each(|press| page.user(press));
    assert_eq!(page.effects, []);
}

#[test]
fn who_answers_twice_is_asked_for_devices_once() {
    for allowed in [false, true] {
        let mut page = TestPage::signed_in();
        page.input(permitted(allowed));
        page.rung_by_bob("c1");
        page.user(UserInput::Accept { camera: false });
        page.effects.clear();
        page.user(UserInput::Accept { camera: true });
        assert_eq!(page.effects, [], "{allowed}");
    }
}

#[test]
fn blocking_one_spelling_is_not_blocking_another() {
    let mut page = TestPage::signed_in();
    page.server(&offer("νίκος", "c1", "{}"));
    page.user(UserInput::DeclineForGood);
    page.effects.clear();
    page.server(&offer("νίκος", "c2", "{}"));
    only_refuses(&mut page, "νίκος", "c2");
    page.server(&offer("νίκοσ", "c3", "{}"));
    assert_eq!(page.view().phase, PhaseView::Ringing);
}

#[test]
fn a_chain_of_replacements_has_the_page_build_one_peer_connection_after_the_other_and_six_a_minute()
{
    let mut page = TestPage::signed_in();
    let mut call = page.in_call();
    for n in 0..500 {
        let next = format!("r{n}");
        page.server(&replacing("bob", &next, &call));
        call = next;
    }
    assert_eq!(built(&page), 1, "the next one waits for the answer of the one before");
    let mut answers = 0;
    for _ in 0..10 {
        page.effects.clear();
        page.peer(PeerEvent::AnswerReady(raw("{}")));
        let (builds, sent) = (built(&page), page.sent());
        answers += sent.iter().filter(|sent| matches!(sent, ClientMessage::Answer(_))).count();
        let next = format!("s{answers}{builds}{call}");
        page.server(&replacing("bob", &next, &call));
        call = next;
    }
    assert!(answers <= 6, "{answers}");
    assert_ne!(page.view().phase, PhaseView::Idle);
    // The one that waits is built when its time has come.
    page.effects.clear();
    page.wait(20_000);
    assert_eq!(built(&page), 1);
    page.peer(PeerEvent::AnswerReady(raw("{}")));
    let sent = page.sent();
    let Some(ClientMessage::Answer(answer)) = sent.last() else { panic!("{sent:?}") };
    assert_eq!(answer.call.as_ref().map(|call| call.as_str()), Some(&*call));
    page.peer(PeerEvent::State(PeerState::Connected));
    assert_eq!(page.view().phase, PhaseView::InCall);
    page.left_by_bob(&call, "hangup");
    assert_eq!(page.notice(), Some(Text::EndedByPeer));
}

#[test]
fn offers_within_a_call_are_answered_one_after_the_other_and_only_the_latest_waits() {
    let mut page = TestPage::signed_in();
    let call = page.in_call();
    for n in 0..600 {
        page.server(&offer("bob", &call, &description(n)));
        page.server(&format!(
            r#"{{"type":"candidate","name":"bob","candidate":{n},"call":"{call}"}}"#
        ));
    }
    let applies = |page: &TestPage| {
        let is_apply = |op: &&PeerOp| matches!(op, PeerOp::ApplyOffer(_));
        page.ops().iter().filter(is_apply).count()
    };
    assert_eq!(applies(&page), 1);
    assert!(page.ops().len() < 10, "{}", page.ops().len());
    page.effects.clear();
    page.peer(PeerEvent::AnswerReady(raw("\"old\"")));
    assert_eq!(page.ops().first(), Some(&PeerOp::ApplyOffer(raw(&description(599)))));
    assert_eq!(applies(&page), 1);
    assert_eq!(page.sent(), [], "nobody waits for the answer to an offer before the latest");
    page.peer(PeerEvent::AnswerReady(raw("\"new\"")));
    let sent = page.sent();
    let [ClientMessage::Answer(answer)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(answer.answer, raw("\"new\""));
}

/// A list of names of 30 KB each held a browser up for longer than anybody waits.
#[test]
fn a_name_that_is_longer_than_any_is_nobodys() {
    for (bytes, is_name) in [(256, true), (257, false), (60_000, false)] {
        let name = "x".repeat(bytes);
        let mut page = TestPage::signed_in();
        page.server(&format!(r#"{{"type":"missed","name":"{name}"}}"#));
        assert_eq!(page.view().missed.len(), usize::from(is_name), "{bytes}");
        page.server(&offer(&name, "c1", "{}"));
        assert_eq!(page.view().phase == PhaseView::Ringing, is_name, "{bytes}");
        assert_eq!(page.sent().len(), usize::from(is_name), "{bytes}");
        page.user(UserInput::Decline);
        // Somebody whose name is not known as the server spells it.
        let call = page.call_whom("B\u{f6}b");
        page.server(&format!(r#"{{"type":"ringing","name":"{name}","call":"{call}"}}"#));
        assert_eq!(page.view().remote.is_some_and(|remote| remote.name == name), is_name);
    }
}
