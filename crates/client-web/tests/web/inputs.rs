//! What the user does with the page, as inputs.

use client_web::call::{Corner, Input, UserInput};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{Event, EventInit, HtmlElement, KeyboardEvent, KeyboardEventInit};

use crate::common::{Bench, document, sleep};

fn click(bench: &Bench, id: &str) {
    click_any(bench, &format!("#{id}"));
}

fn click_any(bench: &Bench, selector: &str) {
    bench.html.find(selector).unwrap().unchecked_into::<HtmlElement>().click();
}

/// A key goes down on an element, or is held down. Gives whether the browser may do what it does by default.
fn key(bench: &Bench, id: &str, key: &str, repeat: bool) -> bool {
    key_with(bench, id, |init| {
        init.set_key(key);
        init.set_repeat(repeat);
    })
}

/// The same for a key about which there is more to say.
fn key_with(bench: &Bench, id: &str, describe: impl Fn(&KeyboardEventInit)) -> bool {
    let init = KeyboardEventInit::new();
    describe(&init);
    init.set_bubbles(true);
    init.set_cancelable(true);
    let event = KeyboardEvent::new_with_keyboard_event_init_dict("keydown", &init).unwrap();
    bench.html.get(id).dispatch_event(&event).unwrap()
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
    bench.settles();
    for (id, input) in buttons {
        click(&bench, id);
        assert_eq!(bench.posted(), [input], "{id}");
    }
}

/// A finger was on its way to what lay there before.
#[wasm_bindgen_test]
async fn what_has_just_come_to_where_it_is_is_deaf_for_a_moment() {
    let mut bench = Bench::signed_in();
    bench.settles();
    bench.server(r#"{"type":"offer","name":"bob","offer":{},"call":"c"}"#);
    for id in ["acceptBtn", "acceptAudioBtn", "declineBtn", "blockBtn"] {
        click(&bench, id);
        assert_eq!(bench.posted(), [], "{id}");
    }
    // The call goes on to be shown, and it is no longer deaf for that.
    let mut heard = Vec::new();
    for _ in 0..400 {
        bench.render();
        click(&bench, "declineBtn");
        heard = bench.posted();
        if !heard.is_empty() {
            break;
        }
        sleep(25).await;
    }
    assert_eq!(heard, [UserInput::Decline]);
    bench.user(UserInput::Decline);
    assert_eq!(bench.html.attribute("callPage", "data-phase").as_deref(), Some("idle"));
    for id in ["callBtn", "previewBtn", "noticeCloseBtn"] {
        click(&bench, id);
        assert_eq!(bench.posted(), [], "{id}");
    }
    bench.settles();
    click(&bench, "previewBtn");
    assert_eq!(bench.posted(), [UserInput::TogglePreview]);
    // What stays where it was hears all the time.
    bench.user(UserInput::DismissNotice);
    bench.settles();
    bench.user(UserInput::TogglePreview);
    click(&bench, "signOutBtn");
    assert_eq!(bench.posted(), [UserInput::SignOut]);
}

#[wasm_bindgen_test]
fn keys_mute_and_stop_the_camera_in_a_call_wherever_the_focus_is() {
    let mut bench = Bench::signed_in();
    for pressed in ["m", "v"] {
        assert!(key(&bench, "callBtn", pressed, false), "there is no call");
    }
    bench.in_call();
    bench.settles();
    bench.posted();
    let (microphone, camera) = (UserInput::ToggleMicrophone, UserInput::ToggleCamera);
    for (pressed, input) in [("m", &microphone), ("M", &microphone), ("v", &camera), ("V", &camera)]
    {
        assert!(!key(&bench, "hangUpBtn", pressed, false));
        assert_eq!(bench.posted(), std::slice::from_ref(input), "{pressed}");
        assert!(key(&bench, "hangUpBtn", pressed, true), "{pressed} is held down");
    }
    // Where no key writes this letter, the one counts that does elsewhere.
    let cyrillic = |init: &KeyboardEventInit| {
        init.set_key("ь");
        init.set_code("KeyM");
    };
    key_with(&bench, "micBtn", cyrillic);
    assert_eq!(bench.posted(), [microphone]);

    let others: [fn(&KeyboardEventInit); 7] = [
        |init| init.set_ctrl_key(true),
        |init| init.set_alt_key(true),
        |init| init.set_meta_key(true),
        |init| init.set_shift_key(true),
        |init| init.set_modifier_alt_graph(true),
        |init| init.set_is_composing(true),
        |init| init.set_key(","),
    ];
    for describe in others {
        let pressed = |init: &KeyboardEventInit| {
            init.set_key("m");
            init.set_code("KeyM");
            describe(init);
        };
        assert!(key_with(&bench, "callControls", pressed));
    }
    assert!(key(&bench, "callToUsernameInput", "m", false), "it is written");
    assert!(key(&bench, "callControls", "Escape", false), "it ends no call");
    assert_eq!(bench.posted(), []);
}

#[wasm_bindgen_test]
fn escape_declines_a_call_that_rings_and_closes_what_is_open_first() {
    let mut bench = Bench::signed_in();
    assert!(key(&bench, "callToUsernameInput", "Escape", false));
    bench.settles();
    bench.server(r#"{"type":"offer","name":"bob","offer":{},"call":"c"}"#);
    key(&bench, "incomingCall", "Escape", false);
    assert_eq!(bench.posted(), [], "it was meant for something else");
    bench.settles();
    assert!(key(&bench, "incomingCall", "Escape", true) && key(&bench, "incomingCall", "m", false));
    let dialog = document().create_element("dialog").unwrap();
    dialog.set_attribute("open", "").unwrap();
    document().body().unwrap().append_child(&dialog).unwrap();
    assert!(key(&bench, "incomingCall", "Escape", false));
    dialog.remove();
    assert_eq!(bench.posted(), []);
    assert!(!key(&bench, "incomingCall", "Escape", false));
    assert_eq!(bench.posted(), [UserInput::Decline]);
}

#[wasm_bindgen_test]
fn a_key_that_is_held_down_acts_once() {
    let mut bench = Bench::signed_in();
    for id in ["callToUsernameInput", "callBtn", "hangUpBtn"] {
        assert!(key(&bench, id, "Enter", false) && !key(&bench, id, "Enter", true), "{id}");
    }
    assert!(key(&bench, "callBtn", " ", false) && !key(&bench, "callBtn", " ", true));
    assert!(key(&bench, "callToUsernameInput", " ", true), "it is written");
    key(&bench, "localTile", "ArrowLeft", true);
    assert_eq!(bench.posted(), [UserInput::MoveTile(Corner::TopLeft)], "it ends nothing");
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
    bench.settles();
    click_any(&bench, "#missedList li:last-child button");
    assert_eq!(bench.posted(), [UserInput::Call { name: "bob".to_owned() }]);

    click_any(&bench, "#missedList li:last-child [data-action=block]");
    let name = "bob".to_owned();
    assert_eq!(bench.posted(), [UserInput::Block { name: name.clone() }]);
    bench.user(UserInput::Block { name: name.clone() });
    assert!(!bench.html.is_hidden("blockedPanel"));
    bench.settles();
    click_any(&bench, "#blockedList [data-action=unblock]");
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
