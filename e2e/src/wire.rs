//! A connection to the server that can be cut, or fall silent.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, Result};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    select,
    sync::watch,
    task::JoinHandle,
};

/// A connection to the server that can be cut, or fall silent: whoever uses it reaches the server through here.
#[derive(Debug)]
pub struct Wire {
    address: SocketAddr,
    flow: watch::Sender<Flow>,
    carrier: JoinHandle<()>,
}

/// What becomes of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    /// They pass.
    Open,
    /// Every connection is closed, and so is every new one.
    Cut,
    /// They wait, and nobody is told, as when a network fades. New connections wait as well.
    Silent,
}

impl Wire {
    /// Leads to the server at this address.
    pub(crate) async fn to(server: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (flow, flows) = watch::channel(Flow::Open);
        let carrier = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let flows = flows.clone();
                tokio::spawn(async move {
                    // However it ends, both ends are closed with it.
                    let _ = carry(client, server, flows).await;
                });
            }
        });
        Ok(Self { address, flow, carrier })
    }

    /// What follows the page's address, so that it takes this way.
    #[must_use]
    pub fn query(&self) -> String {
        format!("?server=ws://{}/ws", self.address)
    }

    /// Closes what there is, and lets nothing new through.
    pub fn cut(&self) {
        self.flow.send_replace(Flow::Cut);
    }

    /// Lets nothing through, without a word.
    pub fn hold(&self) {
        self.flow.send_replace(Flow::Silent);
    }

    /// Lets everything through again, also what has waited.
    pub fn mend(&self) {
        self.flow.send_replace(Flow::Open);
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.carrier.abort();
        self.cut();
    }
}

async fn carry(client: TcpStream, server: SocketAddr, flow: watch::Receiver<Flow>) -> Result<()> {
    opens(&mut flow.clone()).await?;
    let server = TcpStream::connect(server).await?;
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    select! {
        end = pump(from_client, to_server, flow.clone()) => end,
        end = pump(from_server, to_client, flow) => end,
    }
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut flow: watch::Receiver<Flow>,
) -> Result<()> {
    let mut bytes = vec![0; 16 * 1024];
    loop {
        opens(&mut flow).await?;
        let read = select! {
            read = from.read(&mut bytes) => read?,
            changed = flow.changed() => {
                changed?;
                continue;
            }
        };
        anyhow::ensure!(read > 0, "it was closed");
        opens(&mut flow).await?;
        to.write_all(&bytes[..read]).await?;
    }
}

/// Waits until bytes pass.
async fn opens(flow: &mut watch::Receiver<Flow>) -> Result<()> {
    let now = *flow.wait_for(|flow| *flow != Flow::Silent).await.context("the scene is over")?;
    anyhow::ensure!(now == Flow::Open, "it is cut");
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
        time::timeout,
    };

    use super::Wire;

    /// For what must not happen. On a slow machine this may miss a fault; it never reports one that is not there.
    const A_WHILE: Duration = Duration::from_millis(100);

    async fn wire() -> (Wire, TcpListener) {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        (Wire::to(server.local_addr().unwrap()).await.unwrap(), server)
    }

    #[tokio::test]
    async fn what_waits_while_it_is_silent_passes_when_it_is_mended() {
        let (wire, server) = wire().await;
        let mut client = TcpStream::connect(wire.address).await.unwrap();
        let (mut served, _) = server.accept().await.unwrap();
        wire.hold();
        client.write_all(b"held").await.unwrap();
        let mut bytes = [0; 4];
        assert!(timeout(A_WHILE, served.read(&mut bytes)).await.is_err(), "{bytes:?}");
        wire.mend();
        served.read_exact(&mut bytes).await.unwrap();
        assert_eq!(&bytes, b"held");
    }

    #[tokio::test]
    async fn a_cut_closes_what_there_is_and_lets_nothing_new_through() {
        let (wire, server) = wire().await;
        let mut client = TcpStream::connect(wire.address).await.unwrap();
        let (mut served, _) = server.accept().await.unwrap();
        wire.cut();
        assert!(matches!(served.read(&mut [0]).await, Ok(0) | Err(_)));
        assert!(matches!(client.read(&mut [0]).await, Ok(0) | Err(_)));
        let mut second = TcpStream::connect(wire.address).await.unwrap();
        assert!(matches!(second.read(&mut [0]).await, Ok(0) | Err(_)));
        wire.mend();
        let mut third = TcpStream::connect(wire.address).await.unwrap();
        third.write_all(b"!").await.unwrap();
        let (mut served, _) = server.accept().await.unwrap();
        assert_eq!(served.read_u8().await.unwrap(), b'!');
    }
}
