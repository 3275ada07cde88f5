//! A guest becomes a user: one who is new, or one who comes back.

use std::sync::Arc;

use protocol::{
    ErrorCode, Login, LoginReply, NameError, ServerMessage, UserName, VERSION, Welcome,
    close::CloseCode,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tracing::info;

use super::{
    Connection, Ending, SessionHandle, Shared, Stage, handle::random_number, identify::Who, now,
    residents::NotTaken, secret::Secret,
};
use crate::{
    directory::Directory,
    edge::Visitor,
    roster::Roster,
    session::{Call, CallKey, Return, Session, Welcomed},
};

impl<S: AsyncRead + AsyncWrite + Unpin, D: Directory> Connection<S, D> {
    /// Makes a user of a guest, or brings one back who was away. If that fails, the guest may try another name.
    pub(super) async fn login(&mut self, login: Login) -> Result<(), Ending> {
        if let Some((limits, remote)) =
            self.shared.limits.as_ref().zip(self.visitor.remote.as_ref())
            && let Err(not_now) = limits.login(remote)
        {
            let refused = RefusedLogin::new(ErrorCode::RateLimited, not_now.to_string());
            return self.refuse_login(refused.after(u32::try_from(not_now.seconds()).ok()));
        }
        let shared = Arc::clone(&self.shared);
        let admitted = tokio::select! {
            biased;
            () = shared.shutdown.cancelled() => return Err(Ending::Close(CloseCode::Restart)),
            admitted = shared.admit(&login, &mut self.visitor) => admitted,
        };
        let (mut session, secret) = match admitted {
            Ok(admitted) => admitted,
            Err(NotIn::Overtaken) => return Err(Ending::Close(CloseCode::Replaced)),
            Err(NotIn::Refused(refused)) => return self.refuse_login(refused),
        };
        let name = session.user().to_string();
        let grant = session.grant(&self.shared.ice, now());
        let ice_servers = self.shared.ice.servers(grant, self.visitor.reached.as_ref(), now());
        let grace = shared.timing.session().grace;
        let welcome = |welcomed: Welcomed| {
            let (peer, call) = welcomed.call.unzip();
            Welcome {
                name: Some(name),
                session: secret.filter(|_| welcomed.counts).map(Secret::reveal),
                received: welcomed.received,
                peer,
                call,
                ice_servers,
                version: Some(VERSION),
                grace: u32::try_from(grace.as_secs()).ok().filter(|_| welcomed.counts),
            }
        };
        let guest = shared.identity.is_some() && !session.is_shown();
        let back = Return { guest, ..back(login) };
        let welcomed = session.on_return(now(), back, welcome, &mut self.outbound).await;
        // Whatever came of it, it is this connection that drives the session now.
        self.stage = Stage::User(session);
        // Nobody has been told yet how to call this task when the session is wanted elsewhere.
        self.bells.rare.open();
        welcomed
    }

    pub(super) fn refuse_login(&mut self, refused: RefusedLogin) -> Result<(), Ending> {
        let RefusedLogin { code, message, fault, seconds } = refused;
        let (code, message) = (Some(code), Some(message));
        self.say(&ServerMessage::Login(LoginReply::Refused { code, message, fault, seconds }))
    }
}

/// Why somebody is not logged in.
#[derive(Debug)]
pub(super) enum NotIn {
    /// Their session is at a later socket of their client.
    Overtaken,
    /// They may try again, in the same or in another way.
    Refused(RefusedLogin),
}

/// What a client hears whose login is refused.
#[derive(Debug)]
pub(super) struct RefusedLogin {
    code: ErrorCode,
    message: String,
    fault: Option<NameError>,
    seconds: Option<u32>,
}

impl RefusedLogin {
    pub(super) const fn new(code: ErrorCode, message: String) -> Self {
        Self { code, message, fault: None, seconds: None }
    }

    /// It may be tried again after so many seconds, if that is known.
    pub(super) fn after(self, seconds: Option<u32>) -> Self {
        Self { seconds, ..self }
    }
}

/// A session, with the secret that takes it back, if its client can.
type Admitted<D> = (Box<SessionHandle<D>>, Option<Secret>);

impl<D: Directory> Shared<D> {
    /// Finds the session that a login is for, or makes one.
    async fn admit(&self, login: &Login, visitor: &mut Visitor) -> Result<Admitted<D>, NotIn> {
        let who = self.identify(login, visitor).await?;
        let known = login.session.as_deref().and_then(Secret::parse);
        let admitted = match self.take_back(&who, login, known).await {
            Ok(session) => Ok((self.counted(session, visitor), known)),
            Err(NotTaken::Overtaken) => Err(NotIn::Overtaken),
            Err(NotTaken::Busy) => Err(refused(
                ErrorCode::Unavailable,
                "Your session cannot be had right now: try again.",
            )),
            Err(NotTaken::Refused) => Err(sign_in_required()),
            Err(NotTaken::Unknown) => {
                let attempt = login.received.map(|_| login.attempt.unwrap_or_default());
                self.begin(&who, attempt, visitor).await
            }
        };
        let (mut session, secret) = admitted?;
        session.show(visitor.claimant.take().map(|claimant| claimant.0));
        Ok((session, secret))
    }

    /// The session that this secret is of, wherever it is.
    async fn take_back(
        &self,
        who: &Who,
        login: &Login,
        secret: Option<Secret>,
    ) -> Result<Box<SessionHandle<D>>, NotTaken> {
        let proof = secret.ok_or(NotTaken::Unknown)?.proof();
        self.may_take_back(who, login, proof).await?;
        let session = self.residents.take(&who.name, proof, login.attempt).await?;
        info!(user = %who.name, "is back");
        Ok(session)
    }

    /// Users who were here before the server started again are counted where they come from, like all others. They are not
    /// refused for that: their sessions are theirs.
    fn counted(&self, session: Box<SessionHandle<D>>, visitor: &Visitor) -> Box<SessionHandle<D>> {
        if session.is_placed() {
            return session;
        }
        let place = self.limits.as_ref().zip(visitor.remote.as_ref());
        Box::new(session.placed(place.and_then(|(limits, remote)| limits.user(remote).ok())))
    }

    /// A new session, with the secret that takes it back if its client can come back: it then numbers its sockets.
    ///
    /// The secret is always a new one. One that a client brings and that this server does not know may be known to others:
    /// to whoever gave it to that client.
    async fn begin(
        &self,
        who: &Who,
        attempt: Option<u64>,
        visitor: &Visitor,
    ) -> Result<Admitted<D>, NotIn> {
        let remote = visitor.remote.as_ref();
        let place =
            match self.limits.as_ref().zip(remote).map(|(limits, remote)| limits.user(remote)) {
                Some(Err(_)) => {
                    let message = "Too many are signed in from your network: try again later.";
                    return Err(refused(ErrorCode::RateLimited, message));
                }
                Some(Ok(place)) => Some(place),
                None => None,
            };
        let claimed =
            self.claim(who, visitor.claimant.as_deref().map(|claimant| &claimant.0)).await?;
        let name = who.name.clone();
        info!(user = %name, "logged in");
        let machine = Session::new(name.clone(), random_number(), self.timing.session());
        let session = self.session(machine, claimed).placed(place);
        let Some(secret) = Secret::draw() else {
            return Ok((Box::new(session), None));
        };
        let Some(attempt) = attempt else {
            // Nobody can take it back, so that no start waits for its user. But its account's next login has to find it.
            let nowhere = Roster::default();
            let session = session.reside(&self.residents, &nowhere, secret.proof(), 0);
            return Ok((Box::new(session), None));
        };
        self.roster.add(&name, secret.proof());
        let session = session.reside(&self.residents, &self.roster, secret.proof(), attempt);
        Ok((Box::new(session), Some(secret)))
    }
}

pub(super) fn refused(code: ErrorCode, message: impl Into<String>) -> NotIn {
    NotIn::Refused(RefusedLogin::new(code, message.into()))
}

/// Nobody can have this name.
pub(super) fn bad_name(fault: NameError) -> NotIn {
    let message = fault.to_string();
    let refused = RefusedLogin::new(ErrorCode::BadName, message);
    NotIn::Refused(RefusedLogin { fault: Some(fault), ..refused })
}

pub(super) fn sign_in_required() -> NotIn {
    refused(ErrorCode::SignInRequired, "Sign in first, or once more.")
}

/// What a login says of the client. A call without an id, or with a peer that nobody can be, is none to be continued. It does
/// not say whether it is a guest's.
fn back(login: Login) -> Return {
    let peer = login.peer.and_then(|peer| UserName::of_other(&peer).ok());
    let call = peer.zip(login.call).map(|(peer, id)| Call { peer, key: CallKey::Given(id) });
    let continued = login.continued.map(CallKey::Given);
    let Login { received, anew, calling, .. } = login;
    Return { received, anew, call, continued, calling, guest: false }
}
