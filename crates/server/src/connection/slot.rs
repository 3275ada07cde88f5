//! Where a session is asked for by the socket that its user comes back with, and found by the task that drives it.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use futures_util::task::AtomicWaker;
use identity::Account;
use tokio::sync::oneshot;

use super::{handle::SessionHandle, secret::Proof};
use crate::directory::Directory;

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

/// Where a session is to be sent.
pub(super) type Wish<D> = oneshot::Sender<Box<SessionHandle<D>>>;

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

impl<D: Directory> Slot<D> {
    pub(super) fn new(proof: Proof, attempt: u64) -> Self {
        Self {
            proof,
            owner: AtomicI64::new(Owner::Unknown.number()),
            attempt: AtomicU64::new(attempt),
            attended: AtomicBool::new(false),
            wish: Mutex::new(None),
            driver: AtomicWaker::new(),
        }
    }

    /// Whether this proves whose session it is.
    pub(super) fn is_proven_by(&self, proof: Proof) -> bool {
        self.proof == proof
    }

    pub(super) fn owner(&self) -> Owner {
        Owner::numbered(self.owner.load(Ordering::Relaxed))
    }

    pub(super) fn set_owner(&self, owner: Owner) {
        self.owner.store(owner.number(), Ordering::Relaxed);
    }

    /// The user's client is there, or is lost.
    pub(super) fn set_attended(&self, attended: bool) {
        self.attended.store(attended, Ordering::Relaxed);
    }

    /// Whether it is an account's whose client is there.
    pub(super) fn has_account_here(&self) -> bool {
        matches!(self.owner(), Owner::Account(_)) && self.attended.load(Ordering::Relaxed)
    }

    /// Notes that it is wanted at the socket of this number; gives whether it may be, as it was at no later one.
    pub(super) fn want_at(&self, attempt: u64) -> bool {
        self.attempt.fetch_max(attempt, Ordering::Relaxed) <= attempt
    }

    /// Whether it is at a later socket than that of this number.
    pub(super) fn is_past(&self, attempt: u64) -> bool {
        self.attempt.load(Ordering::Relaxed) > attempt
    }

    fn wish(&self) -> MutexGuard<'_, Option<Wish<D>>> {
        self.wish.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves a wish for this session. Of two that come at once, the later gets it.
    pub(super) fn leave_wish(&self, wish: Wish<D>) {
        *self.wish() = Some(wish);
        self.driver.wake();
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
