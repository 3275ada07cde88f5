//! Signs of life: whether the socket is alive, and what both sides have got over it.

use protocol::limits::ACKNOWLEDGE_EVERY;

use super::{
    Link,
    attempt::{Attempt, Trouble},
    session::Alive,
};
use crate::call::{Client, Effect, Farewell, Millis};

/// How often the page says `ping`, in ms. Proxies and NATs drop a connection that was silent for 30 s.
pub(super) const PING_INTERVAL: Millis = 25_000;

/// How long after a `ping` something must be heard, in ms, before the socket counts as dead.
const PONG_TIMEOUT: Millis = 10_000;

/// The same when there is reason to think that it is dead: a new socket costs little, and waiting costs the call.
pub(in crate::call) const PROBE_TIMEOUT: Millis = 3_000;

impl Client {
    /// Anything heard from the server is a sign of life.
    pub(in crate::call) const fn heard_server(&mut self, now: Millis) {
        if let Link::Up(session) = &mut self.link {
            session.alive = Alive::PingAt(now + PING_INTERVAL);
        }
    }

    /// One of the session's messages came, whether it is understood or not.
    pub(in crate::call) fn count_received(&mut self) {
        let Link::Up(session) = &mut self.link else { return };
        let Some(stream) = session.stream() else { return };
        stream.received = stream.received.wrapping_add(1);
        if stream.received - stream.told >= ACKNOWLEDGE_EVERY {
            let ping = session.ping();
            self.effects.push(Effect::Send(ping));
        }
    }

    pub(in crate::call) fn handle_pong(&mut self, received: Option<u64>) {
        if let Link::Up(session) = &mut self.link
            && let Some(stream) = session.stream()
            && let Some(received) = received
        {
            // A count that cannot be is one of a server that miscounts: nothing is let go.
            let _ = stream.sent.acknowledge(received);
        }
    }

    /// The network is another one, so that the socket is as good as dead: another takes its place at once, where the session
    /// can go on over it.
    pub(in crate::call) fn replace_socket(&mut self, now: Millis) {
        match std::mem::replace(&mut self.link, Link::Closed) {
            Link::Up(session) if session.ticket.is_some() => {
                self.effects.push(Effect::CloseSocket(Farewell::GivenUp));
                self.open(now, Attempt::back(session, now));
            }
            link => {
                self.link = link;
                self.probe(now);
            }
        }
    }

    /// Nobody is at this page any more: callers are to hear that, and not ring where nobody hears. It comes back with its user.
    pub(in crate::call) fn leave_page(&mut self, now: Millis) {
        if !matches!(self.link, Link::Closed | Link::Waiting(..)) {
            self.effects.push(Effect::CloseSocket(Farewell::PageLeft));
            self.lose_socket(now, false, Trouble::Unreachable);
        }
    }

    /// There is reason to think that the socket is dead, or that the server can be reached again.
    pub(in crate::call) fn probe(&mut self, now: Millis) {
        match &mut self.link {
            Link::Closed => {}
            Link::Waiting(..) => self.retry_now(now),
            Link::Proving(attempt, _) | Link::Opening(attempt, _) | Link::LoggingIn(attempt, _) => {
                let attempt = attempt.clone();
                self.effects.push(Effect::CloseSocket(Farewell::GivenUp));
                self.open(now, attempt);
            }
            Link::Up(session) if session.knows_ours => {
                if let Alive::PingAt(_) = session.alive {
                    session.alive = Alive::PongUntil(now + PROBE_TIMEOUT);
                    let ping = session.ping();
                    self.effects.push(Effect::Send(ping));
                }
            }
            Link::Up(_) => {}
        }
    }

    pub(in crate::call) fn tick_link(&mut self, now: Millis) {
        if self.link.next_timeout().is_none_or(|at| at > now) {
            return;
        }
        match &mut self.link {
            Link::Closed => {}
            Link::Waiting(..) => self.retry_now(now),
            Link::Up(session) => match session.alive {
                Alive::PingAt(_) => {
                    session.alive = Alive::PongUntil(now + PONG_TIMEOUT);
                    let ping = session.ping();
                    self.effects.push(Effect::Send(ping));
                }
                Alive::PongUntil(_) => self.give_socket_up(now),
            },
            Link::Proving(attempt, _) => {
                let attempt = attempt.clone();
                self.go_unproven(now, attempt, Trouble::Unreachable);
            }
            Link::Opening(..) | Link::LoggingIn(..) => self.give_socket_up(now),
        }
    }

    fn give_socket_up(&mut self, now: Millis) {
        self.effects.push(Effect::CloseSocket(Farewell::GivenUp));
        self.lose_socket(now, false, Trouble::Unreachable);
    }
}
