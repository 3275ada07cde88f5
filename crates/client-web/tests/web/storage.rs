//! What the browser keeps.

use client_web::{browser::storage, call::Kept};
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::Window;

fn window() -> Window {
    web_sys::window().unwrap()
}

fn in_a_call() -> Kept {
    let json = r#"{"name":"alice","session":"s","sockets":1,"call":["bob","c"],"camera":false}"#;
    Kept::from_json(json).unwrap()
}

#[wasm_bindgen_test]
fn what_is_kept_is_found_and_can_be_forgotten() {
    let window = window();
    storage::keep(&window, Some(&in_a_call()));
    assert_eq!(storage::kept(&window), Some(in_a_call()));
    // It is this tab's alone: another tab is somebody else.
    let everywhere = window.local_storage().unwrap().unwrap();
    assert_eq!(everywhere.get_item("pronto.session").unwrap(), None);
    storage::keep(&window, None);
    assert_eq!(storage::kept(&window), None);
}

#[wasm_bindgen_test]
fn what_was_not_kept_by_this_program_is_nothing() {
    let window = window();
    let tab = window.session_storage().unwrap().unwrap();
    for json in ["", "null", "{}", "[1]", r#"{"name":"alice"}"#, r#"{"name":1,"session":"s"}"#] {
        tab.set_item("pronto.session", json).unwrap();
        assert_eq!(storage::kept(&window), None, "{json}");
    }
    storage::keep(&window, None);
}
