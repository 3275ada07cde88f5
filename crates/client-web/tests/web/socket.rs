//! The socket, where there is no server: what it does where there is one is seen end to end.

use std::{cell::RefCell, rc::Rc};

use client_web::browser::socket::{Socket, SocketEvent};
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
