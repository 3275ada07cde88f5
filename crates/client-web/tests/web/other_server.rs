//! The question whether a server may be used that is not the page's own.

use std::{cell::Cell, rc::Rc};

use client_web::{
    address::Asked,
    browser::page::{Elements, server},
};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{Event, HtmlElement};

use crate::common::{Html, document, sleep, until};

/// A site can close its window between the two clicks of a double click, or go back to the question.
#[wasm_bindgen_test]
async fn a_click_on_what_has_just_come_to_the_front_does_not_count() {
    let html = Html::new();
    let window = web_sys::window().unwrap();
    let Asked::Server(other) = Asked::of(Some("ws://evil:1/a?b"), "http://h:1/") else {
        panic!("it is a server")
    };
    let agreed = Rc::new(Cell::new(false));
    let (agrees, of) = (Rc::clone(&agreed), window.clone());
    spawn_local(async move {
        let elements = Elements::bind(&document()).unwrap();
        server::ask(&of, &elements, Some(&other)).await;
        agrees.set(true);
    });
    until("it asks", || !html.is_hidden("serverPage")).await;
    assert_eq!(html.text("otherServer"), "ws://evil:1/a?b");
    assert!(html.is_hidden("serverUnusable") && html.is_hidden("startPage"));
    let click = || html.get("useServerBtn").unchecked_into::<HtmlElement>().click();
    click();
    sleep(700).await;
    assert!(!agreed.get(), "nobody can have read it");
    for comes in ["focus", "pageshow"] {
        window.dispatch_event(&Event::new(comes).unwrap()).unwrap();
        click();
        sleep(700).await;
        assert!(!agreed.get(), "something else was seen until {comes}");
    }
    click();
    until("it goes on", || agreed.get()).await;
    assert!(html.is_hidden("serverPage"));
}
