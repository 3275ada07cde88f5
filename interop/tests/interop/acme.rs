//! An ACME authority (Pebble) gives the server a certificate, and later another one.

use std::{fs, path::Path, sync::Arc, time::Duration};

use interop::{Program, Server, soon};
use rcgen::{CertificateParams, KeyPair};
use server::{Config, Sockets, Tls, config::Turn, tls::Acme};
use tempfile::TempDir;
use time::OffsetDateTime;
use tokio::{
    net::{TcpListener, TcpStream, UdpSocket},
    time::{sleep, timeout},
};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
        client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        crypto::ring,
        pki_types::{CertificateDer, ServerName, UnixTime},
    },
};

/// A name that only the authority's own resolver knows: every name is this machine there.
const HOST: &str = "talk.example.org";

/// How long is waited before something is looked at again.
const STEP: Duration = Duration::from_millis(50);

/// The authority, its resolver, and what it wants to have on disk.
struct Authority {
    _pebble: Program,
    _resolver: Program,
    folder: TempDir,
    directory: String,
}

async fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

/// Both programs say that they are there before they listen, and a server whose first order fails waits for a minute.
async fn until_it_listens(port: u16) {
    while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        sleep(STEP).await;
    }
}

/// Whatever a resolver says to a query without a question.
async fn until_it_answers(dns: &str) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.connect(dns).await.unwrap();
    loop {
        let _ = socket.send(&[0; 12]).await;
        if matches!(timeout(STEP, socket.recv(&mut [0; 512])).await, Ok(Ok(_))) {
            return;
        }
        sleep(STEP).await;
    }
}

impl Authority {
    /// One that looks for names at `port`.
    async fn start(port: u16) -> Self {
        let folder = TempDir::new().unwrap();
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let own = issue(&folder, &params, &key);
        let (listen, management, dns) = (free_port().await, free_port().await, free_port().await);
        let config = serde_json::json!({"pebble": {
            "listenAddress": format!("127.0.0.1:{listen}"),
            "managementListenAddress": format!("127.0.0.1:{management}"),
            "certificate": own.0,
            "privateKey": own.1,
            "httpPort": 1,
            "tlsPort": port,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": false,
        }});
        let path = folder.path().join("pebble.json");
        fs::write(&path, config.to_string()).unwrap();
        let dns = format!("127.0.0.1:{dns}");
        let off = ["-http01", "", "-https01", "", "-tlsalpn01", "", "-defaultIPv6", ""];
        let own_management = format!("127.0.0.1:{}", free_port().await);
        let resolver = [&off[..], &["-dns01", &dns, "-management", &own_management]].concat();
        let resolver = Program::start("PEBBLE_CHALLTESTSRV", &resolver, &[], "DNS").await.unwrap();
        soon(until_it_answers(&dns)).await;
        let environment = [("PEBBLE_VA_NOSLEEP", "1"), ("PEBBLE_WFE_NONCEREJECT", "0")];
        let arguments = ["-config", path.to_str().unwrap(), "-dnsserver", &dns];
        let pebble = Program::start("PEBBLE", &arguments, &environment, "ACME directory available")
            .await
            .unwrap();
        soon(until_it_listens(listen)).await;
        let directory = format!("https://localhost:{listen}/dir");
        Self { _pebble: pebble, _resolver: resolver, folder, directory }
    }

    fn acme(&self, state: &Path) -> Acme {
        Acme {
            host: HOST.to_owned(),
            contact: Some("mailto:admin@example.org".to_owned()),
            directory: self.directory.clone(),
            root: Some(self.folder.path().join("root.pem")),
            state: state.to_owned(),
        }
    }
}

/// Writes a root certificate, and one of the authority's own server that it signed. Gives the latter's files.
fn issue(folder: &TempDir, root: &CertificateParams, key: &KeyPair) -> (String, String) {
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("root.pem"), root.self_signed(key).unwrap().pem()).unwrap();
    let issuer = rcgen::Issuer::from_params(root, key);
    let own_key = KeyPair::generate().unwrap();
    let own = CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    fs::write(path("own.pem"), own.signed_by(&own_key, &issuer).unwrap().pem()).unwrap();
    fs::write(path("own.key"), own_key.serialize_pem()).unwrap();
    (path("own.pem"), path("own.key"))
}

/// Takes any certificate, so that it can be looked at.
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

/// The certificates that the server shows; none if there is no handshake.
async fn shown(server: &Server) -> Vec<Vec<u8>> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Trusting))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let stream = TcpStream::connect(server.address).await.unwrap();
    let name = ServerName::try_from(HOST).unwrap();
    match TlsConnector::from(Arc::new(config)).connect(name, stream).await {
        Ok(stream) => {
            let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
            chain.iter().map(|certificate| certificate.to_vec()).collect()
        }
        Err(_) => Vec::new(),
    }
}

/// Waits until the server shows something else than `before`.
async fn shown_after(server: &Server, before: &[Vec<u8>]) -> Vec<Vec<u8>> {
    soon(async {
        loop {
            let now = shown(server).await;
            if !now.is_empty() && now != before {
                return now;
            }
            sleep(STEP).await;
        }
    })
    .await
}

async fn serve(authority: &Authority, sockets: Sockets, state: &Path) -> Server {
    let tls = Tls::acme(authority.acme(state)).unwrap();
    let config = Config { tls: Some(tls), turn: Turn::Off, ..Config::default() };
    Server::on(sockets, config).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_comes_is_kept_and_is_not_asked_for_again() {
    let sockets = Sockets::bind("127.0.0.1:0").await.unwrap();
    let authority = Authority::start(sockets.local_addr().unwrap().port()).await;
    let state = TempDir::new().unwrap();
    let server = serve(&authority, sockets, state.path()).await;
    let first = shown_after(&server, &[]).await;
    assert!(first.len() > 1, "with its chain");
    drop(server);

    // The authority is gone, and the certificate is there at once.
    let Authority { directory, folder, .. } = authority;
    let acme = Acme {
        host: HOST.to_owned(),
        contact: None,
        directory,
        root: Some(folder.path().join("root.pem")),
        state: state.path().to_owned(),
    };
    let config =
        Config { tls: Some(Tls::acme(acme).unwrap()), turn: Turn::Off, ..Config::default() };
    let server = Server::start("127.0.0.1:0", config).await.unwrap();
    assert_eq!(shown(&server).await, first);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_about_to_expire_is_shown_until_there_is_another() {
    let sockets = Sockets::bind("127.0.0.1:0").await.unwrap();
    let authority = Authority::start(sockets.local_addr().unwrap().port()).await;
    let state = TempDir::new().unwrap();
    let key = KeyPair::generate().unwrap();
    let mut old = CertificateParams::new([HOST.to_owned()]).unwrap();
    let now = OffsetDateTime::now_utc();
    // 90 days, of which 29 are left.
    old.not_before = now - Duration::from_secs(61 * 24 * 3600);
    old.not_after = now + Duration::from_secs(29 * 24 * 3600);
    let old = old.self_signed(&key).unwrap();
    fs::create_dir(state.path().join("tls")).unwrap();
    let path = |ending: &str| state.path().join("tls").join(format!("acme-{HOST}.{ending}"));
    fs::write(path("pem"), old.pem()).unwrap();
    fs::write(path("key"), key.serialize_pem()).unwrap();
    let server = serve(&authority, sockets, state.path()).await;
    let first = shown(&server).await;
    assert_eq!(first, [old.der().to_vec()]);
    let second = shown_after(&server, &first).await;
    assert!(second.len() > 1);
}

/// Or it would be ordered again and again, until the authority has enough.
#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_cannot_be_written_is_shown_all_the_same() {
    let sockets = Sockets::bind("127.0.0.1:0").await.unwrap();
    let authority = Authority::start(sockets.local_addr().unwrap().port()).await;
    let state = TempDir::new().unwrap();
    // It cannot be written beside what it takes the place of.
    let in_the_way = state.path().join("tls").join(format!("acme-{HOST}.pem.new"));
    fs::create_dir_all(in_the_way).unwrap();
    let server = serve(&authority, sockets, state.path()).await;
    assert!(shown_after(&server, &[]).await.len() > 1);
}
