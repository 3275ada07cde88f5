//! The WebSocket to the server.

use std::future::poll_fn;

use futures_channel::mpsc;
use futures_util::{
    SinkExt, StreamExt,
    future::{Either, select},
};
use gloo_net::websocket::{Message, State, WebSocketError, futures::WebSocket};
use protocol::{close::CloseCode, limits::MAX_UNACKNOWLEDGED_MESSAGES};
use wasm_bindgen_futures::spawn_local;

use crate::call::Input;

/// Messages that may wait for the socket's task. It takes them before the browser does anything else, so that they are
/// what one input of the machine made: a handful, or all that is said again to a server which gives a session back.
const MAX_QUEUED: usize = MAX_UNACKNOWLEDGED_MESSAGES + 64;

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

/// A socket. Dropped, it is given up as if it were dead, and reports nothing more: only [`close`](Self::close) says goodbye.
#[derive(Debug)]
pub struct Socket {
    outgoing: mpsc::Sender<Command>,
    /// For the one command that ends it: what has a sender of its own finds room in a queue that is full.
    last: mpsc::Sender<Command>,
}

/// What the socket's task is told.
#[derive(Debug)]
enum Command {
    Say(String),
    /// Close with this code. Nobody wants to hear of it any more.
    Close(u16),
    /// A message found no room. The server would count the ones after it wrong, so that the socket is lost as a whole.
    Overflow,
}

impl Socket {
    /// Opens a socket; `report` is called with all that happens to it, never from within this.
    #[must_use]
    pub fn open(url: String, report: impl Fn(SocketEvent) + 'static) -> Self {
        let (outgoing, commands) = mpsc::channel(MAX_QUEUED);
        let last = outgoing.clone();
        spawn_local(async move {
            if let Some(code) = work(&url, commands, &report).await {
                report(SocketEvent::Closed(code));
            }
        });
        Self { outgoing, last }
    }

    /// Sends a text. One that finds the socket not open is lost, as any that the network loses: the close is reported.
    pub fn send(&mut self, text: String) {
        if self.outgoing.try_send(Command::Say(text)).is_err_and(|error| error.is_full()) {
            super::note("the socket is given up", &"too much was sent at once".into());
            self.end(Command::Overflow);
        }
    }

    /// Closes with this code when what was sent is out, and reports nothing more.
    pub fn close(mut self, code: u16) {
        self.end(Command::Close(code));
    }

    fn end(&mut self, command: Command) {
        // The first of them counts. It fails only where the socket has ended by itself.
        let _ = self.last.try_send(command);
        self.last.close_channel();
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.end(Command::Close(CloseCode::GivenUp.as_u16()));
    }
}

/// Runs the socket to its end. Gives the code that it was closed with, if anybody wants to hear of it.
async fn work(
    url: &str,
    mut commands: mpsc::Receiver<Command>,
    report: &impl Fn(SocketEvent),
) -> Option<u16> {
    let Ok(mut socket) = WebSocket::open(url) else { return Some(ABNORMAL) };
    loop {
        let opening = poll_fn(|context| socket.poll_ready_unpin(context));
        match select(opening, commands.next()).await {
            Either::Left(_) => break,
            // There is nobody yet to say anything to.
            Either::Right((Some(Command::Say(_)), _)) => {}
            Either::Right((end, _)) => return close(socket, end),
        }
    }
    if matches!(socket.state(), State::Open) {
        report(SocketEvent::Opened);
    }
    loop {
        match select(commands.next(), socket.next()).await {
            Either::Left((Some(Command::Say(text)), _)) => {
                // Fails only where the close is on its way to be read.
                let _ = socket.send(Message::Text(text)).await;
            }
            Either::Left((end, _)) => return close(socket, end),
            Either::Right((Some(heard), _)) => match heard {
                Ok(Message::Text(text)) => report(SocketEvent::Text(text)),
                Err(WebSocketError::ConnectionClose(close)) => return Some(close.code),
                Ok(Message::Bytes(_)) | Err(_) => {}
            },
            Either::Right((None, _)) => return Some(ABNORMAL),
        }
    }
}

/// Closes from this side. The browser sends what it was given before it closes.
fn close(socket: WebSocket, why: Option<Command>) -> Option<u16> {
    let (code, told) = match why {
        Some(Command::Close(code)) => (code, None),
        _ => (CloseCode::GivenUp.as_u16(), Some(ABNORMAL)),
    };
    if socket.close(Some(code), None).is_err() {
        super::note("the socket is closed without a word", &code.into());
    }
    told
}
