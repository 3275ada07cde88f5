//! What the model's world consists of, and the steps that it can take.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use client_web::call::{Client, Kept, Millis, PeerId};
use protocol::{ClientMessage, ServerMessage};
use server::session::{Envelope, Session};
use simulation::witness::{Person, Witness};

use crate::{
    liar::{Liar, Lie},
    peer::Pc,
};

/// Which user: an index into [`NAMES`].
pub(crate) type UserId = usize;

/// Which page: an index. The first two are the two users'.
pub(crate) type PageId = usize;

/// The users. The order of their names decides glare, so that they are not alike.
pub(crate) const NAMES: [&str; 2] = ["bob", "alice"];

/// The world.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    /// 0, but while the world settles.
    pub(crate) clock: Millis,
    pub(crate) pages: Vec<Arc<Page>>,
    /// The sessions that have not ended: one a name at most, as the directory has it.
    pub(crate) sessions: BTreeMap<UserId, Live>,
    pub(crate) sockets: BTreeMap<SocketId, Socket>,
    pub(crate) liar: Liar,
    pub(crate) witness: Witness,
    /// Whether users may be signed out in the end: the plan lets them, or a session has begun of which its client has not heard.
    pub(crate) may_be_out: bool,
    pub(crate) left: Budget,
    /// How many sessions there were.
    pub(crate) logins: u32,
    /// Something happened that never may.
    pub(crate) violation: Option<&'static str>,
}

/// A page and what the browser holds for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Page {
    pub(crate) user: UserId,
    pub(crate) client: Client,
    /// How often it was loaded.
    pub(crate) loaded: u32,
    /// What the tab keeps over a reload.
    pub(crate) kept: Option<Kept>,
    /// Whether the user wants the call: has called or accepted in this page, or is back in an accepted call that stands, and
    /// has not left it since.
    pub(crate) consent: bool,
    pub(crate) socket: Option<SocketId>,
    /// How many sockets it has opened.
    pub(crate) opened: u32,
    pub(crate) camera: bool,
    pub(crate) microphone: bool,
    pub(crate) peers: BTreeMap<PeerId, Pc>,
}

/// Which socket: whose, and the how manyeth of that page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SocketId {
    pub(crate) page: PageId,
    pub(crate) number: u32,
}

/// A socket, for as long as something can come out of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Socket {
    /// Whether the server still listens to it.
    pub(crate) is_open: bool,
    /// What is said over it from now on is lost; each end learns of that in its own time.
    pub(crate) is_broken: bool,
    pub(crate) session: Option<UserId>,
    pub(crate) up: VecDeque<Up>,
    pub(crate) down: VecDeque<Down>,
}

/// From a page to the server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Up {
    Message(ClientMessage),
    Close(u16),
}

/// From the server to a page.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Down {
    Message(ServerMessage),
    Close(u16),
}

/// A session and what the server has for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Live {
    pub(crate) session: Arc<Session>,
    /// Whose it is, whatever its name.
    pub(crate) person: Person,
    pub(crate) socket: Option<SocketId>,
    pub(crate) secret: String,
    /// The number of the socket that it is at.
    pub(crate) attempt: u64,
    /// What has been sent to it, and whose sessions have.
    pub(crate) mailbox: VecDeque<(Person, Envelope)>,
}

/// How often things may still happen: what makes the space finite.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Budget {
    /// Calls that each user makes.
    pub(crate) calls: [u8; 2],
    /// Calls that users hang up, cancel or decline.
    pub(crate) leaves: u8,
    /// Sockets that break.
    pub(crate) breaks: u8,
    /// Pages that are loaded anew.
    pub(crate) reloads: u8,
    /// Times that the server is killed.
    pub(crate) restarts: u8,
    /// Deadlines of sessions that pass.
    pub(crate) timeouts: u8,
    /// Deadlines of pages that pass, other than those of the next attempt to reach the server.
    pub(crate) ticks: u8,
    /// Networks that change.
    pub(crate) moves: u8,
    /// Times that the path of the media breaks.
    pub(crate) cuts: u8,
    /// Tabs that are duplicated, with all that they keep.
    pub(crate) doubles: u8,
    /// Pages that are left, and kept by the browser.
    pub(crate) leavings: u8,
    /// Users who sign out.
    pub(crate) sign_outs: u8,
    /// Things that somebody does who lies.
    pub(crate) lies: u8,
}

/// A step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// The user calls the other one.
    Call(PageId),
    /// The user accepts.
    Accept(PageId),
    /// The user declines.
    Decline(PageId),
    /// The user hangs up or cancels.
    HangUp(PageId),
    /// The next frame of this socket comes to the server.
    ToServer(SocketId),
    /// The next frame comes to the page.
    ToPage(PageId),
    /// The next envelope comes to the user's session.
    Mail(UserId),
    /// The page, without a socket, opens the next.
    Reconnect(PageId),
    /// A deadline of the page passes.
    Tick(PageId),
    /// A deadline of the session passes.
    TimeIsUp(UserId),
    /// The page's socket breaks.
    Break(PageId),
    /// The page sees that its socket is lost.
    PageLearns(PageId),
    /// The server sees that the socket is lost.
    ServerLearns(SocketId),
    /// The page is loaded anew.
    Reload(PageId),
    /// The page's tab is duplicated.
    Double(PageId),
    /// The user goes to another page, and the browser keeps this one.
    LeavePage(PageId),
    /// The user signs out.
    SignOut(PageId),
    /// Somebody lies.
    Lie(Lie),
    /// The browser says that the network is another one.
    Move(PageId),
    /// The path of the media breaks, for good: another has to be found.
    Cut,
    /// The server is killed and starts anew.
    Restart {
        /// Whether it knows who was there.
        has_roster: bool,
    },
}
