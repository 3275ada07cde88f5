//! What a provider publishes of itself (OpenID Connect Discovery 1.0): asked for when it is needed, kept for a while, and asked
//! for again when a key is not among those that are known.

use std::{
    sync::{Arc, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use openidconnect::{
    AdditionalProviderMetadata, AuthType, EndpointMaybeSet, EndpointNotSet, EndpointSet,
    JsonWebKeySet, ProviderMetadata,
    core::{
        CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClient, CoreClientAuthMethod,
        CoreGrantType, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
        CoreJweKeyManagementAlgorithm, CoreResponseMode, CoreResponseType,
        CoreSubjectIdentifierType,
    },
    url::Url,
};
use serde::{Deserialize, Serialize};
use tokio::{sync::watch, time::timeout};
use tracing::{info, warn};

use super::Provider;
use crate::settings::{ProviderSettings, is_safe};

/// For how long what a provider publishes is taken to be so; then it is asked again, and what it said before serves meanwhile. Keys
/// that are not known are looked for at once.
const GOOD_FOR: Duration = Duration::from_secs(12 * 3_600);

/// How long a provider that could not be reached is left alone: whoever comes meanwhile hears so without waiting.
const LEFT_ALONE: Duration = Duration::from_secs(3);

/// How often keys may be looked for again: tokens with unknown keys are somebody's mistake, or somebody's attempt.
const KEYS_EVERY: Duration = Duration::from_secs(10);

/// How long all of discovery may take, or to look for keys again.
const DEADLINE: Duration = Duration::from_secs(10);

/// How long an endpoint's URL may be, in bytes: every browser that leaves for a provider is sent one.
const MAX_ENDPOINT_BYTES: usize = 2 * 1024;

/// How many keys a provider may have: a token that names none is tried with each.
const MAX_KEYS: usize = 100;

/// What this adds to what the library reads.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct More {
    /// Whether the provider says in its answers who it is (RFC 9207 section 3).
    #[serde(default)]
    authorization_response_iss_parameter_supported: Option<bool>,
}

impl AdditionalProviderMetadata for More {}

type Metadata = ProviderMetadata<
    More,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// The library's client, of a provider that was discovered.
pub(super) type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// What is known of a provider, and what it is being asked.
#[derive(Default)]
pub(super) struct Known {
    discovered: Option<Arc<Discovered>>,
    failed_at: Option<Instant>,
    keys_at: Option<Instant>,
    discovery: Option<Flight>,
    keys: Option<Flight>,
}

/// A question that is under way, and all who need the answer wait for. Nothing is sent: it ends when its sender does.
type Flight = watch::Receiver<()>;

/// What a provider published.
pub(super) struct Discovered {
    metadata: Metadata,
    at: Instant,
}

impl Provider {
    fn known(&self) -> MutexGuard<'_, Known> {
        // No code that holds the lock can panic half-way through a change.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the provider publishes; `None` if it cannot be had. Whoever comes while it is being asked has the same answer; and what
    /// it said before is better than to wait for it.
    pub(super) async fn discovered(self: &Arc<Self>) -> Option<Arc<Discovered>> {
        let flight = {
            let mut known = self.known();
            let now = now();
            let is_new = |one: &Arc<Discovered>| now.saturating_duration_since(one.at) < GOOD_FOR;
            if !known.discovered.as_ref().is_some_and(is_new)
                && !is_within(known.failed_at, now, LEFT_ALONE)
            {
                let this = Arc::clone(self);
                fly(&mut known.discovery, async move { this.discover_again().await });
            }
            match (&known.discovered, &known.discovery) {
                (Some(discovered), _) => return Some(Arc::clone(discovered)),
                (None, Some(flight)) => flight.clone(),
                (None, None) => return None,
            }
        };
        landed(flight).await;
        self.known().discovered.clone()
    }

    async fn discover_again(&self) {
        let answer = timeout(DEADLINE, self.discover()).await;
        let answer = answer.unwrap_or_else(|_| Err("it takes too long".to_owned()));
        let mut known = self.known();
        let now = now();
        match answer {
            Ok(metadata) => {
                let discovered = Arc::new(Discovered { metadata, at: now });
                (known.discovered, known.failed_at) = (Some(discovered), None);
                known.keys_at = Some(now);
                info!(provider = self.settings.id(), "the provider is there");
            }
            Err(why) => {
                known.failed_at = Some(now);
                warn!(provider = self.settings.id(), why, "the provider is not to be had");
            }
        }
        known.discovery = None;
    }

    async fn discover(&self) -> Result<Metadata, String> {
        let metadata = Metadata::discover_async(self.settings.issuer.clone(), &self.web).await;
        // The library's words name the field and the place, and for an issuer both names.
        let metadata = metadata.map_err(|error| plain(&whole(&error)))?;
        let endpoints = [
            Some(metadata.authorization_endpoint().url()),
            Some(metadata.jwks_uri().url()),
            metadata.token_endpoint().map(|url| url.url()),
            metadata.userinfo_endpoint().map(|url| url.url()),
        ];
        let is_http = |url: &Url| url.scheme() == "http";
        for endpoint in endpoints.into_iter().flatten() {
            if endpoint.as_str().len() > MAX_ENDPOINT_BYTES {
                return Err(format!("an endpoint of it is longer than {MAX_ENDPOINT_BYTES} bytes"));
            }
            // Who is asked over HTTPS must not lead to where nobody knows who answers.
            if !is_safe(endpoint) || is_http(endpoint) && !is_http(self.settings.issuer.url()) {
                return Err("an endpoint of it is not reached over HTTPS".to_owned());
            }
        }
        if metadata.token_endpoint().is_none() && self.settings.token_endpoint.is_none() {
            return Err("it names no token endpoint: set one".to_owned());
        }
        if metadata.jwks().keys().len() > MAX_KEYS {
            return Err(format!("it has more than {MAX_KEYS} keys"));
        }
        Ok(metadata)
    }

    /// Asks for the provider's keys again, as there is one missing in what was `seen`. `None` if that gives nothing new. All who
    /// miss one meanwhile have the same answer.
    pub(super) async fn with_other_keys(
        self: &Arc<Self>,
        seen: &Arc<Discovered>,
    ) -> Option<Arc<Discovered>> {
        let newer = |known: &Known| {
            known.discovered.as_ref().filter(|new| !Arc::ptr_eq(new, seen)).cloned()
        };
        let flight = {
            let mut known = self.known();
            if let Some(discovered) = newer(&known) {
                return Some(discovered);
            }
            if !is_within(known.keys_at, now(), KEYS_EVERY) {
                let (this, seen) = (Arc::clone(self), Arc::clone(seen));
                fly(&mut known.keys, async move { this.look_for_keys(&seen).await });
            }
            known.keys.clone()?
        };
        landed(flight).await;
        newer(&self.known())
    }

    async fn look_for_keys(&self, seen: &Discovered) {
        let keys = JsonWebKeySet::fetch_async(seen.metadata.jwks_uri(), &self.web);
        let keys = timeout(DEADLINE, keys).await;
        let mut known = self.known();
        known.keys_at = Some(now());
        if let Ok(Ok(keys)) = keys
            && keys.keys().len() <= MAX_KEYS
        {
            info!(provider = self.settings.id(), "the provider's keys were looked up again");
            let metadata = seen.metadata.clone().set_jwks(keys);
            known.discovered = Some(Arc::new(Discovered { metadata, at: seen.at }));
        }
        known.keys = None;
    }
}

/// Asks, unless it is being asked already. Whoever needs the answer may go away; it is kept for others.
fn fly(flight: &mut Option<Flight>, question: impl Future<Output = ()> + Send + 'static) {
    // One that ended without clearing away has panicked.
    let is_under_way = flight.as_ref().is_some_and(|flight| flight.has_changed().is_ok());
    if !is_under_way {
        let (ends, new) = watch::channel(());
        *flight = Some(new);
        tokio::spawn(async move {
            question.await;
            drop(ends);
        });
    }
}

/// Resolves once the question has its answer.
async fn landed(mut flight: Flight) {
    while flight.changed().await.is_ok() {}
}

impl Discovered {
    pub(super) fn client(&self, settings: &ProviderSettings) -> Client {
        let (id, secret) = (settings.client_id.clone(), settings.client_secret.clone());
        let metadata = self.metadata.clone();
        let metadata = match &settings.token_endpoint {
            Some(url) => metadata.set_token_endpoint(Some(url.clone())),
            None => metadata,
        };
        CoreClient::from_provider_metadata(metadata, id, secret).set_auth_type(self.auth_type())
    }

    /// Whether the provider names itself in its answers.
    pub(super) fn names_itself(&self) -> bool {
        let more = self.metadata.additional_metadata();
        more.authorization_response_iss_parameter_supported == Some(true)
    }

    pub(super) fn has_user_info(&self) -> bool {
        self.metadata.userinfo_endpoint().is_some()
    }

    /// How we show our secret. What is not said means that it is by HTTP's own way (RFC 6749 section 2.3.1).
    fn auth_type(&self) -> AuthType {
        let methods = self.metadata.token_endpoint_auth_methods_supported();
        let knows = |method| methods.is_none_or(|known| known.contains(&method));
        if knows(CoreClientAuthMethod::ClientSecretBasic) {
            AuthType::BasicAuth
        } else {
            AuthType::RequestBody
        }
    }
}

/// By the clock that tests can set.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

fn is_within(point: Option<Instant>, now: Instant, time: Duration) -> bool {
    point.is_some_and(|point| now.saturating_duration_since(point) < time)
}

/// An error with what is behind it.
fn whole(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

/// What others wrote, for a log: short, and without what controls a terminal or turns what stands after it around.
fn plain(text: &str) -> String {
    let turns = |c| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let shown = |c: char| if c.is_control() || turns(c) { '\u{fffd}' } else { c };
    text.chars().take(300).map(shown).collect()
}
