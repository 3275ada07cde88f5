//! One turn of a connection: waits until anything can be done, and takes in all kinds of it at once.
//!
//! What is said most, candidates within a call, is done within the turn: it changes no deadline, ends nothing and waits for
//! nothing. A turn ends with what is left.

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

use super::{Connection, Stage, closing::Ending, doorbell::Doorbell, inbound::Incoming};
use crate::{directory::Directory, limits, session::Envelope};

/// What a turn leaves to be done. Of each kind there is at most one, so that none keeps the others waiting.
pub(super) struct Turn {
    /// Whether writing still works.
    pub(super) written: Result<(), Ending>,
    /// What came over the socket.
    pub(super) incoming: Option<Result<Incoming, Ending>>,
    /// What another session sent.
    pub(super) mail: Option<Result<Envelope, Ending>>,
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
    const fn of(incoming: Result<Incoming, Ending>) -> Self {
        Self { written: Ok(()), incoming: Some(incoming), mail: None, rare: Rare::NOTHING }
    }

    fn has_something(&self) -> bool {
        self.written.is_err()
            || self.incoming.is_some()
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
    /// Does what can be done at once, and waits for something else to do. Ends in any case after
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
            let goes_on = self.frames_in_a_row > 0;
            let incoming = self.poll_incoming(cx);
            // What was read together with the last frame comes before anything else is asked for.
            if goes_on && let Some(incoming) = incoming {
                return Poll::Ready(Turn::of(incoming));
            }
            let (mail, more) = match self.poll_mail(cx) {
                Poll::Ready(mail) => (mail.transpose(), true),
                Poll::Pending => (None, false),
            };
            // After the mail, so that what came of it goes out now.
            let written = self.poll_write(cx).map_err(Ending::from);
            // After the frames: one that comes after this is not for this socket any more.
            let rare = self.poll_rare(cx, cancelled.as_mut(), timer.as_mut());
            let turn = Turn { written, incoming, mail, rare };
            if more || self.frames_in_a_row >= limits::FRAMES_IN_A_ROW || turn.has_something() {
                return Poll::Ready(turn);
            }
            self.frames_in_a_row = 0;
            Poll::Pending
        })
        .await
    }

    /// What came over the socket, and is not done with at once. Its end is that of a client which closes it without a word.
    fn poll_incoming(&mut self, cx: &mut Context<'_>) -> Option<Result<Incoming, Ending>> {
        while self.frames_in_a_row < limits::FRAMES_IN_A_ROW {
            let frame = self.bells.frame.ask(cx, |cx| Pin::new(&mut self.socket).poll_next(cx))?;
            self.frames_in_a_row += 1;
            let frame = frame.unwrap_or(Ok(Message::Close(None))).map_err(Ending::from);
            if let Some(left) = frame.and_then(|frame| self.take_in(frame)).transpose() {
                return Some(left);
            }
        }
        None
    }

    /// What another session sent, and is not done with at once. Ready with `None` if there may be more once what was taken
    /// in is written.
    fn poll_mail(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Envelope>, Ending>> {
        match &mut self.stage {
            Stage::User(session) => session.poll_hear(cx, &mut self.outbound),
            Stage::Guest { .. } => Poll::Pending,
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
