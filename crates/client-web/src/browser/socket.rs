//! The WebSocket to the server.

use std::future::poll_fn;

use futures_channel::mpsc;
use futures_util::{
    SinkExt, StreamExt,
    future::{AbortHandle, Either, abortable, select},
};
use gloo_net::websocket::{Message, State, WebSocketError, futures::WebSocket};
use wasm_bindgen_futures::spawn_local;

use crate::call::Input;

/// Messages that may wait for the socket's task. It takes them before the browser does anything else, so that they are
/// what one input of the machine made: a handful.
const MAX_QUEUED: usize = 64;

/// The close code where there was no close frame (RFC 6455 section 7.4.1).
const ABNORMAL: u16 = 1006;

/// Something that happened to a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SocketEvent {
    /// It is open.
    Opened,
    /// A text frame came. Binary ones are passed over.
    Text(String),
    /// It was closed, or could not be opened. Nothing comes after this.
    Closed(u16),
}

impl From<SocketEvent> for Input {
    fn from(event: SocketEvent) -> Self {
        match event {
            SocketEvent::Opened => Self::SocketOpened,
            SocketEvent::Text(text) => Self::SocketText(text),
            SocketEvent::Closed(code) => Self::SocketClosed { code },
        }
    }
}

/// A socket. Dropped, it closes, and reports nothing more.
#[derive(Debug)]
pub struct Socket {
    outgoing: mpsc::Sender<String>,
    task: AbortHandle,
}

impl Socket {
    /// Opens a socket; `report` is called with all that happens to it, never from within this.
    #[must_use]
    pub fn open(url: String, report: impl Fn(SocketEvent) + 'static) -> Self {
        let (outgoing, messages) = mpsc::channel(MAX_QUEUED);
        let (work, task) = abortable(async move {
            let code = work(&url, messages, &report).await;
            report(SocketEvent::Closed(code));
        });
        spawn_local(async move {
            // Whether it ended by itself or was aborted, whoever needs to know has been told.
            let _ = work.await;
        });
        Self { outgoing, task }
    }

    /// Sends a text. One that finds the socket closed is lost, as any that the network loses: the close is reported.
    pub fn send(&mut self, text: String) {
        if self.outgoing.try_send(text).is_err() {
            super::note("a message was not sent", &"the socket is closed".into());
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Runs the socket to its end, and says with which code it was closed.
async fn work(
    url: &str,
    mut messages: mpsc::Receiver<String>,
    report: &impl Fn(SocketEvent),
) -> u16 {
    let Ok(mut socket) = WebSocket::open(url) else { return ABNORMAL };
    if poll_fn(|context| socket.poll_ready_unpin(context)).await.is_ok()
        && matches!(socket.state(), State::Open)
    {
        report(SocketEvent::Opened);
    }
    loop {
        let next = match select(messages.next(), socket.next()).await {
            Either::Left((text, _)) => Either::Left(text),
            Either::Right((message, _)) => Either::Right(message),
        };
        match next {
            Either::Left(Some(text)) => {
                // Fails only where the close is on its way to be read.
                let _ = socket.send(Message::Text(text)).await;
            }
            Either::Right(Some(Ok(Message::Text(text)))) => report(SocketEvent::Text(text)),
            Either::Right(Some(Err(WebSocketError::ConnectionClose(close)))) => return close.code,
            Either::Right(Some(_)) => {}
            Either::Left(None) | Either::Right(None) => return ABNORMAL,
        }
    }
}
