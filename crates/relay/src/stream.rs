//! Clients on streams: TCP, and TLS over it.

use std::{io, net::SocketAddr, sync::Arc};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf, split},
    sync::mpsc,
    time::{Instant, sleep_until, timeout},
};
use tracing::debug;

use crate::{
    address::canonical,
    framing::{self, Frame},
    hub::{Client, Output, Transport},
    limits::{MAX_FRAME_BYTES, STREAM_BATCH_FRAMES, STREAM_IDLE, STREAM_STUCK},
    relay::Relay,
};

/// How much of a stream is read at once at first, in bytes: a request, or a frame of media. The buffer grows to a
/// whole frame when one is larger.
const READ_BYTES: usize = 2048;

/// Why a stream ends.
#[derive(Debug)]
enum Ending {
    /// The client closed it.
    Closed,
    /// It broke.
    Broken,
    /// What the client sent is neither STUN nor ChannelData.
    Bad,
    /// The client has no allocation, and was given time to make one.
    Idle,
    /// The client does not read.
    Stuck,
}

impl From<io::Error> for Ending {
    fn from(_: io::Error) -> Self {
        Self::Broken
    }
}

/// Takes a stream's client out of the tables, however its task ends.
struct Membership {
    relay: Arc<Relay>,
    client: Client,
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.relay.streams().close(&self.client);
        self.relay.hub().gone(&self.client);
    }
}

impl Relay {
    /// Serves a client that talks STUN and TURN over a stream, until it ends or has no allocation for too long. If there are
    /// too many of them already, it is closed at once.
    ///
    /// The client is at `remote`, and reached us at `local`.
    pub async fn serve<S>(self: Arc<Self>, stream: S, local: SocketAddr, remote: SocketAddr)
    where
        S: AsyncRead + AsyncWrite,
    {
        let client = Client {
            transport: Transport::Stream,
            local: canonical(local),
            remote: canonical(remote),
        };
        let opened = {
            let hub = self.hub();
            self.streams().open(client, |client| hub.has_allocation(client))
        };
        let Ok(receiver) = opened else {
            debug!("there are too many streams to the relay, and this one is closed");
            return;
        };
        let membership = Membership { relay: self, client };
        let (reading, writing) = split(stream);
        let ending = tokio::select! {
            Err(ending) = read(&membership, reading) => ending,
            Err(ending) = write(receiver, writing) => ending,
        };
        debug!(?ending, "a stream to the relay ends");
    }
}

async fn read<S: AsyncRead>(
    Membership { relay, client }: &Membership,
    mut stream: ReadHalf<S>,
) -> Result<std::convert::Infallible, Ending> {
    let mut buffer = Vec::with_capacity(READ_BYTES);
    let mut out: Vec<Output> = Vec::new();
    let mut idle_at = Instant::now() + STREAM_IDLE;
    loop {
        tokio::select! {
            read = stream.read_buf(&mut buffer) => {
                if read? == 0 {
                    return Err(Ending::Closed);
                }
            }
            () = sleep_until(idle_at) => {
                if !relay.hub().has_allocation(client) {
                    return Err(Ending::Idle);
                }
                idle_at = Instant::now() + STREAM_IDLE;
            }
        }
        let taken = take_frames(&buffer, |frame| relay.receive(*client, frame, &mut out))?;
        buffer.drain(..taken);
        // At least this much is read next time; a larger frame makes room for itself.
        buffer.reserve(READ_BYTES.min(MAX_FRAME_BYTES));
    }
}

/// Takes all whole frames. Gives how many bytes they were.
fn take_frames(bytes: &[u8], mut each: impl FnMut(&[u8])) -> Result<usize, Ending> {
    let mut taken = 0;
    loop {
        let rest = &bytes[taken..];
        match Frame::first_of(rest) {
            Frame::Partial => return Ok(taken),
            Frame::Bad => return Err(Ending::Bad),
            Frame::Whole { length, padded } => {
                each(&rest[..length]);
                taken += padded;
            }
        }
    }
}

async fn write<S: AsyncWrite>(
    mut messages: mpsc::Receiver<Vec<u8>>,
    mut stream: WriteHalf<S>,
) -> Result<std::convert::Infallible, Ending> {
    let mut batch = Vec::with_capacity(STREAM_BATCH_FRAMES);
    let mut bytes = Vec::new();
    while messages.recv_many(&mut batch, STREAM_BATCH_FRAMES).await > 0 {
        for message in batch.drain(..) {
            framing::append(&mut bytes, &message);
        }
        let written = timeout(STREAM_STUCK, async {
            stream.write_all(&bytes).await?;
            stream.flush().await
        });
        written.await.map_err(|_| Ending::Stuck)??;
        bytes.clear();
    }
    Err(Ending::Closed)
}
