//! A call's life, from both sides.

use client_web::call::{
    Effect, PeerEvent, PeerMedia, PeerOp, PeerState, PhaseView, Ring, Text, UserInput,
};
use protocol::{ClientMessage, LeaveReason};

use crate::page::{TestPage, raw};

fn left(page: &mut TestPage) -> Option<LeaveReason> {
    page.sent().into_iter().find_map(|message| match message {
        ClientMessage::Leave(leave) => leave.reason,
        _ => None,
    })
}

fn released(page: &TestPage) -> bool {
    page.did(&Effect::StopCamera) && page.did(&Effect::StopMicrophone)
}

#[test]
fn a_call_goes_from_the_button_to_the_picture() {
    let mut page = TestPage::signed_in();
    page.user(UserInput::Call { name: " bob ".to_owned() });
    assert_eq!(page.status().text, Text::OpeningMedia);
    assert_eq!(page.request().map(|(_, audio, video)| (audio, video)), Some((true, true)));
    page.give_media();
    assert_eq!(page.ops(), [PeerOp::AddTransceivers, PeerOp::Offer { ice_restart: false }]);
    page.effects.clear();
    page.peer(PeerEvent::OfferReady(raw("{}")));
    let sent = page.sent();
    let [ClientMessage::Offer(offer)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(offer.name, "bob");
    let call = offer.call.clone().unwrap();
    assert_eq!((page.view().phase, page.status().text), (PhaseView::Calling, Text::Calling));
    assert_eq!(page.view().ring, Ring::Silent);
    page.server(&format!(r#"{{"type":"ringing","name":"bob","call":"{call}"}}"#));
    assert_eq!((page.view().ring, page.status().text), (Ring::Outgoing, Text::RingingThere));
    page.server(&format!(r#"{{"type":"answer","name":"bob","answer":{{}},"call":"{call}"}}"#));
    assert_eq!(page.ops(), [PeerOp::ApplyAnswer(raw("{}"))]);
    assert_eq!((page.view().phase, page.view().ring), (PhaseView::Connecting, Ring::Silent));
    page.peer(PeerEvent::State(PeerState::Connected));
    assert_eq!(page.view().phase, PhaseView::InCall);
    page.wait(65_000);
    assert_eq!(page.view().duration, Some(65));
    page.user(UserInput::HangUp);
    assert!(released(&page));
    assert_eq!(left(&mut page), Some(LeaveReason::Hangup));
    assert_eq!((page.view().phase, page.notice()), (PhaseView::Idle, Some(Text::EndedByYou)));
}

#[test]
fn no_candidate_is_sent_before_the_callee_accepts() {
    let mut page = TestPage::signed_in();
    page.user(UserInput::Call { name: "bob".to_owned() });
    page.give_media();
    page.peer(PeerEvent::Candidate(raw("1")));
    page.peer(PeerEvent::OfferReady(raw("{}")));
    let sent = page.sent();
    let [ClientMessage::Offer(offer)] = &sent[..] else { panic!("{sent:?}") };
    let call = offer.call.clone().unwrap();
    page.effects.clear();
    page.peer(PeerEvent::Candidate(raw("2")));
    page.server(r#"{"type":"ringing","name":"bob"}"#);
    assert_eq!(page.sent(), []);
    page.server(&format!(r#"{{"type":"answer","name":"bob","answer":{{}},"call":"{call}"}}"#));
    page.peer(PeerEvent::Candidate(raw("3")));
    let sent: Vec<_> = page
        .sent()
        .into_iter()
        .map(|message| match message {
            ClientMessage::Candidate(candidate) => candidate.candidate,
            message => panic!("{message:?}"),
        })
        .collect();
    assert_eq!(sent, ["1", "2", "3"].map(raw), "in the order in which they were found");
}

#[test]
fn candidates_that_wait_for_the_callee_are_bounded() {
    let mut page = TestPage::signed_in();
    let call = page.call_bob();
    for _ in 0..1_000 {
        page.peer(PeerEvent::Candidate(raw("{}")));
    }
    page.effects.clear();
    page.server(&format!(r#"{{"type":"answer","name":"bob","answer":{{}},"call":"{call}"}}"#));
    assert_eq!(page.sent().len(), 64);
}

#[test]
fn an_incoming_call_opens_nothing_before_it_is_accepted() {
    let mut page = TestPage::signed_in();
    page.rung_by_bob("c1");
    assert_eq!(page.view().ring, Ring::Incoming);
    assert!(
        matches!(&page.effects[..], [Effect::Send(ClientMessage::Ringing(_))]),
        "{:?}",
        page.effects
    );
    page.server(r#"{"type":"candidate","name":"bob","candidate":{"candidate":"1"},"call":"c1"}"#);
    page.effects.clear();
    page.user(UserInput::Accept { camera: true });
    page.give_media();
    assert_eq!(
        page.ops(),
        [
            PeerOp::ApplyOffer(raw(r#"{"type":"offer"}"#)),
            PeerOp::AttachTracks,
            PeerOp::Answer,
            PeerOp::AddCandidate(raw(r#"{"candidate":"1"}"#)),
        ]
    );
    page.effects.clear();
    page.peer(PeerEvent::AnswerReady(raw("{}")));
    let sent = page.sent();
    let [ClientMessage::Answer(answer)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(answer.call.as_ref().map(|call| call.as_str()), Some("c1"));
    assert_eq!(page.view().phase, PhaseView::Connecting);
}

#[test]
fn accepting_without_camera_asks_for_the_microphone_alone() {
    let mut page = TestPage::signed_in();
    page.rung_by_bob("c1");
    page.user(UserInput::Accept { camera: false });
    assert_eq!(page.request().map(|(_, audio, video)| (audio, video)), Some((true, false)));
}

#[test]
fn a_caller_learns_why_the_call_did_not_come_about() {
    for (reason, text) in [
        ("declined", Text::Declined),
        ("busy", Text::Busy),
        ("timeout", Text::NoAnswer),
        ("gone", Text::PeerGone),
        ("failed", Text::PeerFailed),
    ] {
        let mut page = TestPage::signed_in();
        let call = page.call_bob();
        page.left_by_bob(&call, reason);
        assert_eq!(page.notice(), Some(text), "{reason}");
        assert_eq!(page.view().phase, PhaseView::Idle, "{reason}");
        assert!(released(&page), "{reason}");
    }
}

#[test]
fn in_a_call_it_is_said_who_ended_it_and_why() {
    for (reason, text) in
        [("hangup", Text::EndedByPeer), ("gone", Text::PeerGone), ("failed", Text::PeerFailed)]
    {
        let mut page = TestPage::signed_in();
        let call = page.in_call();
        page.left_by_bob(&call, reason);
        assert_eq!(page.notice(), Some(text), "{reason}");
        assert!(released(&page), "{reason}");
        assert!(page.view().notice.is_some_and(|notice| notice.call_again), "{reason}");
    }
}

#[test]
fn nobody_answers_for_45_seconds() {
    let mut page = TestPage::signed_in();
    page.call_bob();
    page.wait(44_900);
    assert_eq!(page.view().phase, PhaseView::Calling);
    page.wait(200);
    assert_eq!(page.notice(), Some(Text::NoAnswer));
    assert!(released(&page));
    assert_eq!(left(&mut page), Some(LeaveReason::Timeout));
}

#[test]
fn a_call_that_stops_ringing_is_a_missed_call() {
    for reason in ["cancelled", "timeout", "gone"] {
        let mut page = TestPage::signed_in();
        page.rung_by_bob("c1");
        page.left_by_bob("c1", reason);
        let view = page.view();
        assert_eq!(page.notice(), Some(Text::Missed), "{reason}");
        assert_eq!(view.missed.iter().map(|missed| &missed.name[..]).collect::<Vec<_>>(), ["bob"]);
        assert_eq!((view.phase, view.ring), (PhaseView::Idle, Ring::Silent));
        page.user(UserInput::ClearMissed);
        assert!(page.view().missed.is_empty());
    }
}

#[test]
fn a_call_that_was_answered_on_another_device_is_not_missed() {
    let mut page = TestPage::signed_in();
    page.rung_by_bob("c1");
    page.left_by_bob("c1", "answered_elsewhere");
    assert_eq!(page.notice(), Some(Text::AnsweredElsewhere));
    assert!(page.view().missed.is_empty());
}

#[test]
fn an_incoming_call_does_not_ring_for_ever() {
    let mut page = TestPage::signed_in();
    page.rung_by_bob("c1");
    page.wait(61_000);
    assert_eq!(page.view().phase, PhaseView::Idle);
    assert_eq!(left(&mut page), Some(LeaveReason::Timeout));
    assert_eq!(page.view().missed.len(), 1);
}

#[test]
fn missed_calls_are_bounded() {
    let mut page = TestPage::signed_in();
    for call in 0..50 {
        page.server(&format!(r#"{{"type":"offer","name":"b{call}","offer":1,"call":"c{call}"}}"#));
        page.server(&format!(r#"{{"type":"leave","name":"b{call}","call":"c{call}"}}"#));
    }
    assert_eq!(page.view().missed.len(), 10);
}

#[test]
fn declining_and_cancelling_tell_the_other() {
    let mut page = TestPage::signed_in();
    page.rung_by_bob("c1");
    page.user(UserInput::Decline);
    assert_eq!(left(&mut page), Some(LeaveReason::Declined));
    page.call_bob();
    page.user(UserInput::HangUp);
    assert_eq!(left(&mut page), Some(LeaveReason::Cancelled));
    assert_eq!(page.notice(), Some(Text::CancelledByYou));
}

#[test]
fn a_name_may_be_typed_otherwise_than_the_server_spells_it() {
    // The same letters in their wide forms, as some keyboards write them.
    let wide = "ｂｏｂ".to_owned();
    let answers = [
        (r#"{"type":"answer","name":"bob","answer":{},"call":"ID"}"#, PhaseView::Connecting, None),
        (
            r#"{"type":"error","message":"","code":"offline","name":"bob","call":"ID"}"#,
            PhaseView::Idle,
            Some(Text::Offline),
        ),
    ];
    for (answer, phase, notice) in answers {
        let mut page = TestPage::signed_in();
        let call = page.call_whom(&wide);
        page.server(&format!(r#"{{"type":"ringing","name":"bob","call":"{call}"}}"#));
        assert_eq!(page.status().name.as_deref(), Some("bob"));
        page.server(&answer.replace("ID", &call));
        assert_eq!((page.view().phase, page.notice()), (phase, notice));
    }
}

/// The server finds people under every usual spelling, and says how they spell themselves.
#[test]
fn the_callee_is_shown_as_they_spell_themselves() {
    for (typed, spelled) in [("Ibrahim", "ıbrahim"), ("STRASSE", "straße"), ("İPEK", "ipek")] {
        let mut page = TestPage::signed_in();
        let call = page.call_whom(typed);
        page.server(&format!(r#"{{"type":"ringing","name":"{spelled}","call":"{call}"}}"#));
        assert_eq!(page.status().name.as_deref(), Some(spelled));
        page.server(&format!(
            r#"{{"type":"answer","name":"{spelled}","answer":{{}},"call":"{call}"}}"#
        ));
        assert_eq!(page.view().phase, PhaseView::Connecting, "{typed}");
    }
}

#[test]
fn whom_to_call_is_checked_beside_the_field() {
    let mut page = TestPage::signed_in();
    for (name, text) in [(" ", Text::CalleeEmpty), ("ALICE", Text::CalleeSelf)] {
        page.user(UserInput::Call { name: name.to_owned() });
        assert_eq!(page.view().callee_error, Some(text));
        assert_eq!(page.effects, []);
    }
    page.call_bob();
    assert_eq!(page.view().callee_error, None);
    page.server(r#"{"type":"error","code":"bad_name","message":"No."}"#);
    let view = page.view();
    assert_eq!((view.callee_error, view.phase), (Some(Text::CalleeBad), PhaseView::Idle));
    assert!(released(&page));
}

#[test]
fn a_callee_who_is_not_there_can_be_called_again() {
    let mut page = TestPage::signed_in();
    let call = page.call_bob();
    page.server(&format!(
        r#"{{"type":"error","message":"","code":"offline","name":"bob","call":"{call}"}}"#
    ));
    assert_eq!(page.notice(), Some(Text::Offline));
    page.user(UserInput::CallAgain);
    assert_eq!((page.view().phase, page.notice()), (PhaseView::Calling, None));
}

#[test]
fn what_the_other_hears_and_sees_is_told() {
    let mut page = TestPage::signed_in();
    page.in_call();
    page.user(UserInput::ToggleMicrophone);
    assert!(page.did(&Effect::EnableMicrophone(false)));
    let told = r#"{"type":"media","audio":false,"video":true}"#;
    assert_eq!(page.ops(), [PeerOp::SendText(told.to_owned())]);
    assert!(page.view().controls.is_some_and(|controls| controls.microphone_off));
    page.effects.clear();
    page.user(UserInput::ToggleCamera);
    assert!(page.did(&Effect::StopCamera));
    let told = r#"{"type":"media","audio":false,"video":false}"#;
    assert_eq!(page.ops(), [PeerOp::SendText(told.to_owned())]);
    assert!(!page.view().own_picture);
    page.user(UserInput::ToggleCamera);
    page.give_media();
    assert!(page.view().own_picture);
}

#[test]
fn the_others_devices_are_shown() {
    let mut page = TestPage::signed_in();
    page.in_call();
    let says = |text| PeerEvent::PeerMedia(PeerMedia::from_text(text).unwrap());
    page.peer(says(r#"{"type":"media","audio":false,"video":false}"#));
    let remote = page.view().remote.unwrap();
    assert!(remote.muted && !remote.picture);
    for noise in ["", "null", "[]", r#"{"type":"later"}"#, r#"{"type":"media"}"#] {
        assert_eq!(PeerMedia::from_text(noise), None);
    }
    page.peer(says(r#"{"type":"media","audio":true,"video":true}"#));
    let remote = page.view().remote.unwrap();
    assert!(!remote.muted && remote.picture);
}
