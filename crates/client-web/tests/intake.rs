//! Which texts of the data channel are read.
#![cfg(not(target_arch = "wasm32"))]

use client_web::{
    call::PeerMedia,
    intake::{Intake, Then},
};

const ON: &str = r#"{"type":"media","audio":true,"video":true}"#;
const MUTED: &str = r#"{"type":"media","audio":false,"video":true}"#;

fn tells(audio: bool) -> Then {
    Then::Tell(Some(PeerMedia { audio, video: true }))
}

#[test]
fn a_text_that_comes_alone_is_told_at_once() {
    let mut intake = Intake::default();
    assert_eq!(intake.arrived(MUTED), tells(false));
    assert_eq!(intake.pause_is_over(), Then::Wait);
    assert_eq!(intake.arrived(ON), tells(true));
}

#[test]
fn of_what_is_said_in_a_pause_the_last_one_counts() {
    let mut intake = Intake::default();
    assert_eq!(intake.arrived(ON), tells(true));
    for text in [MUTED, ON, MUTED] {
        assert_eq!(intake.arrived(text), Then::Wait);
    }
    assert_eq!(intake.pause_is_over(), tells(false));
    assert_eq!(intake.pause_is_over(), Then::Wait);
}

#[test]
fn who_says_more_than_a_handful_in_a_pause_is_not_listened_to_until_it_is_over() {
    let mut intake = Intake::default();
    assert_eq!(intake.arrived(ON), tells(true));
    for _ in 0..100 {
        let read = (1..60_000).find(|_| intake.arrived(MUTED) == Then::Ignore);
        assert_eq!(read, Some(16));
        assert_eq!(intake.pause_is_over(), tells(false));
    }
    assert_eq!(intake.pause_is_over(), Then::Wait);
    assert_eq!(intake.arrived(ON), tells(true));
}

#[test]
fn what_is_none_of_ours_hides_nothing_and_counts_as_well() {
    let mut intake = Intake::default();
    assert_eq!(intake.arrived("later"), Then::Tell(None));
    assert_eq!(intake.arrived(MUTED), Then::Wait);
    assert_eq!(intake.arrived("later"), Then::Wait);
    assert_eq!(intake.pause_is_over(), tells(false));
    assert_eq!((1..60_000).find(|_| intake.arrived("later") == Then::Ignore), Some(16));
}
