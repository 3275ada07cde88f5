//! Tickets, who is here by them, and who has signed out: what a sign-out has to find. In memory, and bounded.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use futures_util::task::AtomicWaker;

use crate::{fair::FairTable, secret::Hash};

/// How many tickets there may be that nobody has brought yet. All users of a large server fit who come back at once; the oldest
/// of the account that has most gives way.
const MAX_TICKETS: usize = 64 * 1024;

/// How many of them one account may have: a dozen tabs that all come back at once fit.
const MAX_TICKETS_OF_ACCOUNT: usize = 16;

/// How many sign-outs may be remembered that the database does not know of yet. One takes some 100 bytes; a database that cannot
/// be written for so long is noticed.
const MAX_SIGN_OUTS: usize = 64 * 1024;

/// An account's number in the database, which is never given again.
pub(crate) type AccountId = i64;

/// Tickets, who is here by them, and who has signed out.
#[derive(Clone)]
pub(crate) struct Present(Arc<Mutex<Held>>);

struct Held {
    tickets: FairTable<Ticket, 1>,
    here: HashMap<AccountId, Vec<Weak<Seat>>>,
    /// Browser sessions that have signed out, while the database does not know; with their account, where that is known.
    signed_out: HashMap<Hash, Option<AccountId>>,
}

/// What was known of a browser's session when it asked for a ticket.
#[derive(Clone, Copy)]
pub(crate) struct Ticket {
    pub(crate) account: AccountId,
    pub(crate) session: Hash,
    /// How often the account had signed out.
    pub(crate) sign_outs: i64,
}

/// Somebody who is here and has shown who they are. It is told when they sign out.
pub struct Account(Arc<Seat>);

struct Seat {
    account: AccountId,
    /// The browser's, by which it is here.
    session: Hash,
    present: Present,
    signed_out: AtomicBool,
    /// Wakes the task that has to know.
    driver: AtomicWaker,
}

/// There are as many sign-outs to be remembered as there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl Present {
    pub(crate) fn new(lifetime: Duration) -> Self {
        let tickets = FairTable::new(lifetime, MAX_TICKETS);
        let (here, signed_out) = (HashMap::new(), HashMap::new());
        Self(Arc::new(Mutex::new(Held { tickets, here, signed_out })))
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        // No code that holds the lock can panic half-way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a ticket, in the place of the account's oldest if it has too many. `false` if the account has signed out.
    pub(crate) fn add(&self, now: Instant, hash: Hash, ticket: Ticket) -> bool {
        let mut held = self.held();
        if held.is_signed_out(ticket.account, &ticket.session) {
            return false;
        }
        let owner = owner(ticket.account);
        if held.tickets.count_of(&owner) >= MAX_TICKETS_OF_ACCOUNT {
            held.tickets.forget_oldest_of(&owner);
        }
        held.tickets.add(now, hash, owner, ticket);
        true
    }

    /// Takes a ticket, which is good once. From now on a sign-out finds its owner.
    pub(crate) fn redeem(&self, now: Instant, hash: &Hash) -> Option<(Account, Ticket)> {
        let mut held = self.held();
        let ticket = held.tickets.take(now, hash)?;
        let Ticket { account, session, .. } = ticket;
        if held.is_signed_out(account, &session) {
            return None;
        }
        let (signed_out, driver) = (AtomicBool::new(false), AtomicWaker::new());
        let seat = Arc::new(Seat { account, session, present: self.clone(), signed_out, driver });
        held.here.entry(account).or_default().push(Arc::downgrade(&seat));
        Some((Account(seat), ticket))
    }

    /// A browser session of the account is over: its tickets are worth nothing any more.
    pub(crate) fn forget_session(&self, account: AccountId, session: &Hash) {
        self.held().tickets.forget_of(&owner(account), |ticket| ticket.session == *session);
    }

    /// A browser session signs its account out: from now on it is worth nothing, nor are the account's tickets, and all who are
    /// here by it hear of it. The account may be unknown, if the database cannot say whose session it is: then it is that of who
    /// is here by the session, if anybody is.
    ///
    /// It is remembered until the database [knows of it](Self::is_written).
    pub(crate) fn sign_out(&self, session: Hash, account: Option<AccountId>) -> Result<(), Full> {
        let mut held = self.held();
        let known = held.signed_out.get(&session).copied();
        if known.is_none() && held.signed_out.len() >= MAX_SIGN_OUTS {
            return Err(Full);
        }
        let account = account.or(known.flatten()).or_else(|| held.account_of(&session));
        held.signed_out.insert(session, account);
        let Some(account) = account else { return Ok(()) };
        held.tickets.forget_of(&owner(account), |_| true);
        let seats = held.here.remove(&account).unwrap_or_default();
        // Woken without the lock, which they would only wait for.
        drop(held);
        for seat in seats.iter().filter_map(Weak::upgrade) {
            seat.signed_out.store(true, Ordering::Release);
            seat.driver.wake();
        }
        Ok(())
    }

    /// Whether a browser session is over that the database may still know.
    pub(crate) fn is_signed_out(&self, account: AccountId, session: &Hash) -> bool {
        self.held().is_signed_out(account, session)
    }

    pub(crate) fn has_sign_outs(&self) -> bool {
        !self.held().signed_out.is_empty()
    }

    /// The sign-outs that the database does not know of.
    pub(crate) fn to_be_written(&self) -> Vec<Hash> {
        self.held().signed_out.keys().copied().collect()
    }

    /// The database knows that this browser session has signed out.
    pub(crate) fn is_written(&self, session: &Hash) {
        self.held().signed_out.remove(session);
    }
}

impl Held {
    fn is_signed_out(&self, account: AccountId, session: &Hash) -> bool {
        self.signed_out.contains_key(session)
            || self.signed_out.values().any(|other| *other == Some(account))
    }

    /// Whose session it is, as far as those who are here tell.
    fn account_of(&self, session: &Hash) -> Option<AccountId> {
        let seats = self.here.values().flatten().filter_map(Weak::upgrade);
        seats.into_iter().find(|seat| seat.session == *session).map(|seat| seat.account)
    }
}

fn owner(account: AccountId) -> [u64; 1] {
    [account.cast_unsigned()]
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
        if let Some(here) = held.here.get_mut(account) {
            here.retain(|seat| !std::ptr::eq(seat.as_ptr(), Arc::as_ptr(&self.0)));
            if here.is_empty() {
                held.here.remove(account);
            }
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

    use super::{Account, MAX_TICKETS, MAX_TICKETS_OF_ACCOUNT, Present, Ticket};

    const MINUTE: Duration = Duration::from_secs(60);
    const SESSION: [u8; 32] = [9; 32];

    fn hash(number: usize) -> [u8; 32] {
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&number.to_be_bytes());
        hash
    }

    fn of(account: i64, session: [u8; 32]) -> Ticket {
        Ticket { account, session, sign_outs: 0 }
    }

    fn redeem(present: &Present, now: Instant, number: usize) -> Option<Account> {
        present.redeem(now, &hash(number)).map(|(account, _)| account)
    }

    #[test]
    fn a_ticket_is_good_once_and_for_a_minute() {
        let start = Instant::now();
        let present = Present::new(MINUTE);
        present.add(start, hash(1), of(5, SESSION));
        present.add(start, hash(2), of(5, SESSION));
        assert!(redeem(&present, start, 3).is_none());
        assert_eq!(redeem(&present, start, 1).unwrap().id(), 5);
        assert!(redeem(&present, start, 1).is_none());
        assert!(redeem(&present, start + MINUTE, 2).is_none());
    }

    #[test]
    fn a_sign_out_ends_tickets_and_reaches_all_who_are_here() {
        let start = Instant::now();
        let present = Present::new(MINUTE);
        for number in 0..3 {
            present.add(start, hash(number), of(5, [number as u8; 32]));
        }
        present.add(start, hash(9), of(6, SESSION));
        let one = redeem(&present, start, 0).unwrap();
        let other = redeem(&present, start, 1).unwrap();
        let stranger = redeem(&present, start, 9).unwrap();
        assert!(one.is(&other) && !one.is(&stranger));
        // By the session alone, if the database cannot say whose it is.
        present.sign_out([1; 32], None).unwrap();
        assert!(one.is_signed_out() && other.is_signed_out() && !stranger.is_signed_out());
        assert!(redeem(&present, start, 2).is_none());
        // A browser that has tickets only, of which nobody can say whose it is.
        present.add(start, hash(7), of(7, [7; 32]));
        present.sign_out([7; 32], None).unwrap();
        assert!(redeem(&present, start, 7).is_none());
        present.is_written(&[7; 32]);
        // None is given until it is written down.
        assert!(!present.add(start, hash(4), of(5, [2; 32])));
        assert!(present.add(start, hash(5), of(6, SESSION)));
        assert_eq!(present.to_be_written(), [[1; 32]]);
        present.is_written(&[1; 32]);
        assert!(present.add(start, hash(4), of(5, [2; 32])));
        drop((one, other, stranger));
        assert!(present.held().here.is_empty(), "nothing is kept of who is gone");
    }

    #[test]
    fn the_tickets_of_a_browser_session_end_with_it() {
        let start = Instant::now();
        let present = Present::new(MINUTE);
        present.add(start, hash(1), of(5, SESSION));
        present.add(start, hash(2), of(5, [8; 32]));
        present.forget_session(5, &SESSION);
        assert!(redeem(&present, start, 1).is_none());
        assert!(redeem(&present, start, 2).is_some());
    }

    #[test]
    fn there_are_so_many_tickets_and_no_more() {
        let start = Instant::now();
        let present = Present::new(MINUTE);
        present.add(start, hash(0), of(6, SESSION));
        for number in 1..100 {
            present.add(start, hash(number), of(5, SESSION));
        }
        assert!(redeem(&present, start, 99 - MAX_TICKETS_OF_ACCOUNT).is_none());
        assert!(redeem(&present, start, 100 - MAX_TICKETS_OF_ACCOUNT).is_some());
        for number in 100..1_000 + MAX_TICKETS {
            let account = 100 + i64::try_from(number / 8).unwrap();
            present.add(start, hash(number), of(account, SESSION));
        }
        assert_eq!(present.held().tickets.len(), MAX_TICKETS);
        assert!(redeem(&present, start, 0).is_some(), "those who have few are not in the way");
    }
}
