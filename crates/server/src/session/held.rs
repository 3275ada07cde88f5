//! What is kept for somebody who is not there yet.

use super::Body;

/// How many descriptions and candidates are held. A browser finds 5 to 40 candidates.
const MAX_HELD: usize = 128;

/// How many bytes of them are held: what one user can make the server hold so. Two of the largest descriptions fit, or
/// all that a browser finds ten times over.
const MAX_HELD_BYTES: usize = 128 * 1024;

/// What is kept for a peer or a client that is not there yet: up to 128 descriptions and candidates, and 128 KiB. What comes
/// on top is lost, as the network loses it: the path is found without, or is sought again.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Held<T> {
    items: Vec<T>,
    bytes: usize,
}

impl<T> Held<T> {
    pub(super) const fn new() -> Self {
        Self { items: Vec::new(), bytes: 0 }
    }

    /// Keeps something of about so many bytes, if there is room for it.
    pub(super) fn push(&mut self, item: T, bytes: usize) {
        let total = self.bytes + bytes;
        if self.items.len() < MAX_HELD && total <= MAX_HELD_BYTES {
            self.items.push(item);
            self.bytes = total;
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.items.iter()
    }

    pub(super) fn take(&mut self) -> Vec<T> {
        self.bytes = 0;
        std::mem::take(&mut self.items)
    }
}

impl Held<Body> {
    /// Keeps what was said first.
    pub(super) fn with(body: Body) -> Self {
        let mut held = Self::new();
        let bytes = body.size();
        held.push(body, bytes);
        held
    }
}

#[cfg(test)]
mod tests {
    use super::{Held, MAX_HELD, MAX_HELD_BYTES};

    #[test]
    fn it_is_bounded_by_count_and_by_bytes_and_keeps_what_came_first() {
        let mut held = Held::new();
        for n in 0..=MAX_HELD {
            held.push(n, 1);
        }
        assert!(held.iter().copied().eq(0..MAX_HELD));
        assert_eq!(held.take().len(), MAX_HELD);
        held.push(1, MAX_HELD_BYTES - 1);
        held.push(2, 2);
        held.push(3, 1);
        assert_eq!(held.take(), [1, 3]);
        assert_eq!(held, Held::new());
    }
}
