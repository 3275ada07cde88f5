//! How the path goes that a connection uses (W3C WebRTC statistics, section 8).

use js_sys::{Map, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::RtcPeerConnection;

/// Whether this end of the path is a relay, or may be: the browser does not say.
pub(super) async fn is_relayed(connection: &RtcPeerConnection) -> bool {
    let Ok(report) = JsFuture::from(connection.get_stats()).await else { return true };
    let report: Map = report.unchecked_into();
    let (mut chosen, mut marked) = (JsValue::UNDEFINED, JsValue::UNDEFINED);
    report.for_each(&mut |entry, id| {
        if field(&entry, "type") == "transport" {
            chosen = field(&entry, "selectedCandidatePairId");
        }
        // Firefox has no entry for the transport.
        if field(&entry, "selected") == true {
            marked = id;
        }
    });
    let pair = report.get(if chosen.is_undefined() { &marked } else { &chosen });
    let local = report.get(&field(&pair, "localCandidateId"));
    field(&local, "candidateType").as_string().is_none_or(|kind| kind == "relay")
}

fn field(entry: &JsValue, name: &str) -> JsValue {
    Reflect::get(entry, &name.into()).unwrap_or(JsValue::UNDEFINED)
}
