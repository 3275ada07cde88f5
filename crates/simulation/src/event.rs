//! What is going to happen, in the order of virtual time.

use std::{cmp::Reverse, collections::BinaryHeap};

use client_web::call::{
    Answer, MediaError, Millis, PeerEvent, PeerId, Request, RequestId, UserInput,
};
use server::session::Envelope;

use crate::{
    liar::Lie,
    peer::PcId,
    relay::{SessionId, SocketId},
    witness::Person,
};

/// Which user: an index.
pub(crate) type UserId = usize;

/// A user's page, and how often it was loaded: what the browser does for a page is lost when that is loaded anew.
pub(crate) type Tab = (UserId, u32);

/// Something that is going to happen.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// A user presses a button.
    Act(UserId, UserInput),
    /// A user looks at the page and may answer a call.
    Notice(UserId),
    /// A page's timer.
    Timer(Tab),
    /// Something comes to the page's end of a socket.
    AtPage(UserId, SocketId, News),
    /// Something comes to the server's end of a socket.
    AtServer(SocketId, News),
    /// Something comes to the liar's end of a socket.
    AtLiar(SocketId, News),
    /// An envelope comes to a session, from that of this person.
    Mail(SessionId, Person, Box<Envelope>),
    /// A session's timer.
    SessionTimer(SessionId),
    /// The server answers over HTTP, or cannot be reached.
    Fetched(Tab, Request, Option<Answer>),
    /// The browser answers a request for devices.
    Media(Tab, RequestId, Result<(bool, bool), MediaError>),
    /// The browser has done the first of the peer connection's operations.
    OpDone(Tab, PeerId),
    /// An event of the peer connection fires.
    Peer(Tab, PeerId, PeerEvent),
    /// ICE looks whether two peer connections can reach each other.
    Check(PcId, PcId),
    /// ICE gives up on a peer connection, if it is still cut off.
    GiveUp(PcId, u32),
    /// A device stops by itself.
    Unplugged(UserId, Device),
    /// A socket breaks.
    BreakSocket(UserId),
    /// The page is loaded anew.
    Reload(UserId),
    /// The page is closed, or its tab crashes, and is loaded anew after so many ms.
    Close(UserId, Millis),
    /// The tab that was closed is loaded anew.
    Load(Tab),
    /// The user goes to another page, and the browser keeps this one in case they come back.
    LeavePage(UserId),
    /// The browser says that the network is another one.
    NetworkChanged(UserId),
    /// The server stops, and runs again after so many ms.
    Restart {
        /// Without a word.
        killed: bool,
        /// It knows who was there.
        has_roster: bool,
        down_for: Millis,
    },
    /// The path of the media breaks, or is back.
    Path(bool),
    /// The liar does something.
    Lie(Lie),
}

/// A device.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Device {
    Camera,
    Microphone,
}

/// What comes out of a socket.
#[derive(Clone, Debug)]
pub(crate) enum News {
    /// It is open.
    Opened,
    /// A text frame.
    Text(String),
    /// It is closed.
    Closed(u16),
}

struct Entry {
    at: Millis,
    order: u64,
    event: Event,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.order == other.order
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

/// The events to come. Those of one moment happen in the order in which they were added.
#[derive(Default)]
pub(crate) struct Queue {
    heap: BinaryHeap<Reverse<Entry>>,
    added: u64,
}

impl Queue {
    pub(crate) fn add(&mut self, at: Millis, event: Event) {
        self.added += 1;
        self.heap.push(Reverse(Entry { at, order: self.added, event }));
    }

    /// The next event that is due by then.
    pub(crate) fn next_until(&mut self, until: Millis) -> Option<(Millis, Event)> {
        if self.heap.peek().is_none_or(|Reverse(entry)| entry.at > until) {
            return None;
        }
        self.heap.pop().map(|Reverse(entry)| (entry.at, entry.event))
    }
}
