//! The socket, where there is no server: what it does where there is one is seen end to end.

use std::{cell::RefCell, rc::Rc};

use client_web::browser::socket::{Socket, SocketEvent};
use protocol::limits::MAX_UNACKNOWLEDGED_MESSAGES;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::common::{a_while, until};

fn open(url: &str) -> (Socket, Rc<RefCell<Vec<SocketEvent>>>) {
    let events = Rc::new(RefCell::new(Vec::new()));
    let reported = Rc::clone(&events);
    let socket = Socket::open(url.to_owned(), move |event| reported.borrow_mut().push(event));
    (socket, events)
}

/// Nobody listens on the port that is for tests of this kind (RFC 863, discard).
const NOBODY: &str = "ws://127.0.0.1:9/ws";

#[wasm_bindgen_test]
async fn where_nobody_listens_it_closes() {
    for url in [NOBODY, "not a url", "ws://", "ws://127.0.0.1:9/#fragment"] {
        let (mut socket, events) = open(url);
        assert!(events.borrow().is_empty(), "{url}: told before it returned");
        socket.send("too early".to_owned());
        until("it closes", || !events.borrow().is_empty()).await;
        assert_eq!(*events.borrow(), [SocketEvent::Closed(1006)], "{url}");
    }
}

#[wasm_bindgen_test]
async fn a_dropped_one_is_silent() {
    let (socket, events) = open(NOBODY);
    drop(socket);
    a_while().await;
    assert_eq!(*events.borrow(), []);
}

#[wasm_bindgen_test]
async fn one_that_is_closed_is_silent() {
    let (socket, events) = open(NOBODY);
    socket.close(1000);
    a_while().await;
    assert_eq!(*events.borrow(), []);
}

/// A stand-in for the browser's socket, for as long as this lives. It is open at once, and leaves in `told` what it is told.
struct StandIn;

impl StandIn {
    fn new() -> Self {
        let code = "globalThis.told = [];
            globalThis.RealWebSocket = WebSocket;
            globalThis.WebSocket = class extends EventTarget {
                readyState = 1;
                send(text) { told.push(text); }
                close(code) {
                    if (this.readyState === 1) { this.readyState = 2; told.push(String(code)); }
                }
            }";
        js_sys::eval(code).unwrap();
        Self
    }

    fn told(&self) -> Vec<String> {
        let told = js_sys::eval("told").unwrap().unchecked_into::<js_sys::Array>();
        told.iter().map(|one| one.as_string().unwrap()).collect()
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        let _ = js_sys::eval("globalThis.WebSocket = RealWebSocket");
    }
}

#[wasm_bindgen_test]
async fn the_code_says_why_it_ends_and_what_was_sent_goes_out_before() {
    // All that a session may have to say again, and the login.
    const MUCH: usize = MAX_UNACKNOWLEDGED_MESSAGES + 1;
    for (texts, goodbye, code, told) in [
        (MUCH, true, "1000", false),
        (MUCH, false, "4004", false),
        // More than fits: nothing is left out in the middle, and the machine hears of it.
        (10 * MUCH, false, "4004", true),
    ] {
        let browser = StandIn::new();
        let (mut socket, events) = open("ws://127.0.0.1/");
        until("it is open", || events.borrow().contains(&SocketEvent::Opened)).await;
        (0..texts).for_each(|text| socket.send(text.to_string()));
        if goodbye {
            socket.close(1000);
        } else if !told {
            drop(socket);
        }
        until("it is closed", || browser.told().last().is_some_and(|last| last == code)).await;
        let (sent, said) = (browser.told().len() - 1, browser.told());
        assert!((MUCH..=texts).contains(&sent), "{sent}");
        assert!((0..sent).all(|text| said[text] == text.to_string()));
        assert_eq!(events.borrow().contains(&SocketEvent::Closed(1006)), told);
    }
}
