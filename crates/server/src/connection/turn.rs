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

use super::{Connection, Stage, closing::Ending, doorbell::Doorbell};
use crate::{directory::Directory, limits, session::Envelope};

/// What a turn found. Of each kind there is at most one, so that none keeps the others waiting.
pub(super) struct Turn {
    /// Whether writing still works.
    pub(super) written: Result<(), Ending>,
    /// What came over the socket.
    pub(super) frame: Option<Result<Message, Ending>>,
    /// What another session sent; `Some(None)` if the mailbox overflowed.
    pub(super) mail: Option<Option<Envelope>>,
    pub(super) rare: Rare,
}

/// What happens seldom.
#[derive(Clone, Copy)]
pub(super) struct Rare {
    /// Whether a deadline is due.
    pub(super) time: bool,
    /// Whether the session is to go on over another socket.
    pub(super) wanted: bool,
    /// Whether the user has signed out, here or elsewhere.
    pub(super) signed_out: bool,
    /// Whether the server stops.
    pub(super) shutdown: bool,
}

/// What has to be asked in a turn. A mailbox is always asked, which costs little.
#[derive(Debug, Default)]
pub(super) struct Bells {
    frame: Doorbell,
    pub(super) rare: Doorbell,
}

impl Turn {
    const fn of(frame: Result<Message, Ending>) -> Self {
        Self { written: Ok(()), frame: Some(frame), mail: None, rare: Rare::NOTHING }
    }

    fn has_something(&self) -> bool {
        self.written.is_err()
            || self.frame.is_some()
            || self.mail.is_some()
            || self.rare.has_something()
    }
}

impl Rare {
    const NOTHING: Self = Self { time: false, wanted: false, signed_out: false, shutdown: false };

    const fn has_something(self) -> bool {
        self.time || self.wanted || self.signed_out || self.shutdown
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin, D: Directory> Connection<S, D> {
    /// Writes what can be written, and waits for something to do. Waits in any case after
    /// [`limits::FRAMES_IN_A_ROW`], so that a client which always has something to say does not keep others waiting.
    pub(super) async fn turn(
        &mut self,
        mut cancelled: Pin<&mut impl Future<Output = ()>>,
        mut timer: Pin<&mut Sleep>,
    ) -> Turn {
        if self.frames_in_a_row >= limits::FRAMES_IN_A_ROW {
            self.frames_in_a_row = 0;
            yield_now().await;
        }
        poll_fn(|cx| {
            // What was read together with the last frame, before anything else is asked for.
            if self.frames_in_a_row > 0
                && let Some(frame) = self.poll_frame(cx)
            {
                self.frames_in_a_row += 1;
                return Poll::Ready(Turn::of(frame));
            }
            let turn = Turn {
                written: self.poll_write(cx).map_err(Ending::from),
                frame: self.poll_frame(cx),
                mail: self.poll_mail(cx),
                // After the frame: one that comes after this is not for this socket any more.
                rare: self.poll_rare(cx, cancelled.as_mut(), timer.as_mut()),
            };
            if !turn.has_something() {
                self.frames_in_a_row = 0;
                return Poll::Pending;
            }
            self.frames_in_a_row += usize::from(turn.frame.is_some());
            Poll::Ready(turn)
        })
        .await
    }

    /// What came over the socket. Its end is that of a client which closes it without a word.
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Option<Result<Message, Ending>> {
        let frame = self.bells.frame.ask(cx, |cx| Pin::new(&mut self.socket).poll_next(cx))?;
        Some(frame.unwrap_or(Ok(Message::Close(None))).map_err(Ending::from))
    }

    fn poll_mail(&mut self, cx: &mut Context<'_>) -> Option<Option<Envelope>> {
        let Stage::User(session) = &mut self.stage else { return None };
        match session.poll_mail(cx) {
            Poll::Ready(mail) => Some(mail),
            Poll::Pending => None,
        }
    }

    fn poll_rare(
        &mut self,
        cx: &mut Context<'_>,
        cancelled: Pin<&mut impl Future<Output = ()>>,
        timer: Pin<&mut Sleep>,
    ) -> Rare {
        let found = self.bells.rare.ask(cx, |cx| {
            let (wanted, signed_out) = match &self.stage {
                Stage::Guest { .. } => (false, false),
                Stage::User(session) => {
                    (session.poll_wanted(cx).is_ready(), session.poll_signed_out(cx).is_ready())
                }
            };
            let rare = Rare {
                time: timer.poll(cx).is_ready(),
                wanted,
                signed_out,
                shutdown: cancelled.poll(cx).is_ready(),
            };
            if rare.has_something() { Poll::Ready(rare) } else { Poll::Pending }
        });
        found.unwrap_or(Rare::NOTHING)
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
