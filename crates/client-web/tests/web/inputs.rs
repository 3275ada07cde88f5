//! What the user does with the page, as inputs.

use client_web::call::{Corner, Input, UserInput};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{Event, EventInit, HtmlElement, KeyboardEvent, KeyboardEventInit};

use crate::common::Bench;

fn click(bench: &Bench, id: &str) {
    bench.html.get(id).unchecked_into::<HtmlElement>().click();
}

/// Whether the browser was kept from what it does by default.
fn submit(bench: &Bench, id: &str) -> bool {
    let init = EventInit::new();
    init.set_cancelable(true);
    let event = Event::new_with_event_init_dict("submit", &init).unwrap();
    bench.html.get(id).dispatch_event(&event).unwrap();
    event.default_prevented()
}

#[wasm_bindgen_test]
fn every_button_says_what_it_is_for() {
    let mut bench = Bench::signed_in();
    bench.server(r#"{"type":"offer","name":"bob","offer":{},"call":"c"}"#);
    let buttons = [
        ("retryNowBtn", UserInput::RetryNow),
        ("signOutBtn", UserInput::SignOut),
        ("callAgainBtn", UserInput::CallAgain),
        ("noticeCloseBtn", UserInput::DismissNotice),
        ("previewBtn", UserInput::TogglePreview),
        ("clearMissedBtn", UserInput::ClearMissed),
        ("acceptBtn", UserInput::Accept { camera: true }),
        ("acceptAudioBtn", UserInput::Accept { camera: false }),
        ("declineBtn", UserInput::Decline),
        ("micBtn", UserInput::ToggleMicrophone),
        ("cameraBtn", UserInput::ToggleCamera),
        ("hangUpBtn", UserInput::HangUp),
    ];
    for (id, input) in buttons {
        click(&bench, id);
        assert_eq!(bench.posted(), [input], "{id}");
    }
}

#[wasm_bindgen_test]
fn forms_are_not_sent_anywhere() {
    let mut bench = Bench::new();
    bench.page.suggest_name("alice");
    assert!(submit(&bench, "loginForm"));
    assert_eq!(bench.posted(), [UserInput::SignIn { name: "alice".to_owned() }]);
    bench.page.elements().callee.set_value(" bob ");
    assert!(submit(&bench, "dialForm"));
    assert_eq!(bench.posted(), [UserInput::Call { name: " bob ".to_owned() }]);
}

#[wasm_bindgen_test]
fn the_machine_is_told_that_somebody_begins() {
    let mut bench = Bench::new();
    bench.page.suggest_name("alice");
    assert_eq!(bench.posted(), [], "the page itself is nobody");
    bench.html.get("usernameInput").dispatch_event(&Event::new("input").unwrap()).unwrap();
    assert_eq!(bench.posted(), [UserInput::Begin]);
    click(&bench, "checkBtn");
    assert_eq!(bench.posted(), [UserInput::Begin]);
}

#[wasm_bindgen_test]
fn what_somebody_has_typed_is_not_written_over() {
    let mut bench = Bench::new();
    let field = bench.page.elements().username.clone();
    for name in ["alice", "alice2"] {
        bench.page.suggest_name(name);
        assert_eq!(field.value(), name);
    }
    field.set_value("ali");
    bench.page.suggest_name("alice");
    assert_eq!(field.value(), "ali");
    field.set_value("");
    bench.page.suggest_name("alice");
    assert_eq!(field.value(), "alice", "nothing is not something");
    // Unless it is the name of an account that has signed out.
    bench.page.write_name("");
    bench.page.suggest_name("bob");
    assert_eq!(field.value(), "bob");
}

#[wasm_bindgen_test]
fn a_missed_call_can_be_called_back() {
    let mut bench = Bench::signed_in();
    for name in ["bob", "carol"] {
        bench.server(&format!(r#"{{"type":"offer","name":"{name}","offer":{{}},"call":"c"}}"#));
        bench.server(&format!(r#"{{"type":"leave","name":"{name}","call":"c"}}"#));
    }
    assert!(!bench.html.is_hidden("missedPanel"));
    let times = bench.html.find("#missedList time").unwrap();
    assert!(times.text_content().unwrap().contains(':'));
    assert!(times.get_attribute("datetime").unwrap().ends_with('Z'));
    let last = bench.html.find("#missedList li:last-child button").unwrap();
    last.unchecked_into::<HtmlElement>().click();
    assert_eq!(bench.posted(), [UserInput::Call { name: "bob".to_owned() }]);

    let block = bench.html.find("#missedList li:last-child [data-action=block]").unwrap();
    block.unchecked_into::<HtmlElement>().click();
    let name = "bob".to_owned();
    assert_eq!(bench.posted(), [UserInput::Block { name: name.clone() }]);
    bench.user(UserInput::Block { name: name.clone() });
    assert!(!bench.html.is_hidden("blockedPanel"));
    let unblock = bench.html.find("#blockedList [data-action=unblock]").unwrap();
    unblock.unchecked_into::<HtmlElement>().click();
    assert_eq!(bench.posted(), [UserInput::Unblock { name: name.clone() }]);
    bench.user(UserInput::Unblock { name });
    assert!(bench.html.is_hidden("blockedPanel"));

    bench.input(Input::SocketClosed { code: 1006 });
    assert!(bench.html.find("#missedList [data-action=call]:not([disabled])").is_none());
    bench.user(UserInput::ClearMissed);
    assert!(bench.html.is_hidden("missedPanel"));
    assert!(bench.html.find("#missedList li").is_none());
}

#[wasm_bindgen_test]
fn arrow_keys_move_the_own_picture() {
    let mut bench = Bench::signed_in();
    let moves = [
        ("ArrowLeft", Corner::TopLeft, "top-left"),
        ("ArrowDown", Corner::BottomLeft, "bottom-left"),
        ("ArrowRight", Corner::BottomRight, "bottom-right"),
        ("ArrowUp", Corner::TopRight, "top-right"),
    ];
    for (key, corner, attribute) in moves {
        let init = KeyboardEventInit::new();
        init.set_key(key);
        let event = KeyboardEvent::new_with_keyboard_event_init_dict("keydown", &init).unwrap();
        bench.html.get("localTile").dispatch_event(&event).unwrap();
        let posted = bench.posted();
        assert_eq!(posted, [UserInput::MoveTile(corner)], "{key}");
        bench.user(UserInput::MoveTile(corner));
        assert_eq!(bench.html.attribute("localTile", "data-corner").as_deref(), Some(attribute));
    }
}
