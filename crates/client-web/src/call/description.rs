//! What the page reads of a session description.

use protocol::Raw;
use serde::Deserialize;

/// A session description as it comes from the peer. Its `type` does not count: what it is for is known already, and
/// one that lies must not roll anything back.
#[derive(Deserialize)]
struct Description {
    sdp: String,
}

/// The SDP of a session description (RFC 8866); `None` if it is not one.
#[must_use]
pub fn sdp(description: &Raw) -> Option<String> {
    let Description { sdp } = serde_json::from_str(description.as_json()).ok()?;
    Some(sdp)
}
