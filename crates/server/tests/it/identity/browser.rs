//! A browser, as far as it signs in: it has cookies, and goes where it is sent.

use std::{collections::BTreeMap, net::SocketAddr};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::common::{Client, Response, Server, soon};

/// A browser at a server.
pub(crate) struct Browser {
    server: SocketAddr,
    pub(crate) cookies: BTreeMap<String, String>,
}

impl Browser {
    pub(crate) fn at(server: &Server) -> Self {
        Self { server: server.address, cookies: BTreeMap::new() }
    }

    /// The same one, with all that it remembers, at a server that has started anew.
    pub(crate) fn again_at(self, server: &Server) -> Self {
        Self { server: server.address, ..self }
    }

    /// Makes a request of the server, and keeps the cookies that it sets.
    pub(crate) async fn ask(&mut self, method: &str, path: &str, headers: &str) -> Response {
        let cookies: Vec<_> = self.cookies.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let cookies = match cookies.is_empty() {
            true => String::new(),
            false => format!("Cookie: {}\r\n", cookies.join("; ")),
        };
        let server = self.server;
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\nContent-Length: 0\r\n{cookies}{headers}\r\n"
        );
        let response = http(server, &request).await;
        for line in response.headers("set-cookie") {
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            if line.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        response
    }

    pub(crate) async fn get(&mut self, path: &str) -> Response {
        self.ask("GET", path, "").await
    }

    /// As a page of the server's own does.
    pub(crate) async fn post(&mut self, path: &str) -> Response {
        let origin = format!("Origin: http://{}\r\n", self.server);
        self.ask("POST", path, &origin).await
    }

    /// Leaves for the provider, and comes back as far as to the address that the provider sends it to: a path of the server.
    pub(crate) async fn leave_for(&mut self, id: &str) -> String {
        let response = self.get(&format!("/auth/sign-in/{id}")).await;
        assert_eq!(response.status, 303, "{response:?}");
        let there = response.header("location").unwrap().to_owned();
        let (host, path) = there.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let request = format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        let response = http(host.parse().unwrap(), &request).await;
        assert_eq!(response.status, 303, "{there}: {response:?}");
        let back = response.header("location").unwrap();
        back.strip_prefix(&format!("http://{}", self.server)).unwrap().to_owned()
    }

    /// Signs in with a provider. Gives where the page is in the end.
    pub(crate) async fn sign_in(&mut self, id: &str) -> String {
        let back = self.leave_for(id).await;
        self.come_back(&back).await
    }

    pub(crate) async fn come_back(&mut self, path: &str) -> String {
        let response = self.get(path).await;
        assert_eq!(response.status, 303, "{response:?}");
        assert_eq!(response.header("cache-control"), Some("no-store"));
        // Beside the page, wherever that is.
        response.header("location").unwrap().strip_prefix("../..").unwrap().to_owned()
    }

    pub(crate) async fn options(&mut self) -> Value {
        let response = self.get("/auth/options").await;
        assert_eq!(response.status, 200, "{response:?}");
        assert_eq!(response.header("content-type"), Some("application/json"));
        serde_json::from_slice(&response.body).unwrap()
    }

    pub(crate) async fn ticket(&mut self) -> String {
        let response = self.post("/auth/ticket").await;
        assert_eq!(response.status, 200, "{response:?}");
        let said: Value = serde_json::from_slice(&response.body).unwrap();
        said["ticket"].as_str().unwrap().to_owned()
    }

    /// Opens a WebSocket and logs in with a ticket and more. Gives the answer, too.
    pub(crate) async fn log_in(&mut self, server: &Server, more: Value) -> (Client, Value) {
        let ticket = self.ticket().await;
        let mut client = server.client().await;
        let mut login = json!({"type": "login", "name": "", "ticket": ticket});
        for (key, value) in more.as_object().unwrap() {
            login[key] = value.clone();
        }
        let reply = log_in(&mut client, login).await;
        (client, reply)
    }
}

/// Logs in with these fields. Gives the answer.
pub(crate) async fn log_in(client: &mut Client, mut login: Value) -> Value {
    login["type"] = json!("login");
    client.say(&login.to_string()).await;
    serde_json::from_str(&client.hear().await).unwrap()
}

pub(crate) async fn http(server: SocketAddr, request: &str) -> Response {
    let mut stream = TcpStream::connect(server).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    soon(stream.read_to_end(&mut answer)).await.unwrap();
    Response::parse(&answer)
}
