//! Sessions that outlive their sockets.

mod restart;
mod socket;

use std::fmt::Debug;

use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_tungstenite::tungstenite::{Message, protocol::CloseFrame};

pub(crate) use restart::roster_with;

use crate::common::{Client, Server};

/// A client that counts, as ours does.
pub(crate) struct Counting<S = TcpStream> {
    pub(crate) client: Client<S>,
    pub(crate) name: String,
    pub(crate) secret: String,
    /// How many messages it has got.
    received: u64,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Counting<S> {
    pub(crate) async fn log_in(mut client: Client<S>, name: &str) -> Self {
        let reply = login(&mut client, json!({"name": name, "received": 0})).await;
        assert_eq!(reply["success"], true, "{reply}");
        assert!(reply.get("received").is_none(), "both begin at 0: {reply}");
        let secret = reply["session"].as_str().unwrap().to_owned();
        assert_eq!(secret.len(), 32, "128 bits");
        Self { client, name: name.to_owned(), secret, received: 0 }
    }

    /// Comes back over another socket. The old one is given back, as it is.
    pub(crate) async fn comes_back<T: AsyncRead + AsyncWrite + Unpin>(
        self,
        mut over: Client<T>,
        more: Value,
    ) -> (Counting<T>, Value, Client<S>) {
        let mut fields =
            json!({"name": self.name, "session": self.secret, "received": self.received});
        fields.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        let reply = login(&mut over, fields).await;
        assert_eq!(reply["success"], true, "{reply}");
        assert_eq!(reply["session"], self.secret.as_str(), "the secret stays");
        let Self { name, secret, mut received, client } = self;
        if reply.get("received").is_none() {
            received = 0;
        }
        (Counting { client: over, name, secret, received }, reply, client)
    }

    pub(crate) async fn hear(&mut self) -> String {
        let heard = self.client.hear().await;
        self.received += 1;
        heard
    }

    pub(crate) async fn hears(&mut self, json: &str) {
        assert_eq!(self.hear().await, json);
    }

    /// The server knows of everything that this client said.
    pub(crate) async fn sync(&mut self) {
        self.client.say(r#"{"type":"ping"}"#).await;
        assert!(self.client.hear().await.starts_with(r#"{"type":"pong""#));
    }

    pub(crate) async fn closes_with(mut self, code: u16) -> Self {
        let frame = CloseFrame { code: code.into(), reason: "".into() };
        self.client.send(Message::Close(Some(frame))).await;
        self
    }
}

/// Sends a login, and gives its answer.
pub(crate) async fn login<S: AsyncRead + AsyncWrite + Unpin>(
    client: &mut Client<S>,
    mut fields: Value,
) -> Value {
    fields["type"] = "login".into();
    client.say(&fields.to_string()).await;
    let reply: Value = serde_json::from_str(&client.hear().await).unwrap();
    assert_eq!(reply["type"], "login", "{reply}");
    reply
}

/// The code with which a login is refused.
pub(crate) async fn refused<S: AsyncRead + AsyncWrite + Unpin>(
    client: &mut Client<S>,
    fields: Value,
) -> String {
    let reply = login(client, fields).await;
    assert_eq!(reply["success"], false, "{reply}");
    reply["code"].as_str().unwrap().to_owned()
}

pub(crate) async fn user(server: &Server, name: &str) -> Counting {
    Counting::log_in(server.client().await, name).await
}

/// Two users in a call with the id `c1`, over sockets of whatever kind. Each has got one message.
pub(crate) async fn in_call<S: AsyncRead + AsyncWrite + Unpin + Debug>(
    alice: &mut Counting<S>,
    bob: &mut Counting<S>,
) {
    alice.client.say(r#"{"type":"offer","name":"bob","offer":1,"call":"c1"}"#).await;
    bob.hears(r#"{"type":"offer","name":"alice","offer":1,"call":"c1"}"#).await;
    bob.client.say(r#"{"type":"answer","answer":2,"call":"c1"}"#).await;
    alice.hears(r#"{"type":"answer","name":"bob","answer":2,"call":"c1"}"#).await;
}

/// Each hears what the other says in their call.
pub(crate) async fn can_talk<S: AsyncRead + AsyncWrite + Unpin + Debug>(
    alice: &mut Counting<S>,
    bob: &mut Counting<S>,
) {
    alice.client.say(r#"{"type":"candidate","candidate":"talk"}"#).await;
    bob.hears(r#"{"type":"candidate","name":"alice","candidate":"talk","call":"c1"}"#).await;
    bob.client.say(r#"{"type":"candidate","candidate":"talk"}"#).await;
    alice.hears(r#"{"type":"candidate","name":"bob","candidate":"talk","call":"c1"}"#).await;
}
