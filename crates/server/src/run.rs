//! The life of a server, from its listener to its shutdown.

use std::{io, net::SocketAddr, path::Path, sync::Arc};

use tokio::{net::TcpListener, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{info, warn};

use crate::{
    Config,
    connection::Shared,
    directory::LocalDirectory,
    http::{Site, accept_loop, router},
    roster::{Present, Roster},
};

/// Serves until `shutdown` resolves, then closes every socket with
/// [`CloseCode::Restart`](protocol::close::CloseCode::Restart) and returns, in less than 5 s whatever the clients do.
///
/// # Errors
/// The listener's address cannot be had.
pub async fn run(
    listener: TcpListener,
    config: Config,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let on_loopback = listener.local_addr()?.ip().is_loopback();
    let stop = CancellationToken::new();
    let tasks = TaskTracker::new();
    let (roster, present) = roster(config.state.as_deref(), listener.local_addr()?);
    let directory = LocalDirectory::default();
    let connections = Arc::new(Shared::new(directory, roster, &config, stop.child_token()));
    // Before anybody can connect and take their names.
    for waiting in connections.expect(present).await {
        tasks.spawn(waiting);
    }
    let site = Site::new(&config.web_root, config.origins, on_loopback, connections, tasks.clone());
    let accepting =
        accept_loop(listener, router(site), config.timing, tasks.clone(), stop.child_token());
    tasks.spawn(accepting);

    shutdown.await;
    info!("shutting down");
    stop.cancel();
    tasks.close();
    if timeout(config.timing.shutdown, tasks.wait()).await.is_err() {
        warn!(connections = tasks.len(), "some connections did not close in time");
    }
    Ok(())
}

/// Who was here when the server stopped that listened at this address.
fn roster(state: Option<&Path>, address: SocketAddr) -> (Roster, Present) {
    let Some(state) = state else { return (Roster::default(), Present::new()) };
    let file = format!("roster-{}", address.to_string().replace(['[', ']', ':', '%'], "_"));
    match Roster::open(&state.join(file)) {
        Ok((roster, present)) => {
            info!(expected = present.len(), "the roster is open");
            (roster, present)
        }
        Err(error) => {
            let folder = state.display();
            warn!(%error, %folder, "no roster can be kept there: names do not wait for their users over a restart");
            (Roster::default(), Present::new())
        }
    }
}
