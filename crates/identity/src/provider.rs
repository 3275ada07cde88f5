//! One provider: where it is, the way there, and what it says of who comes back, with every check of it.

mod discovery;
mod token;

use openidconnect::{
    CsrfToken, Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    core::CoreAuthenticationFlow,
};
use tokio::sync::Mutex;

pub(crate) use token::NotKnown;

use crate::{settings::ProviderSettings, web::Web};
use discovery::Known;

/// A provider, and what is known of it.
pub(crate) struct Provider {
    pub(crate) settings: ProviderSettings,
    web: Web,
    /// One asks at a time, and the others have the answer as well.
    known: Mutex<Known>,
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
        Ok(Self { settings, web: Web::new()?, known: Mutex::new(Known::default()) })
    }

    /// What an issuer is called in tokens and in accounts.
    pub(crate) fn issuer(&self) -> &str {
        self.settings.issuer.as_str()
    }

    /// Whether it can be reached.
    pub(crate) async fn is_there(&self) -> bool {
        self.discovered().await.is_some()
    }

    /// Where a browser is sent to sign in: the authorization code flow (OpenID Connect Core section 3.1), with PKCE by S256.
    /// `None` if the provider cannot be reached.
    pub(crate) async fn way_there(&self, draws: &Draws, callback: &str) -> Option<String> {
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
