//! Where a session finds what other sessions sent it.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use crate::session::Envelope;

/// Where a session finds what other sessions sent it: a bounded queue.
///
/// Of our own, since every user has one and almost all of them are empty at any time: tokio's channels set aside 800
/// bytes for an empty one, this 100.
#[derive(Debug)]
pub struct Mailbox(Arc<Shared>);

/// An engine's end of a [`Mailbox`]. Dropped, it cuts the session off, once that has read what is there.
#[derive(Debug)]
pub struct MailboxSender(Arc<Shared>);

/// Where to put something into a [`Mailbox`], for as long as its [`MailboxSender`] lives.
#[derive(Debug)]
pub struct MailboxAddress(Arc<Shared>);

#[derive(Debug)]
struct Shared(Mutex<Queue>);

#[derive(Debug)]
struct Queue {
    waiting: VecDeque<Envelope>,
    capacity: usize,
    /// Wakes the session's task, if it waits.
    waker: Option<Waker>,
    /// Whether both ends are there.
    open: bool,
}

impl Mailbox {
    /// A mailbox that holds up to `capacity` envelopes, and the way to put them in.
    #[must_use]
    pub fn new(capacity: usize) -> (MailboxSender, Self) {
        let queue = Queue { waiting: VecDeque::new(), capacity, waker: None, open: true };
        let shared = Arc::new(Shared(Mutex::new(queue)));
        (MailboxSender(Arc::clone(&shared)), Self(shared))
    }

    /// Takes the next envelope out. `None` means that the session is cut off: the mailbox was full once.
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Envelope>> {
        let mut queue = self.0.queue();
        if let Some(envelope) = queue.waiting.pop_front() {
            return Poll::Ready(Some(envelope));
        }
        if !queue.open {
            return Poll::Ready(None);
        }
        match &mut queue.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        Poll::Pending
    }

    /// Takes the next envelope out, if one is there.
    pub fn try_recv(&mut self) -> Option<Envelope> {
        self.0.queue().waiting.pop_front()
    }
}

impl MailboxSender {
    /// Puts an envelope into the mailbox.
    ///
    /// # Errors
    /// It is full, or its session is gone. Gives the envelope back.
    pub fn try_send(&self, envelope: Envelope) -> Result<(), Envelope> {
        self.0.put(envelope)
    }

    /// Where this puts envelopes.
    #[must_use]
    pub fn address(&self) -> MailboxAddress {
        MailboxAddress(Arc::clone(&self.0))
    }
}

impl MailboxAddress {
    /// Puts an envelope into the mailbox.
    ///
    /// # Errors
    /// It is full, or its session is gone, or cut off. Gives the envelope back.
    pub fn try_send(&self, envelope: Envelope) -> Result<(), Envelope> {
        self.0.put(envelope)
    }
}

impl Shared {
    fn put(&self, envelope: Envelope) -> Result<(), Envelope> {
        let mut queue = self.queue();
        if !queue.open || queue.waiting.len() >= queue.capacity {
            return Err(envelope);
        }
        queue.waiting.push_back(envelope);
        let waker = queue.waker.take();
        // Woken without the lock, which it would only wait for.
        drop(queue);
        if let Some(waker) = waker {
            waker.wake();
        }
        Ok(())
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        // No code that holds the lock can panic half-way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) -> Option<Waker> {
        let mut queue = self.queue();
        queue.open = false;
        queue.waker.take()
    }
}

impl Drop for MailboxSender {
    fn drop(&mut self) {
        if let Some(waker) = self.0.close() {
            waker.wake();
        }
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        self.0.close();
        // Nobody will read them.
        let unread = std::mem::take(&mut self.0.queue().waiting);
        drop(unread);
    }
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, task::Poll};

    use protocol::UserName;

    use super::{Mailbox, MailboxSender, Shared};
    use crate::session::{Body, CallKey, Envelope};

    fn envelope(number: u64) -> Envelope {
        let from = UserName::parse("alice").unwrap();
        Envelope { from, guest: false, call: CallKey::Numbered(number), body: Body::Ringing }
    }

    /// Gives whether it was taken.
    fn send(sender: &MailboxSender, number: u64) -> bool {
        sender.try_send(envelope(number)).is_ok()
    }

    async fn receive(mailbox: &mut Mailbox) -> Option<Envelope> {
        poll_fn(|cx| mailbox.poll_recv(cx)).await
    }

    #[tokio::test]
    async fn envelopes_come_in_order_and_wake_who_waits() {
        let (sender, mut mailbox) = Mailbox::new(10);
        let reader = tokio::spawn(async move {
            let mut got = Vec::new();
            while let Some(envelope) = receive(&mut mailbox).await {
                got.push(envelope);
            }
            got
        });
        for number in 0..5 {
            assert!(send(&sender, number));
            tokio::task::yield_now().await;
        }
        drop(sender);
        assert_eq!(reader.await.unwrap(), (0..5).map(envelope).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn a_full_one_takes_no_more_and_a_cut_off_one_is_read_to_its_end() {
        let (sender, mut mailbox) = Mailbox::new(2);
        assert_eq!([0, 1, 2].map(|n| send(&sender, n)), [true, true, false]);
        assert_eq!(mailbox.try_recv(), Some(envelope(0)));
        assert!(send(&sender, 3));
        drop(sender);
        assert_eq!(receive(&mut mailbox).await, Some(envelope(1)));
        assert_eq!(receive(&mut mailbox).await, Some(envelope(3)));
        assert_eq!(receive(&mut mailbox).await, None);
    }

    #[tokio::test]
    async fn nothing_is_put_where_nobody_reads() {
        let (sender, mut mailbox) = Mailbox::new(2);
        let waits = poll_fn(|cx| Poll::Ready(mailbox.poll_recv(cx).is_pending())).await;
        assert!(waits);
        drop(mailbox);
        assert!(!send(&sender, 0));
    }

    #[test]
    fn an_empty_one_is_small() {
        // With the two counters of its `Arc`.
        let bytes = size_of::<Shared>() + 2 * size_of::<usize>();
        assert!(bytes <= 100, "{bytes} bytes");
    }
}
