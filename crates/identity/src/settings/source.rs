//! Where the settings come from.

use std::path::PathBuf;

use super::{BadSettings, Guests, ProviderSettings, Settings, file::SettingsFile};

/// Where settings come from, so that a running server can read them again.
#[derive(Clone, Debug)]
pub struct SettingsSource {
    /// Providers that stay as they are.
    pub providers: Vec<ProviderSettings>,
    /// A file that names more of them, in TOML: `[[provider]]` with `issuer`, `client_id`, and optionally `id`, `label`,
    /// `client_secret` or `client_secret_file`, `scopes` and `token_endpoint`.
    pub file: Option<PathBuf>,
    /// What becomes of those who sign in with none.
    pub guests: Guests,
}

impl SettingsSource {
    /// Reads the file, if there is one, and puts all providers together.
    ///
    /// # Errors
    /// The file cannot be read, or says what cannot be; or the providers do not go together.
    pub fn read(&self) -> Result<Settings, BadSettings> {
        let mut providers = self.providers.clone();
        if let Some(file) = &self.file {
            let path = file.display();
            let read = SettingsFile::read(file)
                .map_err(|bad| BadSettings::new(format!("{path}: {bad}")))?;
            // Whoever names a file of providers does not want a server that lets everybody in without one.
            if read.is_empty() {
                return Err(BadSettings::new(format!("{path} names no [[provider]]")));
            }
            providers.extend(read);
        }
        Settings::new(providers, self.guests)
    }
}
