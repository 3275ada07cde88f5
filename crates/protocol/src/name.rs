//! User names.

mod bidi;
mod looks;
mod normal;
mod rules;
mod unicode;

use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
};

pub use looks::Looks;

use crate::{
    limits::{MAX_NAME_BYTES, MAX_NAME_CHARS},
    name_error::{NameError, NameReason},
};

/// The name of a user, valid by construction.
///
/// It has a spelling, in which it is shown: small letters, no wide forms, composed. 1 to 32 characters: letters and digits of one
/// script (Common and Inherited aside, UTS #39 section 5.1), each with up to four combining marks, and `.`, `_` and `-` between
/// them. And it has a key, which is the same for all usual spellings: two names are equal if their keys are. Shared, since it
/// stands in every message of its user.
#[derive(Clone)]
pub struct UserName(Arc<Texts>);

struct Texts {
    spelling: Arc<str>,
    /// Where it differs from that, which is rare.
    key: Option<Box<str>>,
}

impl UserName {
    /// Normalises and checks a name as somebody wrote it.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(written: &str) -> Result<Self, NameError> {
        if written.is_empty() {
            return Err(NameError::whole(NameReason::Empty));
        }
        if written.len() > MAX_NAME_BYTES {
            return Err(NameError::whole(NameReason::TooLong));
        }
        // Almost every name is plain lower-case ASCII, which is mapped to itself.
        if written.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()) {
            if written.len() > MAX_NAME_CHARS {
                return Err(NameError::whole(NameReason::TooLong));
            }
            return Ok(Self::new(written, None));
        }
        let spelling = normal::spelling(written).ok_or(NameError::whole(NameReason::Character))?;
        rules::check(&spelling)?;
        let key = normal::key(&spelling);
        let key = (key != spelling).then(|| key.into());
        Ok(Self::new(&spelling, key))
    }

    fn new(spelling: &str, key: Option<Box<str>>) -> Self {
        Self(Arc::new(Texts { spelling: spelling.into(), key }))
    }

    /// A name that was given before: one that an earlier version let in stays its owner's, though it could not be had any more.
    /// `None` if no version would have let it in.
    ///
    /// One that could not be had any more is found under this very spelling only, so that it is never taken for another.
    #[must_use]
    pub fn kept(name: &str) -> Option<Self> {
        let parsed = || Self::parse(name).ok();
        parsed().or_else(|| rules::was_allowed(name).then(|| Self::new(name, None)))
    }

    /// Reads the name of somebody whom a client means, who may have one that was given before.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn of_other(written: &str) -> Result<Self, NameError> {
        Self::parse(written).or_else(|error| Self::kept(written).ok_or(error))
    }

    /// The name as it is shown, normalised.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0.spelling
    }

    /// What all spellings of the name have in common: to find it by, never to show.
    #[must_use]
    pub fn key(&self) -> &str {
        self.0.key.as_deref().unwrap_or(&self.0.spelling)
    }

    /// What the name looks like: nobody else may have one that looks the same.
    #[must_use]
    pub fn looks(&self) -> Looks {
        Looks::of(self.as_str(), self.key())
    }
}

impl PartialEq for UserName {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for UserName {}

impl PartialOrd for UserName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for UserName {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(other.key())
    }
}

impl Hash for UserName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl fmt::Debug for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UserName({:?})", self.as_str())
    }
}

/// The name as it stands in a message, without a copy of it.
impl From<&UserName> for Arc<str> {
    fn from(name: &UserName) -> Self {
        Self::clone(&name.0.spelling)
    }
}

impl From<UserName> for Arc<str> {
    fn from(name: UserName) -> Self {
        Self::clone(&name.0.spelling)
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests;
