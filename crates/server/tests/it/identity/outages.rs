//! What stands behind signing in is silent, slow or cannot write: the provider, and the disk under the accounts.

use std::time::Duration;

use futures_util::future::join_all;
use identity::{Guests, ProviderSettings, Settings};
use rusqlite::Connection;
use serde_json::json;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
    time::{Instant, pause, resume, sleep, timeout},
};

use super::{
    browser::{Browser, log_in},
    provider::Provider,
    server_with,
};
use crate::common::{Response, Server, soon};

/// How many sign in at once.
const CROWD: usize = 12;

/// More than one sign-in may take, and far less than one after the other.
const FOR_ONE: Duration = Duration::from_secs(25);

fn end(response: &Response) -> &str {
    response.header("location").unwrap().strip_prefix("../..").unwrap()
}

/// A provider that accepts every connection, and sends `what` over it, one byte a second.
async fn trickling(what: &'static [u8]) -> (ProviderSettings, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}/here", listener.local_addr().unwrap());
    let running = tokio::spawn(async move {
        let mut all = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            all.push(tokio::spawn(async move {
                for byte in what {
                    sleep(Duration::from_secs(1)).await;
                    let _ = stream.write_all(&[*byte]).await;
                }
                std::future::pending::<()>().await;
            }));
        }
    });
    (ProviderSettings::new(&issuer, "pronto").unwrap().with_id("ours").unwrap(), running)
}

/// A provider that accepts and stays silent is the worst: with each who signs in after the other, the twelfth waited two minutes.
#[tokio::test]
async fn a_crowd_at_a_provider_that_hangs_waits_no_longer_than_one() {
    let answer =
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{}";
    for what in [&b""[..], answer] {
        let (provider, _running) = trickling(what).await;
        let settings = Settings::new(vec![provider], Guests::Allow).unwrap();
        let server = Server::with(|config| config.identity = Some(settings)).await;
        pause();
        let start = Instant::now();
        let crowd = (0..CROWD).map(async |_| Browser::at(&server).get("/auth/sign-in/ours").await);
        let all = timeout(FOR_ONE, join_all(crowd)).await;
        assert!(all.is_ok(), "{CROWD} sign-ins wait for longer than {:?}", start.elapsed());
        for response in all.unwrap() {
            assert_eq!(end(&response), "/?sign-in=unavailable");
        }
        resume();
    }
}

#[tokio::test]
async fn a_crowd_whose_keys_nobody_knows_waits_no_longer_than_one() {
    let provider = Provider::start().await;
    let server = server_with(&[("ours", &provider)], |_, _| {}).await;
    assert_eq!(Browser::at(&server).sign_in("ours").await, "/");
    provider.changes_its_key();
    provider.now().silent_at = Some("keys");
    let mut crowd = Vec::new();
    for _ in 0..CROWD {
        let mut browser = Browser::at(&server);
        let back = browser.leave_for("ours").await;
        crowd.push((browser, back));
    }
    pause();
    // By then keys may be asked for again.
    sleep(Duration::from_secs(11)).await;
    let asked = provider.now().keys_asked;
    let start = Instant::now();
    let all = crowd.iter_mut().map(|(browser, back)| browser.come_back(back));
    let all = timeout(FOR_ONE, join_all(all)).await;
    assert!(all.is_ok(), "{CROWD} sign-ins wait for longer than {:?}", start.elapsed());
    resume();
    for at in all.unwrap() {
        assert!(at.starts_with("/?sign-in="), "{at}");
    }
    assert_eq!(provider.now().keys_asked, asked + 1, "one question for all");
}

#[tokio::test]
async fn what_a_provider_said_before_serves_while_it_hangs() {
    let provider = Provider::start().await;
    let server = server_with(&[("ours", &provider)], |_, _| {}).await;
    assert_eq!(Browser::at(&server).sign_in("ours").await, "/");
    pause();
    tokio::time::advance(Duration::from_secs(13 * 3_600)).await;
    resume();
    provider.now().silent_at = Some("discovery");
    let crowd = (0..CROWD).map(async |_| Browser::at(&server).sign_in("ours").await);
    let all = timeout(Duration::from_secs(8), join_all(crowd)).await;
    let all = all.expect("nobody waits for what is good enough");
    assert_eq!(all, vec!["/"; CROWD]);
}

/// Whichever step of it hangs, a sign-in ends in time and in words; a name that is only suggested ends none.
#[tokio::test]
async fn a_sign_in_that_hangs_at_any_step_ends() {
    let provider = Provider::start().await;
    let server = server_with(&[("ours", &provider)], |_, _| {}).await;
    let mut browser = Browser::at(&server);
    let back = browser.leave_for("ours").await;
    provider.now().silent_at = Some("token");
    pause();
    let at = timeout(FOR_ONE, browser.come_back(&back)).await.expect("it ends");
    assert_eq!(at, "/?sign-in=unavailable");
    resume();
    provider.now().claims = json!({"sub": "1"});
    provider.now().silent_at = Some("me");
    let at = timeout(Duration::from_secs(8), browser.sign_in("ours")).await;
    assert_eq!(at.expect("nobody waits long for a suggestion"), "/");
}

/// A `Location` as long as the provider likes would go out with every request for it.
#[tokio::test]
async fn a_provider_does_not_make_our_answers_large() {
    let provider = Provider::start().await;
    provider.now().endpoint_ends_with = format!("?x={}", "x".repeat(100_000));
    let server = server_with(&[("ours", &provider)], |_, _| {}).await;
    let response = Browser::at(&server).get("/auth/sign-in/ours").await;
    assert_eq!(end(&response), "/?sign-in=unavailable");
}

/// A disk that is full, or another program that holds the database: nothing can be written for as long.
#[tokio::test]
async fn nobody_stays_signed_in_because_the_disk_is_full() {
    let provider = Provider::start().await;
    let state = TempDir::new().unwrap();
    let keep = |config: &mut server::Config| config.state = Some(state.path().to_owned());
    let server = server_with(&[("ours", &provider)], |config, _| keep(config)).await;
    let (mut browser, mut phone) = (Browser::at(&server), Browser::at(&server));
    browser.sign_in("ours").await;
    phone.sign_in("ours").await;
    let (mut alice, _) = browser.log_in(&server, json!({"name": "alice"})).await;
    let unused = browser.ticket().await;
    let disk = Connection::open(state.path().join("accounts.sqlite")).unwrap();
    disk.execute_batch("BEGIN IMMEDIATE").unwrap();

    assert_eq!(phone.post("/auth/sign-out").await.status, 204);
    assert_eq!(alice.is_closed().await, 4006);
    let mut client = server.client().await;
    let reply = log_in(&mut client, json!({"name": "alice", "ticket": unused})).await;
    assert_eq!(reply["code"], "sign_in_required", "{reply}");
    assert_eq!(browser.options().await.get("user"), None);
    assert_eq!(browser.post("/auth/ticket").await.status, 401);

    // Once it can be written it is, and holds over a restart.
    disk.execute_batch("ROLLBACK").unwrap();
    soon(async {
        let sessions = "SELECT count(*) FROM sessions";
        while disk.query_row(sessions, (), |row| row.get::<_, i64>(0)).unwrap() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    drop(disk);
    server.stop().await;
    let server = server_with(&[("ours", &provider)], |config, _| keep(config)).await;
    let mut browser = browser.again_at(&server);
    assert_eq!(browser.options().await.get("user"), None);
    // And they can sign in again.
    assert_eq!(browser.sign_in("ours").await, "/");
    assert_eq!(browser.options().await["user"]["name"], "alice");
}

/// So many homes' worth of addresses, each within its rate, begin more sign-ins than there may be under way.
#[tokio::test]
async fn a_sign_in_under_way_outlives_a_flood_from_many_networks() {
    const HOMES: usize = 170;
    const EACH: usize = 100;
    let provider = Provider::start().await;
    let server = server_with(&[("ours", &provider)], |config, _| {
        config.proxies.trusted = vec!["127.0.0.1".parse::<std::net::IpAddr>().unwrap().into()];
        // A busy machine takes its time over so many.
        config.timing.header = None;
    })
    .await;
    let mut browser = Browser::at(&server);
    let back = browser.leave_for("ours").await;
    let flood = (0..HOMES).map(async |home| {
        let request = format!(
            "GET /auth/sign-in/ours HTTP/1.1\r\nHost: {}\r\nX-Forwarded-For: 2001:db8:{home:x}::1\r\n\r\n",
            server.address
        );
        let last = request.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
        let (mut answers, mut requests) = server.tcp().await.into_split();
        let all = format!("{}{last}", request.repeat(EACH - 1));
        let mut answer = Vec::new();
        let (sent, read) =
            tokio::join!(requests.write_all(all.as_bytes()), answers.read_to_end(&mut answer));
        sent.unwrap();
        read.unwrap();
        String::from_utf8(answer).unwrap().matches("HTTP/1.1 303 ").count()
    });
    let begun: usize = join_all(flood).await.into_iter().sum();
    assert_eq!(begun, HOMES * EACH);
    assert_eq!(browser.come_back(&back).await, "/");
}
