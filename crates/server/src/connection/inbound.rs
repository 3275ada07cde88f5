//! What a connection does about what comes over its socket, and out of its session's mailbox.

use protocol::{
    ClientMessage, DecodeError, ErrorCode, Ping, Pong, Refusal, ServerMessage, close::CloseCode,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::tungstenite::Message;

use super::{Connection, Ending, Stage, now};
use crate::{
    directory::Directory,
    session::{Envelope, Input},
};

impl<S: AsyncRead + AsyncWrite + Unpin, D: Directory> Connection<S, D> {
    pub(super) async fn on_frame(&mut self, frame: Message) -> Result<(), Ending> {
        match frame {
            Message::Text(text) => match ClientMessage::decode(&text) {
                Ok(message) => self.on_message(message).await,
                Err(error) => self.on_bad_message(&error).await,
            },
            Message::Binary(_) => {
                let message = "Messages are JSON in text frames, not binary ones.";
                self.on_unreadable(Some(refusal(ErrorCode::BadMessage, message))).await
            }
            Message::Close(frame) => {
                Err(Ending::ClosedByClient(frame.map(|frame| u16::from(frame.code))))
            }
            // The library answers pings by itself.
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => Ok(()),
        }
    }

    pub(super) async fn on_mail(&mut self, envelope: Option<Envelope>) -> Result<(), Ending> {
        let Stage::User(session) = &mut self.stage else { return Ok(()) };
        let Some(envelope) = envelope else {
            return Err(Ending::CutOff);
        };
        session.on_mail(now(), envelope, &mut self.outbound).await
    }

    async fn on_message(&mut self, message: ClientMessage) -> Result<(), Ending> {
        match &mut self.stage {
            Stage::User(session) => session.on_client(now(), message, &mut self.outbound).await,
            Stage::Guest { .. } => match message {
                // Boxed, so that the room which only this needs is not set aside all the time.
                ClientMessage::Login(login) => Box::pin(self.login(login)).await,
                ClientMessage::Ping(Ping { .. }) => self.say(&ServerMessage::Pong(Pong::default())),
                ClientMessage::Offer(_)
                | ClientMessage::Answer(_)
                | ClientMessage::Candidate(_)
                | ClientMessage::Ringing(_)
                | ClientMessage::Leave(_) => self
                    .refuse(ErrorCode::NotLoggedIn, "Log in first, under a name of your choice."),
            },
        }
    }

    async fn on_bad_message(&mut self, error: &DecodeError) -> Result<(), Ending> {
        self.on_unreadable(error.code().map(|code| refusal(code, &error.to_string()))).await
    }

    /// Something came that is no message. The client is told so, if there is something to tell.
    pub(super) async fn on_unreadable(&mut self, refusal: Option<Refusal>) -> Result<(), Ending> {
        match &mut self.stage {
            Stage::User(session) => {
                session.handle(now(), Input::Unreadable(refusal), &mut self.outbound).await
            }
            Stage::Guest { .. } => {
                refusal.map_or(Ok(()), |refusal| self.say(&ServerMessage::Error(refusal)))
            }
        }
    }

    /// Lets the session go on over another socket, and this one close.
    pub(super) fn hand_over(&mut self) -> Result<(), Ending> {
        match std::mem::replace(&mut self.stage, Stage::Guest { until: None }) {
            Stage::User(session) => match session.hand_over() {
                None => Err(Ending::Close(CloseCode::Replaced)),
                Some(session) => {
                    self.stage = Stage::User(session);
                    Ok(())
                }
            },
            guest => {
                self.stage = guest;
                Ok(())
            }
        }
    }

    pub(super) fn refuse(&mut self, code: ErrorCode, message: &str) -> Result<(), Ending> {
        self.say(&ServerMessage::Error(refusal(code, message)))
    }
}

pub(super) fn refusal(code: ErrorCode, message: &str) -> Refusal {
    Refusal { message: message.to_owned(), code: Some(code), name: None, call: None }
}
