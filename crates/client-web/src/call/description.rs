//! What the page reads of a session description.

use protocol::{Raw, json::Object};

/// The SDP of a session description (RFC 8866); `None` if it is not one. Its `type` does not count: what it is for is known
/// already, and one that lies must not roll anything back.
#[must_use]
pub fn sdp(description: &Raw) -> Option<String> {
    Object::read(description.as_json()).ok()?.must_text("sdp").ok()
}
