//! What the page asks its own server over HTTP, and what the server has written into the page's address.

use js_sys::{JsString, Reflect};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{RequestInit, Response, UrlSearchParams, Window};

use crate::call::{Answer, Request};

/// The parameter of the page's address that says how signing in went.
const SIGN_IN: &str = "sign-in";

#[wasm_bindgen]
extern "C" {
    /// As in `web-sys`, whose own takes it for granted: Safari has it since version 16.
    type AbortSignal;

    #[wasm_bindgen(catch, static_method_of = AbortSignal)]
    fn timeout(ms: u32) -> Result<JsValue, JsValue>;
}

/// Asks; `report` is called with what came of it, never from within this.
pub fn fetch(window: &Window, request: Request, report: impl FnOnce(Option<Answer>) + 'static) {
    let (method, path) = request.line();
    let init = RequestInit::new();
    init.set_method(method);
    // Who signs out and closes the page at once is signed out.
    let _ = Reflect::set(&init, &"keepalive".into(), &JsValue::TRUE);
    // What hangs is given up for good, and keeps none of the few connections that a browser has for a server.
    if let Ok(signal) = AbortSignal::timeout(Request::PATIENCE) {
        let _ = Reflect::set(&init, &"signal".into(), &signal);
    }
    let answer = window.fetch_with_str_and_init(path, &init);
    spawn_local(async move {
        report(read(JsFuture::from(answer)).await.ok());
    });
}

async fn read(answer: JsFuture) -> Result<Answer, JsValue> {
    let response = answer.await?.dyn_into::<Response>()?;
    let retry_after = response.headers().get("retry-after")?;
    let retry_after = retry_after.and_then(|seconds| seconds.parse().ok());
    let body = JsFuture::from(response.text()?).await?.dyn_into::<JsString>()?;
    Ok(Answer { status: response.status(), body: body.into(), retry_after })
}

/// How signing in went, where the address says so. It is taken out of the address, so that it is not said again when the page
/// is loaded anew.
#[must_use]
pub fn came_back(window: &Window) -> Option<String> {
    let location = window.location();
    let parameters = UrlSearchParams::new_with_str(&location.search().ok()?).ok()?;
    let how = parameters.get(SIGN_IN)?;
    parameters.delete(SIGN_IN);
    let left = String::from(parameters.to_string());
    let mark = if left.is_empty() { "" } else { "?" };
    let path = location.pathname().unwrap_or_default();
    let address = format!("{path}{mark}{left}{}", location.hash().unwrap_or_default());
    let history = window.history().ok()?;
    let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&address));
    Some(how)
}
