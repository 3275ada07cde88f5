//! Which providers there are. What exists is good: it is checked where it is made.

mod file;
mod source;

use std::{fmt, net::IpAddr, time::Duration};

use openidconnect::{ClientId, ClientSecret, IssuerUrl, Scope, TokenUrl, url::Url};

pub use source::SettingsSource;

/// How long an id may be, in characters: it stands in addresses that are registered with the provider.
const MAX_ID_CHARS: usize = 32;

/// How long a label may be, in characters: it has to fit a button on a phone.
const MAX_LABEL_CHARS: usize = 40;

/// How many providers there may be: more buttons than this nobody reads.
const MAX_PROVIDERS: usize = 16;

/// Who may sign in, and how.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The providers, in the order in which people see them. At least one.
    pub providers: Vec<ProviderSettings>,
    /// What becomes of those who sign in with none.
    pub guests: Guests,
    /// How long things are good for.
    pub lifetimes: Lifetimes,
}

/// What becomes of those who do not show who they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Guests {
    /// They are let in, and marked.
    #[default]
    Allow,
    /// They are not let in.
    Refuse,
}

/// How long things are good for. The defaults are what the protocol says; tests shorten them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    /// How long a sign-in may take, from leaving for the provider to coming back: to find a password and a second factor.
    pub sign_in: Duration,
    /// How long a ticket is good: the time to open a socket over a bad network.
    pub ticket: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self { sign_in: Duration::from_secs(600), ticket: Duration::from_secs(60) }
    }
}

/// A provider of OpenID Connect, as it is registered there.
#[derive(Clone, Debug)]
pub struct ProviderSettings {
    pub(crate) id: String,
    pub(crate) label: String,
    pub(crate) issuer: IssuerUrl,
    pub(crate) client_id: ClientId,
    pub(crate) client_secret: Option<ClientSecret>,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) token_endpoint: Option<TokenUrl>,
}

/// Secrets are compared as well: they may have been changed at the provider.
impl PartialEq for ProviderSettings {
    fn eq(&self, other: &Self) -> bool {
        let Self { id, label, issuer, client_id, client_secret, scopes, token_endpoint } = self;
        let secret = |of: &Option<ClientSecret>| of.as_ref().map(|secret| secret.secret().clone());
        (id, label, issuer) == (&other.id, &other.label, &other.issuer)
            && (client_id, scopes) == (&other.client_id, &other.scopes)
            && token_endpoint == &other.token_endpoint
            && secret(client_secret) == secret(&other.client_secret)
    }
}

/// What is wrong with the settings, as the rest of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadSettings(String);

impl BadSettings {
    fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

impl fmt::Display for BadSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadSettings {}

impl Settings {
    /// Puts providers together.
    ///
    /// # Errors
    /// There is none, there are too many, or two that cannot be told apart.
    pub fn new(providers: Vec<ProviderSettings>, guests: Guests) -> Result<Self, BadSettings> {
        if providers.is_empty() || providers.len() > MAX_PROVIDERS {
            return Err(BadSettings::new(format!("there are 1 to {MAX_PROVIDERS} providers")));
        }
        for (index, one) in providers.iter().enumerate() {
            for other in &providers[index + 1..] {
                if one.id == other.id {
                    return Err(BadSettings::new(format!("two providers have the id {}", one.id)));
                }
                // An account is what an issuer says: of two by one issuer nobody could tell whose it is.
                if one.issuer == other.issuer {
                    let same = format!("{} and {} have the same issuer", one.id, other.id);
                    return Err(BadSettings::new(same));
                }
            }
        }
        Ok(Self { providers, guests, lifetimes: Lifetimes::default() })
    }
}

impl ProviderSettings {
    /// A provider with this issuer, of which one is this client. It is asked for `profile` and `email`, from which a name is
    /// suggested.
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn new(issuer: &str, client_id: &str) -> Result<Self, BadSettings> {
        let url = endpoint(issuer).map_err(|what| BadSettings(format!("the issuer {what}")))?;
        if url.query().is_some() {
            return Err(BadSettings::new("the issuer has a query"));
        }
        if client_id.is_empty() || client_id.chars().any(char::is_control) {
            return Err(BadSettings::new("the client id is empty, or none"));
        }
        let label = url.host_str().unwrap_or_default().chars().take(MAX_LABEL_CHARS).collect();
        let issuer = IssuerUrl::new(issuer.to_owned());
        Ok(Self {
            id: "oidc".to_owned(),
            label,
            issuer: issuer.map_err(|_| BadSettings::new("the issuer is no URL"))?,
            client_id: ClientId::new(client_id.to_owned()),
            client_secret: None,
            scopes: ["profile", "email"].map(|scope| Scope::new(scope.to_owned())).into(),
            token_endpoint: None,
        })
    }

    /// What stands on its button. It gives the id as well, unless that [is named](Self::with_id).
    ///
    /// # Errors
    /// It is empty, too long, or no text for people.
    pub fn labelled(mut self, label: &str) -> Result<Self, BadSettings> {
        let label = label.trim();
        let good = !label.is_empty()
            && label.chars().count() <= MAX_LABEL_CHARS
            && !label.chars().any(char::is_control);
        if !good {
            return Err(BadSettings::new(format!("a label has 1 to {MAX_LABEL_CHARS} characters")));
        }
        label.clone_into(&mut self.label);
        let words = label.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty());
        let id = words.collect::<Vec<_>>().join("-").to_ascii_lowercase();
        if is_id(&id) {
            self.id = id;
        }
        Ok(self)
    }

    /// What stands in its addresses.
    ///
    /// # Errors
    /// It is none.
    pub fn with_id(mut self, id: &str) -> Result<Self, BadSettings> {
        if !is_id(id) {
            let what = format!("an id has 1 to {MAX_ID_CHARS} small letters, digits and hyphens");
            return Err(BadSettings(what));
        }
        id.clone_into(&mut self.id);
        Ok(self)
    }

    /// What the provider knows us by. Without one, we are a public client.
    ///
    /// # Errors
    /// It is empty.
    pub fn with_secret(mut self, secret: &str) -> Result<Self, BadSettings> {
        if secret.is_empty() {
            return Err(BadSettings::new("the client secret is empty"));
        }
        self.client_secret = Some(ClientSecret::new(secret.to_owned()));
        Ok(self)
    }

    /// What is asked for besides `openid`.
    ///
    /// # Errors
    /// One of them is none (RFC 6749 section 3.3).
    pub fn with_scopes(mut self, scopes: &[String]) -> Result<Self, BadSettings> {
        let allowed = |b: u8| b.is_ascii_graphic() && b != b'"' && b != b'\\';
        if scopes.iter().any(|scope| scope.is_empty() || !scope.bytes().all(allowed)) {
            return Err(BadSettings::new("a scope is empty, or has characters that none has"));
        }
        let scopes = scopes.iter().filter(|scope| *scope != "openid");
        self.scopes = scopes.map(|scope| Scope::new(scope.clone())).collect();
        Ok(self)
    }

    /// Where codes are exchanged, for a provider whose discovery does not say it.
    ///
    /// # Errors
    /// It is no URL, or not of HTTPS.
    pub fn with_token_endpoint(mut self, url: &str) -> Result<Self, BadSettings> {
        endpoint(url).map_err(|what| BadSettings(format!("the token endpoint {what}")))?;
        let url = TokenUrl::new(url.to_owned());
        self.token_endpoint = Some(url.map_err(|_| BadSettings::new("it is no URL"))?);
        Ok(self)
    }

    /// What stands in its addresses.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

fn is_id(id: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=MAX_ID_CHARS).contains(&id.len()) && id.bytes().all(allowed)
}

/// Reads the URL of something of a provider.
fn endpoint(url: &str) -> Result<Url, &'static str> {
    let url: Url = url.parse().map_err(|_| "is no URL")?;
    if !is_safe(&url) {
        return Err("is not reached over HTTPS, and not on this machine either");
    }
    if url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
        return Err("has a user or a fragment");
    }
    Ok(url)
}

/// Whether what is said to this URL is safe on its way: by HTTPS, or within this machine.
pub(crate) fn is_safe(url: &Url) -> bool {
    match url.scheme() {
        "https" => url.host_str().is_some(),
        "http" => url.host_str().is_some_and(|host| {
            let bare = host.trim_matches(['[', ']']);
            match bare.parse::<IpAddr>() {
                Ok(address) => address.is_loopback(),
                // RFC 6761 section 6.3: these names never leave the machine.
                Err(_) => bare == "localhost" || bare.ends_with(".localhost"),
            }
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Guests, ProviderSettings, Settings};

    fn provider(issuer: &str) -> ProviderSettings {
        ProviderSettings::new(issuer, "us").unwrap()
    }

    #[test]
    fn an_issuer_is_reached_over_https_or_on_this_machine() {
        for (issuer, good) in [
            ("https://accounts.google.com", true),
            ("https://login.example.org/realms/one/", true),
            ("http://127.0.0.1:8080", true),
            ("http://localhost:8080/realms/one", true),
            ("http://[::1]:8080", true),
            ("http://login.example.org", false),
            ("http://192.168.0.2", false),
            ("http://localhost.example", false),
            ("ftp://example.org", false),
            ("example.org", false),
            ("https://", false),
            ("https://user@example.org", false),
            ("https://example.org/#a", false),
            ("https://example.org/?a", false),
            ("", false),
        ] {
            assert_eq!(ProviderSettings::new(issuer, "us").is_ok(), good, "{issuer}");
        }
        assert!(ProviderSettings::new("https://a", "").is_err());
    }

    #[test]
    fn a_label_gives_the_id_if_nobody_names_one() {
        let plain = || provider("https://login.example.org/x");
        assert_eq!((plain().id.as_str(), plain().label.as_str()), ("oidc", "login.example.org"));
        let named = plain().labelled(" Our Company (new) ").unwrap();
        assert_eq!(
            (named.id.as_str(), named.label.as_str()),
            ("our-company-new", "Our Company (new)")
        );
        assert_eq!(plain().labelled("Фирма").unwrap().id, "oidc");
        assert_eq!(named.with_id("ours").unwrap().id, "ours");
        let long = "x".repeat(41);
        for bad in ["", " ", "a\u{0}b", "a\u{1b}[2J", &long] {
            assert!(plain().labelled(bad).is_err(), "{bad:?}");
        }
        for bad in ["", "A", "a/b", "a b", "..", "ä", &long] {
            assert!(plain().with_id(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn what_is_no_secret_and_no_scope_is_refused() {
        let plain = || provider("https://a.example");
        assert!(plain().with_secret("").is_err());
        for (scope, good) in [("groups", true), ("", false), ("a b", false), ("a\"", false)] {
            assert_eq!(plain().with_scopes(&[scope.to_owned()]).is_ok(), good, "{scope}");
        }
        assert!(plain().with_scopes(&["openid".to_owned()]).unwrap().scopes.is_empty());
        assert!(plain().with_token_endpoint("http://a.example").is_err());
        let shown = format!("{:?}", plain().with_secret("s3cret").unwrap());
        assert!(!shown.contains("s3cret"), "{shown}");
    }

    #[test]
    fn providers_can_be_told_apart() {
        let one = provider("https://a.example").with_id("one").unwrap();
        let two = provider("https://b.example").with_id("two").unwrap();
        let new =
            |providers: Vec<ProviderSettings>| Settings::new(providers, Guests::Allow).is_ok();
        assert!(new(vec![one.clone(), two.clone()]));
        assert!(!new(vec![]));
        assert!(!new(vec![one.clone(), two.with_id("one").unwrap()]));
        assert!(!new(vec![one.clone(), one.with_id("two").unwrap()]));
    }
}
