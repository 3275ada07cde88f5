//! Certificates from an authority that speaks ACME (RFC 8555), such as Let's Encrypt.
//!
//! That the name is ours is shown on our own port (TLS-ALPN-01, RFC 8737): no other port has to be open, and no file be
//! served. Account, certificate and key are kept on disk; a certificate is renewed when a third of its time is left.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use instant_acme::{
    Account, AuthorizationStatus, ChallengeType, Error, Identifier, KeyAuthorization, LetsEncrypt,
    NewAccount, NewOrder, Order, OrderStatus, RetryPolicy,
};
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};
use tokio::{
    task::spawn_blocking,
    time::{sleep, timeout},
};
use tokio_rustls::rustls::{
    crypto::ring::sign::any_supported_type, pki_types::PrivateKeyDer, sign::CertifiedKey,
};
use tracing::{info, warn};

use super::{
    TlsError,
    certificates::Certificates,
    store::{self, Store, Stored},
};
use crate::state;

/// How an authority is asked for certificates.
#[derive(Clone, Debug)]
pub struct Acme {
    /// The name that the certificate is for.
    pub host: String,
    /// Whom the authority may write to when something is wrong, as a URL such as `mailto:admin@example.org`.
    pub contact: Option<String>,
    /// The URL of the authority's directory.
    pub directory: String,
    /// The root certificate, in PEM, of an authority that this machine does not trust by itself.
    pub root: Option<PathBuf>,
    /// The directory of what is kept.
    pub state: PathBuf,
}

impl Acme {
    /// The directory of Let's Encrypt.
    pub const LETS_ENCRYPT: &str = LetsEncrypt::Production.url();
}

/// How soon an order that failed is tried again; twice as late each time. Authorities count failures by the hour.
const FIRST_RETRY: Duration = Duration::from_secs(60);

/// The longest that an order that failed waits for the next.
const LAST_RETRY: Duration = Duration::from_secs(6 * 3600);

/// How often it is looked at whether a certificate needs to be renewed: a clock that jumped is noticed.
const CHECK: Duration = Duration::from_secs(3600);

/// How long an authority may take to look at a name, or to sign: it says so itself, and is asked again and again.
const STEP: Duration = Duration::from_secs(120);

/// How long all of an order may take, with every look at the disk. An authority that accepts and stays silent would be waited for
/// until the certificate has expired.
const ORDER: Duration = Duration::from_secs(300);

/// How long a new certificate may take to be written before it is shown all the same.
const WRITING: Duration = Duration::from_secs(30);

/// Keeps a certificate renewed.
#[derive(Debug)]
pub(super) struct Renewal {
    acme: Acme,
    certificates: Arc<Certificates>,
    store: Store,
    /// A certificate that is shown, and could not be written down.
    unwritten: Mutex<Option<Pair>>,
}

/// A certificate's chain and its key, in PEM.
#[derive(Clone)]
struct Pair {
    chain: String,
    key: String,
}

impl Pair {
    fn stored(&self) -> Result<Stored, TlsError> {
        Stored::of(&self.chain, &self.key)
    }

    fn due_in(&self) -> Duration {
        self.stored().map_or(Duration::ZERO, |stored| stored.due_in())
    }
}

/// Must not end in a log.
impl std::fmt::Debug for Pair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pair")
    }
}

/// Why there is no certificate.
#[derive(Debug)]
enum Failure {
    /// The authority, or the way to it.
    Acme(Error),
    /// The authority does not look at names in a way that we can show.
    NoChallenge,
    /// The authority does not believe that the name is ours.
    Refused(OrderStatus),
    /// No key or request could be made.
    Making(rcgen::Error),
    /// It cannot be kept, or is none.
    Tls(TlsError),
    /// It took longer than [`ORDER`], or than [`WRITING`].
    TooSlow,
    /// The authority gave one that would have to be renewed at once.
    Stale,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Acme(error) => write!(f, "{error}"),
            Self::NoChallenge => f.write_str("the authority offers no tls-alpn-01 challenge"),
            Self::Refused(status) => write!(
                f,
                "the authority could not see that the name is ours (the order is {status:?}): it has to reach this \
                 server on port 443 under that name"
            ),
            Self::Making(error) => write!(f, "no request can be made: {error}"),
            Self::Tls(error) => write!(f, "{error}"),
            Self::Stale => f.write_str("the authority gave one that is about to expire"),
            Self::TooSlow => f.write_str("the authority, or the disk, does not answer"),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Acme(error)
    }
}

impl From<rcgen::Error> for Failure {
    fn from(error: rcgen::Error) -> Self {
        Self::Making(error)
    }
}

impl From<TlsError> for Failure {
    fn from(error: TlsError) -> Self {
        Self::Tls(error)
    }
}

impl Renewal {
    pub(super) fn new(acme: Acme, certificates: Arc<Certificates>) -> Result<Self, TlsError> {
        let store = Store::new(&acme.state, &format!("acme-{}", acme.host));
        show(&store, &certificates)?;
        Ok(Self { acme, certificates, store, unwritten: Mutex::default() })
    }

    /// Renews it for ever. What fails is tried again, later each time; the certificate that there is stays.
    pub(super) async fn run(&self) {
        let mut retry = FIRST_RETRY;
        loop {
            let looked = timeout(ORDER, self.renew()).await.unwrap_or(Err(Failure::TooSlow));
            // However it ended.
            self.certificates.set_challenge(None);
            let pause = match looked {
                Ok(due) => {
                    retry = FIRST_RETRY;
                    due.min(CHECK)
                }
                Err(error) => {
                    let seconds = retry.as_secs();
                    warn!(%error, host = self.acme.host, seconds, "no certificate; it is asked for again then");
                    let pause = retry;
                    retry = (retry * 2).min(LAST_RETRY);
                    pause
                }
            };
            sleep(pause).await;
        }
    }

    /// Orders another certificate if it is time. Gives how long there is nothing to do after that.
    async fn renew(&self) -> Result<Duration, Failure> {
        // One that is there, and only not on the disk, is not asked for again: authorities count those, too.
        let unwritten = self.unwritten().filter(|pair| pair.due_in() > Duration::ZERO);
        let pair = match unwritten {
            Some(pair) => pair,
            None => {
                let due = self.due_in().await?;
                if due > Duration::ZERO {
                    return Ok(due);
                }
                let pair = self.order().await?;
                info!(host = self.acme.host, "there is a new certificate");
                self.set_unwritten(Some(pair.clone()));
                pair
            }
        };
        let (due, key) = (pair.due_in(), pair.stored()?.key);
        let store = self.store.clone();
        let saved = on_disk(move || store.save(&pair.chain, &pair.key));
        let saved = timeout(WRITING, saved).await.unwrap_or(Err(Failure::TooSlow));
        // Written or not, it is better than the one before.
        self.certificates.set(key);
        saved?;
        self.set_unwritten(None);
        if due > Duration::ZERO { Ok(due) } else { Err(Failure::Stale) }
    }

    fn set_unwritten(&self, pair: Option<Pair>) {
        *self.unwritten.lock().unwrap_or_else(PoisonError::into_inner) = pair;
    }

    fn unwritten(&self) -> Option<Pair> {
        self.unwritten.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Shows the certificate that is kept, and says when it has to be renewed.
    async fn due_in(&self) -> Result<Duration, Failure> {
        let (store, certificates) = (self.store.clone(), Arc::clone(&self.certificates));
        on_disk(move || show(&store, &certificates)).await
    }

    async fn order(&self) -> Result<Pair, Failure> {
        info!(host = self.acme.host, "asking for a certificate");
        let account = self.account().await?;
        let identifiers = [Identifier::Dns(self.acme.host.clone())];
        let mut order = account.new_order(&NewOrder::new(&identifiers)).await?;
        let status = self.show_that_it_is_ours(&mut order).await?;
        if status != OrderStatus::Ready {
            return Err(Failure::Refused(status));
        }
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new([self.acme.host.clone()])?;
        params.distinguished_name = DistinguishedName::new();
        order.finalize_csr(params.serialize_request(&key)?.der()).await?;
        let chain = order.poll_certificate(&patiently()).await?;
        Ok(Pair { chain, key: key.serialize_pem() })
    }

    async fn show_that_it_is_ours(&self, order: &mut Order) -> Result<OrderStatus, Failure> {
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let mut authorization = authorization?;
            if authorization.status == AuthorizationStatus::Valid {
                continue;
            }
            let mut challenge =
                authorization.challenge(ChallengeType::TlsAlpn01).ok_or(Failure::NoChallenge)?;
            let shown = self.challenge(&challenge.key_authorization())?;
            self.certificates.set_challenge(Some(shown));
            challenge.set_ready().await?;
        }
        Ok(order.poll_ready(&patiently()).await?)
    }

    /// The certificate that shows that the name is ours (RFC 8737 section 3).
    fn challenge(&self, authorization: &KeyAuthorization) -> Result<CertifiedKey, Failure> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new([self.acme.host.clone()])?;
        let digest = authorization.digest();
        params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest.as_ref())];
        let certificate = params.self_signed(&key)?.der().clone();
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let key =
            any_supported_type(&key).map_err(|error| Failure::Tls(TlsError::Library(error)))?;
        // Whether they fit each other is not asked: the library does not read certificates with this extension.
        Ok(CertifiedKey::new(vec![certificate], key))
    }

    /// The account that is kept, or a new one.
    async fn account(&self) -> Result<Account, Failure> {
        let builder = match &self.acme.root {
            Some(root) => Account::builder_with_root(root)?,
            None => Account::builder()?,
        };
        let path = state::tls(&self.acme.state).join(account_file(&self.acme.directory));
        let kept = on_disk({
            let path = path.clone();
            move || store::read(&path)
        });
        let kept = kept.await?.and_then(|text| serde_json::from_slice(&text).ok());
        if let Some(credentials) = kept {
            return Ok(builder.from_credentials(credentials).await?);
        }
        let contact: Vec<&str> = self.acme.contact.iter().map(String::as_str).collect();
        let new = NewAccount {
            contact: &contact,
            terms_of_service_agreed: true,
            only_return_existing: false,
        };
        let (account, credentials) =
            builder.create(&new, self.acme.directory.clone(), None).await?;
        let text = serde_json::to_string(&credentials).map_err(Error::from)?;
        on_disk(move || store::write(&path, text.as_bytes())).await?;
        Ok(account)
    }
}

/// Shows the certificate that is kept, and says when it has to be renewed.
fn show(store: &Store, certificates: &Certificates) -> Result<Duration, TlsError> {
    let Some(stored) = store.load()? else { return Ok(Duration::ZERO) };
    let due = stored.due_in();
    if stored.remaining() > Duration::ZERO {
        certificates.set(stored.key);
    }
    Ok(due)
}

/// A disk that hangs must not hold up whoever shares the thread.
async fn on_disk<T: Send + 'static>(
    what: impl FnOnce() -> Result<T, TlsError> + Send + 'static,
) -> Result<T, Failure> {
    match spawn_blocking(what).await {
        Ok(done) => Ok(done?),
        // It has panicked, or the server stops.
        Err(_) => Err(Failure::TooSlow),
    }
}

/// An account is good with one authority only.
fn account_file(directory: &str) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '-' };
    format!("account-{}.json", directory.chars().map(plain).collect::<String>())
}

fn patiently() -> RetryPolicy {
    RetryPolicy::new().timeout(STEP)
}
