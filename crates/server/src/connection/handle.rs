//! A session with what it needs to live: its machine, its mailbox and its name in the directory.

use std::{
    collections::VecDeque,
    hash::{BuildHasher, Hasher, RandomState},
    task::{Context, Poll},
    time::{Duration, Instant},
};

use protocol::{ClientMessage, UserName};
use tokio_tungstenite::tungstenite::Message;
use tracing::{debug, info};

use super::{closing::Ending, outbound::Outbound};
use crate::{
    directory::{Directory, Mailbox},
    limits::BATCH_MESSAGES,
    session::{Effect, Envelope, Input, Session},
};

/// A session with what it needs to live. Nothing in it belongs to the socket, so that it can outlive one.
///
/// Dropped without [`Self::end`], which tells the peer, it releases its name all the same.
pub(super) struct SessionHandle<D: Directory> {
    machine: Session,
    mailbox: Mailbox,
    directory: D,
    /// `None` once the session has ended.
    registration: Option<D::Registration>,
}

impl<D: Directory> SessionHandle<D> {
    pub(super) fn new(
        user: UserName,
        registration: D::Registration,
        mailbox: Mailbox,
        directory: D,
        ring_limit: Duration,
    ) -> Self {
        let machine = Session::new(user, random_number(), ring_limit);
        Self { machine, mailbox, directory, registration: Some(registration) }
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        self.machine.next_timeout()
    }

    pub(super) fn poll_mail(&mut self, cx: &mut Context<'_>) -> Poll<Option<Envelope>> {
        self.mailbox.poll_recv(cx)
    }

    pub(super) async fn on_client(
        &mut self,
        now: Instant,
        message: ClientMessage,
        out: &mut Outbound,
    ) -> Result<(), Ending> {
        self.handle(now, Input::FromClient(message), out).await
    }

    /// Takes in an envelope, and more from the mailbox, so that all of it goes out in one write; but no more than is
    /// worth one, since what waits to be written counts against the client.
    pub(super) async fn on_mail(
        &mut self,
        now: Instant,
        envelope: Envelope,
        out: &mut Outbound,
    ) -> Result<(), Ending> {
        self.handle(now, Input::FromPeer(envelope), out).await?;
        // Not all envelopes become messages, so they are counted as well: those who send them without end must not
        // keep this session from its own client.
        for _ in 1..BATCH_MESSAGES {
            if !out.has_room_in_batch() {
                break;
            }
            let Some(envelope) = self.mailbox.try_recv() else { break };
            self.handle(now, Input::FromPeer(envelope), out).await?;
        }
        Ok(())
    }

    pub(super) async fn on_time(&mut self, now: Instant, out: &mut Outbound) -> Result<(), Ending> {
        if self.next_timeout().is_some_and(|time| time <= now) {
            self.handle(now, Input::TimeIsUp, out).await
        } else {
            Ok(())
        }
    }

    /// Ends the session: tells its peer, releases its name, and answers what was still in its mailbox.
    pub(super) async fn end(mut self, now: Instant) {
        info!(user = %self.machine.user(), "left");
        // Whatever is said to the client now has nowhere to go.
        let mut nowhere = Outbound::default();
        let _ = self.handle(now, Input::Detached, &mut nowhere).await;
        // The name is released, so nothing can come into the mailbox any more.
        while let Some(envelope) = self.mailbox.try_recv() {
            let _ = self.handle(now, Input::FromPeer(envelope), &mut nowhere).await;
        }
    }

    /// Hands an input to the machine, and carries out its effects in order.
    async fn handle(
        &mut self,
        now: Instant,
        input: Input,
        out: &mut Outbound,
    ) -> Result<(), Ending> {
        let mut effects = VecDeque::from(self.machine.handle(now, input));
        while let Some(effect) = effects.pop_front() {
            match effect {
                Effect::ToClient(message) => out.push(Message::text(message.encode()))?,
                Effect::ToPeer(to, envelope) => {
                    let call = envelope.call.clone();
                    if let Err(why) = self.directory.send(&to, envelope).await {
                        debug!(user = %self.machine.user(), %to, ?why, "an envelope is undeliverable");
                        effects.extend(self.machine.handle(now, Input::Undeliverable { to, call }));
                    }
                }
                Effect::End => self.registration = None,
            }
        }
        Ok(())
    }
}

/// The number of a session's first call without an id. No secret, only unlikely to come twice: the keys that the
/// standard library draws for its hash maps are random enough.
fn random_number() -> u64 {
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use protocol::{LeaveReason, Raw, UserName};

    use super::SessionHandle;
    use crate::{
        directory::{Directory, LocalDirectory},
        session::{Body, CallKey, Envelope},
    };

    #[tokio::test]
    async fn an_ending_session_answers_the_offers_that_it_never_read() {
        let directory = LocalDirectory::default();
        let [alice, bob] = ["alice", "bob"].map(|name| UserName::parse(name).unwrap());
        let (_alice_is_there, mut heard) = directory.claim(&alice).await.unwrap();
        let (registration, mailbox) = directory.claim(&bob).await.unwrap();
        let ring = Duration::from_secs(60);
        let handle =
            SessionHandle::new(bob.clone(), registration, mailbox, directory.clone(), ring);
        let call = CallKey::Numbered(1);
        let body = Body::Offer(Raw::from_json("1".to_owned()).unwrap());
        let offer = Envelope { from: alice, call: call.clone(), body };
        directory.send(&bob, offer).await.unwrap();
        handle.end(Instant::now()).await;
        let body = Body::Leave(LeaveReason::Gone);
        assert_eq!(heard.try_recv(), Some(Envelope { from: bob.clone(), call, body }));
        assert!(directory.claim(&bob).await.is_ok(), "the name is free");
    }
}
