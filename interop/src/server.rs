//! The server, in this process.

use std::net::SocketAddr;

use anyhow::Result;
use server::{Config, Sockets};
use tokio::{sync::oneshot, task::JoinHandle};

/// A server. It is stopped when dropped.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    _stop: oneshot::Sender<()>,
    _running: JoinHandle<std::io::Result<()>>,
}

impl Server {
    /// Starts one.
    ///
    /// # Errors
    /// It cannot listen there.
    pub async fn start(listen: &str, config: Config) -> Result<Self> {
        Ok(Self::on(Sockets::bind(listen).await?, config)?)
    }

    /// Starts one on sockets that are there already.
    ///
    /// # Errors
    /// The system does not say where they are.
    pub fn on(sockets: Sockets, config: Config) -> std::io::Result<Self> {
        let address = sockets.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(server::run(sockets, config, async {
            // Dropped is as good as sent.
            let _ = stopped.await;
        }));
        Ok(Self { address, _stop: stop, _running: running })
    }
}
