//! A server that means harm to those who examine it (`pronto doctor`).

use std::{
    net::SocketAddr,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use doctor::{Examination, LONGEST, Target, Trouble, Unreached, examine};
use futures_util::{SinkExt, StreamExt};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, UdpSocket},
    task::JoinHandle,
};
use tokio_tungstenite::{accept_async, tungstenite::Message};

use crate::common::soon;

/// Each of these would do something to a terminal, or turn a line around.
const COMMANDS: &str =
    "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\r\n\u{202e}\u{2066}\u{200f}\u{feff}\u{2028}\u{8}";

/// A server that answers a login with what it likes. It serves until it is dropped.
struct Hostile {
    address: SocketAddr,
    serving: JoinHandle<()>,
}

impl Drop for Hostile {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Hostile {
    /// It says this after each message.
    async fn saying(words: Vec<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let words = words.clone();
                tokio::spawn(async move {
                    let Ok(mut socket) = accept_async(stream).await else { return };
                    while let Some(Ok(message)) = socket.next().await {
                        if !message.is_text() {
                            continue;
                        }
                        for words in &words {
                            let _ = socket.send(Message::text(words)).await;
                        }
                    }
                });
            }
        });
        Self { address, serving }
    }

    /// It welcomes everybody, and names these relays.
    async fn naming(urls: &[String]) -> Self {
        let server = serde_json::json!({"urls": urls, "username": "u", "credential": "c"});
        let welcome = serde_json::json!({
            "type": "login", "success": true, "name": "x", "version": 1, "iceServers": [server],
        });
        Self::saying(vec![welcome.to_string()]).await
    }

    fn target(&self) -> Target {
        format!("http://{}", self.address).parse().unwrap()
    }

    async fn examined(&self) -> Result<Examination, Unreached> {
        soon(examine(&self.target())).await
    }
}

/// Everything that a server says stands in one line, without commands, and is not endless.
#[track_caller]
fn assert_harmless(said: &str) {
    let lines = said.split('\n').count();
    assert!(lines < 60, "{lines} lines");
    for line in said.split('\n') {
        let is_bad = |letter: char| {
            letter.is_control()
                || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
        };
        assert!(!line.contains(is_bad), "{line:?}");
        assert!(line.chars().count() < 500, "{line:?}");
    }
}

#[tokio::test]
async fn nothing_that_a_server_says_commands_the_terminal() {
    let why = format!("no{COMMANDS}Calls work from here.{}", "x".repeat(20_000));
    let refusal = serde_json::json!({
        "type": "login", "success": false, "code": "rate_limited", "message": why,
    });
    let server = Hostile::saying(vec![refusal.to_string()]).await;
    let refused = server.examined().await.unwrap_err().to_string();
    assert!(refused.contains("lets nobody in: no"), "{refused}");
    assert_harmless(&refused);
    // A host that is none is looked up, and fails; what follows the address is shown.
    let urls = [
        format!("turn:a{COMMANDS}b:1?transport=tcp"),
        format!("turn:{}?transport=tcp", "y".repeat(9_000)),
    ];
    let server = Hostile::naming(&urls).await;
    assert_harmless(&server.examined().await.unwrap().to_string());
    // As the program prints it.
    let target = server.target().to_string();
    let printed = tokio::task::spawn_blocking(move || {
        Command::new(env!("CARGO_BIN_EXE_pronto")).args(["doctor", &target]).output().unwrap()
    });
    let printed = soon(printed).await.unwrap();
    assert_harmless(&String::from_utf8(printed.stdout).unwrap());
}

#[tokio::test]
async fn a_server_does_not_make_the_doctor_knock_at_doors_without_end() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let (open, most, all) = (
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicUsize::new(0)),
    );
    let counting = {
        let (open, most, all) = (Arc::clone(&open), Arc::clone(&most), Arc::clone(&all));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let open = Arc::clone(&open);
                all.fetch_add(1, Ordering::SeqCst);
                most.fetch_max(open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::spawn(async move {
                    // It hears the first request, and hangs up a little later.
                    let _ = stream.read(&mut [0; 512]).await;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        })
    };
    let urls = vec![format!("turn:127.0.0.1:{}?transport=tcp", at.port()); 1_000];
    let found = Hostile::naming(&urls).await.examined().await.unwrap();
    counting.abort();
    assert_eq!((found.paths.len(), found.untried), (16, 984));
    assert!(found.to_string().contains("984"), "{found}");
    assert_eq!(all.load(Ordering::SeqCst), 16);
    assert!(most.load(Ordering::SeqCst) <= 4, "{} at once", most.load(Ordering::SeqCst));
}

/// Relays that accept and stay silent, and a name server that finds nothing.
#[tokio::test(start_paused = true)]
async fn a_server_whose_relays_stay_silent_is_examined_in_bounded_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let tcp = format!("turn:{}?transport=tcp", listener.local_addr().unwrap());
    let tls = format!("turns:{}?transport=tcp", listener.local_addr().unwrap());
    let udp = format!("turn:{}?transport=udp", silent.local_addr().unwrap());
    let stun = format!("stun:{}", silent.local_addr().unwrap());
    let mut urls: Vec<_> = std::iter::repeat_n([tcp, tls, udp], 30).flatten().collect();
    urls.push(stun);
    let server = Hostile::naming(&urls).await;
    let begin = tokio::time::Instant::now();
    let found = examine(&server.target()).await.unwrap();
    assert!(begin.elapsed() <= LONGEST, "{:?}", begin.elapsed());
    assert!(found.paths.iter().all(|path| path.outcome == Err(Trouble::NoAnswer)), "{found}");
    assert!(found.to_string().contains("nothing comes back"), "{found}");
}

/// At every step of reaching the server.
#[tokio::test(start_paused = true)]
async fn a_server_that_stays_silent_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = silent.local_addr().unwrap();
    for scheme in ["http", "https"] {
        let begin = tokio::time::Instant::now();
        let why = examine(&format!("{scheme}://{at}").parse().unwrap()).await.unwrap_err();
        assert!(begin.elapsed() <= LONGEST, "{:?}", begin.elapsed());
        assert!(why.to_string().contains("answer"), "{why}");
    }
    // One that lets in and then says nothing, and one that talks of something else without end.
    for words in [vec![], vec!["[1]".to_owned(); 3]] {
        let server = Hostile::saying(words).await;
        let begin = tokio::time::Instant::now();
        let why = examine(&server.target()).await.unwrap_err();
        assert!(begin.elapsed() <= LONGEST, "{:?}", begin.elapsed());
        assert!(matches!(why, Unreached::NotPronto), "{why}");
    }
}

#[tokio::test]
async fn a_server_that_says_too_much_is_given_up() {
    // A message beyond all that a server of Pronto's says.
    let server = Hostile::saying(vec!["x".repeat(1 << 20)]).await;
    assert!(matches!(server.examined().await, Err(Unreached::NotPronto)));
    // The head of an HTTP answer without end.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let written = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut written = 0;
        let _ = stream.write_all(b"HTTP/1.1 101 Switching Protocols\r\nX: ").await;
        while stream.write_all(&[b'x'; 1024]).await.is_ok() && written < 64 << 20 {
            written += 1024;
        }
        written
    });
    let why = soon(examine(&format!("http://{at}").parse().unwrap())).await.unwrap_err();
    assert!(matches!(why, Unreached::NoWebSocket(_) | Unreached::NotPronto), "{why}");
    assert!(soon(written).await.unwrap() < 16 << 20, "it was read to no end");
    // An answer that sends elsewhere is not followed.
    let elsewhere = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (at, to) = (listener.local_addr().unwrap(), elsewhere.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 1024]).await;
        let answer =
            format!("HTTP/1.1 302 Found\r\nLocation: http://{to}/ws\r\nContent-Length: 0\r\n\r\n");
        let _ = stream.write_all(answer.as_bytes()).await;
    });
    let why = soon(examine(&format!("http://{at}").parse().unwrap())).await.unwrap_err();
    assert!(matches!(why, Unreached::Elsewhere(_)), "{why}");
    let followed = elsewhere.accept();
    assert!(tokio::time::timeout(Duration::from_millis(50), followed).await.is_err());
}
