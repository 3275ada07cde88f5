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

/// How many messages of a session may wait to be acknowledged, in each direction, before it cannot be resumed any more. A
/// call set-up is some 50 messages each way, and both ends acknowledge every [`ACKNOWLEDGE_EVERY`].
pub const MAX_UNACKNOWLEDGED_MESSAGES: usize = 256;

/// How many bytes of messages of a session may wait to be acknowledged, in each direction: what one user who is away can
/// make the server hold. Three of the largest session descriptions fit. The server sends all of it at once to a client that
/// is back, so that it has to be less than may wait for one socket.
pub const MAX_UNACKNOWLEDGED_BYTES: usize = 192 * 1024;

/// After how many messages a client tells the server how many it got. A quarter of what may wait, divided by two again:
/// the word is on its way while more messages come.
pub const ACKNOWLEDGE_EVERY: u64 = 32;

/// How long a session keeps its name and its call for a user whose socket was lost. A phone that goes from Wi-Fi to the
/// mobile network is back within 10 s; a peer who waits for longer than this has given up.
pub const GRACE_PERIOD: Duration = Duration::from_secs(30);

/// The same for a socket that the browser closed because its page goes away (close code 1001): a page that is loaded
/// anew is back within a few seconds, and one that was closed does not come back.
pub const RELOAD_PERIOD: Duration = Duration::from_secs(10);

/// The longest time for which a server may keep a session like that: a name that waits for its user for longer than an hour is
/// taken. A page goes back into no call that is older than this, whatever a server says.
pub const MAX_GRACE_PERIOD: Duration = Duration::from_secs(3_600);

/// How long a caller lets it ring. After this the callee has a missed call. Telephones ring for 30 to 60 s.
pub const RING_TIMEOUT: Duration = Duration::from_secs(45);
