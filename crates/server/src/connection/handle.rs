//! A session with what it needs to live: its machine, its mailbox and its name in the directory. How messages go through
//! it is in [`flow`].

mod call_log;
mod flow;

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use identity::Account;
use protocol::{Offer, UserName};
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::{
    residents::Residents,
    secret::Proof,
    slot::{Owner, Slot},
};
use crate::{
    directory::{Directory, Mailbox},
    edge::{Pace, Place, Ring},
    ice::{Grant, Ice},
    roster::Roster,
    session::{Envelope, Phase, Session},
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
    /// The call that the user is in, for the log. Boxed, since most users are in none.
    standing: Option<Box<call_log::Standing>>,
    /// Measures how long the user's call rings. Boxed, since most users call nobody.
    ring: Option<Box<Ring>>,
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
        machine: Session,
        (registration, mailbox): (D::Registration, Mailbox),
        directory: D,
        shutdown: CancellationToken,
    ) -> Self {
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
            standing: None,
            ring: None,
            place: None,
            account: None,
        }
    }

    pub(super) fn paced(mut self, pace: Option<Pace>) -> Self {
        self.pace = pace;
        self
    }

    /// Whether the user is counted at an address: one who was expected is not, before their client is back.
    pub(super) const fn is_placed(&self) -> bool {
        self.place.is_some()
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

    /// Whether this begins to call somebody.
    pub(super) fn is_new_call(&self, offer: &Offer) -> bool {
        // Nobody but the client says that it was calling already, and its peer rings for what it offers now. What else is offered is
        // within the user's call, or refused because of it.
        offer.replaces.is_none()
            && matches!(self.machine.phase(), Phase::Idle | Phase::Recalling { .. })
    }

    /// The user is about to call.
    pub(super) fn rings(&mut self, ring: Ring) {
        self.ring = Some(Box::new(ring));
    }

    /// Nobody is rung any more once the call is over, or answered.
    fn settle_ring(&mut self) {
        match self.machine.phase() {
            Phase::Calling { .. } | Phase::Recalling { .. } => {}
            Phase::InCall(_) => {
                if let Some(ring) = self.ring.take() {
                    ring.answered();
                }
            }
            _ => self.ring = None,
        }
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
pub(super) fn random_number() -> u64 {
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests;
