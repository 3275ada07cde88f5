//! Who says who somebody is.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use identity::{BadSettings, Guests, ProviderSettings, SettingsSource};

use super::help::heading;

/// Who says who somebody is: providers of OpenID Connect, one by these options or several by a file.
#[derive(Debug, Args)]
pub(super) struct IdentityOptions {
    /// A provider of OpenID Connect that people can sign in with, such as `https://accounts.google.com`. Needs
    /// --oidc-client-id.
    #[arg(long, env = "PRONTO_OIDC_ISSUER", help_heading = heading::SIGN_IN, value_name = "URL")]
    oidc_issuer: Option<String>,

    /// What the provider knows this server as.
    #[arg(long, env = "PRONTO_OIDC_CLIENT_ID", help_heading = heading::SIGN_IN, value_name = "ID")]
    oidc_client_id: Option<String>,

    /// The secret that goes with it. Better in the environment, where other users of this machine do not see it.
    #[arg(long, env = "PRONTO_OIDC_CLIENT_SECRET", help_heading = heading::SIGN_IN, value_name = "SECRET", hide_env_values = true)]
    oidc_client_secret: Option<String>,

    /// What stands on the provider's button. By default its host.
    #[arg(long, env = "PRONTO_OIDC_LABEL", help_heading = heading::SIGN_IN, value_name = "TEXT")]
    oidc_label: Option<String>,

    /// A file of providers, in TOML, where there are several.
    #[arg(long, env = "PRONTO_OIDC_CONFIG", help_heading = heading::SIGN_IN, value_name = "FILE")]
    oidc_config: Option<PathBuf>,

    /// Whether people may sign in without a provider. They are marked as guests to others.
    #[arg(
        long,
        env = "PRONTO_GUESTS", help_heading = heading::SIGN_IN,
        value_name = "ALLOW|REFUSE",
        default_value = "allow",
        hide_possible_values = true
    )]
    guests: GuestsChoice,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum GuestsChoice {
    Allow,
    Refuse,
}

impl IdentityOptions {
    /// Where the settings are read from; `None` if nobody says who somebody is.
    ///
    /// # Errors
    /// Says which options do not go together, or what is wrong with a provider.
    pub(super) fn into_source(self) -> Result<Option<SettingsSource>, String> {
        let guests = match self.guests {
            GuestsChoice::Allow => Guests::Allow,
            GuestsChoice::Refuse => Guests::Refuse,
        };
        let file = self.oidc_config.clone();
        let providers = Vec::from_iter(self.one()?);
        match (providers.is_empty() && file.is_none(), guests) {
            (false, _) => Ok(Some(SettingsSource { providers, file, guests })),
            (true, Guests::Allow) => Ok(None),
            (true, Guests::Refuse) => {
                Err("--guests refuse needs a provider: nobody could sign in.".to_owned())
            }
        }
    }

    /// The provider of the options.
    fn one(self) -> Result<Option<ProviderSettings>, String> {
        let Some(issuer) = self.oidc_issuer else {
            let others = [self.oidc_client_id, self.oidc_client_secret, self.oidc_label];
            return match others.iter().any(Option::is_some) {
                true => {
                    Err("--oidc-client-id, -secret and --oidc-label need --oidc-issuer.".to_owned())
                }
                false => Ok(None),
            };
        };
        let id = self.oidc_client_id.ok_or("--oidc-issuer needs --oidc-client-id.")?;
        provider(&issuer, &id, self.oidc_client_secret.as_deref(), self.oidc_label.as_deref())
            .map(Some)
            .map_err(|bad| format!("--oidc-issuer {issuer}: {bad}."))
    }
}

fn provider(
    issuer: &str,
    id: &str,
    secret: Option<&str>,
    label: Option<&str>,
) -> Result<ProviderSettings, BadSettings> {
    let mut provider = ProviderSettings::new(issuer, id)?;
    if let Some(secret) = secret {
        provider = provider.with_secret(secret)?;
    }
    match label {
        Some(label) => provider.labelled(label),
        None => Ok(provider),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use identity::{Guests, Settings};

    use crate::cli::tests::parse;

    fn settings(arguments: &[&str]) -> Result<Option<Settings>, String> {
        parse(arguments).unwrap().into_config().map(|config| config.identity)
    }

    #[test]
    fn providers_come_from_options_and_from_a_file() {
        assert!(settings(&[]).unwrap().is_none());
        let one = ["--oidc-issuer=https://a.example", "--oidc-client-id=us", "--oidc-label=Ours"];
        let found = settings(&one).unwrap().unwrap();
        assert_eq!(found.providers.iter().map(|one| one.id()).collect::<Vec<_>>(), ["ours"]);
        assert_eq!(found.guests, Guests::Allow);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("providers.toml");
        fs::write(&file, "[[provider]]\nissuer = \"https://b.example\"\nclient_id = \"us\"\n")
            .unwrap();
        let file = format!("--oidc-config={}", file.display());
        let both = settings(&[&one[..], &[&file, "--guests=refuse"]].concat()).unwrap().unwrap();
        assert_eq!(both.providers.len(), 2);
        assert_eq!(both.guests, Guests::Refuse);
    }

    #[test]
    fn a_file_without_a_provider_is_a_mistake() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("providers.toml");
        fs::write(&file, "# [[provider]]\n").unwrap();
        let complaint = settings(&[&format!("--oidc-config={}", file.display())]).unwrap_err();
        assert!(complaint.contains("providers.toml names no [[provider]]"), "{complaint}");
    }

    #[test]
    fn what_does_not_go_together_is_refused_when_the_server_starts() {
        for (arguments, says) in [
            (&["--oidc-issuer=https://a.example"][..], "--oidc-client-id"),
            (&["--oidc-client-id=us"], "--oidc-issuer"),
            (&["--oidc-issuer=http://a.example", "--oidc-client-id=us"], "HTTPS"),
            (&["--oidc-config=/nowhere/at/all"], "/nowhere/at/all"),
            (&["--guests=refuse"], "--guests"),
        ] {
            let complaint = settings(arguments).unwrap_err();
            assert!(complaint.contains(says) && complaint.ends_with('.'), "{complaint}");
        }
        assert!(parse(&["--guests=maybe"]).is_err());
    }
}
