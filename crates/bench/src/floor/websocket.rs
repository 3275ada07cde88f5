//! The floor that Pronto is held against: tokio-tungstenite as it is meant to be used, with small buffers. It looks into
//! no message, knows no users, and writes what it gets to the other of a pair.

use std::process::ExitCode;

use anyhow::Result;
use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, accept_async_with_config,
    tungstenite::{Message, protocol::WebSocketConfig},
};

/// The library's read buffer, in bytes; its default is 128 KiB, which it zeroes before every read.
pub(super) const BUFFER: usize = 4 * 1024;

type Socket = WebSocketStream<TcpStream>;

pub(crate) fn run() -> Result<ExitCode> {
    super::serve_pairs(accept, |one, other| async {
        let ((to_one, from_one), (to_other, from_other)) = (one.split(), other.split());
        tokio::spawn(relay(from_one, to_other));
        relay(from_other, to_one).await;
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn accept(stream: TcpStream) -> Result<Socket> {
    let config = WebSocketConfig::default().read_buffer_size(BUFFER).write_buffer_size(0);
    Ok(accept_async_with_config(stream, Some(config)).await?)
}

async fn relay(mut from: SplitStream<Socket>, mut to: SplitSink<Socket, Message>) {
    while let Some(Ok(message)) = from.next().await {
        if to.send(message).await.is_err() {
            return;
        }
    }
}
