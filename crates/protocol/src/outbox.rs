//! Messages that may have to be sent again: the part of resuming a session that both ends share.

use std::collections::VecDeque;

use crate::limits::{MAX_UNACKNOWLEDGED_BYTES, MAX_UNACKNOWLEDGED_MESSAGES};

/// What was sent within a session and is not known to have arrived.
///
/// A socket that breaks loses what was on its way, and neither end can tell how much. So each end counts the messages
/// that it gets, tells the other that count now and then, and keeps what it sent until it is covered by the other's
/// count. Over the next socket the rest is sent again: each message arrives once, and in order.
///
/// Holds up to [`MAX_UNACKNOWLEDGED_MESSAGES`] and up to [`MAX_UNACKNOWLEDGED_BYTES`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Outbox<M> {
    /// How many messages the other end is known to have got.
    acknowledged: u64,
    /// Those that were sent after these, each with its size in bytes.
    waiting: VecDeque<(M, usize)>,
    bytes: usize,
}

/// There is no room for the message: the other end is too far behind for its session to be resumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooFarBehind;

/// The other end says that it got more than was ever sent, or less than it said before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImpossibleCount;

impl<M> Outbox<M> {
    /// Nothing was sent yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { acknowledged: 0, waiting: VecDeque::new(), bytes: 0 }
    }

    /// Keeps a message of about so many bytes.
    ///
    /// # Errors
    /// There is no room for it.
    pub fn push(&mut self, message: M, bytes: usize) -> Result<(), TooFarBehind> {
        let total = self.bytes + bytes;
        if self.waiting.len() >= MAX_UNACKNOWLEDGED_MESSAGES || total > MAX_UNACKNOWLEDGED_BYTES {
            return Err(TooFarBehind);
        }
        self.bytes = total;
        self.waiting.push_back((message, bytes));
        Ok(())
    }

    /// The other end has got so many messages since the session began: they are let go.
    ///
    /// # Errors
    /// That cannot be; nothing is changed.
    pub fn acknowledge(&mut self, received: u64) -> Result<(), ImpossibleCount> {
        let more = received.checked_sub(self.acknowledged).ok_or(ImpossibleCount)?;
        let more = usize::try_from(more).map_err(|_| ImpossibleCount)?;
        if more > self.waiting.len() {
            return Err(ImpossibleCount);
        }
        self.acknowledged = received;
        let gone: usize = self.waiting.drain(..more).map(|(_, bytes)| bytes).sum();
        self.bytes -= gone;
        if self.waiting.is_empty() {
            // Most sessions are idle most of the time: then this holds no memory.
            self.waiting = VecDeque::new();
        }
        Ok(())
    }

    /// What is not known to have arrived, in order.
    pub fn waiting(&self) -> impl Iterator<Item = &M> {
        self.waiting.iter().map(|(message, _)| message)
    }
}

impl<M> Default for Outbox<M> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::{
        ImpossibleCount, MAX_UNACKNOWLEDGED_BYTES, MAX_UNACKNOWLEDGED_MESSAGES, Outbox,
        TooFarBehind,
    };

    fn outbox(messages: &[u32]) -> Outbox<u32> {
        let mut outbox = Outbox::new();
        for message in messages {
            outbox.push(*message, 10).unwrap();
        }
        outbox
    }

    fn waiting(outbox: &Outbox<u32>) -> Vec<u32> {
        outbox.waiting().copied().collect()
    }

    #[test]
    fn what_has_arrived_is_let_go_and_the_rest_stays_in_order() {
        let mut outbox = outbox(&[1, 2, 3]);
        outbox.acknowledge(2).unwrap();
        assert_eq!(waiting(&outbox), [3]);
        outbox.push(4, 10).unwrap();
        outbox.acknowledge(2).unwrap();
        assert_eq!(waiting(&outbox), [3, 4]);
        outbox.acknowledge(4).unwrap();
        assert!(waiting(&outbox).is_empty());
        assert_eq!(outbox.bytes, 0);
    }

    #[test]
    fn counts_that_cannot_be_change_nothing() {
        let mut outbox = outbox(&[1, 2, 3]);
        outbox.acknowledge(1).unwrap();
        for impossible in [0, 4, u64::MAX] {
            assert_eq!(outbox.acknowledge(impossible), Err(ImpossibleCount), "{impossible}");
        }
        assert_eq!(waiting(&outbox), [2, 3]);
    }

    #[test]
    fn it_is_bounded_by_count_and_by_bytes() {
        let mut outbox = Outbox::new();
        for _ in 0..MAX_UNACKNOWLEDGED_MESSAGES {
            outbox.push(0, 1).unwrap();
        }
        assert_eq!(outbox.push(0, 1), Err(TooFarBehind));
        outbox.acknowledge(1).unwrap();
        assert_eq!(outbox.push(0, MAX_UNACKNOWLEDGED_BYTES), Err(TooFarBehind));
        assert_eq!(outbox.push(0, 1), Ok(()));
    }
}
