//! What a server asks: what can be chosen, the way to a provider and back, tickets, accounts, signing out.

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use futures_util::future::join_all;
use protocol::UserName;
use tracing::info;

use crate::{
    Account, Guests, Network, Settings,
    accounts::{Accounts, OpenError, Person, Subject, write_sign_outs},
    pending::{Pending, Table},
    present::{Full, Present, Ticket},
    provider::{Draws, NotKnown, Provider},
    providers::Providers,
    seconds,
    secret::{self, Hash},
};

/// Who somebody is, as far as providers tell. See the [crate] for its parts.
pub struct Identity {
    guests: Guests,
    providers: Providers,
    accounts: Accounts,
    present: Present,
    pending: Mutex<Table>,
}

/// The server cannot do it right now: its database is behind or broken, or there are no random numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unavailable;

/// What can be chosen, and what was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The providers.
    pub providers: Vec<ProviderOption>,
    /// Whose browser it is, if they are signed in.
    pub user: Option<User>,
    /// A name for them, while they have none.
    pub suggested: Option<UserName>,
    /// Whether the browser's session was prolonged, so that its cookie has to be.
    pub prolonged: bool,
}

/// A provider that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderOption {
    /// What stands in its addresses.
    pub id: String,
    /// What stands on its button.
    pub label: String,
}

/// Who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Their name, once they have chosen one.
    pub name: Option<UserName>,
    /// The id of the provider that says who they are.
    pub provider: String,
}

/// A sign-in that has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// Where the browser goes.
    pub location: String,
    /// What the browser has to bring back: a secret.
    pub browser: String,
}

/// Why a sign-in did not begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotBegun {
    /// There is no such provider.
    Unknown,
    /// It cannot be reached, or we cannot do it.
    Unavailable,
}

/// What a provider sent a browser back with.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// The state that the browser left with.
    pub state: Option<String>,
    /// The code that tells who it is.
    pub code: Option<String>,
    /// Why there is none.
    pub error: Option<String>,
    /// Who answers (RFC 9207).
    pub issuer: Option<String>,
}

/// Why a sign-in came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotDone {
    /// There is no such provider.
    Unknown,
    /// The user, or the provider, did not want to.
    Cancelled,
    /// Something does not hold.
    Failed,
    /// Nobody left for there from this browser, or too long ago.
    Expired,
    /// The provider cannot be reached, or we cannot do it.
    Unavailable,
}

impl Identity {
    /// Opens the accounts in this directory; without one they are forgotten with the program.
    ///
    /// # Errors
    /// The database or this machine's certificates cannot be used.
    pub fn open(settings: Settings, state: Option<&Path>) -> Result<Self, OpenError> {
        let Settings { providers, guests, lifetimes } = settings;
        let present = Present::new(lifetimes.ticket);
        let providers = Providers::new(providers)?;
        let accounts = Accounts::open(state, present.clone())?;
        accounts.tell_of_strangers(providers.issuers());
        let pending = Mutex::new(Table::new(lifetimes.sign_in));
        Ok(Self { guests, providers, accounts, present, pending })
    }

    /// Answers [`Unavailable`] from now on, and gives the accounts to whoever has their directory next. Resolves once that is done.
    pub async fn close(&self) {
        self.accounts.close().await;
    }

    /// Asks all providers who they are, so that the first who signs in need not wait for it. It does not matter if that fails.
    pub async fn look_around(&self) {
        join_all(self.providers.now().iter().map(|provider| provider.is_there())).await;
    }

    /// From now on people sign in with the providers of these settings. What else they say stays as it is.
    ///
    /// # Errors
    /// This machine's certificates cannot be had; then nothing changes.
    pub fn replace_providers(&self, settings: Settings) -> std::io::Result<()> {
        self.providers.replace(settings.providers)?;
        self.accounts.tell_of_strangers(self.providers.issuers());
        Ok(())
    }

    /// What becomes of those who do not show who they are.
    #[must_use]
    pub const fn guests(&self) -> Guests {
        self.guests
    }

    fn pending(&self) -> MutexGuard<'_, Table> {
        // No code that holds the lock can panic half-way through a change.
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What can be chosen with a browser that has this session.
    ///
    /// # Errors
    /// See [`Unavailable`].
    pub async fn options(&self, session: Option<&str>) -> Result<Options, Unavailable> {
        let option = |provider: &Arc<Provider>| ProviderOption {
            id: provider.settings.id().to_owned(),
            label: provider.settings.label.clone(),
        };
        let providers = self.providers.now().iter().map(option).collect();
        let person = match session.and_then(secret::hash) {
            Some(session) => self.person(session).await?,
            None => None,
        };
        let Some((person, provider)) = person else {
            return Ok(Options { providers, ..Options::default() });
        };
        Ok(Options {
            providers,
            user: Some(User { name: person.name, provider }),
            suggested: person.suggested,
            prolonged: person.prolonged,
        })
    }

    /// Whose session it is, and by which provider: one that is there no more vouches for nobody.
    async fn person(&self, session: Hash) -> Result<Option<(Person, String)>, Unavailable> {
        let person = self.accounts.ask(move |book| book.person(seconds(), &session)).await?;
        let person = person.filter(|person| !self.present.is_signed_out(person.account, &session));
        Ok(person.and_then(|person| {
            let provider = self.providers.by_issuer(&person.issuer)?;
            Some((person, provider.settings.id().to_owned()))
        }))
    }

    /// A browser in this network leaves for a provider, which sends it back to `callback`. It brings the secret that it got at an
    /// earlier beginning, if it has one: then both can come to an end.
    ///
    /// # Errors
    /// See [`NotBegun`].
    pub async fn begin(
        &self,
        provider: &str,
        callback: String,
        browser: Option<&str>,
        network: Network,
    ) -> Result<Begun, NotBegun> {
        let provider = self.providers.by_id(provider).ok_or(NotBegun::Unknown)?;
        let draw = || secret::draw().ok_or(NotBegun::Unavailable);
        let known = browser.filter(|browser| secret::hash(browser).is_some());
        let browser = known.map_or_else(draw, |browser| Ok(browser.to_owned()))?;
        let draws = Draws { state: draw()?, nonce: draw()?, verifier: draw()? };
        let location = provider.in_time(provider.way_there(&draws, &callback)).await;
        let location = location.flatten().ok_or(NotBegun::Unavailable)?;
        let Draws { state, nonce, verifier } = draws;
        let hashes = secret::hash(&state).zip(secret::hash(&browser));
        let (state, hash) = hashes.ok_or(NotBegun::Unavailable)?;
        let issuer = provider.issuer().to_owned();
        let pending = Pending { issuer, browser: hash, nonce, verifier, callback };
        self.pending().add(now(), state, network, pending);
        Ok(Begun { location, browser })
    }

    /// A browser comes back from a provider, with the secret that it left with, and the session that it had. Gives the session
    /// that it has from now on: a secret.
    ///
    /// # Errors
    /// See [`NotDone`].
    pub async fn finish(
        &self,
        provider: &str,
        answer: Answer,
        browser: Option<&str>,
        before: Option<&str>,
    ) -> Result<String, NotDone> {
        let provider = self.providers.by_id(provider).ok_or(NotDone::Unknown)?;
        let state = answer.state.as_deref().and_then(secret::hash).ok_or(NotDone::Expired)?;
        let pending = self.pending().take(now(), &state).ok_or(NotDone::Expired)?;
        // Nobody can be signed in as somebody else by a link that they follow.
        if browser.and_then(secret::hash) != Some(pending.browser) {
            return Err(NotDone::Expired);
        }
        // One provider cannot have what is meant for another (mix-up, RFC 9700 section 4.4).
        if pending.issuer != provider.issuer() {
            return Err(NotDone::Failed);
        }
        let who = provider.in_time(who(&provider, answer, &pending)).await;
        let who = who.ok_or(NotDone::Unavailable)??;
        let session = secret::draw().ok_or(NotDone::Unavailable)?;
        let hash = secret::hash(&session).ok_or(NotDone::Unavailable)?;
        let before = before.and_then(secret::hash);
        let present = self.present.clone();
        let signed_in = self.accounts.ask(move |book| {
            // Or the new session would end with those of before.
            write_sign_outs(book, &present)?;
            let replaced = book.sign_in(seconds(), &who, &hash, before.as_ref())?;
            // Asked of the thread that gives tickets, so that none is given to a session that is over.
            if let Some((account, before)) = replaced.zip(before) {
                present.forget_session(account, &before);
            }
            Ok(())
        });
        signed_in.await.map_err(|Unavailable| NotDone::Unavailable)?;
        info!(provider = provider.settings.id(), "somebody signed in");
        Ok(session)
    }

    /// A ticket for whoever is signed in with this session; `None` if nobody is.
    ///
    /// # Errors
    /// See [`Unavailable`].
    pub async fn ticket(&self, session: Option<&str>) -> Result<Option<String>, Unavailable> {
        let Some(session) = session.and_then(secret::hash) else { return Ok(None) };
        let ticket = secret::draw().ok_or(Unavailable)?;
        let hash = secret::hash(&ticket).ok_or(Unavailable)?;
        let present = self.present.clone();
        let issuers = self.providers.issuers();
        let at = now();
        let given = self.accounts.ask(move |book| {
            let person = book.person(seconds(), &session)?;
            let person = person.filter(|person| issuers.contains(&person.issuer));
            // Given by the thread that signs accounts out, so that none is given to one that has.
            Ok(person.is_some_and(|person| {
                let (account, sign_outs) = (person.account, person.sign_outs);
                present.add(at, hash, Ticket { account, session, sign_outs })
            }))
        });
        Ok(given.await?.then_some(ticket))
    }

    /// Signs out whoever has this session: everywhere, with all who are here by their account. `false` if nobody has it.
    ///
    /// It counts at once, and is written down afterwards: a database that fails signs nobody in, and keeps nobody signed in.
    ///
    /// # Errors
    /// See [`Unavailable`]: too many sign-outs wait to be written down.
    pub async fn sign_out(&self, session: Option<&str>) -> Result<bool, Unavailable> {
        let Some(session) = session.and_then(secret::hash) else { return Ok(false) };
        let present = self.present.clone();
        let written = self.accounts.ask(move |book| {
            let Some(account) = book.account_of(&session)? else { return Ok(Ok(false)) };
            if let Err(Full) = present.sign_out(session, Some(account)) {
                return Ok(Err(Unavailable));
            }
            book.sign_out(&session)?;
            present.is_written(&session);
            Ok(Ok(true))
        });
        if let Ok(answer) = written.await {
            return answer;
        }
        // Nobody can say whose session it is, or it was not written down: see `DatabaseThread`.
        self.present.sign_out(session, None).map_err(|Full| Unavailable)?;
        self.accounts.wake();
        Ok(true)
    }

    /// Whose ticket it is, with their name if they have one. It is good once; `None` if it is not good.
    ///
    /// # Errors
    /// See [`Unavailable`].
    pub async fn redeem(
        &self,
        ticket: &str,
    ) -> Result<Option<(Account, Option<UserName>)>, Unavailable> {
        let hash = secret::hash(ticket);
        let Some((account, ticket)) = hash.and_then(|hash| self.present.redeem(now(), &hash))
        else {
            return Ok(None);
        };
        let standing = self.accounts.ask(move |book| book.standing(ticket.account)).await?;
        // A sign-out counts, whoever wrote it down.
        let standing = standing.filter(|(_, sign_outs)| *sign_outs == ticket.sign_outs);
        Ok(standing.map(|(name, _)| (account, name)))
    }

    /// Gives an account that has none this name for good. `false` if it is, or looks like, that of another account.
    ///
    /// # Errors
    /// See [`Unavailable`].
    pub async fn choose(&self, account: &Account, name: &UserName) -> Result<bool, Unavailable> {
        let (id, name) = (account.id(), name.clone());
        self.accounts.ask(move |book| book.choose(id, &name)).await
    }

    /// Whether this name is, or looks like, that of an account.
    ///
    /// # Errors
    /// See [`Unavailable`].
    pub async fn is_reserved(&self, name: &UserName) -> Result<bool, Unavailable> {
        let name = name.clone();
        self.accounts.ask(move |book| book.is_reserved(&name)).await
    }
}

/// Who a provider says it is, by what it sent their browser back with.
async fn who(
    provider: &Arc<Provider>,
    answer: Answer,
    pending: &Pending,
) -> Result<Subject, NotDone> {
    if !provider.may_be_from(answer.issuer.as_deref()).await? {
        return Err(NotDone::Failed);
    }
    let code = match (answer.error.as_deref(), answer.code) {
        (None, Some(code)) => code,
        (Some("access_denied"), _) => return Err(NotDone::Cancelled),
        (Some("server_error" | "temporarily_unavailable"), _) => {
            return Err(NotDone::Unavailable);
        }
        _ => return Err(NotDone::Failed),
    };
    Ok(provider.who(code, pending).await?)
}

impl From<NotKnown> for NotDone {
    fn from(why: NotKnown) -> Self {
        match why {
            NotKnown::Unreachable => Self::Unavailable,
            NotKnown::Failed => Self::Failed,
        }
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity")
            .field("providers", &self.providers.now().len())
            .finish_non_exhaustive()
    }
}

/// By the clock that tests can set.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
