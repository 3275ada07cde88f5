//! What can happen to the page.

use std::fmt;

use protocol::Raw;

use super::{
    MissedCalls,
    active::PeerMedia,
    devices::{Device, MediaError, Permissions},
    effect::{Kept, Request},
};

/// Which peer connection an event is of. One is made for each call; what comes from an older one is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(pub u32);

/// Which request for camera or microphone an answer belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u32);

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// The user did something.
    User(UserInput),
    /// The socket is open.
    SocketOpened,
    /// A text frame came.
    SocketText(String),
    /// The socket was closed or could not be opened.
    SocketClosed {
        /// The close code (RFC 6455 section 7.4); 1006 where there was no close frame.
        code: u16,
    },
    /// Tracks came. They wait in the shell for [`Effect::KeepMedia`](super::Effect::KeepMedia) or
    /// [`Effect::DropMedia`](super::Effect::DropMedia).
    MediaOpened {
        /// The request this answers.
        request: RequestId,
        /// Whether there is an audio track.
        audio: bool,
        /// Whether there is a video track.
        video: bool,
    },
    /// `getUserMedia` failed.
    MediaFailed {
        /// The request this answers.
        request: RequestId,
        /// Why.
        error: MediaError,
    },
    /// Whether the browser gives camera and microphone without asking its user.
    Permissions(Permissions),
    /// The camera stopped by itself: unplugged, or its permission taken back.
    CameraEnded,
    /// The microphone stopped by itself.
    MicrophoneEnded,
    /// The system silences a device that is open, or does not any more.
    Silenced {
        /// Which one.
        device: Device,
        /// Whether it does.
        silenced: bool,
    },
    /// Something happened to a peer connection.
    Peer(PeerId, PeerEvent),
    /// The page was loaded anew, and this was kept.
    Reloaded(Kept),
    /// The page's own server is used, and not another. It comes before all that was kept of that server.
    OwnServer,
    /// What that server answered; `None` if it cannot be reached.
    Fetched(Request, Option<Answer>),
    /// The user is back from a provider without having signed in: what the server wrote into the address.
    CameBack(String),
    /// Under which name this browser has been signed in last, as it has kept it.
    Remembered(String),
    /// The calls that were missed before the page was loaded anew.
    MissedBefore(MissedCalls),
    /// The user hides their address, so that only relayed paths are used from the next call on, or does not.
    HidesAddress(bool),
    /// Whose calls are declined without asking, as the browser has kept it: at the start, and when another tab changes it.
    Blocked(Vec<String>),
    /// The browser says that it has no network.
    Offline,
    /// The browser is online again, or over another network.
    NetworkChanged,
    /// The machine has slept, the browser has let the page rest, or the user has come back to it.
    Awake,
    /// The user is at another page of this tab. The browser keeps this one as it is, and nothing runs in it until they are back.
    PageLeft,
    /// The page is closed, or about to be loaded anew.
    PageCloses,
    /// The time has come that [`Client::next_timeout`](super::Client::next_timeout) named.
    Tick,
}

/// An answer over HTTP.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Answer {
    /// The status (RFC 9110 section 15).
    pub status: u16,
    /// The body.
    pub body: String,
    /// After how many seconds it may be asked again, if it says so (`Retry-After`, RFC 9110 section 10.2.3).
    pub retry_after: Option<u32>,
}

/// There may be a ticket in the body, which must not end in a log.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("status", &self.status).finish_non_exhaustive()
    }
}

/// Something the user did.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum UserInput {
    /// Begins to do something at the sign-in: to type a name, or to check the connection.
    Begin,
    /// Signs in under a name, as it was typed.
    SignIn {
        /// The name.
        name: String,
    },
    /// Signs out; of the account everywhere.
    SignOut,
    /// Leaves the page to sign in with a provider.
    LeaveForProvider,
    /// Does not want to wait for the next attempt to reach the server.
    RetryNow,
    /// Calls somebody by name, as it was typed.
    Call {
        /// The name.
        name: String,
    },
    /// Calls the one whom the notice is about.
    CallAgain,
    /// Accepts the incoming call.
    Accept {
        /// Whether with camera.
        camera: bool,
    },
    /// Declines the incoming call.
    Decline,
    /// Declines it, and all later calls of the same name.
    DeclineForGood,
    /// Cancels or hangs up.
    HangUp,
    /// Microphone off, or on again.
    ToggleMicrophone,
    /// Camera off, or on again.
    ToggleCamera,
    /// Own picture outside of a call, on or off.
    TogglePreview,
    /// Has read the notice.
    DismissNotice,
    /// Has seen the missed calls.
    ClearMissed,
    /// Does not want to be called by this name any more.
    Block {
        /// The name.
        name: String,
    },
    /// Does not mind any more.
    Unblock {
        /// The name.
        name: String,
    },
    /// Moves the own picture.
    MoveTile(Corner),
}

/// Where the own picture lies over the other's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Corner {
    /// Top left.
    TopLeft,
    /// Top right.
    TopRight,
    /// Bottom left.
    BottomLeft,
    /// Bottom right.
    BottomRight,
}

/// Something that happened to a peer connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PeerEvent {
    /// The local description is set to an offer, which is to be sent.
    OfferReady(Raw),
    /// The local description is set to an answer, which is to be sent.
    AnswerReady(Raw),
    /// The browser could not do what it was told.
    OperationFailed,
    /// A local candidate was found (RFC 8838).
    Candidate(Raw),
    /// A relay refused to serve, with this error of STUN or TURN (RFC 8489 section 14.8, RFC 8656 section 18): the network has
    /// a path to it.
    RelayRefused(u16),
    /// How the path goes.
    Route {
        /// Whether this end of it is a relay, or may be.
        relayed: bool,
    },
    /// `connectionState` changed.
    State(PeerState),
    /// `negotiationneeded` fired.
    NegotiationNeeded,
    /// The data channel is open.
    ChannelOpen,
    /// The peer has said whether its microphone and camera are on.
    PeerMedia(PeerMedia),
}

/// `RTCPeerConnectionState` (W3C WebRTC section 4.3.3), without the states that say nothing new here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PeerState {
    /// Media can flow.
    Connected,
    /// No path works right now; one may come back by itself.
    Disconnected,
    /// No path works, and none will without an ICE restart.
    Failed,
}
