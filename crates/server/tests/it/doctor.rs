//! The doctor, before the real server.

use doctor::{Target, Transport, Trouble, Unreached, Verdict, examine};
use identity::{Guests, ProviderSettings, Settings};
use relay::Secret;
use server::config::Turn;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{
    common::{Server, soon},
    program::{Program, pronto},
    tls::secure_with,
};

fn target(scheme: &str, server: &Server) -> Target {
    format!("{scheme}://localhost:{}", server.address.port()).parse().unwrap()
}

#[tokio::test]
async fn every_way_to_the_relay_works_and_is_timed() {
    let server = Server::with(|config| config.turn = Turn::default()).await;
    let found = soon(examine(&target("http", &server))).await.unwrap();
    let transports: Vec<_> = found.paths.iter().map(|path| path.transport).collect();
    assert_eq!(transports, [Transport::Udp, Transport::Tcp]);
    for path in &found.paths {
        let carried = path.outcome.clone().unwrap();
        assert!(!carried.ready.is_zero() && !carried.round_trip.is_zero(), "{path:?}");
    }
    assert_eq!(found.verdict(), Verdict::Work(Transport::Udp));
    assert_eq!(found.address, server.address);
    assert_eq!((found.timings.tls, found.certificate.clone()), (None, None));
    let seen = found.seen_as.unwrap();
    assert_eq!(seen.seen, seen.own);
    assert!(found.to_string().contains("Calls work from here."), "{found}");
    // The name it had is free, and its allocations are gone with it: it can come again and again.
    for _ in 0..3 {
        let again = soon(examine(&target("http", &server))).await.unwrap();
        assert_eq!(again.verdict(), Verdict::Work(Transport::Udp));
    }
    server.stop().await;
}

#[tokio::test]
async fn over_tls_there_is_one_way_more_and_the_certificate_is_judged() {
    let (server, _state) = secure_with(|config| config.turn = Turn::default()).await;
    let found = soon(examine(&target("https", &server))).await.unwrap();
    let works: Vec<_> =
        found.paths.iter().map(|path| (path.transport, path.outcome.is_ok())).collect();
    let expected = [Transport::Udp, Transport::Tcp, Transport::Tls].map(|way| (way, true));
    assert_eq!(works, expected);
    assert!(found.timings.tls.is_some());
    assert!(found.certificate.is_some(), "nobody has vouched for it");
    assert!(found.to_string().contains("not trusted here"), "{found}");
    server.stop().await;
}

#[tokio::test]
async fn a_server_without_a_relay_promises_nothing() {
    let server = Server::start().await;
    let found = soon(examine(&target("http", &server))).await.unwrap();
    assert_eq!(found.verdict(), Verdict::NoRelay);
    assert!(found.to_string().contains("This server relays nothing"), "{found}");
    server.stop().await;
}

#[tokio::test]
async fn relays_that_cannot_be_used_are_told_apart() {
    let stranger = Server::with(|config| config.turn = Turn::default()).await;
    let port = stranger.address.port();
    let nobody = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let urls = [
        format!("turn:127.0.0.1:{port}?transport=udp"),
        format!("turn:127.0.0.1:{port}?transport=tcp"),
        format!("turn:127.0.0.1:{nobody}?transport=tcp"),
        format!("turns:127.0.0.1:{port}?transport=tcp"),
        "turn:no-such-host.invalid?transport=tcp".to_owned(),
    ];
    let server = Server::with(|config| {
        let urls = urls.iter().map(|url| url.parse().unwrap()).collect();
        config.turn = Turn::Fleet { urls, secret: Secret::new("not the stranger's") };
    })
    .await;
    let found = soon(examine(&target("http", &server))).await.unwrap();
    let outcomes: Vec<_> =
        found.paths.iter().map(|path| path.outcome.clone().unwrap_err()).collect();
    assert_eq!(
        [&outcomes[..3], &outcomes[4..]].concat(),
        [
            Trouble::Denied(Some(401)),
            Trouble::Denied(Some(401)),
            Trouble::Refused,
            Trouble::Unknown
        ]
    );
    assert!(matches!(outcomes[3], Trouble::Broken(_)), "{:?}", outcomes[3]);
    assert_eq!(found.verdict(), Verdict::Refused, "it is no firewall");
    let said = found.to_string();
    let meaning = "the relay refuses: it does not accept the credentials that the server gives out";
    assert!(said.contains("Calls do not work from here") && said.contains(meaning), "{said}");
    server.stop().await;
    stranger.stop().await;
}

#[tokio::test]
async fn relays_that_nothing_gets_through_to_are_blocked_and_do_not_refuse() {
    let nobody = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let server = Server::with(|config| {
        let urls = vec![format!("turn:127.0.0.1:{nobody}?transport=tcp").parse().unwrap()];
        config.turn = Turn::Fleet { urls, secret: Secret::new("north") };
    })
    .await;
    let found = soon(examine(&target("http", &server))).await.unwrap();
    assert_eq!(found.verdict(), Verdict::Blocked);
    assert!(!found.to_string().contains("refuses"), "{found}");
    server.stop().await;
}

/// It listens at one port, is reached at another that is mapped to it, and names the first for its relay.
#[tokio::test]
async fn a_relay_behind_a_mapped_port_is_said_to_be() {
    let nobody = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    for (host, told) in [("localhost", true), ("127.0.0.1", false)] {
        let server = Server::with(|config| {
            let urls = vec![format!("turn:{host}:{nobody}?transport=tcp").parse().unwrap()];
            config.turn = Turn::Fleet { urls, secret: Secret::new("north") };
        })
        .await;
        let said = soon(examine(&target("http", &server))).await.unwrap().to_string();
        let cure = format!("--public-host localhost:{}", server.address.port());
        let named =
            said.contains(&format!("names port {nobody} for its relay")) && said.contains(&cure);
        assert_eq!(named, told, "{said}");
        server.stop().await;
    }
}

#[tokio::test]
async fn a_server_that_takes_no_guests_says_so() {
    let provider = ProviderSettings::new("https://a.example", "us").unwrap();
    let settings = Settings::new(vec![provider], Guests::Refuse).unwrap();
    let server = Server::with(|config| config.identity = Some(settings)).await;
    let why = soon(examine(&target("http", &server))).await.unwrap_err();
    assert!(why.to_string().contains("takes no guests"), "{why}");
    server.stop().await;
}

/// As a port that speaks HTTPS does with whoever comes by HTTP.
#[tokio::test]
async fn a_server_that_sends_elsewhere_is_said_to() {
    let (server, _state) = secure_with(|config| config.turn = Turn::default()).await;
    let said = soon(examine(&target("http", &server))).await.unwrap_err().to_string();
    let https = format!("try that one: https://localhost:{}", server.address.port());
    assert!(said.contains(&https), "{said}");
    server.stop().await;
}

#[tokio::test]
async fn a_web_server_that_does_not_pass_websockets_on_is_named() {
    for answer in ["400 Bad Request", "426 Upgrade Required"] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let answering = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.read_u8().await.unwrap();
            let answer = format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
            stream
        });
        let said = soon(examine(&target)).await.unwrap_err().to_string();
        assert!(said.contains("does not pass WebSockets on"), "{answer}: {said}");
        drop(answering.await.unwrap());
    }
}

#[tokio::test]
async fn what_is_no_server_of_ours_is_not_examined() {
    let server = Server::start().await;
    let port = server.address.port();
    let examined = async |url: String| soon(examine(&url.parse().unwrap())).await.unwrap_err();
    assert!(matches!(examined(format!("https://127.0.0.1:{port}")).await, Unreached::NoTls(_)));
    let elsewhere = examined(format!("ws://127.0.0.1:{port}/nothing")).await;
    assert!(matches!(elsewhere, Unreached::NoWebSocket(_)), "{elsewhere}");
    let unknown = examined("http://no-such-host.invalid".to_owned()).await;
    assert!(matches!(unknown, Unreached::Unknown(_)), "{unknown}");
    server.stop().await;
    let gone = examined(format!("http://127.0.0.1:{port}")).await;
    assert!(matches!(gone, Unreached::NoConnection(_, Trouble::Refused)), "{gone}");
}

/// Runs the doctor to its end. Gives the exit code and everything that it wrote.
fn run(url: &str) -> (Option<i32>, String) {
    let output = pronto().args(["doctor", url]).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

#[test]
fn the_doctor_ends_with_whether_calls_work() {
    let program =
        Program::start(pronto().args(["--listen", "127.0.0.1:0"]).env("PRONTO_RELAY", "on"));
    let (code, said) = run(&format!("http://{}", program.address));
    assert_eq!(code, Some(0), "{said}");
    for line in ["signing in      works", "relay over UDP  works", "relay over TCP  works"] {
        assert!(said.contains(line), "{line}: {said}");
    }
    let url = format!("http://{}", program.address);
    program.stop();
    let (code, said) = run(&url);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("the connection is refused"), "{said}");

    let program = Program::start(pronto().args(["--listen", "127.0.0.1:0"]));
    let (code, said) = run(&format!("http://{}", program.address));
    assert_eq!(code, Some(1), "{said}");
    drop(program);
    assert_eq!(run("ftp://example.org").0, Some(2));
}
