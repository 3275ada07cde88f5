//! A machine's views, shown in the real index.html.

use client_web::{
    browser::{
        page::{Page, clock_face, initial},
        queue::queue,
    },
    call::{Environment, Found, Input, Kept, PeerEvent, PeerMedia, PeerState, UserInput},
    ids,
};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::HtmlElement;

use crate::common::{Bench, answer, created, document, question, raw, says};

#[wasm_bindgen_test]
fn a_document_without_the_ids_is_refused_and_every_id_named() {
    let (post, _events) = queue();
    let missing = Page::bind(document(), post).unwrap_err();
    assert_eq!(missing.0, ids::ALL);
    assert!(missing.to_string().contains("usernameInput"), "{missing}");
}

#[wasm_bindgen_test]
fn the_sign_in_is_the_first_page_and_has_the_focus() {
    let bench = Bench::new();
    assert!(bench.html.is_hidden("startPage"));
    assert!(!bench.html.is_hidden("loginPage"));
    assert!(bench.html.is_hidden("callPage"));
    assert_eq!(document().active_element().unwrap().id(), "usernameInput");
}

#[wasm_bindgen_test]
fn a_browser_without_webrtc_is_told_so() {
    let bench = Bench::in_environment(Environment::NoWebRtc);
    assert!(!bench.html.is_hidden("unsupportedPage"));
    assert!(bench.html.is_hidden("loginPage"));
}

#[wasm_bindgen_test]
fn what_is_wrong_with_a_name_stands_beside_its_field() {
    let mut bench = Bench::new();
    assert_eq!(bench.html.attribute("usernameInput", "aria-invalid"), None);
    bench.user(UserInput::SignIn { name: "  ".to_owned() });
    assert_eq!(bench.html.attribute("usernameInput", "aria-invalid").as_deref(), Some("true"));
    assert!(!bench.html.is_hidden("usernameError"));
    assert!(bench.html.text("usernameError").starts_with("Type the name"));

    bench.user(UserInput::SignIn { name: "alice".to_owned() });
    assert_eq!(bench.html.attribute("usernameInput", "aria-invalid"), None);
    assert!(bench.html.is_hidden("usernameError"));
    assert!(bench.html.get("loginBtn").has_attribute("disabled"));
}

#[wasm_bindgen_test]
fn a_providers_label_is_text_and_its_id_stays_in_its_place() {
    let mut bench = Bench::new();
    let body = r#"{"guests":false,"providers":[{"id":"a/../?b#c","label":"<b>A</b> & B"}]}"#;
    let asked = question(&bench.input(Input::OwnServer));
    bench.input(says(asked, body));
    let link = bench.html.find("#providers a").unwrap();
    assert_eq!(link.text_content().unwrap().trim(), "Continue with <b>A</b> & B");
    let href = link.get_attribute("href").unwrap_or_default();
    assert!(href.starts_with("auth/sign-in/a%2F..%2F%3Fb%23c?at=%2F"), "{href}");
    assert!(bench.html.is_hidden("loginForm"));
    assert!(document().active_element().is_some_and(|focus| focus == link));
}

#[wasm_bindgen_test]
fn the_key_that_ends_a_name_does_nothing_else() {
    let mut bench = Bench::new();
    let username = Clone::clone(&bench.page.elements().username);
    username.focus().unwrap();
    username.set_value("bob");
    let body = r#"{"guests":false,"providers":[{"id":"a","label":"A"}]}"#;
    let asked = question(&bench.input(Input::OwnServer));
    bench.input(says(asked, body));
    assert!(bench.html.is_hidden("loginForm"));
    assert_eq!(document().active_element().unwrap().id(), "loginCard");
}

#[wasm_bindgen_test]
fn links_that_come_late_push_nothing_aside() {
    let answer = |asked, guests| {
        let body = format!(r#"{{"guests":{guests},"providers":[{{"id":"a","label":"A"}}]}}"#);
        says(asked, &body)
    };
    let in_vain = || {
        let mut bench = Bench::new();
        let first = question(&bench.input(Input::OwnServer));
        bench.input(Input::Fetched(first, None));
        bench.now += 1_000;
        let second = question(&bench.input(Input::Tick));
        (bench, second)
    };
    let late = |bench: &Bench| bench.html.attribute("loginCard", "data-late").is_some();
    let (mut bench, asked) = in_vain();
    bench.input(answer(asked, true));
    assert!(late(&bench) && bench.html.find("#providers a").is_some());
    assert_eq!(document().active_element().unwrap().id(), "usernameInput");
    // Who comes back to the sign-in finds them in their place.
    bench.user(UserInput::SignIn { name: "alice".to_owned() });
    bench.input(Input::SocketOpened);
    bench.server(r#"{"type":"login","success":true,"name":"alice","version":1,"session":"s"}"#);
    bench.user(UserInput::SignOut);
    assert!(!late(&bench) && bench.html.find("#providers a").is_some());
    drop(bench);
    // Where there is nothing but them, they are in their place as well.
    let (mut bench, asked) = in_vain();
    bench.input(answer(asked, false));
    assert!(!late(&bench) && bench.html.find("#providers a").is_some());
}

#[wasm_bindgen_test]
fn a_call_that_is_made_goes_through_its_phases() {
    let mut bench = Bench::signed_in();
    assert_eq!(bench.html.text("selfName"), "alice");
    assert_eq!(bench.html.attribute("callPage", "data-phase").as_deref(), Some("idle"));
    assert_eq!(document().active_element().unwrap().id(), "callToUsernameInput");

    let effects = bench.user(UserInput::Call { name: "bob".to_owned() });
    assert_eq!(bench.html.attribute("callPage", "data-phase").as_deref(), Some("calling"));
    assert_eq!(document().active_element().unwrap().id(), "callControls");
    assert_eq!(bench.html.attribute("micBtn", "aria-disabled").as_deref(), Some("true"));
    let id = created(&bench.grant(&effects));
    assert!(!bench.html.is_hidden("localTile"));
    assert_eq!(bench.html.attribute("micBtn", "aria-disabled"), None);
    let effects = bench.peer(id, PeerEvent::OfferReady(raw(r#"{"type":"offer","sdp":"o"}"#)));
    assert_eq!(bench.html.attribute("callPage", "data-ring"), None);
    let answer = answer(&effects);
    bench.server(&answer.replace("answer", "ringing"));
    assert_eq!(bench.html.attribute("callPage", "data-ring").as_deref(), Some("outgoing"));
    assert_eq!(bench.html.text("status"), "Ringing… waiting for bob");
    assert_eq!(bench.html.text("remoteInitial"), "B");
    assert!(bench.html.is_hidden("remoteVideo"));

    bench.server(&answer);
    assert_eq!(bench.html.attribute("callPage", "data-phase").as_deref(), Some("connecting"));
    assert_eq!(bench.html.attribute("callPage", "data-ring"), None);
    bench.peer(id, PeerEvent::State(PeerState::Connected));
    assert_eq!(bench.html.attribute("callPage", "data-phase").as_deref(), Some("in-call"));
    assert_eq!(bench.html.text("callTimer"), "0:00");
    assert!(!bench.html.is_hidden("remoteVideo"));
    assert!(bench.html.is_hidden("remotePlaceholder"));
    assert_eq!(document().title(), "In a call with bob · Pronto");
    bench.now += 61_000;
    bench.render();
    assert_eq!(bench.html.text("callTimer"), "1:01");

    bench.peer(id, PeerEvent::State(PeerState::Disconnected));
    assert_eq!(bench.html.attribute("callPage", "data-phase").as_deref(), Some("reconnecting"));
    bench.server(&answer.replace("answer", "leave"));
    assert_eq!(bench.html.attribute("callPage", "data-phase").as_deref(), Some("idle"));
    assert_eq!(bench.html.text("noticeText"), "bob ended the call.");
    assert!(!bench.html.is_hidden("callAgainBtn"));
    assert_eq!(document().active_element().unwrap().id(), "notice");
    assert!(bench.html.is_hidden("localTile"));
    assert_eq!(document().title(), "Pronto");
}

#[wasm_bindgen_test]
fn what_the_peer_says_of_its_devices_is_seen() {
    let mut bench = Bench::signed_in();
    let effects = bench.user(UserInput::Call { name: "bob".to_owned() });
    let id = created(&bench.grant(&effects));
    let effects = bench.peer(id, PeerEvent::OfferReady(raw("{}")));
    bench.server(&answer(&effects));
    bench.peer(id, PeerEvent::State(PeerState::Connected));
    bench.peer(id, PeerEvent::PeerMedia(PeerMedia { audio: false, video: false }));
    assert!(bench.html.is_hidden("remoteVideo"));
    assert!(!bench.html.is_hidden("remotePlaceholder"));
    assert!(!bench.html.is_hidden("remoteMutedBadge"));

    assert_eq!(bench.html.attribute("micBtn", "aria-pressed").as_deref(), Some("false"));
    bench.user(UserInput::ToggleMicrophone);
    assert_eq!(bench.html.attribute("micBtn", "aria-pressed").as_deref(), Some("true"));
    let tip = bench.html.find("#micBtn [data-slot=label]").unwrap();
    assert_eq!(tip.text_content().as_deref(), Some("Unmute (M)"));
}

#[wasm_bindgen_test]
fn names_are_never_read_as_markup() {
    let name = r"<img src=x onerror=alert(1)>";
    let mut bench = Bench::signed_in();
    let images = document().query_selector_all("img").unwrap().length();
    bench.server(&format!(r#"{{"type":"offer","name":"{name}","offer":{{}},"call":"c"}}"#));
    assert_eq!(bench.html.attribute("callPage", "data-phase").as_deref(), Some("ringing"));
    assert_eq!(bench.html.attribute("callPage", "data-ring").as_deref(), Some("incoming"));
    assert_eq!(bench.html.text("callerName"), name);
    assert_eq!(bench.html.text("status"), format!("{name} is calling you."));
    assert_eq!(document().title(), format!("{name} is calling · Pronto"));
    bench.server(&format!(r#"{{"type":"leave","name":"{name}","call":"c"}}"#));
    assert_eq!(bench.html.text("noticeText"), format!("You missed a call from {name}."));
    assert!(bench.html.text("missedList").contains(name));
    assert_eq!(document().query_selector_all("img").unwrap().length(), images);
}

#[wasm_bindgen_test]
fn the_live_region_is_not_rewritten_for_what_it_says_already() {
    let mut bench = Bench::signed_in();
    let before = bench.html.get("status").first_child();
    bench.user(UserInput::Call { name: String::new() });
    assert!(!bench.html.is_hidden("callToUsernameError"));
    assert!(before.is_some());
    assert_eq!(bench.html.get("status").first_child(), before);
}

#[wasm_bindgen_test]
fn nobody_answers_by_the_next_key_whatever_that_was_meant_for() {
    let mut bench = Bench::signed_in();
    for (call, id) in [("c", "callToUsernameInput"), ("d", "callBtn"), ("e", "previewBtn")] {
        bench.html.get(id).unchecked_into::<HtmlElement>().focus().unwrap();
        bench.server(&format!(r#"{{"type":"offer","name":"bob","offer":{{}},"call":"{call}"}}"#));
        assert_eq!(document().active_element().unwrap().id(), "incomingCall", "{id}");
        assert!(bench.html.is_hidden("idlePanel"));
        bench.user(UserInput::Decline);
        bench.user(UserInput::DismissNotice);
    }
}

#[wasm_bindgen_test]
fn the_focus_is_not_lost_with_the_button_that_had_it() {
    let mut bench = Bench::signed_in();
    bench.server(r#"{"type":"offer","name":"bob","offer":{},"call":"c"}"#);
    bench.user(UserInput::Decline);
    bench.page.elements().notice_close.focus().unwrap();
    bench.user(UserInput::DismissNotice);
    assert_eq!(document().active_element().unwrap().id(), "callBtn");

    bench.page.elements().sign_out.focus().unwrap();
    bench.user(UserInput::TogglePreview);
    assert_eq!(document().active_element().unwrap().id(), "signOutBtn");
}

#[wasm_bindgen_test]
fn a_lost_server_is_told_with_the_seconds_until_the_next_attempt() {
    let mut bench = Bench::signed_in();
    assert!(bench.html.is_hidden("serverBanner"));
    bench.input(Input::SocketClosed { code: 1006 });
    // The first attempt follows at once.
    assert!(bench.html.is_hidden("serverBanner"));
    bench.user(UserInput::RetryNow);
    bench.input(Input::SocketClosed { code: 1006 });
    assert!(!bench.html.is_hidden("serverBanner"));
    assert!(bench.html.text("serverBannerText").contains("Trying again in 1 s."));
    assert_eq!(bench.html.attribute("retryNowBtn", "aria-disabled"), None);
    assert!(bench.html.get("callBtn").has_attribute("disabled"));
    bench.user(UserInput::RetryNow);
    assert_eq!(bench.html.attribute("retryNowBtn", "aria-disabled").as_deref(), Some("true"));
}

#[wasm_bindgen_test]
fn a_lost_server_is_told_in_a_call_as_well() {
    let mut bench = Bench::signed_in();
    bench.in_call();
    bench.input(Input::SocketClosed { code: 1006 });
    bench.user(UserInput::RetryNow);
    bench.input(Input::SocketClosed { code: 1006 });
    assert!(!bench.html.is_hidden("serverBanner"));
    assert_eq!(bench.html.attribute("callPage", "data-phase").as_deref(), Some("in-call"));
    assert!(!bench.html.is_hidden("remoteVideo"));
    assert_eq!(document().active_element().unwrap().id(), "callControls");
}

#[wasm_bindgen_test]
fn a_page_that_was_loaded_anew_goes_back_into_its_call() {
    let mut bench = Bench::new();
    let kept = r#"{"name":"alice","session":"s","sockets":1,"at":0,"grace":30,"call":["bob","c"],"camera":true}"#;
    let Some(Found::Fresh(kept)) = Kept::from_json(kept, 0) else { panic!("it is fresh") };
    bench.input(Input::Reloaded(kept));
    assert!(bench.html.is_hidden("loginPage"));
    // While nobody has said that the call stands, one sees what is waited for, and can hang up.
    assert_eq!(bench.html.attribute("callPage", "data-phase").as_deref(), Some("reconnecting"));
    assert_eq!(bench.html.text("status"), "Going back into your call with bob…");
    assert!(!bench.html.is_hidden("hangUpBtn") && bench.html.is_hidden("localTile"));
    bench.input(Input::SocketOpened);
    let effects = bench.server(
        r#"{"type":"login","success":true,"name":"alice","version":1,"session":"s","peer":"bob","call":"c"}"#,
    );
    assert_eq!(bench.html.attribute("callPage", "data-phase").as_deref(), Some("reconnecting"));
    bench.grant(&effects);
    assert_eq!(bench.html.text("status"), "Going back into your call with bob…");
    assert_eq!(bench.html.text("remoteStatus"), bench.html.text("status"));
    assert_eq!(document().title(), "In a call with bob · Pronto");
    assert_eq!(document().active_element().unwrap().id(), "callControls");
    assert!(bench.html.is_hidden("incomingCall"));
}

#[wasm_bindgen_test]
fn a_page_whose_session_went_on_elsewhere_says_so_at_the_sign_in() {
    let mut bench = Bench::signed_in();
    bench.in_call();
    bench.input(Input::SocketClosed { code: 4003 });
    assert!(!bench.html.is_hidden("loginPage"));
    assert!(!bench.html.is_hidden("loginNotice") && bench.html.is_hidden("usernameError"));
    assert!(bench.html.text("loginNotice").contains("another tab"));
    assert_eq!(bench.html.attribute("usernameInput", "aria-invalid"), None, "the name is right");
    assert!(bench.html.is_hidden("localTile") && bench.html.is_hidden("serverBanner"));
}

#[wasm_bindgen_test]
fn durations_and_initials() {
    for (seconds, face) in [(0, "0:00"), (59, "0:59"), (600, "10:00"), (3_601, "1:00:01")] {
        assert_eq!(clock_face(seconds), face);
    }
    for (name, first) in [("bob", "B"), ("ße", "SS"), ("e\u{301}mile", "E\u{301}"), ("", "")] {
        assert_eq!(initial(name), first, "{name}");
    }
}
