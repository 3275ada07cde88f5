//! Which sentence is to be shown. The sentences themselves stand in index.html, under the same keys.

use protocol::{NameError, NameReason};

use crate::check::Ways;

macro_rules! texts {
    ($($(#[$doc:meta])* $variant:ident = $key:literal,)*) => {
        /// A sentence of index.html, by its `data-text` key.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Text {
            $($(#[$doc])* $variant,)*
        }

        impl Text {
            /// Every sentence; a test compares them with index.html.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The `data-text` key.
            #[must_use]
            pub const fn key(self) -> &'static str {
                match self {
                    $(Self::$variant => $key,)*
                }
            }
        }
    };
}

texts! {
    /// Nobody is signed in here.
    SignedOut = "signed-out",
    /// The socket is being opened.
    ConnectingServer = "connecting-server",
    /// The login is under way.
    SigningIn = "signing-in",
    /// Signed in, no call.
    Ready = "ready",
    /// Camera and microphone were asked for.
    OpeningMedia = "opening-media",
    /// The offer is under way.
    Calling = "calling",
    /// The callee is being rung.
    RingingThere = "ringing-there",
    /// Somebody calls.
    Incoming = "incoming",
    /// Accepted; a path for the media is being sought.
    Connecting = "connecting",
    /// The call stands.
    InCall = "in-call",
    /// The page was loaded anew, and goes back into the call that it was in.
    Rejoining = "rejoining",
    /// The path for the media broke.
    Reconnecting = "reconnecting",
    /// The peer's page is gone in the call, and may come back.
    PeerAway = "peer-away",
    /// The server cannot be reached, without the count of the seconds, which would be read aloud each time.
    ServerAway = "server-away",
    /// This device has no network.
    DeviceOffline = "device-offline",
    /// The name still belongs to this user's own lost socket; the next attempt is in some seconds.
    NameHeld = "name-held",
    /// Somebody has the name, who may be this user; the next attempt is in some seconds.
    NameMayBeHeld = "name-may-be-held",
    /// The server takes nobody right now; the next attempt is in some seconds.
    ServerBusy = "server-busy",
    /// The server cannot be reached; the next attempt is in some seconds.
    ServerRetry = "server-retry",
    /// The server answers, and WebSockets do not get through to it.
    ServerNoWebSocket = "server-no-websocket",
    /// The server, or what stands before it, does not let this page in.
    ServerForbids = "server-forbids",
    /// Something else answers in the server's place.
    ServerAnsweredFor = "server-answered-for",
    /// The server could not be reached; an attempt is under way.
    ServerRetryNow = "server-retry-now",
    /// The account's sign-in has ended, and a call goes on.
    SignInEndedInCall = "sign-in-ended-in-call",

    /// No name was given.
    NameEmpty = "name-empty",
    /// The server refused the name.
    NameBad = "name-bad",
    /// The name belongs to somebody.
    NameTaken = "name-taken",
    /// This user went on in another tab.
    SignedInElsewhere = "signed-in-elsewhere",
    /// The same, where the user has an account.
    WentOnElsewhere = "went-on-elsewhere",
    /// The user's account was signed out, here or elsewhere.
    SignedOutElsewhere = "signed-out-elsewhere",
    /// The server could not be told that the user signs out.
    SignOutFailed = "sign-out-failed",
    /// The account's sign-in has ended.
    SignInEnded = "sign-in-ended",
    /// Guests are refused.
    SignInRequired = "sign-in-required",
    /// The user refused at the provider.
    SignInCancelled = "sign-in-cancelled",
    /// What came from the provider does not check.
    SignInFailed = "sign-in-failed",
    /// It took too long.
    SignInExpired = "sign-in-expired",
    /// The provider cannot be reached.
    SignInUnavailable = "sign-in-unavailable",
    /// The user has an account without a name.
    AccountNew = "account-new",
    /// The user has an account, and is not signed in.
    AccountKnown = "account-known",
    /// The user has an account, and is signed in somewhere else.
    AccountElsewhere = "account-elsewhere",
    /// Beside the name of who is signed in with a provider.
    SelfAccount = "self-account",
    /// Beside the name of a guest.
    SelfGuest = "self-guest",
    /// No callee was given.
    CalleeEmpty = "callee-empty",
    /// The callee's name is none.
    CalleeBad = "callee-bad",
    /// One's own name.
    CalleeSelf = "callee-self",
    /// The server cannot take it right now.
    ServerRefused = "server-refused",
    /// The name is too long.
    NameTooLong = "name-too-long",
    /// A character that no name has.
    NameCharacter = "name-character",
    /// A character that cannot be seen.
    NameInvisible = "name-invisible",
    /// A separator at an end of the name.
    NameEdge = "name-edge",
    /// A mark without a letter.
    NameMarkAlone = "name-mark-alone",
    /// A mark that cannot be seen on its letter, or one too many.
    NameMark = "name-mark",
    /// A letter of a second script.
    NameScripts = "name-scripts",
    /// A digit of a second kind.
    NameDigits = "name-digits",
    /// A character of the other direction.
    NameDirection = "name-direction",
    /// A character that may not stand where it stands.
    NameContext = "name-context",
    /// The same, and the server says for how long.
    ServerRefusedFor = "server-refused-for",

    /// This user hung up.
    EndedByYou = "ended-by-you",
    /// The peer hung up.
    EndedByPeer = "ended-by-peer",
    /// The callee declined.
    Declined = "declined",
    /// This user declined.
    DeclinedByYou = "declined-by-you",
    /// This user declined, for good.
    BlockedByYou = "blocked-by-you",
    /// The callee is in another call.
    Busy = "busy",
    /// The callee did not answer in time.
    NoAnswer = "no-answer",
    /// The caller gave up, or this user did not answer in time.
    Missed = "missed",
    /// This user gave up.
    CancelledByYou = "cancelled-by-you",
    /// The page was loaded anew while it called.
    CallDropped = "call-dropped",
    /// The callee is not signed in.
    Offline = "offline",
    /// The peer's connection to the server is gone.
    PeerGone = "peer-gone",
    /// This page's connection to the server is gone.
    ServerLost = "server-lost",
    /// There is no path for the media, though there is a relay.
    PathFailed = "path-failed",
    /// There is no path for the media, and no relay that could be one.
    NoRelay = "no-relay",
    /// There is no path for the media but by the relay, which refused.
    RelayRefused = "relay-refused",
    /// There is no path for the media but by the relay, and this side cannot reach it.
    RelayBlockedHere = "relay-blocked-here",
    /// There is no path for the media but by the relay, and the peer cannot reach it.
    RelayBlockedThere = "relay-blocked-there",
    /// There is no path for the media but by the relay, and neither side can reach it.
    RelayBlockedBoth = "relay-blocked-both",
    /// The user's address is to be hidden, and there is no relay to hide it behind.
    HiddenNoRelay = "hidden-no-relay",
    /// To answer is to show the user's address, which is to be hidden.
    AnswerShows = "answer-shows",
    /// Answered on another device of this user.
    AnsweredElsewhere = "answered-elsewhere",
    /// The path for the media broke and did not come back.
    PathLost = "path-lost",
    /// The peer's device could not do it.
    PeerFailed = "peer-failed",
    /// This device could not do it.
    DeviceFailed = "device-failed",
    /// The page is not in a secure context.
    InsecureContext = "insecure-context",

    /// No camera: the call goes on.
    CameraMissing = "camera-missing",
    /// The camera is in use: the call goes on.
    CameraBusy = "camera-busy",
    /// The camera was refused: the call goes on.
    CameraDenied = "camera-denied",
    /// The camera stopped by itself: the call goes on.
    CameraStopped = "camera-stopped",
    /// No microphone: the call goes on.
    MicMissing = "mic-missing",
    /// The microphone stopped by itself: the call goes on.
    MicStopped = "mic-stopped",
    /// The system silences the microphone: the call goes on.
    MicSilenced = "mic-silenced",
    /// The system keeps the camera dark: the call goes on.
    CameraSilenced = "camera-silenced",
    /// The microphone is in use: the call goes on.
    MicBusy = "mic-busy",
    /// The microphone was refused: the call goes on.
    MicDenied = "mic-denied",
    /// Neither, and the user or the browser refused one at least: the call goes on.
    MediaDenied = "media-denied",
    /// Neither, and closing another program would help: the call goes on.
    MediaNone = "media-none",
    /// Neither: the call goes on.
    ListenOnly = "listen-only",
    /// A device failed in a way that browsers do not explain: the call goes on.
    MediaOther = "media-other",

    /// The document's title out of a call.
    TitleIdle = "title-idle",
    /// The document's title out of a call, after one that was missed.
    TitleMissed = "title-missed",
    /// The document's title while somebody is called.
    TitleCalling = "title-calling",
    /// The document's title while somebody calls.
    TitleIncoming = "title-incoming",
    /// The document's title in a call.
    TitleInCall = "title-in-call",

    /// What the microphone's button would do.
    MicMute = "mic-mute",
    /// What the microphone's button would do.
    MicUnmute = "mic-unmute",
    /// What the camera's button would do.
    CameraStop = "camera-stop",
    /// What the camera's button would do.
    CameraStart = "camera-start",
    /// Why the microphone's button shows that it is off.
    MicBySystem = "mic-by-system",
    /// Why the camera's button shows that it is off.
    CameraBySystem = "camera-by-system",
}

impl Text {
    /// Whether what stands in the field beside it is wrong.
    #[must_use]
    pub const fn blames_the_field(self) -> bool {
        !matches!(self, Self::HiddenNoRelay)
    }

    /// What is said of a server that cannot take something right now, and may have said for how many seconds.
    pub(super) const fn refused(seconds: Option<u32>) -> Self {
        if seconds.is_some() { Self::ServerRefusedFor } else { Self::ServerRefused }
    }

    /// Whether it is about the name that was typed to sign in.
    pub(super) const fn is_of_the_name(self) -> bool {
        matches!(
            self,
            Self::NameEmpty
                | Self::NameBad
                | Self::NameTaken
                | Self::NameTooLong
                | Self::NameCharacter
                | Self::NameInvisible
                | Self::NameEdge
                | Self::NameMarkAlone
                | Self::NameMark
                | Self::NameScripts
                | Self::NameDigits
                | Self::NameDirection
                | Self::NameContext
        )
    }

    /// What is wrong with a name; `otherwise` if the server does not say it, or says what this page does not know.
    pub(super) fn of_fault(fault: Option<NameError>, otherwise: Self) -> Self {
        match fault.map(|fault| fault.reason) {
            Some(NameReason::TooLong) => Self::NameTooLong,
            Some(NameReason::Character) => Self::NameCharacter,
            Some(NameReason::Invisible) => Self::NameInvisible,
            Some(NameReason::Edge) => Self::NameEdge,
            Some(NameReason::MarkAlone) => Self::NameMarkAlone,
            Some(NameReason::Mark) => Self::NameMark,
            Some(NameReason::Scripts) => Self::NameScripts,
            Some(NameReason::Digits) => Self::NameDigits,
            Some(NameReason::Direction) => Self::NameDirection,
            Some(NameReason::Context) => Self::NameContext,
            Some(NameReason::Empty | NameReason::Unknown) | None => otherwise,
        }
    }

    /// Whether it says which ways to the relay there would be.
    pub(super) const fn names_ways(self) -> bool {
        matches!(self, Self::RelayBlockedHere | Self::RelayBlockedBoth)
    }

    /// Whether a microphone or a camera that opens in the call is the answer to it. What is about both is true of neither any
    /// more; what is still missing, its button shows.
    pub(super) const fn is_answered_by(self, microphone: bool, camera: bool) -> bool {
        match self {
            Self::CameraMissing
            | Self::CameraBusy
            | Self::CameraDenied
            | Self::CameraStopped
            | Self::CameraSilenced => camera,
            Self::MicMissing
            | Self::MicStopped
            | Self::MicBusy
            | Self::MicDenied
            | Self::MicSilenced => microphone,
            _ => true,
        }
    }

    /// Whether "call again" makes sense beside this reason.
    pub(super) const fn offers_to_call_again(self) -> bool {
        matches!(
            self,
            Self::EndedByPeer
                | Self::Declined
                | Self::Busy
                | Self::NoAnswer
                | Self::Missed
                | Self::Offline
                | Self::PeerGone
                | Self::ServerLost
                | Self::PathFailed
                | Self::NoRelay
                | Self::RelayRefused
                | Self::RelayBlockedHere
                | Self::RelayBlockedThere
                | Self::RelayBlockedBoth
                | Self::PathLost
                | Self::PeerFailed
                | Self::DeviceFailed
        )
    }
}

/// A sentence with what goes into its slots.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Message {
    /// The sentence.
    pub text: Text,
    /// What goes into the slot `name`.
    pub name: Option<String>,
    /// What goes into the slot `provider`.
    pub provider: Option<String>,
    /// Whether the mark of a guest stays beside the name.
    pub guest: bool,
    /// What goes into the slot `seconds`.
    pub seconds: Option<u64>,
    /// What goes into the slot `ways`.
    pub ways: Option<Ways>,
    /// What goes into the slots `character` and `code`.
    pub character: Option<char>,
    /// What goes into the slot `status`.
    pub status: Option<u16>,
}

impl Message {
    /// A sentence without slots.
    #[must_use]
    pub const fn plain(text: Text) -> Self {
        Self {
            text,
            name: None,
            provider: None,
            guest: false,
            seconds: None,
            ways: None,
            character: None,
            status: None,
        }
    }

    /// A sentence about somebody.
    #[must_use]
    pub fn about(text: Text, name: &str) -> Self {
        Self { name: Some(name.to_owned()), ..Self::plain(text) }
    }
}
