//! Every limit of the wire, with its unit and its reason.

use std::time::Duration;

/// The largest WebSocket message and frame, in bytes. A session description of a call between two is 2–8 KB; 64 KiB
/// leaves room for browsers that list many codecs, and bounds what one socket can make the server hold.
pub const MAX_MESSAGE_BYTES: usize = 64 * 1024;

/// The largest session description, in bytes of its JSON. It leaves 16 KiB of the message for what is around it, so
/// that a description that is too large gets an error that says so, and not a closed socket.
pub const MAX_DESCRIPTION_BYTES: usize = 48 * 1024;

/// The largest ICE candidate, in bytes of its JSON. Candidates are 150–300 bytes; 4 KiB allows for long extensions.
pub const MAX_CANDIDATE_BYTES: usize = 4 * 1024;

/// The longest user name, in characters (Unicode scalar values) after it is normalised. It has to fit a phone's screen.
pub const MAX_NAME_CHARS: usize = 32;

/// The longest name that is looked at, in bytes as received. Normalising may shorten a name, but not from more than
/// this: four bytes for each of the characters, doubled for what is written decomposed.
pub const MAX_NAME_BYTES: usize = 8 * MAX_NAME_CHARS;

/// The longest call id, in bytes. A UUID has 36.
pub const MAX_CALL_ID_BYTES: usize = 64;

/// How long a socket may stay open without a login. Our page opens its socket to log in; the tutorial's opens it when
/// it loads, and its user takes a while to type a name.
pub const LOGIN_DEADLINE: Duration = Duration::from_secs(60);

/// How often the server sends a WebSocket ping. Common proxies and NATs drop a TCP connection that was silent for 30 s.
pub const PING_INTERVAL: Duration = Duration::from_secs(25);

/// How long after a ping something must be heard before the socket counts as dead. Mobile networks stall for seconds.
pub const PONG_DEADLINE: Duration = Duration::from_secs(10);

/// How long a caller lets it ring. After this the callee has a missed call. Telephones ring for 30 to 60 s.
pub const RING_TIMEOUT: Duration = Duration::from_secs(45);
