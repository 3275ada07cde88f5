//! The accounts, as their operator looks after them: without a server.

use std::path::Path;

use super::{Book, Entry, FILE, OpenError};
use crate::seconds;

/// The accounts in a state directory, for who looks after them.
pub struct AccountsFile(Book);

impl AccountsFile {
    /// Opens them to read; a server may have them meanwhile. `None` if there are none.
    ///
    /// # Errors
    /// The database cannot be used.
    pub fn read(state: &Path) -> Result<Option<Self>, OpenError> {
        let file = state.join(FILE);
        if !file.try_exists()? {
            return Ok(None);
        }
        Ok(Some(Self(Book::open_to_read(&file)?)))
    }

    /// Opens them to change them, which must not be done while a server has them. `None` if there are none.
    ///
    /// # Errors
    /// The database cannot be used.
    pub fn change(state: &Path) -> Result<Option<Self>, OpenError> {
        let file = state.join(FILE);
        if !file.try_exists()? {
            return Ok(None);
        }
        Ok(Some(Self(Book::open(&file, seconds())?)))
    }

    /// All accounts, by their names; those without one come last.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn all(&mut self) -> Result<Vec<Entry>, OpenError> {
        Ok(self.0.all(seconds())?)
    }

    /// Takes this name from the account that has it, which is signed out everywhere, and may choose another. `false` if none has
    /// it.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn free(&mut self, name: &str) -> Result<bool, OpenError> {
        Ok(self.0.free(seconds(), name)?)
    }
}
