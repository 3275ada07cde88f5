//! Certificates that the server gets and keeps by itself: an authority that hangs, and crashes while it writes.

use std::{
    fs,
    io::{self, Write},
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
    time::Duration,
};

use rcgen::{CertificateParams, KeyPair};
use server::{Tls, tls::Acme};
use tempfile::TempDir;
use tokio::{
    net::TcpListener,
    time::{Instant, pause, timeout},
};

use crate::{common::Server, tls::connect};

const HOST: &str = "talk.example.org";

/// A certificate and its key, in PEM.
pub(crate) fn pair() -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new([HOST.to_owned()]).unwrap().self_signed(&key).unwrap();
    (certificate.pem(), key.serialize_pem())
}

fn acme(state: &Path, directory: &str) -> Acme {
    let root = state.join("root.pem");
    fs::write(&root, pair().0).unwrap();
    Acme {
        host: HOST.to_owned(),
        contact: None,
        directory: directory.to_owned(),
        root: Some(root),
        state: state.to_owned(),
    }
}

/// What an earlier version left when it was killed between two writes.
fn two_files(state: &Path, certificate: &str, key: &str) {
    fs::create_dir_all(state.join("tls")).unwrap();
    let path = |ending: &str| state.join("tls").join(format!("acme-{HOST}.{ending}"));
    fs::write(path("pem"), certificate).unwrap();
    fs::write(path("key"), key).unwrap();
}

#[test]
fn a_server_starts_after_a_crash_between_the_two_writes_of_a_renewal() {
    let (certificate, key) = pair();
    let (next, next_key) = pair();
    let nowhere = "https://127.0.0.1:1/directory";
    for (certificate, key) in [
        (&*certificate, &*next_key),
        (&next, &key),
        (&certificate[..100], &key),
        (&certificate, &key[..50]),
        ("", &key),
        (&certificate, ""),
    ] {
        let state = TempDir::new().unwrap();
        two_files(state.path(), certificate, key);
        let started = Tls::acme(acme(state.path(), nowhere));
        assert!(started.is_ok(), "{}", started.unwrap_err());
    }
}

/// What the server logs.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// It would be waited for until the certificate has expired.
#[tokio::test]
async fn an_authority_that_accepts_and_stays_silent_is_given_up_and_asked_again() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish();
    let _logging = tracing::subscriber::set_default(subscriber);
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let directory = format!("https://{}/directory", silent.local_addr().unwrap());
    let state = TempDir::new().unwrap();
    let tls = Tls::acme(acme(state.path(), &directory)).unwrap();
    let _server = Server::with(|config| config.tls = Some(tls)).await;
    pause();
    let start = Instant::now();
    let mut asked = Vec::new();
    while asked.len() < 3 {
        let next = timeout(Duration::from_secs(3_600), silent.accept()).await;
        let Ok(next) = next else { panic!("asked {} times in an hour", asked.len()) };
        asked.push(next.unwrap().0);
    }
    assert!(start.elapsed() < Duration::from_secs(1_800), "{:?}", start.elapsed());
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert_eq!(log.matches("the authority, or the disk, does not answer").count(), 2, "{log}");
}

/// A disk across a network that is gone: whoever reads there waits as long as the program runs.
#[test]
fn a_disk_that_hangs_under_the_certificate_holds_nobody_up() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (certificate, key) = pair();
    fs::write(path("cert.pem"), certificate).unwrap();
    fs::write(path("key.pem"), key).unwrap();
    let tls = Tls::files(path("cert.pem"), path("key.pem")).unwrap();
    // Nobody writes to it.
    let silent = path("fifo");
    assert!(Command::new("mkfifo").arg(&silent).status().unwrap().success());
    fs::rename(&silent, path("cert.pem")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let server = Server::with(|config| {
            config.tls = Some(tls);
            config.timing.certificates = Duration::from_millis(1);
        })
        .await;
        for _ in 0..20 {
            connect(&server, &["http/1.1"]).await;
        }
        server.stop().await;
    });
    // Which does not wait for the reader.
    runtime.shutdown_background();
}
