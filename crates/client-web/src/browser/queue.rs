//! The one queue that everything goes through.

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};

use super::{media::Opened, socket::SocketEvent};
use crate::call::{Input, MediaError, PeerEvent, PeerId, RequestId, UserInput};

/// Something that happened in the browser.
#[derive(Debug)]
pub enum Event {
    /// What the machine takes as it is.
    Input(Input),
    /// Something happened to the socket of this generation; only the newest is heard.
    Socket(u32, SocketEvent),
    /// `getUserMedia` answered.
    Media(RequestId, Result<Opened, MediaError>),
    /// The peer's first tracks came.
    RemoteMedia(PeerId),
    /// The browser wants a gesture of the user before it lets the other's sound be heard.
    SoundBlocked,
    /// The user made that gesture.
    PlaySound,
    /// The time has come that was set.
    Alarm,
}

/// Puts events into the queue.
///
/// The queue has no bound, for it is never long: it is emptied before the browser calls the next listener, so that it
/// holds what one listener put in. What waits behind is the browser's own queue, and that one has no bound either. The one kind of
/// event that a peer can bring about as often as it likes, a text, is thinned out before: see [`intake`](crate::intake).
#[derive(Clone, Debug)]
pub struct Post(UnboundedSender<Event>);

impl Post {
    /// Puts an event into the queue; when the page is gone, nothing happens.
    pub fn event(&self, event: Event) {
        let _ = self.0.unbounded_send(event);
    }

    /// Something for the machine happened.
    pub fn input(&self, input: Input) {
        self.event(Event::Input(input));
    }

    /// The user did something.
    pub fn user(&self, input: UserInput) {
        self.input(Input::User(input));
    }

    /// Something happened to a peer connection.
    pub fn peer(&self, id: PeerId, event: PeerEvent) {
        self.input(Input::Peer(id, event));
    }
}

/// A new queue: its two ends.
#[must_use]
pub fn queue() -> (Post, UnboundedReceiver<Event>) {
    let (sender, receiver) = unbounded();
    (Post(sender), receiver)
}
