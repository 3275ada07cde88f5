//! The directory: who is logged in, and how to reach their sessions.
//!
//! A name is claimed by exactly one session at a time, and names that look alike ([`UserName::skeleton`]) count as one.
//! But only the very name reaches a session: whoever calls `rnary` does not get `mary`.
//!
//! # The delivery guarantee
//!
//! - **At most once.** An envelope arrives once or not at all; none is ever repeated.
//! - **In order for each pair.** What one session sends to another arrives in the order in which it was sent. Nothing
//!   is promised about the order of envelopes from different senders.
//! - **Told when known.** [`Undeliverable`] means that the envelope was not delivered and will not be. `Ok` means that
//!   it is in the mailbox of a session that was there; the session may end before it reads it, and then answers the
//!   offers that it finds ([`Input::Left`](crate::session::Input::Left)).
//! - **Never waiting for a receiver.** A full mailbox is not waited for: its session is cut off ([`Mailbox::poll_recv`])
//!   and has to end, since a gap in what it was sent cannot be made good.

mod local;
#[cfg(test)]
mod tests;

use std::task::{Context, Poll};

use protocol::UserName;
use tokio::sync::mpsc;

use crate::session::Envelope;

pub use local::{LocalDirectory, LocalRegistration};

/// Who is logged in, and how to reach them. See the [module](self) for what an engine guarantees.
///
/// The futures must be quick: a connection waits for them before it reads on.
pub trait Directory: Clone + Send + Sync + 'static {
    /// Holds a claimed name, and releases it when dropped.
    type Registration: Send + 'static;

    /// Claims a name for a session, which gets its mailbox.
    ///
    /// # Errors
    /// Somebody holds this name, or one that looks the same.
    fn claim(
        &self,
        name: &UserName,
    ) -> impl Future<Output = Result<(Self::Registration, Mailbox), NameTaken>> + Send;

    /// Puts an envelope into the mailbox of the session that holds exactly this name.
    ///
    /// # Errors
    /// Says why that cannot be.
    fn send(
        &self,
        to: &UserName,
        envelope: Envelope,
    ) -> impl Future<Output = Result<(), Undeliverable>> + Send;
}

/// Somebody holds the name, or one that looks the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameTaken;

/// Why an envelope was not delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undeliverable {
    /// Nobody is logged in under the name.
    Nobody,
    /// The session's mailbox was full, now or earlier: it is cut off and about to end.
    CutOff,
}

/// Where a session finds what other sessions sent it: a bounded queue.
#[derive(Debug)]
pub struct Mailbox(mpsc::Receiver<Box<Envelope>>);

/// An engine's end of a [`Mailbox`]. Envelopes are boxed because a queue sets aside room for many of them, and most
/// mailboxes are empty.
pub type MailboxSender = mpsc::Sender<Box<Envelope>>;

impl Mailbox {
    /// A mailbox that holds up to `capacity` envelopes, and the way to put them in.
    #[must_use]
    pub fn new(capacity: usize) -> (MailboxSender, Self) {
        let (sender, receiver) = mpsc::channel(capacity);
        (sender, Self(receiver))
    }

    /// Takes the next envelope out. `None` means that the session is cut off: the mailbox was full once.
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Envelope>> {
        self.0.poll_recv(cx).map(|envelope| envelope.map(|boxed| *boxed))
    }

    /// Takes the next envelope out, if one is there.
    pub fn try_recv(&mut self) -> Option<Envelope> {
        self.0.try_recv().ok().map(|boxed| *boxed)
    }
}
