//! The sockets of the tutorial's server.

use std::net::SocketAddr;

use anyhow::Result;
use futures_util::{SinkExt, StreamExt};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::{JoinHandle, JoinSet},
};
use tokio_tungstenite::{accept_async, tungstenite::Message};

use super::world::{Crash, Id, World};

/// The tutorial's server. Dropped, it stops.
#[derive(Debug)]
pub struct TutorialServer {
    address: SocketAddr,
    running: JoinHandle<()>,
}

/// What happens to a connection.
enum Event {
    Opened(Id, UnboundedSender<String>),
    Text(Id, String),
    Closed(Id),
}

impl TutorialServer {
    /// Starts it on a free port of this machine.
    ///
    /// # Errors
    /// There is none.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        Ok(Self { address, running: tokio::spawn(serve(listener)) })
    }

    /// Its WebSocket URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// Whether something that it was sent has brought it down.
    #[must_use]
    pub fn has_crashed(&self) -> bool {
        self.running.is_finished()
    }
}

impl Drop for TutorialServer {
    fn drop(&mut self) {
        self.running.abort();
    }
}

/// Serves until it crashes. Its connections end with it.
async fn serve(listener: TcpListener) {
    let mut connections = JoinSet::new();
    let mut world = World::default();
    let (events, mut heard) = unbounded_channel();
    for id in 0.. {
        let stream = loop {
            tokio::select! {
                accepted = listener.accept() => {
                    if let Ok((stream, _)) = accepted { break stream; }
                }
                Some(event) = heard.recv() => {
                    if take(&mut world, event) == Err(Crash) { return; }
                }
            }
        };
        connections.spawn(connect(id, stream, events.clone()));
    }
}

fn take(world: &mut World, event: Event) -> Result<(), Crash> {
    match event {
        Event::Opened(id, texts) => world.open(id, texts),
        Event::Text(id, text) => world.take(id, &text)?,
        Event::Closed(id) => world.close(id)?,
    }
    Ok(())
}

async fn connect(id: Id, stream: TcpStream, events: UnboundedSender<Event>) {
    let Ok(socket) = accept_async(stream).await else { return };
    let (mut sink, mut stream) = socket.split();
    let (texts, mut outgoing): (_, UnboundedReceiver<String>) = unbounded_channel();
    let _ = events.send(Event::Opened(id, texts));
    loop {
        tokio::select! {
            Some(text) = outgoing.recv() => {
                if sink.send(Message::text(text)).await.is_err() { break; }
            }
            message = stream.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    let _ = events.send(Event::Text(id, text.to_string()));
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => {}
            },
        }
    }
    let _ = events.send(Event::Closed(id));
}
