//! The session's tie to its user's client, which breaks and comes back.

use std::time::Instant;

use protocol::{
    Outbox, ServerMessage,
    close::CloseCode,
    limits::{MAX_CALL_ID_BYTES, MAX_NAME_CHARS},
};
use tracing::{debug, info};

use super::{Body, Call, Effect, Effects, Phase, Session};

/// How many calls with a user who is expected are remembered. That user was in one; the others are lies or left over.
pub(super) const MAX_ASKED: usize = 4;

/// How a session is tied to its user's client.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Link {
    /// A login that is being answered. The server knows nothing of its user but the name.
    Fresh,
    /// The user was here when the server stopped, and is not back yet.
    Expected {
        until: Instant,
        /// The calls that others say to be in with our user, up to [`MAX_ASKED`]. They are answered once our user is back, or
        /// does not come.
        asked: Vec<Call>,
    },
    /// A client is there.
    Attached(Stream),
    /// The socket was lost. The session waits for its user to come back.
    Away { stream: Stream, until: Instant, loss: Loss },
}

/// The messages of a session in both directions, over as many sockets as it takes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Stream {
    /// The client does not count its messages, so that it cannot take its session back.
    Uncounted,
    /// It does.
    Counted {
        /// How many messages came from the client.
        received: u64,
        /// What went to it; `None` once that was more than is kept. Then a client that comes back starts anew.
        outbox: Option<Outbox<ServerMessage>>,
        /// The count that the client brought from an earlier stream, while it has said nothing in this one: the answer to its
        /// login may have been lost. If it brings the same count again, it is still that of the earlier stream.
        earlier: Option<u64>,
    },
}

/// How a socket was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Loss {
    /// The connection broke, or nothing was heard any more.
    Broken,
    /// The browser closed it because the page goes away, to be loaded anew or for good.
    PageGone,
}

impl Loss {
    /// What it means for the session that its client has sent a close frame, with this code or without one (RFC 6455 section
    /// 7.4.1). `None` if the user is done with it: a client that stays away for another reason says so.
    #[must_use]
    pub const fn of_close(code: Option<u16>) -> Option<Self> {
        const NORMAL: u16 = CloseCode::Normal.as_u16();
        const GOING_AWAY: u16 = CloseCode::GoingAway.as_u16();
        const PAGE_LEFT: u16 = CloseCode::PageLeft.as_u16();
        // What a library reports for a frame without a code.
        const NO_STATUS: u16 = 1005;
        match code {
            None | Some(NORMAL | NO_STATUS) => None,
            Some(GOING_AWAY | PAGE_LEFT) => Some(Self::PageGone),
            Some(_) => Some(Self::Broken),
        }
    }
}

impl Stream {
    /// Begins at 0 with a client that brings this count from an earlier stream, or `None` if it does not count.
    pub(super) fn new(brought: Option<u64>) -> Self {
        match brought {
            None => Self::Uncounted,
            Some(count) => Self::Counted {
                received: 0,
                outbox: Some(Outbox::new()),
                // Where nothing had come, nothing can be mistaken.
                earlier: Some(count).filter(|count| *count > 0),
            },
        }
    }

    /// A message or something that should have been one came from the client.
    pub(super) const fn count(&mut self) {
        if let Self::Counted { received, .. } = self {
            *received = received.wrapping_add(1);
        }
        self.hear();
    }

    /// Something came from the client, so that it knows where the stream began.
    pub(super) const fn hear(&mut self) {
        if let Self::Counted { earlier, .. } = self {
            *earlier = None;
        }
    }

    /// Whether a client that has this count may mean this stream.
    pub(super) fn may_be_meant(&self, count: u64) -> bool {
        !matches!(self, Self::Counted { earlier: Some(earlier), .. } if *earlier == count)
    }

    pub(super) const fn received(&self) -> Option<u64> {
        match self {
            Self::Uncounted => None,
            Self::Counted { received, .. } => Some(*received),
        }
    }

    /// The client has got so many messages. A count that cannot be is one of a client that miscounts: nothing is let go.
    /// Gives whether the count can be.
    pub(super) fn acknowledge(&mut self, count: u64) -> bool {
        match self {
            Self::Counted { outbox: Some(outbox), .. } => outbox.acknowledge(count).is_ok(),
            Self::Uncounted | Self::Counted { outbox: None, .. } => false,
        }
    }

    /// What has to be sent again.
    pub(super) fn unacknowledged(&self) -> Vec<ServerMessage> {
        match self {
            Self::Counted { outbox: Some(outbox), .. } => outbox.waiting().cloned().collect(),
            Self::Uncounted | Self::Counted { outbox: None, .. } => Vec::new(),
        }
    }

    pub(super) fn keep(&mut self, message: &ServerMessage) {
        if let Self::Counted { outbox, .. } = self
            && message.is_counted()
            && let Some(kept) = outbox
            && kept.push(message.clone(), size(message)).is_err()
        {
            debug!("a client is too far behind to go on where it was");
            *outbox = None;
        }
    }
}

impl Session {
    /// Keeps what is said to the client for as long as it may have to be said again, and leaves out what cannot be said
    /// now.
    pub(super) fn deliver(&mut self, mut effects: Effects) -> Effects {
        effects.retain(|effect| match (effect, &mut self.link) {
            (Effect::ToClient(message), Link::Attached(stream)) => {
                stream.keep(message);
                true
            }
            (Effect::ToClient(message), Link::Away { stream, .. }) => {
                stream.keep(message);
                false
            }
            // What the user has to know is said when they are back.
            (Effect::ToClient(_), Link::Fresh | Link::Expected { .. }) => false,
            (Effect::Welcome(_) | Effect::ToPeer(..) | Effect::End, _) => true,
        });
        effects
    }

    pub(super) fn on_lost(&mut self, now: Instant, loss: Loss) -> Effects {
        let Link::Attached(stream) = &mut self.link else { return Effects::new() };
        if matches!(stream, Stream::Uncounted) {
            return self.on_left();
        }
        let until = now
            + match loss {
                Loss::Broken => self.limits.grace,
                Loss::PageGone => self.limits.reload.min(self.limits.grace),
            };
        let stream = std::mem::replace(stream, Stream::Uncounted);
        info!(user = %self.user, ?loss, "is away");
        self.link = Link::Away { stream, until, loss };
        self.tell_away(loss, false)
    }

    /// Tells the peer that our user's page is gone, and with it what it sends; or that the same page is back. A connection that
    /// broke says nothing: media does not go over it, and nobody need know.
    pub(super) fn tell_away(&self, loss: Loss, back: bool) -> Effects {
        match (&self.phase, loss) {
            (Phase::InCall(call), Loss::PageGone) => {
                vec![self.to_peer(call, Body::Away { back })]
            }
            _ => Effects::new(),
        }
    }
}

impl Link {
    /// Whether a client is there.
    pub(super) const fn is_attached(&self) -> bool {
        matches!(self, Self::Attached(_))
    }

    /// Whether a client is there that counts its messages, and so is none of the tutorial's.
    pub(super) const fn is_counted(&self) -> bool {
        matches!(self, Self::Attached(Stream::Counted { .. }))
    }

    /// How the socket was lost, while the user is away.
    pub(super) const fn loss(&self) -> Option<Loss> {
        match self {
            Self::Away { loss, .. } => Some(*loss),
            Self::Fresh | Self::Expected { .. } | Self::Attached(_) => None,
        }
    }

    /// Until when the user has to be back.
    pub(super) const fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Fresh | Self::Attached(_) => None,
            Self::Expected { until, .. } | Self::Away { until, .. } => Some(*until),
        }
    }

    /// Somebody says to be in this call with our user, who is not back yet.
    pub(super) fn ask(&mut self, call: &Call) {
        if let Self::Expected { asked, .. } = self
            && asked.len() < MAX_ASKED
            && !asked.contains(call)
        {
            asked.push(call.clone());
        }
    }

    /// The calls that are still to be answered.
    pub(super) fn take_asked(&mut self) -> Vec<Call> {
        match self {
            Self::Expected { asked, .. } => std::mem::take(asked),
            Self::Fresh | Self::Attached(_) | Self::Away { .. } => Vec::new(),
        }
    }
}

/// At most how many bytes a message takes on the wire, so that what is kept fits the queue of the next socket. Around
/// what is opaque there are the JSON, two ids of calls and a name of 32 characters.
pub(super) fn size(message: &ServerMessage) -> usize {
    const AROUND: usize = 128 + 2 * MAX_CALL_ID_BYTES + 4 * MAX_NAME_CHARS;
    AROUND
        + match message {
            ServerMessage::Offer(offer) => offer.offer.as_json().len(),
            ServerMessage::Answer(answer) => answer.answer.as_json().len(),
            ServerMessage::Candidate(candidate) => candidate.candidate.as_json().len(),
            // Quotation marks are escaped.
            ServerMessage::Error(error) => 2 * error.message.len(),
            ServerMessage::Login(_)
            | ServerMessage::Ringing(_)
            | ServerMessage::Leave(_)
            | ServerMessage::Pong(_)
            | ServerMessage::Ice(_)
            | ServerMessage::Restored(_)
            | ServerMessage::Away(_)
            | ServerMessage::Missed(_) => 0,
        }
}
