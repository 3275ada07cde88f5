//! The sessions of this server, and how one of them is had by the socket that its user comes back with.
//!
//! A session is driven by one task at a time: by that of its socket, or, while its user is away, by one that waits. A
//! user who comes back proves with the resume secret whose session it is; then whichever task drives it hands it over.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use futures_util::task::AtomicWaker;
use identity::Account;
use protocol::UserName;
use sha2::{Digest, Sha256};
use tokio::{sync::oneshot, time::timeout};

use super::handle::SessionHandle;
use crate::{directory::Directory, limits::HANDOVER_DEADLINE};

/// The resume secret of a session: 128 random bits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Secret(u128);

/// What the server keeps of a secret, here and on disk: its SHA-256.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Proof(pub(crate) [u8; 32]);

impl Secret {
    /// A new one; `None` if the system has no random numbers to give.
    pub(super) fn draw() -> Option<Self> {
        let mut bits = [0; 16];
        getrandom::fill(&mut bits).ok()?;
        Some(Self(u128::from_be_bytes(bits)))
    }

    /// Reads one. What is none proves nothing.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let is_hex = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hex.then(|| u128::from_str_radix(text, 16).ok()).flatten().map(Self)
    }

    pub(super) fn proof(self) -> Proof {
        Proof(Sha256::digest(self.0.to_be_bytes()).into())
    }

    /// As it goes over the wire.
    pub(super) fn reveal(self) -> String {
        format!("{:032x}", self.0)
    }
}

/// Neither a secret nor its hash may end in a log.
impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Proof")
    }
}

/// Whose session it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// Whoever has the secret: it was there before the server started anew, and nobody is back yet.
    Unknown,
    /// A guest's.
    Guest,
    /// This account's.
    Account(i64),
}

impl Owner {
    pub(super) fn of(account: Option<&Account>) -> Self {
        account.map_or(Self::Guest, |account| Self::Account(account.id()))
    }

    /// Accounts are numbered from 1 on.
    const fn number(self) -> i64 {
        match self {
            Self::Unknown => 0,
            Self::Guest => -1,
            Self::Account(id) => id,
        }
    }

    const fn numbered(number: i64) -> Self {
        match number {
            0 => Self::Unknown,
            -1 => Self::Guest,
            id => Self::Account(id),
        }
    }
}

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

/// Where the wish for a session is left, and found by the task that drives it.
pub(super) struct Slot<D: Directory> {
    proof: Proof,
    /// The number of its [`Owner`].
    owner: AtomicI64,
    /// The number of the socket that it is at.
    attempt: AtomicU64,
    /// Whether its user's client is there.
    attended: AtomicBool,
    wish: Mutex<Option<Wish<D>>>,
    driver: AtomicWaker,
}

/// Where a session is to be sent.
pub(super) type Wish<D> = oneshot::Sender<Box<SessionHandle<D>>>;

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
        let slot = Arc::new(Slot {
            proof,
            owner: AtomicI64::new(Owner::Unknown.number()),
            attempt: AtomicU64::new(attempt),
            attended: AtomicBool::new(false),
            wish: Mutex::new(None),
            driver: AtomicWaker::new(),
        });
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
        let slot = self.slots().get(user).filter(|slot| slot.proof == proof).cloned();
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
        self.slots().get(user).filter(|slot| slot.proof == proof).map(|slot| slot.owner())
    }

    /// Whether an account's user of this name has a client here.
    pub(super) fn is_attended(&self, user: &UserName) -> bool {
        let slots = self.slots();
        slots.get(user).is_some_and(|slot| {
            matches!(slot.owner(), Owner::Account(_)) && slot.attended.load(Ordering::Relaxed)
        })
    }

    async fn take_from(
        &self,
        slot: Arc<Slot<D>>,
        attempt: Option<u64>,
    ) -> Result<Box<SessionHandle<D>>, NotTaken> {
        if let Some(attempt) = attempt
            && slot.attempt.fetch_max(attempt, Ordering::Relaxed) > attempt
        {
            return Err(NotTaken::Overtaken);
        }
        let (sender, mut handover) = oneshot::channel();
        // Of two that come at once, the later gets it.
        *slot.wish() = Some(sender);
        slot.driver.wake();
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
                Some(slot) if attempt.is_some_and(|ours| slot.attempt() > ours) => {
                    NotTaken::Overtaken
                }
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

impl<D: Directory> Slot<D> {
    fn owner(&self) -> Owner {
        Owner::numbered(self.owner.load(Ordering::Relaxed))
    }

    pub(super) fn set_owner(&self, owner: Owner) {
        self.owner.store(owner.number(), Ordering::Relaxed);
    }

    /// The user's client is there, or is lost.
    pub(super) fn set_attended(&self, attended: bool) {
        self.attended.store(attended, Ordering::Relaxed);
    }

    fn attempt(&self) -> u64 {
        self.attempt.load(Ordering::Relaxed)
    }

    fn wish(&self) -> MutexGuard<'_, Option<Wish<D>>> {
        self.wish.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Resolves while there is a wish for this session. It stays where it is until [`Self::take_wish`], so that whichever
    /// task drives the session next finds it if this one comes to its end instead.
    pub(super) fn poll_wanted(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.driver.register(cx.waker());
        if self.wish().is_some() { Poll::Ready(()) } else { Poll::Pending }
    }

    pub(super) fn take_wish(&self) -> Option<Wish<D>> {
        self.wish().take()
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

    use super::{NotTaken, Proof, Residents, Secret};
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

    #[test]
    fn a_secret_is_read_as_it_was_written() {
        let secret = Secret::draw().unwrap();
        assert!(Secret::parse(&secret.reveal()) == Some(secret));
        assert!(Secret::draw() != Some(secret), "it is random");
        assert!(Secret(1).proof() != Secret(2).proof());
    }

    #[test]
    fn what_is_no_secret_is_none() {
        for text in ["", "1", "+0000000000000000000000000000001", "xyz", &"0".repeat(33)] {
            assert!(Secret::parse(text).is_none(), "{text}");
        }
        assert!(Secret::parse(&"0".repeat(32)).is_some());
    }
}
