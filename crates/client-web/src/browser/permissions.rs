//! Whether the browser gives camera and microphone without asking (W3C Permissions).

use std::{cell::Cell, rc::Rc};

use js_sys::{Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Event, PermissionState, PermissionStatus, Window};

use super::{
    listener::{self, Listener},
    queue::Post,
};
use crate::call::Input;

const DEVICES: [&str; 2] = ["camera", "microphone"];

/// Tells the machine whether both are allowed, now and whenever that changes. Browsers that do not say are taken to ask.
pub fn watch(window: &Window, post: Post) {
    let window = window.clone();
    spawn_local(async move {
        // It waits for as long as the page is there, and so keeps what listens.
        let _ = watch_all(&window, post).await;
    });
}

async fn watch_all(window: &Window, post: Post) -> Result<(), JsValue> {
    let allowed = Rc::new(Cell::new([false; 2]));
    let mut listeners = Vec::new();
    for (index, device) in DEVICES.into_iter().enumerate() {
        let status = query(window, device).await?;
        listeners.push(listen(&status, index, &allowed, &post));
    }
    std::future::pending::<()>().await;
    drop(listeners);
    Ok(())
}

fn listen(
    status: &PermissionStatus,
    index: usize,
    allowed: &Rc<Cell<[bool; 2]>>,
    post: &Post,
) -> Listener {
    let (source, allowed, post) = (status.clone(), Rc::clone(allowed), post.clone());
    let tell = move || {
        let mut now = allowed.get();
        now[index] = source.state() == PermissionState::Granted;
        if allowed.replace(now) != now {
            post.input(Input::DevicesAllowed(now == [true; 2]));
        }
    };
    tell();
    listener::on::<Event>(status, "change", move |_| tell())
}

async fn query(window: &Window, device: &str) -> Result<PermissionStatus, JsValue> {
    let descriptor = Object::new();
    Reflect::set(&descriptor, &"name".into(), &device.into())?;
    JsFuture::from(window.navigator().permissions()?.query(&descriptor)?).await?.dyn_into()
}
