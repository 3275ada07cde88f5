//! A WebSocket client.

use std::time::Duration;

use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, protocol::CloseFrame},
};

use super::soon;

/// A WebSocket client.
pub(crate) struct Client<S = TcpStream> {
    pub(crate) socket: WebSocketStream<S>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    pub(crate) async fn over(stream: S, url: &str) -> Self {
        let (socket, _) = soon(client_async(url, stream)).await.unwrap();
        Self { socket }
    }

    /// Calls another user, who answers. The call's id is `c1`.
    pub(crate) async fn call(&mut self, caller: &str, to: &mut Self, callee: &str) {
        self.say(&format!(r#"{{"type":"offer","name":"{callee}","offer":1,"call":"c1"}}"#)).await;
        to.hears(&format!(r#"{{"type":"offer","name":"{caller}","offer":1,"call":"c1"}}"#)).await;
        to.say(&format!(r#"{{"type":"answer","name":"{caller}","answer":2,"call":"c1"}}"#)).await;
        self.hears(&format!(r#"{{"type":"answer","name":"{callee}","answer":2,"call":"c1"}}"#))
            .await;
    }

    pub(crate) async fn log_in(&mut self, name: &str) {
        self.say(&format!(r#"{{"type":"login","name":"{name}"}}"#)).await;
        self.hears(&format!(r#"{{"type":"login","success":true,"name":"{name}","version":1}}"#))
            .await;
    }

    pub(crate) async fn say(&mut self, json: &str) {
        soon(self.socket.send(Message::text(json))).await.unwrap();
    }

    pub(crate) async fn send(&mut self, message: Message) {
        soon(self.socket.send(message)).await.unwrap();
    }

    /// The next message, or the close frame.
    async fn next(&mut self) -> Result<String, Option<CloseFrame>> {
        loop {
            match soon(self.socket.next()).await {
                Some(Ok(Message::Text(text))) => return Ok(text.to_string()),
                Some(Ok(Message::Close(frame))) => return Err(frame),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                None => return Err(None),
                other => panic!("{other:?}"),
            }
        }
    }

    /// The next message, or the code that the server closes with.
    pub(crate) async fn heard_or_closed(&mut self) -> Result<String, u16> {
        self.next().await.map_err(|frame| frame.map_or(1006, |frame| frame.code.into()))
    }

    pub(crate) async fn hear(&mut self) -> String {
        self.next().await.expect("a message")
    }

    /// The next message is this one.
    pub(crate) async fn hears(&mut self, json: &str) {
        assert_eq!(self.hear().await, json);
    }

    /// The next message is an error with this code.
    pub(crate) async fn hears_error(&mut self, code: &str) -> serde_json::Value {
        let heard: serde_json::Value = serde_json::from_str(&self.hear().await).unwrap();
        assert_eq!(heard["type"], "error", "{heard}");
        assert_eq!(heard["code"], code, "{heard}");
        heard
    }

    /// Waits until the server has done everything about what was said to it so far.
    pub(crate) async fn sync(&mut self) {
        self.say(r#"{"type":"ping"}"#).await;
        self.hears(r#"{"type":"pong"}"#).await;
    }

    /// Nothing is on its way here, provided that whoever might have sent something has called [`Self::sync`] since.
    pub(crate) async fn hears_nothing(&mut self) {
        // Twice: what is in the mailbox when the first ping comes is written behind the first pong.
        self.sync().await;
        self.sync().await;
    }

    /// All that comes until the server has done everything about what was said to it so far.
    pub(crate) async fn heard_so_far(&mut self) -> Vec<String> {
        let mut heard = Vec::new();
        // Twice, as above.
        for _ in 0..2 {
            self.say(r#"{"type":"ping"}"#).await;
            loop {
                match self.hear().await {
                    pong if pong == r#"{"type":"pong"}"# => break,
                    message => heard.push(message),
                }
            }
        }
        heard
    }

    /// A message that is there already.
    pub(crate) fn heard(&mut self) -> Option<String> {
        self.next().now_or_never().map(|message| message.expect("a message"))
    }

    /// The next message, if it comes in this time.
    pub(crate) async fn heard_within(&mut self, time: Duration) -> Option<String> {
        timeout(time, self.next()).await.ok().map(|message| message.expect("a message"))
    }

    /// The server closes the socket. Gives the code.
    pub(crate) async fn is_closed(&mut self) -> u16 {
        match self.next().await {
            Err(Some(frame)) => frame.code.into(),
            other => panic!("{other:?} instead of a close frame"),
        }
    }

    /// The connection ends without a word.
    pub(crate) async fn is_cut_off(&mut self) {
        while let Some(Ok(message)) = soon(self.socket.next()).await {
            assert!(!message.is_close(), "{message:?}");
        }
    }

    /// The next message; `None` once the server closes the socket with this code.
    pub(crate) async fn heard_before_it_is_closed_with(&mut self, code: u16) -> Option<String> {
        self.next()
            .await
            .map_err(|frame| assert_eq!(frame.map(|frame| frame.code.into()), Some(code)))
            .ok()
    }

    pub(crate) async fn close(mut self) {
        self.socket.close(None).await.unwrap();
        while soon(self.socket.next()).await.is_some() {}
    }
}
