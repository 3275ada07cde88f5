//! The login, and what its answer makes of the session before.

use protocol::{
    ClientMessage, ErrorCode, Login, LoginReply, NameError, Welcome,
    limits::{GRACE_PERIOD, MAX_GRACE_PERIOD, MAX_NAME_BYTES},
};

use super::{
    Link, OPEN_TIMEOUT,
    attempt::{Attempt, Trouble},
    liveness::PING_INTERVAL,
    session::{Alive, Memory, Session, Stream, Ticket},
};
use crate::call::{
    Client, Effect, Farewell, Message, Millis, Notice, Text, account::Right, servers::usable,
};

impl Client {
    pub(in crate::call) fn handle_socket_opened(&mut self, now: Millis) {
        let (presented, calling) = self.presented_call();
        let continued = self.continued();
        // A server that has started anew will not hear of what was left otherwise, and nor will the peer.
        let presented = presented.or_else(|| self.left_unheard());
        if let Link::Opening(attempt, _) = &mut self.link {
            attempt.presented.clone_from(&presented);
            let (peer, call) = presented.unzip();
            let ticket = attempt.returning.as_mut().and_then(|session| session.ticket.as_mut());
            let login = match ticket {
                None => Login { received: Some(0), ..Login::default() },
                Some(ticket) => {
                    let received = ticket.stream().map(|stream| {
                        stream.told = stream.received;
                        stream.received
                    });
                    let session = Some(ticket.secret.clone());
                    let anew = received.is_none();
                    Login {
                        session,
                        received: Some(received.unwrap_or_default()),
                        anew,
                        peer,
                        call,
                        calling,
                        continued,
                        ..Login::default()
                    }
                }
            };
            let ticket = attempt.proof.take();
            attempt.proven = ticket.is_some();
            let login =
                Login { name: attempt.name.clone(), ticket, attempt: Some(self.sockets), ..login };
            let attempt = attempt.clone();
            self.effects.push(Effect::Send(ClientMessage::Login(Box::new(login))));
            self.link = Link::LoggingIn(attempt, now + OPEN_TIMEOUT);
            self.ask_at_once(now);
        }
    }

    pub(in crate::call) fn handle_login_reply(&mut self, now: Millis, reply: LoginReply) {
        let Link::LoggingIn(attempt, _) = &self.link else { return };
        let attempt = attempt.clone();
        match reply {
            LoginReply::Welcome(welcome) => self.welcome(now, attempt, *welcome),
            LoginReply::Refused { code, fault, seconds, .. } => {
                self.refused(now, attempt, code, fault, seconds);
            }
        }
    }

    fn welcome(&mut self, now: Millis, attempt: Attempt, welcome: Welcome) {
        let grace = welcome.grace.unwrap_or(GRACE_PERIOD.as_secs() as u32);
        // A name that no user can have is none.
        let name = welcome.name.filter(|name| name.len() <= MAX_NAME_BYTES).unwrap_or(attempt.name);
        self.sign_in_error = None;
        self.misses_from_now_on(&name);
        self.account.is_named(&name);
        if self.account.right == Right::Guest {
            self.effects.push(Effect::RememberName(name.clone()));
        }
        let before = attempt.returning.and_then(|session| session.ticket);
        let mut was = before.map(|ticket| ticket.memory);
        let goes_on = match (&mut was, welcome.received) {
            (Some(Memory::Stream(stream)), Some(received)) => {
                stream.sent.acknowledge(received).is_ok()
            }
            _ => false,
        };
        let stream = match &mut was {
            Some(Memory::Stream(stream)) if goes_on => std::mem::take(stream),
            _ => Stream::default(),
        };
        let again: Vec<_> = stream.sent.waiting().cloned().map(Effect::Send).collect();
        let memory = Memory::Stream(stream);
        self.link = Link::Up(Session {
            name,
            ice_servers: usable(welcome.ice_servers),
            knows_ours: welcome.version.is_some(),
            grace: grace.min(MAX_GRACE_PERIOD.as_secs() as u32),
            ticket: welcome.session.map(|secret| Ticket { secret, memory }),
            alive: Alive::PingAt(now + PING_INTERVAL),
        });
        // The old relay may have stopped together with the old server.
        self.tell_ice_servers();
        if goes_on {
            self.effects.extend(again);
            return;
        }
        let call = welcome.peer.zip(welcome.call);
        if let (None | Some(Memory::Reloaded), Some(text)) = (&was, self.insecure()) {
            self.notice = Some(Notice { message: Message::plain(text), call_again: None });
        }
        match was {
            None => {}
            Some(Memory::Reloaded) => self.is_back(now, call, attempt.presented),
            Some(Memory::Stream(_) | Memory::Overflowed) => {
                self.begin_again(now, call.or(attempt.presented));
            }
        }
    }

    fn refused(
        &mut self,
        now: Millis,
        attempt: Attempt,
        code: Option<ErrorCode>,
        fault: Option<NameError>,
        seconds: Option<u32>,
    ) {
        // There was no ticket just now, and the server does not have the session any more: only a ticket will do.
        let is_unproven = self.account.right == Right::Account && !attempt.proven;
        if code == Some(ErrorCode::SignInRequired) && !is_unproven {
            return self.ticket_refused(now);
        }
        let taken = matches!(code, None | Some(ErrorCode::NameTaken));
        let returns = attempt.returning.is_some();
        // A server that gives sessions back would have given this one.
        let has_ticket = attempt.returning.is_some_and(|session| session.ticket.is_some());
        let may_be_ours = !has_ticket && attempt.name_held.is_some_and(|until| now < until);
        let trouble = if is_unproven {
            Some(Trouble::Busy)
        } else if taken && may_be_ours {
            Some(Trouble::NameHeld)
        } else if !taken && returns && code.is_some_and(ErrorCode::retry_can_help) {
            Some(Trouble::Busy)
        } else {
            None
        };
        if let Some(trouble) = trouble {
            self.effects.push(Effect::CloseSocket(Farewell::GivenUp));
            self.lose_socket(now, false, trouble);
            self.wait_at_least(now, seconds);
            return;
        }
        self.bad_character = fault.and_then(|fault| fault.character);
        self.sign_in_error = Some(match code {
            None | Some(ErrorCode::NameTaken) => Text::NameTaken,
            Some(ErrorCode::BadName | ErrorCode::BadMessage) => {
                Text::of_fault(fault, Text::NameBad)
            }
            Some(_) => Text::refused(seconds),
        });
        self.refused_for = seconds;
        self.end_call(Text::ServerLost);
        self.stop_devices();
        self.close_link();
        // Who has mistyped their name is not another user yet.
        if returns {
            self.forget_user();
        }
    }
}
