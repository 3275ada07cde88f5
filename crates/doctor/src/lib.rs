//! Which ways to a server of Pronto's work from here, how long each takes, and what that means for calls.
//!
//! [`examine`] does what a page does: it reaches the server, signs in under a name that nobody has, and so gets the
//! addresses of STUN and TURN servers with credentials. Then it tries all of them at once, each as a browser would: it
//! allocates, and sends something to itself by the relay. [`Examination`] is what came of it, and says it in words.

mod certificate;
mod examination;
mod ice_url;
mod path;
mod server;
mod stun;
mod target;
mod turn;
mod wire;
mod words;

use std::time::Duration;

use futures_util::future::{join, join_all};

pub use examination::{Examination, Path, Verdict};
pub use path::Trouble;
pub use server::{Timings, Unreached};
pub use target::{BadTarget, Target};
pub use wire::Transport;

/// How long each way may take. Seven times what a bad satellite line needs for an allocation over TLS, and as long as
/// somebody waits who asked for it.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Examines the ways to a server.
///
/// # Errors
/// The server itself cannot be reached, or is none of Pronto's.
pub async fn examine(target: &Target) -> Result<Examination, Unreached> {
    let mut visit = server::Visit::begin(target).await?;
    let servers = std::mem::take(&mut visit.ice_servers);
    let seen = stun::first_answer(&servers, visit.address);
    let paths = join_all(path::all(&servers, target, visit.address));
    // The credentials hold for as long as the visit does.
    let (seen_as, paths) = join(seen, paths).await;
    let examination = Examination {
        target: target.clone(),
        address: visit.address,
        timings: visit.timings,
        certificate: visit.certificate.take(),
        seen_as,
        paths,
    };
    visit.end().await;
    Ok(examination)
}
