//! The sign-ins that are under way: between the browser's way to the provider and back. Pure: time is handed in.

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

use crate::secret::Hash;

/// How many sign-ins may be under way. One takes some 500 bytes. The oldest gives way to one more: a flood has to begin so
/// many within the time that one person needs.
const MAX_PENDING: usize = 16 * 1024;

/// A sign-in that is under way.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Pending {
    /// Where the browser was sent to.
    pub(crate) provider: usize,
    /// Which browser it was.
    pub(crate) browser: Hash,
    /// What the ID token has to repeat.
    pub(crate) nonce: String,
    /// What shows the provider that whoever brings the code is who asked for it (RFC 7636).
    pub(crate) verifier: String,
    /// Where the provider sends the browser back to.
    pub(crate) callback: String,
}

/// The sign-ins that are under way, by the hash of their state.
pub(crate) struct Table {
    lifetime: Duration,
    by_state: HashMap<Hash, Pending>,
    /// When each began, the oldest first. Those that came back already are still in it.
    ages: VecDeque<(Instant, Hash)>,
}

impl Table {
    pub(crate) fn new(lifetime: Duration) -> Self {
        Self { lifetime, by_state: HashMap::new(), ages: VecDeque::new() }
    }

    pub(crate) fn add(&mut self, now: Instant, state: Hash, pending: Pending) {
        self.forget(now, MAX_PENDING - 1);
        self.by_state.insert(state, pending);
        self.ages.push_back((now, state));
    }

    /// The sign-in with this state, which is good once.
    pub(crate) fn take(&mut self, now: Instant, state: &Hash) -> Option<Pending> {
        self.forget(now, MAX_PENDING);
        self.by_state.remove(state)
    }

    /// Forgets what is too old, and, of more than `most`, the oldest.
    fn forget(&mut self, now: Instant, most: usize) {
        while let Some((began, state)) = self.ages.front() {
            let is_old = now.saturating_duration_since(*began) >= self.lifetime;
            if !is_old && self.ages.len() <= most {
                break;
            }
            self.by_state.remove(state);
            self.ages.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{MAX_PENDING, Pending, Table};

    const MINUTE: Duration = Duration::from_secs(60);

    fn pending(provider: usize) -> Pending {
        let text = String::new;
        Pending { provider, browser: [0; 32], nonce: text(), verifier: text(), callback: text() }
    }

    fn state(number: usize) -> [u8; 32] {
        let mut state = [0; 32];
        state[..8].copy_from_slice(&number.to_be_bytes());
        state
    }

    #[test]
    fn a_state_is_good_once_and_for_a_while() {
        let start = Instant::now();
        let mut table = Table::new(10 * MINUTE);
        table.add(start, state(1), pending(7));
        table.add(start, state(2), pending(8));
        assert!(table.take(start, &state(3)).is_none());
        assert!(table.take(start + 9 * MINUTE, &state(1)) == Some(pending(7)));
        assert!(table.take(start + 9 * MINUTE, &state(1)).is_none());
        assert!(table.take(start + 10 * MINUTE, &state(2)).is_none());
        assert!(table.by_state.is_empty() && table.ages.is_empty());
    }

    #[test]
    fn there_are_so_many_and_no_more() {
        let start = Instant::now();
        let mut table = Table::new(10 * MINUTE);
        for number in 0..2 * MAX_PENDING {
            table.add(start, state(number), pending(0));
        }
        assert_eq!(table.by_state.len(), MAX_PENDING);
        assert_eq!(table.ages.len(), MAX_PENDING);
        assert!(table.take(start, &state(MAX_PENDING - 1)).is_none());
        assert!(table.take(start, &state(MAX_PENDING)).is_some());
        assert!(table.take(start, &state(2 * MAX_PENDING - 1)).is_some());
    }
}
