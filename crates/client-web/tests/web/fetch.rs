//! What the page asks its own server over HTTP.

use std::{cell::RefCell, rc::Rc};

use client_web::{
    browser::fetch,
    call::{Answer, Request},
};
use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{AbortSignal, RequestInit, Window};

use crate::common::{Replaced, until};

/// Asks, and waits for what the page is told.
async fn told(window: &Window, request: Request) -> Option<Answer> {
    let told = Rc::new(RefCell::new(None));
    let tells = Rc::clone(&told);
    fetch::fetch(window, request, move |answer| *tells.borrow_mut() = Some(answer));
    until("the page is told", || told.borrow().is_some()).await;
    told.take().unwrap()
}

#[wasm_bindgen_test]
async fn what_hangs_is_aborted() {
    let window = web_sys::window().unwrap();
    let class = Reflect::get(&window, &"AbortSignal".into()).unwrap();
    let patience = Rc::new(RefCell::new(Vec::new()));
    let (of, given) = (class.clone(), Rc::clone(&patience));
    let timeout = Reflect::get(&class, &"timeout".into()).unwrap().unchecked_into::<Function>();
    // The test has less of it.
    let hurries = Closure::<dyn Fn(u32) -> AbortSignal>::new(move |ms: u32| {
        given.borrow_mut().push(ms);
        timeout.call1(&of, &(ms / 100).into()).unwrap().unchecked_into()
    });
    let _timeout = Replaced::new(&class, "timeout", hurries.as_ref());
    // As where no server ever answers.
    let hangs =
        Closure::<dyn Fn(JsValue, RequestInit) -> Promise>::new(|_: JsValue, init: RequestInit| {
            let signal = init.get_signal().unwrap();
            Promise::new(&mut |_, reject| signal.set_onabort(Some(&reject)))
        });
    let _fetch = Replaced::new(&window, "fetch", hangs.as_ref());
    assert_eq!(told(&window, Request::SignOut).await, None);
    assert_eq!(*patience.borrow(), [Request::PATIENCE]);
}

#[wasm_bindgen_test]
async fn a_browser_that_aborts_nothing_by_itself_asks_all_the_same() {
    let window = web_sys::window().unwrap();
    let class = Reflect::get(&window, &"AbortSignal".into()).unwrap();
    let _timeout = Replaced::new(&class, "timeout", &JsValue::UNDEFINED);
    let answer = told(&window, Request::Options(1)).await.unwrap();
    assert_eq!(answer.status, 404, "the server of the tests knows no accounts");
}
