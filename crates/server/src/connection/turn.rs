//! One turn of a connection: waits until anything can be done, and takes in all kinds of it at once.

use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll},
};

use futures_util::{Sink, Stream};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    task::yield_now,
    time::Sleep,
};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::{Connection, Stage, closing::Ending};
use crate::{directory::Directory, limits, session::Envelope};

/// What a turn found. Of each kind there is at most one, so that none keeps the others waiting.
pub(super) struct Turn {
    /// Whether writing still works.
    pub(super) written: Result<(), Ending>,
    /// What came over the socket; `Some(None)` is its end.
    pub(super) frame: Option<Option<Result<Message, Error>>>,
    /// What another session sent; `Some(None)` if the mailbox overflowed.
    pub(super) mail: Option<Option<Envelope>>,
    /// Whether a deadline is due.
    pub(super) time: bool,
    /// Whether the session is to go on over another socket.
    pub(super) wanted: bool,
    /// Whether the server stops.
    pub(super) shutdown: bool,
}

impl Turn {
    fn has_something(&self) -> bool {
        self.written.is_err()
            || self.frame.is_some()
            || self.mail.is_some()
            || self.time
            || self.wanted
            || self.shutdown
    }
}

/// What had nothing when it was asked, and was not waited for since: it will wake this task once it has something, and
/// need not be asked before. To ask costs more than most messages.
#[derive(Debug, Default)]
pub(super) struct Quiet {
    frame: bool,
    mail: bool,
    pub(super) time: bool,
    shutdown: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin, D: Directory> Connection<S, D> {
    /// Writes what can be written, and waits for something to do. Waits in any case after
    /// [`limits::FRAMES_IN_A_ROW`], so that a client which always has something to say does not keep others waiting.
    pub(super) async fn turn(
        &mut self,
        mut cancelled: Pin<&mut impl Future<Output = ()>>,
        mut timer: Pin<&mut Sleep>,
        quiet: &mut Quiet,
    ) -> Turn {
        if self.frames_in_a_row >= limits::FRAMES_IN_A_ROW {
            self.frames_in_a_row = 0;
            yield_now().await;
            *quiet = Quiet::default();
        }
        poll_fn(|cx| {
            let turn = Turn {
                written: self.poll_write(cx).map_err(Ending::from),
                frame: ask(&mut quiet.frame, || Pin::new(&mut self.socket).poll_next(cx)),
                mail: match &mut self.stage {
                    Stage::Guest { .. } => None,
                    Stage::User(session) => ask(&mut quiet.mail, || session.poll_mail(cx)),
                },
                // Always asked: a frame that comes after it is not for this socket any more.
                wanted: match &self.stage {
                    Stage::Guest { .. } => false,
                    Stage::User(session) => session.poll_wanted(cx).is_ready(),
                },
                time: ask(&mut quiet.time, || timer.as_mut().poll(cx)).is_some(),
                shutdown: ask(&mut quiet.shutdown, || cancelled.as_mut().poll(cx)).is_some(),
            };
            if !turn.has_something() {
                self.frames_in_a_row = 0;
                *quiet = Quiet::default();
                return Poll::Pending;
            }
            self.frames_in_a_row += usize::from(turn.frame.is_some());
            Poll::Ready(turn)
        })
        .await
    }

    /// Writes as much of the queue as the socket takes, without waiting: first all of it into the library's buffer,
    /// then in one go to the socket.
    pub(super) fn poll_write(&mut self, cx: &mut Context<'_>) -> Result<(), Error> {
        let mut socket = Pin::new(&mut self.socket);
        while !self.outbound.is_empty() {
            match socket.as_mut().poll_ready(cx) {
                Poll::Ready(ready) => ready?,
                Poll::Pending => return Ok(()),
            }
            if let Some(message) = self.outbound.pop() {
                self.unflushed = true;
                socket.as_mut().start_send(message)?;
            }
        }
        if self.unflushed
            && let Poll::Ready(flushed) = socket.poll_flush(cx)
        {
            flushed?;
            self.unflushed = false;
        }
        Ok(())
    }
}

/// Asks, unless there is nothing to be had.
fn ask<T>(quiet: &mut bool, poll: impl FnOnce() -> Poll<T>) -> Option<T> {
    if *quiet {
        return None;
    }
    match poll() {
        Poll::Ready(value) => Some(value),
        Poll::Pending => {
            *quiet = true;
            None
        }
    }
}

/// Waits for a future, and says whether there was anything to wait for. Borrows it, since a future that is handed over
/// takes its room twice.
pub(super) async fn noticing<T>(mut future: Pin<&mut impl Future<Output = T>>) -> (T, bool) {
    let mut waited = false;
    let value = poll_fn(|cx| {
        let poll = future.as_mut().poll(cx);
        waited |= poll.is_pending();
        poll
    })
    .await;
    (value, waited)
}
