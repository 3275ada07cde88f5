//! A server that says whatever a test wants it to, to whoever comes.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result, bail};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{
        Mutex,
        mpsc::{UnboundedReceiver, unbounded_channel},
    },
    task::JoinHandle,
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, accept_async,
    tungstenite::{
        Message,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

use crate::wait::PATIENCE;

/// How long a socket may be silent before the next one is looked at. A page says its login as soon as its socket is open.
const SILENCE: Duration = Duration::from_secs(3);

/// A server that says what a test wants it to. Dropped, it takes no more sockets.
#[derive(Debug)]
pub struct HostileServer {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    sockets: Mutex<UnboundedReceiver<WebSocketStream<TcpStream>>>,
    running: JoinHandle<()>,
}

/// A socket to somebody's page.
#[derive(Debug)]
pub struct HostileSocket(WebSocketStream<TcpStream>);

impl HostileServer {
    /// Starts it on a free port of this machine.
    ///
    /// # Errors
    /// There is none.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let connections = Arc::new(AtomicUsize::new(0));
        let (opened, sockets) = unbounded_channel();
        let counter = Arc::clone(&connections);
        let running = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::Relaxed);
                let opened = opened.clone();
                tokio::spawn(async move {
                    if let Ok(socket) = accept_async(stream).await {
                        // The test may have enough of it.
                        let _ = opened.send(socket);
                    }
                });
            }
        });
        Ok(Self { address, connections, sockets: Mutex::new(sockets), running })
    }

    /// Its WebSocket URL, in the one spelling that browsers have for it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("ws://{}/ws", self.address)
    }

    /// What follows the page's address in a link that names this server.
    #[must_use]
    pub fn query(&self) -> String {
        format!("?server={}", self.url())
    }

    /// How many connections were ever opened to it, whatever for.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// The next socket over which a page asks to be signed in, and how. A page that was left may have opened others.
    ///
    /// # Errors
    /// None does.
    pub async fn meets(&self) -> Result<(HostileSocket, Value)> {
        let met = timeout(PATIENCE, async {
            loop {
                let socket = self.sockets.lock().await.recv().await;
                let mut socket = HostileSocket(socket.context("the server has stopped")?);
                // One that a page has opened just before it was left says nothing, and may not close either.
                let login = timeout(SILENCE, socket.hears("login")).await;
                if let Ok(Ok(login)) = login {
                    return Ok((socket, login));
                }
            }
        });
        met.await.context("no page asks to be signed in")?
    }
}

impl Drop for HostileServer {
    fn drop(&mut self) {
        self.running.abort();
    }
}

impl HostileSocket {
    /// The next message of this type that the page sends.
    async fn hears(&mut self, kind: &str) -> Result<Value> {
        while let Some(message) = self.0.next().await {
            if let Message::Text(text) = message? {
                let said: Value = serde_json::from_str(&text)?;
                if said["type"] == kind {
                    return Ok(said);
                }
            }
        }
        bail!("the page closes its socket and sends no {kind}")
    }

    /// Sends a message.
    ///
    /// # Errors
    /// The page has closed the socket.
    pub async fn says(&mut self, message: &Value) -> Result<()> {
        self.sends(Message::text(message.to_string())).await
    }

    /// Sends a frame.
    ///
    /// # Errors
    /// The page has closed the socket.
    pub async fn sends(&mut self, frame: Message) -> Result<()> {
        timeout(PATIENCE, self.0.send(frame)).await.context("the page reads no more")??;
        Ok(())
    }

    /// Answers the login with success, and with these fields besides.
    ///
    /// # Errors
    /// The page has closed the socket.
    pub async fn welcomes(&mut self, fields: &Value) -> Result<()> {
        let mut reply = json!({"type": "login", "success": true, "version": 1});
        for (key, value) in fields.as_object().into_iter().flatten() {
            reply[key] = value.clone();
        }
        self.says(&reply).await
    }

    /// Closes with this code; without one, breaks off.
    ///
    /// # Errors
    /// The page has closed the socket.
    pub async fn closes(mut self, code: Option<u16>) -> Result<()> {
        let Some(code) = code else { return Ok(()) };
        let frame = CloseFrame { code: CloseCode::from(code), reason: "".into() };
        self.0.close(Some(frame)).await?;
        // Until the page has seen it, or has gone itself.
        let _ = timeout(Duration::from_secs(5), async {
            while let Some(Ok(_)) = self.0.next().await {}
        })
        .await;
        Ok(())
    }
}
