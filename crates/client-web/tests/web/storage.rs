//! What the browser keeps, and for whom.

use client_web::{
    address::{Asked, Server},
    browser::storage::Storage,
    call::{Found, Kept, MissedCalls},
};
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{Url, Window};

fn window() -> Window {
    web_sys::window().unwrap()
}

/// What is kept for the server of this URL, as a link spells it, on a page of `http://h:1`.
fn of(link: &str) -> Storage {
    let Asked::Server(server) = asked(link) else { panic!("{link}") };
    Storage::new(window(), server)
}

fn asked(link: &str) -> Asked {
    let named = Url::new(link).map(|url| url.href()).unwrap_or_default();
    Asked::of(Some(&named), "http://h:1/")
}

fn own() -> Storage {
    of("ws://h:1/ws")
}

fn in_a_call() -> Kept {
    let json = r#"{"name":"alice","session":"s","sockets":1,"at":0,"grace":30,"call":["bob","c"],"camera":false}"#;
    let Some(Found::Fresh(kept)) = Kept::from_json(json, 0) else { panic!("it is fresh") };
    kept
}

#[wasm_bindgen_test]
fn what_is_kept_is_found_and_can_be_forgotten() {
    own().keep(Some(&in_a_call()));
    assert_eq!(own().kept(), Some(Found::Fresh(in_a_call())));
    // It is this tab's alone: another tab is somebody else.
    let everywhere = window().local_storage().unwrap().unwrap();
    assert_eq!(everywhere.get_item("pronto.session").unwrap(), None);
    own().keep(None);
    assert_eq!(own().kept(), None);
}

#[wasm_bindgen_test]
fn what_a_tab_keeps_expires() {
    let tab = window().session_storage().unwrap().unwrap();
    let now = js_sys::Date::now() as u64;
    let stale = Found::Stale { name: "alice".to_owned() };
    for (at, found) in [
        (now - 29_000, Found::Fresh(in_a_call())),
        (now - 31_000, stale.clone()),
        (now - 86_400_000, stale.clone()),
        (now + 60_000, stale),
    ] {
        let fresh = matches!(found, Found::Fresh(_));
        tab.set_item("pronto.session", &in_a_call().to_json(at)).unwrap();
        assert_eq!(own().kept(), Some(found));
        assert_eq!(
            tab.get_item("pronto.session").unwrap().is_some(),
            fresh,
            "nothing is left of it"
        );
    }
    own().keep(None);
}

/// The call that its user had left was gone back into, with camera and microphone.
#[wasm_bindgen_test]
fn a_tab_whose_storage_is_full_keeps_nothing_that_is_not_true_any_more() {
    let tab = window().session_storage().unwrap().unwrap();
    own().keep(Some(&in_a_call()));
    of("ws://one/ws").approve();
    let (mut size, mut fillers) = (1 << 23, 0..);
    while size > 0 {
        let filler = format!("filler {}", fillers.next().unwrap_or(0));
        if tab.set_item(&filler, &"x".repeat(size)).is_err() {
            size /= 2;
        }
    }
    let Kept { call, .. } = in_a_call();
    own().keep(Some(&Kept { name: "a".repeat(200), call: None, left: call, ..in_a_call() }));
    of(&format!("ws://one/{}", "x".repeat(200))).approve();
    let found = (own().kept(), of("ws://one/ws").is_approved());
    tab.clear().unwrap();
    assert_eq!(found, (None, false));
}

#[wasm_bindgen_test]
fn what_was_not_kept_by_this_program_is_nothing() {
    let tab = window().session_storage().unwrap().unwrap();
    for json in ["", "null", "{}", "[1]", r#"{"name":"alice"}"#, r#"{"name":1,"session":"s"}"#] {
        tab.set_item("pronto.session", json).unwrap();
        assert_eq!(own().kept(), None, "{json}");
    }
    own().keep(None);
}

#[wasm_bindgen_test]
fn what_is_kept_for_one_server_is_neither_found_nor_lost_for_another() {
    let others = ["ws://evil/ws", "wss://h:1/ws", "ws://h:1/", "ws://evil/ws?pronto.session"];
    own().keep(Some(&in_a_call()));
    own().remember_name("alice");
    own().keep_blocked(&["bob".to_owned()]);
    own().remember_relay_only(true);
    let missed = MissedCalls::read("alice\n1 - bob");
    own().keep_missed(missed.as_ref().unwrap());
    for other in others.map(of) {
        assert_eq!(other.missed(), None);
        assert_eq!((other.kept(), other.name()), (None, None));
        assert_eq!((other.blocked(), other.relay_only()), (vec![], false));
        other.keep(Some(&in_a_call()));
        other.keep(None);
        other.remember_name("mallory");
        other.keep_blocked(&["alice".to_owned()]);
        other.remember_relay_only(false);
        other.keep_missed(&MissedCalls::default());
        other.approve();
    }
    let found = Some(Found::Fresh(in_a_call()));
    assert_eq!((own().kept(), own().name().as_deref()), (found, Some("alice")));
    assert_eq!((own().blocked(), own().relay_only()), (vec!["bob".to_owned()], true));
    assert_eq!(own().missed(), missed);
    for other in others.map(of) {
        assert_eq!(
            (other.name().as_deref(), other.blocked()),
            (Some("mallory"), vec!["alice".to_owned()])
        );
    }
    window().local_storage().unwrap().unwrap().clear().unwrap();
    window().session_storage().unwrap().unwrap().clear().unwrap();
}

#[wasm_bindgen_test]
fn a_tab_uses_the_server_that_its_user_has_agreed_to_last() {
    let (one, other) = (of("ws://one/ws"), of("ws://other/ws"));
    assert!(own().is_approved() && !one.is_approved());
    one.approve();
    assert!(own().is_approved() && one.is_approved() && !other.is_approved());
    assert!(!of("wss://one/ws").is_approved() && of("WS://ONE/ws?").is_approved());
    other.approve();
    assert!(!one.is_approved() && other.is_approved());
    own().approve();
    assert!(own().is_approved() && !one.is_approved() && !other.is_approved());
}

#[wasm_bindgen_test]
fn one_server_has_one_spelling() {
    let url = |link: &str| match asked(link) {
        Asked::Server(server) => Server::url(&server).to_owned(),
        Asked::Unusable => String::new(),
    };
    for (link, expected) in [
        ("WS://H:1/ws", "ws://h:1/ws"),
        (" ws://h:01/ws\n", "ws://h:1/ws"),
        ("ws:\\\\h:1\\x\\..\\ws#y", "ws://h:1/ws"),
        ("ws:h:1/ws?", "ws://h:1/ws"),
        ("ws://h:80/%77s", "ws://h/%77s"),
        ("wss://h:443", "wss://h/"),
        ("ws://0x7f.1/", "ws://127.0.0.1/"),
        ("ws://[0:0::1]:1/ws", "ws://[::1]:1/ws"),
        ("wss://b\u{fc}cher.example/\u{202e}x", "wss://xn--bcher-kva.example/%E2%80%AEx"),
        ("wss://\u{ff48}:1/ws", "wss://h:1/ws"),
        ("ws://@h:1/ws", "ws://h:1/ws"),
        ("ws://h:1@evil/ws", ""),
        ("ws://:x@h:1/ws", ""),
        ("http://h:1/ws", ""),
        ("javascript:alert(1)", ""),
        ("//h:1/ws", ""),
        ("h:1/ws", ""),
        ("ws://", ""),
        ("ws://h:65536/", ""),
        ("ws://[x/", ""),
    ] {
        assert_eq!(url(link), expected, "{link}");
    }
    assert!(own().server().is_own() && of("WS://H:1/./ws").server().is_own());
}
