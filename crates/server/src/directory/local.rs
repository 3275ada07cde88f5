//! The directory of a server that is alone: a map in memory.

use std::{
    collections::{HashMap, HashSet},
    future::ready,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use protocol::UserName;

use super::{Directory, Mailbox, MailboxAddress, MailboxSender, NameTaken, Undeliverable};
use crate::{limits::MAILBOX_ENVELOPES, session::Envelope};

/// A directory in this process's memory. Clones share it.
///
/// One lock guards all of it. It is held for a look-up and a push into a queue, never while anything is awaited.
#[derive(Clone, Debug, Default)]
pub struct LocalDirectory {
    users: Arc<Mutex<Users>>,
}

#[derive(Debug, Default)]
struct Users {
    /// `None` once the mailbox was full: the session is cut off, but holds its name until it has ended.
    mailboxes: HashMap<UserName, Option<MailboxSender>>,
    /// What the names in `mailboxes` look like, to claim by. Names are looked up in `mailboxes` itself, so that only the
    /// very name finds its session.
    looks: HashSet<(&'static str, Box<str>)>,
}

/// Holds a name in a [`LocalDirectory`], and releases it when dropped. Nothing is delivered any more from then on.
#[derive(Debug)]
pub struct LocalRegistration {
    directory: LocalDirectory,
    name: UserName,
}

impl LocalDirectory {
    fn users(&self) -> MutexGuard<'_, Users> {
        // No code that holds the lock can panic half-way through a change.
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn claim_now(&self, name: &UserName) -> Result<(LocalRegistration, Mailbox), NameTaken> {
        // Computed before the lock is taken, to hold it no longer than needed.
        let looks = looks(name);
        let mut users = self.users();
        if users.mailboxes.contains_key(name) || looks.iter().any(|look| users.looks.contains(look))
        {
            return Err(NameTaken);
        }
        users.looks.extend(looks);
        let (sender, mailbox) = Mailbox::new(MAILBOX_ENVELOPES);
        users.mailboxes.insert(name.clone(), Some(sender));
        let registration = LocalRegistration { directory: self.clone(), name: name.clone() };
        Ok((registration, mailbox))
    }

    fn send_now(&self, to: &UserName, envelope: Envelope) -> Result<(), Undeliverable> {
        let mut users = self.users();
        let mailbox = users.mailboxes.get_mut(to).ok_or(Undeliverable::Nobody)?;
        let sender = mailbox.as_ref().ok_or(Undeliverable::CutOff)?;
        match sender.try_send(envelope) {
            Ok(()) => Ok(()),
            Err(_) => {
                *mailbox = None;
                Err(Undeliverable::CutOff)
            }
        }
    }
}

impl Directory for LocalDirectory {
    type Registration = LocalRegistration;
    type Address = MailboxAddress;

    async fn claim(&self, name: &UserName) -> Result<(LocalRegistration, Mailbox), NameTaken> {
        self.claim_now(name)
    }

    // Not an async function, which would set aside room for the envelope in every connection's task.
    fn send(
        &self,
        to: &UserName,
        envelope: Envelope,
    ) -> impl Future<Output = Result<(), Undeliverable>> + Send {
        ready(self.send_now(to, envelope))
    }

    async fn address(&self, of: &UserName) -> Option<MailboxAddress> {
        self.users().mailboxes.get(of)?.as_ref().map(MailboxSender::address)
    }

    fn try_send_to(&self, address: &MailboxAddress, envelope: Envelope) -> Result<(), Envelope> {
        address.try_send(envelope)
    }
}

impl Drop for LocalRegistration {
    fn drop(&mut self) {
        let looks = looks(&self.name);
        let mut users = self.directory.users();
        users.mailboxes.remove(&self.name);
        for look in looks {
            users.looks.remove(&look);
        }
    }
}

fn looks(name: &UserName) -> [(&'static str, Box<str>); 3] {
    name.looks().each().map(|(case, look)| (case, look.into()))
}
