//! The queue of what is to be written to a socket.

use std::collections::VecDeque;

use protocol::close::CloseCode;
use tokio_tungstenite::tungstenite::Message;

use super::closing::Ending;
use crate::limits::{BATCH_BYTES, BATCH_MESSAGES, OUTBOUND_BYTES, OUTBOUND_MESSAGES};

/// What is to be written to a socket. Holds up to [`OUTBOUND_MESSAGES`] and up to [`OUTBOUND_BYTES`].
#[derive(Debug, Default)]
pub(super) struct Outbound {
    queue: VecDeque<Message>,
    bytes: usize,
}

impl Outbound {
    /// Adds a message.
    ///
    /// # Errors
    /// The queue is full: the client does not read as fast as it is written to, and has to go.
    pub(super) fn push(&mut self, message: Message) -> Result<(), Ending> {
        let bytes = self.bytes + message.len();
        if self.queue.len() >= OUTBOUND_MESSAGES || bytes > OUTBOUND_BYTES {
            return Err(Ending::Close(CloseCode::SlowConsumer));
        }
        self.bytes = bytes;
        if self.queue.capacity() == 0 {
            // Room for the one answer to a login: most users say nothing more, and would hold room for four.
            self.queue.reserve_exact(1);
        }
        self.queue.push_back(message);
        Ok(())
    }

    pub(super) fn pop(&mut self) -> Option<Message> {
        let message = self.queue.pop_front()?;
        self.bytes -= message.len();
        Some(message)
    }

    /// Whether more should be gathered before what is here is written.
    pub(super) fn has_room_in_batch(&self) -> bool {
        self.queue.len() < BATCH_MESSAGES && self.bytes < BATCH_BYTES
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::{Message, OUTBOUND_BYTES, OUTBOUND_MESSAGES, Outbound};

    #[test]
    fn the_queue_is_bounded_by_count() {
        let mut outbound = Outbound::default();
        for _ in 0..OUTBOUND_MESSAGES {
            outbound.push(Message::text("x")).unwrap();
        }
        assert!(outbound.push(Message::text("x")).is_err());
        outbound.pop();
        assert!(outbound.push(Message::text("x")).is_ok());
    }

    #[test]
    fn the_queue_is_bounded_by_bytes() {
        let mut outbound = Outbound::default();
        let half = "x".repeat(OUTBOUND_BYTES / 2);
        outbound.push(Message::text(half.clone())).unwrap();
        outbound.push(Message::text(half)).unwrap();
        assert!(outbound.push(Message::text("x")).is_err());
        outbound.pop();
        assert!(outbound.push(Message::text("x")).is_ok());
        outbound.clear();
        assert!(outbound.is_empty() && outbound.bytes == 0);
    }
}
