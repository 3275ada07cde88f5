//! A server on a port of its own, WebSocket clients, and a plain HTTP client.

use std::{future::Future, net::SocketAddr, path::Path, time::Duration};

use futures_util::{FutureExt, SinkExt, StreamExt};
use server::{Config, Sockets, config::Turn};
use tempfile::TempDir;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest, http::Request, protocol::CloseFrame},
};

/// How long a test waits for what must happen. Far longer than it takes: the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits for what must happen.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(PATIENCE, what).await.expect("this should have happened by now")
}

/// A server. It is stopped when dropped, though only [`Self::stop`] waits for it.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    web_root: TempDir,
    stop: oneshot::Sender<()>,
    running: JoinHandle<std::io::Result<()>>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(configure: impl FnOnce(&mut Config)) -> Self {
        Self::listening_on("127.0.0.1:0", configure).await
    }

    pub(crate) async fn listening_on(listen: &str, configure: impl FnOnce(&mut Config)) -> Self {
        let web_root = TempDir::new().unwrap();
        let web = web_root.path().join("dist");
        // Who wants a relay says so: its credentials are never the same twice.
        let mut config = Config { web_root: web, turn: Turn::Off, ..Config::default() };
        configure(&mut config);
        let listener = Sockets::bind(listen).await.unwrap();
        Self::on(listener, config, web_root)
    }

    /// With another listener, which sends plain HTTP on.
    pub(crate) async fn redirecting_from(
        redirect: TcpListener,
        configure: impl FnOnce(&mut Config),
    ) -> Self {
        let web_root = TempDir::new().unwrap();
        let mut config = Config { turn: Turn::Off, ..Config::default() };
        configure(&mut config);
        let sockets = Sockets::bind("127.0.0.1:0").await.unwrap().redirecting_from(redirect);
        Self::on(sockets, config, web_root)
    }

    fn on(listener: Sockets, config: Config, web_root: TempDir) -> Self {
        let port = listener.local_addr().unwrap().port();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(server::run(listener, config, async {
            let _ = stopped.await;
        }));
        Self { address, web_root, stop, running }
    }

    /// The directory that holds `dist`, the page's.
    pub(crate) fn files(&self) -> &Path {
        self.web_root.path()
    }

    pub(crate) async fn stop(self) {
        self.stop.send(()).unwrap();
        soon(self.running).await.unwrap().unwrap();
    }

    pub(crate) async fn tcp(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    pub(crate) async fn client(&self) -> Client {
        self.client_at("/ws").await
    }

    /// A client whose handshake has one more header.
    pub(crate) async fn client_with(&self, name: &str, value: &str) -> Client {
        let mut request: Request<()> =
            format!("ws://{}/ws", self.address).into_client_request().unwrap();
        let name: tokio_tungstenite::tungstenite::http::HeaderName = name.parse().unwrap();
        request.headers_mut().insert(name, value.parse().unwrap());
        let (socket, _) = soon(client_async(request, self.tcp().await)).await.unwrap();
        Client { socket }
    }

    pub(crate) async fn client_at(&self, path: &str) -> Client {
        Client::over(self.tcp().await, &format!("ws://{}{path}", self.address)).await
    }

    /// A client that is logged in.
    pub(crate) async fn user(&self, name: &str) -> Client {
        let mut client = self.client().await;
        client.log_in(name).await;
        client
    }

    /// Two users in a call with the id `c1`.
    pub(crate) async fn call(&self, caller: &str, callee: &str) -> (Client, Client) {
        let (mut from, mut to) = (self.user(caller).await, self.user(callee).await);
        from.call(caller, &mut to, callee).await;
        (from, to)
    }

    /// Tries a WebSocket handshake with more headers. Gives the HTTP status of the answer.
    pub(crate) async fn handshake(&self, headers: &[(&str, &str)]) -> u16 {
        let mut request: Request<()> =
            format!("ws://{}/ws", self.address).into_client_request().unwrap();
        for (name, value) in headers {
            let name: tokio_tungstenite::tungstenite::http::HeaderName = name.parse().unwrap();
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        match soon(client_async(request, self.tcp().await)).await {
            Ok((_, response)) => response.status().as_u16(),
            Err(tokio_tungstenite::tungstenite::Error::Http(response)) => {
                response.status().as_u16()
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// Makes a plain HTTP request.
    pub(crate) async fn get(&self, path: &str, headers: &str) -> Response {
        let host = self.address;
        self.http(&format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n"
        ))
        .await
    }

    /// Sends what may be an HTTP request, and reads the answer to its end.
    pub(crate) async fn http(&self, request: &str) -> Response {
        let mut stream = self.tcp().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        soon(stream.read_to_end(&mut answer)).await.unwrap();
        Response::parse(&answer)
    }
}

/// An HTTP response.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
}

impl Response {
    fn parse(answer: &[u8]) -> Self {
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a whole head");
        let head = String::from_utf8(answer[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, head, body: answer[end + 4..].to_vec() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

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
