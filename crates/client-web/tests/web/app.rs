//! The run loop over the real index.html.

use client_web::browser::app::{self, StartError};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{HtmlElement, HtmlInputElement};

use crate::common::{Html, until};

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

#[wasm_bindgen_test]
fn it_does_not_start_in_another_document() {
    let error = app::start().unwrap_err();
    assert!(matches!(error, StartError::MissingIds(_)), "{error}");
}
