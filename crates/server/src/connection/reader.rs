//! A socket that holds no read buffer while nothing comes.

use std::{
    cell::RefCell,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::limits::READ_BYTES;

thread_local! {
    /// Where sockets are read into, on this thread. No socket keeps it beyond one read.
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_BYTES].into());
}

/// A stream that is read in large pieces, and passes them on in pieces as small as its reader likes.
///
/// The WebSocket library keeps its read buffer for as long as a connection lasts, and zeroes it before every read; so it
/// gets a small one. What a read brought beyond that is kept here, at most [`READ_BYTES`] of it, and freed once it is
/// taken: a user who is idle holds nothing.
#[derive(Debug)]
pub struct ReadOnDemand<S> {
    stream: S,
    /// What was read and not taken yet.
    rest: Vec<u8>,
    /// How much of it was.
    taken: usize,
    /// How many more bytes may come; `None` for any number.
    left: Option<usize>,
}

impl<S> ReadOnDemand<S> {
    /// A stream from which nothing has been read yet.
    pub const fn new(stream: S) -> Self {
        Self { stream, rest: Vec::new(), taken: 0, left: None }
    }

    /// Lets so many more bytes come, or any number. What comes beyond that is an error of the kind
    /// [`FileTooLarge`](io::ErrorKind::FileTooLarge).
    pub const fn let_come(&mut self, bytes: Option<usize>) {
        self.left = bytes;
    }

    fn take_from_rest(&mut self, buffer: &mut ReadBuf<'_>) {
        let rest = &self.rest[self.taken..];
        let length = rest.len().min(buffer.remaining());
        buffer.put_slice(&rest[..length]);
        self.taken += length;
        if self.taken == self.rest.len() {
            self.rest = Vec::new();
            self.taken = 0;
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ReadOnDemand<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.rest.is_empty() {
            self.take_from_rest(buffer);
            return Poll::Ready(Ok(()));
        }
        if buffer.remaining() >= READ_BYTES && self.left.is_none() {
            return Pin::new(&mut self.stream).poll_read(cx, buffer);
        }
        let most = self.left.map_or(READ_BYTES, |left| left.min(READ_BYTES));
        if most == 0 {
            return Poll::Ready(Err(io::ErrorKind::FileTooLarge.into()));
        }
        // A stream that is read does not read another on its way, so nobody else has it.
        SCRATCH.with_borrow_mut(|scratch| {
            let mut read = ReadBuf::new(&mut scratch[..most]);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut read))?;
            let read = read.filled();
            self.left = self.left.map(|left| left.saturating_sub(read.len()));
            let (now, later) = read.split_at(read.len().min(buffer.remaining()));
            buffer.put_slice(now);
            if !later.is_empty() {
                self.rest = later.to_vec();
            }
            Poll::Ready(Ok(()))
        })
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ReadOnDemand<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::{READ_BYTES, ReadOnDemand};

    #[tokio::test]
    async fn everything_comes_in_order_and_nothing_is_kept() {
        let (mut near, far) = tokio::io::duplex(4 * READ_BYTES);
        let mut reader = ReadOnDemand::new(far);
        let sent: Vec<u8> = (0..=250).cycle().take(3 * READ_BYTES + 7).collect();
        near.write_all(&sent).await.unwrap();
        near.shutdown().await.unwrap();

        let mut got = Vec::new();
        let mut sizes = [1, 14, 512, READ_BYTES, 100].into_iter().cycle();
        loop {
            let mut piece = vec![0; sizes.next().unwrap()];
            let read = reader.read(&mut piece).await.unwrap();
            if read == 0 {
                break;
            }
            got.extend_from_slice(&piece[..read]);
            assert!(reader.rest.capacity() <= READ_BYTES);
        }
        assert!(got == sent, "{} of {} bytes", got.len(), sent.len());
        assert_eq!(reader.rest.capacity(), 0, "nothing is left to hold");
    }

    #[tokio::test]
    async fn no_more_comes_than_may() {
        let (mut near, far) = tokio::io::duplex(READ_BYTES);
        let mut reader = ReadOnDemand::new(far);
        near.write_all(&[7; 1000]).await.unwrap();
        reader.let_come(Some(600));
        let mut got = vec![0; 600];
        reader.read_exact(&mut got).await.unwrap();
        let over = reader.read(&mut got).await.unwrap_err();
        assert_eq!(over.kind(), std::io::ErrorKind::FileTooLarge);
        reader.let_come(None);
        assert_eq!(reader.read(&mut got).await.unwrap(), 400);
    }

    #[tokio::test]
    async fn what_is_waiting_is_read_at_once() {
        let (mut near, far) = tokio::io::duplex(READ_BYTES);
        let mut reader = ReadOnDemand::new(far);
        near.write_all(&[7; 1000]).await.unwrap();
        assert_eq!(reader.read(&mut [0; 10]).await.unwrap(), 10);
        assert_eq!(reader.rest.len(), 990);
    }
}
