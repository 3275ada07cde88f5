//! Methods that web-sys lacks, or has without the exceptions which they throw.

use js_sys::{Object, Promise};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use web_sys::{
    MediaStream, RtcConfiguration, RtcDataChannel, RtcPeerConnection, RtcRtpSender,
    RtcRtpTransceiver, RtcRtpTransceiverDirection, RtcRtpTransceiverInit,
};

#[wasm_bindgen]
extern "C" {
    /// `RTCPeerConnection`.
    #[wasm_bindgen(extends = RtcPeerConnection)]
    pub(super) type Connection;

    /// Without a description: the browser makes the one that its state asks for.
    #[wasm_bindgen(method, catch, js_name = setLocalDescription)]
    pub(super) fn set_local_description_implicitly(this: &Connection) -> Result<Promise, JsValue>;

    /// The next offer has new ICE credentials.
    #[wasm_bindgen(method, catch, js_name = restartIce)]
    pub(super) fn restart_ice(this: &Connection) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = setConfiguration)]
    pub(super) fn try_set_configuration(
        this: &Connection,
        configuration: &RtcConfiguration,
    ) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = addTransceiver)]
    pub(super) fn try_add_transceiver(
        this: &Connection,
        track_or_kind: &JsValue,
        init: &RtcRtpTransceiverInit,
    ) -> Result<RtcRtpTransceiver, JsValue>;

    #[wasm_bindgen(method, catch, js_name = createDataChannel)]
    pub(super) fn try_create_data_channel(
        this: &Connection,
        label: &str,
    ) -> Result<RtcDataChannel, JsValue>;

    /// `RTCRtpSender`.
    #[wasm_bindgen(extends = RtcRtpSender)]
    pub(super) type Sender;

    /// Names the stream that the track sent belongs to.
    #[wasm_bindgen(method, catch, js_name = setStreams)]
    pub(super) fn try_set_streams(this: &Sender, stream: &MediaStream) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = getParameters)]
    pub(super) fn parameters(this: &Sender) -> Result<Object, JsValue>;

    #[wasm_bindgen(method, catch, js_name = setParameters)]
    pub(super) fn set_parameters(this: &Sender, parameters: &Object) -> Result<Promise, JsValue>;

    /// `RTCRtpTransceiver`.
    #[wasm_bindgen(extends = RtcRtpTransceiver)]
    pub(super) type Transceiver;

    #[wasm_bindgen(method, catch, setter = direction)]
    pub(super) fn try_set_direction(
        this: &Transceiver,
        direction: RtcRtpTransceiverDirection,
    ) -> Result<(), JsValue>;
}
