//! The strings and numbers that programs compare with.

use protocol::{ErrorCode, LeaveReason, ServerMessage, VERSION, close::CloseCode};

use crate::{client_cases, server_cases};

#[test]
fn error_codes_are_these_and_say_whether_a_retry_can_help() {
    let pinned = [
        (ErrorCode::BadMessage, "bad_message", false),
        (ErrorCode::BadName, "bad_name", false),
        (ErrorCode::NameTaken, "name_taken", true),
        (ErrorCode::NotLoggedIn, "not_logged_in", false),
        (ErrorCode::AlreadyLoggedIn, "already_logged_in", false),
        (ErrorCode::Offline, "offline", true),
        (ErrorCode::NotInCall, "not_in_call", false),
        (ErrorCode::TooLarge, "too_large", false),
        (ErrorCode::RateLimited, "rate_limited", true),
        (ErrorCode::Unavailable, "unavailable", true),
        (ErrorCode::SignInRequired, "sign_in_required", false),
    ];
    assert_eq!(pinned.map(|(code, ..)| code), ErrorCode::ALL);
    for (code, text, retry) in pinned {
        let json = format!("\"{text}\"");
        assert_eq!(serde_json::to_string(&code).unwrap(), json);
        assert_eq!(serde_json::from_str::<ErrorCode>(&json).unwrap(), code);
        assert_eq!((code.as_str(), ErrorCode::of_word(text)), (text, code));
        assert_eq!(code.retry_can_help(), retry, "{text}");
    }
    let error = r#"{"type":"error","message":"m","code":"of_a_newer_version"}"#;
    let Ok(ServerMessage::Error(refusal)) = ServerMessage::decode(error) else {
        panic!("an unknown code must not hide the error");
    };
    assert_eq!(refusal.code, Some(ErrorCode::Unknown));
    assert!(!ErrorCode::Unknown.retry_can_help());
}

#[test]
fn leave_reasons_are_these() {
    let pinned = [
        (LeaveReason::Declined, "declined"),
        (LeaveReason::Busy, "busy"),
        (LeaveReason::Timeout, "timeout"),
        (LeaveReason::Cancelled, "cancelled"),
        (LeaveReason::Failed, "failed"),
        (LeaveReason::DeviceFailed, "device_failed"),
        (LeaveReason::NoPath, "no_path"),
        (LeaveReason::RelayRefused, "relay_refused"),
        (LeaveReason::Lost, "lost"),
        (LeaveReason::Gone, "gone"),
        (LeaveReason::AnsweredElsewhere, "answered_elsewhere"),
        (LeaveReason::Hangup, "hangup"),
    ];
    assert_eq!(pinned.map(|(reason, _)| reason), LeaveReason::ALL);
    for (reason, text) in pinned {
        let json = format!("\"{text}\"");
        assert_eq!(serde_json::to_string(&reason).unwrap(), json);
        assert_eq!(serde_json::from_str::<LeaveReason>(&json).unwrap(), reason);
        assert_eq!((reason.as_str(), LeaveReason::of_word(text)), (text, reason));
    }
    let newer = serde_json::from_str::<LeaveReason>("\"of_a_newer_version\"").unwrap();
    assert_eq!(newer, LeaveReason::Hangup);
    assert_eq!(LeaveReason::of_word("of_a_newer_version"), LeaveReason::Hangup);
}

#[test]
fn close_codes_are_these() {
    let pinned = [
        (CloseCode::Normal, 1000),
        (CloseCode::GoingAway, 1001),
        (CloseCode::Protocol, 1002),
        (CloseCode::NotUtf8, 1007),
        (CloseCode::TooBig, 1009),
        (CloseCode::Restart, 1012),
        (CloseCode::LoginTimeout, 4000),
        (CloseCode::Dead, 4001),
        (CloseCode::SlowConsumer, 4002),
        (CloseCode::Replaced, 4003),
        (CloseCode::GivenUp, 4004),
        (CloseCode::Flood, 4005),
        (CloseCode::SignedOut, 4006),
        (CloseCode::PageLeft, 4007),
    ];
    assert_eq!(pinned.map(|(code, _)| code), CloseCode::ALL);
    for (code, number) in pinned {
        assert_eq!(code.as_u16(), number, "{code:?}");
    }
}

/// Both ends must count alike, or a session cannot be resumed.
#[test]
fn what_manages_the_socket_itself_is_not_counted_and_all_else_is() {
    for (name, message) in client_cases::cases() {
        let manages = name.starts_with("login") || name.starts_with("ping");
        assert_eq!(message.is_counted(), !manages, "{name}");
    }
    for (name, message) in server_cases::cases() {
        let manages = ["login", "pong", "ice"].iter().any(|start| name.starts_with(start));
        assert_eq!(message.is_counted(), !manages, "{name}");
    }
}

#[test]
fn the_version_is_one() {
    assert_eq!(VERSION, 1);
}
