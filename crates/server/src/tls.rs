//! TLS: where certificates come from, and how they are kept good.
//!
//! TLS 1.2 and 1.3, with what rustls thinks is safe. Sessions are resumed with tickets, so that nothing is kept of them.

mod acme;
mod certificates;
mod files;
mod handshake;
mod self_signed;
mod store;

use std::{fmt, io, path::PathBuf, sync::Arc, time::Duration};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self, ServerConfig,
        crypto::ring,
        server::NoServerSessionStorage,
        version::{TLS12, TLS13},
    },
    server::TlsStream,
};

pub use acme::Acme;
use acme::Renewal;
use certificates::Certificates;
use files::Files;
pub(crate) use handshake::Handshake;

/// The protocol that HTTPS clients ask for (RFC 7301). Browsers' TURN clients ask for none.
const HTTP: &[u8] = b"http/1.1";

/// The protocols of TURN and STUN clients that do ask (RFC 7443). They may ask for HTTP as well, to look like the rest,
/// so that these come first.
const STUN: [&[u8]; 2] = [b"stun.turn", b"stun.nat-discovery"];

/// The protocol that an ACME server asks for when it looks whether a name is ours (RFC 8737).
const ACME: &[u8] = b"acme-tls/1";

/// A listener's certificate, and what keeps it good.
#[derive(Clone, Debug)]
pub struct Tls {
    config: Arc<ServerConfig>,
    keeper: Arc<Keeper>,
}

/// What keeps a certificate good.
#[derive(Debug)]
enum Keeper {
    /// It is made for longer than a server runs.
    Nobody,
    /// Somebody else writes the files anew.
    Files(Files),
    /// We ask for another one.
    Acme(Renewal),
}

/// What a client wants that has shaken hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// STUN or TURN.
    Stun,
    /// To see whether a name is ours; it has seen it.
    Acme,
    /// It did not say, or said HTTP, which need not be so.
    Anything,
}

impl Asked {
    pub(crate) fn of(session: &rustls::ServerConnection) -> Self {
        match session.alpn_protocol() {
            Some(ACME) => Self::Acme,
            Some(protocol) if STUN.contains(&protocol) => Self::Stun,
            _ => Self::Anything,
        }
    }
}

impl Tls {
    /// With a certificate and its key in PEM files, which are read again when they change.
    ///
    /// # Errors
    /// They cannot be read, or do not fit each other.
    pub fn files(certificate: PathBuf, key: PathBuf) -> Result<Self, TlsError> {
        let certificates = Arc::new(Certificates::default());
        let files = Files::open(certificate, key, Arc::clone(&certificates))?;
        Self::new(certificates, Keeper::Files(files))
    }

    /// With a certificate that we sign ourselves for these hosts, and keep in `state`.
    ///
    /// # Errors
    /// It cannot be kept there.
    pub fn self_signed(state: &std::path::Path, hosts: &[String]) -> Result<Self, TlsError> {
        let certificates = Arc::new(Certificates::default());
        certificates.set(self_signed::get(state, hosts)?);
        Self::new(certificates, Keeper::Nobody)
    }

    /// With certificates from an authority that speaks ACME (RFC 8555). Until the first one has come there is none.
    ///
    /// # Errors
    /// What is kept of earlier ones cannot be read, or nothing could be kept.
    pub fn acme(acme: Acme) -> Result<Self, TlsError> {
        let certificates = Arc::new(Certificates::default());
        let renewal = Renewal::new(acme, Arc::clone(&certificates))?;
        Self::new(certificates, Keeper::Acme(renewal))
    }

    fn new(certificates: Arc<Certificates>, keeper: Keeper) -> Result<Self, TlsError> {
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(TlsError::Library)?
            .with_no_client_auth()
            .with_cert_resolver(certificates);
        config.alpn_protocols = [ACME, STUN[0], STUN[1], HTTP].map(<[u8]>::to_vec).to_vec();
        config.ticketer = ring::Ticketer::new().map_err(TlsError::Library)?;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        Ok(Self { config: Arc::new(config), keeper: Arc::new(keeper) })
    }

    /// Whether somebody else than ourselves vouches for the certificate.
    pub(crate) fn is_vouched_for(&self) -> bool {
        !matches!(*self.keeper, Keeper::Nobody)
    }

    /// Reads the certificate's files again. `false` if nobody else than ourselves writes them: then there is nothing to read.
    ///
    /// # Errors
    /// They cannot be read, or do not fit each other; then the certificate stays as it was.
    pub(crate) fn read_again(&self) -> Result<bool, TlsError> {
        match &*self.keeper {
            Keeper::Files(files) => files.read().map(|()| true),
            Keeper::Nobody | Keeper::Acme(_) => Ok(false),
        }
    }

    /// Shakes hands with a client, which may not send more than that takes.
    pub(crate) async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
    ) -> io::Result<TlsStream<Handshake<S>>> {
        let acceptor = TlsAcceptor::from(Arc::clone(&self.config));
        let mut stream = acceptor.accept(Handshake::begin(stream)).await?;
        stream.get_mut().0.end();
        Ok(stream)
    }

    /// Keeps the certificate good, for ever.
    ///
    /// Files are looked at once in every `interval`.
    pub(crate) async fn keep(&self, interval: Duration) {
        match &*self.keeper {
            Keeper::Nobody => {}
            Keeper::Files(files) => files.watch(interval).await,
            Keeper::Acme(renewal) => renewal.run().await,
        }
    }
}

/// Why there can be no TLS.
#[derive(Debug)]
pub enum TlsError {
    /// A file cannot be read or written.
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A file holds no certificate, or none that is one.
    BadCertificate {
        /// Which.
        path: PathBuf,
    },
    /// A file holds no private key that can be used.
    BadKey {
        /// Which.
        path: PathBuf,
    },
    /// The key is not the certificate's.
    Mismatch {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's.
        key: PathBuf,
    },
    /// No certificate could be made.
    Making(rcgen::Error),
    /// The TLS library cannot work here.
    Library(rustls::Error),
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, error } => write!(f, "{}: {error}", path.display()),
            Self::BadCertificate { path } => {
                write!(f, "{} holds no certificate in PEM", path.display())
            }
            Self::BadKey { path } => {
                write!(f, "{} holds no private key in PEM that can be used", path.display())
            }
            Self::Mismatch { certificate, key } => write!(
                f,
                "the key in {} is not that of the certificate in {}",
                key.display(),
                certificate.display()
            ),
            Self::Making(error) => write!(f, "no certificate can be made: {error}"),
            Self::Library(error) => write!(f, "TLS does not work here: {error}"),
        }
    }
}

impl std::error::Error for TlsError {}
