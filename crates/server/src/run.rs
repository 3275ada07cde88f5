//! The life of a server, from its listener to its shutdown.

use std::{io, sync::Arc};

use tokio::{net::TcpListener, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{info, warn};

use crate::{
    Config,
    connection::Shared,
    directory::LocalDirectory,
    http::{Site, accept_loop, router},
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
    let connections = Arc::new(Shared::new(LocalDirectory::default(), &config, stop.child_token()));
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
