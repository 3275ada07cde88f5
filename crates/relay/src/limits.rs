//! Every limit of the relay, with its unit and its reason.

use std::time::Duration;

pub use crate::strangers::Answers;

/// How long a credential is good for. Long enough for a call to be set up and its allocations made; whoever steals one
/// has no more than that of our bandwidth.
pub const CREDENTIAL_LIFETIME: Duration = Duration::from_secs(600);

/// How long a nonce is good for (RFC 8489 section 9.2): a client refreshes an allocation every 9 minutes or so, and a
/// stale nonce costs it one round trip.
pub const NONCE_LIFETIME: Duration = Duration::from_secs(600);

/// How long an allocation lasts without a refresh: the default of RFC 8656 section 3.2, and here the most as well. An
/// allocation outlives its credential by no more than this.
pub const ALLOCATION_LIFETIME: Duration = Duration::from_secs(600);

/// How many allocations one user may have. A browser makes one for each of its network interfaces and each of our
/// transports (UDP, TCP, TLS), and twice as many while it restarts ICE: 4 interfaces make 24.
pub const ALLOCATIONS_PER_USER: u32 = 48;

/// How many allocations the clients behind one address may have (IPv6: one /64). An office behind a single NAT is one
/// address: this is enough for a hundred users in calls.
pub const ALLOCATIONS_PER_ADDRESS: u32 = 1024;

/// How many allocations the clients of one /56 of IPv6 may have, which is what a home is given: half as many again.
pub const ALLOCATIONS_PER_SITE: u32 = 1536;

/// How many allocations the clients of one /48 of IPv6 or one /24 of IPv4 may have: a sixth of all, so that no company's
/// network holds the relay alone.
pub const ALLOCATIONS_PER_NETWORK: u32 = 2048;

/// How many allocations there may be: each costs some 4 KiB, and the ports of one address are not many more.
pub const ALLOCATIONS: usize = 12_000;

/// How many bits a second a user may send by the relay, and be sent: each direction counts by itself, and all allocations
/// of the user together. A call in 1080p takes 3 to 4 Mbit/s, so this is five of them. Beyond it datagrams are dropped, as
/// by any line that is full, and the browsers' congestion control adapts.
pub const BITS_PER_SECOND_PER_USER: u64 = 20_000_000;

/// For how long a user may be faster than that, if it was slower before: a keyframe and what a slow line held back come
/// at once.
pub const BURST: Duration = Duration::from_secs(1);

/// How many users' meters there may be. One outlives its user's allocations until it is empty, for a [`BURST`] at most:
/// as many as there may be allocations, and as many again that ended a moment ago. Each costs some 150 bytes.
pub const METERS: usize = 2 * ALLOCATIONS;

/// How often meters that are empty are looked for when there is no room for another: it takes a millisecond.
pub const METER_SWEEP_INTERVAL: Duration = Duration::from_millis(100);

/// How many users' rates one address has in all (IPv4, or a /64 of IPv6): an office behind a NAT in which 32 people send as
/// much as they may, or 160 are in calls in 1080p.
pub const ADDRESS_RATES: u64 = 32;

/// How many users' rates a /56 of IPv6 has in all, which is what a home is given: twice an address's.
pub const SITE_RATES: u64 = 64;

/// How many users' rates a /48 of IPv6 or a /24 of IPv4 has in all, which are a company's, or a mobile network's NATs:
/// four times an address's.
pub const NETWORK_RATES: u64 = 128;

/// How many peers' addresses an allocation may have permissions for (RFC 8656 section 9). A peer has a handful of
/// candidates; each entry costs some 64 bytes.
pub const PERMISSIONS_PER_ALLOCATION: usize = 128;

/// How many channels an allocation may bind (RFC 8656 section 12): one for each pair of candidates that is in use.
pub const CHANNELS_PER_ALLOCATION: usize = 128;

/// The largest STUN request that is looked into, in bytes. Browsers send 200; a user name has up to 513.
pub const MAX_REQUEST_BYTES: usize = 2048;

/// The largest frame on a stream, in bytes. A relayed datagram is at most a network's MTU; more closes the stream.
pub const MAX_FRAME_BYTES: usize = 8 * 1024;

/// How many frames may wait for a stream whose client does not read. When it is full what comes next is dropped, as
/// any router would: the sender's congestion control has to see it. A tenth of a second of video at 4 Mbit/s.
pub const STREAM_QUEUE_FRAMES: usize = 64;

/// How many waiting frames are gathered into one write to a stream.
pub const STREAM_BATCH_FRAMES: usize = 16;

/// How many streams there may be, with an allocation or on their way to one: each takes a file of the system and some 20 KiB.
pub const STREAMS: usize = ALLOCATIONS;

/// How many streams the clients behind one address may have (IPv6: one /64): as many as allocations, of which each may need
/// one. The same holds for the networks around it.
pub const STREAMS_PER_ADDRESS: u32 = ALLOCATIONS_PER_ADDRESS;

/// How long a stream may be open without an allocation. A browser allocates at once; a slow network needs seconds.
pub const STREAM_IDLE: Duration = Duration::from_secs(30);

/// How long a write to a stream may make no progress. The client's network is gone.
pub const STREAM_STUCK: Duration = Duration::from_secs(30);

/// How often what has expired is looked for. Nothing that has expired is used until then, it only takes up room.
pub const SWEEP_INTERVAL: Duration = Duration::from_secs(5);

/// How many ended sessions are remembered until their credentials expire, each with 16 bytes. Beyond that the oldest
/// are forgotten, and what is left of their credentials' ten minutes can be used.
pub const REVOKED_USERS: usize = 65_536;

/// How many datagrams are received with one system call.
pub const UDP_BATCH: usize = 16;

/// The buffer of each datagram that is received, in bytes: the system may put several of one size into one.
pub const UDP_BUFFER_BYTES: usize = 64 * 1024;

/// The system's buffers of the UDP socket, in bytes. All clients share them: a keyframe of each of a hundred calls.
pub const UDP_SYSTEM_BUFFER_BYTES: usize = 4 * 1024 * 1024;

/// The largest datagram that an allocation's own socket takes in, in bytes.
pub const OUTSIDE_DATAGRAM_BYTES: usize = 2048;

/// The first of the ports of relayed addresses that have no socket: the dynamic ports of RFC 6335 section 6.
pub const FIRST_PORT: u16 = 49_152;

/// How large the answer to somebody who has not shown who they are may be, in percent of the question, headers of IP and
/// UDP included. The first request of a browser that allocates has 28 bytes, and the answer, without which it cannot sign
/// the next one, 60: with headers 157 percent. Shorter requests that ask for as much get no answer.
pub const ANSWER_PERCENT: usize = 160;

/// The headers of IP and UDP, in bytes: of IPv4, and of IPv6.
pub const DATAGRAM_HEADERS: [usize; 2] = [20 + 8, 40 + 8];

/// How many datagrams of one address (IPv4, or a /64 of IPv6) are answered without a credential. A browser asks some six
/// times when it sets up a call, and every 10 s while it is in one: this is an office of a thousand users behind a NAT. If
/// somebody else asks in that address's name, it is sent 0.14 Mbit/s that it did not ask for.
pub const ADDRESS_ANSWERS: Answers = Answers { burst: 2_000, per_second: 200 };

/// The same for a /24 of IPv4, and a /48 of IPv6.
pub const NETWORK_ANSWERS: Answers = Answers { burst: 8_000, per_second: 1_000 };

/// How many counters there are of what strangers are answered, in each of two rows. Networks whose counters are the same
/// share them: one in 4,096 in one row, one in 16 million in both. They take 256 KiB in all.
pub const ANSWER_COUNTERS: usize = 4_096;

/// How long a name server may take to say at which addresses our public host is. The system's resolver asks again after
/// 5 s; what it has not found out by then is asked again after [`RESOLVE_INTERVAL`].
pub const RESOLVE_DEADLINE: Duration = Duration::from_secs(15);

/// How often that is asked: the addresses of a server change seldom, and names in a home's dynamic DNS live for a minute.
pub const RESOLVE_INTERVAL: Duration = Duration::from_secs(60);
