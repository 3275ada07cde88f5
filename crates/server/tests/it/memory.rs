//! A connection over a stream in memory, without a server around it. On a runtime of one thread, what the test puts
//! into its mailbox is all there before the connection runs.

use std::sync::Arc;

use futures_util::{SinkExt, StreamExt};
use protocol::UserName;
use server::{
    Config,
    connection::{Shared, serve, websocket_config},
    directory::LocalDirectory,
    session::{Body, CallKey, Envelope},
};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, protocol::Role},
};
use tokio_util::sync::CancellationToken;

use crate::common::soon;

/// Starts a connection that has `far` as its socket, and logs in over `near`.
pub(crate) async fn log_in<S>(
    directory: &LocalDirectory,
    name: &str,
    near: DuplexStream,
    far: S,
) -> WebSocketStream<DuplexStream>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    tokio::spawn(connection(directory, far).await);
    let mut client = WebSocketStream::from_raw_socket(near, Role::Client, None).await;
    client.send(Message::text(format!(r#"{{"type":"login","name":"{name}"}}"#))).await.unwrap();
    soon(client.next()).await.unwrap().unwrap();
    client
}

/// The task of a connection.
pub(crate) async fn connection<S>(
    directory: &LocalDirectory,
    far: S,
) -> impl Future<Output = ()> + Send + use<S>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let (config, stop) = (Config::default(), CancellationToken::new());
    let shared = Arc::new(Shared::new(directory.clone(), &config, stop));
    let socket =
        WebSocketStream::from_raw_socket(far, Role::Server, Some(websocket_config())).await;
    serve(socket, shared)
}

/// What alice's session says.
pub(crate) fn from_alice(body: Body) -> Envelope {
    Envelope { from: UserName::parse("alice").unwrap(), call: CallKey::Numbered(1), body }
}
