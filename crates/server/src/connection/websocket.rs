//! How the WebSocket library is set up.

use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::limits;

/// The WebSocket library's settings: its defaults cost 130 KiB a connection.
///
/// No compression is offered (permessage-deflate, RFC 7692): its windows would cost each connection many times what all
/// the rest of it does, and what is said is little.
#[must_use]
pub fn websocket_config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(limits::READ_BUFFER_BYTES)
        .write_buffer_size(limits::WRITE_BATCH_BYTES)
        .max_write_buffer_size(limits::MAX_WRITE_BUFFER_BYTES)
        .max_message_size(Some(protocol::limits::MAX_MESSAGE_BYTES))
        .max_frame_size(Some(protocol::limits::MAX_MESSAGE_BYTES))
}
