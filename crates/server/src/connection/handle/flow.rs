//! How messages go through a session: from its client, from other sessions and from the clock into the machine, and what
//! comes of it to where it is to go.

use std::{
    task::{Context, Poll, ready},
    time::Instant,
};

use protocol::{ClientMessage, LoginReply, ServerMessage, UserName};
use tokio_tungstenite::tungstenite::Message;
use tracing::debug;

use super::SessionHandle;
use crate::{
    connection::{closing::Ending, outbound::Outbound},
    directory::{Directory, Undeliverable},
    limits::BATCH_MESSAGES,
    session::{Call, CallKey, Effect, Effects, Envelope, Input, Loss, Return, Welcomed},
};

impl<D: Directory> SessionHandle<D> {
    /// The user's client is there. `welcome` makes the answer of its login.
    pub(in crate::connection) async fn on_return(
        &mut self,
        now: Instant,
        back: Return,
        welcome: impl FnOnce(Welcomed) -> protocol::Welcome,
        out: &mut Outbound,
    ) -> Result<(), Ending> {
        self.set_attended(true);
        let mut effects = self.step(now, Input::Return(back));
        if !matches!(effects.first(), Some(Effect::Welcome(_))) {
            return self.carry_out(now, effects, out).await;
        }
        if let Effect::Welcome(welcomed) = effects.remove(0) {
            let reply = ServerMessage::Login(LoginReply::Welcome(Box::new(welcome(welcomed))));
            out.push(Message::text(reply.encode()))?;
        }
        self.carry_out(now, effects, out).await
    }

    pub(in crate::connection) fn on_client<'a>(
        &'a mut self,
        now: Instant,
        message: ClientMessage,
        out: &'a mut Outbound,
    ) -> impl Future<Output = Result<(), Ending>> + Send + use<'a, D> {
        self.handle(now, Input::FromClient(message), out)
    }

    /// Passes on a candidate within the call; gives whether it is one. Anything else is to be decoded.
    ///
    /// # Errors
    /// Gives the envelope that it goes in if the [peer has to be found](Self::find_peer) for that. Boxed, so that no
    /// room for it is set aside all the time.
    pub(in crate::connection) fn pass_on(&mut self, text: &str) -> Result<bool, Box<Envelope>> {
        let Some((to, envelope)) = self.machine.pass_on(text) else { return Ok(false) };
        match self.peer.as_deref() {
            Some((name, address)) if name == to => {
                self.directory.try_send_to(address, envelope).map(|()| true).map_err(Box::new)
            }
            _ => Err(Box::new(envelope)),
        }
    }

    /// Sends this to the call's peer, and remembers where that is.
    pub(in crate::connection) async fn find_peer(
        &mut self,
        now: Instant,
        envelope: Envelope,
        out: &mut Outbound,
    ) -> Result<(), Ending> {
        let Some(Call { peer: to, key }) = self.machine.phase().call().cloned() else {
            return Ok(());
        };
        self.peer =
            self.directory.address(&to).await.map(|address| Box::new((to.clone(), address)));
        match self.directory.send(&to, envelope).await {
            Ok(()) => Ok(()),
            Err(why) => {
                let effects = self.undeliverable(now, to, key, why);
                self.carry_out(now, effects, out).await
            }
        }
    }

    /// Takes in from the mailbox what goes by the short way, and gives what does not; or `None` once what came of it is
    /// worth a write.
    pub(in crate::connection) fn poll_hear(
        &mut self,
        cx: &mut Context<'_>,
        out: &mut Outbound,
    ) -> Poll<Result<Option<Envelope>, Ending>> {
        loop {
            let Some(envelope) = ready!(self.poll_mail(cx)) else {
                return Poll::Ready(Err(Ending::CutOff));
            };
            match self.machine.hear(envelope) {
                Ok(message) => out.push(Message::text(message.encode()))?,
                Err(envelope) => return Poll::Ready(Ok(Some(envelope))),
            }
            if !out.has_room_in_batch() {
                return Poll::Ready(Ok(None));
            }
        }
    }

    /// Takes in an envelope, and more from the mailbox, so that all of it goes out in one write; but no more than is
    /// worth one, since what waits to be written counts against the client.
    pub(in crate::connection) async fn on_mail(
        &mut self,
        now: Instant,
        envelope: Envelope,
        out: &mut Outbound,
    ) -> Result<(), Ending> {
        let effects = self.hear(now, envelope, out)?;
        if !effects.is_empty() {
            self.carry_out(now, effects, out).await?;
        }
        // Not all envelopes become messages, so they are counted as well: those who send them without end must not
        // keep this session from its own client.
        for _ in 1..BATCH_MESSAGES {
            if !out.has_room_in_batch() {
                break;
            }
            let Some(envelope) = self.mailbox.try_recv() else { break };
            let effects = self.hear(now, envelope, out)?;
            if !effects.is_empty() {
                self.carry_out(now, effects, out).await?;
            }
        }
        Ok(())
    }

    /// Hands an envelope to the machine, by the short way if it goes by that, and gives what is to be carried out.
    fn hear(
        &mut self,
        now: Instant,
        envelope: Envelope,
        out: &mut Outbound,
    ) -> Result<Effects, Ending> {
        match self.machine.hear(envelope) {
            Ok(message) => out.push(Message::text(message.encode())).map(|()| Effects::new()),
            Err(envelope) => Ok(self.step(now, Input::FromPeer(envelope))),
        }
    }

    pub(in crate::connection) async fn on_time(
        &mut self,
        now: Instant,
        out: &mut Outbound,
    ) -> Result<(), Ending> {
        if self.next_timeout().is_some_and(|time| time <= now) {
            self.handle(now, Input::TimeIsUp, out).await
        } else {
            Ok(())
        }
    }

    /// The socket is lost. The session may go on without one, or has ended.
    pub(in crate::connection) async fn lose(&mut self, now: Instant, loss: Loss) {
        self.set_attended(false);
        let _ = self.handle(now, Input::Lost(loss), &mut Outbound::default()).await;
    }

    /// Ends the session: tells its peer, releases its name, and answers what was still in its mailbox.
    pub(in crate::connection) async fn end(mut self, now: Instant) {
        // Whatever is said to the client now has nowhere to go.
        let mut nowhere = Outbound::default();
        let _ = self.handle(now, Input::Left, &mut nowhere).await;
        // The name is released, so nothing can come into the mailbox any more.
        while let Some(envelope) = self.mailbox.try_recv() {
            let _ = self.handle(now, Input::FromPeer(envelope), &mut nowhere).await;
        }
    }

    /// Hands an input to the machine, at once, and gives what carries out its effects in order.
    ///
    /// Not an async function, which would set aside room for the input as well.
    pub(in crate::connection) fn handle<'a>(
        &'a mut self,
        now: Instant,
        input: Input,
        out: &'a mut Outbound,
    ) -> impl Future<Output = Result<(), Ending>> + Send + use<'a, D> {
        let effects = self.step(now, input);
        self.carry_out(now, effects, out)
    }

    /// Hands an input to the machine, and gives what is to be carried out.
    fn step(&mut self, now: Instant, input: Input) -> Effects {
        let effects = self.machine.handle(now, input);
        self.note_call(now, &effects);
        effects
    }

    async fn carry_out(
        &mut self,
        now: Instant,
        effects: Effects,
        out: &mut Outbound,
    ) -> Result<(), Ending> {
        let mut effects = effects;
        while !effects.is_empty() {
            // What follows from an effect is done after all that were there before it.
            let mut more = Effects::new();
            for effect in effects {
                let Some((to, envelope)) = self.carry_out_here(effect, out)? else { continue };
                let call = envelope.call.clone();
                if let Err(why) = self.directory.send(&to, envelope).await {
                    more.extend(self.undeliverable(now, to, call, why));
                }
            }
            effects = more;
        }
        if self.machine.phase().call().is_none() {
            self.peer = None;
        }
        self.settle_ring();
        Ok(())
    }

    fn undeliverable(
        &mut self,
        now: Instant,
        to: UserName,
        call: CallKey,
        why: Undeliverable,
    ) -> Effects {
        // When the whole server stops, that a session is not there says nothing of its user.
        if self.shutdown.is_cancelled() {
            return Effects::new();
        }
        debug!(user = %self.machine.user(), %to, ?why, "an envelope is undeliverable");
        self.step(now, Input::Undeliverable { to, call })
    }

    /// Carries out what needs no other session. Gives what is to be brought to one.
    fn carry_out_here(
        &mut self,
        effect: Effect,
        out: &mut Outbound,
    ) -> Result<Option<(UserName, Envelope)>, Ending> {
        match effect {
            // Only a `Return` has it, and it is made an answer of there.
            Effect::Welcome(_) => {}
            Effect::ToClient(message) => out.push(Message::text(message.encode()))?,
            Effect::ToPeer(to, envelope) => return Ok(Some((to, envelope))),
            Effect::End => self.release(),
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests;
