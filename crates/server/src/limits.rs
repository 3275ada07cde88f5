//! Every limit of the server that is not one of the wire ([`protocol::limits`]), with its unit and its reason.

use std::time::Duration;

pub use crate::edge::Rate;

/// How many envelopes may wait in a session's mailbox. The connection empties it whenever it runs, however slow its
/// socket is, so more than a call set-up's burst (an offer and some 50 candidates) means that it is not running at all.
pub const MAILBOX_ENVELOPES: usize = 256;

/// How many messages may wait for a socket that does not take them. A call set-up is some 50 messages each way; a
/// client that is behind by ten of those is not coming back.
pub const OUTBOUND_MESSAGES: usize = 512;

/// How many bytes of messages may wait for a socket that does not take them: what one slow client can make the server
/// hold. A few of the largest session descriptions fit.
pub const OUTBOUND_BYTES: usize = 256 * 1024;

/// What a client that comes back is sent at once, and the answer to its login before that, must fit: or it would be closed
/// for not reading, and come back, without end.
const _: () = assert!(
    protocol::limits::MAX_UNACKNOWLEDGED_BYTES + 32 * 1024 <= OUTBOUND_BYTES
        && protocol::limits::MAX_UNACKNOWLEDGED_MESSAGES < OUTBOUND_MESSAGES
);

/// How many messages are queued before they are written, though more could be had at once. Every one that is queued
/// unwritten counts against [`OUTBOUND_MESSAGES`], however fast its reader is. A call set-up's burst fits.
pub const BATCH_MESSAGES: usize = 64;

/// How many bytes of messages are queued before they are written: see [`BATCH_MESSAGES`]. With the largest message on
/// top of it, it is half of [`OUTBOUND_BYTES`].
pub const BATCH_BYTES: usize = 64 * 1024;

/// How many frames a connection takes in before it lets other tasks run. One read holds a hundred small ones, and all
/// the while a session that is sent them cannot empty its mailbox if it shares the thread. A sixteenth of
/// [`MAILBOX_ENVELOPES`]: even if a dozen clients flood one session from one thread, its mailbox does not overflow.
pub const FRAMES_IN_A_ROW: usize = 16;

/// How many bytes are read from a socket at once, into a buffer that all sockets of a thread share. Two of the usual
/// session descriptions fit, and some sixty candidates.
pub const READ_BYTES: usize = 16 * 1024;

/// The WebSocket library's read buffer, in bytes. It is zeroed before every read and kept for as long as the connection
/// lasts. A login fits; larger messages grow it.
pub const READ_BUFFER_BYTES: usize = 256;

/// How many bytes of messages are gathered into one write to a socket. Nothing is set aside for it, and every batch is
/// flushed: it spares a system call for each message when several are queued, and delays none.
pub const WRITE_BATCH_BYTES: usize = 8 * 1024;

/// What the WebSocket library may hold of unwritten bytes, as a last resort: a batch and the largest message fit many
/// times over, and the queue before it ([`OUTBOUND_BYTES`]) is what a slow consumer fills.
pub const MAX_WRITE_BUFFER_BYTES: usize = 256 * 1024;

/// How long a client may take to send the headers of an HTTP request. A browser needs milliseconds, a slow mobile
/// network a second or two; whoever holds a socket open with a header a minute is not a browser.
pub const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(10);

/// How many bytes of what a client has not taken the system keeps for a connection; with what it needs besides, it is twice as much.
/// Left to itself it keeps up to 4 MB, and a client that reads nothing has it do so. Measured over loopback: 500 clients took 1.6 of
/// the 2.2 GB that a machine of 24 GB has for TCP. This is 2 Mbit/s over a round trip of 200 ms, and the page has some 120 KB.
pub const SEND_BUFFER_BYTES: usize = 32 * 1024;

/// The same for what the server has not read. It is what the system begins with, and would let grow to 6 MB.
pub const RECEIVE_BUFFER_BYTES: usize = 64 * 1024;

/// Both for a stream that may carry media: 5 Mbit/s over 200 ms.
pub const RELAY_BUFFER_BYTES: usize = 128 * 1024;

/// How long one HTTP connection may last before it upgrades or ends. The page is some 120 KB: 32 s over 30 kbit/s.
/// Without a bound, clients that do not read what they asked for would keep their sockets for ever.
pub const HTTP_CONNECTION_LIFETIME: Duration = Duration::from_secs(300);

/// How often the files of the page are looked at for newer ones, while somebody asks for them: who builds the page and loads
/// it again sees the new one, and a flood of requests costs one look a second.
pub const PAGE_CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// How long a request waits for such a look, before it is answered with what was there: some dozen files take a
/// millisecond, unless the disk hangs.
pub const PAGE_CHECK_PATIENCE: Duration = Duration::from_millis(250);

/// How long the first request waits, when there is nothing yet: as long as a slow disk needs.
pub const PAGE_READ_PATIENCE: Duration = Duration::from_secs(5);

/// How many bytes the files of the page may have, all together, since they are kept in memory. The page has 1 MB with
/// everything that is precompressed.
pub const MAX_PAGE_BYTES: u64 = 64 * 1024 * 1024;

/// How many files and folders the page may have. It has two dozen.
pub const MAX_PAGE_FILES: usize = 4_096;

/// How deep folders of the page may lie in each other.
pub const MAX_PAGE_DEPTH: usize = 16;

/// The longest path of a request, in bytes: the page's files have names of 60.
pub const MAX_PATH_BYTES: usize = 1_024;

/// The longest path and query of a request, in bytes: what RFC 9112 section 3 wants to be taken at least. A provider sends
/// its code back in it, which has 2 KB at most.
pub const MAX_TARGET_BYTES: usize = 8_000;

/// The largest head of an HTTP request, in bytes. Browsers send 1 KB, and some proxies add as much in cookies.
pub const MAX_HTTP_HEAD_BYTES: usize = 16 * 1024;

/// How long a closing WebSocket may take to answer the close frame. A round trip over a bad mobile network; the
/// session is over and its name free before this begins.
pub const CLOSE_DEADLINE: Duration = Duration::from_secs(2);

/// How long a shutdown waits for connections to close. Longer than [`CLOSE_DEADLINE`], and below the 5 s after which
/// the promise to stop is broken by as much as a busy machine may need.
pub const SHUTDOWN_DEADLINE: Duration = Duration::from_secs(3);

/// How long a call may ring before the server ends it. The caller's page gives up at
/// [`RING_TIMEOUT`](protocol::limits::RING_TIMEOUT); this is for clients that do not, such as the tutorial's.
pub const RING_LIMIT: Duration = Duration::from_secs(60);

/// How long a session may take to be handed over to the socket that its user came back with. Whichever task drives it
/// looks at this in its next turn; after so long there is something wrong with that one.
pub const HANDOVER_DEADLINE: Duration = Duration::from_secs(5);

/// How many lines may wait to be written to the roster. A login storm of thousands within the time of one slow write fits;
/// what is left out costs a user the right to their name for the moment of a restart.
pub const ROSTER_QUEUE: usize = 8 * 1024;

/// How many lines the roster may have beyond twice the users who are there, before it is written anew: 300 KB.
pub const ROSTER_SLACK: usize = 4 * 1024;

/// How long a server waits at its start for another one that has its state directory: longer than a shutdown takes
/// ([`SHUTDOWN_DEADLINE`]), so that it can be started while the one before it stops.
pub const STATE_LOCK_PATIENCE: Duration = Duration::from_secs(5);

/// How often it looks meanwhile: a restart is not to be felt.
pub const STATE_LOCK_PAUSE: Duration = Duration::from_millis(20);

/// How long the accept loop rests when the system has no file descriptor left, in which case every accept fails at
/// once. Connections that end in the meantime free some.
pub const ACCEPT_BACKOFF: Duration = Duration::from_millis(100);

/// How long before a user's TURN credentials expire the client is told others. A page uses them to restart ICE, which
/// takes seconds; two minutes bear a clock that is wrong by one, and a message that waits for a bad network.
pub const ICE_RENEWED_BEFORE: Duration = Duration::from_secs(120);

/// How many bytes a client may send for a TLS handshake. A hello with the keys of today's browsers is some 2 KB, and the rest of it
/// less; the library would take 64 KiB.
pub const MAX_HANDSHAKE_BYTES: usize = 16 * 1024;

/// How long a TLS handshake may take, from the first byte on. Two round trips and some arithmetic; a slow mobile
/// network needs two seconds.
pub const TLS_HANDSHAKE_DEADLINE: Duration = Duration::from_secs(10);

/// How often certificate files are looked at for a newer one.
pub const CERTIFICATE_CHECK_INTERVAL: Duration = Duration::from_secs(30);

/// How long reading them may take before the operator is told. They are a few KB, and perhaps on a disk across a network.
pub const CERTIFICATE_READ_LIMIT: Duration = Duration::from_secs(10);

/// How long reading all files again may take before the operator is told. They are a few KB each.
pub const RELOAD_LIMIT: Duration = CERTIFICATE_READ_LIMIT;

/// How many bytes are relayed in a call whose sound and picture go by the relay, at least, in both directions of both users: two seconds
/// of speech. Attempts to find a direct way send less.
pub const RELAYED_CALL_BYTES: u64 = 32 * 1024;

/// The networks of IPv6 that are counted, by the length of their prefix, with how many times as much as the narrowest each may have. A
/// customer has a /64 at least, many have a /56, and some a /48 (RFC 6177).
pub const NETWORKS_V6: [(u8, u32); 3] = [(64, 1), (56, 2), (48, 4)];

/// The networks of IPv4 that are counted, in the same way. A /24 is what somebody has who has many addresses; what a mobile provider
/// puts behind one of them is often a thousand customers.
pub const NETWORKS_V4: [(u8, u32); 2] = [(32, 1), (24, 4)];

/// How many users may be signed in from one address (IPv4, or a /64 of IPv6): an office of hundreds behind one NAT fits. The
/// operator may set another (`--users-per-address`).
pub const ADDRESS_USERS: u32 = 1_000;

/// How many connections an address may have for each of its users: a browser opens six for the page, then one WebSocket and
/// two to the relay, and not all of them load the page at once.
pub const CONNECTIONS_OF_USER: u32 = 4;

/// How many of them may be newcomers, whose client has not logged in: a browser that loads the page, and its WebSocket.
pub const NEWCOMERS_OF_USER: u32 = 2;

/// For how many users there is room for connections and requests at least, however few an address may have: one browser alone opens
/// six connections for the page and asks for ten files, and again when the page is reloaded.
pub const SMALLEST_CROWD: u32 = 8;

/// How many connections there may be in all, unless the operator sets another (`--max-connections`). At 5 KiB for an idle
/// user it is 500 MB when all of them are users who have much to say.
pub const MAX_CONNECTIONS: u32 = 50_000;

/// How many more connections than there may be are told so, with 503, at once. Beyond that they are closed without a word.
pub const MAX_TURNED_AWAY: usize = 64;

/// How long that may take.
pub const TURN_AWAY_DEADLINE: Duration = Duration::from_secs(2);

/// How many connections there may be, in all, whose client has not logged in, from their first byte on. Beyond that the oldest makes
/// room, of the network that has the most. Measured, with what the libraries need besides: a silent WebSocket that has begun a message
/// holds 13 KB, the head of a request 35 KB, and a TLS handshake 50 KB; so all of them 400 MB at the very worst.
pub const MAX_NEWCOMERS: u32 = 8_192;

/// How many bytes of one message are read before the login, which itself has less than 1 KiB: a silent WebSocket costs some 10 KB
/// then, and not 64 KiB.
pub const MAX_MESSAGE_BEFORE_LOGIN_BYTES: usize = 4 * 1024;

/// A rate of so many for each user of a network: all of it at once, as when all users come back to a server that has restarted, and
/// after that a hundredth of it each second.
fn of_users(users: u32, times: u32) -> Rate {
    let burst = users.max(1).saturating_mul(times);
    Rate { burst, every: Duration::from_secs(100) / burst }
}

/// How often an address may connect: at a page load a browser does so up to six times, but keeps what it has. Forty handshakes a
/// second are a few per cent of a core.
#[must_use]
pub fn connect_rate(users: u32) -> Rate {
    of_users(users, CONNECTIONS_OF_USER)
}

/// How often an address may ask for something over HTTP: the page is ten files.
#[must_use]
pub fn request_rate(users: u32) -> Rate {
    of_users(users, 20)
}

/// How often an address may try to log in, failed attempts too.
#[must_use]
pub fn login_rate(users: u32) -> Rate {
    of_users(users, 1)
}

/// How often an address may ask what has to do with signing in (`/auth`): a page does so when it is loaded and before each socket,
/// a sign-in is two more, and what was asked in vain is asked again.
#[must_use]
pub fn auth_rate(users: u32) -> Rate {
    of_users(users, 2)
}

/// How often an address may begin to sign in with a provider: each waits in memory until it comes back. In the 10 minutes that
/// one may take a whole /48 or /24 begins 2,800 at most: a sixth of what may wait in all.
#[must_use]
pub fn sign_in_rate(users: u32) -> Rate {
    let Rate { burst, every } = login_rate(users);
    Rate { burst: (burst / 10).max(10), every: every.saturating_mul(10) }
}

/// How often the users of one address may call, all together: as many as one user at least; of a thousand, each nine times an hour.
#[must_use]
pub fn call_rate_of_network(users: u32) -> Rate {
    let Rate { burst, every } = login_rate(users);
    Rate {
        burst: (burst / 4).max(CALL_RATE.burst),
        every: every.saturating_mul(4).min(CALL_RATE.every),
    }
}

/// How often a user may call: nobody dials more than one number every other second for long.
pub const CALL_RATE: Rate = Rate { burst: 60, every: Duration::from_secs(2) };

/// How often a user may call one and the same callee: a dozen times in a hurry, then four times a minute. It bounds how often
/// a pest makes somebody's page ring.
pub const PAIR_RATE: Rate = Rate { burst: 12, every: Duration::from_secs(15) };

/// How often one address may call one and the same callee, under whatever names: an office calls its own reception.
pub const ADDRESS_PAIR_RATE: Rate = Rate { burst: 100, every: Duration::from_secs(3) };

/// How fast a client may talk: a call set-up is some 50 messages, and a page that comes back sends up to 256 at once.
pub const MESSAGE_RATE: Rate = Rate { burst: 2_000, every: Duration::from_millis(5) };

/// A message counts once, and once more for each so many bytes: a flood of the largest is worth 16 small ones each.
pub const MESSAGE_UNIT_BYTES: usize = 4 * 1024;

/// How often a client that talks too fast is told so before it is cut off. What it had on its way is a few hundred messages.
pub const REFUSAL_RATE: Rate = Rate { burst: 500, every: Duration::from_millis(100) };

/// How often the operator is told that a trusted proxy tells of no client: often enough to be found in a day's log.
pub const PROXY_WARNING_INTERVAL: Duration = Duration::from_secs(3_600);

/// How often the operator is told which network has so many connections that others have to make room, or that none can be
/// accepted.
pub const CROWD_WARNING_INTERVAL: Duration = Duration::from_secs(60);

/// How long somebody may be rung in vain before the caller has to pause, whoever it is: as long as our page rings. It may try once
/// more at once.
pub const RING_BUDGET: Duration = protocol::limits::RING_TIMEOUT;

/// The price of a second of ringing in vain for a caller, in seconds: in the long run they ring somebody for a fourth of the time.
pub const RING_COST_OF_PAIR: u32 = 4;

/// The same for all who call from one network: a third of the time, under however many names.
pub const RING_COST_OF_NETWORK: u32 = 3;

/// A shorter ring costs nothing, as most of these never rang: nobody was there, or the callee was busy, which the server knows
/// within milliseconds. Callers who hang up sooner ring somebody for a small part of the time all the same: [`PAIR_RATE`] and
/// [`ADDRESS_PAIR_RATE`] bound how often that may be.
pub const SHORTEST_RING: Duration = Duration::from_millis(100);

/// How many buckets the rates of one kind have in all. Measured, if each belongs to another network: 12 MB for each of the seven kinds.
pub const RATE_KEYS: u32 = 32 * 1024;

/// How many buckets a network has of one kind, for each of its shares: a /48 may not know all of its 65,536 /64s, and need not.
pub const NETWORK_RATE_KEYS: u32 = 1_024;

/// How many buckets the calls of a network have, for each of its shares. A call takes eight at most, of which no more than four are its
/// own; and a network of a thousand users may make 700 calls for each of its shares in the three minutes until a bucket is full again.
/// So none of them goes that still counts.
pub const CALL_KEYS: u32 = 4 * 700;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_says_the_same() {
        let document = include_str!("../../../PROTOCOL.md");
        let per_second = |rate: Rate| 1.0 / rate.every.as_secs_f64();
        let (calls, to_one) = (call_rate_of_network(ADDRESS_USERS), ADDRESS_PAIR_RATE);
        let thousands = |number: u32| format!("{},{:03}", number / 1_000, number % 1_000);
        for row in [
            format!(
                "| a message before the login | {} KiB |",
                MAX_MESSAGE_BEFORE_LOGIN_BYTES / 1024
            ),
            format!("| ringing in vain | {} s; after that", RING_BUDGET.as_secs()),
            format!(
                "| one address (or /64 of IPv6) | {} users and logins; {} connections without a login, {} in all; \
                 {} calls, then {} a second; {} calls to one callee, then one every {} s |",
                thousands(ADDRESS_USERS),
                thousands(ADDRESS_USERS * NEWCOMERS_OF_USER),
                thousands(ADDRESS_USERS * CONNECTIONS_OF_USER),
                calls.burst,
                per_second(calls),
                to_one.burst,
                to_one.every.as_secs()
            ),
            format!("| connections without a login | {} in all |", thousands(MAX_NEWCOMERS)),
        ] {
            assert!(document.contains(&row), "PROTOCOL.md does not say: {row}");
        }
        let words = [(RING_COST_OF_PAIR, "three times"), (RING_COST_OF_NETWORK, "twice")];
        assert_eq!(words.map(|(cost, _)| cost - 1), [3, 2], "{words:?}");
    }
}
