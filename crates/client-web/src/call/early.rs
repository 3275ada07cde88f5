//! Candidates that wait for what they belong to: the description, or the user's answer.

use protocol::Raw;

/// How many wait. A browser finds 5 to 40.
const MAX_CANDIDATES: usize = 64;

/// How many bytes of them wait: a candidate has 150 to 300. Nobody who only rings makes the page hold more.
const MAX_BYTES: usize = 64 * 1024;

/// Candidates that wait, in the order in which they came. What finds no room is dropped: a peer that sends so many is not one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct EarlyCandidates {
    waiting: Vec<Raw>,
    bytes: usize,
}

impl EarlyCandidates {
    pub(super) fn push(&mut self, candidate: Raw) {
        let bytes = self.bytes + candidate.as_json().len();
        if self.waiting.len() < MAX_CANDIDATES && bytes <= MAX_BYTES {
            self.waiting.push(candidate);
            self.bytes = bytes;
        }
    }

    /// All of them, so that none waits any more.
    pub(super) fn take(&mut self) -> Vec<Raw> {
        std::mem::take(self).waiting
    }
}

#[cfg(test)]
mod tests {
    use super::{EarlyCandidates, MAX_BYTES, MAX_CANDIDATES, Raw};

    #[test]
    fn they_are_bounded_in_number_and_in_bytes() {
        for (bytes, kept) in [(100, MAX_CANDIDATES), (4_096, MAX_BYTES / 4_096), (MAX_BYTES + 1, 0)]
        {
            let mut early = EarlyCandidates::default();
            for _ in 0..1_000 {
                early.push(Raw::from_json(format!("\"{}\"", "c".repeat(bytes - 2))).unwrap());
            }
            assert_eq!(early.take().len(), kept, "{bytes}");
            early.push(Raw::from_json("1".to_owned()).unwrap());
            assert_eq!(early.take().len(), 1, "there is room again");
        }
    }
}
