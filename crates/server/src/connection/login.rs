//! A guest becomes a user: one who is new, or one who comes back.

use protocol::{ErrorCode, Login, LoginReply, ServerMessage, UserName, VERSION, Welcome};
use tokio::io::{AsyncRead, AsyncWrite};
use tracing::info;

use super::{Connection, Ending, SessionHandle, Shared, Stage, now, residents::Secret};
use crate::{
    directory::Directory,
    session::{Call, CallKey, Return, Welcomed},
};

impl<S: AsyncRead + AsyncWrite + Unpin, D: Directory> Connection<S, D> {
    /// Makes a user of a guest, or brings one back who was away. If that fails, the guest may try another name.
    pub(super) async fn login(&mut self, login: Login) -> Result<(), Ending> {
        let name = match UserName::parse(&login.name) {
            Ok(name) => name,
            Err(error) => return self.refuse_login(ErrorCode::BadName, error.to_string()),
        };
        let known = login.session.as_deref().and_then(Secret::parse);
        let (mut session, secret) = match self.shared.take_back(&name, known).await {
            Some(session) => (session, known),
            None => match self.shared.claim(name, login.received.is_some()).await {
                Ok(new) => new,
                Err((code, message)) => return self.refuse_login(code, message.to_owned()),
            },
        };
        let name = session.user().to_string();
        let ice_servers = self.shared.ice_servers.clone();
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
        welcomed
    }

    fn refuse_login(&mut self, code: ErrorCode, message: String) -> Result<(), Ending> {
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
    ) -> Option<Box<SessionHandle<D>>> {
        let session = self.residents.take(name, secret?.proof()).await?;
        info!(user = %name, "is back");
        Some(session)
    }

    /// A new session, with the secret that takes it back if its client can come back.
    async fn claim(
        &self,
        name: UserName,
        counts: bool,
    ) -> Result<(Box<SessionHandle<D>>, Option<Secret>), (ErrorCode, &'static str)> {
        let Ok(claimed) = self.directory.claim(&name).await else {
            let message =
                "Somebody is here under this name already, or under one that looks the same.";
            return Err((ErrorCode::NameTaken, message));
        };
        info!(user = %name, "logged in");
        let secret = if counts { Secret::draw() } else { None };
        if let Some(secret) = secret {
            self.roster.add(&name, secret.proof());
        }
        let session = self.session(name, claimed);
        let session = match secret {
            Some(secret) => session.reside(&self.residents, &self.roster, secret.proof()),
            None => session,
        };
        Ok((Box::new(session), secret))
    }
}

/// What a login says of the client. A call without an id, or with a peer that nobody can be, is none to be continued.
fn back(login: Login) -> Return {
    let peer = login.peer.and_then(|peer| UserName::parse(&peer).ok());
    let call = peer.zip(login.call).map(|(peer, id)| Call { peer, key: CallKey::Given(id) });
    Return { received: login.received, anew: login.anew, call, calling: login.calling }
}
