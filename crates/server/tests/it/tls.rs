//! TLS: what is let in, what is told the way, and what must not keep the server waiting.

use std::{path::Path, sync::Arc, time::Duration};

use rcgen::{CertificateParams, KeyPair};
use server::{Config, Tls};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, DigitallySignedStruct, Error, SignatureScheme, SupportedProtocolVersion,
        client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        crypto::ring,
        pki_types::{CertificateDer, ServerName, UnixTime},
        version::{TLS12, TLS13},
    },
};

use crate::common::{Client, Server, soon};

/// Takes any certificate: these tests are not about trust.
#[derive(Debug)]
struct Trusting;

impl ServerCertVerifier for Trusting {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ring::default_provider().signature_verification_algorithms.supported_schemes()
    }
}

fn connector(versions: &[&'static SupportedProtocolVersion], protocols: &[&str]) -> TlsConnector {
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Trusting))
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    TlsConnector::from(Arc::new(config))
}

pub(crate) async fn connect(server: &Server, protocols: &[&str]) -> TlsStream<TcpStream> {
    let name = ServerName::try_from("localhost").unwrap();
    soon(connector(&[&TLS13, &TLS12], protocols).connect(name, server.tcp().await)).await.unwrap()
}

/// Makes a request over TLS. Gives the certificate that the server showed, and the body of its answer.
pub(crate) async fn get(address: &str, path: &str) -> (CertificateDer<'static>, String) {
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TcpStream::connect(address).await.unwrap();
    let connector = connector(&[&TLS13], &["http/1.1"]);
    let mut stream = soon(connector.connect(name, stream)).await.unwrap();
    let shown = stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned();
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let answer = answer(stream).await;
    (shown, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
}

/// A server with a certificate that it signed itself.
pub(crate) async fn secure() -> (Server, TempDir) {
    secure_with(|_| {}).await
}

pub(crate) async fn secure_with(configure: impl FnOnce(&mut Config)) -> (Server, TempDir) {
    let state = TempDir::new().unwrap();
    let tls = Tls::self_signed(state.path(), &["localhost".to_owned()]).unwrap();
    let server = Server::with(|config| {
        config.tls = Some(tls);
        configure(config);
    });
    (server.await, state)
}

async fn answer(mut stream: impl AsyncReadExt + Unpin) -> String {
    let mut answer = Vec::new();
    // Some clients' peers close without saying so.
    let _ = soon(stream.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn pages_and_websockets_are_served_over_either_version() {
    let (server, _state) = secure().await;
    for version in [&TLS12, &TLS13] {
        for protocols in [&["h2", "http/1.1"][..], &["http/1.1"], &[]] {
            let name = ServerName::try_from("localhost").unwrap();
            let connector = connector(&[version], protocols);
            let mut stream = soon(connector.connect(name, server.tcp().await)).await.unwrap();
            let request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
            stream.write_all(request.as_bytes()).await.unwrap();
            assert!(answer(stream).await.ends_with("ok\n"));
        }
    }
    let stream = connect(&server, &["http/1.1"]).await;
    let mut alice = Client::over(stream, "wss://localhost/ws").await;
    alice.log_in("alice").await;
    alice.sync().await;
    alice.close().await;
    server.stop().await;
}

/// A handshake's first message (RFC 5246 section 7.4.1.2), as a client sends it that knows nothing newer than this
/// version and asks for ECDHE with AES.
pub(crate) fn client_hello(minor: u8) -> Vec<u8> {
    let suites =
        [0xc0, 0x13, 0xc0, 0x14, 0xc0, 0x09, 0xc0, 0x0a, 0xc0, 0x2b, 0xc0, 0x2f, 0x00, 0x2f];
    let groups = [0, 10, 0, 4, 0, 2, 0, 23];
    let signatures = [0, 13, 0, 6, 0, 4, 4, 3, 2, 3];
    let extensions = [&groups[..], &signatures].concat();
    let mut body = vec![3, minor];
    body.extend([7; 32]);
    body.push(0);
    body.extend([0, u8::try_from(suites.len()).unwrap()]);
    body.extend(suites);
    body.extend([1, 0, 0, u8::try_from(extensions.len()).unwrap()]);
    body.extend(extensions);
    let body_length = u8::try_from(body.len()).unwrap();
    let handshake = [&[1, 0, 0, body_length][..], &body].concat();
    let length = u8::try_from(handshake.len()).unwrap();
    [&[22, 3, 1, 0, length][..], &handshake].concat()
}

#[tokio::test]
async fn nothing_older_than_tls_1_2_is_spoken() {
    const ALERT: u8 = 21;
    const HANDSHAKE: u8 = 22;
    const PROTOCOL_VERSION: u8 = 70;
    let (server, _state) = secure().await;
    for minor in 0..=3 {
        let mut stream = server.tcp().await;
        stream.write_all(&client_hello(minor)).await.unwrap();
        let mut start = [0; 7];
        soon(stream.read_exact(&mut start)).await.unwrap();
        if minor < 3 {
            assert_eq!((start[0], start[6]), (ALERT, PROTOCOL_VERSION), "TLS 1.{minor}");
        } else {
            assert_eq!(
                start[0], HANDSHAKE,
                "what is spoken is answered, so that this test can fail"
            );
        }
    }
}

#[tokio::test]
async fn plain_http_is_sent_to_https_on_the_same_port() {
    let (server, _state) = secure().await;
    let answer = server.get("/page?x=1", "").await;
    assert_eq!(answer.status, 308);
    let to = format!("https://{}/page?x=1", server.address);
    assert_eq!(answer.header("location"), Some(to.as_str()));
    assert_eq!(answer.header("connection"), Some("close"));
    // A WebSocket is not let in without, either.
    assert_eq!(server.handshake(&[]).await, 308);
}

#[tokio::test]
async fn another_listener_sends_plain_http_on() {
    let state = TempDir::new().unwrap();
    let tls = Tls::self_signed(state.path(), &["localhost".to_owned()]).unwrap();
    let redirect = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let from = redirect.local_addr().unwrap();
    let server = Server::redirecting_from(redirect, |config| config.tls = Some(tls)).await;
    let mut stream = TcpStream::connect(from).await.unwrap();
    stream.write_all(b"GET /x HTTP/1.1\r\nHost: talk.example.org\r\n\r\n").await.unwrap();
    let answer = answer(stream).await;
    let to = format!("location: https://talk.example.org:{}/x\r\n", server.address.port());
    assert!(answer.starts_with("HTTP/1.1 308 ") && answer.contains(&to), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn a_handshake_has_a_deadline() {
    let state = TempDir::new().unwrap();
    let tls = Tls::self_signed(state.path(), &["localhost".to_owned()]).unwrap();
    let server = Server::with(|config| {
        config.tls = Some(tls);
        config.timing.handshake = Some(Duration::from_millis(200));
        config.timing.header = Some(Duration::from_millis(200));
    })
    .await;
    let hello = client_hello(3);
    for begun in [&b""[..], &hello[..1], &hello[..20], &hello] {
        let mut stream = server.tcp().await;
        stream.write_all(begun).await.unwrap();
        let mut rest = Vec::new();
        // Closed or reset, as long as it ends.
        let _ = soon(stream.read_to_end(&mut rest)).await;
    }
    // Who has shaken hands, but says nothing, has the time for a first byte.
    let stream = connect(&server, &[]).await;
    answer(stream).await;
    assert_eq!(server.get("/", "").await.status, 308, "it goes on");
}

/// Whoever sends a handshake without end is cut off long before it costs memory.
#[tokio::test]
async fn a_handshake_has_a_size() {
    let (server, _state) = secure().await;
    let mut stream = server.tcp().await;
    // A message of 16 MiB, in records of 16 KiB.
    let record = [&[22, 3, 1, 0x40, 0][..], &[0; 0x4000]].concat();
    let first = [&[22, 3, 1, 0x40, 0, 1, 0xff, 0xff, 0xff][..], &[0; 0x4000 - 4]].concat();
    let mut sent = 0;
    let mut next = &first;
    while soon(stream.write_all(next)).await.is_ok() {
        sent += next.len();
        assert!(sent < 8 << 20, "the system's own buffers are smaller");
        next = &record;
    }
}

#[tokio::test]
async fn an_acme_server_that_nobody_asked_for_sees_no_certificate() {
    let (server, _state) = secure().await;
    let name = ServerName::try_from("localhost").unwrap();
    let connector = connector(&[&TLS13, &TLS12], &["acme-tls/1"]);
    assert!(soon(connector.connect(name, server.tcp().await)).await.is_err());
}

fn write_certificate(folder: &Path, host: &str) {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new([host.to_owned()]).unwrap().self_signed(&key).unwrap();
    std::fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
    std::fs::write(folder.join("cert.pem"), certificate.pem()).unwrap();
}

async fn shown(server: &Server) -> Vec<u8> {
    let stream = connect(server, &["http/1.1"]).await;
    stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
}

#[tokio::test]
async fn files_that_change_are_read_again_if_they_are_good() {
    let folder = TempDir::new().unwrap();
    write_certificate(folder.path(), "one.example");
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    let tls = Tls::files(certificate.clone(), key.clone()).unwrap();
    let server = Server::with(|config| {
        config.tls = Some(tls);
        config.timing.certificates = Duration::from_millis(20);
    })
    .await;
    let first = shown(&server).await;
    // Another certificate for the old key is one that does not fit it.
    let old_key = std::fs::read(&key).unwrap();
    write_certificate(folder.path(), "two.example");
    let new_key = std::fs::read(&key).unwrap();
    std::fs::write(&key, "nonsense").unwrap();
    assert_eq!(shown(&server).await, first);
    std::fs::write(&key, old_key).unwrap();
    assert_eq!(shown(&server).await, first);
    std::fs::write(&key, new_key).unwrap();
    soon(async {
        while shown(&server).await == first {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// Who says so without such a certificate shuts everybody out.
#[tokio::test]
async fn browsers_are_kept_to_https_only_where_they_trust_the_certificate() {
    let folder = TempDir::new().unwrap();
    write_certificate(folder.path(), "talk.example.org");
    let path = |name: &str| folder.path().join(name);
    let files = Tls::files(path("cert.pem"), path("key.pem")).unwrap();
    let own = Tls::self_signed(folder.path(), &["talk.example.org".to_owned()]).unwrap();
    for (tls, public, kept) in [
        (&files, Some("talk.example.org"), true),
        (&files, None, false),
        (&own, Some("talk.example.org"), false),
    ] {
        let server = Server::with(|config| {
            config.tls = Some(tls.clone());
            config.public_host = public.map(|host| host.parse().unwrap());
        })
        .await;
        let mut stream = connect(&server, &["http/1.1"]).await;
        let request =
            "GET /healthz HTTP/1.1\r\nHost: talk.example.org\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = answer(stream).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert_eq!(answer.contains("strict-transport-security: max-age="), kept, "{public:?}");
    }
}

#[test]
fn what_is_wrong_with_files_is_said() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    write_certificate(folder.path(), "one.example");
    std::fs::copy(path("cert.pem"), path("other.pem")).unwrap();
    write_certificate(folder.path(), "two.example");
    std::fs::write(path("empty.pem"), "").unwrap();
    for (certificate, key, says) in [
        ("missing.pem", "key.pem", "missing.pem"),
        ("cert.pem", "missing.pem", "missing.pem"),
        ("empty.pem", "key.pem", "no certificate"),
        ("key.pem", "key.pem", "no certificate"),
        ("cert.pem", "empty.pem", "no private key"),
        ("cert.pem", "cert.pem", "no private key"),
        ("other.pem", "key.pem", "is not that of"),
    ] {
        let error = Tls::files(path(certificate), path(key)).unwrap_err().to_string();
        assert!(error.contains(says), "{certificate} {key}: {error}");
    }
}
