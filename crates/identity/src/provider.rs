//! One provider: where it is, the way there, and what it says of who comes back, with every check of it.

mod discovery;
mod token;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use openidconnect::{
    CsrfToken, Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    core::CoreAuthenticationFlow,
};
use tokio::{sync::Semaphore, time::timeout};

pub(crate) use token::NotKnown;

use crate::{settings::ProviderSettings, web::Web};
use discovery::Known;

/// How long either half of a sign-in may take, whatever the provider does in it: people wait for it.
const SIGN_IN_LIMIT: Duration = Duration::from_secs(15);

/// How many may wait for one provider. Each holds a request of some KB; to more it is said at once that the provider cannot be had.
const MAX_WAITING: usize = 1024;

/// A provider, and what is known of it.
pub(crate) struct Provider {
    pub(crate) settings: ProviderSettings,
    web: Web,
    /// Held for a look or a change, and never while somebody is asked.
    known: Mutex<Known>,
    /// Places of those who wait.
    waiting: Semaphore,
}

/// What makes a sign-in one of its own: drawn at random by whoever begins it.
pub(crate) struct Draws {
    pub(crate) state: String,
    pub(crate) nonce: String,
    pub(crate) verifier: String,
}

impl Provider {
    /// # Errors
    /// This machine's certificates cannot be had.
    pub(crate) fn new(settings: ProviderSettings) -> std::io::Result<Self> {
        Ok(Self {
            settings,
            web: Web::new()?,
            known: Mutex::default(),
            waiting: Semaphore::new(MAX_WAITING),
        })
    }

    /// What this provider has to do with is done in time, or not at all; and not for more at once than may wait.
    pub(crate) async fn in_time<T>(&self, what: impl Future<Output = T>) -> Option<T> {
        let _place = self.waiting.try_acquire().ok()?;
        timeout(SIGN_IN_LIMIT, what).await.ok()
    }

    /// What an issuer is called in tokens and in accounts.
    pub(crate) fn issuer(&self) -> &str {
        self.settings.issuer.as_str()
    }

    /// Whether it can be reached.
    pub(crate) async fn is_there(self: &Arc<Self>) -> bool {
        self.discovered().await.is_some()
    }

    /// Where a browser is sent to sign in: the authorization code flow (OpenID Connect Core section 3.1), with PKCE by S256.
    /// `None` if the provider cannot be reached.
    pub(crate) async fn way_there(
        self: &Arc<Self>,
        draws: &Draws,
        callback: &str,
    ) -> Option<String> {
        let known = self.discovered().await?;
        let callback = RedirectUrl::new(callback.to_owned()).ok()?;
        let client = known.client(&self.settings).set_redirect_uri(callback);
        let (state, nonce) = (draws.state.clone(), draws.nonce.clone());
        let verifier = PkceCodeVerifier::new(draws.verifier.clone());
        let (url, _, _) = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                || CsrfToken::new(state),
                || Nonce::new(nonce),
            )
            .add_scopes(self.settings.scopes.iter().cloned())
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .url();
        Some(url.into())
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use futures_util::FutureExt;

    use super::{MAX_WAITING, Provider, SIGN_IN_LIMIT};
    use crate::ProviderSettings;

    #[tokio::test(start_paused = true)]
    async fn so_many_wait_for_a_provider_and_for_so_long() {
        let settings = ProviderSettings::new("https://a.example", "us").unwrap();
        let provider = Provider::new(settings).unwrap();
        let start = tokio::time::Instant::now();
        let mut waiting: Vec<_> =
            (0..MAX_WAITING).map(|_| Box::pin(provider.in_time(pending::<()>()))).collect();
        assert!(waiting.iter_mut().all(|one| one.now_or_never().is_none()));
        assert_eq!(provider.in_time(async {}).now_or_never(), Some(None), "at once");
        for one in waiting {
            assert_eq!(one.await, None);
        }
        assert_eq!(start.elapsed(), SIGN_IN_LIMIT);
        assert_eq!(provider.in_time(async {}).await, Some(()));
    }
}
