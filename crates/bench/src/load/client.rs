//! One client.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

use super::{
    frame::{Found, Kind, PONG, find, masked, unmasked},
    words,
};
use crate::contestant::Dialect;

/// How much is read at once, in bytes. More than any server here writes at once.
const READ: usize = 16 * 1024;
/// How long a login may take. Then the server counts as broken.
const PATIENCE: Duration = Duration::from_secs(30);

/// The request for an upgrade, as RFC 6455 section 1.2 has it.
pub(crate) const UPGRADE: &str = "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/// A connection from an address of this machine's loopback network.
pub(crate) async fn connect_from(from: Ipv4Addr, to: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    // The usual one need not be chosen, and has more ports if it is not.
    if from != Ipv4Addr::LOCALHOST {
        socket.bind((from, 0).into())?;
    }
    socket.connect(to).await
}

/// A client's end of a connection.
#[derive(Debug)]
pub(crate) struct Client {
    stream: TcpStream,
    /// What came. Holds nothing, and no memory, while nothing does.
    bytes: Vec<u8>,
    /// Where in it the next frame begins.
    next: usize,
    /// How many messages came since the login, if it counts them.
    received: Option<u64>,
}

impl Client {
    /// Connects, and logs in where that is asked for.
    pub(crate) async fn connect(address: SocketAddr, dialect: Dialect, name: &str) -> Result<Self> {
        Self::connect_from(Ipv4Addr::LOCALHOST, address, dialect, name).await
    }

    /// The same from an address of this machine's loopback network.
    pub(crate) async fn connect_from(
        from: Ipv4Addr,
        address: SocketAddr,
        dialect: Dialect,
        name: &str,
    ) -> Result<Self> {
        timeout(PATIENCE, Self::open(from, address, dialect, name))
            .await
            .with_context(|| format!("{name} waits to be let in for too long"))?
    }

    async fn open(
        from: Ipv4Addr,
        address: SocketAddr,
        dialect: Dialect,
        name: &str,
    ) -> Result<Self> {
        let stream = connect_from(from, address).await.context("no connection")?;
        stream.set_nodelay(true)?;
        let mut client = Self { stream, bytes: Vec::new(), next: 0, received: None };
        if dialect == Dialect::Bytes {
            return Ok(client);
        }
        client.upgrade().await?;
        if dialect.has_users() {
            let counting = dialect == Dialect::Counting;
            client.send(&words::login(name, counting).frame).await?;
            // The tutorial's server greets first, with a text that is not JSON.
            while !client.hear().await?.contains("\"success\":true") {}
            client.received = counting.then_some(0);
        }
        client.forget_buffer();
        Ok(client)
    }

    async fn upgrade(&mut self) -> Result<()> {
        self.stream.write_all(UPGRADE.as_bytes()).await?;
        let end = loop {
            self.read().await?;
            let found = self.bytes.windows(4).position(|window| window == b"\r\n\r\n");
            if let Some(at) = found {
                break at + 4;
            }
        };
        if !self.bytes.starts_with(b"HTTP/1.1 101") {
            bail!("no upgrade: {}", String::from_utf8_lossy(&self.bytes[..end]));
        }
        self.next = end;
        Ok(())
    }

    /// Sends a frame in a write of its own.
    pub(crate) async fn send(&mut self, frame: &[u8]) -> Result<()> {
        // Almost always there is room for it at once.
        match self.stream.try_write(frame) {
            Ok(written) if written == frame.len() => Ok(()),
            Ok(written) => Ok(self.stream.write_all(&frame[written..]).await?),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                Ok(self.stream.write_all(frame).await?)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Waits for the next text and returns it.
    pub(crate) async fn hear(&mut self) -> Result<String> {
        let found = self.frame().await?;
        let payload = &self.bytes[found.begin..found.end];
        let bytes = if found.masked { unmasked(payload).collect() } else { payload.to_vec() };
        Ok(String::from_utf8(bytes)?)
    }

    /// Waits for texts, and returns how many there were, one at least. Each must be `length` bytes long.
    pub(crate) async fn count(&mut self, length: usize) -> Result<usize> {
        let mut found = Some(self.frame().await?);
        let mut count = 0;
        while let Some(frame) = found {
            if frame.end - frame.begin != length {
                let text = String::from_utf8_lossy(&self.bytes[frame.begin..frame.end]);
                bail!("something else came than was sent: {text}");
            }
            count += 1;
            found = self.next_text().await?;
        }
        Ok(count)
    }

    /// Does what a client does that only stays. Returns when it is sent away.
    pub(crate) async fn stay(mut self) -> Result<()> {
        loop {
            self.stream.readable().await?;
            let text = self.hear().await.context("somebody who only stayed was sent away")?;
            // The tutorial's server greets at any time.
            if text.starts_with('{') {
                bail!("somebody who only stayed was told: {text}");
            }
            self.forget_buffer();
        }
    }

    async fn frame(&mut self) -> Result<Found> {
        loop {
            if let Some(found) = self.next_text().await? {
                return Ok(found);
            }
            self.read().await?;
        }
    }

    /// The next text that is here already. Answers pings on the way.
    async fn next_text(&mut self) -> Result<Option<Found>> {
        loop {
            let Some(found) = find(&self.bytes[self.next..]) else { return Ok(None) };
            let found =
                Found { begin: self.next + found.begin, end: self.next + found.end, ..found };
            self.next = found.end;
            match found.kind {
                Kind::Text if self.bytes[found.begin..].starts_with(words::PONG) => {}
                Kind::Text => {
                    self.acknowledge().await?;
                    return Ok(Some(found));
                }
                Kind::Ping => {
                    let pong = masked(PONG, &self.bytes[found.begin..found.end]);
                    self.send(&pong).await?;
                }
                Kind::Other => bail!("the server closes the connection"),
            }
        }
    }

    /// Counts a message, and says how many there were when it is time to.
    async fn acknowledge(&mut self) -> Result<()> {
        let Some(received) = &mut self.received else { return Ok(()) };
        *received += 1;
        let count = *received;
        if count.is_multiple_of(words::ACKNOWLEDGE_EVERY) {
            self.send(&words::acknowledgement(count).frame).await?;
        }
        Ok(())
    }

    async fn read(&mut self) -> Result<()> {
        self.bytes.drain(..self.next);
        self.next = 0;
        self.bytes.reserve(READ);
        match self.stream.read_buf(&mut self.bytes).await? {
            0 => bail!("the server is gone"),
            _ => Ok(()),
        }
    }

    fn forget_buffer(&mut self) {
        if self.next == self.bytes.len() {
            self.bytes = Vec::new();
            self.next = 0;
        }
    }
}
