//! What a connection does about what comes over its socket, and out of its session's mailbox.

use protocol::{
    ClientMessage, DecodeError, ErrorCode, Login, LoginReply, Refusal, ServerMessage, UserName,
    VERSION, Welcome, close::CloseCode,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::tungstenite::Message;
use tracing::info;

use super::{Connection, Ending, SessionHandle, Stage, now};
use crate::{directory::Directory, session::Envelope};

impl<S: AsyncRead + AsyncWrite + Unpin, D: Directory> Connection<S, D> {
    pub(super) async fn on_frame(&mut self, frame: Message) -> Result<(), Ending> {
        match frame {
            Message::Text(text) => match ClientMessage::decode(&text) {
                Ok(message) => self.on_message(message).await,
                Err(error) => self.on_bad_message(&error),
            },
            Message::Binary(_) => self.refuse(
                ErrorCode::BadMessage,
                "Messages are JSON in text frames, not binary ones.",
            ),
            Message::Close(_) => Err(Ending::ClosedByClient),
            // The library answers pings by itself.
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => Ok(()),
        }
    }

    pub(super) async fn on_mail(&mut self, envelope: Option<Envelope>) -> Result<(), Ending> {
        let Stage::User(session) = &mut self.stage else { return Ok(()) };
        let Some(envelope) = envelope else {
            return Err(Ending::Close(CloseCode::SlowConsumer));
        };
        session.on_mail(now(), envelope, &mut self.outbound).await
    }

    async fn on_message(&mut self, message: ClientMessage) -> Result<(), Ending> {
        match &mut self.stage {
            Stage::User(session) => session.on_client(now(), message, &mut self.outbound).await,
            Stage::Guest { .. } => match message {
                // Boxed, so that the room which only this needs is not set aside all the time.
                ClientMessage::Login(login) => Box::pin(self.login(login)).await,
                ClientMessage::Ping => self.say(&ServerMessage::Pong),
                ClientMessage::Offer(_)
                | ClientMessage::Answer(_)
                | ClientMessage::Candidate(_)
                | ClientMessage::Ringing(_)
                | ClientMessage::Leave(_) => self
                    .refuse(ErrorCode::NotLoggedIn, "Log in first, under a name of your choice."),
            },
        }
    }

    fn on_bad_message(&mut self, error: &DecodeError) -> Result<(), Ending> {
        match error.code() {
            Some(code) => self.refuse(code, &error.to_string()),
            None => Ok(()),
        }
    }

    /// Makes a user of a guest. If that fails, the guest may try another name.
    async fn login(&mut self, Login { name, session: _ }: Login) -> Result<(), Ending> {
        let name = match UserName::parse(&name) {
            Ok(name) => name,
            Err(error) => return self.refuse_login(ErrorCode::BadName, error.to_string()),
        };
        let Ok((registration, mailbox)) = self.shared.directory.claim(&name).await else {
            let message =
                "Somebody is here under this name already, or under one that looks the same.";
            return self.refuse_login(ErrorCode::NameTaken, message.to_owned());
        };
        info!(user = %name, "logged in");
        let welcome = Welcome {
            name: Some(name.to_string()),
            session: None,
            ice_servers: self.shared.ice_servers.clone(),
            version: Some(VERSION),
        };
        let session = SessionHandle::new(
            name,
            registration,
            mailbox,
            self.shared.directory.clone(),
            self.shared.timing.ring,
        );
        self.stage = Stage::User(Box::new(session));
        self.say(&ServerMessage::Login(LoginReply::Welcome(welcome)))
    }

    fn refuse_login(&mut self, code: ErrorCode, message: String) -> Result<(), Ending> {
        let refused = LoginReply::Refused { code: Some(code), message: Some(message) };
        self.say(&ServerMessage::Login(refused))
    }

    pub(super) fn refuse(&mut self, code: ErrorCode, message: &str) -> Result<(), Ending> {
        self.say(&ServerMessage::Error(Refusal {
            message: message.to_owned(),
            code: Some(code),
            name: None,
            call: None,
        }))
    }
}
