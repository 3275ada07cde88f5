//! A WebSocket client that does nothing by itself.

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};

use super::{Server, soon};

/// A WebSocket client that does nothing by itself, such as answering pings. Its frames are made by hand.
pub(crate) struct BareClient<S = TcpStream>(pub(crate) S);

impl BareClient {
    pub(crate) async fn connect(server: &Server) -> Self {
        let mut stream = server.tcp().await;
        let request = format!(
            "GET /ws HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
            server.address
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(soon(stream.read_u8()).await.unwrap());
        }
        assert!(head.starts_with(b"HTTP/1.1 101 "));
        Self(stream)
    }
}

impl BareClient {
    /// One that is logged in.
    pub(crate) async fn user(server: &Server, name: &str) -> Self {
        let mut client = Self::connect(server).await;
        client.say(&format!(r#"{{"type":"login","name":"{name}"}}"#)).await;
        let (_, reply) = client.read().await;
        assert!(String::from_utf8_lossy(&reply).contains(r#""success":true"#));
        client
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> BareClient<S> {
    /// Sends one frame, its first byte given (RFC 6455 section 5.2), masked with zeros.
    pub(crate) async fn frame(&mut self, first: u8, payload: &[u8]) {
        let mut frame = vec![first];
        match u8::try_from(payload.len()) {
            Ok(length) if length < 126 => frame.push(0x80 | length),
            _ => {
                frame.push(0x80 | 126);
                frame.extend(u16::try_from(payload.len()).unwrap().to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(payload);
        self.0.write_all(&frame).await.unwrap();
    }

    pub(crate) async fn say(&mut self, json: &str) {
        self.frame(0x81, json.as_bytes()).await;
    }

    /// Reads one short frame: its first byte and its payload.
    pub(crate) async fn read(&mut self) -> (u8, Vec<u8>) {
        let first = soon(self.0.read_u8()).await.unwrap();
        let length = match soon(self.0.read_u8()).await.unwrap() {
            126 => soon(self.0.read_u16()).await.unwrap().into(),
            length => usize::from(length),
        };
        let mut payload = vec![0; length];
        soon(self.0.read_exact(&mut payload)).await.unwrap();
        (first, payload)
    }

    /// Reads up to the close frame, and gives its code.
    pub(crate) async fn is_closed(&mut self) -> u16 {
        loop {
            let (first, payload) = self.read().await;
            if first == 0x88 {
                return u16::from_be_bytes([payload[0], payload[1]]);
            }
        }
    }
}
