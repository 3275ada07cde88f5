//! Bytes that are no WebSocket frames, and frames that are too much.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::Victims;
use crate::common::{BareClient, Server, soon};

/// A length that is too large is believed by nobody: the socket is closed before any of it has come.
#[tokio::test]
async fn oversize_frames() {
    let server = Server::start().await;
    let mut victims = Victims::at(&server).await;
    for opcode in [0x81, 0x82, 0x01] {
        for length in [65_537, 8 << 20, u64::from(u32::MAX), (1 << 63) - 1] {
            let mut client = BareClient::connect(&server).await;
            let mut head = vec![opcode, 0xff];
            head.extend(length.to_be_bytes());
            head.extend([0; 4]);
            client.0.write_all(&head).await.unwrap();
            assert_eq!(client.is_closed().await, 1009, "{opcode:x} {length}");
        }
    }
    // In parts, each of which is small enough.
    let mut client = BareClient::user(&server, "mallory").await;
    client.frame(0x01, &[b'x'; 60_000]).await;
    client.frame(0x00, &[b'x'; 60_000]).await;
    assert_eq!(client.is_closed().await, 1009);
    victims.notice_nothing().await;
}

/// Fragments as small as can be are put together; fragments without end are no sign of life, and delay nobody.
#[tokio::test]
async fn fragmented_frames() {
    let beat = Duration::from_secs(1);
    let server = Server::with(|config| (config.timing.ping, config.timing.pong) = (beat, beat));
    let server = server.await;
    let mut client = BareClient::connect(&server).await;
    client.frame(0x01, b"").await;
    for byte in br#"{"type":"ping"}"# {
        client.frame(0x00, &[*byte]).await;
    }
    client.frame(0x80, b"").await;
    assert_eq!(client.read().await, (0x81, br#"{"type":"pong"}"#.to_vec()));

    let (mut reader, mut writer) = BareClient::user(&server, "mallory").await.0.into_split();
    let endless = tokio::spawn(async move {
        let fragments =
            [&[0x01, 0x80, 0, 0, 0, 0][..], &[0, 0x80, 0, 0, 0, 0].repeat(2_000)].concat();
        let _ = writer.write_all(&fragments).await;
        // Until the server has closed.
        while writer.write_all(&fragments[6..]).await.is_ok() {}
    });
    let mut victims = Victims::at(&server).await;
    let talking = async {
        loop {
            victims.notice_nothing().await;
        }
    };
    let mut said = Vec::new();
    tokio::select! {
        () = talking => {}
        // Reset or closed, as long as it ends.
        _ = soon(reader.read_to_end(&mut said)) => {}
    }
    let dead = 4001_u16.to_be_bytes();
    assert!(said.windows(2).any(|code| code == dead), "{said:x?}");
    soon(endless).await.unwrap();
}

/// Whatever the bytes are, the socket is closed, or waits for more until its time is up.
#[tokio::test]
async fn malformed_frames() {
    let short = Duration::from_millis(300);
    let server = Server::with(|config| config.timing.login = Some(short)).await;
    let mut victims = Victims::at(&server).await;
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut clients = Vec::new();
    for length in 0..128 {
        let bytes: Vec<u8> = std::iter::repeat_with(|| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            (random >> 32) as u8
        })
        .take(length)
        .collect();
        let mut client = BareClient::connect(&server).await;
        client.0.write_all(&bytes).await.unwrap();
        clients.push(client);
        victims.notice_nothing().await;
    }
    for mut client in clients {
        let mut said = Vec::new();
        // Reset or closed, as long as it ends.
        let _ = soon(client.0.read_to_end(&mut said)).await;
    }
    victims.notice_nothing().await;
}
