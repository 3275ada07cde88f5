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
use crate::call::{Device, Input, Permission, Permissions};

const DEVICES: [(Device, &str); 2] =
    [(Device::Camera, "camera"), (Device::Microphone, "microphone")];

/// Tells the machine what is allowed, now and whenever that changes.
pub fn watch(window: &Window, post: Post) {
    let window = window.clone();
    spawn_local(async move {
        // It waits for as long as the page is there, and so keeps what listens.
        let _ = watch_all(&window, post).await;
    });
}

async fn watch_all(window: &Window, post: Post) -> Result<(), JsValue> {
    let told = Rc::new(Cell::new(Permissions::default()));
    let mut listeners = Vec::new();
    for (device, name) in DEVICES {
        let status = query(window, name).await?;
        listeners.push(listen(&status, device, &told, &post));
    }
    std::future::pending::<()>().await;
    drop(listeners);
    Ok(())
}

fn listen(
    status: &PermissionStatus,
    device: Device,
    told: &Rc<Cell<Permissions>>,
    post: &Post,
) -> Listener {
    let (source, told, post) = (status.clone(), Rc::clone(told), post.clone());
    let tell = move || {
        let mut now = told.get();
        let state = match source.state() {
            PermissionState::Granted => Permission::Granted,
            PermissionState::Denied => Permission::Denied,
            _ => Permission::Prompt,
        };
        match device {
            Device::Microphone => now.microphone = state,
            Device::Camera => now.camera = state,
        }
        if told.replace(now) != now {
            post.input(Input::Permissions(now));
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
