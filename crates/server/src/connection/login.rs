//! A guest becomes a user: one who is new, or one who comes back.

use std::sync::Arc;

use protocol::{
    ErrorCode, Login, LoginReply, ServerMessage, UserName, VERSION, Welcome, close::CloseCode,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tracing::info;

use super::{
    Connection, Ending, SessionHandle, Shared, Stage, now,
    residents::{NotTaken, Secret},
};
use crate::{
    directory::Directory,
    edge::Remote,
    session::{Call, CallKey, Return, Welcomed},
};

impl<S: AsyncRead + AsyncWrite + Unpin, D: Directory> Connection<S, D> {
    /// Makes a user of a guest, or brings one back who was away. If that fails, the guest may try another name.
    pub(super) async fn login(&mut self, login: Login) -> Result<(), Ending> {
        if let Some((limits, remote)) =
            self.shared.limits.as_ref().zip(self.visitor.remote.as_ref())
            && let Err(not_now) = limits.login(remote)
        {
            return self.refuse_login(ErrorCode::RateLimited, not_now.to_string());
        }
        let name = match UserName::parse(&login.name) {
            Ok(name) => name,
            Err(error) => return self.refuse_login(ErrorCode::BadName, error.to_string()),
        };
        let known = login.session.as_deref().and_then(Secret::parse);
        let shared = Arc::clone(&self.shared);
        let taken = tokio::select! {
            biased;
            () = shared.shutdown.cancelled() => return Err(Ending::Close(CloseCode::Restart)),
            taken = shared.take_back(&name, known, login.attempt) => taken,
        };
        let (mut session, secret) = match taken {
            Ok(session) => (session, known),
            Err(NotTaken::Overtaken) => return Err(Ending::Close(CloseCode::Replaced)),
            Err(NotTaken::Busy) => {
                let message = "Your session cannot be had right now: try again.";
                return self.refuse_login(ErrorCode::Unavailable, message.to_owned());
            }
            Err(NotTaken::Unknown) => {
                let attempt = login.received.map(|_| login.attempt.unwrap_or_default());
                match self.shared.claim(name, attempt, known, self.visitor.remote.as_ref()).await {
                    Ok(new) => new,
                    Err((code, message)) => return self.refuse_login(code, message.to_owned()),
                }
            }
        };
        let name = session.user().to_string();
        let grant = session.grant(&self.shared.ice, now());
        let ice_servers = self.shared.ice.servers(grant, self.visitor.reached.as_ref(), now());
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
            }
        };
        let welcomed = session.on_return(now(), back(login), welcome, &mut self.outbound).await;
        // Whatever came of it, it is this connection that drives the session now.
        self.stage = Stage::User(session);
        self.visitor.guest = None;
        // Nobody has been told yet how to call this task when the session is wanted elsewhere.
        self.bells.rare.open();
        welcomed
    }

    pub(super) fn refuse_login(&mut self, code: ErrorCode, message: String) -> Result<(), Ending> {
        let refused = LoginReply::Refused { code: Some(code), message: Some(message) };
        self.say(&ServerMessage::Login(refused))
    }
}

impl<D: Directory> Shared<D> {
    /// The session that this secret is of, wherever it is.
    async fn take_back(
        &self,
        name: &UserName,
        secret: Option<Secret>,
        attempt: Option<u64>,
    ) -> Result<Box<SessionHandle<D>>, NotTaken> {
        let proof = secret.ok_or(NotTaken::Unknown)?.proof();
        let session = self.residents.take(name, proof, attempt).await?;
        info!(user = %name, "is back");
        Ok(session)
    }

    /// A new session, with the secret that takes it back if its client can come back: it then numbers its sockets.
    ///
    /// A secret from an earlier session, one that this server has forgotten, remains the secret. So a client whose login
    /// arrives and whose answer gets lost is not shut out by its own session.
    async fn claim(
        &self,
        name: UserName,
        attempt: Option<u64>,
        known: Option<Secret>,
        remote: Option<&Remote>,
    ) -> Result<(Box<SessionHandle<D>>, Option<Secret>), (ErrorCode, &'static str)> {
        let place =
            match self.limits.as_ref().zip(remote).map(|(limits, remote)| limits.user(remote)) {
                Some(Err(_)) => {
                    let message = "Too many are signed in from your network: try again later.";
                    return Err((ErrorCode::RateLimited, message));
                }
                Some(Ok(place)) => Some(place),
                None => None,
            };
        let Ok(claimed) = self.directory.claim(&name).await else {
            let message =
                "Somebody is here under this name already, or under one that looks the same.";
            return Err((ErrorCode::NameTaken, message));
        };
        info!(user = %name, "logged in");
        let Some((attempt, secret)) = attempt.zip(known.or_else(Secret::draw)) else {
            return Ok((Box::new(self.session(name, claimed).placed(place)), None));
        };
        self.roster.add(&name, secret.proof());
        let session = self.session(name, claimed).placed(place);
        let session = session.reside(&self.residents, &self.roster, secret.proof(), attempt);
        Ok((Box::new(session), Some(secret)))
    }
}

/// What a login says of the client. A call without an id, or with a peer that nobody can be, is none to be continued.
fn back(login: Login) -> Return {
    let peer = login.peer.and_then(|peer| UserName::parse(&peer).ok());
    let call = peer.zip(login.call).map(|(peer, id)| Call { peer, key: CallKey::Given(id) });
    Return { received: login.received, anew: login.anew, call, calling: login.calling }
}
