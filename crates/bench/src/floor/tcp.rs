//! The lowest floor: bytes go from one socket to the other, and nothing knows what a message is.

use std::process::ExitCode;

use anyhow::Result;
use tokio::{
    io::AsyncWriteExt,
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

/// As much as the bare WebSocket relay reads at once, in bytes.
const BUFFER: usize = super::websocket::BUFFER;

pub(crate) fn run() -> Result<ExitCode> {
    super::serve_pairs(
        |stream| async { Ok(stream) },
        |one, other| async {
            let halves = (TcpStream::into_split(one), TcpStream::into_split(other));
            let ((from_one, to_one), (from_other, to_other)) = halves;
            tokio::spawn(copy(from_one, to_other));
            copy(from_other, to_one).await;
        },
    )?;
    Ok(ExitCode::SUCCESS)
}

/// Copies until one of the two sockets is closed.
async fn copy(from: OwnedReadHalf, mut to: OwnedWriteHalf) {
    loop {
        // Nothing is held while there is nothing to copy: the floor of what an idle user costs.
        if from.readable().await.is_err() {
            return;
        }
        let mut buffer = vec![0; BUFFER];
        let copied = match from.try_read(&mut buffer) {
            Ok(0) => return,
            Ok(read) => to.write_all(&buffer[..read]).await,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Ok(()),
            Err(error) => Err(error),
        };
        if copied.is_err() {
            return;
        }
    }
}
