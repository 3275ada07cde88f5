//! A session with what it needs to live: its machine, its mailbox and its name in the directory.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use identity::Account;
use protocol::{ClientMessage, LoginReply, Offer, ServerMessage, UserName};
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info};

use super::{
    closing::Ending,
    outbound::Outbound,
    residents::{Owner, Proof, Residents, Slot},
};
use crate::{
    directory::{Directory, Mailbox, Undeliverable},
    edge::{Pace, Place},
    ice::{Grant, Ice},
    limits::BATCH_MESSAGES,
    roster::Roster,
    session::{
        Call, CallKey, Effect, Effects, Envelope, Input, Limits, Loss, Phase, Return, Session,
        Welcomed,
    },
};

/// A session with what it needs to live. Nothing in it belongs to a socket: it outlives one, and goes on over the next.
///
/// Dropped before it has ended, which tells the peer, it releases its name all the same.
pub(super) struct SessionHandle<D: Directory> {
    machine: Session,
    mailbox: Mailbox,
    directory: D,
    /// Where the peer was last found, which spares the search for each candidate. Boxed, since most users are in no call.
    peer: Option<Box<(UserName, D::Address)>>,
    shutdown: CancellationToken,
    /// `None` once the session has ended.
    registration: Option<D::Registration>,
    residence: Option<Residence<D>>,
    /// The user's right to a relay, once it was told of one.
    grant: Option<Grant>,
    /// How fast the user may talk, over whatever socket.
    pub(super) pace: Option<Pace>,
    /// The user is counted at the address that the session began from.
    place: Option<Place>,
    /// Whose session it is, if they have shown that.
    account: Option<Account>,
}

/// What a session has that can be taken back.
struct Residence<D: Directory> {
    slot: Arc<Slot<D>>,
    residents: Arc<Residents<D>>,
    roster: Roster,
}

impl<D: Directory> SessionHandle<D> {
    pub(super) fn new(
        user: UserName,
        (registration, mailbox): (D::Registration, Mailbox),
        directory: D,
        shutdown: CancellationToken,
        limits: Limits,
        now: Instant,
    ) -> Self {
        let machine = Session::new(user, random_number(), limits, now);
        let (registration, residence) = (Some(registration), None);
        Self {
            machine,
            mailbox,
            directory,
            peer: None,
            shutdown,
            registration,
            residence,
            grant: None,
            pace: None,
            place: None,
            account: None,
        }
    }

    pub(super) fn paced(mut self, pace: Option<Pace>) -> Self {
        self.pace = pace;
        self
    }

    pub(super) fn placed(mut self, place: Option<Place>) -> Self {
        self.place = place;
        self
    }

    /// Whoever comes back may show who they are. Who has shown it once need not again.
    pub(super) fn show(&mut self, account: Option<Account>) {
        self.account = account.or(self.account.take());
        if let Some(Residence { slot, .. }) = &self.residence {
            slot.set_owner(Owner::of(self.account.as_ref()));
        }
    }

    /// Whether they have shown who they are.
    pub(super) const fn is_shown(&self) -> bool {
        self.account.is_some()
    }

    /// Resolves once the user has signed out: then the session is to end.
    pub(super) fn poll_signed_out(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.account.as_ref().map_or(Poll::Pending, |account| account.poll_signed_out(cx))
    }

    /// Whether it is another call than the one that the user is in.
    pub(super) fn is_new_call(&self, offer: &Offer, callee: &UserName) -> bool {
        let phase = self.machine.phase();
        // Nobody but the client says that it was calling already, and its peer rings for what it offers now.
        let is_current = !matches!(phase, Phase::Recalling { .. })
            && phase.call().is_some_and(|call| call.peer == *callee);
        offer.replaces.is_none() && !is_current
    }

    /// Lets the session be taken back by whoever can prove that it is theirs. It is at the socket of this number.
    pub(super) fn reside(
        mut self,
        residents: &Arc<Residents<D>>,
        roster: &Roster,
        proof: Proof,
        attempt: u64,
    ) -> Self {
        let slot = residents.add(self.machine.user(), proof, attempt);
        self.residence =
            Some(Residence { slot, residents: Arc::clone(residents), roster: roster.clone() });
        self
    }

    fn set_attended(&self, attended: bool) {
        if let Some(Residence { slot, .. }) = &self.residence {
            slot.set_attended(attended);
        }
    }

    pub(super) fn user(&self) -> &UserName {
        self.machine.user()
    }

    /// The user's right to a relay: the same one for as long as the session lasts.
    pub(super) fn grant(&mut self, ice: &Arc<Ice>, now: Instant) -> Option<&mut Grant> {
        if self.grant.is_none() {
            self.grant = ice.grant(self.machine.user(), now);
        }
        self.grant.as_mut()
    }

    /// When the client needs other credentials for the relay.
    pub(super) fn ice_until(&self) -> Option<Instant> {
        self.grant.as_ref().map(Grant::renew_at)
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        self.machine.next_timeout()
    }

    pub(super) const fn has_ended(&self) -> bool {
        self.registration.is_none()
    }

    pub(super) fn poll_mail(&mut self, cx: &mut Context<'_>) -> Poll<Option<Envelope>> {
        self.mailbox.poll_recv(cx)
    }

    /// Resolves while the session is to go on elsewhere: then it is to be [handed over](Self::hand_over).
    pub(super) fn poll_wanted(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.residence.as_ref().map_or(Poll::Pending, |residence| residence.slot.poll_wanted(cx))
    }

    /// Sends the session to where it is to go on. Gives it back if it is not wanted any more.
    pub(super) fn hand_over(self: Box<Self>) -> Option<Box<Self>> {
        match self.residence.as_ref().and_then(|residence| residence.slot.take_wish()) {
            Some(wish) => wish.send(self).err(),
            None => Some(self),
        }
    }

    /// The user's client is there. `welcome` makes the answer of its login.
    pub(super) async fn on_return(
        &mut self,
        now: Instant,
        back: Return,
        welcome: impl FnOnce(Welcomed) -> protocol::Welcome,
        out: &mut Outbound,
    ) -> Result<(), Ending> {
        self.set_attended(true);
        let mut effects = self.machine.handle(now, Input::Return(back));
        if !matches!(effects.first(), Some(Effect::Welcome(_))) {
            return self.carry_out(now, effects, out).await;
        }
        if let Effect::Welcome(welcomed) = effects.remove(0) {
            let reply = ServerMessage::Login(LoginReply::Welcome(Box::new(welcome(welcomed))));
            out.push(Message::text(reply.encode()))?;
        }
        self.carry_out(now, effects, out).await
    }

    pub(super) fn on_client<'a>(
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
    pub(super) fn pass_on(&mut self, text: &str) -> Result<bool, Box<Envelope>> {
        let Some((to, envelope)) = self.machine.pass_on(text) else { return Ok(false) };
        match self.peer.as_deref() {
            Some((name, address)) if name == to => {
                self.directory.try_send_to(address, envelope).map(|()| true).map_err(Box::new)
            }
            _ => Err(Box::new(envelope)),
        }
    }

    /// Sends this to the call's peer, and remembers where that is.
    pub(super) async fn find_peer(
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

    /// Takes in an envelope, and more from the mailbox, so that all of it goes out in one write; but no more than is
    /// worth one, since what waits to be written counts against the client.
    pub(super) async fn on_mail(
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
            Err(envelope) => Ok(self.machine.handle(now, Input::FromPeer(envelope))),
        }
    }

    pub(super) async fn on_time(&mut self, now: Instant, out: &mut Outbound) -> Result<(), Ending> {
        if self.next_timeout().is_some_and(|time| time <= now) {
            self.handle(now, Input::TimeIsUp, out).await
        } else {
            Ok(())
        }
    }

    /// The socket is lost. The session may go on without one, or has ended.
    pub(super) async fn lose(&mut self, now: Instant, loss: Loss) {
        self.set_attended(false);
        let _ = self.handle(now, Input::Lost(loss), &mut Outbound::default()).await;
    }

    /// Ends the session: tells its peer, releases its name, and answers what was still in its mailbox.
    pub(super) async fn end(mut self, now: Instant) {
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
    pub(super) fn handle<'a>(
        &'a mut self,
        now: Instant,
        input: Input,
        out: &'a mut Outbound,
    ) -> impl Future<Output = Result<(), Ending>> + Send + use<'a, D> {
        let effects = self.machine.handle(now, input);
        self.carry_out(now, effects, out)
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
        self.machine.handle(now, Input::Undeliverable { to, call })
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

    fn release(&mut self) {
        info!(user = %self.machine.user(), "left");
        let residence = self.residence.take();
        // Before the name is free: the next one who has it is added to both at once.
        if let Some(Residence { slot, residents, roster }) = &residence {
            residents.remove(self.machine.user(), slot);
            roster.remove(self.machine.user());
        }
        self.grant = None;
        self.place = None;
        self.account = None;
        self.registration = None;
        // After it: whoever still waits for this session, and hears so that it is over, may claim the name.
        drop(residence);
    }
}

/// A session that is dropped without an end was there until the server stopped: the roster keeps it, for the next start.
impl<D: Directory> Drop for SessionHandle<D> {
    fn drop(&mut self) {
        if let Some(Residence { slot, residents, .. }) = &self.residence {
            residents.remove(self.machine.user(), slot);
        }
    }
}

/// The number of a session's first call without an id. No secret, only unlikely to come twice: the keys that the
/// standard library draws for its hash maps are random enough.
fn random_number() -> u64 {
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests;
