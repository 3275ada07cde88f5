//! What a connection costs: system calls for a burst, and memory while nothing happens.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use futures_util::SinkExt;
use protocol::{Raw, UserName};
use server::{directory::Directory, limits::FRAMES_IN_A_ROW, session::Body};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio_tungstenite::tungstenite::Message;

use crate::{
    common::{Client, soon},
    memory::{self, Relay},
};

/// Counts the writes, each of which would be a system call.
struct Counted {
    stream: DuplexStream,
    writes: Arc<AtomicUsize>,
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.writes.fetch_add(1, Ordering::Relaxed);
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// A client that is logged in as bob, and the count of what the server writes to it.
async fn bob(relay: &Relay) -> (Client<DuplexStream>, Arc<AtomicUsize>) {
    let (near, stream) = tokio::io::duplex(1 << 16);
    let writes = Arc::new(AtomicUsize::new(0));
    let far = Counted { stream, writes: Arc::clone(&writes) };
    tokio::spawn(relay.connection(far).await);
    let mut client = memory::client_over(near).await;
    client.log_in("bob").await;
    (client, writes)
}

/// On one thread, as the next one, so that all of the burst is there before the connection runs.
#[tokio::test(flavor = "current_thread")]
async fn a_burst_leaves_in_one_write() {
    const BURST: usize = 20;
    let relay = Relay::start();
    let (mut client, writes) = bob(&relay).await;
    let bob = UserName::parse("bob").unwrap();
    let before = writes.load(Ordering::Relaxed);
    for n in 0..BURST {
        let raw = Raw::from_json(n.to_string()).unwrap();
        let body = if n == 0 { Body::Offer(raw) } else { Body::Candidate(raw) };
        relay.directory.send(&bob, memory::from_alice(body)).await.unwrap();
    }
    for _ in 0..BURST {
        client.hear().await;
    }
    assert_eq!(writes.load(Ordering::Relaxed) - before, 1);
}

/// What was read at once is taken in before anything else is asked for, up to so many frames.
#[tokio::test(flavor = "current_thread")]
async fn what_answers_a_burst_leaves_in_one_write() {
    let relay = Relay::start();
    let (mut client, writes) = bob(&relay).await;
    let before = writes.load(Ordering::Relaxed);
    for _ in 0..FRAMES_IN_A_ROW {
        client.socket.feed(Message::text(r#"{"type":"ping"}"#)).await.unwrap();
    }
    soon(client.socket.flush()).await.unwrap();
    for _ in 0..FRAMES_IN_A_ROW {
        client.hears(r#"{"type":"pong"}"#).await;
    }
    assert_eq!(writes.load(Ordering::Relaxed) - before, 1);
}

#[tokio::test]
async fn the_task_of_a_connection_is_small() {
    let (_near, far) = tokio::io::duplex(64);
    let task = Relay::start().connection(far).await;
    let bytes = std::mem::size_of_val(&task);
    // The WebSocket, the queue and the timers; the read buffer and the session are elsewhere. The bound is so close
    // that one future shows which is seldom needed and not boxed; so may another way of the compiler's.
    assert!(bytes <= 1952, "{bytes} bytes");
}
