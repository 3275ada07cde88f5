//! Which ways to a server of Pronto's work from here, how long each takes, and what that means for calls.
//!
//! [`examine`] does what a page does: it reaches the server, signs in under a name that nobody has, and so gets the
//! addresses of STUN and TURN servers with credentials. Then it tries all of them at once, each as a browser would: it
//! allocates, and sends something to itself by the relay. [`Examination`] is what came of it, and says it in words.

mod certificate;
mod examination;
mod ice_url;
mod path;
mod reach;
mod server;
mod stun;
mod target;
mod turn;
mod wire;
mod words;

use std::time::Duration;

use futures_util::{StreamExt, future::join, stream};
use tokio::time::timeout;

pub use examination::{Examination, Path, Verdict};
pub use path::Trouble;
pub use server::{Timings, Unreached};
pub use target::{BadTarget, Target};
pub use wire::Transport;

/// How long each way may take. Seven times what a bad satellite line needs for an allocation over TLS, and as long as
/// somebody waits who asked for it.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// How long reaching the server and signing in may take, all together: its name, a few addresses, TLS and the login.
const ARRIVAL: Duration = Duration::from_secs(25);

/// How long signing out may take: the name is free soon anyway.
const DEPARTURE: Duration = Duration::from_secs(2);

/// How many relays are tried. A server of Pronto's names three, and a fleet a dozen.
const RELAYS: usize = 16;

/// How many of them are tried at once: a server must not use whoever examines it to knock at doors.
const AT_ONCE: usize = 4;

/// The longest that an examination takes, whatever the server does.
pub const LONGEST: Duration = Duration::from_secs(
    ARRIVAL.as_secs() + (RELAYS / AT_ONCE) as u64 * PATIENCE.as_secs() + DEPARTURE.as_secs(),
);

/// Examines the ways to a server.
///
/// # Errors
/// The server itself cannot be reached, or is none of Pronto's.
pub async fn examine(target: &Target) -> Result<Examination, Unreached> {
    let arrived = timeout(ARRIVAL, server::Visit::begin(target)).await;
    let mut visit = arrived.map_err(|_| Unreached::TooSlow)??;
    let servers = std::mem::take(&mut visit.ice_servers);
    let seen = stun::first_answer(&servers, visit.address);
    let mut relays: Vec<_> = path::all(&servers, target, visit.address).collect();
    let untried = relays.len().saturating_sub(RELAYS);
    relays.truncate(RELAYS);
    let paths = stream::iter(relays).buffered(AT_ONCE).collect();
    // The credentials hold for as long as the visit does.
    let (seen_as, paths) = join(seen, paths).await;
    let examination = Examination {
        target: target.clone(),
        address: visit.address,
        timings: visit.timings,
        certificate: visit.certificate.take(),
        seen_as,
        paths,
        untried,
    };
    visit.end().await;
    Ok(examination)
}
