//! The sessions of this server, and how one of them is had by the socket that its user comes back with.
//!
//! A session is driven by one task at a time: by that of its socket, or, while its user is away, by one that waits. A
//! user who comes back proves with the resume secret whose session it is; then whichever task drives it hands it over.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use protocol::UserName;
use tokio::{sync::oneshot, time::timeout};

use super::{
    handle::SessionHandle,
    secret::Proof,
    slot::{Owner, Slot},
};
use crate::{directory::Directory, limits::HANDOVER_DEADLINE};

/// Why a session was not taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotTaken {
    /// There is none with this name and this proof, or no more.
    Unknown,
    /// It is at a later socket of the same client.
    Overtaken,
    /// It was not to be had in time.
    Busy,
    /// It is somebody else's, or who wants it has to show who they are.
    Refused,
}

/// The sessions that can be taken back, by name.
pub(super) struct Residents<D: Directory>(Mutex<HashMap<UserName, Arc<Slot<D>>>>);

impl<D: Directory> Residents<D> {
    pub(super) fn new() -> Self {
        Self(Mutex::new(HashMap::new()))
    }

    fn slots(&self) -> MutexGuard<'_, HashMap<UserName, Arc<Slot<D>>>> {
        // No code that holds the lock can panic half-way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a session one that can be taken back with this proof.
    pub(super) fn add(&self, user: &UserName, proof: Proof, attempt: u64) -> Arc<Slot<D>> {
        let slot = Arc::new(Slot::new(proof, attempt));
        self.slots().insert(user.clone(), Arc::clone(&slot));
        slot
    }

    /// The session is over.
    pub(super) fn remove(&self, user: &UserName, slot: &Arc<Slot<D>>) {
        let mut slots = self.slots();
        if slots.get(user).is_some_and(|current| Arc::ptr_eq(current, slot)) {
            slots.remove(user);
        }
    }

    /// Takes a session from whichever task drives it. A client that does not number its sockets gets it in any case.
    pub(super) async fn take(
        &self,
        user: &UserName,
        proof: Proof,
        attempt: Option<u64>,
    ) -> Result<Box<SessionHandle<D>>, NotTaken> {
        let slot = self.slots().get(user).filter(|slot| slot.is_proven_by(proof)).cloned();
        self.take_from(slot.ok_or(NotTaken::Unknown)?, attempt).await
    }

    /// Takes a session from whichever task drives it, if it is this owner's or nobody's yet: it is brought to its end, since
    /// its owner is elsewhere.
    pub(super) async fn take_of(
        &self,
        user: &UserName,
        owner: Owner,
    ) -> Result<Box<SessionHandle<D>>, NotTaken> {
        let is_theirs = |slot: &&Arc<Slot<D>>| [owner, Owner::Unknown].contains(&slot.owner());
        let slot = self.slots().get(user).filter(is_theirs).cloned();
        self.take_from(slot.ok_or(NotTaken::Unknown)?, None).await
    }

    /// Whose session it is that can be taken back with this proof.
    pub(super) fn owner(&self, user: &UserName, proof: Proof) -> Option<Owner> {
        self.slots().get(user).filter(|slot| slot.is_proven_by(proof)).map(|slot| slot.owner())
    }

    /// Whether an account's user of this name has a client here.
    pub(super) fn is_attended(&self, user: &UserName) -> bool {
        self.slots().get(user).is_some_and(|slot| slot.has_account_here())
    }

    async fn take_from(
        &self,
        slot: Arc<Slot<D>>,
        attempt: Option<u64>,
    ) -> Result<Box<SessionHandle<D>>, NotTaken> {
        if let Some(attempt) = attempt
            && !slot.want_at(attempt)
        {
            return Err(NotTaken::Overtaken);
        }
        let (sender, mut handover) = oneshot::channel();
        slot.leave_wish(sender);
        // Let go of, so that a session which ends instead drops the sender, and there is nothing to wait for.
        let slot = {
            let weak = Arc::downgrade(&slot);
            drop(slot);
            weak
        };
        match timeout(HANDOVER_DEADLINE, &mut handover).await {
            Ok(Ok(session)) => Ok(session),
            Ok(Err(_)) => Err(match slot.upgrade() {
                None => NotTaken::Unknown,
                Some(slot) if attempt.is_some_and(|ours| slot.is_past(ours)) => NotTaken::Overtaken,
                Some(_) => NotTaken::Busy,
            }),
            Err(_) => {
                // It may have come in this very moment, and must not be lost.
                handover.close();
                handover.try_recv().map_err(|_| NotTaken::Busy)
            }
        }
    }
}

impl<D: Directory> fmt::Debug for Residents<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Residents").field(&self.slots().len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use protocol::UserName;
    use tokio::{
        task::yield_now,
        time::{Duration, Instant},
    };

    use super::{NotTaken, Proof, Residents};
    use crate::{directory::LocalDirectory, limits::HANDOVER_DEADLINE};

    const PROOF: Proof = Proof([7; 32]);

    fn resident() -> (Residents<LocalDirectory>, UserName) {
        (Residents::new(), UserName::parse("alice").unwrap())
    }

    /// In virtual time, as the next two: so nothing is waited for that does not come.
    #[tokio::test(start_paused = true)]
    async fn a_session_that_ends_instead_is_not_waited_for() {
        let (residents, alice) = resident();
        let slot = residents.add(&alice, PROOF, 0);
        let start = Instant::now();
        let (taken, ()) = tokio::join!(residents.take(&alice, PROOF, None), async {
            yield_now().await;
            residents.remove(&alice, &slot);
            drop(slot);
        });
        assert_eq!(taken.err(), Some(NotTaken::Unknown));
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_that_is_not_handed_over_in_time_is_not_taken_for_one_that_is_over() {
        let (residents, alice) = resident();
        let _slot = residents.add(&alice, PROOF, 0);
        let start = Instant::now();
        let taken = residents.take(&alice, PROOF, None).await;
        assert_eq!(taken.err(), Some(NotTaken::Busy));
        assert_eq!(start.elapsed(), HANDOVER_DEADLINE);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_a_session_gives_way_to_a_later_socket() {
        let (residents, alice) = resident();
        let slot = residents.add(&alice, PROOF, 0);
        let (earlier, later, ()) = tokio::join!(
            residents.take(&alice, PROOF, Some(1)),
            residents.take(&alice, PROOF, Some(2)),
            async {
                // Long enough for the first to have noticed.
                for _ in 0..10 {
                    yield_now().await;
                }
                residents.remove(&alice, &slot);
                drop(slot);
            }
        );
        assert_eq!(earlier.err(), Some(NotTaken::Overtaken));
        assert_eq!(later.err(), Some(NotTaken::Unknown));
        assert_eq!(residents.take(&alice, PROOF, Some(3)).await.err(), Some(NotTaken::Unknown));
    }

    #[test]
    fn a_session_that_is_over_does_not_take_the_next_one_of_its_name_with_it() {
        let (residents, alice) = resident();
        let old = residents.add(&alice, PROOF, 0);
        let new = residents.add(&alice, PROOF, 0);
        residents.remove(&alice, &old);
        assert!(residents.slots().get(&alice).is_some_and(|slot| Arc::ptr_eq(slot, &new)));
    }
}
