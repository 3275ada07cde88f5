//! SIGHUP: files are read again while the server runs, and what is no good changes nothing.

use std::{
    fs::{self, File, FileTimes},
    path::PathBuf,
    time::{Duration, SystemTime},
};

use identity::{Guests, SettingsSource};
use rustix::process::Signal;
use serde_json::json;
use server::reload::Reload;
use tempfile::TempDir;
use tokio::time::sleep;
use tokio_rustls::rustls::pki_types::{CertificateDer, pem::PemObject};

use crate::{
    certificates::pair,
    common::{Server, soon},
    identity::{Browser, CLIENT, Provider, SECRET, server_with},
    program::{Program, pronto},
    tls,
};

/// The files of a server, and its log.
struct Files(TempDir);

impl Files {
    fn new() -> Self {
        let files = Self(TempDir::new().unwrap());
        files.certificate();
        files.providers(&["one"]);
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file with a time that tells nobody that it is new.
    fn write(&self, name: &str, content: &str) {
        fs::write(self.path(name), content).unwrap();
        let file = File::options().write(true).open(self.path(name)).unwrap();
        file.set_times(FileTimes::new().set_modified(SystemTime::UNIX_EPOCH)).unwrap();
    }

    /// Another certificate.
    fn certificate(&self) -> CertificateDer<'static> {
        let (certificate, key) = pair();
        self.write("cert.pem", &certificate);
        self.write("key.pem", &key);
        CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()
    }

    fn providers(&self, ids: &[&str]) {
        let entry = |id: &&str| {
            format!(
                "[[provider]]\nid = \"{id}\"\nissuer = \"https://{id}.example\"\nclient_id = \"us\"\n"
            )
        };
        self.write("providers.toml", &ids.iter().map(entry).collect::<String>());
    }

    fn start(&self) -> Program {
        let mut command = pronto();
        command.args(["--listen", "127.0.0.1:0", "--tls", "files", "--tls-cert"]);
        command.arg(self.path("cert.pem")).arg("--tls-key").arg(self.path("key.pem"));
        command.arg("--oidc-config").arg(self.path("providers.toml"));
        command.arg("--state").arg(self.path("state"));
        Program::start(command.stderr(File::create(self.path("log")).unwrap()))
    }

    fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap()
    }

    /// Has the program read everything again, and waits until it has done so for this time.
    async fn read_again(&self, program: &Program, time: usize) -> String {
        program.signal(Signal::HUP);
        soon(async {
            while self.log().matches("read again: ").count() < time {
                sleep(Duration::from_millis(10)).await;
            }
        })
        .await;
        self.log()
    }
}

/// The certificate that a program shows, and the ids of the providers that it names.
async fn shown(program: &Program) -> (CertificateDer<'static>, Vec<String>) {
    let (certificate, options) = tls::get(&program.address, "/auth/options").await;
    let options: serde_json::Value = serde_json::from_str(&options).unwrap();
    let providers = options["providers"].as_array().unwrap().iter();
    (certificate, providers.map(|one| one["id"].as_str().unwrap().to_owned()).collect())
}

#[tokio::test]
async fn a_hangup_reads_certificate_and_providers_again() {
    let files = Files::new();
    let program = files.start();
    let certificate = files.certificate();
    files.providers(&["one", "two"]);
    assert_ne!(shown(&program).await.0, certificate, "nothing tells that it is another");
    let log = files.read_again(&program, 1).await;
    assert!(log.contains("read again: the certificate and the providers; options"), "{log}");
    let both = ["one", "two"].map(str::to_owned).to_vec();
    assert_eq!(shown(&program).await, (certificate, both));
}

#[tokio::test]
async fn what_is_no_good_is_refused_with_its_reason_and_changes_nothing() {
    let files = Files::new();
    let program = files.start();
    let before = shown(&program).await;
    let expected = [
        ("key.pem", pair().1, "is not that of the certificate"),
        ("cert.pem", "nonsense".to_owned(), "cert.pem holds no certificate"),
        ("providers.toml", "[[provider]]\nissuer = 1".to_owned(), "providers.toml: line 2"),
        ("providers.toml", String::new(), "names no [[provider]]"),
    ];
    for (time, (name, content, says)) in (1..).zip(expected) {
        let good = fs::read_to_string(files.path(name)).unwrap();
        files.write(name, &content);
        let log = files.read_again(&program, time).await;
        assert!(log.contains(says), "{name}: {log}");
        assert_eq!(shown(&program).await, before, "{name}");
        files.write(name, &good);
    }
    assert_eq!(files.log().matches("stays as it was").count(), 2, "{}", files.log());
    assert_eq!(files.log().matches("stay as they were").count(), 2, "{}", files.log());
}

#[tokio::test]
async fn where_there_is_nothing_to_read_a_hangup_ends_nothing() {
    let files = Files::new();
    let mut command = pronto();
    command.args(["--listen", "127.0.0.1:0"]);
    let program = Program::start(command.stderr(File::create(files.path("log")).unwrap()));
    let mut alice = program.client().await;
    alice.log_in("alice").await;
    files.read_again(&program, 1).await;
    let log = files.read_again(&program, 2).await;
    assert!(log.contains("read again: nothing; options"), "{log}");
    alice.sync().await;
}

/// The browser is at the provider meanwhile.
#[tokio::test]
async fn a_sign_in_that_is_under_way_outlives_a_reload_and_no_other_provider_gets_its_code() {
    let (ours, other) = (Provider::start().await, Provider::start().await);
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("providers.toml");
    let source =
        SettingsSource { providers: vec![], file: Some(file.clone()), guests: Guests::Allow };
    let reload = Reload::default();
    let server = server_with(&[("ours", &ours)], |config, _| {
        config.identity_source = Some(source);
        config.reload = reload.clone();
    })
    .await;
    let entry = |id: &str, provider: &Provider| {
        format!(
            "[[provider]]\nid = \"{id}\"\nissuer = \"{}\"\nclient_id = \"{CLIENT}\"\nclient_secret = \"{SECRET}\"\n",
            provider.issuer()
        )
    };
    let becomes = async |server: &Server, providers: String, ids: &[&str]| {
        fs::write(&file, providers).unwrap();
        reload.ask();
        let named = async || Browser::at(server).options().await["providers"].clone();
        let ids: Vec<_> = ids.iter().map(|id| json!({"id": id, "label": "127.0.0.1"})).collect();
        soon(async {
            while named().await != json!(ids) {
                sleep(Duration::from_millis(10)).await;
            }
        })
        .await;
    };
    let mut alice = Browser::at(&server);
    let back = alice.leave_for("ours").await;
    becomes(&server, entry("new", &other) + &entry("ours", &ours), &["new", "ours"]).await;
    assert_eq!(alice.come_back(&back).await, "/");
    let user = json!({"provider": "ours"});
    assert_eq!(alice.options().await["user"], user);
    // A browser that left for one that is another now, or none any more.
    let mut bob = Browser::at(&server);
    let back = bob.leave_for("ours").await;
    becomes(&server, entry("ours", &other), &["ours"]).await;
    assert_eq!(bob.come_back(&back).await, "/?sign-in=failed");
    assert_eq!(alice.options().await.get("user"), None, "nobody vouches for this account");
    let back = bob.leave_for("ours").await;
    becomes(&server, entry("ours-2", &ours), &["ours-2"]).await;
    assert_eq!(bob.get(&back).await.status, 404);
    assert_eq!(alice.options().await["user"], json!({"provider": "ours-2"}));
}
