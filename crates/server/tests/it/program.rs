//! The program itself: what it says, and with what it ends.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    net::TcpListener,
    process::{Child, Command, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use tempfile::TempDir;

use crate::{
    common::Client,
    resume::{self, Counting},
};

/// The program while it runs. Dropped, it is killed.
pub(crate) struct Program {
    child: Child,
    pub(crate) address: String,
}

pub(crate) fn pronto() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pronto"));
    for variable in
        std::env::vars().map(|(name, _)| name).filter(|name| name.starts_with("PRONTO_"))
    {
        command.env_remove(variable);
    }
    // What the tests of another program keep is none of the user's business. This is no folder: nothing is kept.
    command.env("PRONTO_STATE", "/dev/null");
    // Its credentials are never the same twice.
    command.env("PRONTO_RELAY", "off");
    command.env_remove("RUST_LOG").stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn text(stream: Option<impl Read>) -> String {
    let mut text = String::new();
    stream.unwrap().read_to_string(&mut text).unwrap();
    text
}

/// Runs it to its end. Gives the exit code and what it wrote to standard error.
fn end(command: &mut Command) -> (Option<i32>, String) {
    let mut child = command.spawn().unwrap();
    let stderr = text(child.stderr.take());
    (child.wait().unwrap().code(), stderr)
}

impl Program {
    /// Starts it, and waits for the line with its address.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut program = Self { child: command.spawn().unwrap(), address: String::new() };
        let mut line = String::new();
        BufReader::new(program.child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let (_, address) = line.strip_prefix("Pronto is at ").unwrap().split_once("://").unwrap();
        address.trim_end().clone_into(&mut program.address);
        program
    }

    pub(crate) async fn client(&self) -> Client {
        let stream = tokio::net::TcpStream::connect(&self.address).await.unwrap();
        Client::over(stream, &format!("ws://{}/ws", self.address)).await
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).unwrap();
        kill_process(id, signal).unwrap();
    }

    /// Waits until it writes this to standard error. Gives what it wrote until then, which is less if it ends before that or takes
    /// too long, for which it is killed.
    pub(crate) fn writes(&mut self, part: &str) -> String {
        let (written, waits) = mpsc::channel::<()>();
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).unwrap();
        let watch = thread::spawn(move || {
            if waits.recv_timeout(Duration::from_secs(10)) == Err(RecvTimeoutError::Timeout) {
                kill_process(id, Signal::KILL).unwrap();
            }
        });
        let (mut text, mut piece) = (String::new(), [0; 4096]);
        while !text.contains(part) {
            let length = self.child.stderr.as_mut().unwrap().read(&mut piece).unwrap();
            if length == 0 {
                break;
            }
            text += &String::from_utf8_lossy(&piece[..length]);
        }
        drop(written);
        watch.join().unwrap();
        text
    }

    /// Waits for its end. Gives the exit code and what it wrote to standard error.
    fn end(mut self) -> (Option<i32>, String) {
        let stderr = text(self.child.stderr.take());
        (self.child.wait().unwrap().code(), stderr)
    }

    pub(crate) fn stop(self) -> (Option<i32>, String) {
        self.signal(Signal::TERM);
        self.end()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn it_says_where_it_is_and_stops_when_it_is_told_to() {
    // The word is what `cargo run server` adds.
    let program = Program::start(pronto().args(["server", "--listen", "127.0.0.1:0"]));
    assert!(std::net::TcpStream::connect(&program.address).is_ok());
    assert_eq!(program.stop().0, Some(0));
}

#[tokio::test]
async fn either_signal_to_stop_lets_its_users_know() {
    for signal in [Signal::TERM, Signal::INT] {
        let program = Program::start(pronto().args(["--listen", "127.0.0.1:0"]));
        let mut user = program.client().await;
        user.log_in("alice").await;
        let start = Instant::now();
        program.signal(signal);
        assert_eq!(user.is_closed().await, 1012, "{signal:?}");
        drop(user);
        let (code, stderr) = program.end();
        assert_eq!(code, Some(0), "{signal:?}: {stderr}");
        assert!(start.elapsed() < Duration::from_secs(5), "{signal:?}: {:?}", start.elapsed());
    }
}

#[tokio::test]
async fn no_log_holds_what_users_say_or_where_they_are() {
    let program = Program::start(
        pronto().args(["--listen", "127.0.0.1:0"]).env("PRONTO_LOG", "trace,tungstenite=trace"),
    );
    let mut clients = Vec::new();
    for name in ["alice", "bob"] {
        let mut client = program.client().await;
        client.log_in(name).await;
        clients.push(client);
    }
    clients[0].say(r#"{"type":"offer","name":"bob","offer":"sdp-192.0.2.1","call":"c1"}"#).await;
    clients[1].hear().await;
    clients[1].say(r#"{"type":"candidate","candidate":"sdp-192.0.2.1"}"#).await;
    clients[0].hear().await;
    clients[0].say(r#"{"type":"login","name":"\u001b[31m"}"#).await;
    clients[0].hear().await;
    let carol = Counting::log_in(program.client().await, "carol").await;
    let (carol, ..) = carol.comes_back(program.client().await, json!({})).await;
    let (_, stderr) = program.stop();
    assert!(stderr.contains("alice") && stderr.contains("carol"), "something is logged: {stderr}");
    for secret in ["sdp", "192.0.2.1", "127.0.0.1", "[31m", &carol.secret] {
        assert!(!stderr.contains(secret), "{secret}: {stderr}");
    }
}

/// Once a minute at most, and by a prefix that is no customer's address.
#[tokio::test]
async fn the_operator_is_told_which_network_takes_all_places() {
    let program =
        Program::start(pronto().args(["--listen", "127.0.0.1:0", "--max-connections", "4"]));
    let mut open = Vec::new();
    for _ in 0..20 {
        open.push(tokio::net::TcpStream::connect(&program.address).await.unwrap());
    }
    // It comes after all of them.
    program.client().await.log_in("alice").await;
    let (_, stderr) = program.stop();
    assert_eq!(stderr.matches("there is no place left").count(), 1, "{stderr}");
    assert!(stderr.contains("network=127.0.0.0/24"), "{stderr}");
    assert!(!stderr.contains("127.0.0.1"), "{stderr}");
}

/// As nginx does of itself: the request comes as HTTP/1.0, without what is between two servers.
#[test]
fn a_web_server_that_does_not_pass_websockets_on_is_told_of() {
    let program = Program::start(pronto().args(["--listen", "127.0.0.1:0"]));
    let key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
    for head in [
        "GET /ws HTTP/1.0\r\nConnection: close\r\n",
        "GET /ws HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n",
        "GET /ws HTTP/1.1\r\nConnection: close\r\n",
    ] {
        let mut stream = std::net::TcpStream::connect(&program.address).unwrap();
        let request = format!("{head}Host: a\r\n{key}\r\n");
        std::io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
        let answer = text(Some(stream));
        assert!(answer.split("\r\n").next().unwrap().contains(" 426 "), "{answer}");
        assert!(answer.contains("does not pass WebSockets on"), "{answer}");
    }
    let (_, stderr) = program.stop();
    assert_eq!(stderr.matches("proxy_http_version 1.1").count(), 1, "{stderr}");
}

/// Each takes an open file, of which the system gives a program a thousand unless it asks for more.
#[tokio::test]
async fn silent_connections_do_not_take_all_open_files() {
    let pronto = pronto();
    let mut command = Command::new("sh");
    // It has 64, and may ask for so many.
    let limited = "ulimit -Sn 64 && ulimit -Hn 1024 && exec \"$0\" --listen 127.0.0.1:0";
    command.arg("-c").arg(limited).arg(pronto.get_program());
    for (name, value) in pronto.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let program = Program::start(&mut command);
    let mut open = Vec::new();
    for _ in 0..1_100 {
        open.push(tokio::net::TcpStream::connect(&program.address).await.unwrap());
    }
    program.client().await.log_in("alice").await;
    let (_, stderr) = program.stop();
    assert!(stderr.contains("files=1024 connections=768"), "{stderr}");
    assert!(!stderr.contains("no connection can be accepted"), "{stderr}");
}

#[test]
fn the_operator_is_told_if_one_network_could_take_all_places() {
    const TOLD: &str = "can take all connections";
    for (arguments, told) in [
        (&[][..], false),
        (&["--max-connections", "16000"], true),
        (&["--max-connections", "16001"], false),
        (&["--max-connections", "1000", "--users-per-address", "50"], false),
        (&["--users-per-address", "5000"], true),
        (&["--max-connections", "100", "--limits", "off"], false),
    ] {
        let mut command = pronto();
        let program = Program::start(command.args(["--listen", "127.0.0.1:0"]).args(arguments));
        let (_, stderr) = program.stop();
        assert_eq!(stderr.contains(TOLD), told, "{arguments:?}: {stderr}");
    }
}

/// What a terminal would take for a command, such as to write a file or to show other text.
#[tokio::test]
async fn nothing_from_outside_commands_the_terminal_that_a_log_is_read_in() {
    let arguments = ["--listen", "127.0.0.1:0", "--trusted-proxy", "127.0.0.1"];
    let program = Program::start(pronto().args(arguments).env("PRONTO_LOG", "trace"));
    let mut client = program.client().await;
    client.log_in("alice").await;
    for said in [
        r#"{"type":"login","name":"\u001b]0;owned\u0007"}"#,
        r#"{"type":"offer","name":"\u009b31m","offer":"\u001b[31m"}"#,
        r#"{"type":"\u001b[2J"}"#,
        "\u{1b}[2J",
        r#"{"type":"leave","reason":"\u001b[2J"}"#,
    ] {
        client.say(said).await;
    }
    for forwarded in [&b"1\x9b31m"[..], "owned\u{9b}31m".as_bytes(), b"\\x1b[31mowned"] {
        let mut request = b"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
            Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nX-Forwarded-For: "
            .to_vec();
        request.extend_from_slice(forwarded);
        request.extend_from_slice(b"\r\n\r\n");
        let mut stream = std::net::TcpStream::connect(&program.address).unwrap();
        std::io::Write::write_all(&mut stream, &request).unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 101");
    }
    let (_, stderr) = program.stop();
    assert!(stderr.contains("a proxy's header cannot be read"), "it reaches the log: {stderr}");
    let told = stderr.matches("a trusted proxy does not tell whom it speaks for").count();
    assert_eq!(told, 1, "once, however often it happens: {stderr}");
    let commands = |char: &char| char.is_control() && *char != '\n';
    assert_eq!(stderr.chars().find(commands), None, "{stderr:?}");
}

/// On a disk that is full, and in a pipe that nobody reads any more.
#[tokio::test]
async fn a_log_that_cannot_be_written_ends_nothing() {
    let full = || Stdio::from(File::options().write(true).open("/dev/full").unwrap());
    let unread = || Stdio::from(std::io::pipe().unwrap().1);
    for log in [full(), unread()] {
        let mut command = pronto();
        command.args(["--listen", "127.0.0.1:0"]).env("PRONTO_LOG", "debug").stderr(log);
        let mut program = Program::start(&mut command);
        let (mut alice, mut bob) = (program.client().await, program.client().await);
        alice.log_in("alice").await;
        bob.log_in("bob").await;
        alice.call("alice", &mut bob, "bob").await;
        alice.close().await;
        bob.hear().await;
        program.signal(Signal::TERM);
        assert_eq!(program.child.wait().unwrap().code(), Some(0));
    }
}

/// Not a moment is left to write anything down, nor to tell anybody.
#[tokio::test]
async fn a_program_that_is_killed_knows_who_was_there_when_it_starts_again() {
    let state = TempDir::new().unwrap();
    let start = |listen: &str| {
        Program::start(pronto().args(["--listen", listen, "--state"]).arg(state.path()))
    };
    let mut program = start("127.0.0.1:0");
    let mut alice = Counting::log_in(program.client().await, "alice").await;
    let mut bob = Counting::log_in(program.client().await, "bob").await;
    resume::in_call(&mut alice, &mut bob).await;
    resume::roster_with(state.path(), 2, "+ ").await;
    let address = program.address.clone();
    program.child.kill().unwrap();
    program.child.wait().unwrap();

    let program = start(&address);
    let mut stranger = program.client().await;
    let code = resume::refused(&mut stranger, json!({"name": "bob", "received": 0})).await;
    assert_eq!(code, "name_taken");
    let is_in = |peer: &str| json!({"peer": peer, "call": "c1"});
    let (mut alice, ..) = alice.comes_back(program.client().await, is_in("bob")).await;
    let (mut bob, ..) = bob.comes_back(program.client().await, is_in("alice")).await;
    alice.hears(r#"{"type":"restored","name":"bob","call":"c1"}"#).await;
    bob.hears(r#"{"type":"restored","name":"alice","call":"c1"}"#).await;
    resume::can_talk(&mut alice, &mut bob).await;
}

#[test]
fn options_can_be_environment_variables() {
    let program = Program::start(
        pronto().env("PRONTO_LISTEN", "127.0.0.2:0").env("PRONTO_STUN_URL", "stun:a,stun:b"),
    );
    assert!(program.address.starts_with("127.0.0.2:"), "{}", program.address);
    assert_eq!(program.stop().0, Some(0));
}

#[test]
fn an_address_everywhere_is_told_as_one_that_can_be_opened() {
    let program = Program::start(pronto().args(["--listen", "0.0.0.0:0"]));
    assert!(program.address.starts_with("localhost:"), "{}", program.address);
}

#[test]
fn limits_off_is_loud() {
    let program = Program::start(pronto().args(["--listen", "127.0.0.1:0", "--limits", "off"]));
    let (_, stderr) = program.stop();
    assert!(stderr.contains("WARN") && stderr.contains("LIMITS ARE OFF"), "{stderr}");
}

#[test]
fn a_page_that_is_not_there_is_missed_at_once() {
    let folder = TempDir::new().unwrap();
    let said = || {
        let mut command = pronto();
        command.args(["--listen", "127.0.0.1:0", "--web-root"]).arg(folder.path());
        Program::start(&mut command).stop().1
    };
    assert!(said().contains("there is no page there"));
    std::fs::write(folder.path().join("index.html"), "<p>").unwrap();
    assert!(!said().contains("there is no page there"));
}

#[test]
fn what_is_wrong_is_told_in_words() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for (arguments, words) in [
        (&["--listen", &taken][..], "choose another with --listen"),
        (
            &["--listen", "127.0.0.1:0", "--tls", "self-signed", "--redirect", &taken],
            "is in use already: stop what listens there, or choose another with --redirect",
        ),
        (&["--listen", "192.0.2.1:9090"], "not an address of this machine"),
        (&["--listen", "nonsense"], "an address and a port"),
        (&["--stun-url", "http://a"], "a STUN server is named as"),
        (&["--allow-origin", "a"], "an origin is http://host"),
        (&["--unknown"], "unexpected argument"),
    ] {
        let (code, stderr) = end(pronto().args(arguments));
        assert_eq!(code, Some(2), "{arguments:?}: {stderr}");
        assert!(stderr.contains(words), "{arguments:?}: {stderr}");
        assert!(!stderr.contains("panicked") && !stderr.contains("Os {"), "{stderr}");
    }
    let (code, stderr) = end(pronto().env("PRONTO_LOG", "=!="));
    assert_eq!(code, Some(2));
    assert!(stderr.contains("PRONTO_LOG"), "{stderr}");
}
