//! What a provider says of who comes back: the ID token (OpenID Connect Core section 3.1.3.7), with every check of it.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use chrono::{DateTime, Utc};
use openidconnect::{
    AuthorizationCode, ClaimsVerificationError, EndUserEmail, EndUserName, EndUserUsername,
    LocalizedClaim, Nonce, OAuth2TokenResponse, PkceCodeVerifier, RedirectUrl, RequestTokenError,
    SignatureVerificationError, TokenResponse,
    core::{
        CoreIdToken, CoreIdTokenClaims, CoreJwsSigningAlgorithm, CoreTokenResponse,
        CoreUserInfoClaims,
    },
};
use tokio::time::timeout;
use tracing::debug;

use super::{
    Provider,
    discovery::{Client, Discovered},
};
use crate::{accounts::Subject, pending::Pending, suggest};

/// The algorithms that an ID token may be signed with: those with a private key, which only the provider has. With `none`
/// anybody could sign, with HMAC whoever knows our secret.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// How far the provider's clock and ours may be apart.
const LEEWAY: Duration = Duration::from_secs(60);

/// How long a subject may be, in characters (OpenID Connect Core section 2).
const MAX_SUBJECT_CHARS: usize = 255;

/// How long a name is waited for that is only suggested.
const SUGGESTION_LIMIT: Duration = Duration::from_secs(3);

/// Why nobody knows who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotKnown {
    /// The provider cannot be reached.
    Unreachable,
    /// What it says does not hold.
    Failed,
}

impl Provider {
    /// Whether an answer that names this issuer, or none, can be this provider's (RFC 9207 section 2.4): with several
    /// providers, one could pass on what is meant for another.
    pub(crate) async fn may_be_from(
        self: &Arc<Self>,
        issuer: Option<&str>,
    ) -> Result<bool, NotKnown> {
        let known = self.discovered().await.ok_or(NotKnown::Unreachable)?;
        Ok(match issuer {
            Some(issuer) => issuer == self.issuer(),
            None => !known.names_itself(),
        })
    }

    /// Who comes back with this code.
    pub(crate) async fn who(
        self: &Arc<Self>,
        code: String,
        pending: &Pending,
    ) -> Result<Subject, NotKnown> {
        let mut known = self.discovered().await.ok_or(NotKnown::Unreachable)?;
        let callback = RedirectUrl::new(pending.callback.clone()).map_err(|_| NotKnown::Failed)?;
        let mut client = known.client(&self.settings).set_redirect_uri(callback);
        let answer = self.exchange(&client, code, &pending.verifier).await?;
        let token = answer.id_token().ok_or_else(|| self.failed("there is no ID token"))?;
        let nonce = Nonce::new(pending.nonce.clone());
        let claims = match checked(&client, token, &nonce) {
            Err(ClaimsVerificationError::SignatureVerification(
                SignatureVerificationError::NoMatchingKey,
            )) => {
                let other = self.with_other_keys(&known).await;
                known = other.ok_or_else(|| self.failed("there is no such key"))?;
                client = known.client(&self.settings);
                checked(&client, token, &nonce)
            }
            checked => checked,
        };
        let claims = claims.map_err(|error| self.failed(what(&error)))?;
        if claims.authorized_party().is_some_and(|party| *party != self.settings.client_id) {
            return Err(self.failed("it is for another client"));
        }
        let subject = claims.subject().as_str();
        if subject.is_empty() || subject.chars().count() > MAX_SUBJECT_CHARS {
            return Err(self.failed("its subject is none"));
        }
        let suggested = match suggestion(&Said::by_token(claims)) {
            None => self.suggestion_elsewhere(&known, &client, &answer, claims).await,
            some => some,
        };
        let (issuer, subject) = (self.issuer().to_owned(), subject.to_owned());
        Ok(Subject { issuer, subject, suggested })
    }

    async fn exchange(
        &self,
        client: &Client,
        code: String,
        verifier: &str,
    ) -> Result<CoreTokenResponse, NotKnown> {
        let request = client.exchange_code(AuthorizationCode::new(code));
        let request = request.map_err(|_| NotKnown::Failed)?;
        let request = request.set_pkce_verifier(PkceCodeVerifier::new(verifier.to_owned()));
        let answer = request.request_async(&self.web).await;
        answer.map_err(|error| match error {
            RequestTokenError::Request(_) => NotKnown::Unreachable,
            RequestTokenError::ServerResponse(_) => self.failed("it refuses the code"),
            _ => self.failed("its answer to the code is none"),
        })
    }

    /// Many providers tell the name only where they are asked for it (OpenID Connect Core section 5.3). It is a mere suggestion,
    /// so that nothing depends on it.
    async fn suggestion_elsewhere(
        &self,
        known: &Arc<Discovered>,
        client: &Client,
        answer: &CoreTokenResponse,
        claims: &CoreIdTokenClaims,
    ) -> Option<protocol::UserName> {
        if !known.has_user_info() {
            return None;
        }
        let token = answer.access_token().clone();
        let request = client.user_info(token, Some(claims.subject().clone())).ok()?;
        let said = timeout(SUGGESTION_LIMIT, request.request_async(&self.web));
        let said: CoreUserInfoClaims = said.await.ok()?.ok()?;
        suggestion(&Said {
            username: said.preferred_username(),
            name: said.name(),
            email: said.email(),
        })
    }

    /// Says in the log what does not hold, and nothing of what was said.
    fn failed(&self, what: &'static str) -> NotKnown {
        debug!(provider = self.settings.id(), what, "a sign-in fails");
        NotKnown::Failed
    }
}

fn checked<'a>(
    client: &Client,
    token: &'a CoreIdToken,
    nonce: &Nonce,
) -> Result<&'a CoreIdTokenClaims, ClaimsVerificationError> {
    let now = DateTime::<Utc>::from(SystemTime::now());
    let verifier = client
        .id_token_verifier()
        .set_allowed_algs(ALGORITHMS)
        .set_time_fn(move || now - LEEWAY)
        .set_issue_time_verifier_fn(move |issued| {
            if issued > now + LEEWAY { Err("it is from the future".to_owned()) } else { Ok(()) }
        });
    token.claims(&verifier, nonce)
}

/// What did not hold. The library's own words hold parts of the token.
const fn what(error: &ClaimsVerificationError) -> &'static str {
    match error {
        ClaimsVerificationError::Expired(_) => "its time is not now",
        ClaimsVerificationError::InvalidAudience(_) => "it is for another audience",
        ClaimsVerificationError::InvalidIssuer(_) => "it is of another issuer",
        ClaimsVerificationError::InvalidNonce(_) => "its nonce is another",
        ClaimsVerificationError::SignatureVerification(_) => "its signature does not hold",
        ClaimsVerificationError::Unsupported(_) => "it is of an unknown kind",
        _ => "it does not hold",
    }
}

/// What a name can be made of.
struct Said<'a> {
    username: Option<&'a EndUserUsername>,
    name: Option<&'a LocalizedClaim<EndUserName>>,
    email: Option<&'a EndUserEmail>,
}

impl<'a> Said<'a> {
    fn by_token(claims: &'a CoreIdTokenClaims) -> Self {
        let (username, name) = (claims.preferred_username(), claims.name());
        Self { username, name, email: claims.email() }
    }
}

fn suggestion(said: &Said<'_>) -> Option<protocol::UserName> {
    let name = said.name.and_then(|name| name.get(None));
    suggest::name(
        [
            said.username.map(|said| said.as_str()),
            name.map(|said| said.as_str()),
            said.email.map(|said| said.as_str()),
        ]
        .into_iter()
        .flatten(),
    )
}
