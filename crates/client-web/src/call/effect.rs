//! What the page is told to do.

use std::fmt;

use protocol::{
    CallId, ClientMessage, IceServer, Raw,
    close::CloseCode,
    json::{Object, Writer, quoted, string},
};

use super::{
    Millis, MissedCalls,
    input::{PeerId, RequestId},
    link::OPEN_TIMEOUT,
};

/// Something to do. Effects are carried out in their order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Ask the page's own server something; [`Input::Fetched`](super::Input::Fetched) follows.
    Fetch(Request),
    /// Open a socket to the server, dropping the one there may be.
    OpenSocket,
    /// Close the socket, when what was sent is out. Nothing is heard of it after this.
    CloseSocket(Farewell),
    /// Send a message over the socket.
    Send(ClientMessage),
    /// Ask for camera and microphone with `getUserMedia`.
    OpenMedia {
        /// To be named in the answer.
        request: RequestId,
        /// Whether an audio track is wanted.
        audio: bool,
        /// Whether a video track is wanted.
        video: bool,
    },
    /// Have the browser look which devices there are, opening none, for as long as it rings: to open one is quicker then.
    FindDevices,
    /// The tracks that came are the user's from now on; the peer connection, if there is one, sends them.
    KeepMedia(RequestId),
    /// The tracks that came are not wanted any more.
    DropMedia(RequestId),
    /// Release the camera, so that its light goes out, and send no picture.
    StopCamera,
    /// Release the microphone.
    StopMicrophone,
    /// Whether the microphone's track is enabled. A disabled one sends silence.
    EnableMicrophone(bool),
    /// Build a peer connection.
    CreatePeer {
        /// Its id.
        id: PeerId,
        /// The STUN and TURN servers it may use.
        ice_servers: Vec<IceServer>,
        /// Whether it uses relayed paths only, so that the peer does not learn the user's address.
        relayed: bool,
    },
    /// Do something with the peer connection, when what was asked of it before is done.
    Peer(PeerId, PeerOp),
    /// Close and drop the peer connection.
    ClosePeer(PeerId),
    /// Write this into the field of the sign-in, unless the user has written something there.
    SuggestName(String),
    /// Empty the field of the sign-in, whatever stands there.
    ClearName,
    /// Remember the name for the next visit.
    RememberName(String),
    /// Keep these names as those whose calls are declined, in place of the ones before.
    KeepBlocked(Vec<String>),
    /// Keep these missed calls for as long as the tab is there, in place of those before.
    KeepMissed(MissedCalls),
    /// Keep this for as long as the tab is there, in place of what was kept before, so that the page can go on after it is
    /// loaded anew; or keep nothing.
    Keep(Option<Kept>),
}

/// What the page's own server is asked over HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Request {
    /// How people sign in, and who the user is. Only the answer to the question with the latest number counts.
    Options(u32),
    /// A ticket for this one of the page's sockets.
    Ticket(u64),
    /// Why this one of the page's sockets did not open, which browsers do not tell. A page that asks like this brings its origin.
    Socket(u64),
    /// To end the account's sessions everywhere.
    SignOut,
}

impl Request {
    /// For how long an answer is waited for, in ms: as long as for a socket that is opened. Then there is none.
    pub const PATIENCE: u32 = OPEN_TIMEOUT as u32;

    /// Method and path, beside the page.
    #[must_use]
    pub const fn line(self) -> (&'static str, &'static str) {
        match self {
            Self::Options(_) => ("GET", "auth/options"),
            Self::Ticket(_) => ("POST", "auth/ticket"),
            Self::Socket(_) => ("POST", "ws"),
            Self::SignOut => ("POST", "auth/sign-out"),
        }
    }
}

/// Why a socket is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Farewell {
    /// The user leaves.
    Goodbye,
    /// It seems dead, and another will take its place.
    GivenUp,
    /// The user has left the page.
    PageLeft,
}

impl Farewell {
    /// The close code that tells the server.
    #[must_use]
    pub const fn code(self) -> u16 {
        match self {
            Self::Goodbye => CloseCode::Normal.as_u16(),
            Self::GivenUp => CloseCode::GivenUp.as_u16(),
            Self::PageLeft => CloseCode::PageLeft.as_u16(),
        }
    }
}

/// What a page that is loaded anew needs to go on.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Kept {
    /// The user's name.
    pub name: String,
    /// The session's resume secret.
    pub session: String,
    /// How many sockets were opened so far.
    pub sockets: u64,
    /// The accepted call that the page is in: its peer and its id.
    pub call: Option<(String, CallId)>,
    /// Who is being called and has not answered.
    pub calling: Option<String>,
    /// Since when the accepted call stands, if it was connected.
    pub began: Option<Millis>,
    /// The id under which the page has offered to continue that call, if there is no answer.
    pub continued: Option<CallId>,
    /// The call that the user has left, if the server may not have heard of that: its peer and its id.
    pub left: Option<(String, CallId)>,
    /// Whether the camera is on in that call.
    pub camera: bool,
    /// Whether the user has silenced the microphone in that call.
    pub muted: bool,
    /// Whether the user shows their address to the peer of that call, though they hide it else.
    pub shown: bool,
    /// Whether the user is signed in with a provider.
    pub account: bool,
    /// For how many seconds it is good, from the moment at which the page goes away: as long as the server keeps the session.
    pub grace: u32,
}

/// What a page that is loaded anew finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// What it goes on with.
    Fresh(Kept),
    /// It is too old: nothing but the user's name is of use.
    Stale {
        /// The name.
        name: String,
    },
}

impl Kept {
    /// As it is kept at this moment, in ms since 1970: an object with these fields, a call as an array of two strings.
    #[must_use]
    pub fn to_json(&self, at: u64) -> String {
        let mut writer = Writer::new()
            .text("name", &self.name)
            .text("session", &self.session)
            .maybe_number("sockets", Some(self.sockets))
            .maybe_number("at", Some(at))
            .maybe_number("grace", Some(self.grace.into()))
            .maybe_number("began", self.began)
            .boolean("camera", self.camera)
            .flag("muted", self.muted)
            .flag("account", self.account)
            .flag("shown", self.shown)
            .maybe_text("calling", self.calling.as_deref())
            .maybe_text("continued", self.continued.as_ref().map(CallId::as_str));
        for (key, call) in [("call", &self.call), ("left", &self.left)] {
            if let Some((peer, id)) = call {
                let pair = format!("[{},{}]", quoted(peer), quoted(id.as_str()));
                writer = writer.raw(key, &pair);
            }
        }
        writer.finish()
    }

    /// Reads at this moment, in ms since 1970, what [`to_json`](Self::to_json) wrote; `None` for anything else, as of another
    /// version. On a clock that was set in between, nobody knows how old it is.
    #[must_use]
    pub fn from_json(json: &str, now: u64) -> Option<Found> {
        let object = Object::read(json).ok()?;
        let at = object.number("at").ok()??;
        let kept = Self {
            name: object.must_text("name").ok()?,
            session: object.must_text("session").ok()?,
            sockets: object.number("sockets").ok()??,
            call: kept_call(&object, "call")?,
            calling: object.text("calling").ok()?,
            began: object.number("began").ok()?,
            continued: kept_id(&object, "continued")?,
            left: kept_call(&object, "left")?,
            camera: object.boolean("camera").ok()??,
            muted: object.boolean("muted").ok()?.unwrap_or_default(),
            account: object.boolean("account").ok()?.unwrap_or_default(),
            shown: object.boolean("shown").ok()?.unwrap_or_default(),
            grace: object.number("grace").ok()??.try_into().ok()?,
        };
        let is_fresh = now.abs_diff(at) <= u64::from(kept.grace) * 1_000;
        Some(if is_fresh { Found::Fresh(kept) } else { Found::Stale { name: kept.name } })
    }
}

/// A call's peer and id, or that there was none.
fn kept_call(object: &Object<'_>, key: &str) -> Option<Option<(String, CallId)>> {
    let Some(pair) = object.array(key).ok()? else { return Some(None) };
    let [peer, id] = *pair.as_slice() else { return None };
    let (peer, id) = (string(peer).ok()?, string(id).ok()?);
    Some(Some((peer.into_owned(), CallId::try_from(&*id).ok()?)))
}

/// A call's id, or that there was none.
fn kept_id(object: &Object<'_>, key: &str) -> Option<Option<CallId>> {
    object
        .text(key)
        .ok()?
        .map(|id| CallId::try_from(&*id).ok())
        .map_or(Some(None), |id| id.map(Some))
}

/// The secret must not end in a log.
impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept")
            .field("name", &self.name)
            .field("call", &self.call)
            .finish_non_exhaustive()
    }
}

/// An operation on a peer connection. They are done one after the other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PeerOp {
    /// The caller's start: one transceiver each for audio and video, with the tracks that there are, and the data channel.
    AddTransceivers,
    /// The callee's start: put the tracks that there are on the transceivers which the offer made.
    AttachTracks,
    /// Set a local offer; [`PeerEvent::OfferReady`](super::PeerEvent::OfferReady) follows.
    Offer {
        /// With new ICE credentials (RFC 8445 section 2.4).
        ice_restart: bool,
    },
    /// Set a remote offer, rolling a local one back if there is one (RFC 8829 section 4.1.10.2).
    ApplyOffer(Raw),
    /// Set a local answer; [`PeerEvent::AnswerReady`](super::PeerEvent::AnswerReady) follows.
    Answer,
    /// Say the local answer that is set, with the candidates found by now;
    /// [`PeerEvent::AnswerReady`](super::PeerEvent::AnswerReady) follows.
    TellAnswer,
    /// Set a remote answer.
    ApplyAnswer(Raw),
    /// Add a remote candidate. A failure of this one is no failure of the call.
    AddCandidate(Raw),
    /// Send a text over the data channel, if it is open.
    SendText(String),
    /// Use these STUN and TURN servers from the next ICE restart on (W3C WebRTC section 4.4.2, `setConfiguration`).
    UseServers(Vec<IceServer>),
    /// Find out how the path goes; [`PeerEvent::Route`](super::PeerEvent::Route) follows.
    FindRoute,
}
