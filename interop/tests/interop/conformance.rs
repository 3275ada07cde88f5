//! The Autobahn cases (RFC 6455) against an echo on the server's own socket: its reader, its settings of the WebSocket
//! library. Only the largest message is another, since some cases send up to 16 MiB.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use interop::run_within;
use server::connection::{ReadOnDemand, websocket_config};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{
    accept_async_with_config,
    tungstenite::{Message, protocol::WebSocketConfig},
};

/// The largest message of any case, in bytes.
const LARGEST: usize = 16 << 20;

/// What is not played: compression (12 and 13), which the server does not offer, see [`websocket_config`].
const LEFT_OUT: [&str; 4] = ["-x", "12.*", "-x", "13.*"];

/// How long all of them may take: some send 16 MiB (9), and the player of the cases is slower than the echo.
const PATIENCE: Duration = Duration::from_secs(300);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_autobahn_cases_find_no_fault() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(echo(stream));
        }
    });
    let reports = tempfile::tempdir().unwrap();
    let folder = reports.path().to_str().unwrap();
    let arguments =
        [&["-m", "fuzzingclient", "-o", folder, "-p", "4"], &LEFT_OUT[..], &[&address]].concat();
    let played = run_within(PATIENCE, "KOSOKU", &arguments).await.unwrap();

    let index = std::fs::read_to_string(reports.path().join("index.json")).unwrap();
    let index: serde_json::Value = serde_json::from_str(&index).unwrap();
    let mut count = 0;
    let mut bad = Vec::new();
    for (case, result) in index.as_object().unwrap().values().flat_map(|a| a.as_object().unwrap()) {
        count += 1;
        for what in ["behavior", "behaviorClose"] {
            let said = result[what].as_str().unwrap();
            if !["OK", "NON-STRICT", "INFORMATIONAL"].contains(&said) {
                bad.push(format!("{case}: {what} {said}"));
            }
        }
    }
    assert!(count > 250, "{count} cases were played: {}", played.text);
    assert!(bad.is_empty(), "{bad:#?}");
}

async fn echo(stream: TcpStream) {
    let config: WebSocketConfig = websocket_config()
        .max_message_size(Some(LARGEST))
        .max_frame_size(Some(LARGEST))
        .max_write_buffer_size(2 * LARGEST);
    let stream = ReadOnDemand::new(stream);
    let Ok(mut socket) = accept_async_with_config(stream, Some(config)).await else { return };
    while let Some(Ok(message)) = socket.next().await {
        if matches!(message, Message::Text(_) | Message::Binary(_))
            && socket.send(message).await.is_err()
        {
            return;
        }
    }
}
