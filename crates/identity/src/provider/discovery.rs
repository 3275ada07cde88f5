//! What a provider publishes of itself (OpenID Connect Discovery 1.0): asked for when it is needed, kept for a while, and asked
//! for again when a key is not among those that are known.

use std::{
    sync::Arc,
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
use tokio::time::timeout;
use tracing::{info, warn};

use super::Provider;
use crate::settings::{ProviderSettings, is_safe};

/// For how long what a provider publishes is taken to be so. Keys that are not known are looked for at once.
const GOOD_FOR: Duration = Duration::from_secs(12 * 3_600);

/// How long a provider that could not be reached is left alone: whoever comes meanwhile hears so without waiting.
const LEFT_ALONE: Duration = Duration::from_secs(3);

/// How often keys may be looked for again: tokens with unknown keys are somebody's mistake, or somebody's attempt.
const KEYS_EVERY: Duration = Duration::from_secs(10);

/// How long all of discovery may take.
const DEADLINE: Duration = Duration::from_secs(15);

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

/// What is known of a provider.
#[derive(Default)]
pub(super) struct Known {
    discovered: Option<Arc<Discovered>>,
    failed_at: Option<Instant>,
    keys_at: Option<Instant>,
}

/// What a provider published.
pub(super) struct Discovered {
    metadata: Metadata,
    at: Instant,
}

impl Provider {
    /// What the provider publishes; `None` if it cannot be had.
    pub(super) async fn discovered(&self) -> Option<Arc<Discovered>> {
        let mut known = self.known.lock().await;
        let now = now();
        if let Some(discovered) = &known.discovered
            && now.saturating_duration_since(discovered.at) < GOOD_FOR
        {
            return Some(Arc::clone(discovered));
        }
        if is_within(known.failed_at, now, LEFT_ALONE) {
            return known.discovered.clone();
        }
        match self.discover().await {
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
        // What it said before is better than nothing.
        known.discovered.clone()
    }

    async fn discover(&self) -> Result<Metadata, String> {
        let asked = Metadata::discover_async(self.settings.issuer.clone(), &self.web);
        let metadata =
            timeout(DEADLINE, asked).await.map_err(|_| "it takes too long".to_owned())?;
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
            // Who is asked over HTTPS must not lead to where nobody knows who answers.
            if !is_safe(endpoint) || is_http(endpoint) && !is_http(self.settings.issuer.url()) {
                return Err("an endpoint of it is not reached over HTTPS".to_owned());
            }
        }
        if metadata.token_endpoint().is_none() && self.settings.token_endpoint.is_none() {
            return Err("it names no token endpoint: set one".to_owned());
        }
        Ok(metadata)
    }

    /// Asks for the provider's keys again, as there is one missing in what was `seen`. `None` if that gives nothing new.
    pub(super) async fn with_other_keys(&self, seen: &Arc<Discovered>) -> Option<Arc<Discovered>> {
        let mut known = self.known.lock().await;
        if let Some(discovered) = known.discovered.as_ref().filter(|new| !Arc::ptr_eq(new, seen)) {
            return Some(Arc::clone(discovered));
        }
        let now = now();
        if is_within(known.keys_at, now, KEYS_EVERY) {
            return None;
        }
        known.keys_at = Some(now);
        let keys = JsonWebKeySet::fetch_async(seen.metadata.jwks_uri(), &self.web);
        let keys = timeout(DEADLINE, keys).await.ok()?.ok()?;
        info!(provider = self.settings.id(), "the provider's keys were looked up again");
        let metadata = seen.metadata.clone().set_jwks(keys);
        let discovered = Arc::new(Discovered { metadata, at: seen.at });
        known.discovered = Some(Arc::clone(&discovered));
        Some(discovered)
    }
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

/// What others wrote, for a log: short, and without what controls a terminal.
fn plain(text: &str) -> String {
    text.chars().take(300).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
