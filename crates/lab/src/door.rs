//! A way from the test to what listens on a host's loopback.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use anyhow::Result;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet, spawn_blocking},
};

use crate::namespace::Namespace;

/// A port of the test's own loopback that leads to one of a host's: a connection to the one becomes a connection to the
/// other. The host gets no interface for it, so nothing else can take this way. Dropped, it is closed.
#[derive(Debug)]
pub struct Door {
    address: SocketAddr,
    keeper: JoinHandle<()>,
}

impl Door {
    /// It has the number of the port that it leads to, if that is free: some programs want to be called by it.
    pub(crate) async fn open(namespace: Arc<Namespace>, port: u16) -> Result<Self> {
        let listener = match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
            Ok(listener) => listener,
            Err(_) => TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?,
        };
        let address = listener.local_addr()?;
        let keeper = tokio::spawn(async move {
            // They end with the door.
            let mut visits = JoinSet::new();
            while let Ok((visitor, _)) = listener.accept().await {
                visits.spawn(lead(visitor, Arc::clone(&namespace), port));
                while visits.try_join_next().is_some() {}
            }
        });
        Ok(Self { address, keeper })
    }

    /// Where the test finds it.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

async fn lead(mut visitor: TcpStream, namespace: Arc<Namespace>, port: u16) {
    let connected = spawn_blocking(move || {
        namespace.inside(|| {
            let stream = std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
            stream.set_nonblocking(true)?;
            Ok::<_, std::io::Error>(stream)
        })
    });
    // Whoever comes when nobody listens inside is sent away, as it is without a door.
    let Ok(Ok(Ok(stream))) = connected.await else { return };
    let Ok(mut stream) = TcpStream::from_std(stream) else { return };
    // An end of either side is an end of the visit.
    let _ = copy_bidirectional(&mut visitor, &mut stream).await;
}
