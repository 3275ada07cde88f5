//! Users whose credentials are good no more, though they have not expired. Pure.

use std::{
    collections::{HashSet, VecDeque},
    hash::{BuildHasher, RandomState},
};

use crate::limits::{CREDENTIAL_LIFETIME, REVOKED_USERS};

/// Remembers, as short as it can, who is revoked: until their credentials have expired by themselves.
#[derive(Debug, Default)]
pub(crate) struct Revoked {
    hasher: RandomState,
    users: HashSet<u64>,
    /// In the order in which they were revoked, with the time at which they can be forgotten.
    until: VecDeque<(u64, u64)>,
}

impl Revoked {
    /// Remembers a user. What was minted for it before `unix` has expired once it is forgotten.
    pub(crate) fn add(&mut self, user: &str, unix: u64) {
        self.forget(unix);
        if self.until.len() >= REVOKED_USERS {
            self.forget_one();
        }
        let user = self.hasher.hash_one(user);
        if self.users.insert(user) {
            self.until.push_back((unix + CREDENTIAL_LIFETIME.as_secs(), user));
        }
    }

    pub(crate) fn contains(&self, user: &str) -> bool {
        !self.users.is_empty() && self.users.contains(&self.hasher.hash_one(user))
    }

    /// Forgets those whose credentials have expired.
    pub(crate) fn forget(&mut self, unix: u64) {
        while self.until.front().is_some_and(|(until, _)| *until <= unix) {
            self.forget_one();
        }
    }

    fn forget_one(&mut self) {
        if let Some((_, user)) = self.until.pop_front() {
            self.users.remove(&user);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CREDENTIAL_LIFETIME, REVOKED_USERS, Revoked};

    #[test]
    fn a_user_is_remembered_until_its_credentials_have_expired() {
        let mut revoked = Revoked::default();
        revoked.add("alice", 1000);
        let end = 1000 + CREDENTIAL_LIFETIME.as_secs();
        revoked.forget(end - 1);
        assert!(revoked.contains("alice"));
        assert!(!revoked.contains("bob"));
        revoked.forget(end);
        assert!(!revoked.contains("alice"));
        assert!(revoked.until.is_empty());
    }

    #[test]
    fn there_is_a_limit_and_the_oldest_is_forgotten() {
        let mut revoked = Revoked::default();
        for n in 0..=REVOKED_USERS {
            revoked.add(&n.to_string(), 1000);
        }
        assert!(!revoked.contains("0"));
        assert!(revoked.contains("1"));
        assert!(revoked.contains(&REVOKED_USERS.to_string()));
        assert_eq!(revoked.until.len(), REVOKED_USERS);
        assert_eq!(revoked.users.len(), REVOKED_USERS);
    }
}
