//! The providers that people can sign in with. They may be others after a reload.

use std::{
    io,
    sync::{Arc, PoisonError, RwLock},
};

use crate::{provider::Provider, settings::ProviderSettings};

/// The providers, in the order in which people see them.
pub(crate) struct Providers(RwLock<Arc<[Arc<Provider>]>>);

impl Providers {
    /// # Errors
    /// This machine's certificates cannot be had.
    pub(crate) fn new(settings: Vec<ProviderSettings>) -> io::Result<Self> {
        Ok(Self(RwLock::new(together(settings, &[])?)))
    }

    /// Those that there are now.
    pub(crate) fn now(&self) -> Arc<[Arc<Provider>]> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn by_id(&self, id: &str) -> Option<Arc<Provider>> {
        self.now().iter().find(|provider| provider.settings.id() == id).cloned()
    }

    pub(crate) fn by_issuer(&self, issuer: &str) -> Option<Arc<Provider>> {
        self.now().iter().find(|provider| provider.issuer() == issuer).cloned()
    }

    pub(crate) fn issuers(&self) -> Vec<String> {
        self.now().iter().map(|provider| provider.issuer().to_owned()).collect()
    }

    /// From now on there are these. One that stays as it was keeps what it is known to publish.
    ///
    /// # Errors
    /// This machine's certificates cannot be had; then nothing changes.
    pub(crate) fn replace(&self, settings: Vec<ProviderSettings>) -> io::Result<()> {
        let providers = together(settings, &self.now())?;
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = providers;
        Ok(())
    }
}

fn together(
    settings: Vec<ProviderSettings>,
    before: &[Arc<Provider>],
) -> io::Result<Arc<[Arc<Provider>]>> {
    let provider = |settings: ProviderSettings| match before
        .iter()
        .find(|provider| provider.settings == settings)
    {
        Some(same) => Ok(Arc::clone(same)),
        None => Provider::new(settings).map(Arc::new),
    };
    settings.into_iter().map(provider).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Providers;
    use crate::ProviderSettings;

    #[test]
    fn only_what_differs_is_another_provider() {
        let settings = |id: &str, secret: &str| {
            let settings = ProviderSettings::new(&format!("https://{id}.example"), "us").unwrap();
            settings.with_id(id).unwrap().with_secret(secret).unwrap()
        };
        let providers = Providers::new(vec![settings("a", "1"), settings("b", "1")]).unwrap();
        let (a, b) = (providers.by_id("a").unwrap(), providers.by_id("b").unwrap());
        providers.replace(vec![settings("b", "2"), settings("a", "1")]).unwrap();
        assert_eq!(providers.issuers(), ["https://b.example", "https://a.example"]);
        assert!(Arc::ptr_eq(&a, &providers.by_id("a").unwrap()));
        assert!(!Arc::ptr_eq(&b, &providers.by_issuer("https://b.example").unwrap()));
        assert!(providers.by_id("c").is_none());
    }
}
