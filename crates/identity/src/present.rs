//! Tickets, and who is here by them: what a sign-out has to find. In memory, and bounded.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use futures_util::task::AtomicWaker;

use crate::secret::Hash;

/// How many tickets there may be that nobody has brought yet. All users of a large server fit who come back at once; the oldest
/// gives way.
const MAX_TICKETS: usize = 64 * 1024;

/// How many of them one account may have: a dozen tabs that all come back at once fit.
const MAX_TICKETS_OF_ACCOUNT: usize = 16;

/// An account's number in the database.
pub(crate) type AccountId = i64;

/// Tickets, and who is here by them.
#[derive(Clone)]
pub(crate) struct Present(Arc<Mutex<Held>>);

struct Held {
    lifetime: Duration,
    owners: HashMap<Hash, AccountId>,
    /// When each was given, the oldest first. Some that were brought already are still in it.
    ages: VecDeque<(Instant, Hash)>,
    accounts: HashMap<AccountId, OfAccount>,
}

#[derive(Default)]
struct OfAccount {
    /// Its tickets, the oldest first, each with the browser session that it was given to.
    tickets: VecDeque<(Hash, Hash)>,
    here: Vec<Weak<Seat>>,
}

/// Somebody who is here and has shown who they are. It is told when they sign out.
pub struct Account(Arc<Seat>);

struct Seat {
    account: AccountId,
    present: Present,
    signed_out: AtomicBool,
    /// Wakes the task that has to know.
    driver: AtomicWaker,
}

impl Present {
    pub(crate) fn new(lifetime: Duration) -> Self {
        let (owners, ages, accounts) = (HashMap::new(), VecDeque::new(), HashMap::new());
        Self(Arc::new(Mutex::new(Held { lifetime, owners, ages, accounts })))
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        // No code that holds the lock can panic half-way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a ticket, in the place of the account's oldest if it has too many.
    pub(crate) fn add(&self, now: Instant, hash: Hash, account: AccountId, session: Hash) {
        let mut held = self.held();
        held.forget_old(now, MAX_TICKETS - 1);
        let tickets = &mut held.accounts.entry(account).or_default().tickets;
        tickets.push_back((hash, session));
        let oldest =
            if tickets.len() > MAX_TICKETS_OF_ACCOUNT { tickets.pop_front() } else { None };
        if let Some((oldest, _)) = oldest {
            held.owners.remove(&oldest);
        }
        held.owners.insert(hash, account);
        held.ages.push_back((now, hash));
    }

    /// Takes a ticket, which is good once. From now on a sign-out finds its owner.
    pub(crate) fn redeem(&self, now: Instant, hash: &Hash) -> Option<Account> {
        let mut held = self.held();
        held.forget_old(now, MAX_TICKETS);
        let account = *held.owners.get(hash)?;
        let (signed_out, driver) = (AtomicBool::new(false), AtomicWaker::new());
        let seat = Arc::new(Seat { account, present: self.clone(), signed_out, driver });
        held.accounts.entry(account).or_default().here.push(Arc::downgrade(&seat));
        held.forget(hash);
        Some(Account(seat))
    }

    /// A browser session of the account is over: its tickets are worth nothing any more.
    pub(crate) fn forget_session(&self, account: AccountId, session: &Hash) {
        self.held().forget_tickets(account, |of| of == session);
    }

    /// An account signs out: its tickets are worth nothing any more, and all who are here by it hear of it.
    pub(crate) fn sign_out(&self, account: AccountId) {
        let mut held = self.held();
        held.forget_tickets(account, |_| true);
        let seats = held.accounts.remove(&account).unwrap_or_default().here;
        // Woken without the lock, which they would only wait for.
        drop(held);
        for seat in seats.iter().filter_map(Weak::upgrade) {
            seat.signed_out.store(true, Ordering::Release);
            seat.driver.wake();
        }
    }
}

impl Held {
    /// Forgets what is too old, and, of more than `most`, the oldest.
    fn forget_old(&mut self, now: Instant, most: usize) {
        while let Some((given, hash)) = self.ages.front().copied() {
            let is_old = now.saturating_duration_since(given) >= self.lifetime;
            if !is_old && self.owners.len() <= most {
                break;
            }
            self.ages.pop_front();
            self.forget(&hash);
        }
        if self.ages.len() > 2 * MAX_TICKETS {
            let owners = &self.owners;
            self.ages.retain(|(_, hash)| owners.contains_key(hash));
        }
    }

    fn forget(&mut self, hash: &Hash) {
        let Some(account) = self.owners.remove(hash) else { return };
        if let Some(of_account) = self.accounts.get_mut(&account) {
            of_account.tickets.retain(|(other, _)| other != hash);
            self.forget_account(account);
        }
    }

    fn forget_tickets(&mut self, account: AccountId, which: impl Fn(&Hash) -> bool) {
        let Some(of_account) = self.accounts.get_mut(&account) else { return };
        let owners = &mut self.owners;
        of_account.tickets.retain(|(hash, session)| {
            let goes = which(session);
            if goes {
                owners.remove(hash);
            }
            !goes
        });
        self.forget_account(account);
    }

    /// Nothing is kept of an account that has nothing.
    fn forget_account(&mut self, account: AccountId) {
        let is_empty = |of: &OfAccount| of.tickets.is_empty() && of.here.is_empty();
        if self.accounts.get(&account).is_some_and(is_empty) {
            self.accounts.remove(&account);
        }
    }
}

impl Account {
    /// Whether it is the same account.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        self.0.account == other.0.account
    }

    /// The account's number, which means nothing outside of this server.
    #[must_use]
    pub fn id(&self) -> i64 {
        self.0.account
    }

    /// Whether it has signed out.
    #[must_use]
    pub fn is_signed_out(&self) -> bool {
        self.0.signed_out.load(Ordering::Acquire)
    }

    /// Resolves once it has signed out.
    pub fn poll_signed_out(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.0.driver.register(cx.waker());
        if self.is_signed_out() { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        let Seat { account, present, .. } = &*self.0;
        let mut held = present.held();
        if let Some(of_account) = held.accounts.get_mut(account) {
            of_account.here.retain(|seat| !std::ptr::eq(seat.as_ptr(), Arc::as_ptr(&self.0)));
            held.forget_account(*account);
        }
    }
}

/// Says nothing of who it is.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Account")
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{MAX_TICKETS, MAX_TICKETS_OF_ACCOUNT, Present};

    const MINUTE: Duration = Duration::from_secs(60);
    const SESSION: [u8; 32] = [9; 32];

    fn hash(number: usize) -> [u8; 32] {
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&number.to_be_bytes());
        hash
    }

    #[test]
    fn a_ticket_is_good_once_and_for_a_minute() {
        let start = Instant::now();
        let present = Present::new(MINUTE);
        present.add(start, hash(1), 5, SESSION);
        present.add(start, hash(2), 5, SESSION);
        assert!(present.redeem(start, &hash(3)).is_none());
        assert_eq!(present.redeem(start, &hash(1)).unwrap().id(), 5);
        assert!(present.redeem(start, &hash(1)).is_none());
        assert!(present.redeem(start + MINUTE, &hash(2)).is_none());
    }

    #[test]
    fn a_sign_out_ends_tickets_and_reaches_all_who_are_here() {
        let start = Instant::now();
        let present = Present::new(MINUTE);
        for number in 0..3 {
            present.add(start, hash(number), 5, SESSION);
        }
        present.add(start, hash(9), 6, SESSION);
        let (one, other) = (present.redeem(start, &hash(0)), present.redeem(start, &hash(1)));
        let (one, other) = (one.unwrap(), other.unwrap());
        let stranger = present.redeem(start, &hash(9)).unwrap();
        assert!(one.is(&other) && !one.is(&stranger));
        present.sign_out(5);
        assert!(one.is_signed_out() && other.is_signed_out() && !stranger.is_signed_out());
        assert!(present.redeem(start, &hash(2)).is_none());
        drop((one, other, stranger));
        assert!(present.held().accounts.is_empty(), "nothing is kept of who is gone");
    }

    #[test]
    fn the_tickets_of_a_browser_session_end_with_it() {
        let start = Instant::now();
        let present = Present::new(MINUTE);
        present.add(start, hash(1), 5, SESSION);
        present.add(start, hash(2), 5, [8; 32]);
        present.forget_session(5, &SESSION);
        assert!(present.redeem(start, &hash(1)).is_none());
        assert!(present.redeem(start, &hash(2)).is_some());
    }

    #[test]
    fn there_are_so_many_tickets_and_no_more() {
        let start = Instant::now();
        let present = Present::new(MINUTE);
        present.add(start, hash(0), 6, SESSION);
        for number in 1..100 {
            present.add(start, hash(number), 5, SESSION);
        }
        assert!(present.redeem(start, &hash(0)).is_some(), "others are not in the way");
        assert!(present.redeem(start, &hash(99 - MAX_TICKETS_OF_ACCOUNT)).is_none());
        assert!(present.redeem(start, &hash(100 - MAX_TICKETS_OF_ACCOUNT)).is_some());
        for number in 100..100 + 3 * MAX_TICKETS {
            let account = i64::try_from(number / 8).unwrap();
            present.add(start, hash(number), account, SESSION);
        }
        assert_eq!(present.held().owners.len(), MAX_TICKETS);
        assert!(present.held().ages.len() <= 2 * MAX_TICKETS);
        assert!(present.held().accounts.len() <= MAX_TICKETS);
    }
}
