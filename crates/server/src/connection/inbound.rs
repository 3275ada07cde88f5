//! What a connection does about what comes over its socket, and out of its session's mailbox.

use std::time::Instant;

use protocol::{
    ClientMessage, DecodeError, ErrorCode, Login, Ping, Pong, Refusal, ServerMessage, UserName,
    close::CloseCode,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::tungstenite::Message;

use super::{Connection, Ending, Stage, login::RefusedLogin, now};
use crate::{
    directory::Directory,
    edge::{NotNow, Paced},
    limits::MAX_MESSAGE_BEFORE_LOGIN_BYTES,
    session::{Envelope, Input},
};

/// What came over a socket and is to be taken in.
pub(super) enum Incoming {
    Frame(Message),
    /// A frame that came too soon after too many others. Boxed, as is the next, so that no room for it is set aside all
    /// the time.
    TooSoon(Box<(Message, NotNow)>),
    /// A candidate whose peer has to be found.
    Unplaced(Box<Envelope>),
}

impl<S: AsyncRead + AsyncWrite + Unpin, D: Directory> Connection<S, D> {
    /// Does at once what can be: a candidate within the call is passed on. Gives what is left to do.
    pub(super) fn take_in(&mut self, frame: Message) -> Result<Option<Incoming>, Ending> {
        self.heartbeat.heard();
        match self.paced(&frame) {
            Paced::Taken => {}
            Paced::Refused(wait) => {
                return Ok(Some(Incoming::TooSoon(Box::new((frame, NotNow(wait))))));
            }
            Paced::Cut => return Err(Ending::Close(CloseCode::Flood)),
        }
        if matches!(self.stage, Stage::Guest { .. }) && (frame.is_text() || frame.is_binary()) {
            // The next message may be as large as this one might have been.
            self.socket.get_mut().let_come(Some(MAX_MESSAGE_BEFORE_LOGIN_BYTES));
        }
        if let (Message::Text(text), Stage::User(session)) = (&frame, &mut self.stage) {
            match session.pass_on(text) {
                Ok(true) => return Ok(None),
                Ok(false) => {}
                Err(envelope) => return Ok(Some(Incoming::Unplaced(envelope))),
            }
        }
        Ok(Some(Incoming::Frame(frame)))
    }

    pub(super) async fn on_incoming(&mut self, incoming: Incoming) -> Result<(), Ending> {
        match incoming {
            Incoming::Frame(Message::Text(text)) => match ClientMessage::decode(&text) {
                Ok(message) => self.on_message(now(), message).await,
                Err(error) => self.on_bad_message(&error).await,
            },
            Incoming::Frame(Message::Binary(_)) => {
                let message = "Messages are JSON in text frames, not binary ones.";
                self.on_unreadable(Some(refusal(ErrorCode::BadMessage, message))).await
            }
            Incoming::Frame(Message::Close(frame)) => {
                Err(Ending::ClosedByClient(frame.map(|frame| u16::from(frame.code))))
            }
            // The library answers pings by itself.
            Incoming::Frame(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => Ok(()),
            // Boxed, so that the room which only these need is not set aside all the time.
            Incoming::TooSoon(what) => Box::pin(self.refuse_frame(what)).await,
            Incoming::Unplaced(envelope) => Box::pin(self.find_peer(envelope)).await,
        }
    }

    async fn find_peer(&mut self, envelope: Box<Envelope>) -> Result<(), Ending> {
        let Stage::User(session) = &mut self.stage else { return Ok(()) };
        session.find_peer(now(), *envelope, &mut self.outbound).await
    }

    pub(super) async fn on_mail(&mut self, envelope: Envelope) -> Result<(), Ending> {
        let Stage::User(session) = &mut self.stage else { return Ok(()) };
        session.on_mail(now(), envelope, &mut self.outbound).await
    }

    fn paced(&mut self, frame: &Message) -> Paced {
        let pace = match &mut self.stage {
            Stage::User(session) => &mut session.pace,
            Stage::Guest { .. } => &mut self.visitor.pace,
        };
        match pace {
            Some(pace) if !frame.is_close() => pace.take(now(), frame.len()),
            _ => Paced::Taken,
        }
    }

    /// A message came too soon after too many others. It counts, or the two sides would disagree about what was sent.
    async fn refuse_frame(&mut self, what: Box<(Message, NotNow)>) -> Result<(), Ending> {
        let (frame, not_now) = *what;
        let message = match &frame {
            Message::Text(text) => ClientMessage::decode(text).ok(),
            Message::Binary(_) => None,
            // What goes without saying is refused without a word.
            _ => return Ok(()),
        };
        let refused = rate_limited(not_now, message.as_ref());
        let is_guest = matches!(self.stage, Stage::Guest { .. });
        match (is_guest, message) {
            (true, Some(ClientMessage::Login(_))) => {
                let login = RefusedLogin::new(ErrorCode::RateLimited, refused.message);
                self.refuse_login(login.after(refused.seconds))
            }
            (false, Some(message)) if !message.is_counted() => Ok(()),
            _ => self.on_unreadable(Some(refused)).await,
        }
    }

    /// Why this may not be said now, if it may not. If it is a call that may be made, the session has the time that it rings
    /// counted.
    fn too_many_calls(&mut self, message: &ClientMessage) -> Option<Refusal> {
        let (Stage::User(session), ClientMessage::Offer(offer)) = (&mut self.stage, message) else {
            return None;
        };
        let limits = self.shared.limits.as_ref()?;
        let callee = UserName::of_other(&offer.name).ok()?;
        if !session.is_new_call(offer) {
            return None;
        }
        match limits.call(self.visitor.remote.as_ref(), session.user(), callee.key()) {
            Ok(ring) => {
                session.rings(ring);
                None
            }
            Err(not_now) => Some(rate_limited(not_now, Some(message))),
        }
    }

    async fn on_message(&mut self, now: Instant, message: ClientMessage) -> Result<(), Ending> {
        if let Some(refused) = self.too_many_calls(&message) {
            return Box::pin(self.on_unreadable(Some(refused))).await;
        }
        match &mut self.stage {
            Stage::User(session) => session.on_client(now, message, &mut self.outbound).await,
            Stage::Guest { .. } => match message {
                // Boxed, so that the room which only this needs is not set aside all the time.
                ClientMessage::Login(login) => Box::pin(self.settle(*login)).await,
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

    /// Logs in. Meanwhile, and if that comes to something, the connection makes no room for others: a session that it has must
    /// not be lost.
    async fn settle(&mut self, login: Login) -> Result<(), Ending> {
        let connection = self.visitor.connection.clone();
        let settled = connection.as_ref().map(|connection| connection.settle());
        if let Some(None) = settled {
            return Err(Ending::Lost);
        }
        let done = self.login(login).await;
        if matches!(self.stage, Stage::User(_)) {
            self.socket.get_mut().let_come(None);
        } else if let Some((connection, settled)) = connection.zip(settled.flatten()) {
            connection.unsettle(settled);
        }
        done
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

/// The call that it was for goes with it, so that the client knows which.
fn rate_limited(not_now: NotNow, message: Option<&ClientMessage>) -> Refusal {
    let call = match message {
        Some(ClientMessage::Offer(offer)) => offer.call.clone(),
        _ => None,
    };
    let seconds = u32::try_from(not_now.seconds()).ok();
    Refusal { call, seconds, ..refusal(ErrorCode::RateLimited, &not_now.to_string()) }
}

pub(super) fn refusal(code: ErrorCode, message: &str) -> Refusal {
    Refusal {
        message: message.to_owned(),
        code: Some(code),
        name: None,
        call: None,
        fault: None,
        seconds: None,
    }
}
