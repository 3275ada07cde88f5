//! A file of providers.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use super::{BadSettings, ProviderSettings};

/// A file of providers: see [`SettingsSource::file`](super::SettingsSource::file).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SettingsFile {
    #[serde(default)]
    provider: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: Option<String>,
    label: Option<String>,
    issuer: String,
    client_id: String,
    client_secret: Option<Hidden>,
    client_secret_file: Option<PathBuf>,
    scopes: Option<Vec<String>>,
    token_endpoint: Option<String>,
}

/// Must not end in a log.
#[derive(Deserialize)]
struct Hidden(String);

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("hidden")
    }
}

impl SettingsFile {
    /// Reads the providers of a file. The files that it names are looked for beside it.
    ///
    /// # Errors
    /// It cannot be read, or says what cannot be.
    pub(super) fn read(file: &Path) -> Result<Vec<ProviderSettings>, BadSettings> {
        let text = fs::read_to_string(file).map_err(|error| BadSettings::new(error.to_string()))?;
        let folder = file.parent().unwrap_or(Path::new(""));
        Self::parse(&text, folder)
    }

    fn parse(text: &str, folder: &Path) -> Result<Vec<ProviderSettings>, BadSettings> {
        // What the library says of an error shows the line, which may be that of the secret.
        let read: Self = toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            BadSettings::new(format!("line {line}: {}", error.message()))
        })?;
        let entries = read.provider.into_iter().enumerate();
        entries.map(|(index, entry)| entry.settings(index, folder)).collect()
    }
}

impl Entry {
    fn settings(self, index: usize, folder: &Path) -> Result<ProviderSettings, BadSettings> {
        let name = self.id.clone().or(self.label.clone()).unwrap_or_else(|| self.issuer.clone());
        self.checked(index, folder)
            .map_err(|BadSettings(what)| BadSettings(format!("{name}: {what}")))
    }

    fn checked(self, index: usize, folder: &Path) -> Result<ProviderSettings, BadSettings> {
        let mut settings = ProviderSettings::new(&self.issuer, &self.client_id)?;
        if index > 0 {
            settings.id = format!("oidc-{}", index + 1);
        }
        if let Some(label) = self.label {
            settings = settings.labelled(&label)?;
        }
        if let Some(id) = self.id {
            settings = settings.with_id(&id)?;
        }
        let secret = match (self.client_secret, self.client_secret_file) {
            (Some(_), Some(_)) => return Err(BadSettings::new("it has two client secrets")),
            (Some(Hidden(secret)), None) => Some(secret),
            (None, Some(file)) => {
                let file = folder.join(file);
                let read = fs::read_to_string(&file);
                Some(read.map_err(|e| BadSettings::new(format!("{}: {e}", file.display())))?)
            }
            (None, None) => None,
        };
        if let Some(secret) = secret {
            settings = settings.with_secret(secret.trim())?;
        }
        if let Some(scopes) = self.scopes {
            settings = settings.with_scopes(&scopes)?;
        }
        if let Some(url) = self.token_endpoint {
            settings = settings.with_token_endpoint(&url)?;
        }
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::SettingsFile;

    #[test]
    fn a_file_names_providers_in_order() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("secret"), "s3cret\n").unwrap();
        let file = folder.path().join("providers.toml");
        let text = r#"
            [[provider]]
            id = "google"
            label = "Google"
            issuer = "https://accounts.google.com"
            client_id = "1.apps.example"
            client_secret_file = "secret"

            [[provider]]
            issuer = "http://localhost:8080/realms/ours"
            client_id = "pronto"
            client_secret = "other"
            scopes = ["profile"]
        "#;
        fs::write(&file, text).unwrap();
        let read = SettingsFile::read(&file).unwrap();
        let ids: Vec<_> = read.iter().map(|one| (one.id.as_str(), one.label.as_str())).collect();
        assert_eq!(ids, [("google", "Google"), ("oidc-2", "localhost")]);
        let secrets = read.iter().map(|one| one.client_secret.as_ref().unwrap().secret().as_str());
        assert_eq!(secrets.collect::<Vec<_>>(), ["s3cret", "other"]);
        assert_eq!(read.iter().map(|one| one.scopes.len()).collect::<Vec<_>>(), [2, 1]);
    }

    #[test]
    fn what_is_wrong_is_said_and_no_secret_with_it() {
        let entry = "[[provider]]\nissuer = \"https://a.example\"\nclient_id = \"us\"\n";
        for (more, says) in [
            ("client_secrets = \"s3cret\"", "line 4"),
            ("client_secret = s3cret", "line 4"),
            ("client_secret = \"s3cret\"\nclient_secret_file = \"b\"", "two client secrets"),
            ("client_secret_file = \"nowhere\"", "nowhere"),
            ("client_secret = \"\"", "is empty"),
            ("id = \"A B\"", "A B: an id"),
            ("label = \"\"", "a label"),
            ("scopes = [\"\"]", "a scope"),
            ("token_endpoint = \"http://a.example\"", "the token endpoint"),
        ] {
            let text = format!("{entry}{more}\n");
            let error = SettingsFile::parse(&text, Path::new("/")).unwrap_err().to_string();
            assert!(error.contains(says) && !error.contains("\"s3cret\""), "{more}: {error}");
        }
        assert!(SettingsFile::read(Path::new("/nowhere/at/all")).is_err());
    }
}
