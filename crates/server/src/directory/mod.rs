//! The directory: who is logged in, and how to reach their sessions.
//!
//! A name is claimed by exactly one session at a time, and names that look alike ([`UserName::looks`]) count as one.
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
mod mailbox;
#[cfg(test)]
mod tests;

use protocol::UserName;

use crate::session::Envelope;

pub use local::{LocalDirectory, LocalRegistration};
pub use mailbox::{Mailbox, MailboxAddress, MailboxSender};

/// Who is logged in, and how to reach them. See the [module](self) for what an engine guarantees.
///
/// The futures must be quick: a connection waits for them before it reads on.
pub trait Directory: Clone + Send + Sync + 'static {
    /// Holds a claimed name, and releases it when dropped.
    type Registration: Send + 'static;

    /// Where the session of a name is, for who sends to it often.
    type Address: Send + Sync + 'static;

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

    /// Where the session is that holds exactly this name, if there is one.
    fn address(&self, of: &UserName) -> impl Future<Output = Option<Self::Address>> + Send;

    /// Puts an envelope into the mailbox at an address, if that can be done at once, without looking for a name.
    ///
    /// # Errors
    /// It is not taken there, or no more: gives it back, to be sent to the name.
    fn try_send_to(&self, address: &Self::Address, envelope: Envelope) -> Result<(), Envelope>;
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
