//! A network that changes.

use client_web::{
    browser::{
        network,
        queue::{Event, queue},
    },
    call::Input,
};
use js_sys::Reflect;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::EventTarget;

fn told(events: &mut futures_channel::mpsc::UnboundedReceiver<Event>) -> usize {
    let mut told = 0;
    while let Ok(event) = events.try_recv() {
        assert!(matches!(event, Event::Input(Input::NetworkChanged)), "{event:?}");
        told += 1;
    }
    told
}

fn happens(target: &EventTarget, kind: &str) {
    target.dispatch_event(&web_sys::Event::new(kind).unwrap()).unwrap();
}

/// A page that comes or goes, and whether the browser keeps it.
fn transition(kind: &str, persisted: bool) -> web_sys::Event {
    let event = web_sys::Event::new(kind).unwrap();
    let property = js_sys::Object::new();
    Reflect::set(&property, &"value".into(), &persisted.into()).unwrap();
    js_sys::Object::define_property(&event, &"persisted".into(), &property);
    event
}

#[wasm_bindgen_test]
fn the_machine_is_told_when_the_browser_is_offline_and_online_again() {
    let window = web_sys::window().unwrap();
    let (post, mut events) = queue();
    let listeners = network::listen(&window, &post);
    assert_eq!(told(&mut events), 0, "nothing has changed by loading the page");
    happens(&window, "offline");
    assert!(matches!(events.try_recv(), Ok(Event::Input(Input::Offline))));
    happens(&window, "online");
    assert_eq!(told(&mut events), 1);
    drop(listeners);
    happens(&window, "online");
    assert_eq!(told(&mut events), 0);
}

#[wasm_bindgen_test]
fn the_machine_is_told_when_the_page_goes_and_whether_the_browser_keeps_it() {
    let window = web_sys::window().unwrap();
    let (post, mut events) = queue();
    let _listeners = network::listen(&window, &post);
    for (persisted, told) in [(false, Input::PageCloses), (true, Input::PageLeft)] {
        window.dispatch_event(&transition("pagehide", persisted)).unwrap();
        let heard: Vec<_> = std::iter::from_fn(|| events.try_recv().ok()).collect();
        assert!(matches!(&heard[..], [Event::Input(input)] if *input == told), "{heard:?}");
    }
}

#[wasm_bindgen_test]
fn the_machine_is_told_when_the_page_is_awake_again() {
    let window = web_sys::window().unwrap();
    let document = window.document().unwrap();
    let (post, mut events) = queue();
    let _listeners = network::listen(&window, &post);
    let mut told = || {
        let heard: Vec<_> = std::iter::from_fn(|| events.try_recv().ok()).collect();
        assert!(heard.iter().all(|event| matches!(event, Event::Input(Input::Awake))), "{heard:?}");
        heard.len()
    };
    for (hidden, times) in [(true, 0), (false, 1)] {
        let property = js_sys::Object::new();
        Reflect::set(&property, &"value".into(), &hidden.into()).unwrap();
        Reflect::set(&property, &"configurable".into(), &true.into()).unwrap();
        js_sys::Object::define_property(&document, &"hidden".into(), &property);
        happens(&document, "visibilitychange");
        assert_eq!(told(), times, "hidden: {hidden}");
    }
    Reflect::delete_property(&document, &"hidden".into()).unwrap();
    happens(&document, "resume");
    assert_eq!(told(), 1);
    for (persisted, times) in [(false, 0), (true, 1)] {
        window.dispatch_event(&transition("pageshow", persisted)).unwrap();
        assert_eq!(told(), times, "kept: {persisted}");
    }
}

#[wasm_bindgen_test]
fn the_machine_is_told_of_another_network_and_not_of_another_speed() {
    let window = web_sys::window().unwrap();
    let (post, mut events) = queue();
    // As browsers on phones have it, in place of what this one has.
    let connection = EventTarget::new().unwrap();
    let set = |kind: &str| Reflect::set(&connection, &"type".into(), &kind.into()).unwrap();
    set("wifi");
    let property = js_sys::Object::new();
    Reflect::set(&property, &"value".into(), &connection).unwrap();
    Reflect::set(&property, &"configurable".into(), &true.into()).unwrap();
    js_sys::Object::define_property(&window.navigator(), &"connection".into(), &property);
    let _listeners = network::listen(&window, &post);
    happens(&connection, "change");
    assert_eq!(told(&mut events), 0, "only its speed has changed");
    for (kind, changes) in [("cellular", 1), ("cellular", 0), ("wifi", 1)] {
        set(kind);
        happens(&connection, "change");
        assert_eq!(told(&mut events), changes, "{kind}");
    }
    Reflect::delete_property(&window.navigator(), &"connection".into()).unwrap();
}
