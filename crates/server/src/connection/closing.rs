//! The end of a connection.

use std::{future::poll_fn, io, pin::Pin, task::Poll};

use futures_util::{SinkExt, Stream, future::join};
use protocol::{ErrorCode, close::CloseCode};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::timeout,
};
use tokio_tungstenite::tungstenite::{
    Error, Message,
    error::ProtocolError,
    protocol::{CloseFrame, frame::coding},
};

use super::{Connection, Stage, away, inbound::refusal, now};
use crate::{directory::Directory, session::Loss};

/// Why a connection ends.
#[derive(Debug)]
pub(super) enum Ending {
    /// The client sent a close frame, with this code.
    ClosedByClient(Option<u16>),
    /// The session's mailbox was full: it has missed something, and is over.
    CutOff,
    /// The connection broke.
    Lost,
    /// We close it.
    Close(CloseCode),
}

impl From<Error> for Ending {
    fn from(error: Error) -> Self {
        match error {
            Error::Capacity(_) => Self::Close(CloseCode::TooBig),
            // More than may come before the login.
            Error::Io(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                Self::Close(CloseCode::TooBig)
            }
            Error::Utf8(_) => Self::Close(CloseCode::NotUtf8),
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Self::Lost,
            Error::Protocol(_) => Self::Close(CloseCode::Protocol),
            _ => Self::Lost,
        }
    }
}

/// What becomes of the session when its socket ends.
enum Fate {
    /// It is over.
    Ends,
    /// It waits for its user, if their client can come back.
    Waits(Loss),
    /// Nothing: it is the server that stops.
    Stays,
}

impl Ending {
    fn fate(&self) -> Fate {
        match self {
            Self::Lost => Fate::Waits(Loss::Broken),
            Self::CutOff => Fate::Ends,
            Self::Close(CloseCode::Restart) => Fate::Stays,
            Self::Close(CloseCode::SignedOut) => Fate::Ends,
            Self::Close(_) => Fate::Waits(Loss::Broken),
            Self::ClosedByClient(code) => Loss::of_close(*code).map_or(Fate::Ends, Fate::Waits),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin, D: Directory> Connection<S, D> {
    /// Ends the session, then closes the socket. In this order: how long the client takes to close its socket is
    /// nothing that its peer or the next owner of its name should wait for.
    ///
    /// Except when the whole server stops: then calls go on without it, and nobody may be told that the peer is gone. A
    /// connection that has not noticed yet would pass that on. So the session is not ended, and is kept until the socket
    /// is closed: what it is still sent must not come back as undeliverable, which would say the same.
    pub(super) async fn end(mut self, ending: Ending) {
        if matches!(ending, Ending::Close(CloseCode::TooBig)) {
            // It counts, or a client that comes back would send it again, without end. If there is no room for the error, the
            // close frame says the same.
            let refusal = refusal(
                ErrorCode::TooLarge,
                "A message is at most 64 KiB, and 4 KiB before the login.",
            );
            let _ = self.on_unreadable(Some(refusal)).await;
        }
        let stage = std::mem::replace(&mut self.stage, Stage::Guest { until: None });
        let session = match (stage, ending.fate()) {
            (Stage::Guest { .. }, _) => None,
            (Stage::User(session), Fate::Stays) => Some(session),
            (Stage::User(session), Fate::Ends) => {
                session.end(now()).await;
                None
            }
            (Stage::User(mut session), Fate::Waits(loss)) => {
                session.lose(now(), loss).await;
                Some(session)
            }
        };
        let shutdown = self.shared.shutdown.clone();
        let restarts = matches!(ending, Ending::Close(CloseCode::Restart));
        let closed = self.close_socket(ending);
        match session {
            Some(session) if restarts => {
                closed.await;
                drop(session);
            }
            Some(session) => {
                join(closed, away::wait(session, shutdown)).await;
            }
            None => closed.await,
        }
    }

    async fn close_socket(self, ending: Ending) {
        let limit = self.shared.timing.close;
        // A client that does not answer in time has its socket closed without.
        let _ = timeout(limit, async {
            match ending {
                Ending::Lost => {}
                Ending::ClosedByClient(_) => self.until_closed(true).await,
                Ending::CutOff => self.close(CloseCode::SlowConsumer).await,
                Ending::Close(code) => self.close(code).await,
            }
        })
        .await;
    }

    async fn close(mut self, code: CloseCode) {
        if code == CloseCode::SlowConsumer {
            // What the client did not read when there was time will not be read now.
            self.outbound.clear();
        }
        if self.write_out().await.is_err() {
            return;
        }
        let frame = CloseFrame {
            code: coding::CloseCode::from(code.as_u16()),
            reason: code.reason().into(),
        };
        if self.socket.send(Message::Close(Some(frame))).await.is_ok() {
            self.until_closed(false).await;
        }
    }

    async fn write_out(&mut self) -> Result<(), Error> {
        poll_fn(|cx| match self.poll_write(cx) {
            Ok(()) if self.outbound.is_empty() && !self.unflushed => Poll::Ready(Ok(())),
            Ok(()) => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        })
        .await
    }

    /// Reads on until the client has closed its side. To drop a socket with something unread in it would reset the
    /// connection, and the client might never see our last messages.
    async fn until_closed(mut self, mut closed_by_client: bool) {
        let mut socket = Pin::new(&mut self.socket);
        poll_fn(|cx| {
            loop {
                match socket.as_mut().poll_next(cx) {
                    Poll::Ready(Some(Ok(Message::Close(_)))) => closed_by_client = true,
                    Poll::Ready(Some(Ok(_))) => {}
                    Poll::Ready(Some(Err(_)) | None) => return Poll::Ready(()),
                    Poll::Pending => return Poll::Pending,
                }
            }
        })
        .await;
        // After a frame that was no good the library reads no more, and what follows is not looked into.
        let stream = self.socket.get_mut();
        stream.let_come(None);
        if stream.shutdown().await.is_ok() && !closed_by_client {
            let mut rest = [0; 1024];
            while stream.read(&mut rest).await.is_ok_and(|read| read > 0) {}
        }
    }
}
