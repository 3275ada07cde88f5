//! A server on a port of its own, WebSocket clients, and a plain HTTP client.

mod bare;
mod client;
mod response;

use std::{future::Future, net::SocketAddr, path::Path, time::Duration};

use server::{Config, Sockets, config::Turn};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::oneshot,
    task::JoinHandle,
    time::timeout,
};
use tokio_tungstenite::{
    client_async,
    tungstenite::{client::IntoClientRequest, http::Request},
};

pub(crate) use self::{bare::BareClient, client::Client, response::Response};

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

    /// A connection from another address: any one of 127.0.0.0/8 is this machine.
    pub(crate) async fn tcp_from(&self, ip: &str) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(ip.parse().unwrap(), 0)).unwrap();
        socket.connect(self.address).await.unwrap()
    }

    pub(crate) async fn client(&self) -> Client {
        self.client_at("/ws").await
    }

    /// A client that a proxy at `proxy` speaks for.
    pub(crate) async fn client_behind(&self, proxy: &str, ip: &str) -> Client {
        let mut request: Request<()> =
            format!("ws://{}/ws", self.address).into_client_request().unwrap();
        request.headers_mut().insert("x-forwarded-for", ip.parse().unwrap());
        let (socket, _) = soon(client_async(request, self.tcp_from(proxy).await)).await.unwrap();
        Client { socket }
    }

    /// A client at another address.
    pub(crate) async fn client_from(&self, ip: &str) -> Client {
        Client::over(self.tcp_from(ip).await, &format!("ws://{}/ws", self.address)).await
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
