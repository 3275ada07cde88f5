//! Who logs in: somebody who shows a ticket, or a guest; and which names and sessions they may have by that.

use identity::{Account, Guests, Identity, Unavailable};
use protocol::{ErrorCode, Login, UserName};

use super::{
    Shared,
    login::{NotIn, bad_name, refused, sign_in_required},
    now,
    residents::NotTaken,
    secret::Proof,
    slot::Owner,
};
use crate::{
    directory::{Directory, Mailbox},
    edge::Visitor,
};

/// Who logs in.
pub(super) struct Who {
    pub(super) name: UserName,
    standing: Standing,
}

/// What is known of them.
enum Standing {
    /// Nothing, as nobody can show anything here.
    Anybody,
    /// They show nothing, though others do.
    Guest,
    /// They have this account.
    Account {
        owner: Owner,
        /// Whether the name is theirs already.
        named: bool,
    },
}

impl<D: Directory> Shared<D> {
    /// Says who logs in. A ticket that was good stays with the visitor: a login that comes to nothing may be followed by another.
    pub(super) async fn identify(
        &self,
        login: &Login,
        visitor: &mut Visitor,
    ) -> Result<Who, NotIn> {
        let wanted = || UserName::parse(&login.name).map_err(bad_name);
        let Some(identity) = &self.identity else {
            return Ok(Who { name: wanted()?, standing: Standing::Anybody });
        };
        if let Some(ticket) = &login.ticket {
            let claimant = identity.redeem(ticket).await.map_err(unavailable)?;
            visitor.claimant = Some(Box::new(claimant.ok_or_else(sign_in_required)?));
        }
        let Some((account, name)) = visitor.claimant.as_deref() else {
            return Ok(Who { name: wanted()?, standing: Standing::Guest });
        };
        if account.is_signed_out() {
            visitor.claimant = None;
            return Err(sign_in_required());
        }
        let (owner, named) = (Owner::of(Some(account)), name.is_some());
        let name = name.clone().map_or_else(wanted, Ok)?;
        Ok(Who { name, standing: Standing::Account { owner, named } })
    }

    /// Whether they may have the session that they have the secret of. It remains of whom it began with.
    pub(super) async fn may_take_back(
        &self,
        who: &Who,
        login: &Login,
        proof: Proof,
    ) -> Result<(), NotTaken> {
        // An account has its own name, whatever the client says: the session may be under another.
        let said = UserName::of_other(&login.name).ok();
        let names = [Some(&who.name), said.as_ref()].into_iter().flatten();
        let found =
            names.filter_map(|name| Some((name, self.residents.owner(name, proof)?))).next();
        let (Some((name, owner)), Some(identity)) = (found, &self.identity) else { return Ok(()) };
        let may = match (owner, &who.standing) {
            (Owner::Account(_), Standing::Guest) => true,
            (Owner::Account(_), Standing::Account { owner: theirs, .. }) => *theirs == owner,
            (Owner::Guest, Standing::Account { .. }) => false,
            (Owner::Unknown, Standing::Account { named, .. }) => *named && *name == who.name,
            (Owner::Guest | Owner::Unknown, Standing::Guest) => {
                identity.guests() == Guests::Allow
                    && !identity.is_reserved(name).await.map_err(|Unavailable| NotTaken::Busy)?
            }
            (_, Standing::Anybody) => true,
        };
        if may { Ok(()) } else { Err(NotTaken::Refused) }
    }

    /// Claims a name for those who may have it.
    pub(super) async fn claim(
        &self,
        who: &Who,
        account: Option<&Account>,
    ) -> Result<(D::Registration, Mailbox), NotIn> {
        let Some(identity) = &self.identity else {
            return self.claim_in_directory(&who.name).await;
        };
        match &who.standing {
            Standing::Anybody | Standing::Guest => self.claim_as_guest(identity, &who.name).await,
            Standing::Account { owner, named: true } => {
                self.end_elsewhere(&who.name, *owner).await?;
                self.claim_in_directory(&who.name).await
            }
            Standing::Account { named: false, .. } => {
                let claimed = self.claim_in_directory(&who.name).await?;
                // In this order: while it is claimed nobody else can be given it.
                let account = account.ok_or_else(sign_in_required)?;
                let chosen = identity.choose(account, &who.name).await.map_err(unavailable)?;
                if chosen { Ok(claimed) } else { Err(name_taken()) }
            }
        }
    }

    async fn claim_as_guest(
        &self,
        identity: &Identity,
        name: &UserName,
    ) -> Result<(D::Registration, Mailbox), NotIn> {
        if identity.guests() == Guests::Refuse {
            return Err(sign_in_required());
        }
        // Before, so that nobody can keep an account from its name by trying to take it; and after, since it may have become an
        // account's meanwhile.
        if identity.is_reserved(name).await.map_err(unavailable)? {
            return Err(name_taken());
        }
        let claimed = self.claim_in_directory(name).await?;
        if identity.is_reserved(name).await.map_err(unavailable)? {
            return Err(name_taken());
        }
        Ok(claimed)
    }

    /// Whoever shows that a name is theirs has it here, and not where they were before.
    async fn end_elsewhere(&self, name: &UserName, owner: Owner) -> Result<(), NotIn> {
        match self.residents.take_of(name, owner).await {
            Ok(session) => {
                session.end(now()).await;
                Ok(())
            }
            Err(NotTaken::Busy) => Err(refused(
                ErrorCode::Unavailable,
                "Your session cannot be had right now: try again.",
            )),
            Err(_) => Ok(()),
        }
    }

    async fn claim_in_directory(
        &self,
        name: &UserName,
    ) -> Result<(D::Registration, Mailbox), NotIn> {
        self.directory.claim(name).await.map_err(|_| name_taken())
    }
}

fn name_taken() -> NotIn {
    let message = "Somebody is here under this name already, or under one that looks the same.";
    refused(ErrorCode::NameTaken, message)
}

fn unavailable(_: Unavailable) -> NotIn {
    refused(ErrorCode::Unavailable, "Nobody can be signed in right now: try again.")
}
