//! The run loop over the real index.html.

use std::{cell::Cell, rc::Rc};

use client_web::browser::app::{self, StartError};
use js_sys::{Object, Promise};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{AudioContext, Event, HtmlElement, HtmlInputElement};

use crate::common::{Html, Replaced, a_while, until};

#[wasm_bindgen_test]
async fn it_starts_and_says_that_there_is_no_server() {
    let html = Html::new();
    app::start().unwrap();
    until("it has started", || html.is_hidden("startPage")).await;
    html.get("usernameInput").unchecked_into::<HtmlInputElement>().set_value("alice");
    html.get("loginBtn").unchecked_into::<HtmlElement>().click();
    // The server of the tests knows no WebSocket.
    until("it is told", || !html.is_hidden("serverBanner")).await;
    assert!(html.text("serverBannerText").contains("cannot be reached"));
    let before = html.text("serverBannerText");
    until("the time goes on", || html.text("serverBannerText") != before).await;
}

/// To begin to sound takes a device and time, and is for who signs in or calls.
#[wasm_bindgen_test]
async fn to_type_a_name_wakes_no_sound() {
    let woken = Rc::new(Cell::new(0));
    let wakes = Rc::clone(&woken);
    let resume = Closure::<dyn Fn() -> Promise>::new(move || {
        wakes.set(wakes.get() + 1);
        Promise::resolve(&JsValue::UNDEFINED)
    });
    let prototype = Object::get_prototype_of(&AudioContext::new().unwrap());
    let _resume = Replaced::new(&prototype, "resume", resume.as_ref());

    let html = Html::new();
    app::start().unwrap();
    until("it has started", || html.is_hidden("startPage")).await;
    let name = html.get("usernameInput").unchecked_into::<HtmlInputElement>();
    name.set_value("alice");
    name.dispatch_event(&Event::new("input").unwrap()).unwrap();
    a_while().await;
    assert_eq!(woken.get(), 0);
    html.get("loginBtn").unchecked_into::<HtmlElement>().click();
    until("it can ring", || woken.get() == 1).await;
}

#[wasm_bindgen_test]
fn it_does_not_start_in_another_document() {
    let error = app::start().unwrap_err();
    assert!(matches!(error, StartError::MissingIds(_)), "{error}");
}
